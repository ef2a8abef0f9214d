-- name: due
select
    mentions.mention_id,
    mentions.source,
    mentions.created_at,
    mentions.deleted_at
from core.mentions as mentions
anti join ops.erasures as erasures on mentions.mention_id = erasures.mention_id
where mentions.deleted_at is not null and mentions.first_seen_at < mentions.deleted_at
order by mentions.source, mentions.mention_id;
