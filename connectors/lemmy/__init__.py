"""Lemmy: posts and comments of communities and of search on one server, with the whole threads that they stand in.

A Lemmy server shows its own communities and those of other servers that its people follow; which posts it knows depends
on that, so ask the server on which the communities live. A post keeps its id wherever it is seen, on Mastodon, too.
Posts of the last days are looked at again by thread, and one by one where a thread does not show them.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, HttpUrl, model_validator

from connectors.contract import (
    ApiUrl,
    Known,
    Listening,
    Network,
    Page,
    Query,
    Record,
    Shape,
    SourceSettings,
    Window,
)
from connectors.http_api import HttpApi
from connectors.lemmy import records as lemmy_records
from connectors.lemmy.visit import PAGE_SIZE, Client, Visit, is_own, meaning
from connectors.searching import searches
from connectors.transport import checked_credentials, new_session
from query.search_syntax import SearchSyntax

NETWORK = Network(
    name="lemmy",
    title="Lemmy",
    page_size=PAGE_SIZE,
    limits="50 posts or comments a page; 60 searches in 10 minutes and 180 other requests a minute by default, set by "
    "each server",
    reaches_back="to the server's beginning, page by page from the newest post on",
    source_url="https://join-lemmy.org/docs/contributors/04-api.html",
    credentials={"jwt": "the token of an account on the server, for servers that show nothing to strangers"},
    optional=frozenset({"jwt"}),
    pace_seconds=0.5,
    recheck_size=20,
    setup="Most servers answer without an account. For one that doesn't, make an account there, ask for a token, and "
    "keep it as the credential `jwt`:\n\n"
    "```sh\n"
    'curl -H \'Content-Type: application/json\' -d \'{"username_or_email": "…", "password": "…"}\' \\\n'
    "  https://your.server/api/v3/user/login\n"
    "```\n\n"
    "The token is what stands behind `jwt` in the answer; it needs Lemmy 0.19 or later and ends when you log out or "
    "change the password.",
    cannot=(
        "What the server does not know: posts of other servers arrive only where somebody follows the community, and "
        "sometimes days late.",
        "Words in another order than written, or without their accents: the search compares letters.",
        "The language of a post: the server tells a number of its own.",
        "Who voted, and how many saw a post.",
        "Servers that have switched off API v3, which Lemmy 1.0 still answers besides v4.",
    ),
    handle=Shape(r"[\w.-]+@[\w.:-]+", "halmora@lemmy.example"),
    community=Shape(r"![\w.-]+@[\w.:-]+", "!halmora@lemmy.example"),
)

SEARCH_SYNTAX = SearchSyntax(
    longest=150,
    most_terms=1,  # of several words it wants the order, too
    or_=None,
    not_=None,
    group=None,
    phrase="{}",
    wildcards="anywhere",
    handle="{}",
    reserved=frozenset(),
)

_COMMUNITY = re.compile(r"[A-Za-z0-9_]{2,}(@[a-z0-9.-]+(:[0-9]+)?)?")
# Signs between letters become gaps, in which the search takes anything.
_GAPS = re.compile(r"[\s*?.,;:!/'’_&-]+")


def _community(name: str) -> str:
    name = name.strip().removeprefix("!")
    if not _COMMUNITY.fullmatch(name):
        raise ValueError("write a community as '!name@server', or as 'name' where it lives on the server itself")
    return name


def _server(address: HttpUrl) -> HttpUrl:
    if address.path not in (None, "", "/") or address.username or address.password or address.query:
        raise ValueError("write only the server, as in https://lemmy.example")
    return address


class Settings(SourceSettings):
    """A source on a Lemmy server."""

    type: Literal["lemmy"]
    site: Annotated[ApiUrl, AfterValidator(_server)] = Field(description="address of the server: https://lemmy.example")
    communities: tuple[Annotated[str, AfterValidator(_community)], ...] = Field(
        (), description="communities to follow, as !name@server"
    )
    search: bool = Field(False, description="also search all that the server knows for the brands' terms")
    threads: bool = Field(True, description="fetch the whole thread of each post that is new or newly commented")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.communities and not self.search:
            raise ValueError("name at least one community in communities, or set search = true")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """A query for each community, then the searches for the brands."""
    asked = [Query(f"!{name}", f"!{name}") for name in dict.fromkeys(settings.communities)]
    return [*asked, *searches(listening, SEARCH_SYNTAX)] if settings.search else asked


def canary(settings: Settings) -> Query:  # noqa: ARG001 - part of the contract
    """The newest posts that hold a common letter, whenever they were written."""
    return _CANARY


_CANARY = Query("the newest with a common letter", "e")


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client of the server, logged in where there is a token. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    home = f"{settings.site.scheme}://{_host(settings)}"
    session = new_session(home, str(settings.api) if settings.api else None, user_agent="earshot (social listening)")
    if "jwt" in found:
        session.headers["Authorization"] = f"Bearer {found['jwt']}"
    pace = NETWORK.pace_seconds if settings.pace is None else settings.pace
    return Client(HttpApi(_host(settings), session, pace, meaning, is_own=is_own), home, is_paced=pace > 0)


def _host(settings: Settings) -> str:
    return urlsplit(str(settings.site)).netloc


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Posts, then comments, newest first, until they are older than the window; each page is followed by the threads
    that it leads to. A thread that fails costs itself.
    """
    visit = Visit(client, window, with_threads=settings.threads)
    if query == _CANARY:
        yield from visit.newest(query.text)
        return
    if query.text.startswith("!"):
        name, _, server = query.text[1:].partition("@")
        visit.only_in = f"!{name}@{server or _host(settings)}".lower()
        of = {"community_name": query.text[1:], "sort": "New", "type_": "All"}
        listings = [("post/list", of), ("comment/list", of)]
    else:
        words = _GAPS.sub(" ", query.text).strip()
        sought = {"q": words, "sort": "New", "listing_type": "All"}
        listings = [("search", sought | {"type_": kind}) for kind in ("Posts", "Comments")]
    for number, (path, parameters) in enumerate(listings, 1):
        # only when the last of the listings has come so far, all has been seen
        yield from visit.listing(path, parameters, is_last=number == len(listings))
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001 - the contract
    """The threads of what is known, as they are now; each post, and what a thread does not show, one by one."""
    visit = Visit(client, Window(datetime.min, datetime.max), with_threads=False)
    threads: dict[str, list[Known]] = defaultdict(list)
    for entry in known:
        threads[entry.root_id or entry.mention_id].append(entry)
    for entries in threads.values():
        yield from visit.again(entries)
    visit.failures.raise_noted()


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of a page. What can't be read is a `Misfit`.

    A mention's address is the one on the server that was asked, where the team can answer it.
    """
    return lemmy_records.records(page, _host(settings) if settings else None)
