"""Mastodon: posts with given hashtags, a server's public timeline and its search, with the threads around them.

One source asks one server, which shows what its own people write and what they or their neighbours follow elsewhere:
more servers are more sources, and a post that several of them show is one mention all the same. Listings are read from
the newest post down; ids tell when a post came to the server, so that an old window is jumped to.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=256,  # none is documented
    or_=None,
    not_=None,  # it finds other forms of a word as well
    group=None,
    handle="{}",
    fields={"author": "from:{}"},
    reserved=frozenset(),
    signs=False,
)
"""https://docs.joinmastodon.org/user/discoverability/#search"""
CANARY = Query("canary: posts with a link", "has:link")
"""Posts that every server's search finds; where search is off, the public timeline is asked in its place."""

NETWORK = Network(
    name="mastodon",
    title="Mastodon",
    handle_prefix="@",
    accounts_shared_as="fediverse",
    page_size=40,
    limits="300 requests in 5 minutes for each account and for each address, 40 posts a page; without a token 60 "
    "replies of a thread, 20 deep; search shows 10,000 posts of a window",
    reaches_back="to the first post that the server still holds",
    source_url="https://docs.joinmastodon.org/methods/timelines/",
    credentials={
        "access_token": "token of an account on that server, with the scopes `read:statuses` and `read:search`"
    },
    optional=frozenset(("access_token",)),
    pace_seconds=1.0,
    recheck_size=20,
    parsed_by=("server", "domain"),
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="Hashtags, and public timelines where the server shows them to everybody, need nothing. Search does, and a "
    "token also shows long threads whole:\n\n"
    "1. Make an account on the server for listening only, say in its profile what it is for, and follow nobody.\n"
    "2. Under *Preferences → Development → New application* give a name, and tick `read:statuses` and `read:search` "
    "and nothing else.\n"
    "3. Open the application and copy *Your access token*.\n\n"
    "Ask the server's moderators first: many like to be asked, and some forbid collecting in their rules.",
    cannot=(
        "Posts that nobody on the asked server follows or answered: no server knows the whole network.",
        "Posts for followers only and direct ones: they are never kept, even if the token's account could see them.",
        "By search, posts of people who did not agree to be found by it: the server leaves them out. A server without "
        "full-text search finds nothing, and one that breaks off in the middle looks as if there were no more.",
        "`noindex` and `discoverable` speak to web search engines and to Mastodon's own suggestions, so that posts of "
        "people who set them are still read by hashtag; nothing here is published or offered for search.",
        "Threads of posts from the public timeline: there are too many; name hashtags or search to get them.",
        "Who boosted or favoured a post, and all of the numbers: of posts from elsewhere a server counts what it saw.",
        "The direct address of a post from elsewhere: its link leads to the asked server, which passes readers on.",
        "Edits and deletions on servers that run other software whose addresses don't hold the post's id.",
    ),
    handle=Shape(r"[\w.-]+@[\w.:-]+", "halmora@mastodon.example"),
    community=Shape(r"[\w.:-]+", "mastodon.example"),
)


def _server(name: str) -> str:
    name = re.sub(r"^https://", "", name.strip().lower()).rstrip("/")
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?", name):
        raise ValueError("write a server's name as in its address: 'mastodon.social' for https://mastodon.social")
    return name


def _hashtag(name: str) -> str:
    name = name.strip().removeprefix("#")
    if not re.fullmatch(r"\w*[^\W\d]\w*", name):
        raise ValueError("a hashtag is made of letters, digits and underscores, with at least one that is no digit")
    return name


class Settings(SourceSettings):
    """A Mastodon server, or one of other software that speaks its API."""

    type: Literal["mastodon"]
    server: Annotated[str, AfterValidator(_server)] = Field(description="name of the server, such as mastodon.social")
    domain: Annotated[str, AfterValidator(_server)] | None = Field(
        None, description="what stands behind the second @ of its accounts, where that is not the server's name"
    )
    hashtags: tuple[Annotated[str, AfterValidator(_hashtag)], ...] = Field(
        (), description="hashtags to follow, without #"
    )
    public_timeline: Literal["off", "local", "federated"] = Field(
        "off", description="read everything that its own people write (local), or all that it sees (federated)"
    )
    search: bool = Field(False, description="also search posts for the brands' terms; needs an access token")
    threads: bool = Field(True, description="fetch the whole thread of each post that a hashtag or search finds")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.hashtags and not self.search and self.public_timeline == "off":
            raise ValueError("name at least one hashtag, set search = true, or public_timeline to local or federated")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """A query per hashtag, one for the public timeline, and the brands' searches."""
    hashtags = {name.lower(): name for name in reversed(settings.hashtags)}
    asked = [Query(f"#{name}", f"timelines/tag/{name}") for name in reversed(hashtags.values())]
    if settings.public_timeline != "off":
        local = "?local=true" if settings.public_timeline == "local" else ""
        asked.append(Query(f"public timeline, {settings.public_timeline}", f"timelines/public{local}"))
    return asked + (searches(listening, SEARCH_SYNTAX) if settings.search else [])
