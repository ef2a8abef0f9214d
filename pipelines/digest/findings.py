"""Themes that moved, and the posts behind them."""

from typing import NamedTuple

from pipelines.digest import compare
from pipelines.digest.frozen import Count, Coverage, Finding, Labels, Period, Quote, Side, Theme
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of
from pipelines.digest.text import clean

MOST_FINDINGS = 6
FEWEST_FINDINGS = 4
MOST_COMPETITOR_FINDINGS = 4
POLARITIES: tuple[Side, Side] = ("bad", "good")


def theme_table(asker: Asker, coverage: Coverage) -> list[Theme]:
    """Each theme of each brand that was spoken of in either period: ours first, most mentioned first."""
    rows = asker.ask("theme_figures", sources=[source.source for source in coverage.sources])
    compared = rows
    if coverage.mode == "some":
        compared = asker.ask("theme_figures", as_name="theme_figures_compared", sources=coverage.compared)
    now, like_now, like_before = _by_theme(rows, True), _by_theme(compared, True), _by_theme(compared, False)
    named = {_key(row): row for row in rows}
    themes = []
    for key, row in named.items():
        sides = [side.get(key, Labels()) for side in (now, like_now, like_before)]
        if not any(labels.mentions for labels in sides):
            continue
        themes.append(
            Theme(
                row["theme_id"],
                clean(row["theme_name"]),
                row["brand_id"],
                clean(row["brand_name"]),
                bool(row["is_competitor"]),
                sides[0],
                _count([labels.mentions for labels in sides], coverage),
                _count([labels.positive for labels in sides], coverage),
                _count([labels.negative for labels in sides], coverage),
            )
        )
    return sorted(themes, key=lambda t: (t.is_competitor, -t.labels.mentions, t.name, t.theme_id, t.brand_id))


def find(
    asker: Asker, themes: list[Theme], coverage: Coverage, period: Period, previous: Period, quotes: int
) -> list[Finding]:
    """What moved about our brands, most certain first, filled up with what was most spoken of."""
    ours = [theme for theme in themes if not theme.is_competitor]
    found = movers(ours)[:MOST_FINDINGS]
    shown = {(theme.theme_id, theme.brand_id) for theme, side in found if side == "any"}
    spoken = [
        (theme, side)
        for theme, side in _most_spoken(ours)
        if (theme, side) not in found and (theme.theme_id, theme.brand_id) not in shown
    ]
    found += spoken[: max(0, FEWEST_FINDINGS - len(found))]
    show, used = _Show(coverage, period, previous, quotes), set[str]()
    return [_finding(asker, f"finding_{n}", *which, show, used) for n, which in enumerate(found, 1)]


def competitor_findings(
    asker: Asker, themes: list[Theme], coverage: Coverage, period: Period, previous: Period
) -> list[Finding]:
    """What moved about competitors, with one post each."""
    found = movers([theme for theme in themes if theme.is_competitor])[:MOST_COMPETITOR_FINDINGS]
    show, used = _Show(coverage, period, previous, 1), set[str]()
    return [_finding(asker, f"competitor_finding_{n}", *which, show, used) for n, which in enumerate(found, 1)]


def movers(themes: list[Theme]) -> list[tuple[Theme, Side]]:
    """Themes with the side of them that left the noise, the furthest first. All posts only where no side did."""
    moved: list[tuple[Theme, Side]] = []
    for theme in themes:
        sides: list[tuple[Theme, Side]] = [(theme, side) for side in POLARITIES if _has_moved(theme, side)]
        moved += sides or ([(theme, "any")] if _has_moved(theme, "any") else [])
    return sorted(moved, key=lambda found: (-abs(_z(count_of(*found))), found[0].theme_id, found[0].brand_id, found[1]))


def count_of(theme: Theme, side: Side) -> Count:
    """The count of a theme's negative, positive or all posts."""
    return {"bad": theme.negative, "good": theme.positive, "any": theme.mentions}[side]


def _has_moved(theme: Theme, side: Side) -> bool:
    return count_of(theme, side).verdict in {"up", "down"}


def _most_spoken(themes: list[Theme]) -> list[tuple[Theme, Side]]:
    """The most frequent theme of each polarity, then the second ones, and so on; none that has no post."""
    by_polarity = [
        sorted(themes, key=lambda theme: (-(count_of(theme, side).now or 0), theme.theme_id, theme.brand_id))
        for side in POLARITIES
    ]
    order = [found for pair in zip(*by_polarity, strict=True) for found in zip(pair, POLARITIES, strict=True)]
    return [found for found in order if count_of(*found).now]


class _Show(NamedTuple):
    """What a finding needs besides itself."""

    coverage: Coverage
    period: Period
    previous: Period
    quotes: int


def _finding(asker: Asker, name: str, theme: Theme, side: Side, show: _Show, used: set[str]) -> Finding:
    count = count_of(theme, side)
    is_moved = _has_moved(theme, side)
    is_fallen = count.verdict == "down"
    shown = show.previous if is_fallen else show.period
    rows = asker.ask(
        "theme_posts",
        as_name=name,
        brand_id=theme.brand_id,
        theme_id=theme.theme_id,
        polarities=["bad", "good", "mixed", "unscored"] if side == "any" else [side],
        from_day=shown.first_day,
        to_day=shown.last_day,
        sources=show.coverage.compared if is_moved else [source.source for source in show.coverage.sources],
        limit=show.quotes * 3,
    )
    return Finding(
        theme_id=theme.theme_id,
        theme_name=theme.name,
        brand_id=theme.brand_id,
        brand_name=theme.brand_name,
        side=side,
        count=count,
        labels=theme.labels,
        is_moved=is_moved,
        quotes_of="previous" if is_fallen else "period",
        quotes=_fresh(rows, show.quotes, used),
        query=name,
    )


def _fresh(rows: list[Row], quotes: int, used: set[str]) -> list[Quote]:
    """The first posts that no other finding shows; a post is shown twice only where there is no other."""
    fresh = [row for row in rows if row["mention_id"] not in used] or rows
    used.update(row["mention_id"] for row in fresh[:quotes])
    return [quote_of(row) for row in fresh[:quotes]]


def _count(sides: list[int], coverage: Coverage) -> Count:
    now, like_now, like_before = sides
    return compare.count_change(coverage.told(now), like_now, like_before, coverage.mode, compare.CHANCE_AMONG_MANY)


def _z(count: Count) -> float:
    return compare.count_z(count.like_now or 0, count.like_before or 0)


def _by_theme(rows: list[Row], is_current: bool) -> dict[tuple[str, str], Labels]:
    return {
        _key(row): Labels(row["mentions"], row["positive"], row["neutral"], row["negative"], row["unscored"])
        for row in rows
        if row["is_current"] is is_current
    }


def _key(row: Row) -> tuple[str, str]:
    return row["theme_id"], row["brand_id"]
