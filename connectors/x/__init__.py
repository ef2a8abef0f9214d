"""X: posts found by search, with the posts they answer, quote or repost. Talks through tweepy's client of API v2.

Reading is charged by the post, so what is asked for is narrow: the brands' terms and the team's own accounts. Posts of
the last days are looked up again, a hundred a call: what X no longer shows is deleted here, edits and numbers follow.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from connectors.contract import NOWHERE, Listening, Network, Query, Shape, SourceSettings
from connectors.searching import numbered, searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=512,
    fields={
        "author": "from:{}",
        "site": 'url:"{}"',
        # is:quote would also find answers that quote, which count as comments here
        "type": {"repost": "is:retweet", "comment": "is:reply"},
        # lang: is left out: X's guess may differ from ours, and what it doesn't find is lost
    },
    ending=" -is:retweet",
)
"""https://docs.x.com/x-api/posts/search/integrate/operators; the length is that of search = "recent"."""
CANARY = Query("canary: everyday words", "(today OR you OR with OR news) -is:retweet")
"""Words that somebody writes every minute."""

NETWORK = Network(
    name="x",
    title="X",
    handle_prefix="@",
    page_size=100,
    limits="recent: 450 requests in 15 minutes for each app, 100 posts a page, 512 characters a query; "
    "all: 300 requests in 15 minutes, 500 posts a page, 1,024 characters; charged by the post",
    reaches_back='7 days with search = "recent"; to March 2006 with search = "all", which costs more',
    source_url="https://docs.x.com/x-api/posts/search/introduction",
    credentials={"bearer_token": "the app's bearer token, from the developer console"},
    reach=timedelta(days=7),
    # "Posts: Read", at most once a UTC day for each post: https://docs.x.com/x-api/getting-started/pricing
    usd_per_post=0.005,
    recheck_size=100,
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""
1. Sign in at [console.x.com](https://console.x.com) with the account that is to own the app, and create an app.
2. Buy credits there; reading a post costs about half a US cent, and as much again on each later day that it is looked
   at again, for `recheck_days`. Set a spending limit in the console, and a monthly budget in the config:
   `budget = { usd_per_month = 20 }`. It counts the posts that a search or re-check returns; whether the authors and
   quoted posts that come along are charged too, the console shows.
3. Under *Keys and tokens*, generate the app's **bearer token**. It is shown once.
4. Put it into the environment as `EARSHOT_X_BEARER_TOKEN`, where the source's id is `x`.
""",
    cannot=(
        'Posts of more than seven days ago, unless search = "all" is set, which the app must be allowed to use.',
        "Whole threads, unless threads = true is set, which costs as many posts more as the conversations have. Else "
        "an answer is seen where it holds a term itself, or where one of the team's accounts wrote it.",
        "Posts of protected accounts. A post is deleted here as soon as X doesn't show it any more, whether it was "
        "deleted or its account was suspended or protected: X's terms ask for that. If it returns, the next search "
        "that finds it brings it back.",
        "Deletions of posts older than recheck_days: those need X's compliance endpoints, which are not asked here.",
        "Numbers of reposts: X tells those of the original instead.",
    ),
    handle=Shape(r"\w{1,20}", "halmora_help"),
    community=NOWHERE,
)
QUERY_LENGTH = {"recent": 512, "all": 1024}


class Settings(SourceSettings):
    """A source on X."""

    type: Literal["x"]
    search: Literal["recent", "all"] = Field("recent", description="the last 7 days, or everything since 2006")
    reposts: bool = Field(False, description="also fetch reposts, which repeat the words of others")
    threads: bool = Field(
        False, description="also read the conversation of each post found, whoever wrote it; each post is charged"
    )
    extra: tuple[str, ...] = Field((), description="further search expressions, in X's own query language")

    @model_validator(mode="after")
    def _expressions_fit(self) -> "Settings":
        room = _room(self) - 2
        for expression in self.extra:
            if not expression.strip() or len(expression) > room:
                raise ValueError(f"extra: an expression has 1 to {room} characters here, not {len(expression)}")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The brands' queries and the team's accounts, in as few searches as X accepts; then `extra`."""
    extra = numbered(f"({expression}){search_syntax(settings).ending}" for expression in settings.extra)
    return searches(listening, search_syntax(settings)) + extra


def search_syntax(settings: Settings) -> SearchSyntax:
    """What a search of this source can say: its length and whether it leaves reposts out."""
    ending = "" if settings.reposts else SEARCH_SYNTAX.ending
    return replace(SEARCH_SYNTAX, longest=QUERY_LENGTH[settings.search], ending=ending)


def _room(settings: Settings) -> int:
    syntax = search_syntax(settings)
    return syntax.longest - len(syntax.ending)
