select
    author_id,
    brand_id,
    mentions_count,
    engagement_count,
    addressed_by_count,
    rank,
    engine || ' ' || engine_version as influence_engine
from {{ source('core', 'influence') }}
