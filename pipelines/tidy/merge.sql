-- name: held
create temp view held as
select
    tidied.*,
    pages.query,
    tidied.seq >> 52 as attempt
from tidied
inner join pages on tidied.seq >> 24 = pages.seq >> 24;

-- name: repeated
create temp table repeated as
select mention_id
from held
group by mention_id
having count(*) > 1;

-- name: clashes
create temp table clashes as
with
answers as (
    select held.mention_id
    from held
    semi join repeated on held.mention_id = repeated.mention_id
    where held.deleted_at is null
    group by
        held.mention_id, held.edited_at, held.query, case when $is_one_answer then held.attempt else held.seq >> 24 end
    having count(distinct held.title) > 1 or count(distinct held.text) > 1
)

select distinct mention_id
from answers;

-- name: clashing
select
    held.mention_id,
    held.query,
    held.seq,
    held.title,
    held.text
from held
semi join clashes on held.mention_id = clashes.mention_id
order by held.seq;

-- name: answered
with
known as (
    select held.*
    from held
    anti join clashes on held.mention_id = clashes.mention_id
)

select
    query,
    count(distinct mention_id) as read,
    count(distinct mention_id) filter (where created_at >= $start and created_at < $end) as posts,
    min(created_at) filter (where created_at >= $start and created_at < $end) as first_at,
    max(created_at) filter (where created_at >= $start and created_at < $end) as last_at
from known
group by query;

-- name: ranked
-- The order of no two rows may hang on where they stood: all that tells them apart decides, their place last of all.
create temp table ranked as
with
several as (
    select held.*
    from held
    semi join repeated on held.mention_id = repeated.mention_id
    anti join clashes on held.mention_id = clashes.mention_id
)

select
    *,
    row_number() over (
        partition by mention_id
        order by
            attempt desc,
            deleted_at is not null desc,
            greatest(created_at, edited_at) desc,
            query = 'recheck' desc,
            query desc,
            length(text) desc nulls last,
            text desc nulls last,
            title desc nulls last,
            parent_id desc nulls last,
            root_id desc nulls last,
            community desc nulls last,
            url desc nulls last,
            author_id desc nulls last,
            (kind, network_lang, rating, product_version, licence) desc,
            seq asc
    ) as rank
from several;

-- name: merged
select
    mention_id,
    arg_min(network, rank) as network,
    arg_min(community, rank) as community,
    coalesce(arg_min(kind, rank) filter (where parent_id is not null), arg_min(kind, rank)) as kind,
    case when arg_min(deleted_at is null, rank) then arg_min(title, rank) end as title,
    case when arg_min(deleted_at is null, rank) then arg_min(text, rank) end as text,
    arg_min(url, rank) as url,
    case when arg_min(deleted_at is null, rank) then arg_min(author_id, rank) end as author_id,
    arg_min(parent_id, rank) as parent_id,
    coalesce(
        arg_min(root_id, rank) filter (where root_id != mention_id),
        case when count(parent_id) = 0 then arg_min(root_id, rank) end
    ) as root_id,
    min(created_at) as created_at,
    coalesce(max(edited_at), case when max(created_at) > min(created_at) then max(created_at) end) as edited_at,
    case when not arg_min(deleted_at is null, rank) then min(deleted_at) end as deleted_at,
    arg_min(network_lang, rank) as network_lang,
    arg_min(rating, rank) as rating,
    arg_min(product_version, rank) as product_version,
    arg_min(licence, rank) as licence,
    arg_min(seq, rank) as seq
from ranked
group by mention_id
union all by name
select tidied.*
from tidied
anti join repeated on tidied.mention_id = repeated.mention_id
order by seq;

-- name: superseded
select
    mention_id,
    title,
    text,
    seq
from ranked
where rank > 1
order by seq;
