-- name: as_mentions
insert into core.mentions by name
select
    pair || ':' || side as mention_id,
    'file' as network,
    'file' as source,
    'post' as kind,
    text,
    timestamp '2000-01-01' as created_at,
    timestamp '2000-01-01' as first_seen_at,
    timestamp '2000-01-01' as last_seen_at
from given;

-- name: together
-- Texts with too few words are not compared with what is only nearly like them: nobody knows whether those are alike.
with
told as (
    select
        given.pair,
        duplicates.cluster_id,
        keys.words_hash in (select bands.words_hash from ops.text_bands as bands) as is_long
    from given
    left join core.duplicates as duplicates on given.pair || ':' || given.side = duplicates.mention_id
    left join ops.text_keys as keys on given.pair || ':' || given.side = keys.mention_id
)

select
    count(cluster_id) = 2 and min(cluster_id) = max(cluster_id) as are_together,
    coalesce(count_if(is_long) = 2, false) as are_long
from told
group by pair
order by pair;
