"""Load: enriched windows into the warehouse, one transaction each. Loading a window again changes nothing.

Windows may come in any order. What a later window saw stands above what an earlier one saw; an earlier one only fills
what is still unknown and moves `first_seen_at` back.
"""

import logging
from collections.abc import Callable
from typing import Any

import duckdb

from connectors import CONNECTORS, with_same_accounts
from connectors.contract import SourceSettings, Window
from pipelines.config.settings import Config, connector_of, network_of
from pipelines.enrich import learned as models
from pipelines.enrich.files import MANIFEST, SCHEMAS
from pipelines.load.erase import erase_gone
from pipelines.people import labels as store
from pipelines.store.home import Home, read_json
from pipelines.store.warehouse import open_warehouse, transaction
from pipelines.tidy import step as tidy

log = logging.getLogger(__name__)


def load(home: Home, config: Config, advance: Callable[[int], None] = lambda _: None) -> int:
    """Bring every enriched window that the warehouse does not hold yet into it; the number of their mentions."""
    count = 0
    with open_warehouse(home) as connection:
        _load_config(connection, config)
        held = _held(connection)
        for source_id, window in home.windows(home.enriched):
            manifest = read_json(home.enriched / source_id / window.name / MANIFEST)
            if manifest is None or held.get((source_id, *window)) == manifest["fingerprint"]:
                continue
            loaded = _load_window(connection, home, source_id, window, manifest)
            count += loaded
            advance(loaded)
        with transaction(connection):
            store.load(connection, home)
            models.load(connection, home)
            connection.execute(_ROOTS)
            connection.execute("delete from core.team_accounts")
            connection.execute(_TEAM_ACCOUNTS)
        erase_gone(connection, home, config)
    return count


def _held(connection: duckdb.DuckDBPyConnection) -> dict[tuple[Any, ...], str]:
    rows = connection.execute("select source, window_start, window_end, fingerprint from ops.loads").fetchall()
    return {tuple(row[:3]): row[3] for row in rows}


def _load_config(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    """The brands and themes of today's config, and who is of a team by it."""
    brands = [(brand.id, brand.name, brand.competitor, brand.query_version) for brand in config.brands]
    themes = [(theme.id, theme.name) for theme in config.themes]
    team = [
        (network, handle, brand.id)
        for brand in config.brands
        for told, handle in (account.partition(":")[::2] for account in brand.team)
        for network in with_same_accounts(told)
    ]
    networks = [_facts(network_of(source), source) for source in config.sources]
    networks = list(dict.fromkeys(networks))
    connection.execute("create or replace temp table team (network varchar, handle varchar, brand_id varchar)")
    if team:
        connection.executemany("insert into team values (?, lower(?), ?)", team)
    with transaction(connection):
        connection.execute("delete from core.brands")
        connection.execute("delete from core.themes")
        connection.executemany("insert into core.brands values (?, ?, ?, ?)", brands)
        if themes:
            connection.executemany("insert into core.themes values (?, ?)", themes)
        connection.executemany("delete from core.networks where network = ?", [row[:1] for row in networks])
        connection.executemany("insert into core.networks values (?, ?, ?, ?)", networks)
        connection.execute(_TEAM_JOINED)
        connection.execute(_TEAM_LEFT)


def _facts(network: str, source: SourceSettings) -> tuple[str, str, str, bool]:
    """A row of `core.networks`. Posts out of files are of the network that the source names, by its own name where it
    is none that Earshot knows.
    """
    known = CONNECTORS[network].NETWORK if network in CONNECTORS else None
    if known:
        return network, known.title, known.handle_prefix, known.is_feed
    return network, network, "", connector_of(source).NETWORK.is_feed


_TEAM_JOINED = """
update core.authors set is_team = true
where not is_team and (network, lower(handle)) in (select (network, handle) from team)
"""
_TEAM_LEFT = """
update core.authors set is_team = false
where is_team and (network, lower(handle)) not in (select (network, handle) from team)
"""


_TEAM_ACCOUNTS = """
insert into core.team_accounts by name
select distinct authors.author_id, team.brand_id
from core.authors as authors
inner join team on authors.network = team.network and lower(authors.handle) = team.handle
where authors.is_team
"""


def _load_window(
    connection: duckdb.DuckDBPyConnection, home: Home, source_id: str, window: Window, manifest: dict[str, Any]
) -> int:
    """One window in one transaction; the count of its mentions."""
    tidied = home.tidy / source_id / window.name
    enriched = home.enriched / source_id / window.name
    files = {name: str(tidied / f"{name}.parquet") for name in tidy.SCHEMAS}
    files |= {name: str(enriched / f"{name}.parquet") for name in SCHEMAS}
    seen = {"source": source_id, "start": window.start, "end": window.end, "day": window.last_day}
    with transaction(connection):
        for statement, file, names in _STATEMENTS:
            parameters = {name: seen[name] for name in names} | ({"file": files[file]} if file else {})
            connection.execute(statement, parameters or None)
        counted = connection.execute("select count(*) from arriving").fetchone()
        mentions = int(counted[0]) if counted else 0
        connection.execute(
            "delete from ops.loads where (source, window_start, window_end) = ($1, $2, $3)",
            [source_id, window.start, window.end],
        )
        connection.execute(
            "insert into ops.loads values (?, ?, ?, ?)", [source_id, window.start, window.end, manifest["fingerprint"]]
        )
    log.info("load %s %s: %s mentions", source_id, window.name, mentions)
    return mentions


# No order of the pages may change what is loaded: rows of one window are told apart by what they say, and by the
# attempt that brought them (`seq >> 52`), never by where they stood.
#
# A window's mentions meet those of the warehouse once; every other table follows from what that found. `fresh` are the
# mentions whose text this window knows best.
_MENTIONS = """
create or replace temp table arriving as
select
    tidied.* exclude (seq),
    languages.lang,
    languages.lang_engine,
    tidied.seq
from read_parquet($file, hive_partitioning = false) as tidied
left join (select mention_id, lang, lang_engine from enriched_languages) as languages
    on languages.mention_id = tidied.mention_id
"""
_LANGUAGES = """
create or replace temp table enriched_languages as from read_parquet($file, hive_partitioning = false)
"""
_KNOWN = """
create or replace temp table known as
select mention_id, last_seen_at from core.mentions semi join arriving using (mention_id)
"""
_FRESH = """
create or replace temp table fresh as
select arriving.mention_id, arriving.seq, known.mention_id is not null as is_known
from arriving left join known using (mention_id)
where known.last_seen_at is null or known.last_seen_at <= $end
"""


def _root(first: str, second: str) -> str:
    """The root of two rows of a mention, as the first tells it; a mention that answers another is not its own root."""
    return (
        f"coalesce(nullif({first}.root_id, held.mention_id), nullif({second}.root_id, held.mention_id), "
        f"case when coalesce({first}.parent_id, {second}.parent_id) is null then held.mention_id end)"
    )


# A text that changed is read for topics again.
_UNTOPIC_CHANGED = """
delete from core.mention_topics where mention_id in (
    select held.mention_id
    from core.mentions as held
    inner join arriving as new on held.mention_id = new.mention_id
    where
        new.mention_id in (select mention_id from fresh where is_known)
        and (
            new.deleted_at is not null
            or coalesce(new.title, held.title) is distinct from held.title
            or coalesce(new.text, held.text) is distinct from held.text
        )
)
"""
_UPDATE_MENTIONS = f"""
update core.mentions as held set
    community = coalesce(new.community, held.community),
    kind = case when new.parent_id is null and held.parent_id is not null then held.kind else new.kind end,
    title = case when new.deleted_at is null then coalesce(new.title, held.title) else new.title end,
    text = case when new.deleted_at is null then coalesce(new.text, held.text) else new.text end,
    url = coalesce(new.url, held.url),
    author_id = case when new.deleted_at is null then coalesce(new.author_id, held.author_id) else new.author_id end,
    parent_id = coalesce(new.parent_id, held.parent_id),
    root_id = {_root("new", "held")},
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
where held.mention_id = new.mention_id and new.mention_id in (select mention_id from fresh where is_known)
"""  # noqa: S608  # columns of ours
_FILL_MENTIONS = f"""
update core.mentions as held set
    community = coalesce(held.community, old.community),
    url = coalesce(held.url, old.url),
    kind = case when held.parent_id is null and old.parent_id is not null then old.kind else held.kind end,
    parent_id = coalesce(held.parent_id, old.parent_id),
    root_id = {_root("held", "old")},
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
where held.mention_id = old.mention_id and old.mention_id not in (select mention_id from fresh)
"""  # noqa: S608  # columns of ours
_FIRST_SEEN = """
update core.mentions as held set
    source = case when held.first_seen_at = $end then least(held.source, $source) else $source end,
    first_seen_at = $end
from known
where held.mention_id = known.mention_id and held.first_seen_at >= $end
"""
_INSERT_MENTIONS = """
insert into core.mentions by name
select arriving.* exclude (seq), $source as source, $end as first_seen_at, $end as last_seen_at
from arriving anti join known using (mention_id)
"""
_AUTHORS = """
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
                name,
                followers desc nulls last,
                account_created_at,
                is_bot
        ) as rank
    from read_parquet($file, hive_partitioning = false)
)
group by author_id
"""
_MERGE_AUTHORS = """
merge into core.authors as held
using (
    select *, (network, lower(handle)) in (select (network, handle) from team) as is_team from arriving_authors
) as new
on held.author_id = new.author_id
when matched and held.last_seen_at <= $end then update set
    handle = new.handle,
    name = coalesce(new.name, held.name),
    followers = coalesce(new.followers, held.followers),
    account_created_at = coalesce(new.account_created_at, held.account_created_at),
    is_bot = coalesce(new.is_bot, held.is_bot),
    is_team = new.is_team,
    first_seen_at = least(held.first_seen_at, $end),
    last_seen_at = $end
when matched then update set
    name = coalesce(held.name, new.name),
    followers = coalesce(held.followers, new.followers),
    account_created_at = coalesce(held.account_created_at, new.account_created_at),
    is_bot = coalesce(held.is_bot, new.is_bot),
    first_seen_at = least(held.first_seen_at, $end)
when not matched then insert
    (author_id, network, handle, name, followers, account_created_at, is_team, is_bot, first_seen_at, last_seen_at)
    values (new.author_id, new.network, new.handle, new.name, new.followers, new.account_created_at, new.is_team,
        new.is_bot, $end, $end)
"""
# Of one number several answers may tell, and of another none: each is the largest that the newest attempt told.
_METRICS = """
merge into core.mention_metrics as held
using (
    select
        mention_id,
        arg_max(likes, (seq >> 52, likes)) as likes,
        arg_max(replies, (seq >> 52, replies)) as replies,
        arg_max(reposts, (seq >> 52, reposts)) as reposts,
        arg_max(quotes, (seq >> 52, quotes)) as quotes,
        arg_max(views, (seq >> 52, views)) as views,
        arg_max(score, (seq >> 52, score)) as score,
        mention_id in (select mention_id from fresh) as is_fresh
    from read_parquet($file, hive_partitioning = false) semi join arriving using (mention_id)
    group by mention_id
) as new
on held.mention_id = new.mention_id and held.observed_date = $day
when matched and new.is_fresh then update set
    likes = coalesce(new.likes, held.likes),
    replies = coalesce(new.replies, held.replies),
    reposts = coalesce(new.reposts, held.reposts),
    quotes = coalesce(new.quotes, held.quotes),
    views = coalesce(new.views, held.views),
    score = coalesce(new.score, held.score)
when matched then update set
    likes = coalesce(held.likes, new.likes),
    replies = coalesce(held.replies, new.replies),
    reposts = coalesce(held.reposts, new.reposts),
    quotes = coalesce(held.quotes, new.quotes),
    views = coalesce(held.views, new.views),
    score = coalesce(held.score, new.score)
when not matched then insert (mention_id, observed_date, likes, replies, reposts, quotes, views, score)
    values (new.mention_id, $day, new.likes, new.replies, new.reposts, new.quotes, new.views, new.score)
"""
# An answer that does not tell whom a post addresses says that it addresses nobody; `discover` adds whom a comment
# answers, where that is known.
_CLEAR_INTERACTIONS = """
delete from core.interactions where mention_id in (select mention_id from fresh where is_known)
"""
_INTERACTIONS = """
insert into core.interactions by name
select distinct mention_id, to_author_id, kind, from_author_id
from read_parquet($file, hive_partitioning = false) semi join fresh using (mention_id)
"""
_READINGS = ("sentiment", "brand_mentions", "mention_themes", "mention_intents", "mention_flags", "mention_tones")
"""Tables of what is read from each text: they follow the text that is held."""


def _read_anew(table: str) -> tuple[tuple[str, str | None, tuple[str, ...]], ...]:
    """Put the readings of a window's freshest texts in place of earlier ones."""
    clear = f"delete from core.{table} where mention_id in (select mention_id from fresh where is_known)"  # noqa: S608
    insert = f"""
        insert into core.{table} by name
        select enriched.* exclude (seq)
        from read_parquet($file, hive_partitioning = false) as enriched semi join fresh using (mention_id, seq)
    """  # noqa: S608  # a table of ours
    return ((clear, None, ()), (insert, table, ()))


# A record that several windows could not read stands under the earliest; one that could be read this time goes.
_CLEAR_QUARANTINE = """
delete from core.quarantine
where
    (source, window_start, window_end) = ($source, $start, $end)
    or (
        (window_start, window_end) > ($start, $end)
        and quarantine_id in (select quarantine_id from read_parquet($file, hive_partitioning = false))
    )
"""
_QUARANTINE = """
insert into core.quarantine by name
select new.* exclude (seq), $source as source, $start as window_start, $end as window_end
from read_parquet($file, hive_partitioning = false) as new anti join core.quarantine using (quarantine_id)
qualify row_number() over (partition by quarantine_id order by seq) = 1
"""
_BRAND_QUERIES = """
merge into core.brand_queries as held
using read_parquet($file, hive_partitioning = false) as new
on (held.brand_id, held.query_version) = (new.brand_id, new.query_version)
when matched then update set
    first_window_start = least(held.first_window_start, $start),
    last_window_end = greatest(held.last_window_end, $end)
when not matched then insert (brand_id, query_version, query, first_window_start, last_window_end)
    values (new.brand_id, new.query_version, new.query, $start, $end)
"""
_CLEAR_DRIFTS = """
delete from core.drifts where (source, window_start, window_end) = ($source, $start, $end)
"""
_DRIFTS = """
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
group by query, field, coalesce(found, '(missing)')
"""
_DELETIONS = """
merge into core.deletions as held
using (select distinct mention_id from read_parquet($file, hive_partitioning = false)) as new
on held.mention_id = new.mention_id
when matched then update set
    first_gone_at = least(held.first_gone_at, $end),
    last_gone_at = greatest(held.last_gone_at, $end)
when not matched then insert (mention_id, first_gone_at, last_gone_at) values (new.mention_id, $end, $end)
"""
# Whichever window is loaded last: what is gone stays gone, unless a later window saw it again.
_GONE = """
create or replace temp table gone as
select deletions.mention_id, deletions.first_gone_at
from core.deletions as deletions
inner join core.mentions as mentions on deletions.mention_id = mentions.mention_id
where
    mentions.last_seen_at <= deletions.last_gone_at
    and (
        coalesce(mentions.title, mentions.text, mentions.author_id) is not null
        or mentions.deleted_at is null
        or mentions.deleted_at > deletions.first_gone_at
    )
"""
_EMPTY_GONE = """
update core.mentions as held set
    title = null,
    text = null,
    author_id = null,
    lang = null,
    lang_engine = null,
    deleted_at = least(coalesce(held.deleted_at, gone.first_gone_at), gone.first_gone_at)
from gone
where held.mention_id = gone.mention_id
"""
_UNSCORE_GONE = """
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
where held.mention_id = gone.mention_id
"""
_UNTARGET_GONE = """
delete from core.sentiment where target != 'text' and mention_id in (select mention_id from gone)
"""
_UNMATCH_GONE = """
delete from core.brand_mentions where matched_by = 'term' and mention_id in (select mention_id from gone)
"""
_FORGOTTEN = ("mention_themes", "mention_topics", "mention_intents", "mention_flags", "mention_tones", "interactions")
"""Tables that keep no row of a post that is gone."""


def _forget_gone(table: str) -> tuple[str, str | None, tuple[str, ...]]:
    return f"delete from core.{table} where mention_id in (select mention_id from gone)", None, ()  # noqa: S608


# A network or file that tells only whom a mention answers gets its threads from there, as far up as is known.
_ROOTS = """
with recursive
open as (
    select mention_id, parent_id from core.mentions where root_id is null and parent_id is not null
),
found as (
    select open.mention_id, parents.root_id
    from open
    inner join core.mentions as parents on open.parent_id = parents.mention_id
    where parents.root_id is not null
    union all
    select open.mention_id, found.root_id
    from open
    inner join found on open.parent_id = found.mention_id
)
update core.mentions as held set root_id = found.root_id
from found
where held.mention_id = found.mention_id
"""
_CLEAR_COVERAGE = """
delete from core.coverage where (source, window_start, window_end) = ($source, $start, $end)
"""
_COVERAGE = """
insert into core.coverage by name
select * from read_parquet($file, hive_partitioning = false)
"""
_STATEMENTS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    (_LANGUAGES, "languages", ()),
    (_MENTIONS, "mentions", ()),
    (_KNOWN, None, ()),
    (_FRESH, None, ("end",)),
    (_UNTOPIC_CHANGED, None, ()),
    (_UPDATE_MENTIONS, None, ("end",)),
    (_FILL_MENTIONS, None, ()),
    (_FIRST_SEEN, None, ("source", "end")),
    (_INSERT_MENTIONS, None, ("source", "end")),
    (_AUTHORS, "authors", ()),
    (_MERGE_AUTHORS, None, ("end",)),
    (_METRICS, "metrics", ("day",)),
    (_CLEAR_INTERACTIONS, None, ()),
    (_INTERACTIONS, "interactions", ()),
    *(statement for table in _READINGS for statement in _read_anew(table)),
    (_CLEAR_QUARANTINE, "quarantine", ("source", "start", "end")),
    (_QUARANTINE, "quarantine", ("source", "start", "end")),
    (_CLEAR_COVERAGE, None, ("source", "start", "end")),
    (_COVERAGE, "coverage", ()),
    (_BRAND_QUERIES, "brand_queries", ("start", "end")),
    (_CLEAR_DRIFTS, None, ("source", "start", "end")),
    (_DRIFTS, "drifts", ("source", "start", "end")),
    (_DELETIONS, "deletions", ("end",)),
    (_GONE, None, ()),
    (_EMPTY_GONE, None, ()),
    (_UNTARGET_GONE, None, ()),
    (_UNSCORE_GONE, None, ()),
    (_UNMATCH_GONE, None, ()),
    *map(_forget_gone, _FORGOTTEN),
)
