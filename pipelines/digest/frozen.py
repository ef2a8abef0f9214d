"""What a digest says, frozen: the one structure that HTML, Markdown and JSON are rendered from.

Texts are cleaned and shortened, times are UTC, None means "not known". `Frozen.plain` is what the JSON file holds.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

FORMAT = 3
"""Version of the JSON; goes up when a name or a meaning changes."""

Verdict = Literal["up", "down", "steady", "few", "different", "first"]
"""Beyond noise (up, down), within noise (steady), too few posts to say (few), coverage differs (different),
no earlier period was seen (first)."""
DayStatus = Literal["complete", "partial", "missing", "not-asked"]
Side = Literal["bad", "good", "any"]
Mode = Literal["all", "some", "none", "first"]
State = Literal["found", "nothing-found", "not-judged", "not-seen"]


@dataclass(frozen=True, slots=True)
class Period:
    """Days of UTC, both ends included."""

    first_day: date
    last_day: date
    days: int
    name: str


@dataclass(frozen=True, slots=True)
class Search:
    """What came of looking for something. Only `nothing-found` is an all-clear: all was seen, and all of it judged."""

    state: State
    line: str | None
    """For readers: what stands in place of items, or what was not judged beside those that were found."""

    @property
    def is_known(self) -> bool:
        """Whether a count may be told: 0 only where nothing could have been missed."""
        return self.state in {"found", "nothing-found"}


@dataclass(frozen=True, slots=True)
class Searches:
    """What came of each thing that the digest looks for. Counts of one that is not known are None where it lies."""

    new: Search
    brands: Search
    themes: Search
    wants: Search
    topics: Search
    waiting: Search
    thanks: Search
    moderation: Search
    people: Search
    languages: Search


@dataclass(frozen=True, slots=True)
class Labels:
    """Earned mentions by sentiment label. `unscored` ones are not neutral: nobody knows."""

    mentions: int = 0
    positive: int = 0
    neutral: int = 0
    negative: int = 0
    unscored: int = 0

    @property
    def scored(self) -> int:
        """The n of net sentiment."""
        return self.positive + self.neutral + self.negative


@dataclass(frozen=True, slots=True)
class Count:
    """A number now, and what may be compared: the same sources in this period and the one before."""

    now: int | None
    like_now: int | None
    like_before: int | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Rate:
    """A share or net sentiment with the n it was computed from; `value` is None where n is 0 or not known."""

    value: float | None
    n: int | None


@dataclass(frozen=True, slots=True)
class RateChange:
    """A rate now, and compared: `points` is the change in percentage points, `error` its standard error."""

    now: Rate
    like_now: Rate | None
    like_before: Rate | None
    points: float | None
    error: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a brand, or of our brands together."""

    mentions: Count
    net_sentiment: RateChange
    share_of_voice: RateChange | None
    labels: Labels


@dataclass(frozen=True, slots=True)
class Day:
    """A brand's day. `mentions` is None where no source was seen: that is not a zero."""

    date: date
    status: DayStatus
    mentions: int | None
    positive: int | None
    neutral: int | None
    negative: int | None
    unscored: int | None


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand, its numbers, and its days from the start of the previous period on."""

    brand_id: str
    name: str
    is_competitor: bool
    figures: Figures
    days: list[Day]


@dataclass(frozen=True, slots=True)
class Quote:
    """A post to show. `text` is cleaned and perhaps a passage only; `url` is http, https or None."""

    mention_id: str
    title: str | None
    text: str
    is_shortened: bool
    url: str | None
    lang: str | None
    network: str
    place: str
    author: str | None
    author_name: str | None
    created_at: datetime
    likes: int | None
    score: int | None
    engagement: int | None
    sentiment: str | None
    compound: float | None


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
class Story:
    """Something of which more people spoke than its own past lets expect. `people` is of the day with most of them."""

    name: str
    kind: str
    brand_name: str | None
    is_competitor: bool
    is_new: bool
    is_copied: bool
    """Whether on every day at least half of the posts are copies of others."""
    first_day: date
    last_day: date
    posts: int
    people: int
    usual_low: int
    usual_high: int
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class Stories:
    """What is new or growing; the count is of all, the items those that chance explains least."""

    stories: int | None
    items: list[Story]


@dataclass(frozen=True, slots=True)
class Want:
    """Posts about our brands that want the same, how many of this period nobody has answered, and some of them."""

    intent: str
    posts: Count
    unanswered: int | None
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class Topic:
    """A discovered topic in posts about our brands. `tags` say what happened to it in the period: born, split, woke."""

    topic_id: str
    name: str
    labels: Labels
    mentions: Count
    tags: list[str]


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics of our brands, most spoken of first; the count is of all. `asleep` are names of those that fell asleep."""

    topics: int | None
    items: list[Topic]
    asleep: list[str]


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
class Learned:
    """A source whose sentiment is read by a model made of people's labels, and what both reach there, 0 … 1."""

    source: str
    labels: int
    recall: float | None
    other: str
    other_recall: float | None


@dataclass(frozen=True, slots=True)
class Unscored:
    """Earned mentions of the period in a language that were not scored for one reason."""

    lang: str | None
    language: str
    reason: str | None
    why: str
    posts: int
    quote: Quote | None


@dataclass(frozen=True, slots=True)
class Languages:
    """Earned mentions of the period that name a brand: how many were scored, and why the others were not."""

    scored: int | None
    unscored: int | None
    items: list[Unscored]


@dataclass(frozen=True, slots=True)
class SourceDay:
    """What was seen of a source on a day."""

    date: date
    status: DayStatus
    posts: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A source, its days from the start of the previous period on, and whether either period is complete: seen in full,
    and this one read in full.
    """

    source: str
    network: str
    is_complete: bool
    is_complete_before: bool
    days: list[SourceDay]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row on which a source was not completely seen, for one reason."""

    source: str
    first_day: date
    last_day: date
    status: DayStatus
    reason: str | None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A source of which records of this period came and could not be read."""

    source: str
    records: int


@dataclass(frozen=True, slots=True)
class Unequal:
    """A brand of which less was seen than of another in the same source, on so many days of both periods."""

    brand_id: str
    brand_name: str
    source: str
    days: int


@dataclass(frozen=True, slots=True)
class Redefined:
    """A brand whose query changed within the two periods: the first day that was asked for with the new one."""

    brand_id: str
    brand_name: str
    since: date


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was seen, and so what may be compared: all sources, some, none, or there is no earlier period."""

    mode: Mode
    compared: list[str]
    left_out: list[str]
    is_seen: bool
    newest_post_at: datetime | None
    sources: list[Source]
    gaps: list[Gap]
    """Those of this period before earlier ones, days not seen before days partly seen or never asked for."""
    unreadable: list[Unreadable]
    unequal: list[Unequal]
    redefined: list[Redefined]

    @property
    def is_complete(self) -> bool:
        """Whether every source was seen and read in full in this period, so that nothing found is an answer."""
        return bool(self.sources) and not self.unseen

    @property
    def unseen(self) -> list[str]:
        """Sources that were not seen in full in this period, or of which some record could not be read."""
        unreadable = {one.source for one in self.unreadable}
        return [one.source for one in self.sources if not one.is_complete or one.source in unreadable]

    @property
    def unseen_in_both(self) -> list[str]:
        """Sources that were not seen in full in this period or the one before."""
        return [source.source for source in self.sources if not (source.is_complete and source.is_complete_before)]

    @property
    def first_gaps(self) -> list[Gap]:
        """The gap of each source that weighs most, so that none is left unnamed."""
        return list({gap.source: gap for gap in reversed(self.gaps)}.values())[::-1]

    def told(self, count: int) -> int | None:
        """A count of this period; None found is 0 only where all was seen."""
        return count if count or self.is_complete else None

    @property
    def mode_between_brands(self) -> Mode:
        """What may be compared of shares: nothing where more was seen of one brand than of another, or one's query
        changed.
        """
        return "none" if self.mode != "first" and (self.unequal or self.redefined) else self.mode


@dataclass(frozen=True, slots=True)
class Frozen:
    """A whole digest. `queries` are the statements that give the numbers and lists again, values filled in."""

    format: int
    title: str
    until: datetime
    period: Period
    previous: Period
    headline: list[str]
    searches: Searches
    own_names: list[str]
    own: Figures
    brands: list[Brand]
    stories: Stories
    themes: list[Theme]
    findings: list[Finding]
    competitor_findings: list[Finding]
    wants: list[Want]
    topics: Topics
    waiting: WaitingList
    thanks: ThanksList
    people: list[BrandPeople]
    moderation: Moderation
    languages: Languages
    learned: list[Learned]
    coverage: Coverage
    queries: dict[str, str]

    def plain(self) -> dict[str, Any]:
        """The structure in JSON's own types: moments as ISO 8601 with Z, days as ISO 8601."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
