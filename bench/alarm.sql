-- name: crises
select
    label,
    text
from read_parquet($file)
where informativeness like 'Related%' and text not like 'RT @%'
order by label, created_at, id;

-- name: mentions
insert into core.mentions by name
select
    *,
    'one' as source,
    'one' as network,
    'post' as kind,
    created_at as first_seen_at,
    created_at as last_seen_at
from made;

-- name: authors
insert into core.authors by name
select distinct
    author_id,
    'one' as network,
    author_id as handle,
    false as is_team,
    timestamp '2020-01-01' as first_seen_at,
    timestamp '2020-01-01' as last_seen_at
from made
where author_id is not null;
