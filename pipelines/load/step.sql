-- No order of the pages may change what is loaded: rows of one window are told apart by what they say, and by the
-- attempt that brought them (`seq >> 52`), never by where they stood.
-- `the_table` stands for a table of `core` whose name is filled in.

-- name: team_joined
update core.authors set is_team = true
where not is_team and (network, lower(handle)) in (select (network, handle) from team);

-- name: team_left
update core.authors set is_team = false
where is_team and (network, lower(handle)) not in (select (network, handle) from team);

-- name: team_accounts
insert into core.team_accounts by name
select distinct
    authors.author_id,
    team.brand_id
from core.authors as authors
inner join team on authors.network = team.network and lower(authors.handle) = team.handle
where authors.is_team;

-- name: mentions
-- A window's mentions meet those of the warehouse once; every other table follows from what that found. `fresh` are the
-- mentions whose text this window knows best.
create or replace temp table arriving as
select
    tidied.* exclude (tidied.seq),
    languages.lang,
    languages.lang_engine,
    tidied.seq
from read_parquet($file, hive_partitioning = false) as tidied
left join enriched_languages as languages on tidied.mention_id = languages.mention_id;

-- name: languages
create or replace temp table enriched_languages as from read_parquet($file, hive_partitioning = false);

-- name: known
create or replace temp table known as
select
    mentions.mention_id,
    mentions.last_seen_at
from core.mentions as mentions
semi join arriving on mentions.mention_id = arriving.mention_id;

-- name: fresh
create or replace temp table fresh as
select
    arriving.mention_id,
    arriving.seq,
    known.mention_id is not null as is_known
from arriving
left join known on arriving.mention_id = known.mention_id
where known.last_seen_at is null or known.last_seen_at <= $end;

-- name: untopic_changed
-- A text that changed is read for topics again.
delete from core.mention_topics
where mention_id in (
    select held.mention_id
    from core.mentions as held
    inner join arriving as new on held.mention_id = new.mention_id
    where
        new.mention_id in (
            select fresh.mention_id from fresh
            where fresh.is_known
        )
        and (
            new.deleted_at is not null
            or coalesce(new.title, held.title) is distinct from held.title
            or coalesce(new.text, held.text) is distinct from held.text
        )
);

-- name: update_mentions
-- A mention that answers another is not its own root.
update core.mentions as held set
    community = coalesce(new.community, held.community),
    kind = case when new.parent_id is null and held.parent_id is not null then held.kind else new.kind end,
    title = case when new.deleted_at is null then coalesce(new.title, held.title) else new.title end,
    text = case when new.deleted_at is null then coalesce(new.text, held.text) else new.text end,
    url = coalesce(new.url, held.url),
    author_id = case when new.deleted_at is null then coalesce(new.author_id, held.author_id) else new.author_id end,
    parent_id = coalesce(new.parent_id, held.parent_id),
    root_id = coalesce(
        nullif(new.root_id, held.mention_id),
        nullif(held.root_id, held.mention_id),
        case when coalesce(new.parent_id, held.parent_id) is null then held.mention_id end
    ),
    created_at = least(held.created_at, new.created_at),
    edited_at = coalesce(
        new.edited_at, case when new.created_at > held.created_at then new.created_at end, held.edited_at
    ),
    deleted_at = case when new.deleted_at is null then null else coalesce(held.deleted_at, new.deleted_at) end,
    network_lang = coalesce(new.network_lang, held.network_lang),
    rating = coalesce(new.rating, held.rating),
    product_version = coalesce(new.product_version, held.product_version),
    licence = coalesce(new.licence, held.licence),
    lang = new.lang,
    lang_engine = new.lang_engine,
    last_seen_at = greatest(held.last_seen_at, $end)
from arriving as new
where
    held.mention_id = new.mention_id
    and new.mention_id in (
        select mention_id from fresh
        where is_known
    );

-- name: fill_mentions
update core.mentions as held set
    community = coalesce(held.community, old.community),
    url = coalesce(held.url, old.url),
    kind = case when held.parent_id is null and old.parent_id is not null then old.kind else held.kind end,
    parent_id = coalesce(held.parent_id, old.parent_id),
    root_id = coalesce(
        nullif(held.root_id, held.mention_id),
        nullif(old.root_id, held.mention_id),
        case when coalesce(held.parent_id, old.parent_id) is null then held.mention_id end
    ),
    created_at = least(held.created_at, old.created_at),
    edited_at = coalesce(
        held.edited_at, case when held.created_at > old.created_at then held.created_at end, old.edited_at
    ),
    deleted_at = case when held.deleted_at is null then null else least(held.deleted_at, old.deleted_at) end,
    network_lang = coalesce(held.network_lang, old.network_lang),
    rating = coalesce(held.rating, old.rating),
    product_version = coalesce(held.product_version, old.product_version),
    licence = coalesce(held.licence, old.licence)
from arriving as old
where held.mention_id = old.mention_id and old.mention_id not in (select mention_id from fresh);

-- name: first_seen
update core.mentions as held set
    source = case when held.first_seen_at = $end then least(held.source, $source) else $source end,
    first_seen_at = $end
from known
where held.mention_id = known.mention_id and held.first_seen_at >= $end;

-- name: insert_mentions
insert into core.mentions by name
select
    arriving.* exclude (arriving.seq),
    $source as source,
    $end as first_seen_at,
    $end as last_seen_at
from arriving
anti join known on arriving.mention_id = known.mention_id;

-- name: authors
create or replace temp table arriving_authors as
select
    author_id,
    arg_min(network, rank) as network,
    arg_min(handle, rank) as handle,
    arg_min(name, rank) as name,
    arg_min(followers, rank) as followers,
    arg_min(account_created_at, rank) as account_created_at,
    arg_min(is_bot, rank) as is_bot
from (
    select
        *,
        row_number() over (
            partition by author_id
            order by
                seq >> 52 desc,
                (name is not null)::int + (followers is not null)::int desc,
                handle,
                name asc,
                followers desc nulls last,
                account_created_at asc,
                is_bot asc
        ) as rank
    from read_parquet($file, hive_partitioning = false)
) as ranked
group by author_id;

-- name: merge_authors
merge into core.authors as held
using (
    select
        *,
        (arriving_authors.network, lower(arriving_authors.handle)) in (
            select (team.network, team.handle) from team
        ) as is_team
    from arriving_authors
) as new
    on held.author_id = new.author_id
when matched and held.last_seen_at <= $end then
    update
        set
            handle = new.handle,
            name = coalesce(new.name, held.name),
            followers = coalesce(new.followers, held.followers),
            account_created_at = coalesce(new.account_created_at, held.account_created_at),
            is_bot = coalesce(new.is_bot, held.is_bot),
            is_team = new.is_team,
            first_seen_at = least(held.first_seen_at, $end),
            last_seen_at = $end
when matched then
    update
        set
            name = coalesce(held.name, new.name),
            followers = coalesce(held.followers, new.followers),
            account_created_at = coalesce(held.account_created_at, new.account_created_at),
            is_bot = coalesce(held.is_bot, new.is_bot),
            first_seen_at = least(held.first_seen_at, $end)
when not matched then insert
    (author_id, network, handle, name, followers, account_created_at, is_team, is_bot, first_seen_at, last_seen_at)
values (
    new.author_id, new.network, new.handle, new.name, new.followers, new.account_created_at, new.is_team,
    new.is_bot, $end, $end
);

-- name: metrics
-- Of one number several answers may tell, and of another none: each is the largest that the newest attempt told.
merge into core.mention_metrics as held
using (
    select
        told.mention_id,
        arg_max(told.likes, (told.seq >> 52, told.likes)) as likes,
        arg_max(told.replies, (told.seq >> 52, told.replies)) as replies,
        arg_max(told.reposts, (told.seq >> 52, told.reposts)) as reposts,
        arg_max(told.quotes, (told.seq >> 52, told.quotes)) as quotes,
        arg_max(told.views, (told.seq >> 52, told.views)) as views,
        arg_max(told.score, (told.seq >> 52, told.score)) as score,
        told.mention_id in (select fresh.mention_id from fresh) as is_fresh
    from read_parquet($file, hive_partitioning = false) as told
    semi join arriving on told.mention_id = arriving.mention_id
    group by told.mention_id
) as new
    on held.mention_id = new.mention_id and held.observed_date = $day
when matched and new.is_fresh then
    update
        set
            likes = coalesce(new.likes, held.likes),
            replies = coalesce(new.replies, held.replies),
            reposts = coalesce(new.reposts, held.reposts),
            quotes = coalesce(new.quotes, held.quotes),
            views = coalesce(new.views, held.views),
            score = coalesce(new.score, held.score)
when matched then
    update
        set
            likes = coalesce(held.likes, new.likes),
            replies = coalesce(held.replies, new.replies),
            reposts = coalesce(held.reposts, new.reposts),
            quotes = coalesce(held.quotes, new.quotes),
            views = coalesce(held.views, new.views),
            score = coalesce(held.score, new.score)
when not matched then
    insert (mention_id, observed_date, likes, replies, reposts, quotes, views, score)
    values (new.mention_id, $day, new.likes, new.replies, new.reposts, new.quotes, new.views, new.score);

-- name: clear_interactions
-- An answer that does not tell whom a post addresses says that it addresses nobody; `discover` adds whom a comment
-- answers, where that is known.
delete from core.interactions
where mention_id in (
    select mention_id from fresh
    where is_known
);

-- name: interactions
insert into core.interactions by name
select distinct
    addressed.mention_id,
    addressed.to_author_id,
    addressed.kind,
    addressed.from_author_id
from read_parquet($file, hive_partitioning = false) as addressed
semi join fresh on addressed.mention_id = fresh.mention_id;

-- name: clear_readings
-- The readings of a window's freshest texts take the place of earlier ones.
delete from core.the_table
where mention_id in (
    select mention_id from fresh
    where is_known
);

-- name: readings
insert into core.the_table by name
select enriched.* exclude (enriched.seq)
from read_parquet($file, hive_partitioning = false) as enriched
semi join fresh on enriched.mention_id = fresh.mention_id and enriched.seq = fresh.seq;

-- name: clear_quarantine
-- A record that several windows could not read stands under the earliest; one that could be read this time goes.
delete from core.quarantine
where
    (source, window_start, window_end) = ($source, $start, $end)
    or (
        (window_start, window_end) > ($start, $end)
        and quarantine_id in (select quarantine_id from read_parquet($file, hive_partitioning = false))
    );

-- name: quarantine
insert into core.quarantine by name
select
    new.* exclude (new.seq),
    $source as source,
    $start as window_start,
    $end as window_end
from read_parquet($file, hive_partitioning = false) as new
anti join core.quarantine as held on new.quarantine_id = held.quarantine_id
qualify row_number() over (partition by new.quarantine_id order by new.seq) = 1;

-- name: brand_queries
merge into core.brand_queries as held
using read_parquet($file, hive_partitioning = false) as new
    on (held.brand_id, held.query_version) = (new.brand_id, new.query_version)
when matched then
    update
        set
            first_window_start = least(held.first_window_start, $start),
            last_window_end = greatest(held.last_window_end, $end)
when not matched then
    insert (brand_id, query_version, query, first_window_start, last_window_end)
    values (new.brand_id, new.query_version, new.query, $start, $end);

-- name: clear_drifts
delete from core.drifts
where (source, window_start, window_end) = ($source, $start, $end);

-- name: drifts
insert into core.drifts by name
select
    $source as source,
    query,
    $start as window_start,
    $end as window_end,
    field,
    coalesce(found, '(missing)') as found,
    count(*) as drift_count
from read_parquet($file, hive_partitioning = false)
group by query, field, coalesce(found, '(missing)');

-- name: deletions
merge into core.deletions as held
using (select distinct mention_id from read_parquet($file, hive_partitioning = false)) as new
    on held.mention_id = new.mention_id
when matched then
    update
        set
            first_gone_at = least(held.first_gone_at, $end),
            last_gone_at = greatest(held.last_gone_at, $end)
when not matched then insert (mention_id, first_gone_at, last_gone_at) values (new.mention_id, $end, $end);

-- name: gone
-- Whichever window is loaded last: what is gone stays gone, unless a later window saw it again.
create or replace temp table gone as
select
    deletions.mention_id,
    deletions.first_gone_at
from core.deletions as deletions
inner join core.mentions as mentions on deletions.mention_id = mentions.mention_id
where
    mentions.last_seen_at <= deletions.last_gone_at
    and (
        coalesce(mentions.title, mentions.text, mentions.author_id) is not null
        or mentions.deleted_at is null
        or mentions.deleted_at > deletions.first_gone_at
    );

-- name: empty_gone
update core.mentions as held set
    title = null,
    text = null,
    author_id = null,
    lang = null,
    lang_engine = null,
    deleted_at = least(coalesce(held.deleted_at, gone.first_gone_at), gone.first_gone_at)
from gone
where held.mention_id = gone.mention_id;

-- name: unscore_gone
update core.sentiment as held set
    compound = null,
    plain_compound = null,
    positive = null,
    neutral = null,
    negative = null,
    label = null,
    confidence = null,
    reason = 'no-text'
from gone
where held.mention_id = gone.mention_id;

-- name: untarget_gone
delete from core.sentiment
where target != 'text' and mention_id in (select mention_id from gone);

-- name: unmatch_gone
delete from core.brand_mentions
where matched_by = 'term' and mention_id in (select mention_id from gone);

-- name: forget_gone
delete from core.the_table
where mention_id in (select mention_id from gone);

-- name: roots
-- A network or file that tells only whom a mention answers gets its threads from there, as far up as is known.
with recursive
open as (
    select
        mention_id,
        parent_id
    from core.mentions
    where root_id is null and parent_id is not null
),

found as (
    select
        open.mention_id,
        parents.root_id
    from open
    inner join core.mentions as parents on open.parent_id = parents.mention_id
    where parents.root_id is not null
    union all
    select
        open.mention_id,
        found.root_id
    from open
    inner join found on open.parent_id = found.mention_id
)

update core.mentions as held set root_id = found.root_id
from found
where held.mention_id = found.mention_id;

-- name: clear_coverage
delete from core.coverage
where (source, window_start, window_end) = ($source, $start, $end);

-- name: coverage
insert into core.coverage by name
select * from read_parquet($file, hive_partitioning = false);
