select
    mention_id,
    target,
    compound,
    label as sentiment_label,
    reason as sentiment_reason,
    engine || ' ' || engine_version as sentiment_engine
from {{ source('core', 'sentiment') }}
