"""Hacker News: stories and comments found by search, by list or by author, with the whole threads that they stand in.

Algolia's search of Hacker News is asked by time. It shows no more than 1,000 items an answer, so a span with more in it
is halved until each part fits. Threads come from the same search, several in one answer, each comment with the comment
that it answers; unlike Algolia's tree of a thread this keeps what hangs below a deleted comment. What became of older
items is asked the same way; whatever is missing from the answer is looked up, one by one, in the official API, which
knows for sure what was deleted.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import NOWHERE, Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=170,  # 512 bytes: a letter takes up to three
    or_=None,
    not_=None,  # é finds e, so that to exclude the one would exclude the other
    group=None,
    wildcards="end",
    tag="{}",
    handle="{}",
    fields={"author": "author:{}", "type": {"post": "type:post", "comment": "type:comment"}},
    signs=False,
)
CANARY = Query("the newest with a common word", "the")

NETWORK = Network(
    name="hackernews",
    title="Hacker News",
    page_size=1000,
    limits="search: 10,000 requests an hour for each address, 1,000 items a query, 512 bytes a query; "
    "official API: no limit",
    reaches_back="to its beginning in October 2006",
    source_url="https://hn.algolia.com/api",
    pace_seconds=0.36,
    recheck_size=100,
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="Nothing to set up: neither the search nor the official API asks who you are.",
    cannot=(
        "Points of comments: only their authors see them.",
        "When or whether a post was edited: its text is the current one.",
        "Who voted, and how many saw a post.",
        "Posts that moderators or filters have taken out of sight (dead): they count as deleted.",
        "The options of a poll, which are no posts of their own.",
        "Posts of the last minutes: the search lags a little behind the site.",
    ),
    handle=Shape(r"[\w-]+", "halmora_mira"),
    community=NOWHERE,
)

ListName = Literal["front_page", "story", "ask_hn", "show_hn", "poll", "job"]


def _user(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{2,32}", name):
        raise ValueError(
            "write a user's name as in the address of the profile: 'pg' for news.ycombinator.com/user?id=pg"
        )
    return name


class Settings(SourceSettings):
    """A source on Hacker News."""

    type: Literal["hackernews"]
    search: bool = Field(True, description="search stories and comments for the brands' terms")
    lists: tuple[ListName, ...] = Field(
        (),
        description="lists to follow: story (all new ones), ask_hn, show_hn, poll, job, front_page (as it is now)",
    )
    authors: tuple[Annotated[str, AfterValidator(_user)], ...] = Field(
        (), description="users to follow, besides the team accounts of the brands"
    )
    threads: bool = Field(True, description="fetch the whole thread of each post that is found")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.search and not self.lists and not self.authors:
            raise ValueError("set search = true, or name something to follow in lists or authors")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands and their teams, then a query for each list and each author."""
    asked = searches(listening, SEARCH_SYNTAX) if settings.search else []
    asked += [Query(name, f"list:{name}") for name in dict.fromkeys(settings.lists)]
    asked += [Query(f"author {name}", f"author:{name}") for name in dict.fromkeys(settings.authors)]
    return asked
