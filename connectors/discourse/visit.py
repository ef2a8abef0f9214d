"""One query or re-check of a Discourse forum at work: listings, searches, topics, and what went wrong on the way."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from connectors.contract import Page, SchemaDrift, SourceError, Truncated, Window
from connectors.discourse import records as discourse_records
from connectors.discourse.api import Client, not_a
from connectors.failures import Failures
from connectors.http_api import NotThere, Refused
from connectors.listing import come_down
from connectors.transport import excerpt

POSTS_AT_ONCE = 20
"""As many posts as a forum's own pages ask for at once."""
SEARCH_PAGES = 10
HITS_A_PAGE = 50
IDS_AT_ONCE = 50
GAPS = 40
"""Answers without posts, one after the other, after which looking on is given up."""
_WHOLE_FORUM = "posts.json"
_ALL_TIMES = "after:2000-01-01 order:latest"


class Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: Client, window: Window, *, with_threads: bool = True) -> None:
        self.client = client
        self.window = window
        self.with_threads = with_threads
        self.counted: set[tuple[int, int] | None] = set()
        self.failures = Failures()
        self.reached = window.end
        """From the window's end down to here the listing has been read."""
        self.whole_after: datetime | None = None

    def enter(self) -> None:
        """Learn the forum's categories. `CredentialsError` where it lets nobody, or not us, see anything."""
        try:
            self.client.categories()
        except SourceError as failure:
            raise self.at_listing(failure) from None
        self.failures.over()

    # Listings -----------------------------------------------------------------------------------------

    def newest(self) -> Iterator[Page]:
        """One answer of the search: the newest posts, whenever they were written."""
        yield self.search_page({"q": _ALL_TIMES})[0]

    def forum(self) -> Iterator[Page]:
        """The newest posts of the whole forum, down to the window's start, and the topics that they stand in."""
        before: int | None = None
        seen: set[int] = set()
        gaps, has_gaps = 0, False
        while True:
            posts, page = self.posts_before(before)
            yield page._replace(seen_whole_after=self.whole_after)
            ids = {id_ for post in posts if (id_ := discourse_records.whole(post.raw.get("id"))) is not None}
            if before is None and (not ids or self.is_later(posts)):
                before = yield from self.jump(min(ids)) if ids else self.newest_found()
                if before is None:
                    return
            elif ids - seen:
                seen |= ids
                has_gaps, gaps, before = has_gaps or gaps > 0, 0, min(ids)
                yield from self.threads_of(posts)
                if self.is_before_window(posts):
                    return
            elif before is not None and ids and max(ids) > before:
                raise self.at_listing(
                    SchemaDrift(f"{_WHOLE_FORUM}: the listing goes round in circles; nothing new before post {before}.")
                )
            else:
                # Newer forums have come to their end here. Older ones look among fifty ids and no further, and the
                # posts of all of these may be deleted or private.
                gaps += 1
                before = (before or 0) - IDS_AT_ONCE + 1
                if before <= 0 or (gaps == GAPS and not has_gaps):
                    return
                if gaps == GAPS:
                    said = f"{_WHOLE_FORUM}: {GAPS * IDS_AT_ONCE:,} ids in a row show no post; follow categories."
                    self.failures.note(Truncated(said), self.window.start, self.unseen_to)
                    return

    def is_before_window(self, posts: list[discourse_records.Post]) -> bool:
        """Whether a page, its threads read, lies before the window as a whole; if not, note how far it has come."""
        newest = _span(posts)[0]
        # Listed by id. A post that was moved or imported has a new one and an old time: where a page holds one, only
        # its newest post tells how far it has come, and none from before the window does.
        times = _times_by_id(posts)
        come_to = come_down(self.window.end, times) if times == sorted(times, reverse=True) else newest
        if come_to is not None and come_to >= self.window.start:
            self.reached = min(self.reached, come_to)
            self.whole_after = None if self.failures else self.reached
        return newest is not None and newest < self.window.start

    def newest_found(self) -> Generator[Page, None, int | None]:
        """The id behind the newest post that the search knows; None where it knows none."""
        page, _ = self.search_page({"q": _ALL_TIMES})
        yield page
        ids = [
            id_ for post in discourse_records.posts(page.body["answer"]) if isinstance(id_ := post.raw.get("id"), int)
        ]
        return max(ids) + 1 if ids else None

    def posts_before(self, before: int | None) -> tuple[list[discourse_records.Post], Page]:
        """The newest fifty posts, or those before an id, which itself may be among them."""
        body = self.get(_WHOLE_FORUM, {"before": before} if before else None)
        if not isinstance(body, dict) or not isinstance(body.get("latest_posts"), list):
            raise self.at_listing(not_a("list of posts", _WHOLE_FORUM, body))
        return discourse_records.posts(body), self.page("posts", body)

    def jump(self, newest: int) -> Generator[Page, None, int]:
        """Halve the ids to get behind the posts that are later than the window; the id from which to read on."""
        low, high = 0, newest
        while high - low > 4 * IDS_AT_ONCE:
            middle = (low + high) // 2
            posts, page = self.posts_before(middle)
            yield page
            if not posts:
                break
            low, high = (low, middle) if self.is_later(posts) else (middle, high)
        return high

    def is_later(self, posts: list[discourse_records.Post]) -> bool:
        """Whether all of these were written after the window."""
        oldest = _span(posts)[1]
        return oldest is not None and oldest >= self.window.end

    def listing(self, path: str) -> Iterator[Page]:
        """The topics of a category or tag where something happened since the window's start, each whole."""
        number = 0
        seen: set[int] = set()
        while True:
            body = self.get(path, {"order": "activity", "page": number})
            listed = body.get("topic_list") if isinstance(body, dict) else None
            if not isinstance(listed, dict) or not isinstance(listed.get("topics"), list):
                raise self.at_listing(not_a("list of topics", path, body))
            topics = [
                topic for topic in listed["topics"] if isinstance(topic, dict) and isinstance(topic.get("id"), int)
            ]
            if listed["topics"] and not topics:
                raise self.at_listing(not_a("list of topics with ids", path, body))
            yield self.page("topics", body, seen=len(topics))
            new = {topic["id"] for topic in topics} - seen
            if topics and not new:
                raise self.at_listing(
                    SchemaDrift(f"{path}: the listing goes round in circles; nothing new on page {number}.")
                )
            seen |= new
            yield from self.threads(topic["id"] for topic in topics if self.may_hold(topic))
            # What is pinned stands first, however old it is. That no further page is named is not the end; an empty
            # page is.
            come_to = come_down(self.window.end, [_bumped_at(topic) for topic in topics if not _is_pinned(topic)])
            self.reached = min(self.reached, come_to)
            if not topics or come_to < self.window.start:
                return
            number += 1

    def may_hold(self, topic: Mapping[str, Any]) -> bool:
        """Whether posts of the window may stand in a topic."""
        created = discourse_records.moment(topic.get("created_at"))
        active = [at for name in ("bumped_at", "last_posted_at") if (at := discourse_records.moment(topic.get(name)))]
        return not (created and created >= self.window.end) and not (active and max(active) < self.window.start)

    # Search -------------------------------------------------------------------------------------------

    def search(self, words: str) -> Iterator[Page]:
        """Topics with a post that is found, newest first, each followed by the whole topics."""
        yield from self.search_days(words, self.window.start.date(), self.window.last_day)

    def search_days(self, words: str, first: date, last: date) -> Iterator[Page]:
        """Topics found in some days, halved where there are more than are shown."""
        # `after` leaves out the very start of its day, `before` includes none of its own
        span = f"after:{first - timedelta(days=1)} before:{last + timedelta(days=1)}"
        seen: set[tuple[int, int] | None] = set()
        for number in range(1, SEARCH_PAGES + 1):
            page, has_more = self.search_page({"q": f"{words} {span} order:latest", "page": number})
            yield page
            found = discourse_records.posts(page.body["answer"])
            keys = {post.key for post in found}
            if found and not keys - seen:
                raise self.at_listing(
                    SchemaDrift(f"search.json: the search goes round in circles; nothing new on page {number}.")
                )
            seen |= keys
            # the latest post of a topic that is found; an earlier one of the window may stand behind it
            hits = [post for post in found if post.at and post.at >= self.window.start]
            if self.with_threads:
                yield from self.threads_of(hits)
            else:
                yield from self.single(hits)
            if not has_more:
                return
            self.reached = come_down(self.reached, [post.at for post in found])
        if first < last:
            middle = first + (last - first) // 2
            yield from self.search_days(words, middle + timedelta(days=1), last)
            yield from self.search_days(words, first, middle)
        else:
            self.failures.note(
                Truncated(
                    f"search.json: the forum shows no more than {SEARCH_PAGES} pages of a search; narrow the query."
                ),
                self.window.start,
                self.unseen_to,
            )

    def search_page(self, params: Mapping[str, Any]) -> tuple[Page, bool]:
        """A page of a search, and whether there are more."""
        body = self.get("search.json", params)
        grouped = body.get("grouped_search_result") if isinstance(body, dict) else None
        if not isinstance(grouped, dict) or not isinstance(body.get("posts"), list):
            raise self.at_listing(not_a("page of a search", "search.json", body))
        if grouped.get("error"):
            raise self.at_listing(
                SourceError(f"search.json: the forum says {excerpt(grouped['error'])}; run this window again later.")
            )
        is_told = "more_full_page_results" in grouped and len(body["posts"]) < HITS_A_PAGE
        has_more = bool(grouped.get("more_full_page_results")) or (bool(body["posts"]) and not is_told)
        return self.page("search", body), has_more

    def single(self, hits: list[discourse_records.Post]) -> Iterator[Page]:
        """Each of these posts alone and whole."""
        for post in hits:
            id_ = post.raw.get("id")
            if isinstance(id_, int):
                head = {name: post.topic[name] for name in ("id", "title", "category_id") if name in post.topic}
                yield from self.part("post", f"posts/{id_}.json", topic=head)

    # Topics -------------------------------------------------------------------------------------------

    def threads_of(self, posts: list[discourse_records.Post]) -> Iterator[Page]:
        """The whole topics of posts that are not later than the window, unless threads are not wanted."""
        if self.with_threads:
            said = [post for post in posts if post.key and post.at and post.is_said]
            yield from self.threads(
                post.key[0] for post in said if post.key and post.at and post.at >= self.window.start
            )

    def threads(self, topics: Iterable[int]) -> Iterator[Page]:
        """Topics with all their posts, each once a run; one that fails costs itself."""
        for topic in dict.fromkeys(topics):
            if topic not in self.client.topics_read:
                before = len(self.failures.noted)
                yield from self.thread(topic)
                if len(self.failures.noted) == before:
                    self.client.topics_read.add(topic)

    def thread(self, topic: int) -> Iterator[Page]:
        """A topic's first posts, then the rest."""
        for page in self.part("topic", f"t/{topic}.json"):
            yield page
            body = page.body["answer"]
            if not _has_stream(body):
                cut = SchemaDrift(
                    f"t/{topic}.json: the forum shows part of a topic without the ids of its other posts."
                )
                self.failures.note(cut, self.window.start, self.unseen_to)
            for ids in chunks(left_in(body)):
                yield from self.part("topic posts", f"t/{topic}/posts.json", {"post_ids[]": ids}, topic=head_of(body))

    def part(
        self, endpoint: str, path: str, params: Mapping[str, Any] | None = None, topic: Mapping[str, Any] | None = None
    ) -> Iterator[Page]:
        """A topic or a part of one; nothing where it is gone or has become private since."""
        try:
            body = self.shown(path, params)
        except (NotThere, Refused):
            self.failures.over()
        except SourceError as failure:
            self.failures.note(failure, self.window.start, self.unseen_to)
        else:
            yield self.page(endpoint, body, topic=topic)

    def shown(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A topic, a part of one, or a post."""
        body = self.client.get(path, params)
        if not isinstance(body, dict) or not body.keys() & {"post_stream", "post_number"}:
            raise not_a("topic", path, body)
        self.failures.over()
        return body

    # Asking -------------------------------------------------------------------------------------------

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """A page of a listing, without which the query can't go on."""
        try:
            answer = self.client.get(path, params)
        except SourceError as failure:
            raise self.at_listing(failure) from None
        self.failures.over()
        return answer

    def at_listing(self, failure: SourceError) -> SourceError:
        """A failure of the listing itself: what is older than it has come is unseen."""
        failure.unseen_from, failure.unseen_to = self.window.start, self.unseen_to
        return failure

    @property
    def unseen_to(self) -> datetime:
        """Up to where something is unseen if nothing more comes: threads that failed count from where they stood."""
        return max([self.reached, *(failure.unseen_to for failure in self.failures.noted if failure.unseen_to)])

    def page(self, endpoint: str, body: Any, topic: Mapping[str, Any] | None = None, seen: int | None = None) -> Page:
        """The page, with what only other answers know beside it. Posts that a page before it held don't count again."""
        posts = discourse_records.posts(body, topic)
        times = {post.key: post.at for post in posts if post.key and post.is_said}
        inside = {key: at for key, at in times.items() if at is not None and at in self.window}
        new = inside.keys() - self.counted
        self.counted |= new
        paths = self.client.categories()
        ids = {str(source.get("category_id")) for post in posts for source in (post.raw, post.topic)}
        beside: dict[str, Any] = {"categories": {id_: paths[id_] for id_ in sorted(ids) if id_ in paths}}
        if topic is not None:
            beside["topic"] = dict(topic)
        return Page(
            endpoint,
            {**beside, "answer": body},
            len(new),
            len(posts) if seen is None else seen,
            min(inside.values(), default=None),
            max(inside.values(), default=None),
        )


# Shapes -----------------------------------------------------------------------------------------------


def head_of(topic: Mapping[str, Any]) -> dict[str, Any]:
    """What the posts of a topic need to know of it."""
    names = ("id", "title", "slug", "category_id", "archetype", "deleted_at")
    head = {name: topic[name] for name in names if name in topic}
    details = topic.get("details")
    if isinstance(details, dict) and isinstance(details.get("created_by"), dict):
        head["details"] = {"created_by": {"username": details["created_by"].get("username")}}
    return head


def left_in(topic: Mapping[str, Any]) -> list[int]:
    """Ids of a topic's posts that stand in its stream but not in its answer, in order."""
    stream = topic.get("post_stream")
    ids = stream.get("stream") if isinstance(stream, dict) else None
    shown = {post.raw.get("id") for post in discourse_records.posts(topic)}
    return [id_ for id_ in ids if isinstance(id_, int) and id_ not in shown] if isinstance(ids, list) else []


def chunks(ids: list[int]) -> list[list[int]]:
    """Ids by as many as are asked for at once."""
    return [ids[start : start + POSTS_AT_ONCE] for start in range(0, len(ids), POSTS_AT_ONCE)]


def _span(posts: list[discourse_records.Post]) -> tuple[datetime | None, datetime | None]:
    times = [post.at for post in posts if post.at]
    return max(times, default=None), min(times, default=None)


def _times_by_id(posts: list[discourse_records.Post]) -> list[datetime]:
    """When the posts were written, from the highest id down."""
    by_id = {id_: post.at for post in posts if isinstance(id_ := post.raw.get("id"), int) and post.at}
    return [by_id[id_] for id_ in sorted(by_id, reverse=True)]


def _has_stream(topic: Mapping[str, Any]) -> bool:
    """Whether a topic holds all its posts or names the others."""
    stream = topic.get("post_stream")
    is_named = isinstance(stream, dict) and isinstance(stream.get("stream"), list)
    count = discourse_records.whole(topic.get("posts_count"))
    return is_named or count is None or count <= len(discourse_records.posts(topic))


def _bumped_at(topic: Mapping[str, Any]) -> datetime | None:
    return discourse_records.moment(topic.get("bumped_at")) or discourse_records.moment(topic.get("last_posted_at"))


def _is_pinned(topic: Mapping[str, Any]) -> bool:
    return topic.get("pinned") is True or topic.get("pinned_globally") is True
