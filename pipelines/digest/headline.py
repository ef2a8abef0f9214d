"""The one or two sentences that stand above everything: computed, and careful."""

from pipelines.digest import words
from pipelines.digest.compare import ENOUGH
from pipelines.digest.findings import count_of, movers
from pipelines.digest.frozen import Brand, Coverage, Figures, Period, Theme


def headline(own: Figures, brands: list[Brand], themes: list[Theme], coverage: Coverage, period: Period) -> list[str]:
    """What mattered, in at most three short sentences of plain text."""
    who = our_name(brands)
    mentions = own.mentions.now
    if not coverage.is_seen and not mentions:
        return [f"Nothing is known of {_when(period)}: no source was seen on any of its days."]
    if not mentions:
        nobody = f"Nobody mentioned {who} in {_when(period)}{_as_far_as_seen(coverage)}."
        return [nobody, *_none_before(own, period)]
    if mentions < ENOUGH:
        posts = words.counted(mentions, "post")
        return [f"Only {posts} mentioned {who}: too few to speak of a trend."]
    be = "were" if sum(not brand.is_competitor for brand in brands) > 1 else "was"
    return [*_volume(who, be, own, coverage, period), *_sentiment(own), *_mover(themes, own)]


def our_name(brands: list[Brand]) -> str:
    """Our brand, or our brands as one."""
    names = [brand.name for brand in brands if not brand.is_competitor]
    if not names:
        return "our brand" if brands else "any of the brands"
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"our {len(names)} brands"


def _when(period: Period) -> str:
    return "the day" if period.days == 1 else f"the {period.days} days"


def _as_far_as_seen(coverage: Coverage) -> str:
    return "" if _is_complete(coverage) else ", as far as was seen"


def _is_complete(coverage: Coverage) -> bool:
    return bool(coverage.sources) and all(source.is_complete for source in coverage.sources)


def _none_before(own: Figures, period: Period) -> list[str]:
    before = own.mentions.like_before
    return [f"There were {words.number(before)} mentions {words.before(period)}."] if before else []


def _volume(who: str, be: str, own: Figures, coverage: Coverage, period: Period) -> list[str]:
    count = own.mentions
    said = f"{who[0].upper()}{who[1:]} {be} mentioned {words.number(count.now)} times"
    seen = "" if _is_complete(coverage) else ", as far as was seen"
    if count.verdict == "first":
        return [f"{said}{seen}; there is no earlier period to compare with."]
    if count.verdict == "different":
        return [
            f"{said}{seen}.",
            f"What was seen differs from {words.before(period)}, so this is neither a rise nor a drop.",
        ]
    if coverage.mode == "some":
        than = {"up": "more than", "down": "fewer than", "steady": "about as many as", "few": "too few to compare with"}
        now, was = words.number(count.like_now), words.number(count.like_before)
        before = f"{than[count.verdict]} {words.before(period)} ({was})"
        return [f"{said}{seen}.", f"In the sources seen in full both times: {now}, {before}."]
    trend = {
        "up": "more often than",
        "down": "less often than",
        "steady": "about as often as",
        "few": "too few times to compare with",
    }
    return [f"{said}, {trend[count.verdict]} {words.before(period)} ({words.number(count.like_before)})."]


def _sentiment(own: Figures) -> list[str]:
    change = own.net_sentiment
    now = change.now
    if now.value is None:
        return [f"Sentiment isn't known: none of the {words.number(own.labels.mentions)} posts could be scored."]
    value = f"{words.net(now)} (n = {words.number(now.n)})"
    if change.verdict in {"up", "down"}:
        rose = "rose" if change.verdict == "up" else "fell"
        to = value if change.like_now == now else f"{words.net(change.like_now)} there"
        return [f"Net sentiment {rose} by {words.points(change)} to {to}."]
    if change.verdict == "steady":
        return [f"Net sentiment is {value}, no clear change."]
    if (now.n or 0) < ENOUGH:
        return [f"Only {words.counted(now.n, 'post')} could be scored, too few to speak of a mood."]
    return [f"Net sentiment is {value}."]


def _mover(themes: list[Theme], own: Figures) -> list[str]:
    if own.mentions.verdict in {"first", "different"} or not themes:
        return []
    moved = movers([theme for theme in themes if not theme.is_competitor])
    if not moved:
        return ["No theme moved more than chance explains."] if own.mentions.verdict != "few" else []
    theme, side = moved[0]
    count = count_of(theme, side)
    kind = {"bad": "Negative posts", "good": "Positive posts", "any": "Posts"}[side]
    trend = "rose" if count.verdict == "up" else "fell"
    now, was = words.number(count.like_now), words.number(count.like_before)
    return [f"{kind} about {theme.name} {trend} most: {now}, after {was}."]
