"""Load: enriched windows into the warehouse, one transaction each. Loading a window again changes nothing.

Windows may come in any order. What a later window saw stands above what an earlier one saw; an earlier one only fills
what is still unknown and moves `first_seen_at` back.
"""

import logging
from collections.abc import Callable, Iterator
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
from pipelines.store.statements import statements
from pipelines.store.warehouse import open_warehouse, transaction
from pipelines.tidy import step as tidy

SQL = statements(__file__)

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
            connection.execute(SQL["roots"])
            connection.execute("delete from core.team_accounts")
            connection.execute(SQL["team_accounts"])
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
        connection.execute(SQL["team_joined"])
        connection.execute(SQL["team_left"])


def _facts(network: str, source: SourceSettings) -> tuple[str, str, str, bool]:
    """A row of `core.networks`. Posts out of files are of the network that the source names, by its own name where it
    is none that Earshot knows.
    """
    known = CONNECTORS[network].NETWORK if network in CONNECTORS else None
    if known:
        return network, known.title, known.handle_prefix, known.is_feed
    return network, network, "", connector_of(source).NETWORK.is_feed


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
        for statement, file, names in _statements():
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


_READINGS = ("sentiment", "brand_mentions", "mention_themes", "mention_intents", "mention_flags", "mention_tones")
"""Tables of what is read from each text: they follow the text that is held."""
_FORGOTTEN = ("mention_themes", "mention_topics", "mention_intents", "mention_flags", "mention_tones", "interactions")
"""Tables that keep no row of a post that is gone."""


def _statements() -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """Each statement in its turn, with the file that it reads, if any, and what else it asks for."""
    yield SQL["languages"], "languages", ()
    yield SQL["mentions"], "mentions", ()
    yield SQL["known"], None, ()
    yield SQL["fresh"], None, ("end",)
    yield SQL["untopic_changed"], None, ()
    yield SQL["update_mentions"], None, ("end",)
    yield SQL["fill_mentions"], None, ()
    yield SQL["first_seen"], None, ("source", "end")
    yield SQL["insert_mentions"], None, ("source", "end")
    yield SQL["authors"], "authors", ()
    yield SQL["merge_authors"], None, ("end",)
    yield SQL["metrics"], "metrics", ("day",)
    yield SQL["clear_interactions"], None, ()
    yield SQL["interactions"], "interactions", ()
    for table in _READINGS:
        yield SQL["clear_readings"].replace("the_table", table), None, ()
        yield SQL["readings"].replace("the_table", table), table, ()
    yield SQL["clear_quarantine"], "quarantine", ("source", "start", "end")
    yield SQL["quarantine"], "quarantine", ("source", "start", "end")
    yield SQL["clear_coverage"], None, ("source", "start", "end")
    yield SQL["coverage"], "coverage", ()
    yield SQL["brand_queries"], "brand_queries", ("start", "end")
    yield SQL["clear_drifts"], None, ("source", "start", "end")
    yield SQL["drifts"], "drifts", ("source", "start", "end")
    yield SQL["deletions"], "deletions", ("end",)
    yield SQL["gone"], None, ()
    yield SQL["empty_gone"], None, ()
    yield SQL["untarget_gone"], None, ()
    yield SQL["unscore_gone"], None, ()
    yield SQL["unmatch_gone"], None, ()
    for table in _FORGOTTEN:
        yield SQL["forget_gone"].replace("the_table", table), None, ()
