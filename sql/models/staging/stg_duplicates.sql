select
    mention_id,
    cluster_id,
    kind as duplicate_kind,
    is_representative
from {{ source('core', 'duplicates') }}
