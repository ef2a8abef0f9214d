"""One query of Reddit at work: listings, threads with all that their stubs stand for, and what went wrong."""

import configparser
import hashlib
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any

import praw
from praw.config import Config as PrawConfig

from connectors.contract import Known, Page, Query, RateLimited, SchemaDrift, SourceError, Truncated, Window
from connectors.failures import Failures, one_by_one
from connectors.listing import come_down
from connectors.pages import Tally, batches, unexpected
from connectors.reddit import NETWORK, Settings, parse
from connectors.reddit.errors import WHAT_PRAW_RAISES, meaning, now, rate_limited
from connectors.transport import checked_credentials, new_session

LISTING_CAP = 1000
SEARCH_CAP = 250
INFO = "api/info"
NO_WINDOW = Window(datetime.min, datetime.max)
MORE_AT_ONCE = 100
"""Most comments that one call of morechildren may ask for."""
PATIENCE = 60
"""Longest wait, in seconds, that a rate limit may ask for before the rest is left to a later run."""


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

    def looked_up(some: list[Known]) -> Page:
        asked = [one.mention_id for one in some]
        names = ",".join(mention_id.removeprefix("reddit:") for mention_id in asked)
        body = visit.ask("GET", INFO, params={"id": names})
        things = listing_of(INFO, body)
        if not things:
            body = visit.ask("GET", INFO, params={"id": names})
            things = listing_of(INFO, body)
        return Page("recheck", {"asked": asked, "answer": body}, seen=len(things))

    yield from one_by_one(batches(known, NETWORK.recheck_size), looked_up)


class Visit:
    """One query at work: which threads are to be read, and what went wrong on the way."""

    def __init__(self, client: praw.Reddit, window: Window) -> None:
        self.client = client
        self.window = window
        self.threads: dict[str, None] = {}
        self.foreign_to: set[str] = set()
        self.tally = Tally(window)
        self.failures = Failures()

    def listing(self, path: str, cap: int, sought: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Pages of a listing until they reach the window's start. Notes the posts whose threads are wanted."""
        seen, reached, after = 0, self.window.end, None
        asked: set[str | None] = set()
        while after not in asked:
            asked.add(after)
            params = {"limit": NETWORK.page_size, **(sought or {}), **({"after": after} if after else {})}
            try:
                body = self.ask("GET", path, params=params)
                things = listing_of(path, body)
            except SourceError as failure:
                self.note(failure, unseen_to=reached)
                return
            yield self.page(path, body)
            seen += len(things)
            self.want_threads(things)
            reached = come_down(reached, [parse.moment(thing) for thing in things])
            if reached < self.window.start:
                return
            try:
                after = following(path, body)
            except SchemaDrift as failure:
                self.note(failure, unseen_to=reached)
                return
            if after is None:
                if seen >= 0.8 * cap:  # what was deleted is missing from the count, so the end comes a little early
                    self.note(
                        Truncated(f"{path}: Reddit shows no more than the newest {cap} items; run more often."), reached
                    )
                return
        self.note(SchemaDrift(f"{path}: the listing goes round in circles; asked for the same page twice."), reached)

    def want_threads(self, things: list[Any]) -> None:
        for thing in things:
            at = parse.moment(thing)
            if at is None or at not in self.window:
                continue
            subreddit = str(thing["data"].get("subreddit")).lower()
            name = thing["data"].get("link_id") if thing["kind"] == "t1" else parse.fullname(thing)
            if isinstance(name, str) and re.fullmatch(r"t3_[0-9a-z]+", name) and subreddit not in self.foreign_to:
                self.threads[name.removeprefix("t3_")] = None

    def thread(self, post: str) -> Iterator[Page]:
        """The tree of a post, then what its stubs stand for, until none is left."""
        tree = {"limit": 500, "sort": "new"}
        stubs: deque[tuple[str, list[str]]] = deque([(post, [])])
        asked: set[str] = set()
        while stubs:
            parent, children = stubs.popleft()
            children = [child for child in children if child not in asked]
            if not children and parent in asked:
                continue
            asked.update(children or [parent])
            try:
                if children:
                    path = "api/morechildren"
                    form = {"link_id": f"t3_{post}", "children": ",".join(children), "sort": "new"}
                    body = self.ask("POST", path, data=form)
                else:
                    path = f"comments/{post}" if parent == post else f"comments/{post}/_/{parent}"
                    body = self.ask("GET", path, params=tree)
                things = _thread_things(path, body)
            except SourceError as failure:
                self.note(failure)
                continue
            yield self.page(path, body)
            stubs += _stubs(things)

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """An answer; `SourceError` says what came instead. A rate limit of up to a minute is waited for, once."""
        try:
            answer = self.ask_once(method, path, sent)
        except RateLimited as limit:
            pause = (limit.until - now()).total_seconds() if limit.until else PATIENCE + 1
            if pause > PATIENCE:
                raise
            time.sleep(max(0.0, pause))
            answer = self.ask_once(method, path, sent)
        self.failures.over()
        return answer

    def ask_once(self, method: str, path: str, sent: Mapping[str, Any]) -> Any:
        pause = _pause_before_next(self.client)
        if pause > PATIENCE:
            raise rate_limited(path, pause)
        try:
            return self.client.request(method=method, path=path, **sent)
        except WHAT_PRAW_RAISES as error:
            failure = meaning(error, path)
        # Outside the except block, so that praw's error, which holds the request with its headers, isn't carried along.
        raise failure

    def page(self, path: str, body: Any) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what listings show."""
        times = {
            name: at
            for _, thing in parse.things(body)
            if (at := parse.moment(thing)) and (name := parse.fullname(thing))
        }
        return self.tally.page(path, body, times.items())

    def note(self, failure: SourceError, unseen_to: datetime | None = None) -> None:
        """Remember a failure for the end; raise it now where going on is no use."""
        try:
            if unseen_to is None:
                self.failures.note(failure)
            else:
                self.failures.note(failure, self.window.start, min(unseen_to, self.window.end))
        except SourceError as end:
            if end is not failure:  # given up: anything may be missing
                end.unseen_from, end.unseen_to = self.window
            raise


# Shapes -----------------------------------------------------------------------------------------------


def listing_of(path: str, body: Any) -> list[Any]:
    """Children of a listing."""
    content = body.get("data") if isinstance(body, dict) and body.get("kind") == "Listing" else None
    children = content.get("children") if isinstance(content, dict) else None
    if not isinstance(children, list):
        raise unexpected(NETWORK.title, body, "a listing", path)
    return children


def following(path: str, body: Any) -> str | None:
    """The name below which a listing's next page starts; None where it is at its end.

    Reddit says so with null. Where it doesn't say, or calls a full page the last, the name of the last thing has to do.
    """
    content, children = body["data"], body["data"]["children"]
    after = content.get("after")
    if isinstance(after, str) and after:
        return after
    if not children or ("after" in content and after is None and len(children) < NETWORK.page_size):
        return None
    last = next(filter(None, map(parse.fullname, reversed(children))), None)
    if last is None:
        raise SchemaDrift(f"{path}: Reddit doesn't say where the next page begins; its API may have changed.")
    return last


def _thread_things(path: str, body: Any) -> list[Any]:
    """All things of a comment tree or of an answer of morechildren."""
    if path == "api/morechildren":
        answer = body.get("json") if isinstance(body, dict) else None
        if not isinstance(answer, dict) or answer.get("errors") or not isinstance(answer.get("data"), dict):
            raise unexpected(NETWORK.title, body, "a list of comments", path)
    elif not isinstance(body, list) or len(body) != 2:
        raise unexpected(NETWORK.title, body, "a comment tree", path)
    return [thing for _, thing in parse.things(body)]


def _stubs(things: list[Any]) -> Iterator[tuple[str, list[str]]]:
    """(parent, children) of every stub: comments to ask for, or none where "continue this thread" stands."""
    for thing in things:
        stub = thing.get("data") if isinstance(thing, dict) and thing.get("kind") == "more" else None
        if not isinstance(stub, dict):
            continue
        children = [child for child in stub.get("children") or () if isinstance(child, str) and child.isalnum()]
        parent = stub.get("parent_id")
        for start in range(0, len(children), MORE_AT_ONCE):
            yield "", children[start : start + MORE_AT_ONCE]
        if not children and isinstance(parent, str) and re.fullmatch(r"t1_[0-9a-z]+", parent):
            yield parent.removeprefix("t1_"), []


def _pause_before_next(client: praw.Reddit) -> float:
    """Seconds that praw would sleep before its next request. It would sleep for hours if Reddit said so."""
    session: Any = client._core
    due = session.rate_limiter.next_request_timestamp_ns
    return 0.0 if due is None else (due - time.monotonic_ns()) / 1e9
