"""Asks a Mastodon server: timelines, searches, the threads of what they show, and posts by their ids."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.contract import (
    CredentialsError,
    Known,
    Page,
    Query,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
    pace_of,
)
from connectors.failures import Failures
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.mastodon import CANARY, NETWORK, Settings
from connectors.mastodon.client import Client
from connectors.mastodon.parse import arrived_at, id_at, local_id, moment, statuses_of
from connectors.pages import Shown, Tally, circles
from connectors.transport import checked_credentials, new_session, variable

SLACK = timedelta(hours=1)
"""How much later than it was written a post may come to the server and still be listed with its window. One that comes
later is listed, and so read, with a later window.
"""
SEARCH_CAP = 10_000
MOST_BARREN = 10
"""Pages in a row with nothing on them that yet lead on, after which a listing is given up."""
REPLIES_SHOWN, LEVELS_SHOWN = 60, 20
"""Replies of a thread, and replies to replies, that a server shows without a login."""


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client of the server. `CredentialsError` where search is on and there is no token. Nothing is sent."""
    token = checked_credentials(NETWORK, settings, credentials).get("access_token")
    if settings.search and token is None:
        raise CredentialsError(
            f"source {settings.id!r}: Mastodon's search needs a token; set {variable(settings, 'access_token')}, or "
            "search = false."
        )
    instead = str(settings.api) if settings.api else None
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    session.headers["Accept"] = "application/json"
    address = instead.rstrip("/") if instead else f"https://{settings.server}"
    pace = pace_of(NETWORK, settings)
    return Client(settings.server, address, session, pace, token, variable(settings, "access_token"))


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a timeline, newest first, or of a search, each followed by the threads of its posts.

    What fails costs itself: the rest is still fetched, and the error that is raised at the end tells what is missing.
    """
    visit = _Visit(client, window)
    path, _, local = query.text.partition("?")
    if query == CANARY and not settings.search:
        path = "timelines/public"
    if path == "timelines/public":
        yield from visit.timeline(path, {"local": "true"} if local else {}, with_threads=False)
    elif path.startswith("timelines/"):
        path = "/".join(quote(part, safe="") for part in path.split("/"))
        yield from visit.timeline(path, {}, with_threads=settings.threads)
    else:
        yield from visit.search(query.text, with_threads=settings.threads and query != CANARY)
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:
    """Posts by their ids, twenty at once; one by one on servers that can't, and what such an answer lacks."""
    ids = {found: post.mention_id for post in known if (found := _id_in(post.url, settings.server))}
    failures = Failures()
    waiting = list(ids)
    while waiting:
        some, waiting = waiting[: NETWORK.recheck_size], waiting[NETWORK.recheck_size :]
        try:
            answer = client.lookup_of_many(some)
            if answer:
                there = set(map(local_id, answer))
                asked = [ids[found] for found in some if found in there]
                yield Page("recheck statuses", {"asked": asked, "answer": answer}, len(answer), len(answer))
                failures.over()
                # Servers differ in how many they look up at once: what is missing is asked for by itself.
                some = [found for found in some if found not in there]
        except SourceError as failure:
            failures.note(failure)
            continue
        for found in some:
            try:
                status = client.lookup(found)
            except SourceError as failure:
                failures.note(failure)
                continue
            failures.over()
            endpoint = "recheck statuses" if client.has_lookup_of_many else "recheck status"
            yield Page(endpoint, {"asked": [ids[found]], "answer": status}, 1, 1)
    failures.raise_noted()


class _Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: Client, window: Window) -> None:
        self.client = client
        self.window = window
        self.tally = Tally(window)
        self.failures = Failures()

    def timeline(self, path: str, params: Mapping[str, str], *, with_threads: bool) -> Iterator[Page]:
        """Pages of a timeline until they reach the window's start, and the threads of the posts on them."""
        reached = self.window.end
        whole_after: datetime | None = None
        max_id: str | None = None
        asked: set[str | None] = set()
        shown, barren = Shown(), 0
        while max_id not in asked:
            asked.add(max_id)
            try:
                statuses, following = self.client.listing(
                    path, {"limit": NETWORK.page_size, **params, "max_id": max_id}
                )
            except SourceError as failure:
                self.failures.note(failure, self.window.start, reached)
                return
            self.failures.over()
            yield self.page(path, statuses)._replace(seen_whole_after=whole_after)
            if with_threads:
                for page in self.threads(statuses_of(statuses), reached):
                    yield page._replace(seen_whole_after=whole_after)
            listed = _listed_down_to(statuses)
            if listed and listed < self.window.end:
                reached = min(reached, listed)
                whole_after = None if self.failures else reached
            # Not every server says where the next page begins, and not every page that leads on holds something: the
            # end is where nothing is shown and nothing further named.
            is_end = not statuses and following in (None, max_id)
            if is_end or (listed and listed < self.window.start - SLACK):
                return
            barren = 0 if shown.add(map(local_id, statuses)) else barren + 1
            if (statuses and barren) or barren == MOST_BARREN:
                break
            following = following or _last_id(statuses)
            if following is None:
                nowhere = SchemaDrift(
                    f"{path}: {self.client.title} shows posts without ids and doesn't say where the next page begins; "
                    "its API may have changed."
                )
                self.failures.note(nowhere, self.window.start, reached)
                return
            max_id = _further_down(statuses, following, self.window.end + SLACK)
        self.failures.note(circles(path), self.window.start, reached)

    def search(self, words: str, *, with_threads: bool) -> Iterator[Page]:
        """All pages of a search in the window, and the threads of the posts on them."""
        # The server makes times of these two, to the second, and leaves out what is of the same second.
        second = timedelta(seconds=1)
        span = {"min_id": id_at(self.window.start - second), "max_id": id_at(self.window.end + second)}
        sought = {"q": words, "type": "statuses", "limit": NETWORK.page_size, **span}
        shown = Shown()
        offset = step = furthest = 0
        while offset < SEARCH_CAP:
            try:
                body = self.client.found({**sought, "offset": offset})
            except SourceError as failure:
                self.failures.note(failure, self.window.start, self.window.end)
                return
            self.failures.over()
            yield self.page("search", body)
            if with_threads:
                yield from self.threads(statuses_of(body), self.window.end)
            if shown.add(map(local_id, body["statuses"])):
                # A page may be short because posts that the account has muted are taken out, or because the server
                # shows fewer at once than it is asked for: what follows the last one shown is looked at first.
                furthest = offset + NETWORK.page_size
                step = max(step, min(len(body["statuses"]), NETWORK.page_size))
                offset += step
            elif offset < furthest:
                offset = furthest
            elif not body["statuses"]:
                return
            else:
                self.failures.note(circles("search"), self.window.start, self.window.end)
                return
        truncated = Truncated(f"{self.client.title} shows no more than {SEARCH_CAP:,} posts of a search.")
        self.failures.note(truncated, self.window.start, self.window.end)

    def threads(self, statuses: list[dict[str, Any]], unseen_to: datetime) -> Iterator[Page]:
        """The whole threads of those posts that are of the window, each once a run."""
        for status in statuses:
            at = moment(status)
            is_alone = status.get("replies_count") == 0 and status.get("in_reply_to_id") is None
            if at is None or at not in self.window or is_alone:
                continue
            try:
                yield from self.thread(status)
            except NotThere:  # it was deleted a moment ago
                continue
            except SourceError as failure:
                self.failures.note(failure, self.window.start, unseen_to)

    def thread(self, status: dict[str, Any]) -> Iterator[Page]:
        """What stands above and below a post; then, from the top, all that stands beside it."""
        top: dict[str, Any] | None = status
        while top and (top_id := local_id(top)) and top_id not in self.client.threads_read:
            context = self.client.context(top_id)
            self.failures.over()
            # The answer leaves out the post itself, to which its parts refer.
            yield self.page("context", {"status": top, "context": context})
            self.client.threads_read.add(top_id)
            replies = statuses_of(context["descendants"])
            if top.get("in_reply_to_id") is None:
                self.client.threads_read |= {reply_id for reply in replies if (reply_id := local_id(reply))}
            if not self.client.has_token and (len(replies) == REPLIES_SHOWN or _depth(replies) == LEVELS_SHOWN):
                shown = f"{REPLIES_SHOWN} replies of a thread, {LEVELS_SHOWN} deep"
                cut = Truncated(f"{self.client.title} shows no more than {shown}, to who has no token.")
                self.failures.note(cut, self.window.start, self.window.end)
            top = next(iter(statuses_of(context["ancestors"])), None)

    def page(self, endpoint: str, body: Any) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what listings show."""
        posts = ((local_id(status), moment(status)) for status in statuses_of(body))
        return self.tally.page(endpoint, body, posts)


def _depth(replies: list[dict[str, Any]]) -> int:
    """Levels of replies below a post."""
    levels: dict[Any, int] = {}
    for reply in replies:  # each stands below what it answers
        levels[reply["id"]] = levels.get(reply.get("in_reply_to_id"), 0) + 1
    return max(levels.values(), default=0)


def _listed_down_to(statuses: list[Any]) -> datetime | None:
    """How far a page has come: all that came to the server later has been listed. None where that can't be told.

    Where ids don't tell the time, the newest post of the page has to do: what stands below it may have come late.
    """
    listed = _listed(statuses)
    arrivals = [arrival for status in listed if (arrival := arrived_at(status))]
    if arrivals and len(arrivals) == len(listed):
        return come_down(datetime.max, arrivals)
    return max((at for status in listed if (at := moment(status))), default=None)


def _further_down(statuses: list[Any], following: str, until: datetime) -> str:
    """The id to go on below: the next page's, or that of a moment, where all down to it came later."""
    arrivals, jump = [arrived_at(status) for status in _listed(statuses)], id_at(until)
    are_later = all(arrival and arrival > until for arrival in arrivals)
    # by length first: ids of as many digits as a header can hold are no numbers
    is_further = following.isdecimal() and (len(jump), jump) < (len(following), following)
    return jump if arrivals and are_later and is_further else following


def _last_id(statuses: list[Any]) -> str | None:
    """The id of the last post of a page, below which the next one begins."""
    return next(map(local_id, reversed(_listed(statuses))), None)


def _listed(statuses: list[Any]) -> list[dict[str, Any]]:
    """The posts of a page that stand where their ids put them."""
    return [status for status in statuses_of(statuses) if status.get("pinned") is not True]


def _id_in(url: str | None, server: str) -> str | None:
    """A post's id on the server, from an address there: `…/@name/ID`, `…/@name@elsewhere/ID` or `…/notice/ID`."""
    match = re.fullmatch(r"https?://([^/]+)/(?:[^?#]*/)?([0-9A-Za-z]+)/?", url or "")
    return match[2] if match and match[1].lower() == server else None
