-- name: unread
-- Which post stands for a cluster of duplicates may change with later posts; which one said something first does not.
create or replace temp table unread as
with
arrived as (
    select
        mentions.mention_id,
        mentions.created_at,
        coalesce(authors.is_team, false) as is_team
    from core.mentions as mentions
    anti join core.mention_topics as known on mentions.mention_id = known.mention_id
    left join core.authors as authors on mentions.author_id = authors.author_id
    where
        core.is_standing(mentions.deleted_at, mentions.kind)
        and coalesce(mentions.title, mentions.text) is not null
        and mentions.created_at > (select max(newest.created_at) from core.mentions as newest) - to_days($days)
),

arrived_words as (
    select distinct keys.words_hash
    from ops.text_keys as keys
    semi join arrived on keys.mention_id = arrived.mention_id
    where keys.words_hash is not null
),

copies as (
    select keys.mention_id
    from ops.text_keys as keys
    semi join arrived_words on keys.words_hash = arrived_words.words_hash
    inner join core.mentions as mentions on keys.mention_id = mentions.mention_id
    qualify row_number() over (partition by keys.words_hash order by mentions.created_at, mentions.mention_id) > 1
)

select
    arrived.mention_id,
    arrived.created_at,
    row_number() over (order by arrived.created_at, arrived.mention_id) as place,
    not arrived.is_team and copies.mention_id is null as shapes
from arrived
left join copies on arrived.mention_id = copies.mention_id;

-- name: unread_texts
select
    unread.mention_id,
    unread.created_at::date as day_date,
    left(concat_ws(chr(10) || chr(10), mentions.title, mentions.text), $longest) as text,
    unread.shapes
from unread
inner join core.mentions as mentions on unread.mention_id = mentions.mention_id
where unread.place > $start and unread.place <= $start + $fetched
order by unread.place;

-- name: inherit
update core.mention_topics as held set topic_id = heirs.heir_id
from heirs
where held.topic_id = heirs.topic_id and heirs.heir_id != heirs.topic_id;

-- name: move
update core.mention_topics as held set
    topic_id = heirs.topic_id,
    similarity = moves.similarity
from moves inner join heirs on moves.number = heirs.number
where held.mention_id = moves.mention_id;

-- name: place
insert into core.mention_topics by name
select
    placed.mention_id,
    heirs.heir_id as topic_id,
    coalesce(moves.similarity, placed.similarity) as similarity,
    false as is_typical,
    $engine as engine,
    $version as engine_version
from placed
left join moves on placed.mention_id = moves.mention_id
left join heirs on coalesce(moves.number, placed.number) = heirs.number;

-- name: follow
-- What stands twice is in one topic.
update core.mention_topics as held set
    topic_id = led.topic_id,
    similarity = led.similarity
from core.duplicates as followers
inner join core.mention_topics as led on followers.cluster_id = led.mention_id
where
    held.mention_id = followers.mention_id
    and not followers.is_representative
    and (held.topic_id is distinct from led.topic_id or held.similarity is distinct from led.similarity);

-- name: typical
-- Short texts are often the same: of those that read alike the first in the order of ids is shown.
update core.mention_topics as held set is_typical = not held.is_typical
from (
    with
    nearest as (
        select
            topic_id,
            unnest(max(struct_pack(similarity := similarity, mention_id := mention_id), 30), recursive := true) as post
        from core.mention_topics
        where
            topic_id is not null
            and mention_id not in (
                select followers.mention_id from core.duplicates as followers
                where not followers.is_representative
            )
        group by topic_id
    ),

    different as (
        select
            nearest.topic_id,
            nearest.mention_id,
            nearest.similarity
        from nearest
        inner join core.mentions as mentions on nearest.mention_id = mentions.mention_id
        left join core.authors as authors on mentions.author_id = authors.author_id
        where not coalesce(authors.is_team, false)
        qualify row_number() over (
            partition by nearest.topic_id, lower(concat_ws(' ', mentions.title, mentions.text))
            order by nearest.similarity desc, nearest.mention_id asc
        ) = 1
    ),

    typical as (
        select mention_id
        from different
        qualify row_number() over (partition by topic_id order by similarity desc, mention_id asc) <= 3
    )

    select placed.mention_id
    from core.mention_topics as placed
    left join typical on placed.mention_id = typical.mention_id
    where placed.is_typical != (typical.mention_id is not null)
) as changed
where held.mention_id = changed.mention_id;
