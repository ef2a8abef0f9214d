select
    source,
    day_date,
    status,
    posts_count,
    reason
from marts.coverage_days
where day_date between $previous_first_day and $last_day
order by source, day_date
