"""Numbers, days, places and languages as readers see them. None is shown as –."""

from datetime import date, datetime

from pipelines.digest.compare import net_sentiment
from pipelines.digest.frozen import (
    Count,
    Coverage,
    Labels,
    Period,
    Quote,
    Rate,
    RateChange,
    Unreadable,
    Verdict,
)
from pipelines.digest.text import clean

DASH = "–"
MONTHS = (  # calendar.month_name would speak the machine's language
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
LANGUAGES = {
    "af": "Afrikaans",
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nb": "Norwegian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovene",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def number(value: int | None) -> str:
    """1,240 · –"""
    return DASH if value is None else f"{value:,}".replace("-", "−")


def signed(value: int) -> str:
    """+31 · −4 · ±0"""
    return f"{value:+,}".replace("-", "−") if value else "±0"


def counted(value: int | None, one: str, many: str = "") -> str:
    """1 post · 7 posts · posts –"""
    many = many or f"{one}s"
    return f"{many} {DASH}" if value is None else f"{number(value)} {one if value == 1 else many}"


def percent(rate: Rate | None) -> str:
    """54% · <1% · –"""
    if rate is None or rate.value is None:
        return DASH
    return "<1%" if 0 < rate.value < 0.005 else f"{rate.value:.0%}"


def net(rate: Rate | None) -> str:
    """+12% · −8% · ±0% · –"""
    if rate is None or rate.value is None:
        return DASH
    return f"{signed(round(rate.value * 100))}%"


def points(change: RateChange) -> str:
    """14 points"""
    size = DASH if change.points is None else f"{abs(change.points):.0f}"
    return f"{size} point{'' if size == '1' else 's'}"


def before(period: Period) -> str:
    """the week before · the day before · the 30 days before"""
    return {1: "the day before", 7: "the week before"}.get(period.days, f"the {period.days} days before")


def count_change(count: Count, period: Period) -> str:
    """What became of a number, in words that claim no more than the numbers do."""
    if count.verdict == "different":
        return f"not comparable with {before(period)}"
    if count.verdict == "first":
        return "no earlier period to compare with"
    was, now = number(count.like_before), number(count.like_now)
    said = {
        "up": f"up from {was} {before(period)}",
        "down": f"down from {was} {before(period)}",
        "steady": f"about as many as {before(period)} ({was})",
        "few": f"too few to compare with {before(period)} ({was})",
    }[count.verdict]
    return said if count.like_now == count.now else f"in the sources compared {now}, {said}"


def posts_of(count: Count) -> str:
    """14 posts · no post in what was seen"""
    return "no post in what was seen" if count.now is None else counted(count.now, "post")


def rate_change(change: RateChange, period: Period) -> str:
    """What became of a rate: up 14 points from −2% (n = 97)."""
    was = f"{net(change.like_before)}"
    size = "" if change.like_before is None else f" (n\u00a0=\u00a0{number(change.like_before.n)})"
    if change.like_now is not None and change.like_now != change.now:
        size += ", in the sources compared"
    return {
        "up": f"up {points(change)} from {was}{size}",
        "down": f"down {points(change)} from {was}{size}",
        "steady": f"no clear change from {was}{size}",
        "few": f"too few scored posts to compare with {before(period)}",
        "different": f"not comparable with {before(period)}",
        "first": "no earlier period to compare with",
    }[change.verdict]


def share_change(change: RateChange, period: Period) -> str:
    """What became of a share: up 4 points from 50%."""
    return rate_change(change, period).replace(net(change.like_before) + " (", percent(change.like_before) + " (")


def arrow(verdict: Verdict) -> str:
    """↑ or ↓ for what moved beyond noise, nothing for anything else."""
    return {"up": "↑", "down": "↓"}.get(verdict, "")


def day(value: date) -> str:
    """28 April"""
    return f"{value.day} {MONTHS[value.month - 1]}"


def short_day(value: date) -> str:
    """28 Apr"""
    return f"{value.day} {MONTHS[value.month - 1][:3]}"


def moment(value: datetime) -> str:
    """28 Apr 2026, 14:05"""
    return f"{short_day(value)} {value.year}, {value:%H:%M}"


def span(first: date, last: date) -> str:
    """28 April · 24–30 April · 28 April – 4 May"""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{day(first)} – {day(last)}" if first.year == last.year else f"{day(first)} {first.year} – {day(last)}"


def period_span(period: Period) -> str:
    """24–30 April 2026"""
    return f"{span(period.first_day, period.last_day)} {period.last_day.year}"


def waited(hours: int) -> str:
    """5 hours · 3 days"""
    return counted(hours, "hour") if hours < 48 else counted(hours // 24, "day")


def place(network_title: str, community: str | None) -> str:
    """Where a post stands: r/halmora, X, #general."""
    return clean(community or "") or clean(network_title)


def author(handle_prefix: str, handle: str | None) -> str | None:
    """A handle as its network writes it: @nettie, u/nettie."""
    name = clean(handle or "")
    return handle_prefix + name if name else None


def language(code: str | None) -> str:
    """A language's English name, or its code where we have none."""
    return "Language not recognised" if not code else LANGUAGES.get(code, clean(code))


def reactions(quote: Quote) -> str:
    """41 points · 12 likes · likes –"""
    if quote.likes is None and quote.score is not None:
        return counted(quote.score, "point")
    return counted(quote.likes, "like")


def coverage_line(coverage: Coverage, period: Period) -> str:
    """Whether this period, the one before, or both were not completely seen."""
    if not coverage.sources:
        return "It isn't known what was seen: there is no coverage for these days."
    now = [source.source for source in coverage.sources if not source.is_complete]
    earlier = [source.source for source in coverage.sources if not source.is_complete_before]
    if coverage.mode == "first" and not now:
        return f"This is the first period: nothing was collected {before(period)}."
    when = "this period" if not earlier else f"this period and {before(period)}" if now else before(period)
    return f"Not everything was seen in {when}: {', '.join(dict.fromkeys(now + earlier))}."


def comparison_line(coverage: Coverage, period: Period) -> str:
    """What the comparisons of the digest compare."""
    if coverage.mode == "all":
        return f"Compared with {before(period)}; every source was seen in full both times."
    if coverage.mode == "some":
        names = ", ".join(coverage.compared)
        return f"Compared with {before(period)} only over what was seen in full both times: {names}."
    if coverage.mode == "first":
        return "There is no earlier period to compare with."
    return f"No source was seen in full both times, so nothing is compared with {before(period)}."


def unreadable_line(one: Unreadable) -> str:
    """3,000 records came and could not be read"""
    return f"{counted(one.records, 'record')} came and could not be read"


def net_of(labels: Labels) -> Rate:
    """Net sentiment of labels, with its n."""
    return net_sentiment(labels)
