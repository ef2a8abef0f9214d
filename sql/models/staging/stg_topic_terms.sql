select
    topic_id,
    term,
    rank as term_rank,
    weight
from {{ source('core', 'topic_terms') }}
