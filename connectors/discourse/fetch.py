"""One query or re-check of a Discourse forum at work: listings, searches, topics, and what went wrong on the way."""

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from connectors.contract import CredentialsError, Known, Page, Query, SchemaDrift, SourceError, Truncated, Window
from connectors.discourse import CANARY, NETWORK, WHOLE_FORUM, Settings, parse
from connectors.discourse.api import Client, ForumApi, shut_out
from connectors.failures import Failures
from connectors.http_api import NotThere, Refused
from connectors.listing import come_down
from connectors.pages import Shown, Tally, batches, circles, unexpected
from connectors.transport import checked_credentials, excerpt, new_session, variable
from connectors.values import iso_moment, whole

POSTS_AT_ONCE = 20
"""As many posts as a forum's own pages ask for at once."""
SEARCH_PAGES = 10
HITS_A_PAGE = 50
IDS_AT_ONCE = 50
GAPS = 40
"""Answers without posts, one after the other, after which looking on is given up."""
_NEWEST_POSTS = "posts.json"
_ALL_TIMES = "after:2000-01-01 order:latest"
_SEARCH_PACE = 7.6
"""Seconds between two searches without a key, of which eight a minute are allowed."""
_USER_KEY_PACE = 3.1
_FEED = re.compile(r"(category|tag):(\S+)")


def connect(settings: Settings, credentials: Mapping[str, str]) -> Client:
    """A client of the forum, with or without credentials. Nothing is sent."""
    found = checked_credentials(NETWORK, settings, credentials)
    if ("api_key" in found) != ("api_username" in found):
        missing = "api_username" if "api_key" in found else "api_key"
        raise CredentialsError(
            f"source {settings.id!r}: an API key of Discourse goes with the user as whom it reads; set "
            f"{variable(settings, missing)}."
        )
    headers, least, between_searches = {"Accept": "application/json"}, NETWORK.pace_seconds, _SEARCH_PACE
    if "api_key" in found:
        headers |= {"Api-Key": found["api_key"], "Api-Username": found["api_username"]}
        between_searches = 2.1
    elif "user_api_key" in found:
        headers["User-Api-Key"] = found["user_api_key"]
        least = between_searches = _USER_KEY_PACE
    if settings.pace is not None:
        least = between_searches = settings.pace
    instead = str(settings.api).rstrip("/") if settings.api else None
    session = new_session(instead=instead, user_agent="earshot (social listening)")
    title = f"the forum {parse.place_of(settings.address).rstrip('/')}"
    reader, searcher = (ForumApi(title, session, pace) for pace in (least, between_searches))
    return Client(reader, searcher, instead or settings.address, headers)


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a listing or search, the newest first, each followed by the topics that it leads to.

    Topics that fail cost themselves. `Truncated` at the end where the forum shows no more.
    """
    visit = Visit(client, window, with_threads=settings.threads)
    visit.enter()
    feed = _FEED.fullmatch(query.text)
    if query == CANARY:
        yield from visit.newest()
    elif query.text == WHOLE_FORUM:
        yield from visit.forum()
    elif feed and feed[1] == "category":
        yield from visit.listing(_listing_of(client, feed[2]))
    elif feed:
        yield from visit.listing(f"tag/{feed[2]}/l/latest.json")
    else:
        yield from visit.search(query.text)
    visit.failures.raise_noted()


def _listing_of(client: Client, path: str) -> str:
    """Where a category lists its topics. `NotThere` says which categories there are."""
    if re.search(r"/[0-9]+$", path):
        return f"c/{path}/l/latest.json"
    paths = client.categories()
    found = next((id_ for id_, known in paths.items() if known.lower() == path), None)
    if found is None:
        there = excerpt(", ".join(sorted(paths.values())), 300) if paths else "none that we may see"
        raise NotThere(f"the forum has no category {path!r}; there are {there}.")
    return f"c/{path}/{found}/l/latest.json"


def recheck(client: Client, settings: Settings, known: Sequence[Known]) -> Iterator[Page]:
    """The topics of what is known as they are now; then, one by one, posts that are no longer in them.

    A topic or post that has become private tells nothing: what was read of it stays.
    """
    visit = Visit(client, Window(datetime.min, datetime.max))
    asked: dict[int, dict[int, str]] = defaultdict(dict)
    for entry in known:
        if key := parse.key_of(settings.address, entry.mention_id):
            asked[key[0]][key[1]] = entry.mention_id
    for topic, numbers in asked.items():
        try:
            yield from _topic_again(visit, topic, numbers)
        except Refused:
            visit.failures.over()
        except SourceError as failure:
            visit.failures.note(failure)
    visit.failures.raise_noted()


def _topic_again(visit: "Visit", topic: int, numbers: dict[int, str]) -> Iterator[Page]:
    try:
        body = visit.shown(f"t/{topic}.json")
    except NotThere:
        visit.failures.over()
        yield _gone("recheck topic", list(numbers.values()))
        return
    head, wanted = head_of(body), dict(numbers)
    yield _again(visit, "recheck topic", body, wanted)
    # What is asked for is of the last days, and so stands at the end.
    for ids in reversed(list(batches(left_in(body), POSTS_AT_ONCE))):
        if not wanted:
            return
        rest = visit.shown(f"t/{topic}/posts.json", {"post_ids[]": ids})
        yield _again(visit, "recheck posts", rest, wanted, head)
    for number, mention_id in wanted.items():
        path = f"posts/by_number/{topic}/{number}.json"
        try:
            yield _again(visit, "recheck post", visit.shown(path), {number: mention_id}, head)
        except NotThere:
            yield _gone("recheck post", [mention_id])
        except Refused:
            continue


def _again(
    visit: "Visit", endpoint: str, body: Any, wanted: dict[int, str], topic: Mapping[str, Any] | None = None
) -> Page:
    """A page of a re-check; what it tells of is no longer wanted."""
    page = visit.page(endpoint, body, topic)
    shown = {post.key[1] for post in parse.posts(body, topic) if post.key}
    told = [wanted.pop(number) for number in sorted(wanted.keys() & shown)]
    return page._replace(body={"asked": told, **page.body}, posts=len(told), first_at=None, last_at=None)


def _gone(endpoint: str, mention_ids: list[str]) -> Page:
    return Page(endpoint, {"asked": mention_ids, "answer": None}, posts=len(mention_ids), seen=len(mention_ids))


class Visit:
    """One query at work: what it has counted, and what went wrong on the way."""

    def __init__(self, client: Client, window: Window, *, with_threads: bool = True) -> None:
        self.client = client
        self.window = window
        self.with_threads = with_threads
        self.tally = Tally(window)
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
        shown = Shown()
        gaps, has_gaps = 0, False
        while True:
            posts, page = self.posts_before(before)
            yield page._replace(seen_whole_after=self.whole_after)
            ids = {id_ for post in posts if (id_ := whole(post.raw.get("id"))) is not None}
            if before is None and (not ids or self.is_later(posts)):
                before = yield from self.jump(min(ids)) if ids else self.newest_found()
                if before is None:
                    return
            elif shown.add(ids):
                has_gaps, gaps, before = has_gaps or gaps > 0, 0, min(ids)
                yield from self.threads_of(posts)
                if self.is_before_window(posts):
                    return
            elif before is not None and ids and max(ids) > before:
                raise self.at_listing(circles(_NEWEST_POSTS))
            else:
                # Newer forums have come to their end here. Older ones look among fifty ids and no further, and the
                # posts of all of these may be deleted or private.
                gaps += 1
                before = (before or 0) - IDS_AT_ONCE + 1
                if before <= 0 or (gaps == GAPS and not has_gaps):
                    return
                if gaps == GAPS:
                    said = f"{_NEWEST_POSTS}: {GAPS * IDS_AT_ONCE:,} ids in a row show no post; follow categories."
                    self.failures.note(Truncated(said), self.window.start, self.unseen_to)
                    return

    def is_before_window(self, posts: list[parse.Post]) -> bool:
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
        ids = [id_ for post in parse.posts(page.body["answer"]) if isinstance(id_ := post.raw.get("id"), int)]
        return max(ids) + 1 if ids else None

    def posts_before(self, before: int | None) -> tuple[list[parse.Post], Page]:
        """The newest fifty posts, or those before an id, which itself may be among them."""
        try:
            body = self.get(_NEWEST_POSTS, {"before": before} if before else None)
        except Refused as refusal:
            # what a key no longer opens is refused in the words in which a single post is
            is_shut_out = refusal.code == 403 and self.client.headers.keys() & {"Api-Key", "User-Api-Key"}
            raise self.at_listing(shut_out(refusal) if is_shut_out else refusal) from None
        if not isinstance(body, dict) or not isinstance(body.get("latest_posts"), list):
            raise self.at_listing(unexpected("the forum", body, "a list of posts", _NEWEST_POSTS))
        return parse.posts(body), self.page("posts", body)

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

    def is_later(self, posts: list[parse.Post]) -> bool:
        """Whether all of these were written after the window."""
        oldest = _span(posts)[1]
        return oldest is not None and oldest >= self.window.end

    def listing(self, path: str) -> Iterator[Page]:
        """The topics of a category or tag where something happened since the window's start, each whole."""
        number, shown = 0, Shown()
        while True:
            body = self.get(path, {"order": "activity", "page": number})
            listed = body.get("topic_list") if isinstance(body, dict) else None
            if not isinstance(listed, dict) or not isinstance(listed.get("topics"), list):
                raise self.at_listing(unexpected("the forum", body, "a list of topics", path))
            topics = [
                topic for topic in listed["topics"] if isinstance(topic, dict) and isinstance(topic.get("id"), int)
            ]
            if listed["topics"] and not topics:
                raise self.at_listing(unexpected("the forum", body, "a list of topics with ids", path))
            yield self.page("topics", body, seen=len(topics))
            if not shown.add(topic["id"] for topic in topics) and topics:
                raise self.at_listing(circles(path))
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
        created = iso_moment(topic.get("created_at"))
        active = [at for name in ("bumped_at", "last_posted_at") if (at := iso_moment(topic.get(name)))]
        return not (created and created >= self.window.end) and not (active and max(active) < self.window.start)

    # Search -------------------------------------------------------------------------------------------

    def search(self, words: str) -> Iterator[Page]:
        """Topics with a post that is found, newest first, each followed by the whole topics."""
        yield from self.search_days(words, self.window.start.date(), self.window.last_day)

    def search_days(self, words: str, first: date, last: date) -> Iterator[Page]:
        """Topics found in some days, halved where there are more than are shown."""
        # `after` leaves out the very start of its day, `before` includes none of its own
        span = f"after:{first - timedelta(days=1)} before:{last + timedelta(days=1)}"
        shown = Shown()
        for number in range(1, SEARCH_PAGES + 1):
            page, has_more = self.search_page({"q": f"{words} {span} order:latest", "page": number})
            yield page
            found = parse.posts(page.body["answer"])
            if not shown.add(post.key for post in found) and found:
                raise self.at_listing(circles("search.json"))
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
            raise self.at_listing(unexpected("the forum", body, "a page of a search", "search.json"))
        if grouped.get("error"):
            raise self.at_listing(
                SourceError(f"search.json: the forum says {excerpt(grouped['error'])}; run this window again later.")
            )
        is_told = "more_full_page_results" in grouped and len(body["posts"]) < HITS_A_PAGE
        has_more = bool(grouped.get("more_full_page_results")) or (bool(body["posts"]) and not is_told)
        return self.page("search", body), has_more

    def single(self, hits: list[parse.Post]) -> Iterator[Page]:
        """Each of these posts alone and whole."""
        for post in hits:
            id_ = post.raw.get("id")
            if isinstance(id_, int):
                head = {name: post.topic[name] for name in ("id", "title", "category_id") if name in post.topic}
                yield from self.part("post", f"posts/{id_}.json", topic=head)

    # Topics -------------------------------------------------------------------------------------------

    def threads_of(self, posts: list[parse.Post]) -> Iterator[Page]:
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
            for ids in batches(left_in(body), POSTS_AT_ONCE):
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
            raise unexpected("the forum", body, "a topic", path)
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
        posts = parse.posts(body, topic)
        paths = self.client.categories()
        ids = {str(source.get("category_id")) for post in posts for source in (post.raw, post.topic)}
        beside: dict[str, Any] = {"categories": {id_: paths[id_] for id_ in sorted(ids) if id_ in paths}}
        if topic is not None:
            beside["topic"] = dict(topic)
        shown = ((post.key, post.at if post.is_said else None) for post in posts)
        page = self.tally.page(endpoint, {**beside, "answer": body}, shown)
        return page if seen is None else page._replace(seen=seen)


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
    shown = {post.raw.get("id") for post in parse.posts(topic)}
    return [id_ for id_ in ids if isinstance(id_, int) and id_ not in shown] if isinstance(ids, list) else []


def _span(posts: list[parse.Post]) -> tuple[datetime | None, datetime | None]:
    times = [post.at for post in posts if post.at]
    return max(times, default=None), min(times, default=None)


def _times_by_id(posts: list[parse.Post]) -> list[datetime]:
    """When the posts were written, from the highest id down."""
    by_id = {id_: post.at for post in posts if isinstance(id_ := post.raw.get("id"), int) and post.at}
    return [by_id[id_] for id_ in sorted(by_id, reverse=True)]


def _has_stream(topic: Mapping[str, Any]) -> bool:
    """Whether a topic holds all its posts or names the others."""
    stream = topic.get("post_stream")
    is_named = isinstance(stream, dict) and isinstance(stream.get("stream"), list)
    count = whole(topic.get("posts_count"))
    return is_named or count is None or count <= len(parse.posts(topic))


def _bumped_at(topic: Mapping[str, Any]) -> datetime | None:
    return iso_moment(topic.get("bumped_at")) or iso_moment(topic.get("last_posted_at"))


def _is_pinned(topic: Mapping[str, Any]) -> bool:
    return topic.get("pinned") is True or topic.get("pinned_globally") is True
