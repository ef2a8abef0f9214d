"""What there is to do: who waits for an answer, whom to thank, what moderators should look at, and who to know."""

from dataclasses import dataclass, replace
from typing import Any

from pipelines.digest.frozen import Brand, Labels, Quote, Search
from pipelines.digest.given import Given
from pipelines.digest.queries import Asker, Row
from pipelines.digest.quotes import quote_of, shown_name
from pipelines.digest.searches import Posts, search
from pipelines.digest.text import clean, safe_url, shorten
from pipelines.digest.words import DASH, author, counted, number, waited
from reading.moderation.lexicon import LANGUAGES

LINK = "To do"
NOT_QUOTED = "personal-data"
LONGEST_EVIDENCE = 120


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for an answer of the team."""

    quote: Quote
    is_negative: bool
    is_question: bool
    wants: list[str]
    """What else they want that asks for an answer: complaint, request, bug_report, purchase_intent, churn_risk."""
    waiting_hours: int
    urgency: float
    posts_of_author: int


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Who waits; the counts are of all, the items the most urgent of them. `spam` posts are in none of them."""

    posts: int | None
    people: int | None
    negative: int | None
    questions: int | None
    earlier: int | None
    spam: int | None
    has_team: bool
    items: list[Waiting]


@dataclass(frozen=True, slots=True)
class Thanks:
    """Somebody who praised us and was not answered."""

    quote: Quote
    followers: int | None


@dataclass(frozen=True, slots=True)
class ThanksList:
    """Whom to thank; the counts are of all, the items those with most reach."""

    posts: int | None
    people: int | None
    items: list[Thanks]


@dataclass(frozen=True, slots=True)
class Person:
    """An influencer of a brand who spoke in the period. All counts but `period` are of the whole record."""

    brand_id: str
    author: str
    name: str | None
    network: str
    followers: int | None
    period: int
    labels: Labels
    engagement: int | None
    addressed_by: int | None
    rank: int
    url: str | None


@dataclass(frozen=True, slots=True)
class BrandPeople:
    """The people to know of one brand; `people` counts all who spoke in the period and are ranked."""

    brand_id: str
    brand_name: str
    is_competitor: bool
    people: int
    items: list[Person]


@dataclass(frozen=True, slots=True)
class FlagCount:
    """Posts of the period with a flag of one severity."""

    flag: str
    severity: str
    posts: int


@dataclass(frozen=True, slots=True)
class Flagged:
    """A post that a moderator should look at, and why. Personal data are not quoted."""

    quote: Quote
    flags: list[str]
    evidence: str | None
    is_about_risk: bool
    """Whether somebody may need help rather than break a rule."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """What was flagged in posts that speak of our brands or of none; the items are the gravest of `posts`."""

    counts: list[FlagCount]
    posts: int | None
    items: list[Flagged]


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of looking for them."""

    waiting: Search
    thanks: Search
    moderation: Search
    people: Search


@dataclass(frozen=True, slots=True)
class Data:
    """What the section says."""

    searches: Searches
    waiting: WaitingList
    thanks: ThanksList
    people: list[BrandPeople]
    moderation: Moderation


def freeze(given: Given) -> Data:
    """Everything that somebody should act on, each list with the most urgent first."""
    asker, quotes = given.asker, given.quotes
    open_list, praise = waiting(asker, quotes * 2), thanks(asker, quotes)
    known, flagged = people(asker, given.frozen["brands"].brands, quotes), moderation(asker, quotes * 2)
    came = _searches(given, open_list, praise, known, flagged)
    return Data(
        came,
        _told(open_list, came.waiting, "posts", "people", "negative", "questions", "earlier", "spam"),
        _told(praise, came.thanks, "posts", "people"),
        known,
        _told(flagged, came.moderation, "posts"),
    )


def _told(found: Any, came: Search, *counts: str) -> Any:
    """What was found, without its counts where they are not known."""
    return found if came.is_known else replace(found, **dict.fromkeys(counts))


def _searches(
    given: Given, open_list: WaitingList, praise: ThanksList, known: list[BrandPeople], flagged: Moderation
) -> Searches:
    ours, coverage = given.judged, given.coverage
    naming = given.asker.ask("naming_posts")[0]
    moderated = given.asker.ask("moderated_posts", languages=sorted(LANGUAGES))[0]
    return Searches(
        waiting=search(
            bool(open_list.items),
            Posts(ours["posts_of_both"], ours["unjudged_of_both"]),
            "Nobody: of {n} about our brands, none that is negative, asks or wants something lacks an answer.",
            "Nobody among the writers of {n}.",
            coverage,
            coverage.unseen_in_both,
        ),
        thanks=search(
            bool(praise.items),
            Posts(ours["posts"], ours["open_unscored"]),
            "No clear praise without an answer in {n} about our brands.",
            "No clear praise without an answer in {n}.",
            coverage,
        ),
        moderation=search(
            bool(flagged.counts),
            Posts(moderated["posts"], moderated["unread"], "about our brands or about none"),
            "Nothing was flagged in {n} about our brands or about none.",
            "Nothing was flagged in {n}.",
            coverage,
        ),
        people=search(
            bool(known),
            Posts(
                naming["posts"],
                naming["without_author"],
                "about a brand",
                "tells who wrote it",
                "{some} written by an unknown author.",
            ),
            "None of those who wrote {n} about a brand is ranked.",
            "None of those who wrote {n} is ranked.",
            coverage,
        ),
    )


def waiting(asker: Asker, limit: int) -> WaitingList:
    """Negative or asking posts about us that nobody of the team answered, of both periods, most urgent first."""
    has_team = bool(asker.ask("team")[0]["has_team"])
    rows = asker.ask("waiting", limit=limit)
    if not rows:
        return WaitingList(0, 0, 0, 0, 0, 0, has_team, [])
    first = rows[0]
    return WaitingList(
        posts=first["posts_count"],
        people=first["people_count"],
        negative=first["negative_count"],
        questions=first["question_count"],
        earlier=first["earlier_count"],
        spam=first["spam_count"],
        has_team=has_team,
        items=[
            Waiting(
                quote_of(row),
                bool(row["is_negative"]),
                bool(row["is_question"]),
                list(row["wants"]),
                row["waiting_hours"],
                row["urgency"],
                row["posts_of_author"],
            )
            for row in rows
        ],
    )


def thanks(asker: Asker, limit: int) -> ThanksList:
    """Clear praise of the period that nobody of the team answered, by reactions and followers."""
    rows = asker.ask("thanks", limit=limit)
    if not rows:
        return ThanksList(0, 0, [])
    items = [Thanks(quote_of(row), row["author_followers"]) for row in rows]
    return ThanksList(rows[0]["posts_count"], rows[0]["people_count"], items)


def people(asker: Asker, brands: list[Brand], limit: int) -> list[BrandPeople]:
    """Influencers who spoke of a brand in the period; brands in their order, those without anybody left out."""
    rows = asker.ask("people", limit=limit)
    by_brand = {brand.brand_id: [row for row in rows if row["brand_id"] == brand.brand_id] for brand in brands}
    return [
        BrandPeople(
            brand.brand_id,
            brand.name,
            brand.is_competitor,
            by_brand[brand.brand_id][0]["people_count"],
            [_person(row) for row in by_brand[brand.brand_id]],
        )
        for brand in brands
        if by_brand[brand.brand_id]
    ]


def _person(row: Row) -> Person:
    return Person(
        brand_id=row["brand_id"],
        author=shown_name(author(row["handle_prefix"], row["handle"])) or DASH,
        name=shown_name(row["name"]),
        network=clean(row["network"]),
        followers=row["followers"],
        period=row["period_count"],
        labels=Labels(
            mentions=row["mentions_count"],
            positive=row["positive_count"],
            neutral=row["neutral_count"],
            negative=row["negative_count"],
            unscored=row["unscored_count"],
        ),
        engagement=row["engagement_count"],
        addressed_by=row["addressed_by_count"],
        rank=row["rank"],
        url=safe_url(row["url"]),
    )


def moderation(asker: Asker, limit: int) -> Moderation:
    """Flags of the period by severity, and the posts behind the gravest of them."""
    counts = [FlagCount(clean(row["flag"]), row["severity"], row["mentions"]) for row in asker.ask("flag_counts")]
    rows = asker.ask("flagged", limit=limit)
    return Moderation(counts, rows[0]["posts_count"] if rows else 0, [_flagged(row) for row in rows])


def _flagged(row: Row) -> Flagged:
    quote = quote_of(row)
    if NOT_QUOTED in row["flags"]:  # a digest is passed on: what somebody should take down is not spread by it
        quote = replace(quote, title=None, text="", is_shortened=True)
    evidence = shorten(clean(row["evidence"]), LONGEST_EVIDENCE)[0] if row["evidence"] else None
    return Flagged(quote, [clean(flag) for flag in row["flags"]], evidence, row["place"] == 0)


# Words ------------------------------------------------------------------------------------------------


def open_posts(data: Data) -> str:
    """3 open posts, 1 of them older than this period · not judged"""
    waiting, came = data.waiting, data.searches.waiting
    if not came.is_known:
        return {"not-seen": "not seen in full", "not-judged": "not judged in full"}[came.state]
    older = f", {number(waiting.earlier)} of them older than this period" if waiting.earlier else ""
    return counted(waiting.posts, "open post") + older


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


def flagged_why(item: Flagged) -> str:
    """insult, threat: “…” · not quoted, as it holds personal data"""
    names = ", ".join(flag_name(flag) for flag in item.flags)
    return f"{names}: {item.evidence}" if item.evidence else names


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
