"""Asks one site of Stack Exchange: searches and tags, the threads that they lead to, and posts by their ids."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.contract import Known, Page, Query, SourceError, Truncated, Window, pace_of
from connectors.failures import Failures, one_by_one
from connectors.listing import come_down
from connectors.pages import Shown, Tally, batches, circles
from connectors.stackexchange import CANARY, NETWORK, Settings, parse
from connectors.stackexchange.api import StackExchangeApi
from connectors.transport import checked_credentials, new_session
from connectors.values import mapping, whole

HOME = "https://api.stackexchange.com/2.3"
AT_ONCE = 100
"""Most ids that one call may name."""
_TAGGED = re.compile(r"tagged:(\S+)")


def connect(settings: Settings, credentials: Mapping[str, str]) -> StackExchangeApi:
    """A client of one site, with or without a key. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    instead = str(settings.api).rstrip("/") if settings.api else None
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    pace = pace_of(NETWORK, settings)
    return StackExchangeApi(session, pace, instead or HOME, settings.site, found.get("key"))


def fetch(client: StackExchangeApi, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a search or a tag, the newest first, each followed by the threads that it leads to.

    Threads that fail cost themselves.
    """
    visit = _Visit(client, window, with_threads=settings.threads)
    tagged = _TAGGED.fullmatch(query.text)
    if query == CANARY:
        yield visit.page(
            "search", client.page("search/excerpts", {"q": query.text, "sort": "creation", "pagesize": 20})
        )
    elif tagged:
        yield from visit.tagged(tagged[1])
    else:
        yield from visit.search(query.text)
    visit.failures.raise_noted()


def recheck(client: StackExchangeApi, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:
    """Questions, answers and comments by their ids, as they are now; what is missing from an answer is gone.

    An answer that lacks all of them is asked for twice before it is believed.
    """
    visit = _Visit(client, Window(datetime.min, datetime.max))
    asked: dict[str, dict[int, str]] = {"questions": {}, "answers": {}, "comments": {}}
    pattern = re.compile(rf"stackexchange:{re.escape(settings.site)}/(comment/)?([0-9]{{1,18}})")
    for entry in known:
        if found := pattern.fullmatch(entry.mention_id):
            kind = "comments" if found[1] else "questions" if entry.kind == "post" else "answers"
            asked[kind][int(found[2])] = entry.mention_id
    lookups: list[tuple[str, list[int], dict[int, str]]] = []
    for kind, names in asked.items():
        lookups += [(kind, ids, names) for ids in batches(names, AT_ONCE)]

    def looked_up(lookup: tuple[str, list[int], dict[int, str]]) -> Page:
        kind, ids, names = lookup
        body = client.page(f"{kind}/{_joined(ids)}", {"pagesize": NETWORK.page_size})
        if not body["items"]:
            body = client.page(f"{kind}/{_joined(ids)}", {"pagesize": NETWORK.page_size})
        page = visit.page(f"recheck {kind}", body)
        beside = {"asked": [names[id_] for id_ in ids], **page.body}
        return page._replace(body=beside, posts=len(ids), first_at=None, last_at=None)

    yield from one_by_one(lookups, looked_up)


class _Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: StackExchangeApi, window: Window, *, with_threads: bool = True) -> None:
        self.client = client
        self.window = window
        self.with_threads = with_threads
        self.tally = Tally(window)
        self.failures = Failures()
        self.reached = window.end
        """From the window's end down to here the listing has been read."""
        self.whole_after: datetime | None = None

    def search(self, words: str) -> Iterator[Page]:
        """Questions and answers of the window that are found, and the threads that they stand in."""
        sought = {"q": words, "sort": "creation", "order": "desc", **self.span()}
        for body in self.listing("search/excerpts", sought):
            yield self.page("search", body)
            if self.with_threads:
                yield from self.threads([_question(item) for item in body["items"]])
            else:
                for kind in ("question", "answer"):
                    hits = [item for item in body["items"] if isinstance(item, dict) and item.get("item_type") == kind]
                    yield from self.whole(f"{kind}s", map(parse.post_id, hits))
            self.come_to(body, "creation_date")

    def tagged(self, tags: str) -> Iterator[Page]:
        """Questions with these tags to which something happened since the window's start, and their threads."""
        begun = self.span()
        asked = {
            "tagged": tags,
            "sort": "activity",
            "order": "desc",
            "min": begun["fromdate"],
            "todate": begun["todate"],
        }
        for body in self.listing("questions", asked):
            yield self.page("questions", body)
            if self.with_threads:
                yield from self.threads([_question(item) for item in body["items"]], questions=body["items"])
            self.come_to(body, "last_activity_date")

    def span(self) -> dict[str, int]:
        """The window in whole seconds, both ends included."""
        start, end = (int(moment.replace(tzinfo=UTC).timestamp()) for moment in self.window)
        return {"fromdate": start, "todate": end - 1}

    def come_to(self, body: Mapping[str, Any], name: str) -> None:
        """Note how far the listing has been read, threads included."""
        self.reached = come_down(self.reached, [parse.moment(item, name) for item in body["items"]])
        self.whole_after = None if self.failures else self.reached

    def threads(self, ids: Iterable[int | None], questions: list[Any] | None = None) -> Iterator[Page]:
        """The threads of questions, each once a run; the questions too, unless they are given."""
        unread = [id_ for id_ in dict.fromkeys(ids) if id_ is not None and id_ not in self.client.questions_read]
        for batch in batches(unread, AT_ONCE):
            failed = len(self.failures.noted)
            items = list(questions or [])
            if questions is None:
                for page in self.whole("questions", batch):
                    yield page
                    items += page.body["answer"]["items"]
            posts = parse.beside_of(items, {})
            answers: list[Any] = []
            for page in self.below(f"questions/{_joined(batch)}/answers", "answers", posts):
                yield page
                answers += page.body["answer"]["items"]
            posts |= parse.beside_of(answers, posts)
            wanted = set(batch) | {id_ for item in answers if (id_ := parse.post_id(item)) is not None}
            for some in batches(sorted(wanted), AT_ONCE):
                yield from self.below(f"posts/{_joined(some)}/comments", "comments", posts)
            if len(self.failures.noted) == failed:
                self.client.questions_read.update(batch)

    def whole(self, kind: str, ids: Iterable[int | None]) -> Iterator[Page]:
        """Questions or answers by their ids."""
        for batch in batches([id_ for id_ in dict.fromkeys(ids) if id_ is not None], AT_ONCE):
            yield from self.below(f"{kind}/{_joined(batch)}", kind, {})

    def below(self, path: str, endpoint: str, posts: Mapping[int, Mapping[str, Any]]) -> Iterator[Page]:
        """All pages of what hangs below some posts; a failure costs these alone."""
        try:
            for body in self.pages(path, {"sort": "creation", "order": "asc"}):
                yield self.page(endpoint, body, posts)
        except SourceError as failure:
            self.failures.note(failure, self.window.start, self.unseen_to)

    def listing(self, path: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """All pages of a listing, without which the query can't go on."""
        try:
            yield from self.pages(path, asked)
        except SourceError as failure:
            if failure.unseen_from is None:
                failure.unseen_from, failure.unseen_to = self.window.start, self.unseen_to
            raise

    @property
    def unseen_to(self) -> datetime:
        """Up to where something is unseen if nothing more comes: threads that failed count from where they stood."""
        return max([self.reached, *(failure.unseen_to for failure in self.failures.noted if failure.unseen_to)])

    def pages(self, path: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The pages of a method until it has no more."""
        number = 1
        shown = Shown()
        while True:
            body = self.client.page(path, {**asked, "page": number, "pagesize": NETWORK.page_size})
            self.failures.over()
            names = {parse.name_of(self.client.site, item) for item in body["items"]}
            if not shown.add(names) and names:
                raise circles(path[:60])
            yield body
            if body.get("has_more") is False:
                return
            # An answer that doesn't say whether there is more may be the last; only an empty one is.
            if not names:
                if body.get("has_more") is True:
                    raise Truncated(f"{path[:60]}: Stack Exchange says that there is more, and shows nothing of it.")
                return
            number += 1

    def page(self, endpoint: str, body: dict[str, Any], posts: Mapping[int, Mapping[str, Any]] | None = None) -> Page:
        """The page, with what its items don't say of the posts above them. What was counted before isn't again."""
        site = self.client.site
        times = ((parse.name_of(site, item), parse.moment(item)) for item in body["items"])
        above = {_above(item) for item in body["items"]}
        beside = {str(id_): dict(told) for id_, told in (posts or {}).items() if id_ in above}
        return self.tally.page(endpoint, {"posts": beside, "answer": body}, times, seen_whole_after=self.whole_after)


def _question(item: Any) -> int | None:
    return whole(mapping(item).get("question_id"))


def _above(item: Any) -> int | None:
    """The post below which an item hangs."""
    fields = mapping(item)
    return whole(fields.get("post_id" if "comment_id" in fields else "question_id"))


def _joined(ids: Iterable[int]) -> str:
    return ";".join(map(str, ids))
