-- name: topics
select
    topic_id,
    name,
    merged_into
from core.topics
order by status = 'active' desc, mentions_count desc, topic_id asc;

-- name: labels
select
    mention_id,
    task,
    target,
    labelled_by,
    labelled_at,
    value
from core.labels
where task = 'topic';

-- name: told_topics
create or replace temp table told_topics as
select
    found.mention_id,
    found.topic_id
from core.mention_topics as found
anti join said_topics as said on found.mention_id = said.mention_id
where found.topic_id is not null
union all
select
    mention_id,
    topic_id
from said_topics
where topic_id is not null;
