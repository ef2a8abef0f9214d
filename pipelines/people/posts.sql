-- name: posts
select
    mentions.mention_id,
    mentions.source,
    mentions.lang,
    mentions.title,
    mentions.text
from core.mentions as mentions
semi join wanted on mentions.mention_id = wanted.mention_id
where mentions.deleted_at is null and coalesce(mentions.title, mentions.text) is not null
order by mentions.mention_id;
