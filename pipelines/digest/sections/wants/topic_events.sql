select
    topic_id,
    topic_name,
    event,
    other_topic_name,
    event_date
from marts.topic_events
where event_date between $first_day and $last_day
order by event_date, topic_id, event
