select
    mention_id,
    from_author_id,
    to_author_id,
    kind as interaction_kind
from {{ source('core', 'interactions') }}
