"""One query on Bluesky at work: pages of a search or a feed, then the threads, then the accounts."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.bluesky import records as bluesky_records
from connectors.bluesky.client import AUTHOR_FEED, PROFILES, SEARCH, THREAD, Client
from connectors.contract import CredentialsError, Page, SchemaDrift, SourceError, Truncated, Window
from connectors.failures import Failures
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.transport import excerpt

PAGE_SIZE = 100
CAP = 10_000
"""Hits that the search pages through; further ones are older, and are asked for as such."""
MOST_BARREN = 10
"""Pages in a row with nothing new, after which a listing is given up. Some are empty, of what may not be shown."""
DEPTH = 1000
"""Levels of a thread that may be asked for. The server shows fewer; the rest is asked for where it left off."""
LOOKUP_SIZE = 25
"""Posts or accounts that may be looked up at a time."""


class Visit:
    """One query at work: which threads and authors are to be asked for, and what went wrong on the way."""

    def __init__(self, client: Client, credentials: str, logged_in_only: bool, window: Window) -> None:
        self.client = client
        self.credentials = credentials
        """What is to be set so that the search is asked with an account."""
        self.logged_in_only = logged_in_only
        self.window = window
        self.failures = Failures()
        self.threads: dict[str, list[str]] = {}
        """Address of the post that opened a thread → posts that were found in it."""
        self.counted: set[str] = set()
        self.authors: dict[str, None] = {}

    def search(self, text: str) -> Iterator[Page]:
        """Pages of a search by its cursor. Past its cap, or where a full page comes without a cursor, it begins anew
        with what is older than what was seen.
        """
        until = last = self.window.end
        cursor: str | None = None
        asked: set[str] = set()
        progress = _Progress()
        while True:
            sought = {"q": text, "sort": "latest", "since": _stamp(self.window.start), "until": _stamp(until)}
            if cursor is not None:
                sought["cursor"] = cursor
            try:
                body = self._search_page({**sought, "limit": PAGE_SIZE})
                posts = listed(body, "posts", SEARCH)
            except SourceError as failure:
                self.failures.note(failure, self.window.start, last)
                return
            self.failures.over()
            yield self.page(SEARCH, body)
            self.want_threads(posts)
            last = self.earliest(last, map(bluesky_records.moment, posts))
            cursor = _cursor(body)
            if cursor is None and len(posts) < PAGE_SIZE:
                return
            if cursor in asked or progress.is_over(posts):
                self.failures.note(_circle(SEARCH), self.window.start, last)
                return
            if cursor is None or (cursor.isdecimal() and (len(cursor) > 9 or int(cursor) + PAGE_SIZE > CAP)):
                older = last + timedelta(milliseconds=1)  # more may have been written in that very moment
                if older >= until:
                    said = (
                        f"no more than {CAP:,} posts of one moment"
                        if cursor
                        else f"no way on behind {len(posts)} posts"
                    )
                    self.failures.note(Truncated(f"Bluesky's search shows {said}."), self.window.start, last)
                    return
                until, cursor, asked = older, None, set()
            else:
                asked.add(cursor)

    def newest(self, text: str) -> Page:
        """The first page of a search in all that was ever posted."""
        body = self._search_page({"q": text, "sort": "latest", "limit": PAGE_SIZE})
        listed(body, "posts", SEARCH)
        return self.page(SEARCH, body)

    def _search_page(self, sought: Mapping[str, Any]) -> Any:
        try:
            return self.client.search(sought)
        except CredentialsError:
            if self.client.account:
                raise
        if "cursor" in sought:
            raise Truncated(f"Bluesky shows one page of a search to who isn't logged in; set {self.credentials}.")
        raise CredentialsError(f"Bluesky lets only those search who are logged in; set {self.credentials}.")

    def feed(self, actor: str) -> Iterator[Page]:
        """Pages of what an account posted and passed on, until all of a page is older than the window."""
        last = self.window.end
        cursor: str | None = None
        asked: set[str] = set()
        progress = _Progress()
        while True:
            sought = {"actor": actor, "filter": "posts_with_replies", "limit": PAGE_SIZE}
            try:
                body = self.client.get(AUTHOR_FEED, {**sought, **({"cursor": cursor} if cursor else {})})
                items = listed(body, "feed", AUTHOR_FEED)
            except SourceError as failure:
                self.failures.note(_naming(actor, failure), self.window.start, last)
                return
            self.failures.over()
            yield self.page(AUTHOR_FEED, body)
            self.want_threads([item["post"] for item in items if isinstance(item, dict) and "post" in item])
            listed_items = [item for item in items if not bluesky_records.is_pinned(item)]
            times = [at for item in listed_items if (at := bluesky_records.feed_moment(item))]
            last = self.earliest(last, times)
            cursor = _cursor(body)
            if times and max(times) < self.window.start:
                return
            if cursor is None:
                if len(items) >= PAGE_SIZE:
                    cut = Truncated(
                        f"{AUTHOR_FEED}: Bluesky shows a full page of {actor} and doesn't say how to go on."
                    )
                    self.failures.note(cut, self.window.start, last)
                return
            if cursor in asked or progress.is_over(item.get("post") for item in items if isinstance(item, dict)):
                self.failures.note(_circle(AUTHOR_FEED), self.window.start, last)
                return
            asked.add(cursor)

    def earliest(self, last: datetime, times: Iterable[datetime | None]) -> datetime:
        """How far back a listing has come. A time before the window is a date that an author made up."""
        return come_down(last, [at for at in times if at in self.window])

    def want_threads(self, posts: list[Any]) -> None:
        """Note the threads of these posts, as far as there is anything else in them."""
        for post in posts:
            uri = bluesky_records.uri_of(post)
            if bluesky_records.moment(post) not in self.window or uri is None or not self.keeps(post):
                continue
            root = bluesky_records.root_of(post) or uri
            if bluesky_records.is_answer(post) or post.get("replyCount") != 0:
                self.threads.setdefault(root, []).append(uri)

    def thread(self, root: str, found: list[str]) -> Iterator[Page]:
        """The tree below a post, then what it leaves out of those that were found: what answers a deleted post does not
        hang below the first one any more.
        """
        left = deque([(root, 0), *((uri, DEPTH) for uri in found if uri != root)])
        while left:
            uri, height = left.popleft()
            if uri in self.client.threads_read or (height and uri in self.client.threads_show):
                continue
            try:
                body = self.client.get(THREAD, {"uri": uri, "depth": DEPTH, "parentHeight": height})
                if not isinstance(body, dict) or not isinstance(body.get("thread"), dict):
                    raise _not_a("thread", THREAD, body)
            except NotThere:
                self.failures.over()
                self.client.threads_read.add(uri)  # it has been deleted
                continue
            except SourceError as failure:
                self.failures.note(failure, self.window.start, self.window.end)
                continue
            self.failures.over()
            self.client.threads_read.add(uri)
            yield self.page(THREAD, body)
            shown = (bluesky_records.uri_of(entry.post) for entry in bluesky_records.shown_in(body))
            self.client.threads_show.update(filter(None, shown))
            left.extendleft((stub, 0) for stub in _stubs(body))

    def profiles(self) -> Iterator[Page]:
        """The accounts behind the posts that were seen: posts don't say how many follow their author."""
        authors = list(self.authors)
        for start in range(0, len(authors), LOOKUP_SIZE):
            try:
                body = self.client.get(PROFILES, {"actors": authors[start : start + LOOKUP_SIZE]})
                profiles = listed(body, "profiles", PROFILES)
            except SourceError as failure:
                self.failures.note(failure)
                continue
            self.failures.over()
            yield Page(PROFILES, body, 0, len(profiles))

    def keeps(self, post: Any) -> bool:
        """Whether `parse` makes a mention of a post, as far as its labels have a say in that."""
        return bluesky_records.is_kept(post, self.logged_in_only)

    def page(self, method: str, body: Any) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what searches show."""
        times: dict[str, datetime] = {}
        seen = 0
        for shown in bluesky_records.shown_in(body):
            at, uri = bluesky_records.moment(shown.post), bluesky_records.uri_of(shown.post)
            if at is None or uri is None:
                continue
            seen += 1
            if at in self.window and self.keeps(shown.post):
                times[uri] = at
                self.authors.setdefault(str(bluesky_records.author_of(shown.post)))
        posts = len(times.keys() - self.counted)
        self.counted |= times.keys()
        return Page(method, body, posts, seen, min(times.values(), default=None), max(times.values(), default=None))


class _Progress:
    """Whether a listing still shows anything new."""

    def __init__(self) -> None:
        self.seen: set[str | None] = {None}
        self.barren = 0

    def is_over(self, posts: Iterable[Any]) -> bool:
        """Whether these posts are the last of too many pages in a row without a new one."""
        new = set(map(bluesky_records.uri_of, posts)) - self.seen
        self.seen |= new
        self.barren = 0 if new else self.barren + 1
        return self.barren >= MOST_BARREN


# Shapes -----------------------------------------------------------------------------------------------


def listed(body: Any, name: str, method: str) -> list[Any]:
    """What an answer lists."""
    entries = body.get(name) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise _not_a(f"list of {name}", method, body)
    return entries


def _cursor(body: Mapping[str, Any]) -> str | None:
    cursor = body.get("cursor")
    return cursor if isinstance(cursor, str) and cursor else None


def _stubs(body: Any) -> Iterator[str]:
    """Posts of a thread that have answers which it doesn't show, as they stand too deep."""
    for _, node in bluesky_records.nodes_in(body):
        post = node.get("post") if isinstance(node, dict) and "replies" not in node else None
        uri = bluesky_records.uri_of(post)
        if uri and isinstance(post, dict) and post.get("replyCount"):
            yield uri


def _stamp(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _naming(actor: str, failure: SourceError) -> SourceError:
    if isinstance(failure, NotThere):
        return NotThere(f"Bluesky has no account {actor!r}; check the handle.")
    return failure


def _circle(method: str) -> SchemaDrift:
    return SchemaDrift(f"{method}: the pages go round in circles; they show nothing new.")


def _not_a(wanted: str, method: str, body: Any) -> SchemaDrift:
    return SchemaDrift(
        f"{method}: Bluesky answered {excerpt(body)} where a {wanted} belongs; its API may have changed."
    )
