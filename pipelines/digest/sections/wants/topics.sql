with about_us as (
    select
        mention_id,
        created_date >= $first_day as is_current,
        any_value(topic_id) as topic_id,
        any_value(sentiment_label) as sentiment_label
    from marts.mentions
    where
        is_earned
        and not is_competitor
        and topic_id is not null
        and created_date between $previous_first_day and $last_day
        and source in (select unnest($sources))
    group by mention_id, is_current
)

select
    topics.topic_id,
    topics.topic_name,
    about_us.is_current,
    count(*) as mentions,
    count(*) filter (where about_us.sentiment_label = 'positive') as positive,
    count(*) filter (where about_us.sentiment_label = 'neutral') as neutral,
    count(*) filter (where about_us.sentiment_label = 'negative') as negative,
    count(*) filter (where about_us.sentiment_label is null) as unscored
from about_us
inner join marts.topics as topics on about_us.topic_id = topics.topic_id
group by topics.topic_id, topics.topic_name, about_us.is_current
order by topics.topic_id, about_us.is_current
