select
    brand_id,
    any_value(brand_name) as brand_name,
    max(first_window_start)::date as since_date
from marts.brand_queries
where last_window_end > $previous_first_day and first_window_start < $end_at
group by brand_id
having count(*) > 1 and max(first_window_start)::date > $previous_first_day
order by brand_id
