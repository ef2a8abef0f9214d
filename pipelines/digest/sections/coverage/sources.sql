select
    source,
    network
from marts.coverage_days
where day_date between $previous_first_day and $last_day
union
select
    source,
    network
from marts.brand_days
where day_date between $previous_first_day and $last_day
order by source, network
