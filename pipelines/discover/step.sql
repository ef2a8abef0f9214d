-- name: forget_replies_to_nobody
-- who wrote a post that was deleted since is not to be known from its answers either
delete from core.interactions
where
    kind = 'reply'
    and mention_id in (
        select answer.mention_id
        from core.mentions as answer
        inner join core.mentions as parent on answer.parent_id = parent.mention_id
        where
            parent.deleted_at is not null
            and parent.author_id is null
            and answer.kind = 'comment'
    );

-- name: add_replies
-- networks say which post a comment answers, but often not who wrote that post
insert into core.interactions by name
select
    answer.mention_id,
    parent.author_id as to_author_id,
    'reply' as kind,
    answer.author_id as from_author_id
from core.mentions as answer
inner join core.mentions as parent on answer.parent_id = parent.mention_id
anti join core.interactions as known
    on
        answer.mention_id = known.mention_id
        and parent.author_id = known.to_author_id
        and known.kind = 'reply'
where
    answer.author_id is not null
    and parent.author_id is not null
    and answer.kind = 'comment';
