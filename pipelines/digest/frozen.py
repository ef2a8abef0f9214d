"""What a digest says, frozen: the one structure that HTML, Markdown and JSON are rendered from.

Texts are cleaned and shortened, times are UTC, None means "not known". `Frozen.plain` is what the JSON file holds.
"""

from dataclasses import asdict, dataclass, field
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
    own_names: list[str]
    queries: dict[str, str]
    sections: dict[str, Any] = field(default_factory=dict)
    """What each section says, by the name of its folder."""

    @property
    def coverage(self) -> Coverage:
        """What was seen, and so what may be compared."""
        seen: Coverage = self.sections["coverage"].coverage
        return seen

    def plain(self) -> dict[str, Any]:
        """The structure in JSON's own types, the parts of all sections side by side. Moments are ISO 8601 with Z, days
        ISO 8601.
        """
        whole = asdict(self)
        parts, queries = whole.pop("sections").values(), whole.pop("queries")
        came = {name: search for part in parts for name, search in part.pop("searches").items()}
        told = {name: value for part in parts for name, value in part.items()}
        return {name: _plain(value) for name, value in {**whole, "searches": came, **told, "queries": queries}.items()}


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
