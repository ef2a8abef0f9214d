select
    author_id,
    network,
    handle as author_handle,
    name as author_name,
    followers as author_followers,
    account_created_at,
    is_team,
    is_bot,
    first_seen_at,
    last_seen_at
from {{ source('core', 'authors') }}
