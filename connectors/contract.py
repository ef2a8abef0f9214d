"""What a connector is, and what passes between it and the pipeline.

A connector is a package of three modules: its declaration, `fetch`, which talks to the network and yields `Page`s, and
`parse`, which is pure and turns a `Page` into records. None knows of files, tables or schedules.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl

if TYPE_CHECKING:
    from query.expression import Expression
    from query.search_syntax import SearchSyntax


class Window(NamedTuple):
    """A span of time `[start, end)`; both moments are UTC and carry no time zone."""

    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The window as a folder name that sorts by time: `20260302T0000--20260303T0000`."""
        return f"{self.start:%Y%m%dT%H%M}--{self.end:%Y%m%dT%H%M}"

    @classmethod
    def from_name(cls, name: str) -> "Window":
        """The window that a folder name stands for; `ValueError` for any other name."""
        start, end = name.split("--")
        return cls(*(datetime.strptime(part, "%Y%m%dT%H%M") for part in (start, end)))

    @property
    def last_day(self) -> date:
        """The last day that the window touches."""
        return (self.end - timedelta(microseconds=1)).date()

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, datetime) and self.start <= moment < self.end


def utc(moment: datetime) -> datetime:
    """The same moment in UTC without a zone, as tables keep it. A moment without a zone is taken as UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def from_epoch(seconds: float) -> datetime:
    """Seconds since 1970 as a UTC moment without a zone; `ValueError` where no calendar reaches."""
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{seconds!r} is not a number of seconds since 1970") from error


_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)


def web_address(value: Any) -> str | None:
    """The address if it is one of the web, on one line; None for a script and all else that may stand in its place."""
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else None


# Records: what parse() yields -------------------------------------------------------------------------


class Mention(NamedTuple):
    """One post, comment, message or review. None means that the network did not say."""

    mention_id: str
    network: str
    community: str | None
    kind: Literal["post", "comment", "repost", "quote", "message", "review"]
    title: str | None
    text: str | None
    url: str | None
    author_id: str | None
    parent_id: str | None
    root_id: str | None
    created_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    is_deleted: bool = False
    """Gone, but the network does not say since when; `deleted_at` then becomes the end of the window."""
    network_lang: str | None = None
    rating: float | None = None
    """Stars that a review gives, 1 to 5."""
    product_version: str | None = None
    """What was reviewed, as the network writes it: `4.2.1`."""
    licence: str | None = None
    """Under which the text may be passed on, as the network writes it: `CC BY-SA 4.0`."""


class Author(NamedTuple):
    """An account. A field that the answer lacks is None and leaves what is stored as it is."""

    author_id: str
    network: str
    handle: str
    name: str | None = None
    followers: int | None = None
    account_created_at: datetime | None = None
    is_bot: bool | None = None


class Metrics(NamedTuple):
    """The numbers under a mention as they stood when it was asked for. None where the network has no such number."""

    mention_id: str
    likes: int | None = None
    replies: int | None = None
    reposts: int | None = None
    quotes: int | None = None
    views: int | None = None
    score: int | None = None


class Interaction(NamedTuple):
    """Somebody addresses somebody: `from_author_id` in `mention_id` to `to_author_id`."""

    mention_id: str
    from_author_id: str
    to_author_id: str
    kind: Literal["reply", "mention", "repost", "quote"]


class Deletion(NamedTuple):
    """A mention that its network no longer has: its text, its author and all that was read from it go here too."""

    mention_id: str


class Drift(NamedTuple):
    """A field that we rely on and that is missing, or holds what nobody documents. The record is kept all the same."""

    field: str
    """Kind of record and name of the field: `post.visibility`."""
    found: Any = None
    """What stood there; None where the field is missing."""


WHOLE_PAGE = "page"
"""Place of a `Misfit` that is all of a page, or what was left of it: nobody knows how many posts that were."""


class Misfit(NamedTuple):
    """A record that could not be read: what it was, where in the page it stood, and why it was set aside."""

    reason: str
    place: str
    raw: Any


Record = Mention | Author | Metrics | Interaction | Deletion | Drift | Misfit


# What fetch() is asked and what it answers ------------------------------------------------------------


class Query(NamedTuple):
    """One thing that is asked of a network; a row of coverage each."""

    name: str
    """Readable and unique within its source: `r/halmora new`, `file posts.csv`."""
    text: str
    """What goes over the wire: a search expression, a subreddit, a path."""
    brand_ids: tuple[str, ...] = ()
    """The brands that a search is for; none for a feed, which serves all."""


class Known(NamedTuple):
    """A mention of the last days that is to be looked at again."""

    mention_id: str
    kind: str
    community: str | None
    url: str | None
    root_id: str | None
    created_at: datetime


class Page(NamedTuple):
    """One answer as the network sent it. `posts` counts the posts in the window, `seen` all that it held, `units` what
    the call cost of the network's quota.
    """

    endpoint: str
    body: Any
    posts: int = 0
    seen: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    units: int = 1
    seen_whole_after: datetime | None = None
    """All of the window after this moment has been seen, threads included: a later attempt need not ask for it again.
    None where that can't be said yet.
    """


class SourceError(Exception):
    """A query could not be answered in full. What was fetched before it stands. The message says what to do."""

    status: Literal["failed", "rate-limited", "truncated", "schema-drift"] = "failed"

    def __init__(self, message: str, *, unseen_from: datetime | None = None, unseen_to: datetime | None = None) -> None:
        super().__init__(message)
        self.unseen_from = unseen_from
        self.unseen_to = unseen_to


class CredentialsError(SourceError):
    """Missing, wrong or insufficient credentials. Asking again will not help."""


class RateLimited(SourceError):
    """The network wants us to wait; `until` says how long where the network did."""

    status = "rate-limited"

    def __init__(self, message: str, *, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class Truncated(SourceError):
    """The network gives no more although there is more: a cap or its memory's end."""

    status = "truncated"


class NotYet(Truncated):
    """The source can't hold it yet, such as a file that was written before the window's end. A later run asks again."""


class SchemaDrift(SourceError):
    """The answer is not of the shape that the network documents."""

    status = "schema-drift"


class Shape(NamedTuple):
    """How a name is written on a network: what the names that `parse` gives look like, whatever their case."""

    pattern: str
    example: str


NOWHERE = Shape("(?!)", "")
"""The communities of a network that has none: nothing has their shape."""


@dataclass(frozen=True)
class Network:
    """What a network grants, for `earshot check`, the documentation and the operator."""

    name: str
    title: str
    page_size: int
    limits: str
    reaches_back: str
    source_url: str
    credentials: Mapping[str, str] = field(default_factory=dict)
    """Name of each credential and what it is: `client_id` is read from `EARSHOT_<SOURCE>_CLIENT_ID`."""
    optional: frozenset[str] = frozenset()
    """Credentials that it also answers without, though less, or less often."""
    reach: timedelta | None = None
    """How far back it answers; None = to its beginning, or as far as `reaches_back` says in words."""
    is_exhaustive: bool = False
    """What it answers is all there is, as with a file: nothing is an answer that needs no canary."""
    is_snapshot: bool = False
    """Shows only what is there now, whatever the window: what has left the page can't be had any more."""
    keeps_cache: bool = False
    """Tells whether an answer has changed: `connect` also gets a folder to keep answers in, `cache`."""
    pace_seconds: float = 0.0
    """Least time between two requests that keeps within its limits."""
    units_per_day: int | None = None
    """Quota, where it counts units rather than calls."""
    usd_per_post: float | None = None
    """Price of each post read; None = reading is free."""
    recheck_size: int = 0
    """Mentions that one call of `recheck` looks at; 0 where it can't."""
    handle_prefix: str = ""
    """What stands before a handle where people write it: `@`, `u/`."""
    accounts_shared_as: str | None = None
    """A name that networks have in common which show each other's accounts: one of a team is seen through each."""
    is_feed: bool = False
    """Its entries are articles: the site is who speaks where no author is named, and the entry's own link counts as
    one that it passes on.
    """
    parsed_by: tuple[str, ...] = ()
    """Settings that decide what `parse` reads from a page, besides id and type."""
    search_syntax: "SearchSyntax | None" = None
    """What its search understands; None where it has none."""
    canary: Query | None = None
    """A query that must find something within a year: the search works, if this does. None where it can't be asked."""
    handle: Shape | None = None
    """Of the accounts that write there; None = any text."""
    community: Shape | None = None
    """Of the places where they write; None = any text."""
    setup: str = ""
    """How to get the credentials, in Markdown, for the network's page in the docs."""
    cannot: tuple[str, ...] = ()
    """What can't be had from it, a sentence each, for the same page."""


# Settings ---------------------------------------------------------------------------------------------


def _local_unless_https(url: HttpUrl) -> HttpUrl:
    if url.scheme != "https" and url.host not in {"127.0.0.1", "localhost", "[::1]"}:
        raise ValueError("credentials would travel in clear text; use https (http is for localhost only)")
    return url


ApiUrl = Annotated[HttpUrl, AfterValidator(_local_unless_https)]


class Budget(BaseModel):
    """The most that a source may use. What is left when it is reached is recorded as truncated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls: int | None = Field(None, ge=1, description="answers a night")
    posts: int | None = Field(None, ge=1, description="posts read a night, whether or not they are of the window")
    units: int | None = Field(None, ge=1, description="units of the network's quota a night")
    usd_per_month: float | None = Field(
        None, gt=0, description="US dollars a calendar month, by the network's price for a post read"
    )


class SourceSettings(BaseModel):
    """What every `[[sources]]` entry may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="name of the source; folder and column value")
    language: str | None = Field(
        None, pattern=r"^[a-z]{2}$", description="language of posts that are too short to tell, ISO 639-1"
    )
    api: ApiUrl | None = Field(None, description="another server that speaks the network's API, such as the sandbox")
    pace: float | None = Field(
        None, ge=0, le=60, description="least seconds between two requests; the network's own where not given"
    )
    budget: Budget = Field(Budget(), description="the most that it may use: calls, posts, units, usd_per_month")
    recheck_days: int = Field(
        3, ge=0, le=30, description="days for which its posts are looked at again: edits, deletions, numbers"
    )


def pace_of(network: Network, settings: SourceSettings) -> float:
    """Least seconds between two requests: as the config says, else as the network wants."""
    return network.pace_seconds if settings.pace is None else settings.pace


class Listening(NamedTuple):
    """What the brands add to a source's own settings: what to search for, and the accounts that answer for us."""

    queries: tuple[tuple[str, "Expression"], ...] = ()
    """Id and query of each brand."""
    team: tuple[tuple[str, str], ...] = ()
    """Id of a brand and the handle of an account that answers for it."""

    @property
    def team_handles(self) -> tuple[str, ...]:
        """The accounts that answer for us, each once."""
        return tuple(dict.fromkeys(handle for _, handle in self.team))


# What a network's package holds -------------------------------------------------------------------------

S = TypeVar("S", bound=SourceSettings)
S_contra = TypeVar("S_contra", bound=SourceSettings, contravariant=True)
C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


class Declaration(Protocol[S]):
    """The package itself, `connectors/<network>/__init__.py`: what the network is and what may be asked of it."""

    @property
    def NETWORK(self) -> Network:  # noqa: N802 - a constant of the module
        """What the network grants."""

    @property
    def Settings(self) -> type[S]:  # noqa: N802 - a class of the module
        """What a `[[sources]]` entry of this type may say."""

    def queries(self, settings: S, listening: Listening) -> list[Query]:
        """What would be asked, without asking."""


class Fetching(Protocol[S_contra, C]):
    """`connectors/<network>/fetch.py`: all that talks to the network."""

    def connect(self, settings: S_contra, credentials: Mapping[str, str]) -> C:
        """A client; `CredentialsError` names what is missing. Nothing is sent yet. Where `Network.keeps_cache`, it also
        gets a folder, `cache`.
        """

    def fetch(self, client: C, settings: S_contra, query: Query, window: Window) -> Iterator[Page]:
        """Pages in the order of arrival; `SourceError` where the network stops short."""


class Rechecking(Protocol[S_contra, C_contra]):
    """What `fetch.py` has as well where `Network.recheck_size` is set: it can be asked what became of posts."""

    def recheck(self, client: C_contra, settings: S_contra, known: Sequence[Known]) -> Iterator[Page]:
        """What became of these mentions, the cheapest way: pages whose `parse` gives them as they are now, edits and
        numbers included, and a `Deletion` for each that is gone. `SourceError` where the network stops short.
        """


class Sampling(Protocol[S_contra]):
    """What `fetch.py` has as well where `Network.is_exhaustive` is set: its posts lie on this machine, so that `earshot
    check` can look at them.
    """

    def sample(self, settings: S_contra, query: Query, size: int) -> Page:
        """Up to `size` records from the beginning of what a query reads, whenever they were written. `SourceError`
        where it can't be read, as `fetch` raises it.
        """


class Parsing(Protocol[S_contra]):
    """`connectors/<network>/parse.py`: pure, and touches no network."""

    def parse(self, settings: S_contra, page: Page) -> Iterable[Record]:
        """The records of a page. What can't be read is a `Misfit`; see `entries.read_each`."""
