"""Numbers, days, places and languages as readers see them. None is shown as –."""

from datetime import date, datetime

from pipelines.digest.compare import net_sentiment
from pipelines.digest.frozen import (
    Count,
    Coverage,
    Finding,
    FlagCount,
    Flagged,
    Frozen,
    Labels,
    Learned,
    Period,
    Person,
    Quote,
    Rate,
    RateChange,
    Side,
    Source,
    Story,
    Thanks,
    Unreadable,
    Verdict,
    Waiting,
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


def unscored_reason(reason: str | None, lang: str | None) -> str:
    """Why a post was not scored, for readers."""
    if reason == "no-text":
        return "no text, only a picture or a link"
    if reason == "unknown-language":
        return "too short or too mixed to tell the language"
    if reason and reason.startswith("language:"):
        return f"the scorer does not read {language(lang or reason.partition(':')[2])}"
    return clean(reason) if reason else "no reason was recorded"


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


def unequal_lines(coverage: Coverage) -> list[str]:
    """Why brands can't be set beside each other without more ado: less was seen of one, or its query changed."""
    lines = [
        f"Less was seen of {one.brand_name} than of others on {one.source} ({counted(one.days, 'day')} of both "
        "periods): its share of voice is too small."
        for one in coverage.unequal
    ]
    lines += [
        f"{one.brand_name} is searched for otherwise since {day(one.since)}: what moved may be the query, not what "
        "people say."
        for one in coverage.redefined
    ]
    return lines


def no_mover_line(coverage: Coverage, period: Period) -> str:
    """Why no theme is called a mover."""
    if coverage.mode in {"all", "some"}:
        return "No theme moved more than chance explains."
    return comparison_line(coverage, period)


def unreadable_line(one: Unreadable) -> str:
    """3,000 records came and could not be read"""
    return f"{counted(one.records, 'record')} came and could not be read"


def asleep_line(frozen: Frozen) -> str:
    """Fell asleep, as nobody spoke of it for some time: Ticket refunds."""
    seen = "" if not frozen.coverage.unseen_in_both else ", as far as was seen"
    return f"Fell asleep, as nobody spoke of it for some time{seen}: {', '.join(frozen.topics.asleep)}."


def open_posts(frozen: Frozen) -> str:
    """3 open posts, 1 of them older than this period · not judged"""
    waiting, search = frozen.waiting, frozen.searches.waiting
    if not search.is_known:
        return {"not-seen": "not seen in full", "not-judged": "not judged in full"}[search.state]
    older = f", {number(waiting.earlier)} of them older than this period" if waiting.earlier else ""
    return counted(waiting.posts, "open post") + older


def complete_count(source: Source, period: Period, is_current: bool) -> str:
    """7 of 7 days"""
    days = [day for day in source.days if (day.date >= period.first_day) is is_current]
    return f"{sum(day.status == 'complete' for day in days)} of {counted(len(days), 'day')}"


def complete_days(source: Source, period: Period) -> str:
    """7 of 7 days complete, before 6 of 7"""
    return f"{complete_count(source, period, True)} complete, {complete_count(source, period, False)} before"


WANTED = {"churn_risk": "may leave", "purchase_intent": "may buy"}


def waiting_why(item: Waiting) -> str:
    """Waiting 3 days · may leave · complaint · negative · question · 2 more posts open"""
    wants = sorted(item.wants, key=lambda want: (want not in WANTED, want))
    reasons = [
        f"Waiting {waited(item.waiting_hours)}",
        *(WANTED.get(want, clean(want).replace("_", " ")) for want in wants),
        "negative" if item.is_negative and "complaint" not in wants else "",
        "question" if item.is_question else "",
        f"{counted(item.posts_of_author - 1, 'more post')} open" if item.posts_of_author > 1 else "",
    ]
    return " · ".join(reason for reason in reasons if reason)


INTENTS = {
    "complaint": "Complaints",
    "bug_report": "Bug reports",
    "request": "Requests",
    "question": "Questions",
    "churn_risk": "People who may leave",
    "purchase_intent": "People who may buy",
    "praise": "Praise",
    "story": "Stories",
}


def intent(value: str) -> str:
    """How posts that want the same are called."""
    return INTENTS.get(value, clean(value))


def story_name(story: Story) -> str:
    """“login loop” · #outage · the link example.org/a · the topic Ticket refunds"""
    if story.kind in {"theme", "topic"}:
        return f"the {story.kind} {story.name}"
    if story.kind == "link":
        return f"the link {story.name}"
    return f"#{story.name.removeprefix('#')}" if story.kind == "hashtag" else f"“{story.name}”"


def story_fact(story: Story, period: Period) -> str:
    """41 posts since 28 April, up to 33 people a day; usually 0–2"""
    usual = f"{number(story.usual_low)}–{number(story.usual_high)}"
    if story.usual_low == story.usual_high:
        usual = number(story.usual_low)
    since = f"since {day(story.first_day)}"
    if story.last_day < period.last_day:
        since = f"on {span(max(story.first_day, period.first_day), story.last_day)}"
    fact = f"{counted(story.posts, 'post')} {since}, by up to {counted(story.people, 'person', 'people')} a day"
    return f"{fact}; never seen before" if story.is_new else f"{fact}; usually {usual}"


def flagged_why(item: Flagged) -> str:
    """insult, threat: “…” · not quoted, as it holds personal data"""
    names = ", ".join(flag_name(flag) for flag in item.flags)
    return f"{names}: {item.evidence}" if item.evidence else names


def net_of(labels: Labels) -> Rate:
    """Net sentiment of labels, with its n."""
    return net_sentiment(labels)


def topic_tag(tag: str) -> str:
    """What happened to a topic, as a tag beside its name."""
    return {"born": "new", "split": "split off", "woke": "back"}.get(tag, clean(tag))


def flag_name(flag: str) -> str:
    """insult · self-harm · guideline no-politics"""
    return clean(flag).replace("guideline:", "guideline ").replace("-", " ")


def flag_counts(counts: list[FlagCount]) -> str:
    """high: threat 2 · medium: insult 4, personal data 1"""
    severities = dict.fromkeys(count.severity for count in counts)
    return " · ".join(
        f"{severity}: "
        + ", ".join(f"{flag_name(one.flag)} {number(one.posts)}" for one in counts if one.severity == severity)
        for severity in severities
    )


def learned_line(one: Learned) -> str:
    """In forum, sentiment is read by a model learned from 540 labels …"""
    line = f"In {one.source}, sentiment is read by a model learned from {counted(one.labels, 'label')} of people"
    if one.recall is None or one.other_recall is None:
        return f"{line}."
    return (
        f"{line}: it finds {one.recall:.0%} of each tone there on average (macro-recall, cross-validated), "
        f"{one.other} {one.other_recall:.0%}."
    )


def thanks_why(item: Thanks) -> str:
    """34 reactions · 212,000 followers"""
    return f"{counted(item.quote.engagement, 'reaction')} · {counted(item.followers, 'follower')}"


def person_reach(person: Person) -> str:
    """1,542 reactions, addressed by 6 people, 212,000 followers"""
    addressed = "addressed by " + counted(person.addressed_by, "person", "people")
    return f"{counted(person.engagement, 'reaction')}, {addressed}, {counted(person.followers, 'follower')}"


def person_tone(person: Person) -> str:
    """11 mentions, 2 in this period; 5 positive, 3 negative of 11 scored"""
    labels = person.labels
    tone = "none scored"
    if labels.scored:
        tone = (
            f"{number(labels.positive)} positive, {number(labels.negative)} negative of {number(labels.scored)} scored"
        )
    return f"{counted(labels.mentions, 'mention')}, {number(person.period)} in this period; {tone}"


def side(value: Side) -> str:
    """How the heading of a finding begins."""
    return {"bad": "Negative about", "good": "Positive about", "any": "Talk about"}[value]


def tone_of(finding: Finding) -> str:
    """What a finding about all posts of a theme adds: their tone."""
    labels = finding.labels
    if finding.side != "any" or not labels.scored:
        return ""
    return f"; {labels.positive} positive, {labels.negative} negative of {labels.scored} scored"


def finding_queries(frozen: Frozen) -> list[tuple[str, str]]:
    """Label and query of the posts behind each finding."""
    return [
        (f"Posts: {finding.brand_name}, {finding.theme_name}, {side(finding.side).lower()}", finding.query)
        for finding in frozen.findings + frozen.competitor_findings
    ]
