select
    mention_id,
    brand_id,
    matched_by,
    terms as matched_terms,
    query_version
from {{ source('core', 'brand_mentions') }}
