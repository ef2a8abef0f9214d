"""Reads the published file once and freezes what the digest says."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.contract import utc
from pipelines.config.settings import DigestSettings
from pipelines.digest import compare, inbox
from pipelines.digest.coverage import covered
from pipelines.digest.findings import competitor_findings, find, theme_table
from pipelines.digest.frozen import FORMAT, Brand, Coverage, Day, DayStatus, Figures, Frozen, Labels, Period, Search
from pipelines.digest.headline import headline
from pipelines.digest.moderation import moderation
from pipelines.digest.queries import Asker, Row
from pipelines.digest.searches import Found, searches
from pipelines.digest.stories import stories
from pipelines.digest.text import clean
from pipelines.digest.wants import topics, wants
from pipelines.errors import InputError
from pipelines.store.published import open_file


def freeze(published: Path, settings: DigestSettings, until: datetime) -> Frozen:
    """Everything the digest says about the `settings.days` days before `until`, from the schema `marts` of a file."""
    until = utc(until)
    period, previous = periods(until, settings.days)
    try:
        with open_file(published) as connection:
            asker = Asker(
                connection,
                until=until,
                first_day=period.first_day,
                last_day=period.last_day,
                previous_first_day=previous.first_day,
                previous_last_day=previous.last_day,
                start_at=datetime.combine(period.first_day, datetime.min.time()),
                end_at=datetime.combine(period.last_day + timedelta(days=1), datetime.min.time()),
            )
            return _freeze(asker, settings, until, period, previous)
    except duckdb.IOException as error:
        raise InputError(
            f"{published}: can't be opened as a DuckDB file ({_first_line(error)}). Publish one."
        ) from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"{published}: lacks a mart or column that the digest reads ({_first_line(error)}). Model, publish again."
        ) from error


def periods(until: datetime, days: int) -> tuple[Period, Period]:
    """The days that end with `until`, and as many before them. A day that `until` falls into counts as the last."""
    last = (until - timedelta(microseconds=1)).date()
    middle = last - timedelta(days=days)
    return _period(middle + timedelta(days=1), last), _period(middle - timedelta(days=days - 1), middle)


def _period(first: date, last: date) -> Period:
    return Period(first, last, (last - first).days + 1, f"{first}--{last}")


def _told(found: Any, search: Search, *counts: str) -> Any:
    """What was found, without its counts where they are not known."""
    return found if search.is_known else replace(found, **dict.fromkeys(counts))


def _freeze(asker: Asker, settings: DigestSettings, until: datetime, period: Period, previous: Period) -> Frozen:
    coverage = covered(asker, period, previous)
    known = asker.ask("brands")
    brands = _brands(asker, known, coverage, period, previous)
    own = _own(asker, brands, coverage)
    themes = theme_table(asker, coverage)
    own_findings = find(asker, themes, coverage, period, previous, settings.quotes)
    new, wanted, spoken = stories(asker), wants(asker, coverage), topics(asker, coverage)
    waiting, thanks = inbox.waiting(asker, settings.quotes * 2), inbox.thanks(asker, settings.quotes)
    people, flagged = inbox.people(asker, brands, settings.quotes), moderation(asker, settings.quotes * 2)
    languages = inbox.languages(asker)
    came = searches(
        asker,
        coverage,
        brands,
        Found(
            new=bool(new.items),
            themes=any(not theme.is_competitor for theme in themes),
            wants=bool(wanted),
            topics=bool(spoken.items),
            waiting=bool(waiting.items),
            thanks=bool(thanks.items),
            moderation=bool(flagged.counts),
            people=bool(people),
            unscored=languages.unscored or 0,
            scored=languages.scored or 0,
        ),
    )
    return Frozen(
        format=FORMAT,
        title=clean(settings.title),
        until=until,
        period=period,
        previous=previous,
        headline=headline(own, brands, themes, coverage, period),
        searches=came,
        own_names=[brand.name for brand in brands if not brand.is_competitor],
        own=own,
        brands=brands,
        stories=_told(new, came.new, "stories"),
        themes=themes,
        findings=own_findings,
        competitor_findings=competitor_findings(asker, themes, coverage, period, previous),
        wants=wanted,
        topics=_told(spoken, came.topics, "topics"),
        waiting=_told(waiting, came.waiting, "posts", "people", "negative", "questions", "earlier", "spam"),
        thanks=_told(thanks, came.thanks, "posts", "people"),
        people=people,
        moderation=_told(flagged, came.moderation, "posts"),
        languages=_told(languages, came.languages, *(["unscored"] if languages.scored else ["scored", "unscored"])),
        learned=inbox.learned(asker),
        coverage=coverage,
        queries=dict(asker.asked),
    )


def _brands(asker: Asker, known: list[Row], coverage: Coverage, period: Period, previous: Period) -> list[Brand]:
    """All brands, ours first, then by mentions."""
    names = [source.source for source in coverage.sources]
    rows = asker.ask("brand_figures", sources=names)
    compared = rows
    if coverage.mode == "some":
        compared = asker.ask("brand_figures", as_name="brand_figures_compared", sources=coverage.compared)
    now, like_now, like_before = _by_brand(rows, True), _by_brand(compared, True), _by_brand(compared, False)
    days = {(row["brand_id"], row["day_date"]): row for row in asker.ask("brand_days")}
    total = tuple(sum(labels.mentions for labels in side.values()) for side in (now, like_now, like_before))

    def figures(brand_id: str) -> Figures:
        sides = [side.get(brand_id, Labels()) for side in (now, like_now, like_before)]
        return _figures(sides, total if len(known) > 1 else None, coverage)

    statuses = _statuses(coverage, previous.first_day, period.last_day)
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


def _own(asker: Asker, brands: list[Brand], coverage: Coverage) -> Figures:
    """Our brands together: a post that names two of them is one post."""
    rows = asker.ask("own", sources=[source.source for source in coverage.sources])
    compared = rows
    if coverage.mode == "some":
        compared = asker.ask("own", as_name="own_compared", sources=coverage.compared)
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


def labels_of(row: Row) -> Labels:
    """The label counts of a row."""
    return Labels(*(int(row[name]) for name in ("mentions", "positive", "neutral", "negative", "unscored")))


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


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
