"""YouTube: videos found by search, of channels and by name, with all their comments. Asks the Data API v3 over HTTP.

Videos are watched for some days: comments keep coming long after a video is out, and most of what is said is said
there. Google's own client, google-api-python-client, brings five packages with it to wrap the six GETs that are needed
here, and puts the key into every address; it is not used.
"""

import re
from typing import Annotated, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.searching import searches
from query.search_syntax import SearchSyntax

# `a|b c` means (a or b) and c, and there are no brackets. YouTube can exclude, too, but it looks for other forms of a
# word, and in what it doesn't show us, so that would cost too much. How long a search may be is not documented.
SEARCH_SYNTAX = SearchSyntax(
    longest=250, or_="|", not_=None, group=None, or_first=True, reserved=frozenset(), signs=False
)
CANARY = Query("search for common words", "the|how|video")
"""Somebody always publishes a video with one of these about it."""

NETWORK = Network(
    name="youtube",
    title="YouTube",
    page_size=100,
    limits="100 searches a day; 10,000 units a day for all other calls, of which each costs 1; 50 videos or 100 "
    "comments a page; a search ends near 500 videos",
    reaches_back="to its beginning; comments on videos that came out up to watch_days before the window",
    source_url="https://developers.google.com/youtube/v3/determine_quota_cost",
    credentials={"api_key": "an API key for the YouTube Data API v3, from the Google Cloud console"},
    units_per_day=10_000,
    recheck_size=50,
    search_syntax=SEARCH_SYNTAX,
    canary=CANARY,
    setup="1. Make a project in the [Google Cloud console](https://console.cloud.google.com/).\n"
    "2. Under *APIs & Services → Library*, enable **YouTube Data API v3**.\n"
    "3. Under *Credentials*, create an **API key**, and restrict it to that API.\n"
    "4. The quota is per project and begins anew at midnight in California; sources with keys of one project share it.",
    cannot=(
        "Search is incomplete: YouTube leaves out some videos, more of them the closer a search comes to 500, and may "
        "find others the next day. Name the channels that matter.",
        "What is said in a video is not heard; title, description and comments are.",
        "Answers to a comment that is older than watch_days are not found, nor are comments on videos that came out "
        "earlier, unless the video is named in videos.",
        "Live chats and community posts can't be had, nor can comments that wait for approval.",
        "Dislikes are not told, and subscribers are rounded to three digits.",
        "YouTube's terms want what is stored to be refreshed or deleted within 30 days. With recheck_days = 30 each "
        "video and comment is looked at every night for that long; what is older is not, and is yours to delete.",
    ),
    handle=Shape(r"(?!UC[\w-]{22}$)[^/]+", "halmora"),
)


def _channel(name: str) -> str:
    """`@handle` or `UC…`, also out of an address."""
    name = unquote(re.sub(r"^(https?://)?((www|m)\.)?youtube\.com/(channel/)?", "", name.strip()).split("/")[0])
    if not re.fullmatch(r"UC[A-Za-z0-9_-]{22}|@[\w.·-]{3,30}", name):
        raise ValueError("write a channel's handle, '@halmora', or its id, 'UC' and 22 characters, as in its address")
    return name.lower() if name.startswith("@") else name


def _video(name: str) -> str:
    """The id of a video, also out of an address."""
    parts = urlsplit(name.strip())
    found = parse_qs(parts.query).get("v", [parts.path.rstrip("/").rpartition("/")[2]])[0]
    if not re.fullmatch(r"[A-Za-z0-9_-]{11}", found):
        raise ValueError("write a video's address, or its id of 11 characters: the part after watch?v=")
    return found


class Settings(SourceSettings):
    """A YouTube source."""

    type: Literal["youtube"]
    search: bool = Field(True, description="search all of YouTube for the brands; 100 searches a day are free")
    channels: tuple[Annotated[str, AfterValidator(_channel)], ...] = Field(
        (), description="channels to follow: @handle, id or address"
    )
    videos: tuple[Annotated[str, AfterValidator(_video)], ...] = Field(
        (), description="videos to follow for good: id or address"
    )
    threads: bool = Field(True, description="fetch the comments on the videos, and all answers to them")
    watch_days: int = Field(
        14,
        ge=0,
        le=365,
        description="days for which a video is watched for comments, and a comment for answers; a video that is "
        "watched costs a unit a night or more",
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.search and not self.channels and not self.videos:
            raise ValueError("name at least one of channels and videos, or set search = true")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """A query per channel, per video and per search expression."""
    return feeds(settings) + (searches(listening, SEARCH_SYNTAX) if settings.search else [])


def feeds(settings: Settings) -> list[Query]:
    """The channels and videos that are followed."""
    found = [Query(f"channel {name}", f"channel/{name}") for name in dict.fromkeys(settings.channels)]
    return found + [Query(f"video {name}", f"video/{name}") for name in dict.fromkeys(settings.videos)]
