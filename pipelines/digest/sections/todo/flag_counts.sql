with our_brands as (
    select coalesce(list(distinct brand_id), []) as ids
    from marts.brand_days
    where not is_competitor
)

select
    flag,
    coalesce(severity, 'low') as severity,
    count(*) as mentions
from marts.flagged_mentions
where
    created_date between $first_day and $last_day
    and is_earned
    and (brands = [] or list_has_any(brands, (select our_brands.ids from our_brands)))
group by flag, severity
order by severity = 'high' desc, severity = 'medium' desc, mentions desc, flag asc
