"""Asks the two APIs: searches in parts that fit, threads, and items one by one."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import requests

from connectors.contract import Known, Page, Query, SchemaDrift, SourceError, Truncated, Window, pace_of
from connectors.failures import Failures
from connectors.hackernews import CANARY, NETWORK, Settings, parse
from connectors.http_api import HttpApi, Refused, object_in
from connectors.pages import Shown, Tally, circles, unexpected
from connectors.transport import excerpt, new_session

ALGOLIA = "https://hn.algolia.com/api/v1"
FIREBASE = "https://hacker-news.firebaseio.com/v0"
CAP = 1000
"""Hits that a query shows at most, all its pages together."""
THREADS_AT_ONCE = 20
FIRST_ITEM_AT = datetime.fromisoformat("2006-10-09")

_EXACTLY = {
    "advancedSyntax": "true",
    "typoTolerance": "false",
    "ignorePlurals": "false",
    "removeStopWords": "false",
    "attributesToHighlight": "",
    "analytics": "false",
}
_IN_TEXT = "title,story_text,comment_text,url"
_EVERYTHING = "(story,comment,poll,job)"
_TYPES = {"post": "(story,poll,job)", "comment": "comment"}
_FIELD = re.compile(r'(?<!\S)(author|type|list):([^\s"]+)')
_STAR = re.compile(r"(?<=\w)\*(?!\w)")


@dataclass
class Client:
    """Hacker News' two APIs, and the threads that this run has read."""

    api: HttpApi
    algolia: str
    firebase: str
    threads_read: set[str] = field(default_factory=set)


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:  # noqa: ARG001 - part of the contract
    """A client of both APIs, which want no credentials. Nothing is sent."""
    instead = str(settings.api).rstrip("/") if settings.api else None
    pace = pace_of(NETWORK, settings)
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    api = HttpApi(NETWORK.title, session, pace, _meaning, is_own=is_own)
    return Client(
        api, f"{instead}/algolia/api/v1" if instead else ALGOLIA, f"{instead}/firebase/v0" if instead else FIREBASE
    )


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Hits of the window, the newest part first, each part followed by the threads that it leads to.

    Threads that fail cost themselves. `Truncated` at the end where more than 1,000 posts fall into one second.
    """
    visit = _Visit(client, window)
    if query == CANARY:
        yield from visit.newest(query.text)
        return
    yield from visit.listing(_sought(query.text), with_threads=settings.threads)
    visit.failures.raise_noted()


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:  # noqa: ARG001 - the contract
    """The threads of what is known, as they are now; then, one by one, the items that are missing from them."""
    visit = _Visit(client, Window(FIRST_ITEM_AT, client.api.clock.now() + timedelta(days=1)))
    missing = {item: entry.mention_id for entry in known if (item := _item_id(entry.mention_id))}
    stories = [_item_id(entry.root_id) or _item_id(entry.mention_id) for entry in known]
    for page in visit.threads(filter(None, dict.fromkeys(stories)), "recheck threads", visit.window.end):
        shown = {item for hit in parse.hits(page.body) if (item := parse.hit_id(hit))}
        found = missing.keys() & shown
        for item in found:
            del missing[item]
        yield page._replace(body={"asked": [], "answer": page.body}, posts=len(found), first_at=None, last_at=None)
    for item, mention_id in missing.items():
        try:
            answer = client.api.get_json(f"{client.firebase}/item/{item}.json")
        except SourceError as failure:
            visit.failures.note(failure)
            continue
        visit.failures.over()
        yield Page("recheck item", {"asked": [mention_id], "answer": answer}, posts=1, seen=1)
    visit.failures.raise_noted()


# Asking -----------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """What one search asks for: words and tags, and of some stories only where these are given; within a span."""

    sought: Mapping[str, str]
    span: Window
    stories: tuple[str, ...] = ()

    def halves(self) -> "tuple[_Part, ...]":
        """The part in two, the later first; none where it can't be halved."""
        half = len(self.stories) // 2
        if half:
            return self._replace(stories=self.stories[:half]), self._replace(stories=self.stories[half:])
        start, end = self.span
        seconds = int((end - start).total_seconds())
        if seconds < 2:
            return ()
        middle = start + timedelta(seconds=seconds // 2)
        return self._replace(span=Window(middle, end)), self._replace(span=Window(start, middle))

    def parameters(self, number: int) -> dict[str, str]:
        """The parameters of its page of that number, counted from 0."""
        of_stories = ",".join(f"story_{story}" for story in self.stories)
        return {
            **_EXACTLY,
            **self.sought,
            "tags": f"{self.sought['tags']},({of_stories})" if of_stories else self.sought["tags"],
            "numericFilters": f"created_at_i>={_epoch(self.span.start)},created_at_i<{_epoch(self.span.end)}",
            "hitsPerPage": str(NETWORK.page_size),
            "page": str(number),
        }


def _epoch(moment: datetime) -> int:
    """Seconds since 1970; the search knows whole seconds only."""
    return math.ceil(moment.replace(tzinfo=UTC).timestamp())


def _sought(text: str) -> dict[str, str]:
    """Parameters for the text of a query: its words, and tags for the author, type or list that it names."""
    named = [(match[1], match[2]) for match in _FIELD.finditer(text)]
    tags = [_TYPES.get(value, value) for name, value in named if name != "author"]
    authors = [f"author_{value}" for name, value in named if name == "author"]
    sought = {"tags": ",".join([*(tags or [_EVERYTHING]), *authors])}
    words = " ".join(_FIELD.sub(" ", text).split())
    if words:
        # the index takes all words as beginnings of words, or none
        whole = _STAR.sub("", words)
        prefixes = "prefixNone" if whole == words else "prefixAll"
        sought |= {"query": whole, "queryType": prefixes, "restrictSearchableAttributes": _IN_TEXT}
    return sought


class _Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: Client, window: Window) -> None:
        self.client = client
        self.window = window
        self.tally = Tally(window)
        self.failures = Failures()

    def newest(self, words: str) -> Iterator[Page]:
        """One answer: the newest posts with some words, whenever they were written."""
        body = self.search({**_EXACTLY, "tags": _EVERYTHING, "query": words, "hitsPerPage": "20"})
        yield self.page("search", body)

    def listing(self, sought: Mapping[str, str], *, with_threads: bool) -> Iterator[Page]:
        """All hits of the window, from its end to its start, and the threads that they belong to."""
        whole_after: datetime | None = None
        reached = self.window.end
        stories: dict[str, None] = {}
        pages = self.everything("search", _Part(sought, self.window))
        while True:
            try:
                page, done_to = next(pages, (None, None))
            except SourceError as failure:
                failure.unseen_from, failure.unseen_to = self.window.start, reached
                raise self.failures.ending(failure) from None
            if page is None:
                return
            yield page._replace(seen_whole_after=whole_after)
            stories |= dict.fromkeys(self.stories_of(page))
            if done_to is None:
                continue
            if with_threads:
                unread = [story for story in stories if story not in self.client.threads_read]
                for thread in self.threads(unread, "threads", reached):
                    yield thread._replace(seen_whole_after=whole_after)
            stories.clear()
            reached = done_to
            whole_after = None if self.failures else reached

    def threads(self, stories: Iterable[str], endpoint: str, unseen_to: datetime) -> Iterator[Page]:
        """The threads of these stories, some at a time; a failure leaves the window unseen up to `unseen_to`."""
        waiting = tuple(stories)
        while waiting:
            some, waiting = waiting[:THREADS_AT_ONCE], waiting[THREADS_AT_ONCE:]
            try:
                for page, _ in self.everything(endpoint, _Part({"tags": _EVERYTHING}, self.all_times(), some)):
                    yield page
            except SourceError as failure:
                failure.unseen_from = failure.unseen_to = None
                self.failures.note(failure, self.window.start, unseen_to)
            else:
                self.client.threads_read.update(some)

    def everything(self, endpoint: str, part: _Part) -> Iterator[tuple[Page, datetime | None]]:
        """All pages of a part, halved where it holds more than is shown; with the last page of each half that was read
        to its end comes the moment down to which all was seen.
        """
        seen = Shown()
        number = shown = most = 0
        is_beyond = False
        while True:
            body = self.search(part.parameters(number))
            hits, total = body["hits"], body["nbHits"]
            halves = part.halves() if total > CAP else ()
            if not seen.add(map(parse.hit_id, hits)) and (hits or (number and not is_beyond) or total > CAP):
                raise circles("search")
            if any(at not in part.span for at in map(parse.hit_moment, hits) if at):
                raise SchemaDrift("Hacker News' search shows posts of other times than were asked for.")
            number += 1
            shown, most = shown + len(hits), max(most, total)
            is_beyond = number >= body["nbPages"]
            is_short = shown < most <= CAP and body.get("exhaustiveNbHits") is not False
            # The last page by number, with fewer posts than were counted, is not the end before the next one is empty.
            is_last = is_beyond and not (is_short and hits)
            if is_last and is_short:
                cut = Truncated(f"Hacker News' search counts {most:,} posts and shows {shown:,} of them.")
                self.failures.note(cut, part.span.start, part.span.end)
            if is_last and total > CAP and not halves:
                self.failures.note(
                    Truncated(f"Hacker News shows no more than {CAP:,} of {total:,} posts of the same second."),
                    part.span.start,
                    part.span.end,
                )
            yield self.page(endpoint, body), part.span.start if is_last and not halves else None
            for half in halves:
                yield from self.everything(endpoint, half)
            if is_last or halves:
                return

    def search(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """An answer of the search, its shape checked as far as fetching needs it."""
        body = self.client.api.get_json(f"{self.client.algolia}/search_by_date", parameters)
        if (
            not isinstance(body, dict)
            or not isinstance(body.get("hits"), list)
            or not all(isinstance(body.get(name), int) for name in ("nbHits", "nbPages"))
        ):
            raise unexpected(NETWORK.title, body, "a page of hits")
        self.failures.over()
        return body

    def page(self, endpoint: str, body: dict[str, Any]) -> Page:
        """The page, with those of its posts counted that no page before it held: threads repeat what searches show."""
        times = ((parse.hit_id(hit), parse.hit_moment(hit)) for hit in body["hits"])
        return self.tally.page(endpoint, body, times)

    def stories_of(self, page: Page) -> Iterator[str]:
        """The stories to which the posts of a page belong."""
        for hit in parse.hits(page.body):
            at, story = parse.hit_moment(hit), parse.hit_root(hit)
            if story and at and at in self.window:
                yield story

    def all_times(self) -> Window:
        """From the first item to tomorrow."""
        return Window(FIRST_ITEM_AT, self.client.api.clock.now() + timedelta(days=1))


def _item_id(mention_id: str | None) -> str | None:
    return parse.item_id((mention_id or "").removeprefix("hackernews:"))


def is_own(refusal: requests.Response) -> bool:
    """Whether one of the two APIs refuses: Algolia with a message and the status, Firebase with an error alone."""
    body = object_in(refusal)
    is_algolia = isinstance(body.get("message"), str) and body.get("status") == refusal.status_code
    return is_algolia or (body.keys() == {"error"} and isinstance(body["error"], str))


def _meaning(answer: requests.Response) -> SourceError | None:
    """Nobody has credentials, so a refusal of ours is one of this address."""
    if answer.status_code in (401, 403):
        said = excerpt(answer.text or "an empty body", 200)
        return Refused(
            f"Hacker News' search does not answer this address ({answer.status_code}: {said}); ask less often, or from "
            "another one.",
            answer.status_code,
        )
    return None
