with about_us as (
    select
        mention_id,
        created_date >= $first_day as is_current,
        bool_or(is_answered) as is_answered
    from marts.mentions
    where
        is_earned
        and not is_competitor
        and created_date between $previous_first_day and $last_day
        and source in (select unnest($sources))
    group by mention_id, is_current
),

-- those that want it likelier than not; of what a person said there is no probability, and no doubt
likely as (
    select distinct
        mention_id,
        intent
    from marts.mention_intents
    where coalesce(probability, 1) >= 0.5
)

select
    likely.intent,
    about_us.is_current,
    count(*) as mentions,
    count(*) filter (where about_us.is_answered is not true) as unanswered
from about_us
inner join likely on about_us.mention_id = likely.mention_id
group by likely.intent, about_us.is_current
order by likely.intent, about_us.is_current
