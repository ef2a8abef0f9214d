select
    mention_id,
    topic_id,
    similarity,
    is_typical
from {{ source('core', 'mention_topics') }}
where topic_id is not null
