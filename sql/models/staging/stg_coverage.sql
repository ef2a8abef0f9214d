select
    source,
    network,
    query,
    window_start,
    window_end,
    status,
    reason,
    calls_count,
    posts_count,
    first_post_at,
    last_post_at,
    unseen_from,
    unseen_to
from {{ source('core', 'coverage') }}
