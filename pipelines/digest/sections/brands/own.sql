select
    created_date >= $first_day as is_current,
    count(distinct mention_id) as mentions,
    count(distinct mention_id) filter (where sentiment_label = 'positive') as positive,
    count(distinct mention_id) filter (where sentiment_label = 'neutral') as neutral,
    count(distinct mention_id) filter (where sentiment_label = 'negative') as negative,
    count(distinct mention_id) filter (where sentiment_label is null) as unscored
from marts.mentions
where
    is_earned
    and not is_competitor
    and created_date between $previous_first_day and $last_day
    and source in (select unnest($sources))
group by is_current
order by is_current
