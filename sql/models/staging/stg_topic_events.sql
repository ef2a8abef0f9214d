select
    topic_id,
    event_date,
    event,
    other_topic_id,
    share,
    mentions_count
from {{ source('core', 'topic_events') }}
