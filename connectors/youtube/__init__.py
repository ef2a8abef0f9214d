"""YouTube: videos found by search, of channels and by name, with all their comments. Asks the Data API v3 over HTTP.

Videos are watched for some days: comments keep coming long after a video is out, and most of what is said is said
there. Google's own client, google-api-python-client, brings five packages with it to wrap the six GETs that are needed
here, and puts the key into every address; it is not used.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import (
    CredentialsError,
    Known,
    Listening,
    Network,
    Page,
    Query,
    RateLimited,
    Record,
    SchemaDrift,
    Shape,
    SourceError,
    SourceSettings,
    Truncated,
    Window,
)
from connectors.failures import Failures
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.searching import searches
from connectors.transport import checked_credentials, new_session
from connectors.youtube import records as youtube_records
from connectors.youtube.api import HOME, Api, CommentsDisabled
from connectors.youtube.records import author_id, comments_of, counted, item_id, moment, parsed, part
from query.rendering import SearchSyntax

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

AT_ONCE = 50
"""Most ids that one lookup may ask for."""
SEARCH_CAP = 500
COMMENTS: dict[str, Any] = {"maxResults": 100, "textFormat": "plainText"}

# `a|b c` means (a or b) and c, and there are no brackets. YouTube can exclude, too, but it looks for other forms of a
# word, and in what it doesn't show us, so that would cost too much. How long a search may be is not documented.
SEARCH_SYNTAX = SearchSyntax(
    longest=250, or_="|", not_=None, group=None, or_first=True, reserved=frozenset(), signs=False
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
    return _feeds(settings) + (searches(listening, SEARCH_SYNTAX) if settings.search else [])


def _feeds(settings: Settings) -> list[Query]:
    feeds = [Query(f"channel {name}", f"channel/{name}") for name in dict.fromkeys(settings.channels)]
    return feeds + [Query(f"video {name}", f"video/{name}") for name in dict.fromkeys(settings.videos)]


def canary(settings: Settings) -> Query:  # noqa: ARG001 - part of the contract
    """Somebody always publishes a video with one of the commonest words about it."""
    return Query("search for common words", "the|how|video")


def connect(settings: Settings, credentials: Mapping[str, str]) -> Api:
    """A client with a key. `CredentialsError` names what is missing. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    session = new_session(HOME, str(settings.api) if settings.api else None)
    # Not in the address, where Google's examples put it: addresses stand in logs.
    session.headers["X-Goog-Api-Key"] = found["api_key"]
    return Api(session, NETWORK.pace_seconds if settings.pace is None else settings.pace)


def fetch(client: Api, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """What a search, channel or name finds; then these videos with their numbers, their channels, and their comments.

    A video whose comments are turned off, or that is gone by now, is no failure. Anything else that fails costs itself;
    the error that is raised at the end tells what is missing. A search beyond the day's quota still leaves the comments
    on what it found, which count towards another.
    """
    visit = _Visit(client, settings, window)
    what, _, name = query.text.partition("/")
    if query.text not in {feed.text for feed in _feeds(settings)}:
        what = "search"
        yield from visit.search(query.text)
    elif what == "channel":
        yield from visit.channel(name)
    else:
        visit.found[name] = None
    yield from visit.videos(named=name if what == "video" else None)
    yield from visit.channels()
    if settings.threads:
        for video in visit.watched.values():
            yield from visit.comments(video)
    visit.failures.raise_noted()
    if visit.search_limit:
        raise visit.search_limit


def recheck(client: Api, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001 - the contract
    """Videos and comments looked up by id, 50 at a time, for one unit of quota each time. One failure costs its 50.

    An answer that lacks all of them is asked for twice before it is believed.
    """
    failures = Failures()
    lookups = [("videos", some, _VIDEO) for some in _batches(one for one in known if one.kind == "post")]
    lookups += [("comments", some, _COMMENT) for some in _batches(one for one in known if one.kind != "post")]
    for what, some, params in lookups:
        try:
            page = _looked_up(client, what, some, params)
        except SourceError as failure:
            failures.note(failure)
            continue
        failures.over()
        yield page
    failures.raise_noted()


_VIDEO = {"part": "snippet,statistics"}
_COMMENT = {"part": "snippet", "textFormat": "plainText"}


def _looked_up(client: Api, what: str, some: list[Known], params: Mapping[str, str]) -> Page:
    ids = {one.mention_id.removeprefix("youtube:"): one for one in some}
    answer = client.list(what, id=",".join(ids), **params)
    if not answer["items"]:
        answer = client.list(what, id=",".join(ids), **params)
    # A comment that is looked up by its id doesn't say under which video it stands.
    beside = {
        name: {"video": (one.root_id or "").removeprefix("youtube:"), "community": one.community}
        for name, one in ids.items()
    }
    body = {"asked": [one.mention_id for one in some], "known": beside, "answer": answer}
    return Page(f"recheck/{what}", body, seen=len(some))


def parse(settings: Settings, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and interactions of a page. What can't be read is a `Misfit`."""
    return youtube_records.records(page)


class _Visit:
    """One query at work: which videos it found, whose comments are wanted, and what went wrong on the way."""

    def __init__(self, api: Api, settings: Settings, window: Window) -> None:
        self.api = api
        self.window = window
        self.horizon = window.start - timedelta(days=settings.watch_days if settings.threads else 0)
        self.found: dict[str, None] = {}
        self.watched: dict[str, dict[str, Any]] = {}
        self.counted: set[str] = set()
        self.failures = Failures()
        self.search_limit: RateLimited | None = None

    def search(self, expression: str) -> Iterator[Page]:
        """Videos since the horizon, newest first; `Truncated` is noted where YouTube stops near 500."""
        sought: dict[str, Any] = {
            "part": "snippet",
            "type": "video",
            "order": "date",
            "safeSearch": "none",
            "maxResults": 50,
        }
        sought |= {"publishedAfter": _rfc3339(self.horizon), "publishedBefore": _rfc3339(self.window.end)}
        seen, last = 0, self.window.end
        try:
            for answer in self.api.pages("search", **sought, q=expression):
                times = [(item_id(item), moment(item)) for item in answer["items"]]
                self.found |= {video: None for video, _ in times if video}
                seen, last = seen + len(times), come_down(last, [at for _, at in times])
                yield self.page("search", answer, times)
        except RateLimited as limit:
            self.search_limit = limit
            limit.unseen_from, limit.unseen_to = self.window.start, last
        except SourceError as failure:
            if not isinstance(failure, Truncated) or seen < 0.9 * SEARCH_CAP:
                self.failures.note(failure, self.window.start, max(last, self.window.start))
        if seen >= 0.9 * SEARCH_CAP:  # what was deleted is missing from the count, so the end comes a little early
            message = (
                f"{expression}: YouTube shows no more than about {SEARCH_CAP} videos, here back to "
                f"{last:%Y-%m-%d %H:%M} UTC; run more often, watch for fewer days, or narrow the search."
            )
            # Beyond the window's start only comments are missing, on videos from before it.
            self.failures.note(Truncated(message), self.window.start, max(last, self.window.start))

    def channel(self, name: str) -> Iterator[Page]:
        """A channel, and its uploads since the horizon."""
        which = {"forHandle": name} if name.startswith("@") else {"id": name}
        try:
            answer = self.api.list("channels", part="snippet,statistics,contentDetails", **which)
            yield self.page("channels", answer, [(None, None) for _ in answer["items"]])
            if not answer["items"]:
                raise NotThere(f"YouTube has no channel {name}; check its name, which its owner may have changed.")
            channel = answer["items"][0]
            self.api.channels_read.add(item_id(channel) or "")
            playlist = part(part(channel, "contentDetails"), "relatedPlaylists").get("uploads")
            if not isinstance(playlist, str):
                raise SchemaDrift(f"YouTube doesn't say where the videos of {name} are; its API may have changed.")
            yield from self.uploads(playlist)
        except SourceError as failure:
            self.failures.note(failure, *self.window)

    def uploads(self, playlist: str) -> Iterator[Page]:
        """A channel's videos, until all on a page are older than the horizon."""
        try:
            for answer in self.api.pages("playlistItems", part="contentDetails", playlistId=playlist, maxResults=50):
                videos = [part(item, "contentDetails") for item in answer["items"]]
                times = [
                    (item_id({"id": video.get("videoId")}), parsed(video.get("videoPublishedAt"))) for video in videos
                ]
                self.found |= {video: None for video, at in times if video and not self.is_old(at)}
                yield self.page("playlistItems", answer, times)
                # Newest first, but nobody promises it: a premiere may stand where it was announced.
                if times and all(self.is_old(at) for _, at in times):
                    return
        except NotThere:  # a channel that has never uploaded anything has no such list
            return

    def videos(self, named: str | None) -> Iterator[Page]:
        """The videos that were found, in full and with their numbers."""
        for ids in _batches(self.found):
            try:
                answer = self.api.list("videos", part="snippet,statistics", id=",".join(ids))
            except SourceError as failure:
                self.failures.note(failure, *self.window)
                continue
            self.failures.over()
            self.watched |= {video: item for item in answer["items"] if (video := item_id(item))}
            yield self.page("videos", answer, [(item_id(item), moment(item)) for item in answer["items"]])
            if named and named not in self.watched:
                self.failures.note(
                    NotThere(f"YouTube has no video {named}, or has it no more; take it out of videos."), *self.window
                )

    def channels(self) -> Iterator[Page]:
        """Whose videos these are, and who follows them."""
        owners = dict.fromkeys(part(video, "snippet").get("channelId") for video in self.watched.values())
        for ids in _batches(
            owner for owner in owners if isinstance(owner, str) and owner not in self.api.channels_read
        ):
            try:
                answer = self.api.list("channels", part="snippet,statistics", id=",".join(ids))
            except SourceError as failure:
                self.failures.note(failure)
                continue
            self.failures.over()
            self.api.channels_read.update(ids)
            yield self.page("channels", answer)

    def comments(self, video: dict[str, Any]) -> Iterator[Page]:
        """Threads of a video, newest first, until they are older than the horizon, with all answers in them."""
        name, snippet = str(item_id(video)), part(video, "snippet")
        beside = {"id": name, **{key: snippet.get(key) for key in ("channelId", "channelTitle")}}
        there = counted(part(video, "statistics").get("commentCount"))
        if there == 0 or (self.window, name) in self.api.threads_read:
            return
        cut_short: list[tuple[dict[str, Any], int | None]] = []
        last, failed = self.window.end, len(self.failures.noted)
        try:
            asked = {"part": "snippet,replies", "videoId": name, "order": "time", **COMMENTS}
            for answer in self.api.pages("commentThreads", there, **asked):
                yield self.comment_page("commentThreads", {"video": beside, "answer": answer})
                self.failures.over()
                openings = [part(part(thread, "snippet"), "topLevelComment") for thread in answer["items"]]
                times = [moment(opening) for opening in openings]
                last = come_down(last, times)
                cut_short += [
                    (opening, _replies_in(thread))
                    for opening, at, thread in zip(openings, times, answer["items"], strict=True)
                    if not self.is_old(at) and item_id(opening) and _has_more(thread)
                ]
                if times and all(map(self.is_old, times)):
                    break
        except CommentsDisabled as refusal:
            yield Page("commentThreads", {"video": beside, "answer": refusal.body})
        except NotThere:  # gone since it was found; the next look at known posts will tell
            return
        except SourceError as failure:
            self.note_comments(name, failure, last)
        for opening, replies in cut_short:
            yield from self.answers(beside, opening, replies)
        if len(self.failures.noted) == failed:
            self.api.threads_read.add((self.window, name))

    def answers(self, video: dict[str, Any], opening: dict[str, Any], there: int | None) -> Iterator[Page]:
        """All answers to a comment, of which its thread carried only a few."""
        beside = {"video": video, "parent": {"id": item_id(opening), "author": author_id(opening)}}
        try:
            asked = {"part": "snippet", "parentId": item_id(opening), **COMMENTS}
            for answer in self.api.pages("comments", there, **asked):
                yield self.comment_page("comments", {**beside, "answer": answer})
                self.failures.over()
        except NotThere:
            return
        except SourceError as failure:
            self.note_comments(video["id"], failure, self.window.end)

    def note_comments(self, video: str, failure: SourceError, unseen_to: datetime) -> None:
        """Remember that comments are missing, and on which video."""
        if not isinstance(failure, CredentialsError | RateLimited):
            failure.args = (f"comments on video {video}: {failure}",)
        self.failures.note(failure, self.window.start, unseen_to)

    def is_old(self, at: datetime | None) -> bool:
        """Whether something is from before all that is watched. What doesn't say its time may be new."""
        return at is not None and at < self.horizon

    def comment_page(self, endpoint: str, body: dict[str, Any]) -> Page:
        """A page of comments, those counted that threads carry."""
        comments = [comment.item for comment in comments_of(body["answer"])]
        return self.page(endpoint, body, [(item_id(comment), moment(comment)) for comment in comments])

    def page(self, endpoint: str, body: Any, times: Sequence[tuple[str | None, datetime | None]] = ()) -> Page:
        """The page, with those of its posts counted that no page before it held."""
        inside = {name: at for name, at in times if name and at and at in self.window}
        posts = len(inside.keys() - self.counted)
        self.counted |= inside.keys()
        first, last = min(inside.values(), default=None), max(inside.values(), default=None)
        return Page(endpoint, body, posts, len(times), first, last)


def _has_more(thread: dict[str, Any]) -> bool:
    """Whether a thread has more answers than it carries, or may have."""
    total, carried = _replies_in(thread), part(thread, "replies").get("comments")
    return total is None or total > (len(carried) if isinstance(carried, list) else 0)


def _replies_in(thread: dict[str, Any]) -> int | None:
    """How many answers a thread has; None where that can't be read."""
    return counted(part(thread, "snippet").get("totalReplyCount"))


def _batches(things: Iterable[Any]) -> Iterator[list[Any]]:
    """The things in lists of as many as one lookup may ask for."""
    left = iter(things)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
