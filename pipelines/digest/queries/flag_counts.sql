select
    flag,
    coalesce(severity, 'low') as severity,
    count(*) as mentions
from marts.flagged_mentions
where created_date between $first_day and $last_day
    and is_team is not true
    and not is_repost
    and (
        brands = []
        or list_has_any(brands, (select coalesce(list(distinct brand_id), []) from marts.brand_days where not is_competitor))
    )
group by flag, severity
order by severity = 'high' desc, severity = 'medium' desc, mentions desc, flag
