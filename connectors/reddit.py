"""Reddit: new posts and comments of subreddits with their whole threads, and search. Talks through praw.

praw logs in, paces itself by the rate-limit headers and repeats what failed for a moment; nothing here does that again.
"""

import configparser
import hashlib
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, Literal

import praw
from praw.config import Config as PrawConfig
from pydantic import AfterValidator, Field, model_validator

from connectors import reddit_records
from connectors.contract import (
    CredentialsError,
    Listening,
    Network,
    Page,
    Query,
    RateLimited,
    Record,
    SchemaDrift,
    SourceError,
    SourceSettings,
    Truncated,
    Window,
)
from connectors.reddit_errors import WHAT_PRAW_RAISES, meaning, now, rate_limited
from connectors.searching import numbered, or_groups
from connectors.transport import checked_credentials, excerpt, new_session

NETWORK = Network(
    name="reddit",
    title="Reddit",
    page_size=100,
    limits="100 requests a minute for each app; listings end near 1,000 items, search near 250",
    reaches_back="the newest 1,000 posts and the newest 1,000 comments of a subreddit; threads of these in full",
    source_url="https://support.reddithelp.com/hc/en-us/articles/16160319875092-Reddit-Data-API-Wiki",
    credentials={
        "client_id": "id of an app of type `script` or `web`, from reddit.com/prefs/apps",
        "client_secret": "the secret of that app",
    },
)

LISTING_CAP = 1000
SEARCH_CAP = 250
QUERY_LENGTH = 512
MORE_AT_ONCE = 100
"""Most comments that one call of morechildren may ask for."""
PATIENCE = 60
"""Longest wait, in seconds, that a rate limit may ask for before the rest is left to a later run."""
FAILURES_IN_A_ROW = 3
"""After so many the network is down, not a thread."""


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
        asked += numbered(or_groups([_quoted(term) for term in listening.terms], QUERY_LENGTH))
    return asked


def _quoted(term: str) -> str:
    return '"{}"'.format(" ".join(term.replace('"', " ").split()))


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
    visit = _Visit(client, window)
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
    visit.raise_what_failed()


def parse(settings: Settings, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and replies of a page. What can't be read is a `Misfit`."""
    return reddit_records.records(page)


class _Visit:
    """One query at work: which threads are to be read, and what went wrong on the way."""

    def __init__(self, client: praw.Reddit, window: Window) -> None:
        self.client = client
        self.window = window
        self.threads: dict[str, None] = {}
        self.foreign_to: set[str] = set()
        self.counted: set[str] = set()
        self.failures: list[SourceError] = []
        self.failures_in_a_row = 0

    def listing(self, path: str, cap: int, sought: Mapping[str, str] | None = None) -> Iterator[Page]:
        """Pages of a listing until they reach the window's start. Notes the posts whose threads are wanted."""
        seen, last, after = 0, self.window.end, None
        asked: set[str | None] = set()
        while after not in asked:
            asked.add(after)
            params = {"limit": NETWORK.page_size, **(sought or {}), **({"after": after} if after else {})}
            try:
                body = self.ask("GET", path, params=params)
                things, after = _listing(path, body)
            except SourceError as failure:
                self.note(failure, unseen_to=last)
                return
            yield self.page(path, body)
            seen += len(things)
            self.want_threads(things)
            # The last item tells how far the listing has come; one out of order higher up doesn't.
            last = next((at for thing in reversed(things) if (at := reddit_records.moment(thing))), last)
            if last < self.window.start:
                return
            if after is None:
                if seen >= 0.8 * cap:  # what was deleted is missing from the count, so the end comes a little early
                    self.note(
                        Truncated(f"{path}: Reddit shows no more than the newest {cap} items; run more often."), last
                    )
                return
        self.note(SchemaDrift(f"{path}: the listing goes round in circles; asked for the same page twice."), last)

    def want_threads(self, things: list[Any]) -> None:
        for thing in things:
            at = reddit_records.moment(thing)
            if at is None or at not in self.window:
                continue
            subreddit = str(thing["data"].get("subreddit")).lower()
            name = thing["data"].get("link_id") if thing["kind"] == "t1" else reddit_records.fullname(thing)
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
        self.failures_in_a_row = 0
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
            for _, thing in reddit_records.things(body)
            if (at := reddit_records.moment(thing)) and (name := reddit_records.fullname(thing))
        }
        inside = {name: at for name, at in times.items() if at in self.window}
        posts = len(inside.keys() - self.counted)
        self.counted |= inside.keys()
        return Page(
            path, body, posts, len(times), min(inside.values(), default=None), max(inside.values(), default=None)
        )

    def note(self, failure: SourceError, unseen_to: datetime | None = None) -> None:
        """Remember a failure for the end; raise it now where going on is no use."""
        if unseen_to is not None:
            failure.unseen_from, failure.unseen_to = self.window.start, min(unseen_to, self.window.end)
        if isinstance(failure, CredentialsError | RateLimited):
            raise failure
        self.failures.append(failure)
        if isinstance(failure, Truncated):
            return
        self.failures_in_a_row += 1
        if self.failures_in_a_row == FAILURES_IN_A_ROW:
            self.failures.append(
                SourceError(
                    f"gave up after {FAILURES_IN_A_ROW} failures in a row; run this window again later.",
                    unseen_from=self.window.start,
                    unseen_to=self.window.end,
                )
            )
            self.raise_what_failed()

    def raise_what_failed(self) -> None:
        """One error for all that went wrong, of the gravest kind among them."""
        if not self.failures:
            return
        gravity = ("failed", "schema-drift", "truncated")
        gravest = min(self.failures, key=lambda failure: gravity.index(failure.status))
        reasons = list(dict.fromkeys(str(failure) for failure in self.failures))
        hidden = f" (and {len(reasons) - 4} more)" if len(reasons) > 5 else ""
        shown = reasons if not hidden else [*reasons[:3], reasons[-1]]
        starts = [failure.unseen_from for failure in self.failures if failure.unseen_from]
        ends = [failure.unseen_to for failure in self.failures if failure.unseen_to]
        raise type(gravest)(
            " ".join(shown) + hidden, unseen_from=min(starts, default=None), unseen_to=max(ends, default=None)
        )


# Shapes -----------------------------------------------------------------------------------------------


def _listing(path: str, body: Any) -> tuple[list[Any], str | None]:
    """Children of a listing and where its next page starts."""
    content = body.get("data") if isinstance(body, dict) and body.get("kind") == "Listing" else None
    children = content.get("children") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(children, list):
        raise _not_a("listing", path, body)
    after = content.get("after")
    return children, after if isinstance(after, str) and after else None


def _thread_things(path: str, body: Any) -> list[Any]:
    """All things of a comment tree or of an answer of morechildren."""
    if path == "api/morechildren":
        answer = body.get("json") if isinstance(body, dict) else None
        if not isinstance(answer, dict) or answer.get("errors") or not isinstance(answer.get("data"), dict):
            raise _not_a("list of comments", path, body)
    elif not isinstance(body, list) or len(body) != 2:
        raise _not_a("comment tree", path, body)
    return [thing for _, thing in reddit_records.things(body)]


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


def _not_a(wanted: str, path: str, body: Any) -> SchemaDrift:
    return SchemaDrift(f"{path}: Reddit answered {excerpt(body)} where a {wanted} belongs; its API may have changed.")


def _pause_before_next(client: praw.Reddit) -> float:
    """Seconds that praw would sleep before its next request. It would sleep for hours if Reddit said so."""
    session: Any = client._core
    due = session.rate_limiter.next_request_timestamp_ns
    return 0.0 if due is None else (due - time.monotonic_ns()) / 1e9
