-- name: as_mentions
insert into core.mentions by name
select
    $name || ':' || row_number() over () as mention_id,
    $name as source,
    $name as network,
    'post' as kind,
    text,
    author as author_id,
    timestamp '2000-01-01' + to_seconds(row_number() over ()) as created_at,
    timestamp '2026-01-01' as first_seen_at,
    timestamp '2026-01-01' as last_seen_at
from posts;

-- name: forget_a_night
delete from ops.text_keys
where mention_id in (
    select keys.mention_id from ops.text_keys as keys
    order by hash(keys.mention_id)
    limit $night
);
