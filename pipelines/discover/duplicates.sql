-- name: said_words
-- Two texts say the same where only case, punctuation, links and the people addressed differ.
create or replace temp macro said_words(title, text) as
trim(regexp_replace(
    regexp_replace(lower(concat_ws(' ', title, text)), 'https?://\S+|@\w+', ' ', 'g'),
    '[^\pL\pM\pN]+', ' ', 'g'
));

-- name: words_count
-- Where words are not spaced, or are long, so many letters count as one.
create or replace temp macro words_count(words, letters) as
greatest(length(words) - length(replace(words, ' ', '')) + 1, length(words) // letters);

-- name: live
create or replace temp table live as
select
    mention_id,
    (hash(concat_ws(chr(0), title, text)) >> 1)::bigint as text_hash
from core.mentions
where core.is_standing(deleted_at, kind);

-- name: gone
create or replace temp table gone as
select
    keys.mention_id,
    keys.words_hash
from ops.text_keys as keys
anti join live on keys.mention_id = live.mention_id and keys.text_hash = live.text_hash;

-- name: changed
create or replace temp table changed as
select gone.mention_id
from gone
semi join live on gone.mention_id = live.mention_id;

-- name: forget_keys
delete from ops.text_keys
where mention_id in (select mention_id from gone);

-- name: forget_bands
delete from ops.text_bands
where words_hash in (
    select gone.words_hash
    from gone
    anti join ops.text_keys as keys on gone.words_hash = keys.words_hash
);

-- name: fresh
create or replace temp table fresh as
select
    mention_id,
    text_hash,
    case when words_count(words, $letters) >= $fewest then words end as words,
    case when words_count(words, $letters) >= $fewest then (hash(words) >> 1)::bigint end as words_hash
from (
    select
        mentions.mention_id,
        live.text_hash,
        said_words(mentions.title, mentions.text) as words
    from live
    inner join core.mentions as mentions on live.mention_id = mentions.mention_id
    anti join ops.text_keys as keys on live.mention_id = keys.mention_id
) as said;

-- name: kept_keys
insert into ops.text_keys by name
select
    mention_id,
    text_hash,
    words_hash,
    $version as engine_version
from fresh;

-- name: new_texts
create or replace temp table new_texts as
select
    *,
    row_number() over () - 1 as place
from (
    select
        words_hash,
        left(any_value(words), $longest) as words
    from fresh
    where
        words_count(words, $letters) >= $fewest
        and words_hash not in (select text_bands.words_hash from ops.text_bands)
    group by words_hash
) as texts;

-- name: disturbed
-- A cluster that lost a mention may have fallen apart: its others are looked at as if they were new.
create or replace temp table disturbed as
select duplicates.cluster_id
from core.duplicates as duplicates
anti join ops.text_keys as keys on duplicates.mention_id = keys.mention_id
union
select duplicates.cluster_id
from core.duplicates as duplicates
semi join fresh on duplicates.mention_id = fresh.mention_id;

-- name: open_texts
create or replace temp table open_texts as
select words_hash
from fresh
where words_hash is not null
union
select keys.words_hash
from core.duplicates as duplicates
semi join disturbed on duplicates.cluster_id = disturbed.cluster_id
inner join ops.text_keys as keys on duplicates.mention_id = keys.mention_id
where keys.words_hash is not null;

-- name: groups
-- Clusters that lost nobody stay together.
create or replace temp table groups as
select
    words_hash,
    min(words_hash) over (partition by cluster_id) as one_group
from (
    select distinct
        duplicates.cluster_id,
        keys.words_hash
    from core.duplicates as duplicates
    anti join disturbed on duplicates.cluster_id = disturbed.cluster_id
    inner join ops.text_keys as keys on duplicates.mention_id = keys.mention_id
) as kept;

-- name: pairs
-- Of the two texts of a pair the first is the one that is compared with many. Bands are looked at in portions, so that
-- millions of them fit into memory.
insert into pairs
with
portion as (
    select
        band_hash,
        words_hash
    from ops.text_bands
    where abs(band_hash % $portions) = $portion
),

open_bands as (
    select portion.band_hash
    from portion
    semi join open_texts on portion.words_hash = open_texts.words_hash
),

touched as (
    select portion.band_hash
    from portion
    where portion.band_hash in (select open_bands.band_hash from open_bands)
    group by portion.band_hash
    having count(*) > 1
),

members as (
    select
        portion.band_hash,
        portion.words_hash,
        portion.words_hash in (select open_texts.words_hash from open_texts) as is_open
    from portion
    semi join touched on portion.band_hash = touched.band_hash
),

hubs as (
    select *
    from members
    qualify row_number() over (partition by band_hash order by words_hash) <= $most
)

select distinct
    hubs.words_hash as left_hash,
    members.words_hash as right_hash
from members
inner join hubs on members.band_hash = hubs.band_hash and members.words_hash > hubs.words_hash
where members.is_open or hubs.is_open;

-- name: pairs_of_texts
with
distinct_pairs as (
    select distinct
        left_hash,
        right_hash
    from pairs
),

wanted as (
    select left_hash as words_hash from pairs
    union
    select right_hash as words_hash from pairs
),

speakers as (
    select
        keys.words_hash,
        min(keys.mention_id) as mention_id
    from ops.text_keys as keys
    semi join wanted on keys.words_hash = wanted.words_hash
    group by keys.words_hash
),

texts as (
    select
        speakers.words_hash,
        left(said_words(mentions.title, mentions.text), $longest) as words
    from speakers
    inner join core.mentions as mentions on speakers.mention_id = mentions.mention_id
)

select
    distinct_pairs.left_hash,
    distinct_pairs.right_hash,
    one.words as left_words,
    other.words as right_words
from distinct_pairs
inner join texts as one on distinct_pairs.left_hash = one.words_hash
inner join texts as other on distinct_pairs.right_hash = other.words_hash
where
    length(one.words) <= $times * length(other.words)
    and length(other.words) <= $times * length(one.words)
order by distinct_pairs.left_hash, distinct_pairs.right_hash;

-- name: edges_of_groups
select distinct
    coalesce(one.one_group, edges.left_hash) as left_group,
    coalesce(other.one_group, edges.right_hash) as right_group
from edges
left join groups as one on edges.left_hash = one.words_hash
left join groups as other on edges.right_hash = other.words_hash;

-- name: clustered
create or replace temp table clustered as
with
placed as (
    select
        keys.mention_id,
        keys.words_hash,
        coalesce(roots.root, groups.one_group, keys.words_hash) as cluster
    from ops.text_keys as keys
    left join groups on keys.words_hash = groups.words_hash
    left join roots on coalesce(groups.one_group, keys.words_hash) = roots.one_group
    where keys.words_hash is not null
),

several as (
    select cluster from placed
    group by cluster
    having count(*) > 1
)

select
    placed.*,
    mentions.network,
    mentions.source,
    mentions.author_id,
    mentions.url,
    mentions.text,
    mentions.created_at,
    mentions.first_seen_at,
    first_value(placed.words_hash) over earliest as first_words_hash,
    row_number() over earliest = 1 as is_representative
from placed
semi join several on placed.cluster = several.cluster
inner join core.mentions as mentions on placed.mention_id = mentions.mention_id
window earliest as (partition by placed.cluster order by mentions.created_at, placed.mention_id);

-- name: named
-- A cluster keeps its id as long as any of those in it were in it before and still say the same. Where it falls apart,
-- the part with the mention that it is called after keeps the id, else the largest. Where clusters meet, the id of the
-- mention seen first holds. A new cluster is called after the one of it that was seen first and gave its id to no
-- other.
create or replace temp table named as
with
claims as (
    select
        clustered.cluster,
        held.cluster_id,
        bool_or(clustered.mention_id = held.cluster_id) as has_namesake,
        count(*) as members_count
    from core.duplicates as held
    inner join clustered on held.mention_id = clustered.mention_id
    anti join changed on held.mention_id = changed.mention_id
    group by all
),

won as (
    select
        cluster,
        cluster_id
    from claims
    qualify row_number() over (
        partition by cluster_id order by has_namesake desc, members_count desc, cluster asc
    ) = 1
),

kept as (
    select
        won.cluster,
        won.cluster_id
    from won
    left join core.mentions as namesake on won.cluster_id = namesake.mention_id
    qualify row_number() over (
        partition by won.cluster
        order by namesake.first_seen_at nulls last, namesake.created_at nulls last, won.cluster_id
    ) = 1
),

new as (
    select
        clustered.cluster,
        coalesce(
            arg_min(clustered.mention_id, (clustered.first_seen_at, clustered.created_at, clustered.mention_id))
            filter (kept.cluster_id is null),
            min(clustered.mention_id) || '+' || max(clustered.mention_id)
        ) as cluster_id
    from clustered
    left join kept on clustered.mention_id = kept.cluster_id
    where clustered.cluster not in (select others.cluster from kept as others)
    group by clustered.cluster
)

select
    cluster,
    cluster_id
from kept
union all
select
    cluster,
    cluster_id
from new;

-- name: spreads
-- How a text came to stand in several places: repeated = a single account; syndicated = several accounts or sites, and
-- more than half of the mentions share one link or are entries of feeds from more than one site; copypasta = several
-- accounts otherwise. NULL = too few of those who wrote are known to tell.
-- Feeds carry articles: the site is who speaks where no author is named. A link counts without what only tracks it.
create or replace temp table spreads as
with
articles as (
    select
        clustered.*,
        coalesce(networks.is_feed, false) as is_feed
    from clustered
    left join core.networks as networks on clustered.network = networks.network
),

links as (
    select distinct
        cluster,
        mention_id,
        regexp_replace(
            regexp_replace(lower(link), '#.*$|[?&](utm_[^&]*|fbclid=[^&]*|ref=[^&]*)|[/.,;:!?)]+$', '', 'g'),
            '^https?://(www\.)?', ''
        ) as link
    from (
        select
            cluster,
            mention_id,
            unnest(regexp_extract_all(
                concat_ws(' ', text, case when is_feed then url end), 'https?://[^\s<>"]+'
            )) as link
        from articles
    ) as linked
),

common_links as (
    select
        cluster,
        max(mentions_count) as mentions_count
    from (
        select
            cluster,
            link,
            count(*) as mentions_count
        from links
        group by cluster, link
    ) as counted
    group by cluster
),

told as (
    select
        cluster,
        count(*) as mentions_count,
        count(distinct coalesce(author_id, outlet)) as voices_count,
        count_if(author_id is null and outlet is null) as unknown_count,
        count_if(outlet is not null) as entries_count,
        count(distinct outlet) as outlets_count
    from (
        select
            *,
            case when is_feed then coalesce(regexp_extract(url, '^https?://(?:www\.)?([^/?#]+)', 1), source) end
                as outlet
        from articles
    ) as carried
    group by cluster
)

select
    told.cluster,
    case
        when
            told.voices_count > 1
            and (
                common_links.mentions_count * 2 > told.mentions_count
                or (told.outlets_count > 1 and told.entries_count * 2 > told.mentions_count)
            )
            then 'syndicated'
        when told.voices_count > 1 then 'copypasta'
        when told.unknown_count = 0 then 'repeated'
    end as spread
from told
left join common_links on told.cluster = common_links.cluster;

-- name: duplicates
insert into core.duplicates by name
select
    clustered.mention_id,
    named.cluster_id,
    case when clustered.words_hash = clustered.first_words_hash then 'exact' else 'near' end as kind,
    clustered.is_representative,
    spreads.spread,
    $engine as engine,
    $version as engine_version
from clustered
inner join named on clustered.cluster = named.cluster
inner join spreads on clustered.cluster = spreads.cluster;
