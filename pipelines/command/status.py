"""What was seen and how fresh it is, from the published file."""

from contextlib import suppress
from datetime import date, datetime
from typing import Any, NamedTuple

import duckdb

from pipelines.store import runs
from pipelines.store.home import Home
from pipelines.store.published import open_published
from pipelines.store.runs import Run


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


_STATUS = """
with
newest as (
    select
        source,
        any_value(network) as network,
        max(window_end) as seen_until,
        sum(posts_count) as posts,
        max(last_post_at) as newest_post_at
    from core.coverage
    group by source
),
last_windows as (
    select
        coverage.source,
        string_agg(distinct coverage.status, ', ' order by coverage.status) as last_status,
        string_agg(coverage.query || ': ' || coverage.reason, '; ' order by coverage.query) as reason
    from core.coverage as coverage
    inner join newest on coverage.source = newest.source and coverage.window_end = newest.seen_until
    group by coverage.source
),
misfits as (
    select source, count(*) as quarantined from core.quarantine group by source
)
select
    newest.source,
    newest.network,
    newest.seen_until,
    last_windows.last_status,
    newest.posts::bigint,
    newest.newest_post_at,
    coalesce(misfits.quarantined, 0),
    last_windows.reason
from newest
inner join last_windows on newest.source = last_windows.source
left join misfits on newest.source = misfits.source
order by newest.source
"""


def status(home: Home) -> list[SourceStatus]:
    """One entry a source, in alphabetical order."""
    with open_published(home) as connection:
        return [SourceStatus(*row) for row in connection.execute(_STATUS).fetchall()]


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


_DAYS = """
select source, day_date, status
from marts.coverage_days
where day_date > (select max(day_date) from marts.coverage_days) - $days::int
order by source, day_date
"""


def calendar(home: Home, days: int) -> list[SourceDays]:
    """The last days up to the newest that was asked for, one entry a source in alphabetical order."""
    seen: dict[str, dict[date, str]] = {}
    with open_published(home) as connection, suppress(duckdb.CatalogException):  # before the first marts
        for source, day, state in connection.execute(_DAYS, {"days": days}).fetchall():
            seen.setdefault(source, {})[day] = state
    return [SourceDays(source, found) for source, found in seen.items()]
