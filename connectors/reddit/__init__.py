"""Reddit: new posts and comments of subreddits with their whole threads, and search. Talks through praw.

Posts and comments of the last days are looked up again, a hundred a call: what was deleted there is deleted here, edits
and scores follow. praw logs in, paces itself by the rate-limit headers and repeats what failed for a moment; nothing
here does that again.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

SEARCH_SYNTAX = SearchSyntax(
    longest=512,
    and_=" AND ",
    not_=None,  # other forms of a word are found too, and would be excluded with it
    tag=None,
    handle=None,
    fields={"author": "author:{}"},
    signs=False,
)
"""https://support.reddithelp.com/hc/en-us/articles/19696541895316; the length is that of `q` in reddit.com/dev/api."""
CANARY = Query("canary: everyday words", "help OR question OR new OR best OR the")
"""Words that stand in somebody's post at any time."""

NETWORK = Network(
    name="reddit",
    title="Reddit",
    handle_prefix="u/",
    page_size=100,
    limits="100 requests a minute for each app; listings end near 1,000 items, search near 250",
    reaches_back="the newest 1,000 posts and the newest 1,000 comments of a subreddit; threads of these in full",
    source_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki",
    credentials={
        "client_id": "id of an app of type `script` or `web`, from reddit.com/prefs/apps",
        "client_secret": "the secret of that app",
    },
    recheck_size=100,
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="""
1. Read Reddit's [Data API terms](https://www.redditinc.com/policies/data-api-terms): commercial use needs a contract,
   and new apps may need to be [approved](https://support.reddithelp.com/hc/en-us/articles/14945211791892) first.
2. At [reddit.com/prefs/apps](https://www.reddit.com/prefs/apps) create an app of type *script*; any redirect address
   will do, such as `http://localhost:8080`.
3. The **id** stands below the app's name, the **secret** beside *secret*. Put them into the environment as
   `EARSHOT_REDDIT_CLIENT_ID` and `EARSHOT_REDDIT_CLIENT_SECRET`, where the source's id is `reddit`.
4. Name your account as `contact` in the config: Reddit wants to know whom to write to.
""",
    cannot=(
        "More than the newest 1,000 posts and 1,000 comments of a subreddit: a place that writes more in a night has "
        "to be pulled more often. What lies further back comes from monthly dumps, through a source of type files.",
        "Comments that name a brand in subreddits that are not followed, unless the search finds the post above them: "
        "Reddit searches posts only, and shows about 250 of them a search.",
        "Private and quarantined subreddits, chats and direct messages.",
        "What Reddit removed before it was first seen here.",
        "Numbers of views; and likes apart from dislikes: Reddit tells their difference, a little blurred.",
    ),
    handle=Shape(r"[\w-]+", "halmora_mira"),
    community=Shape(r"r/\w+", "r/halmora"),
)


def _subreddit(name: str) -> str:
    name = re.sub(r"^/?r/", "", name.strip())
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{1,30}", name):
        raise ValueError("write a subreddit's name as in its address: 'halmora' for reddit.com/r/halmora")
    return name


class Settings(SourceSettings):
    """A Reddit source."""

    type: Literal["reddit"]
    subreddits: tuple[Annotated[str, AfterValidator(_subreddit)], ...] = Field(
        (), description="subreddits to follow, without r/"
    )
    search: bool = Field(False, description="also search all of Reddit for the brands' terms")
    threads: bool = Field(True, description="fetch the whole thread of each post that is new or newly commented")
    contact: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{3,20}$", description="your Reddit account, which Reddit likes told"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.subreddits and not self.search:
            raise ValueError("name at least one subreddit in subreddits, or set search = true")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """A query per subreddit, `r/halmora`, and per search expression of at most 512 characters."""
    subreddits = {name.lower(): name for name in reversed(settings.subreddits)}
    asked = [Query(f"r/{name}", f"r/{name}") for name in reversed(subreddits.values())]
    if settings.search:
        asked += searches(listening, SEARCH_SYNTAX)
    return asked
