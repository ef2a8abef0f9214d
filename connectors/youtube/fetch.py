"""Asks YouTube: searches, channels and videos, with their comments and all answers to them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.contract import (
    CredentialsError,
    Known,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
    pace_of,
)
from connectors.failures import Failures, one_by_one
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.pages import Tally, batches, unexpected
from connectors.transport import checked_credentials, new_session
from connectors.values import iso_moment, part
from connectors.youtube import NETWORK, Settings, feeds
from connectors.youtube.api import HOME, Api, CommentsDisabled
from connectors.youtube.parse import author_id, comments_of, counted, item_id, moment

AT_ONCE = 50
"""Most ids that one lookup may ask for."""
SEARCH_CAP = 500
COMMENTS: dict[str, Any] = {"maxResults": 100, "textFormat": "plainText"}


def connect(settings: Settings, credentials: Mapping[str, str]) -> Api:
    """A client with a key. `CredentialsError` names what is missing. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    session = new_session(HOME, str(settings.api) if settings.api else None)
    # Not in the address, where Google's examples put it: addresses stand in logs.
    session.headers["X-Goog-Api-Key"] = found["api_key"]
    return Api(session, pace_of(NETWORK, settings))


def fetch(client: Api, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """What a search, channel or name finds; then these videos with their numbers, their channels, and their comments.

    A video whose comments are turned off, or that is gone by now, is no failure. Anything else that fails costs itself;
    the error that is raised at the end tells what is missing. A search beyond the day's quota still leaves the comments
    on what it found, which count towards another.
    """
    visit = _Visit(client, settings, window)
    what, _, name = query.text.partition("/")
    if query.text not in {feed.text for feed in feeds(settings)}:
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
    videos, comments = ([one for one in known if (one.kind == "post") is is_video] for is_video in (True, False))
    lookups = [("videos", some, _VIDEO) for some in batches(videos, AT_ONCE)]
    lookups += [("comments", some, _COMMENT) for some in batches(comments, AT_ONCE)]
    yield from one_by_one(lookups, lambda lookup: _looked_up(client, *lookup))


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


class _Visit:
    """One query at work: which videos it found, whose comments are wanted, and what went wrong on the way."""

    def __init__(self, api: Api, settings: Settings, window: Window) -> None:
        self.api = api
        self.window = window
        self.horizon = window.start - timedelta(days=settings.watch_days if settings.threads else 0)
        self.found: dict[str, None] = {}
        self.watched: dict[str, dict[str, Any]] = {}
        self.tally = Tally(window)
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
                yield self.tally.page("search", answer, times)
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
            yield self.tally.page("channels", answer, [(None, None) for _ in answer["items"]])
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
                    (item_id({"id": video.get("videoId")}), iso_moment(video.get("videoPublishedAt")))
                    for video in videos
                ]
                self.found |= {video: None for video, at in times if video and not self.is_old(at)}
                yield self.tally.page("playlistItems", answer, times)
                if any(video is None for video, _ in times):
                    raise unexpected(NETWORK.title, answer["items"], "videos with their ids", "playlistItems")
                # Newest first, but nobody promises it: a premiere may stand where it was announced.
                if times and all(self.is_old(at) for _, at in times):
                    return
        except NotThere:  # a channel that has never uploaded anything has no such list
            return

    def videos(self, named: str | None) -> Iterator[Page]:
        """The videos that were found, in full and with their numbers."""
        for ids in batches(self.found, AT_ONCE):
            try:
                answer = self.api.list("videos", part="snippet,statistics", id=",".join(ids))
            except SourceError as failure:
                self.failures.note(failure, *self.window)
                continue
            self.failures.over()
            self.watched |= {video: item for item in answer["items"] if (video := item_id(item))}
            yield self.tally.page("videos", answer, [(item_id(item), moment(item)) for item in answer["items"]])
            if named and named not in self.watched:
                self.failures.note(
                    NotThere(f"YouTube has no video {named}, or has it no more; take it out of videos."), *self.window
                )

    def channels(self) -> Iterator[Page]:
        """Whose videos these are, and who follows them."""
        owners = dict.fromkeys(part(video, "snippet").get("channelId") for video in self.watched.values())
        wanted = (owner for owner in owners if isinstance(owner, str) and owner not in self.api.channels_read)
        for ids in batches(wanted, AT_ONCE):
            try:
                answer = self.api.list("channels", part="snippet,statistics", id=",".join(ids))
            except SourceError as failure:
                self.failures.note(failure)
                continue
            self.failures.over()
            self.api.channels_read.update(ids)
            yield self.tally.page("channels", answer, ())

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
        return self.tally.page(endpoint, body, [(item_id(comment), moment(comment)) for comment in comments])


def _has_more(thread: dict[str, Any]) -> bool:
    """Whether a thread has more answers than it carries, or may have."""
    total, carried = _replies_in(thread), part(thread, "replies").get("comments")
    return total is None or total > (len(carried) if isinstance(carried, list) else 0)


def _replies_in(thread: dict[str, Any]) -> int | None:
    """How many answers a thread has; None where that can't be read."""
    return counted(part(thread, "snippet").get("totalReplyCount"))


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
