"""What asking a Lemmy server takes: listings page by page, threads, and what became of posts."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from connectors.contract import CredentialsError, Known, Page, Query, RateLimited, SourceError, Window, pace_of
from connectors.failures import Failures
from connectors.http_api import HttpApi, NotThere, object_in
from connectors.lemmy import CANARY, NETWORK, Settings, parse
from connectors.listing import come_down
from connectors.pages import Shown, Tally, circles, unexpected
from connectors.transport import checked_credentials, excerpt, new_session

SEARCHES_AT_ONCE = 60
SEARCH_PACE = 10.0
"""Seconds from search to search once so many have been asked at once: 60 in 600 seconds."""


class Gone(NotThere):
    """Lemmy says that it has no such post or comment."""


@dataclass
class Client:
    """A server's API, and what this run has asked of it."""

    api: HttpApi
    home: str
    threads_read: set[int] = field(default_factory=set)
    is_paced: bool = True
    searches: int = 0


# Signs between letters become gaps, in which the search takes anything.
_GAPS = re.compile(r"[\s*?.,;:!/'’_&-]+")


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client of the server, logged in where there is a token. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    home = f"{settings.site.scheme}://{parse.host_of(settings)}"
    session = new_session(home, str(settings.api) if settings.api else None, user_agent="earshot (social listening)")
    if "jwt" in found:
        session.headers["Authorization"] = f"Bearer {found['jwt']}"
    pace = pace_of(NETWORK, settings)
    return Client(HttpApi(parse.host_of(settings), session, pace, meaning, is_own=is_own), home, is_paced=pace > 0)


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Posts, then comments, newest first, until they are older than the window; each page is followed by the threads
    that it leads to. A thread that fails costs itself.
    """
    visit = Visit(client, window, with_threads=settings.threads)
    if query == CANARY:
        yield from visit.newest(query.text)
        return
    if query.text.startswith("!"):
        name, _, server = query.text[1:].partition("@")
        visit.only_in = f"!{name}@{server or parse.host_of(settings)}".lower()
        of = {"community_name": query.text[1:], "sort": "New", "type_": "All"}
        listings = [("post/list", of), ("comment/list", of)]
    else:
        words = _GAPS.sub(" ", query.text).strip()
        sought = {"q": words, "sort": "New", "listing_type": "All"}
        listings = [("search", sought | {"type_": kind}) for kind in ("Posts", "Comments")]
    for number, (path, parameters) in enumerate(listings, 1):
        # only when the last of the listings has come so far, all has been seen
        yield from visit.listing(path, parameters, is_last=number == len(listings))
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001 - the contract
    """The threads of what is known, as they are now; each post, and what a thread does not show, one by one."""
    visit = Visit(client, Window(datetime.min, datetime.max), with_threads=False)
    threads: dict[str, list[Known]] = defaultdict(list)
    for entry in known:
        threads[entry.root_id or entry.mention_id].append(entry)
    for entries in threads.values():
        yield from visit.again(entries)
    visit.failures.raise_noted()


class Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: Client, window: Window, *, with_threads: bool) -> None:
        self.client = client
        self.with_threads = with_threads
        self.window = window
        self.only_in: str | None = None
        """The community that the listings are of."""
        self.tally = Tally(window)
        self.above = parse.Above()
        self.failures = Failures()

    def newest(self, text: str) -> Iterator[Page]:
        """One answer: the newest posts with some letters, whenever they were written."""
        yield self.page("search", self.ask("search", {"q": text, "type_": "Posts", "sort": "New", "limit": "10"}))

    def listing(self, path: str, parameters: Mapping[str, str], *, is_last: bool) -> Iterator[Page]:
        """Pages of a listing until they reach the window's start, each with the threads that it leads to."""
        reached = self.window.end
        whole_after: datetime | None = None
        pages = self.pages(path, parameters)
        while True:
            try:
                body = next(pages, None)
            except SourceError as failure:
                failure.unseen_from = self.window.start
                failure.unseen_to = reached if is_last else self.window.end
                raise self.failures.ending(failure) from None
            if body is None:
                return
            found = parse.views(body)
            places = {parse.community(view).lower() for view in found}
            if self.only_in and found and places | {""} != {self.only_in, ""}:
                # what servers before 0.19 do with a name that they don't know
                raise NotThere(f"{self.client.api.title} does not know {self.only_in}; it shows others instead.")
            yield self.page(path, body)._replace(seen_whole_after=whole_after)
            if self.with_threads:
                for view in found:
                    at = parse.moment(view)
                    if at is not None and at in self.window:
                        yield from self.thread(view, reached)
            times = [parse.moment(view) for view in found if not parse.is_pinned(view)]
            come_to = come_down(self.window.end, times)
            if come_to < self.window.start:
                return
            reached = min(reached, come_to)
            is_told = is_last and reached < self.window.end and not self.failures
            whole_after = reached if is_told else None

    def thread(self, view: Any, unseen_to: datetime) -> Iterator[Page]:
        """The post of a view, where the view isn't that already, and all its comments; once in a run."""
        post, comment = parse.numbers(view)
        if post is None or post in self.client.threads_read:
            return
        try:
            if comment is not None:
                body = self.ask("post", {"id": str(post)})
                yield self.page("post", body)
                view = next(iter(parse.views(body)), None)
            expected = parse.comments_of(view)
            if expected != 0:
                for body in self.comments(post, expected):
                    yield self.page("comments", body)
        except Gone:
            # taken down since; its comments, of which one was shown, go with it
            self.failures.over()
        except SourceError as failure:
            failure.unseen_from = failure.unseen_to = None
            self.failures.note(failure, self.window.start, unseen_to)
        else:
            self.client.threads_read.add(post)

    def again(self, entries: Sequence[Known]) -> Iterator[Page]:
        """What became of posts and comments of one thread."""
        waiting = {entry.mention_id: entry for entry in entries if entry.kind == "comment"}
        post: int | None = None
        for entry in entries:
            if entry.mention_id not in waiting:
                post = self.number(entry)
                yield from self.single(entry)
        if post is None and len(waiting) > 1:
            for page in self.single(waiting.pop(next(iter(waiting)))):
                post = next((parse.numbers(view)[0] for view in parse.views(page.body["answer"])), None)
                yield page
        if post is not None and len(waiting) > 1:
            try:
                for body in self.comments(post, None):
                    shown = set(map(parse.mention_id, parse.views(body)))
                    found = [mention_id for mention_id in waiting if mention_id in shown]
                    yield self.answer("recheck comments", found, body)
                    for mention_id in found:
                        del waiting[mention_id]
                    if not waiting:
                        break
            except SourceError as failure:
                self.failures.note(failure)
        for entry in waiting.values():
            yield from self.single(entry)

    def single(self, entry: Known) -> Iterator[Page]:
        """A post or comment as it is now; the answer is None where the server has it no longer."""
        number = self.number(entry)
        try:
            if number is None:
                body = self.ask("resolve_object", {"q": entry.mention_id.removeprefix("fediverse:")})
            else:
                body = self.ask("comment" if entry.kind == "comment" else "post", {"id": str(number)})
        except Gone:
            self.failures.over()
            body = None
        except SourceError as failure:
            self.failures.note(failure)
            return
        yield self.answer(f"recheck {entry.kind}", [entry.mention_id], body)

    def number(self, entry: Known) -> int | None:
        """The server's own number of a mention, where its address is one of this server."""
        address = re.fullmatch(r"(https?://[^/]+)/(?:post|comment)/([0-9]{1,18})", entry.url or "")
        return int(address[2]) if address and address[1] == self.client.home else None

    def answer(self, endpoint: str, asked: list[str], body: Any) -> Page:
        """A page that says what became of some mentions."""
        return Page(endpoint, {"asked": asked, **self.with_above(body)}, len(asked), len(parse.views(body)))

    def comments(self, post: int, expected: int | None) -> Iterator[Any]:
        """All comments of a post, the oldest first, so that each comes after what it answers and none is shifted.
        `expected` is how many there are, as far as the post tells.
        """
        alive: set[str | None] = set()
        for body in self.pages("comment/list", {"post_id": str(post), "sort": "Old", "type_": "All"}):
            yield body
            found = parse.views(body)
            alive |= {parse.mention_id(view) for view in found if not parse.is_gone(view)}
            if expected is not None and len(alive) >= expected and len(found) < NETWORK.page_size:
                return

    def pages(self, path: str, parameters: Mapping[str, str]) -> Iterator[Any]:
        """Answers of a listing to its end: by cursor where the server gives one, else by number.

        A short page is not the end, as a server may show fewer at once than it is asked for. An empty one is, and one
        whose cursor is given as null, unless it is full.
        """
        shown = Shown()
        following = {"page": "1"}
        number = 1
        while True:
            body = self.ask(path, {**parameters, "limit": str(NETWORK.page_size), **following})
            found = parse.views(body)
            if not shown.add(map(parse.mention_id, found)) and found:
                raise circles(path)
            yield body
            cursor = body.get("next_page")
            number += 1
            if not found or ("next_page" in body and cursor is None and len(found) < NETWORK.page_size):
                return
            following = {"page_cursor": cursor} if isinstance(cursor, str) and cursor else {"page": str(number)}

    def ask(self, path: str, parameters: Mapping[str, str]) -> Any:
        """An answer, its shape checked as far as fetching needs it."""
        if path in ("search", "resolve_object"):
            self.client.searches += 1
            if self.client.searches > SEARCHES_AT_ONCE and self.client.is_paced:
                self.client.api.clock.sleep(SEARCH_PACE)
        body = self.client.api.get_json(f"{self.client.home}/api/v3/{path}", parameters)
        if not parse.is_answer(body) or "error" in body:
            raise unexpected(self.client.api.title, body, "a list of posts", path)
        self.failures.over()
        return body

    def page(self, endpoint: str, body: Any) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what listings show."""
        posts = ((parse.mention_id(view), parse.moment(view)) for view in parse.views(body))
        return self.tally.page(endpoint, self.with_above(body), posts)

    def with_above(self, body: Any) -> dict[str, Any]:
        """The answer, and beside it what its comments answer where that stood on an earlier page."""
        found = parse.views(body)
        told = self.above.told(found)
        for view in found:
            self.above.note(view)
        return {"answer": body, "above": told}


# Errors -----------------------------------------------------------------------------------------------


def is_own(refusal: requests.Response) -> bool:
    """Whether Lemmy refuses: it says what was wrong in a word of its own, and of nothing there in a few of these."""
    word = _word(refusal)
    if refusal.status_code in (404, 410):
        is_alone = object_in(refusal).keys() <= {"error", "message", "cause"}
        return is_alone and (word in _GONE or word.startswith("couldnt_find_"))
    return bool(word)


_GONE = ("couldnt_find_post", "couldnt_find_comment", "couldnt_find_object", "not_found")


def _word(refusal: requests.Response) -> str:
    said = object_in(refusal).get("error")
    return said if isinstance(said, str) and re.fullmatch(r"[a-z0-9_]{1,80}", said) else ""


def meaning(answer: requests.Response) -> SourceError | None:
    """What Lemmy means by its word, which most often comes with status 400."""
    said = _word(answer)
    if said in ("rate_limit_error", "too_many_requests"):
        return RateLimited("the server wants us to wait and doesn't say how long; run this window again in 10 minutes.")
    if said in _GONE:
        return Gone(f"the server has no such post ({excerpt(said)}).")
    if said.startswith("couldnt_find_"):
        return NotThere(
            f"the server has nothing there ({excerpt(said)}); check the name, or whether it knows the place."
        )
    if said in ("not_logged_in", "incorrect_login", "login_expired"):
        return CredentialsError("the server refused the token; log in again for a new one.")
    if said == "instance_is_private":
        return CredentialsError("the server shows posts to its own people only; give it the token of an account (jwt).")
    return None
