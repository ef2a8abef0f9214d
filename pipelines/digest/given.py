"""What every section is given: the questions it may ask, the period, and what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipelines.digest.compare import CHANCE_AMONG_MANY, count_change
from pipelines.digest.frozen import Count, Coverage, Labels, Period
from pipelines.digest.queries import Asker, Row


@dataclass
class Given:
    """A published file, asked about a period."""

    asker: Asker
    period: Period
    previous: Period
    coverage: Coverage
    quotes: int
    """Posts that the config wants shown of each thing."""
    frozen: dict[str, Any] = field(default_factory=dict)
    """The sections that were frozen before, by name."""

    @cached_property
    def judged(self) -> Mapping[str, Any]:
        """How many posts about our brands there were, and how many of them could not be judged in which way."""
        return self.asker.ask("judged_posts")[0]

    def of_all_and_compared(self, name: str) -> tuple[list[Row], list[Row]]:
        """The rows of a query over all sources, and over those that may be compared."""
        rows = self.asker.ask(name, sources=[source.source for source in self.coverage.sources])
        if self.coverage.mode != "some":
            return rows, rows
        return rows, self.asker.ask(name, as_name=f"{name}_compared", sources=self.coverage.compared)

    def count(self, now: int, like_now: int, like_before: int) -> Count:
        """A count that may be compared, where many are looked at."""
        told = self.coverage.told(now)
        return count_change(told, like_now, like_before, self.coverage.mode, CHANCE_AMONG_MANY)


def labels_of(row: Row | None) -> Labels:
    """The label counts of a row; none of a row that isn't there."""
    if row is None:
        return Labels()
    return Labels(*(int(row[name]) for name in ("mentions", "positive", "neutral", "negative", "unscored")))
