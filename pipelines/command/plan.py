"""What a night would ask of whom, and what that costs: before anything is sent."""

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from connectors.contract import Network, Query, SourceError, SourceSettings, Window
from pipelines.command.samples import Sample, samples
from pipelines.config.credentials import missing
from pipelines.config.settings import Config, connector_of, network_of
from pipelines.pull import budget
from pipelines.pull.budget import Spent
from pipelines.pull.recheck import known_mentions
from pipelines.store.home import Home
from query.everyday import everyday_terms
from query.search_syntax import pack

NIGHTS = 7
"""Nights of the past that tell what is usual."""
DAYS_PER_MONTH = 30


class SourcePlan(NamedTuple):
    """What a source would be asked, what that costs, and what still keeps it from being asked."""

    source: str
    network: Network
    network_name: str
    queries: list[Query]
    least_calls: int
    """One for each query, and those of the look again at older posts."""
    rechecks: int
    """Posts that are looked at again."""
    usual: Spent | None
    """What the last nights used on average; None where there was none yet."""
    most: Mapping[str, float]
    """What the budget allows: calls, posts, units a night, usd_per_month."""
    usd_this_month: float
    lost: list[tuple[str, str]]
    """Brand and a part of its query that posts can't be found by on this network."""
    missing: list[str]
    samples: list[Sample]
    """What of it lies on this machine, as it will be read."""
    fault: str | None

    @property
    def usd_per_month(self) -> tuple[float | None, float | None] | None:
        """US dollars of thirty usual nights, and the most that the budget allows; None where reading is free."""
        price = self.network.usd_per_post
        if price is None:
            return None
        usual = self.usual.usd * DAYS_PER_MONTH if self.usual else None
        limits = [self.most["usd_per_month"]] if "usd_per_month" in self.most else []
        limits += [self.most["posts"] * price * DAYS_PER_MONTH] if "posts" in self.most else []
        return usual, min(limits, default=None)

    @property
    def lacking(self) -> list[str]:
        """What still keeps it from being asked, a sentence each."""
        faults = (self.fault, *(sample.fault for sample in self.samples))
        return [*(f"set {name}" for name in self.missing), *(fault for fault in faults if fault)]

    def shown(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        usd = self.usd_per_month
        return {
            "source": self.source,
            "network": self.network_name,
            "queries": [query._asdict() for query in self.queries],
            "least_calls": self.least_calls,
            "rechecks": self.rechecks,
            "usual": self.usual and self.usual._asdict(),
            "most": dict(self.most),
            "usd_per_month": usd and {"usual": usd[0], "most": usd[1], "so_far": self.usd_this_month},
            "cannot_find": [{"brand": brand, "part": part} for brand, part in self.lost],
            "samples": [line for sample in self.samples for line in sample.lines],
            "warnings": self.warnings,
            "lacking": self.lacking,
        }

    @property
    def warnings(self) -> list[str]:
        """What the operator should know before the night."""
        found = []
        if self.network.usd_per_post and not {"usd_per_month", "posts"} & self.most.keys():
            found.append(
                f"{self.network.title} charges {self.network.usd_per_post} US dollars a post read, and there is no "
                "budget; set budget.usd_per_month."
            )
        units = self.network.units_per_day
        if units is not None and self.usual and self.usual.units > units:
            found.append(f"a usual night uses {self.usual.units:,} units, the network gives {units:,} a day.")
        calls = self.most.get("calls")
        if calls is not None and calls < self.least_calls:
            found.append(
                f"a night needs at least {self.least_calls:,} calls, the budget allows {calls:,.0f}; raise "
                "budget.calls, or ask for less."
            )
        return found


def plan(config: Config, home: Home, now: datetime, environ: Mapping[str, str] = os.environ) -> list[SourcePlan]:
    """The coming night of each source. Nothing is sent."""
    return [_plan(config, settings, home, now, environ) for settings in config.sources]


def everyday_words(config: Config) -> list[str]:
    """Brands of which a term is an everyday word: what will happen, and what to do."""
    return [
        f"{brand.name}: {term!r} is an everyday word, and nearly every post holds it. Give words of which one has "
        "to be near, such as context = [...]."
        for brand in config.brands
        for term in everyday_terms(brand.expression, config.language.expected)
    ]


def _plan(
    config: Config, settings: SourceSettings, home: Home, now: datetime, environ: Mapping[str, str]
) -> SourcePlan:
    connector = connector_of(settings)
    network: Network = connector.NETWORK
    listening = config.listening(network_of(settings))
    fault, queries = None, []
    try:
        queries = connector.queries(settings, listening)
    except SourceError as error:
        fault = str(error)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rechecks = 0
    if connector.NETWORK.recheck_size and settings.recheck_days:
        window = Window(midnight - timedelta(days=1), midnight)
        rechecks = len(known_mentions(home, settings.id, window, settings.recheck_days))
    searched = any(query.brand_ids for query in queries)
    return SourcePlan(
        source=settings.id,
        network=network,
        network_name=network_of(settings),
        queries=queries,
        least_calls=len(queries) + ceil(rechecks / network.recheck_size if network.recheck_size else rechecks),
        rechecks=rechecks,
        usual=_usual(budget.ledger(home, settings.id)),
        most=settings.budget.model_dump(exclude_none=True),
        usd_this_month=budget.usd_in_month(home, settings.id, now),
        lost=list(pack(listening.queries, network.search_syntax).lost) if searched and network.search_syntax else [],
        missing=missing(settings, environ),
        samples=samples(connector, settings, queries),
        fault=fault,
    )


def _usual(ledger: list[dict[str, Any]]) -> Spent | None:
    """The mean of the last nights on which anything was asked; the pulls of one night count together."""
    nights: dict[Any, list[dict[str, Any]]] = {}
    for line in ledger:
        nights.setdefault(line["at"].date(), []).append(line)
    last = [nights[day] for day in sorted(nights)[-NIGHTS:]]
    if not last:
        return None
    mean = {name: sum(line[name] for night in last for line in night) / len(last) for name in Spent._fields}
    return Spent(round(mean["calls"]), round(mean["posts"]), round(mean["units"]), round(mean["usd"], 4))
