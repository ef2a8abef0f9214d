"""Stack Exchange: questions, answers and comments of Stack Overflow or any other site of the network.

Questions are followed by tag, by what happened to them last, and the brands' terms are searched in questions and
answers. Either way the whole thread follows, a hundred questions at a time: the question, its answers, and the comments
below all of them. Posts of the last days are looked at again by their ids, a hundred a call.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import (
    Known,
    Listening,
    Network,
    Page,
    Query,
    Record,
    SchemaDrift,
    Shape,
    SourceError,
    SourceSettings,
    Truncated,
    Window,
)
from connectors.failures import Failures
from connectors.listing import come_down
from connectors.searching import searches
from connectors.stackexchange import records as stackexchange_records
from connectors.stackexchange.api import StackExchangeApi
from connectors.transport import checked_credentials, new_session
from query.search_syntax import SearchSyntax

NETWORK = Network(
    name="stackexchange",
    title="Stack Exchange",
    page_size=100,
    limits="300 requests a day for each address, 10,000 with a key, which also shows pages beyond the 25th; "
    "a method that asks for a pause (`backoff`) gets it",
    reaches_back="to each site's beginning",
    source_url="https://api.stackexchange.com/docs",
    credentials={"key": "request key of an app registered at stackapps.com"},
    optional=frozenset({"key"}),
    pace_seconds=0.1,
    recheck_size=100,
    setup="""It answers without credentials, 300 times a day for everything behind one address. For more:

1. Register an app at <https://stackapps.com/apps/oauth/register>; any website will do as its domain.
2. Set `…_KEY` to its *Key*. No client secret and no login are needed.
""",
    cannot=(
        "Comments where nothing else happened: they don't move their question in the list by tag, and no search finds "
        "them.",
        "Who has seen or voted on a post; its score is the votes for it less those against.",
        "What a deleted post said, or by whom; deleted authors keep a name only.",
        "When a comment was edited.",
        "Texts without their licence, CC BY-SA: who shows them names the author, the link and the licence.",
    ),
    community=Shape(r"[\w.-]+", "gardening"),
)

SEARCH_SYNTAX = SearchSyntax(
    longest=200,
    or_=None,
    not_=None,
    group=None,
    wildcards="end",
    tag="{}",
    handle="{}",
    fields={},
    signs=False,
)

HOME = "https://api.stackexchange.com/2.3"
PAGE_SIZE = 100
AT_ONCE = 100
"""Most ids that one call may name."""
_TAGGED = re.compile(r"tagged:(\S+)")
_CANARY = Query("the newest with a common word", "how")


def _site(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,60}", text):
        raise ValueError(f"{text!r} is no site; write it as in 'gardening' for gardening.stackexchange.com")
    return text


def _tags(text: str) -> str:
    if not re.fullmatch(r"[^\s;\[\]]{1,60}(;[^\s;\[\]]{1,60}){0,4}", text):
        raise ValueError(f"{text!r} is no tag; write 'arduino', or 'arduino;wifi' for questions with both")
    return text.lower()


class Settings(SourceSettings):
    """A source on a site of Stack Exchange."""

    type: Literal["stackexchange"]
    site: Annotated[str, AfterValidator(_site)] = Field(
        "stackoverflow", description="site, as in its address: `stackoverflow`, `gardening`, `meta.superuser`"
    )
    search: bool = Field(True, description="search questions and answers for the brands' terms")
    tags: tuple[Annotated[str, AfterValidator(_tags)], ...] = Field(
        (), description="tags to follow; `arduino;wifi` for questions that have both"
    )
    threads: bool = Field(True, description="read the answers and comments of each question that is found")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not self.search and not self.tags:
            raise ValueError("set search = true, or name tags to follow")
        return self


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands, then a query for each tag."""
    asked = searches(listening, SEARCH_SYNTAX) if settings.search else []
    return asked + [Query(f"tag {tags}", f"tagged:{tags}") for tags in dict.fromkeys(settings.tags)]


def canary(settings: Settings) -> Query:  # noqa: ARG001 - part of the contract
    """The newest posts with the word `how`, whenever they were written."""
    return _CANARY


def connect(settings: Settings, credentials: Mapping[str, str]) -> StackExchangeApi:
    """A client of one site, with or without a key. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    instead = str(settings.api).rstrip("/") if settings.api else None
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    pace = NETWORK.pace_seconds if settings.pace is None else settings.pace
    return StackExchangeApi(session, pace, instead or HOME, settings.site, found.get("key"))


def fetch(client: StackExchangeApi, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a search or a tag, the newest first, each followed by the threads that it leads to.

    Threads that fail cost themselves.
    """
    visit = _Visit(client, window, with_threads=settings.threads)
    tagged = _TAGGED.fullmatch(query.text)
    if query == _CANARY:
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
    for kind, names in asked.items():
        for ids in _batches(names):
            try:
                body = client.page(f"{kind}/{_joined(ids)}", {"pagesize": PAGE_SIZE})
                if not body["items"]:
                    body = client.page(f"{kind}/{_joined(ids)}", {"pagesize": PAGE_SIZE})
            except SourceError as failure:
                visit.failures.note(failure)
                continue
            visit.failures.over()
            page = visit.page(f"recheck {kind}", body)
            beside = {"asked": [names[id_] for id_ in ids], **page.body}
            yield page._replace(body=beside, posts=len(ids), first_at=None, last_at=None)
    visit.failures.raise_noted()


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and replies of a page. What can't be read is a `Misfit`."""
    return stackexchange_records.records(page, settings.site if settings else None)


# Asking -----------------------------------------------------------------------------------------------


class _Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: StackExchangeApi, window: Window, *, with_threads: bool = True) -> None:
        self.client = client
        self.window = window
        self.with_threads = with_threads
        self.counted: set[str] = set()
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
                    yield from self.whole(f"{kind}s", map(stackexchange_records.post_id, hits))
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
        self.reached = come_down(self.reached, [stackexchange_records.moment(item, name) for item in body["items"]])
        self.whole_after = None if self.failures else self.reached

    def threads(self, ids: Iterable[int | None], questions: list[Any] | None = None) -> Iterator[Page]:
        """The threads of questions, each once a run; the questions too, unless they are given."""
        unread = [id_ for id_ in dict.fromkeys(ids) if id_ is not None and id_ not in self.client.questions_read]
        for batch in _batches(unread):
            failed = len(self.failures.noted)
            items = list(questions or [])
            if questions is None:
                for page in self.whole("questions", batch):
                    yield page
                    items += page.body["answer"]["items"]
            posts = stackexchange_records.beside_of(items, {})
            answers: list[Any] = []
            for page in self.below(f"questions/{_joined(batch)}/answers", "answers", posts):
                yield page
                answers += page.body["answer"]["items"]
            posts |= stackexchange_records.beside_of(answers, posts)
            wanted = set(batch) | {id_ for item in answers if (id_ := stackexchange_records.post_id(item)) is not None}
            for some in _batches(sorted(wanted)):
                yield from self.below(f"posts/{_joined(some)}/comments", "comments", posts)
            if len(self.failures.noted) == failed:
                self.client.questions_read.update(batch)

    def whole(self, kind: str, ids: Iterable[int | None]) -> Iterator[Page]:
        """Questions or answers by their ids."""
        for batch in _batches([id_ for id_ in dict.fromkeys(ids) if id_ is not None]):
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
        seen: set[str | None] = set()
        while True:
            body = self.client.page(path, {**asked, "page": number, "pagesize": PAGE_SIZE})
            self.failures.over()
            names = {stackexchange_records.name_of(self.client.site, item) for item in body["items"]}
            if names and names <= seen:
                raise SchemaDrift(f"{path[:60]}: nothing new on page {number}; the listing goes round in circles.")
            seen |= names
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
        times = {
            name: at
            for item in body["items"]
            if (at := stackexchange_records.moment(item))
            and (name := stackexchange_records.name_of(self.client.site, item))
        }
        inside = {name: at for name, at in times.items() if at in self.window}
        new = inside.keys() - self.counted
        self.counted |= new
        above = {_above(item) for item in body["items"]}
        beside = {str(id_): dict(told) for id_, told in (posts or {}).items() if id_ in above}
        return Page(
            endpoint,
            {"posts": beside, "answer": body},
            len(new),
            len(body["items"]),
            min(inside.values(), default=None),
            max(inside.values(), default=None),
            seen_whole_after=self.whole_after,
        )


def _question(item: Any) -> int | None:
    return stackexchange_records.whole(item.get("question_id")) if isinstance(item, dict) else None


def _above(item: Any) -> int | None:
    """The post below which an item hangs."""
    fields = item if isinstance(item, dict) else {}
    return stackexchange_records.whole(fields.get("post_id" if "comment_id" in fields else "question_id"))


def _joined(ids: Iterable[int]) -> str:
    return ";".join(map(str, ids))


def _batches(ids: Iterable[int]) -> list[list[int]]:
    listed = list(ids)
    return [listed[start : start + AT_ONCE] for start in range(0, len(listed), AT_ONCE)]
