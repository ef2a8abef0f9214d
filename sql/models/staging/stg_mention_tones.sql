select
    mention_id,
    tone,
    probability,
    engine || ' ' || engine_version as tone_engine
from {{ source('core', 'mention_tones') }}
