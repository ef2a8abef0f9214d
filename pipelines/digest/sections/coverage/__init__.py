"""What was seen of each source on each day, and so what may be compared. All other sections go by it."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from pipelines.digest.frozen import (
    Coverage,
    DayStatus,
    Gap,
    Mode,
    Period,
    Redefined,
    Source,
    SourceDay,
    Unequal,
    Unreadable,
)
from pipelines.digest.given import Given
from pipelines.digest.queries import Asker, Row
from pipelines.digest.text import clean, shorten
from pipelines.digest.words import counted

LINK = "Coverage"
LONGEST_REASON = 300
WEIGHTS: tuple[DayStatus, ...] = ("missing", "partial", "not-asked", "complete")
"""Which gaps are told first."""


@dataclass(frozen=True, slots=True)
class Searches:
    """Nothing is looked for."""


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    coverage: Coverage


def freeze(given: Given) -> Data:
    """What all sections went by."""
    return Data(Searches(), given.coverage)


def covered(asker: Asker, period: Period, previous: Period) -> Coverage:
    """The calendar of both periods. A day that coverage doesn't speak of was not asked for."""
    networks = {row["source"]: row["network"] for row in asker.ask("sources")}
    rows = {(row["source"], row["day_date"]): row for row in asker.ask("coverage")}
    unreadable = {row["source"]: row["records"] for row in asker.ask("unreadable")}
    days = [previous.first_day + timedelta(days=n) for n in range(period.days + previous.days)]
    sources = [
        _source(name, network, [_day(day, rows.get((name, day))) for day in days], period)
        for name, network in networks.items()
    ]
    mode, compared = _comparable(sources, period)
    newest = asker.ask("newest_post")
    return Coverage(
        mode=mode,
        compared=compared,
        left_out=[source.source for source in sources if source.source not in compared],
        is_seen=any(_is_seen(day) for source in sources for day in source.days if day.date >= period.first_day),
        newest_post_at=newest[0]["newest_post_at"],
        sources=sources,
        gaps=sorted((gap for source in sources for gap in _gaps(source)), key=lambda gap: _weight(gap, period)),
        unreadable=[Unreadable(clean(source), records) for source, records in unreadable.items()],
        unequal=[
            Unequal(row["brand_id"], clean(row["brand_name"]), clean(row["source"]), row["days"])
            for row in asker.ask("unequal_coverage")
        ],
        redefined=[
            Redefined(row["brand_id"], clean(row["brand_name"]), row["since_date"]) for row in asker.ask("redefined")
        ],
    )


def _source(name: str, network: str, days: list[SourceDay], period: Period) -> Source:
    now = [day.status == "complete" for day in days if day.date >= period.first_day]
    before = [day.status == "complete" for day in days if day.date < period.first_day]
    return Source(clean(name), clean(network), all(now), all(before), days)


def _day(day: date, row: Row | None) -> SourceDay:
    if row is None:
        return SourceDay(day, "not-asked", None, None)
    status: DayStatus = row["status"] if row["status"] in {"complete", "partial"} else "missing"
    reason = shorten(clean(row["reason"]), LONGEST_REASON)[0] if row["reason"] else None
    return SourceDay(day, status, row["posts_count"], reason)


def _comparable(sources: list[Source], period: Period) -> tuple[Mode, list[str]]:
    both = [source.source for source in sources if source.is_complete and source.is_complete_before]
    if not any(_is_seen(day) for source in sources for day in source.days if day.date < period.first_day):
        return "first", []
    if not both:
        return "none", []
    return ("all" if len(both) == len(sources) else "some"), both


def _is_seen(day: SourceDay) -> bool:
    return day.status in {"complete", "partial"}


def _weight(gap: Gap, period: Period) -> tuple[bool, int, str, date]:
    return gap.last_day < period.first_day, WEIGHTS.index(gap.status), gap.source, gap.first_day


def _gaps(source: Source) -> list[Gap]:
    runs = groupby(source.days, key=lambda day: (day.status, day.reason))
    found = [(status, reason, list(days)) for (status, reason), days in runs if status != "complete"]
    return [Gap(source.source, days[0].date, days[-1].date, status, reason) for status, reason, days in found]


# Words ------------------------------------------------------------------------------------------------


def complete_count(source: Source, period: Period, is_current: bool) -> str:
    """7 of 7 days"""
    days = [day for day in source.days if (day.date >= period.first_day) is is_current]
    return f"{sum(day.status == 'complete' for day in days)} of {counted(len(days), 'day')}"


def complete_days(source: Source, period: Period) -> str:
    """7 of 7 days complete, before 6 of 7"""
    return f"{complete_count(source, period, True)} complete, {complete_count(source, period, False)} before"
