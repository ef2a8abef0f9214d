select
    source,
    count(*) as days,
    count(*) filter (where is_judged) as judged_days,
    max(past_days_count) as past_days,
    max(needed_days_count) as needed_days
from core.judged_days
where day_date between $first_day and $last_day
group by source
order by source
