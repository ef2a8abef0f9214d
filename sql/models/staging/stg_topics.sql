select
    topic_id,
    name as topic_name,
    model_name,
    named_by,
    status as topic_status,
    merged_into,
    born_date,
    engine || ' ' || engine_version as topic_engine
from {{ source('core', 'topics') }}
