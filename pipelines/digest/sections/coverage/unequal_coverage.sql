select
    brand_days.brand_id,
    any_value(brand_days.brand_name) as brand_name,
    brand_days.source,
    count(*) as days
from marts.coverage_brand_days as brand_days
where
    brand_days.day_date between $previous_first_day and $last_day
    and brand_days.status != 'complete'
    and exists (
        select 1
        from marts.coverage_brand_days as other_days
        where
            other_days.source = brand_days.source
            and other_days.day_date = brand_days.day_date
            and other_days.status = 'complete'
    )
group by
    brand_days.brand_id,
    brand_days.source
order by
    brand_days.brand_id,
    brand_days.source
