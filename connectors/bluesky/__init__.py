"""Bluesky: posts found by search, the feeds of accounts, and whole threads.

The search is asked term by term, as it knows no OR. Without an account it shows one page of 100 posts at most, and at
times nothing; with an account it shows all. Everything else anybody may read, and so it is read logged out: what an
answer lacks then is gone, and not merely hidden from the account that asks.

Who asks not to be shown to readers who are logged out (`!no-unauthenticated`, "Logged-out visibility") is left out, as
nobody has to log in to Bluesky to read a table or a digest; `logged_in_only` keeps such posts where that is no concern.
What moderators hide or take down counts as deleted. Reposts are no mentions of their own: they have no words, nothing
tells when one is taken back, and their number stands under the post.
"""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from connectors.contract import NOWHERE, ApiUrl, Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=256,  # none is documented
    or_=None,
    not_=None,  # how it parts words isn't documented, so that to exclude one could exclude too much
    group=None,
    handle=None,  # the full handle stands in the text; @name alone is no handle here
    fields={"author": "from:{}", "lang": "lang:{}", "site": "domain:{}"},
    only_narrowing=frozenset(("lang",)),
    reserved=frozenset(),
    signs=False,
)
CANARY = Query("the newest with a common word", "the")

NETWORK = Network(
    name="bluesky",
    title="Bluesky",
    handle_prefix="@",
    page_size=100,
    limits="3,000 requests in 5 minutes for each address; 30 logins in 5 minutes and 300 a day for each account, some "
    "servers only 10; 100 posts a page, 10,000 a search, after which it is asked anew for what is older",
    reaches_back="to its beginning, as far as its search index holds it",
    source_url="https://docs.bsky.app/docs/api/app-bsky-feed-search-posts",
    credentials={
        "handle": "the handle of the account that searches, such as listening.example.com",
        "app_password": "an app password of that account, from Settings, Privacy and security, App passwords",
    },
    optional=frozenset(("handle", "app_password")),
    pace_seconds=0.1,
    recheck_size=25,
    parsed_by=("logged_in_only",),
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""1. Make an account on [bsky.app](https://bsky.app) that serves for nothing else, or use the brand's own.
2. Under *Settings → Privacy and security → App passwords* add one named `earshot`. Leave direct messages off.
3. Set the handle, without @, and the app password, never the account's own password.

An account on another server than Bluesky's needs `pds`, that server's address. Without an account feeds, threads and
rechecks work all the same; a search shows its newest 100 posts at most, and at times nothing.
""",
    cannot=(
        "Edits: posts on Bluesky can't be edited.",
        "Posts of accounts that block the account that searches, and what Bluesky's moderation keeps out of search.",
        "Posts that were dated back, or indexed late, after their window was fetched.",
        "Hashtags that an app wrote as mere text: the search knows those that are marked as hashtags.",
        "Links to subdomains, where a domain is searched for: the search compares whole host names.",
        "Reposts, but for their number; likes, but for their number; views.",
        "Posts of people who want to be shown to readers that are logged in only, unless `logged_in_only` is set.",
    ),
    handle=Shape(r"([\w-]+\.)+[\w-]+|did:\S+", "halmora.bsky.social"),
    community=NOWHERE,
)

FEED = "at://"
_HANDLE = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*|did:[a-z]+:[\w.:%-]+", re.ASCII
)


class Settings(SourceSettings):
    """A source on Bluesky."""

    type: Literal["bluesky"]
    search: bool = Field(True, description="search for what the brands listen for")
    accounts: tuple[str, ...] = Field(
        (), description="handles or DIDs of accounts whose feeds to follow, besides the brands' team accounts"
    )
    extra: tuple[str, ...] = Field(
        (), description="further searches in Bluesky's own words, such as #hydroponics or domain:halmora.example"
    )
    threads: bool = Field(True, description="fetch the whole thread of each post that is found")
    logged_in_only: bool = Field(
        False,
        description="also keep posts of people who ask to be shown to readers that are logged in only; right where all "
        "who read the tables and digests are",
    )
    pds: ApiUrl | None = Field(None, description="the server of the account that searches, where it isn't Bluesky's")

    @field_validator("accounts")
    @classmethod
    def _accounts_exist(cls, accounts: tuple[str, ...]) -> tuple[str, ...]:
        named = tuple(name.strip().removeprefix("@") for name in accounts)
        for name in named:
            if not _HANDLE.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no account; write the whole handle, such as halmora.bsky.social, or a DID"
                )
        return named

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not (self.search or self.accounts or self.extra):
            raise ValueError("set search = true, or name something in accounts or extra")
        for text in self.extra:
            if not text.strip() or text.startswith(FEED) or len(text) > SEARCH_SYNTAX.longest:
                raise ValueError(f"extra: {text!r} is no search of 1 to {SEARCH_SYNTAX.longest} characters")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands, those of `extra`, and a feed for each account of the settings and of the team."""
    # The team is heard through its feeds: these are whole, and nobody has to log in for them.
    asked = searches(listening._replace(team=()), SEARCH_SYNTAX) if settings.search else []
    asked += [Query(f"extra {number}: {text}", text) for number, text in enumerate(settings.extra, 1)]
    named = (*settings.accounts, *listening.team_handles)
    accounts = dict.fromkeys(name if name.startswith("did:") else name.lower() for name in named)
    return [*asked, *(Query(f"@{name}", f"{FEED}{name}") for name in accounts)]
