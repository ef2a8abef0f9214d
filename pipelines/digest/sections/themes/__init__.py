"""Themes that moved, and the posts behind them."""

from dataclasses import dataclass
from typing import Literal

from pipelines.digest import compare
from pipelines.digest.frozen import Count, Coverage, Labels, Period, Quote, Search, Side
from pipelines.digest.given import Given, labels_of
from pipelines.digest.queries import Row
from pipelines.digest.quotes import quote_of
from pipelines.digest.searches import Posts, search
from pipelines.digest.text import clean
from pipelines.digest.words import comparison_line

LINK = "Themes"
MOST_FINDINGS = 6
FEWEST_FINDINGS = 4
MOST_COMPETITOR_FINDINGS = 4
POLARITIES: tuple[Side, Side] = ("bad", "good")


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of a brand: labels now, and counts that may be compared."""

    theme_id: str
    name: str
    brand_id: str
    brand_name: str
    is_competitor: bool
    labels: Labels
    mentions: Count
    positive: Count
    negative: Count


@dataclass(frozen=True, slots=True)
class Finding:
    """Negative, positive or all posts of one theme and brand, with some of them. `labels` are of the theme."""

    theme_id: str
    theme_name: str
    brand_id: str
    brand_name: str
    side: Side
    count: Count
    labels: Labels
    is_moved: bool
    quotes_of: Literal["period", "previous"]
    quotes: list[Quote]
    query: str


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for them."""

    themes: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    themes: list[Theme]
    findings: list[Finding]
    competitor_findings: list[Finding]


def freeze(given: Given) -> Data:
    """All themes, and what is said of those that moved, or were most spoken of."""
    themes = theme_table(given)
    found = find(given, themes)
    came = Search("not-judged", "Not judged: the config has no themes.")
    is_found = any(not theme.is_competitor for theme in themes)
    if given.judged["themes"] or is_found:
        posts, nothing = Posts(given.judged["posts"]), "No theme comes up in {n} about our brands."
        came = search(is_found, posts, nothing, "No theme in {n}.", given.coverage)
    return Data(Searches(came), themes, found, competitor_findings(given, themes))


def theme_table(given: Given) -> list[Theme]:
    """Each theme of each brand that was spoken of in either period: ours first, most mentioned first."""
    rows, compared = given.of_all_and_compared("theme_figures")
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
                given.count(*(labels.mentions for labels in sides)),
                given.count(*(labels.positive for labels in sides)),
                given.count(*(labels.negative for labels in sides)),
            )
        )
    return sorted(themes, key=lambda t: (t.is_competitor, -t.labels.mentions, t.name, t.theme_id, t.brand_id))


def find(given: Given, themes: list[Theme]) -> list[Finding]:
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
    used = set[str]()
    return [_finding(given, f"finding_{n}", *which, given.quotes, used) for n, which in enumerate(found, 1)]


def competitor_findings(given: Given, themes: list[Theme]) -> list[Finding]:
    """What moved about competitors, with one post each."""
    found = movers([theme for theme in themes if theme.is_competitor])[:MOST_COMPETITOR_FINDINGS]
    used = set[str]()
    return [_finding(given, f"competitor_finding_{n}", *which, 1, used) for n, which in enumerate(found, 1)]


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


def _finding(given: Given, name: str, theme: Theme, side: Side, quotes: int, used: set[str]) -> Finding:
    count = count_of(theme, side)
    is_moved = _has_moved(theme, side)
    is_fallen = count.verdict == "down"
    shown = given.previous if is_fallen else given.period
    rows = given.asker.ask(
        "theme_posts",
        as_name=name,
        brand_id=theme.brand_id,
        theme_id=theme.theme_id,
        polarities=["bad", "good", "mixed", "unscored"] if side == "any" else [side],
        from_day=shown.first_day,
        to_day=shown.last_day,
        sources=given.coverage.compared if is_moved else [source.source for source in given.coverage.sources],
        limit=quotes * 3,
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
        quotes=_fresh(rows, quotes, used),
        query=name,
    )


def _fresh(rows: list[Row], quotes: int, used: set[str]) -> list[Quote]:
    """The first posts that no other finding shows; a post is shown twice only where there is no other."""
    fresh = [row for row in rows if row["mention_id"] not in used] or rows
    used.update(row["mention_id"] for row in fresh[:quotes])
    return [quote_of(row) for row in fresh[:quotes]]


def _z(count: Count) -> float:
    return compare.count_z(count.like_now or 0, count.like_before or 0)


def _by_theme(rows: list[Row], is_current: bool) -> dict[tuple[str, str], Labels]:
    return {_key(row): labels_of(row) for row in rows if row["is_current"] is is_current}


def _key(row: Row) -> tuple[str, str]:
    return row["theme_id"], row["brand_id"]


# Words ------------------------------------------------------------------------------------------------


def no_mover_line(coverage: Coverage, period: Period) -> str:
    """Why no theme is called a mover."""
    if coverage.mode in {"all", "some"}:
        return "No theme moved more than chance explains."
    return comparison_line(coverage, period)


def side_name(value: Side) -> str:
    """How the heading of a finding begins."""
    return {"bad": "Negative about", "good": "Positive about", "any": "Talk about"}[value]


def tone_of(finding: Finding) -> str:
    """What a finding about all posts of a theme adds: their tone."""
    labels = finding.labels
    if finding.side != "any" or not labels.scored:
        return ""
    return f"; {labels.positive} positive, {labels.negative} negative of {labels.scored} scored"


def finding_queries(data: Data) -> list[tuple[str, str]]:
    """Label and query of the posts behind each finding."""
    return [
        (f"Posts: {finding.brand_name}, {finding.theme_name}, {side_name(finding.side).lower()}", finding.query)
        for finding in data.findings + data.competitor_findings
    ]
