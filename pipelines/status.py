"""What was seen and how fresh it is, from the published file, and what would be asked, from the config alone."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.contract import Query, SourceError
from pipelines.config import Config, connector_of
from pipelines.credentials import missing
from pipelines.export import open_published
from pipelines.home import Home
from pipelines.pull import network_of


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


class SourcePlan(NamedTuple):
    """What a source would be asked, and what still keeps it from being asked."""

    source: str
    network: str
    queries: list[Query]
    limits: str
    reaches_back: str
    missing: list[str]
    fault: str | None


def plan(config: Config, environ: Mapping[str, str] = os.environ) -> list[SourcePlan]:
    """What would be asked of whom. Nothing is sent."""
    plans = []
    for settings in config.sources:
        connector = connector_of(settings)
        fault = None
        queries: list[Query] = []
        try:
            queries = connector.queries(settings, config.listening(network_of(settings)))
        except SourceError as error:
            fault = str(error)
        network = connector.NETWORK
        plans.append(
            SourcePlan(
                settings.id,
                network_of(settings),
                queries,
                network.limits,
                network.reaches_back,
                missing(settings, environ),
                fault,
            )
        )
    return plans
