"""Reddit: new posts and comments of subreddits with their whole threads, and search. Talks through praw.

Posts and comments of the last days are looked up again, a hundred a call: what was deleted there is deleted here, edits
and scores follow. praw logs in, paces itself by the rate-limit headers and repeats what failed for a moment; nothing
here does that again.
"""

import configparser
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Literal

import praw
from praw.config import Config as PrawConfig
from pydantic import AfterValidator, Field, model_validator

from connectors.contract import (
    Known,
    Listening,
    Network,
    Page,
    Query,
    Record,
    Shape,
    SourceError,
    SourceSettings,
    Window,
)
from connectors.reddit import records as reddit_records
from connectors.reddit.visit import PAGE_SIZE, PATIENCE, Visit, listing_of
from connectors.searching import searches
from connectors.transport import checked_credentials, new_session
from query.search_syntax import SearchSyntax

NETWORK = Network(
    name="reddit",
    title="Reddit",
    page_size=PAGE_SIZE,
    limits="100 requests a minute for each app; listings end near 1,000 items, search near 250",
    reaches_back="the newest 1,000 posts and the newest 1,000 comments of a subreddit; threads of these in full",
    source_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki",
    credentials={
        "client_id": "id of an app of type `script` or `web`, from reddit.com/prefs/apps",
        "client_secret": "the secret of that app",
    },
    recheck_size=100,
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

LISTING_CAP = 1000
SEARCH_CAP = 250
INFO = "api/info"
NO_WINDOW = Window(datetime.min, datetime.max)


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


def canary(settings: Settings) -> Query:  # noqa: ARG001 - part of the contract
    """Words that the search must find."""
    return CANARY


def connect(settings: Settings, credentials: Mapping[str, str]) -> praw.Reddit:
    """A read-only client of an app. `CredentialsError` names what is missing. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    _ignore_ini_files()
    # Reddit turns away callers that share a name; the app's id makes it unique without being shown.
    app = hashlib.sha256(found["client_id"].encode()).hexdigest()[:10]
    contact = f" (by /u/{settings.contact})" if settings.contact else ""
    api = str(settings.api).rstrip("/") if settings.api else None
    return praw.Reddit(
        "DEFAULT",
        client_id=found["client_id"],
        client_secret=found["client_secret"],
        user_agent=f"python:earshot.{app}:v1{contact}",
        oauth_url=f"{api or 'https://oauth.reddit.com'}/",
        reddit_url=api or "https://www.reddit.com",
        # What isn't given here praw takes from the environment: a user's name and password, for instance.
        username=None,
        password=None,
        redirect_uri=None,
        refresh_token=None,
        check_for_updates=False,
        check_for_async=False,
        ratelimit_seconds=PATIENCE,
        requestor_kwargs={"session": new_session(instead=api)},
    )


def _ignore_ini_files() -> None:
    """Keep praw from the praw.ini of the working folder and the home, which could send credentials elsewhere."""
    packaged = configparser.ConfigParser(interpolation=None)
    packaged.read_string(files("praw").joinpath("praw.ini").read_text(encoding="utf-8"))
    PrawConfig.CONFIG = packaged


def fetch(client: praw.Reddit, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Listings, newest first, until they are older than the window; then the threads with something new in them.

    What fails costs itself: the rest is still fetched, and the error that is raised at the end tells what is missing.
    Wrong credentials, a rate limit of more than a minute, and three failures in a row end it at once.
    """
    visit = Visit(client, window)
    if query.text.startswith("r/"):
        yield from visit.listing(f"{query.text}/new", LISTING_CAP)
        yield from visit.listing(f"{query.text}/comments", LISTING_CAP)
    else:
        # Threads of subreddits that have a query of their own are fetched there.
        visit.foreign_to = {name.lower() for name in settings.subreddits}
        sought = {"q": query.text, "sort": "new", "t": "all", "type": "link"}
        yield from visit.listing("search", SEARCH_CAP, sought)
    if settings.threads:
        for post in visit.threads:
            yield from visit.thread(post)
    visit.failures.raise_noted()


def recheck(client: praw.Reddit, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001
    """Posts and comments as they are now, looked up a hundred at a time. One failure costs its hundred.

    Reddit leaves out what it doesn't have any more. An answer that leaves out all of them is asked for twice before it
    is believed: what is deleted here does not come back by itself.
    """
    visit = Visit(client, NO_WINDOW)
    for start in range(0, len(known), NETWORK.recheck_size):
        asked = [one.mention_id for one in known[start : start + NETWORK.recheck_size]]
        names = ",".join(mention_id.removeprefix("reddit:") for mention_id in asked)
        try:
            body = visit.ask("GET", INFO, params={"id": names})
            things = listing_of(INFO, body)
            if not things:
                body = visit.ask("GET", INFO, params={"id": names})
                things = listing_of(INFO, body)
        except SourceError as failure:
            visit.note(failure)
            continue
        yield Page("recheck", {"asked": asked, "answer": body}, seen=len(things))
    visit.failures.raise_noted()


def parse(settings: Settings, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and replies of a page, and what is gone. What can't be read is a `Misfit`."""
    return reddit_records.records(page)
