"""Lemmy: posts and comments of communities and of search on one server, with the whole threads that they stand in.

A Lemmy server shows its own communities and those of other servers that its people follow; which posts it knows depends
on that, so ask the server on which the communities live. A post keeps its id wherever it is seen, on Mastodon, too.
Posts of the last days are looked at again by thread, and one by one where a thread does not show them.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, model_validator

from connectors.contract import ApiUrl, Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

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
CANARY = Query("the newest with a common letter", "e")

NETWORK = Network(
    name="lemmy",
    title="Lemmy",
    accounts_shared_as="fediverse",
    parsed_by=("site",),
    page_size=50,
    limits="50 posts or comments a page; 60 searches in 10 minutes and 180 other requests a minute by default, set by "
    "each server",
    reaches_back="to the server's beginning, page by page from the newest post on",
    source_url="https://join-lemmy.org/docs/contributors/04-api.html",
    credentials={"jwt": "the token of an account on the server, for servers that show nothing to strangers"},
    optional=frozenset({"jwt"}),
    pace_seconds=0.5,
    recheck_size=20,
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
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

_COMMUNITY = re.compile(r"[A-Za-z0-9_]{2,}(@[a-z0-9.-]+(:[0-9]+)?)?")


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
