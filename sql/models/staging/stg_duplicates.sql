select
    mention_id,
    cluster_id,
    kind as duplicate_kind,
    is_representative,
    spread
from {{ source('core', 'duplicates') }}
