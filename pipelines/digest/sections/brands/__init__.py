"""Each brand, and ours together: mentions, sentiment, share of voice, day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.digest import compare
from pipelines.digest.frozen import Brand, Coverage, Day, DayStatus, Figures, Labels, Search
from pipelines.digest.given import Given, labels_of
from pipelines.digest.queries import Row
from pipelines.digest.searches import not_in_full, nothing_seen
from pipelines.digest.text import clean
from pipelines.digest.words import counted
from pipelines.digest.words import day as told_day

LINK = "Brands"


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for them."""

    brands: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    own: Figures
    brands: list[Brand]


def freeze(given: Given) -> Data:
    """The numbers of all brands in both periods."""
    brands = _brands(given)
    return Data(Searches(_search(given.coverage, has_any=bool(brands))), _own(given, brands), brands)


def _brands(given: Given) -> list[Brand]:
    """All brands, ours first, then by mentions."""
    coverage, known = given.coverage, given.asker.ask("brands")
    rows, compared = given.of_all_and_compared("brand_figures")
    now, like_now, like_before = _by_brand(rows, True), _by_brand(compared, True), _by_brand(compared, False)
    days = {(row["brand_id"], row["day_date"]): row for row in given.asker.ask("brand_days")}
    total = tuple(sum(labels.mentions for labels in side.values()) for side in (now, like_now, like_before))

    def figures(brand_id: str) -> Figures:
        sides = [side.get(brand_id, Labels()) for side in (now, like_now, like_before)]
        return _figures(sides, total if len(known) > 1 else None, coverage)

    statuses = _statuses(coverage, given.previous.first_day, given.period.last_day)
    brands = [
        Brand(
            row["brand_id"],
            clean(row["brand_name"]),
            bool(row["is_competitor"]),
            figures(row["brand_id"]),
            [_day(day, status, days.get((row["brand_id"], day))) for day, status in statuses.items()],
        )
        for row in known
    ]
    return sorted(brands, key=lambda b: (b.is_competitor, -b.figures.labels.mentions, b.name, b.brand_id))


def _own(given: Given, brands: list[Brand]) -> Figures:
    """Our brands together: a post that names two of them is one post."""
    coverage = given.coverage
    rows, compared = given.of_all_and_compared("own")
    sides = [_labels(rows, True), _labels(compared, True), _labels(compared, False)]
    figures = _figures(sides, None, coverage)
    if len(brands) < 2:
        return figures
    ours = [brand.figures for brand in brands if not brand.is_competitor]
    shares = [figures.share_of_voice for figures in ours if figures.share_of_voice]
    if len(ours) == 1:
        return Figures(figures.mentions, figures.net_sentiment, shares[0], figures.labels)
    everybody = [brand.figures for brand in brands]
    share = compare.share_change(
        (_sum(f.labels.mentions for f in ours), _sum(f.labels.mentions for f in everybody)),
        (_sum(f.mentions.like_now for f in ours), _sum(f.mentions.like_now for f in everybody)),
        (_sum(f.mentions.like_before for f in ours), _sum(f.mentions.like_before for f in everybody)),
        coverage.mode_between_brands,
    )
    return Figures(figures.mentions, figures.net_sentiment, share, figures.labels)


def _figures(sides: list[Labels], total: tuple[int, ...] | None, coverage: Coverage) -> Figures:
    """Figures from labels now, and now and before in the sources compared; `total` are all brands' mentions in each."""
    now, like_now, like_before = sides
    share = None
    if total:
        parts = [(labels.mentions, whole) for labels, whole in zip(sides, total, strict=True)]
        share = compare.share_change(parts[0], parts[1], parts[2], coverage.mode_between_brands)
    return Figures(
        compare.count_change(coverage.told(now.mentions), like_now.mentions, like_before.mentions, coverage.mode),
        compare.net_change(now, like_now, like_before, coverage.mode),
        share,
        now,
    )


def _by_brand(rows: list[Row], is_current: bool) -> dict[str, Labels]:
    return {row["brand_id"]: labels_of(row) for row in rows if row["is_current"] is is_current}


def _labels(rows: list[Row], is_current: bool) -> Labels:
    return next((labels_of(row) for row in rows if row["is_current"] is is_current), Labels())


def _day(day: date, status: DayStatus, row: Row | None) -> Day:
    """A day with rows was seen, whatever coverage says; one without rows is 0 only if it was seen in full."""
    labels = labels_of(row) if row else Labels()
    if not labels.mentions and status != "complete":
        return Day(day, status, None, None, None, None, None)
    return Day(day, status, labels.mentions, labels.positive, labels.neutral, labels.negative, labels.unscored)


def _statuses(coverage: Coverage, first: date, last: date) -> dict[date, DayStatus]:
    """What was seen of each day over all sources: complete only if all are, missing only if all are."""
    by_day: dict[date, set[DayStatus]] = {first + timedelta(days=n): set() for n in range((last - first).days + 1)}
    for source in coverage.sources:
        for day in source.days:
            by_day[day.date].add(day.status)
    return {day: _together(found) for day, found in by_day.items()}


def _together(found: set[DayStatus]) -> DayStatus:
    if len(found) == 1:
        return next(iter(found))
    if not found:
        return "not-asked"
    return "missing" if found == {"missing", "not-asked"} else "partial"


def _sum(values: Iterable[int | None]) -> int:
    return sum(value or 0 for value in values)


def _search(coverage: Coverage, *, has_any: bool) -> Search:
    if has_any:
        return Search("found", None)
    none = "No post that names a brand was found in this file."
    if not coverage.is_seen:
        return Search("not-seen", f"{none} {nothing_seen(coverage)}")
    if coverage.unseen:
        return Search("not-seen", f"{none} {not_in_full(coverage.unseen)}")
    return Search("nothing-found", none)


# Words ------------------------------------------------------------------------------------------------


def unequal_lines(coverage: Coverage) -> list[str]:
    """Why brands can't be set beside each other without more ado: less was seen of one, or its query changed."""
    lines = [
        f"Less was seen of {one.brand_name} than of others on {one.source} ({counted(one.days, 'day')} of both "
        "periods): its share of voice is too small."
        for one in coverage.unequal
    ]
    lines += [
        f"The query of {one.brand_name} changed on {told_day(one.since)}: what moved may be the query, not what people "
        "say."
        for one in coverage.redefined
    ]
    return lines
