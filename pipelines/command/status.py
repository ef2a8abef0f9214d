"""What was seen and how fresh it is, from the published file."""

from contextlib import suppress
from datetime import date, datetime
from typing import Any, NamedTuple

import duckdb

from pipelines.store import runs
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.runs import Run
from pipelines.store.statements import statements

SQL = statements(__file__)


class SourceStatus(NamedTuple):
    """A source as the published file knows it."""

    source: str
    network: str
    seen_until: Any
    last_status: str
    posts: int
    newest_post_at: Any
    quarantined: int
    reason: str | None


def status(home: Home) -> list[SourceStatus]:
    """One entry a source, in alphabetical order."""
    with open_published(home) as connection:
        return [SourceStatus(*row) for row in connection.execute(SQL["status"]).fetchall()]


def published_at(home: Home) -> datetime:
    """When the published file took the place of the one before, UTC."""
    with open_published(home) as connection:
        found = connection.execute("select max(published_at) from ops.publication").fetchone()
    moment: datetime | None = found[0] if found else None
    return moment or datetime.min


def last_night(home: Home) -> list[Run]:
    """The steps of the night that began last, each with its last try, whether or not it published anything."""
    noted = runs.read_last(home)
    return list({(run.step, run.source): run for run in noted}.values())


class SourceDays(NamedTuple):
    """What was seen of a source, day by day."""

    source: str
    days: dict[date, str]
    """Day → complete, partial or missing; a day that was never asked for is not in it."""


def calendar(home: Home, days: int) -> list[SourceDays]:
    """The last days up to the newest that was asked for, one entry a source in alphabetical order."""
    seen: dict[str, dict[date, str]] = {}
    with open_published(home) as connection, suppress(duckdb.CatalogException):  # before the first marts
        for source, day, state in connection.execute(SQL["days"], {"days": days}).fetchall():
            seen.setdefault(source, {})[day] = state
    return [SourceDays(source, found) for source, found in seen.items()]
