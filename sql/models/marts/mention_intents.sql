select
    mention_id,
    intent,
    probability,
    evidence,
    intent_engine,
    intent_engine = 'person' as is_confirmed
from {{ ref('stg_mention_intents') }}
