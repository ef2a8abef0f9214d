"""The one or two sentences that stand above everything: computed, and careful."""

from pipelines.digest import words
from pipelines.digest.compare import ENOUGH
from pipelines.digest.frozen import Brand, Coverage, Figures, Period
from pipelines.digest.searches import named
from pipelines.digest.sections import brands, themes
from pipelines.digest.sections.themes import Theme, count_of, movers


def headline(found: brands.Data, spoken: themes.Data, coverage: Coverage, period: Period) -> list[str]:
    """What mattered, in a few short sentences of plain text. Where nothing was found, what wasn't seen comes first."""
    own, who = found.own, our_name(found.brands)
    mentions, unread = own.mentions.now, _unreadable(coverage)
    if not coverage.is_seen and not mentions:
        return [f"Nothing is known of {_when(period)}: no source was seen on any of its days.", *unread]
    if not mentions and not coverage.is_complete:
        unseen = f"Not everything was seen in {_when(period)}: {named(coverage.unseen)}."
        return [unseen, *unread, f"No mention of {who} was found in what was seen."]
    if not mentions:
        return [f"Nobody mentioned {who} in {_when(period)}.", *_none_before(own, period)]
    if mentions < ENOUGH:
        posts = words.counted(mentions, "post")
        few = f"Only {posts}" if coverage.is_complete else f"As far as was seen, {posts}"
        return [f"{few} mentioned {who}: too few to speak of a trend.", *unread]
    be = "were" if sum(not brand.is_competitor for brand in found.brands) > 1 else "was"
    return [*_volume(who, be, own, coverage, period), *_sentiment(own), *_mover(spoken.themes, own), *unread]


def our_name(known: list[Brand]) -> str:
    """Our brand, or our brands as one."""
    names = [brand.name for brand in known if not brand.is_competitor]
    if not names:
        return "our brand" if known else "any of the brands"
    return names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"our {len(names)} brands"


def _when(period: Period) -> str:
    return "the day" if period.days == 1 else f"the {period.days} days"


def _unreadable(coverage: Coverage) -> list[str]:
    """How much came and could not be read."""
    if not coverage.unreadable:
        return []
    records = sum(one.records for one in coverage.unreadable)
    sources = [one.source for one in coverage.unreadable]
    return [f"{words.counted(records, 'record')} of {named(sources)} could not be read."]


def _none_before(own: Figures, period: Period) -> list[str]:
    before = own.mentions.like_before
    return [f"There were {words.number(before)} mentions {words.before(period)}."] if before else []


def _volume(who: str, be: str, own: Figures, coverage: Coverage, period: Period) -> list[str]:
    count = own.mentions
    said = f"{who[0].upper()}{who[1:]} {be} mentioned {words.number(count.now)} times"
    seen = "" if coverage.is_complete else ", as far as was seen"
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
    return [f"{said}{seen}, {trend[count.verdict]} {words.before(period)} ({words.number(count.like_before)})."]


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


def _mover(spoken: list[Theme], own: Figures) -> list[str]:
    if own.mentions.verdict in {"first", "different"} or not spoken:
        return []
    moved = movers([theme for theme in spoken if not theme.is_competitor])
    if not moved:
        return ["No theme moved more than chance explains."] if own.mentions.verdict != "few" else []
    theme, side = moved[0]
    count = count_of(theme, side)
    kind = {"bad": "Negative posts", "good": "Positive posts", "any": "Posts"}[side]
    trend = "rose" if count.verdict == "up" else "fell"
    now, was = words.number(count.like_now), words.number(count.like_before)
    return [f"{kind} about {theme.name} {trend} most: {now}, after {was}."]
