-- name: mentions
insert into core.mentions by name
select
    *,
    'bench' as source,
    'bench' as network,
    'post' as kind,
    created_at as first_seen_at,
    created_at as last_seen_at
from arriving;
