"""One query on Bluesky at work: pages of a search or a feed, then the threads, then the accounts."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.bluesky import CANARY, FEED, NETWORK, Settings, parse
from connectors.bluesky.client import AUTHOR_FEED, LOGGED_IN, POSTS, PROFILES, SEARCH, THREAD, Client
from connectors.contract import CredentialsError, Known, Page, Query, SourceError, Truncated, Window, pace_of
from connectors.failures import Failures, one_by_one
from connectors.http_api import NotThere
from connectors.listing import come_down
from connectors.pages import Shown, Tally, batches, circles, unexpected
from connectors.transport import checked_credentials, new_session, variable

CAP = 10_000
"""Hits that the search pages through; further ones are older, and are asked for as such."""
MOST_BARREN = 10
"""Pages in a row with nothing new, after which a listing is given up. Some are empty, of what may not be shown."""
DEPTH = 1000
"""Levels of a thread that may be asked for. The server shows fewer; the rest is asked for where it left off."""


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client, with an account if there are credentials; `CredentialsError` where half is missing. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    if len(found) == 1:
        missing = next(name for name in NETWORK.credentials if name not in found)
        raise CredentialsError(
            f"source {settings.id!r}: a login on Bluesky takes both handle and app password; set "
            f"{variable(settings, missing)}, too."
        )
    api = str(settings.api).rstrip("/") if settings.api else None
    pace = pace_of(NETWORK, settings)
    client = Client(new_session(instead=api, user_agent="earshot (social listening)"), pace, api)
    if found:
        server = str(settings.pds).rstrip("/") if settings.pds else api or LOGGED_IN
        client.log_in_as(found["handle"].removeprefix("@"), found["app_password"], server)
    return client


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """A search or a feed, newest post first, then the threads of what was found, then how many follow their authors.

    What fails costs itself: the rest is still fetched, and the error that is raised at the end tells what is missing.
    """
    credentials = " and ".join(variable(settings, name) for name in NETWORK.credentials)
    visit = Visit(client, credentials, settings.logged_in_only, window)
    if query == CANARY:
        yield visit.newest(query.text)
        return
    if query.text.startswith(FEED):
        yield from visit.feed(query.text.removeprefix(FEED))
    else:
        yield from visit.search(query.text)
    if settings.threads:
        for root, found in visit.threads.items():
            yield from visit.thread(root, found)
    yield from visit.profiles()
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:
    """The posts as they are now, 25 an answer. What is missing from an answer is deleted, or its account is gone.

    An answer that lacks all of them is asked for twice before it is believed.
    """

    def looked_up(uris: list[str]) -> Page:
        answer = client.get(POSTS, {"uris": uris})
        posts = listed(answer, "posts", POSTS)
        if not posts:
            answer = client.get(POSTS, {"uris": uris})
            posts = listed(answer, "posts", POSTS)
        body = {"asked": [parse.PREFIX + uri for uri in uris], "answer": answer}
        kept = sum(parse.is_kept(post, settings.logged_in_only) for post in posts)
        return Page(f"recheck {POSTS}", body, kept, len(posts))

    uris = [uri for mention in known if (uri := _uri(mention.mention_id))]
    yield from one_by_one(batches(uris, NETWORK.recheck_size), looked_up)


def _uri(mention_id: str) -> str | None:
    uri = mention_id.removeprefix(parse.PREFIX)
    return uri if parse.POST_URI.fullmatch(uri) else None


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
        self.tally = Tally(window)
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
                body = self._search_page({**sought, "limit": NETWORK.page_size})
                posts = listed(body, "posts", SEARCH)
            except SourceError as failure:
                self.failures.note(failure, self.window.start, last)
                return
            self.failures.over()
            yield self.page(SEARCH, body)
            self.want_threads(posts)
            last = self.earliest(last, map(parse.moment, posts))
            cursor = _cursor(body)
            if cursor is None and len(posts) < NETWORK.page_size:
                return
            if cursor in asked or progress.is_over(posts):
                self.failures.note(circles(SEARCH), self.window.start, last)
                return
            if cursor is None or (cursor.isdecimal() and (len(cursor) > 9 or int(cursor) + NETWORK.page_size > CAP)):
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
        body = self._search_page({"q": text, "sort": "latest", "limit": NETWORK.page_size})
        listed(body, "posts", SEARCH)
        return self.page(SEARCH, body)

    def _search_page(self, sought: Mapping[str, Any]) -> Any:
        try:
            return self.client.search(sought)
        except CredentialsError:
            if self.client.account:
                raise
        if "cursor" in sought:
            raise Truncated(f"Without a login Bluesky shows one page of a search; set {self.credentials}.")
        raise CredentialsError(f"Bluesky lets only those search who are logged in; set {self.credentials}.")

    def feed(self, actor: str) -> Iterator[Page]:
        """Pages of what an account posted and passed on, until all of a page is older than the window."""
        last = self.window.end
        cursor: str | None = None
        asked: set[str] = set()
        progress = _Progress()
        while True:
            sought = {"actor": actor, "filter": "posts_with_replies", "limit": NETWORK.page_size}
            try:
                body = self.client.get(AUTHOR_FEED, {**sought, **({"cursor": cursor} if cursor else {})})
                items = listed(body, "feed", AUTHOR_FEED)
            except SourceError as failure:
                self.failures.note(_naming(actor, failure), self.window.start, last)
                return
            self.failures.over()
            yield self.page(AUTHOR_FEED, body)
            self.want_threads([item["post"] for item in items if isinstance(item, dict) and "post" in item])
            listed_items = [item for item in items if not parse.is_pinned(item)]
            times = [at for item in listed_items if (at := parse.feed_moment(item))]
            last = self.earliest(last, times)
            cursor = _cursor(body)
            if times and max(times) < self.window.start:
                return
            if cursor is None:
                if len(items) >= NETWORK.page_size:
                    cut = Truncated(
                        f"{AUTHOR_FEED}: Bluesky shows a full page of {actor} and doesn't say how to go on."
                    )
                    self.failures.note(cut, self.window.start, last)
                return
            if cursor in asked or progress.is_over(item.get("post") for item in items if isinstance(item, dict)):
                self.failures.note(circles(AUTHOR_FEED), self.window.start, last)
                return
            asked.add(cursor)

    def earliest(self, last: datetime, times: Iterable[datetime | None]) -> datetime:
        """How far back a listing has come. A time before the window is a date that an author made up."""
        return come_down(last, [at for at in times if at in self.window])

    def want_threads(self, posts: list[Any]) -> None:
        """Note the threads of these posts, as far as there is anything else in them."""
        for post in posts:
            uri = parse.uri_of(post)
            if parse.moment(post) not in self.window or uri is None or not self.keeps(post):
                continue
            root = parse.root_of(post) or uri
            if parse.is_answer(post) or post.get("replyCount") != 0:
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
                    raise unexpected(NETWORK.title, body, "a thread", THREAD)
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
            shown = (parse.uri_of(entry.post) for entry in parse.shown_in(body))
            self.client.threads_show.update(filter(None, shown))
            left.extendleft((stub, 0) for stub in _stubs(body))

    def profiles(self) -> Iterator[Page]:
        """The accounts behind the posts that were seen: posts don't say how many follow their author."""
        for some in batches(self.authors, NETWORK.recheck_size):
            try:
                body = self.client.get(PROFILES, {"actors": some})
                profiles = listed(body, "profiles", PROFILES)
            except SourceError as failure:
                self.failures.note(failure)
                continue
            self.failures.over()
            yield Page(PROFILES, body, 0, len(profiles))

    def keeps(self, post: Any) -> bool:
        """Whether `parse` makes a mention of a post, as far as its labels have a say in that."""
        return parse.is_kept(post, self.logged_in_only)

    def page(self, method: str, body: Any) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what searches show."""
        posts: list[tuple[str, datetime | None]] = []
        for shown in parse.shown_in(body):
            at, uri = parse.moment(shown.post), parse.uri_of(shown.post)
            if at is None or uri is None:
                continue
            is_counted = at in self.window and self.keeps(shown.post)
            posts.append((uri, at if is_counted else None))
            if is_counted:
                self.authors.setdefault(str(parse.author_of(shown.post)))
        return self.tally.page(method, body, posts)


class _Progress:
    """Whether a listing still shows anything new."""

    def __init__(self) -> None:
        self.shown = Shown()
        self.barren = 0

    def is_over(self, posts: Iterable[Any]) -> bool:
        """Whether these posts are the last of too many pages in a row without a new one."""
        new = self.shown.add(filter(None, map(parse.uri_of, posts)))
        self.barren = 0 if new else self.barren + 1
        return self.barren >= MOST_BARREN


# Shapes -----------------------------------------------------------------------------------------------


def listed(body: Any, name: str, method: str) -> list[Any]:
    """What an answer lists."""
    entries = body.get(name) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise unexpected(NETWORK.title, body, f"a list of {name}", method)
    return entries


def _cursor(body: Mapping[str, Any]) -> str | None:
    cursor = body.get("cursor")
    return cursor if isinstance(cursor, str) and cursor else None


def _stubs(body: Any) -> Iterator[str]:
    """Posts of a thread that have answers which it doesn't show, as they stand too deep."""
    for _, node in parse.nodes_in(body):
        post = node.get("post") if isinstance(node, dict) and "replies" not in node else None
        uri = parse.uri_of(post)
        if uri and isinstance(post, dict) and post.get("replyCount"):
            yield uri


def _stamp(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')}Z"


def _naming(actor: str, failure: SourceError) -> SourceError:
    if isinstance(failure, NotThere):
        return NotThere(f"Bluesky has no account {actor!r}; check the handle.")
    return failure
