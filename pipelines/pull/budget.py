"""Budgets: what a source has used, and where it has to stop."""

import logging
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from connectors.contract import Network, Page, SourceSettings, Truncated
from pipelines.store.home import Home

log = logging.getLogger(__name__)
LEDGER = "ledger.jsonl"
"""What each pull used, a line each, beside the windows that it landed."""


class BudgetUsedUp(Truncated):
    """The source has used what it may; there is more."""


class Spent(NamedTuple):
    """What was used: answers, posts read, units of the network's quota, US dollars."""

    calls: int
    posts: int
    units: int
    usd: float


class Purse:
    """What one pull may still use. `take` says when it is empty."""

    def __init__(self, settings: SourceSettings, network: Network, usd_this_month: float) -> None:
        self._budget = settings.budget
        self._price = network.usd_per_post or 0.0
        self._usd_before = usd_this_month
        self.used = {"calls": 0, "posts": 0, "units": 0}

    @property
    def usd(self) -> float:
        """What this pull has cost so far, US dollars."""
        return self.used["posts"] * self._price

    def since(self, before: Mapping[str, int]) -> Spent:
        """What was used since `used` was as given."""
        used = {what: count - before[what] for what, count in self.used.items()}
        return Spent(**used, usd=round(used["posts"] * self._price, 6))

    def take(self, page: Page) -> None:
        """Count a page."""
        self.used["calls"] += 1
        self.used["posts"] += page.seen
        self.used["units"] += page.units

    def exhausted(self) -> BudgetUsedUp | None:
        """Why nothing more may be asked for; None while something is left."""
        for what, used in self.used.items():
            most = getattr(self._budget, what)
            if most is not None and used >= most:
                return BudgetUsedUp(
                    f"the budget of {most:,} {what} a night is used up; raise budget.{what}, or ask for less. The next "
                    "run goes on with the oldest that was not seen."
                )
        most_usd = self._budget.usd_per_month
        if most_usd is not None and self._usd_before + self.usd >= most_usd:
            return BudgetUsedUp(
                f"the budget of {most_usd:,.2f} US dollars a month is used up; raise budget.usd_per_month, or wait for "
                "the next month. The next run goes on with the oldest that was not seen."
            )
        return None


def note(home: Home, source_id: str, at: datetime, spent: Spent) -> None:
    """Write down what a pull used."""
    line = {"at": at, **spent._asdict()}
    path = _path(home, source_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")


def ledger(home: Home, source_id: str) -> list[dict[str, Any]]:
    """What the pulls of a source used, oldest first; a line that a crash cut off is passed over."""
    path = _path(home, source_id)
    if not path.exists():
        return []
    lines = []
    for line in path.read_bytes().splitlines():
        try:
            entry = orjson.loads(line)
            lines.append(entry | {"at": datetime.fromisoformat(entry["at"]).replace(tzinfo=None)})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            log.warning("%s holds a line that can't be read; passed over", path)
    return lines


def usd_in_month(home: Home, source_id: str, at: datetime) -> float:
    """US dollars that the source has cost in the calendar month of a moment."""
    return math.fsum(
        line["usd"] for line in ledger(home, source_id) if (line["at"].year, line["at"].month) == (at.year, at.month)
    )


def _path(home: Home, source_id: str) -> Path:
    return home.landing / source_id / LEDGER
