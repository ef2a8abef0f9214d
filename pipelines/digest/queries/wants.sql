with about_us as (
    select
        mention_id,
        created_date >= $first_day as is_current,
        any_value(intents) as intents,
        bool_or(is_answered) as is_answered
    from marts.mentions
    where is_earned
        and not is_competitor
        and created_date between $previous_first_day and $last_day
        and source in (select unnest($sources))
    group by mention_id, is_current
)

select
    intent,
    is_current,
    count(*) as mentions,
    count(*) filter (where is_answered is not true) as unanswered
from (select mention_id, is_current, is_answered, unnest(intents) as intent from about_us)
group by intent, is_current
order by intent, is_current
