"""Discourse: any forum that runs it, by search, by category or tag, or all of it; each topic with all its posts.

The forum's own JSON is asked, as its pages do. A search shows one post of a topic, and only the start of it, so the
topics found are read whole. The newest posts of the whole forum, fifty at a time, are the cheapest way to follow a
forum of one's own. Posts of the last days are looked at again with their topics; a post that has left its topic is
asked for once more by itself before it counts as deleted.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from connectors.contract import (
    ApiUrl,
    CredentialsError,
    Known,
    Listening,
    Network,
    Page,
    Query,
    Record,
    Shape,
    SourceError,
    SourceSettings,
    Window,
)
from connectors.discourse import records as discourse_records
from connectors.discourse.api import Client, ForumApi
from connectors.discourse.visit import Visit, chunks, head_of, left_in
from connectors.http_api import NotThere, Refused
from connectors.searching import searches
from connectors.transport import checked_credentials, excerpt, new_session, variable
from query.search_syntax import SearchSyntax

NETWORK = Network(
    name="discourse",
    title="Discourse",
    page_size=50,
    limits="each forum sets its own; by default 200 requests a minute and 50 in ten seconds for each address, "
    "8 searches a minute without a key and 30 with one, 20 requests a minute for a user API key; 500 topics a search",
    reaches_back="to the forum's beginning",
    source_url="https://docs.discourse.org",
    credentials={
        "api_key": "API key, made by an admin of the forum; goes with api_username",
        "api_username": "the user as whom the API key reads",
        "user_api_key": "instead of these two: a user API key with the scope `read`",
    },
    optional=frozenset({"api_key", "api_username", "user_api_key"}),
    pace_seconds=0.35,
    recheck_size=20,
    setup="""What everybody can read needs no credentials. For categories that only members see, one of:

1. An admin makes a key under *Admin → API → New API key*: user level *Single user*, a user who can read what you
   want to hear and nothing more, scope *Read-only*. Set `…_API_KEY` and `…_API_USERNAME`.
2. A member makes a user API key with the scope `read`. It is slower: 20 requests a minute. Set `…_USER_API_KEY`.
""",
    cannot=(
        "Private messages, whispers among staff, and the notes of the software itself (closed, pinned) are left out.",
        "A search finds one post in each topic; without `threads` the others that match are missed.",
        "A search reads the forum's own index: words shorter than three letters and categories left out aren't found.",
        "A post that is moved to another topic counts as deleted there and as new where it goes.",
        "Which answer was accepted as the solution, and who liked a post.",
        "Posts that were hidden after flags count as deleted until the forum shows them again.",
        "An account that changes its name is another author from then on.",
    ),
    handle=Shape(r"[\w.-]+", "mira"),
    community=Shape(r"[^\s/]+/\S+", "forum.example.com/help"),
)

SEARCH_SYNTAX = SearchSyntax(
    longest=200,
    or_=None,
    not_=None,
    group=None,
    wildcards="end",  # every word is the beginning of one there
    tag="{}",  # #name asks for a category
    handle="{}",  # @name asks for an author
    fields={"author": "@{}"},
    signs=False,
)

_SEARCH_PACE = 7.6
"""Seconds between two searches without a key, of which eight a minute are allowed."""
_USER_KEY_PACE = 3.1
_CANARY = Query("the newest posts by search", "after:2000-01-01")
_FEED = re.compile(r"(category|tag):(\S+)")
_WHOLE_FORUM = "posts:"


def _path(text: str) -> str:
    if not re.fullmatch(r"[^\s/?#]+(/[^\s/?#]+){0,3}", text):
        raise ValueError(
            f"{text!r} is no category; write it as in its address, without /c/: 'help', 'help/lamps' or 'help/lamps/12'"
        )
    return text.lower()


def _tag(text: str) -> str:
    if not re.fullmatch(r"[^\s/?#]+", text):
        raise ValueError(f"{text!r} is no tag; write it as in its address, without /tag/ and #")
    return text.lower()


class Settings(SourceSettings):
    """A source on a Discourse forum."""

    type: Literal["discourse"]
    site: ApiUrl = Field(description="address of the forum, `https://forum.example.com`")
    search: bool = Field(True, description="search the forum for the brands' terms")
    everything: bool = Field(False, description="follow every post of the forum")
    categories: tuple[Annotated[str, AfterValidator(_path)], ...] = Field(
        (), description="categories to follow, as in their addresses: `help`, `help/lamps`"
    )
    tags: tuple[Annotated[str, AfterValidator(_tag)], ...] = Field((), description="tags to follow")
    threads: bool = Field(
        True, description="read the whole topic of each post found; topics of categories and tags are always read whole"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Settings":
        if not (self.search or self.everything or self.categories or self.tags):
            raise ValueError("set search = true or everything = true, or name categories or tags")
        return self

    @property
    def address(self) -> str:
        """The forum's own address, without a slash at its end."""
        return str(self.site).rstrip("/")


def queries(settings: Settings, listening: Listening) -> list[Query]:
    """The searches for the brands and their teams, then the whole forum, each category and each tag."""
    asked = searches(listening, SEARCH_SYNTAX) if settings.search else []
    if settings.everything:
        asked.append(Query("all posts", _WHOLE_FORUM))
    asked += [Query(f"category {path}", f"category:{path}") for path in dict.fromkeys(settings.categories)]
    asked += [Query(f"tag {tag}", f"tag:{tag}") for tag in dict.fromkeys(settings.tags)]
    return asked


def canary(settings: Settings) -> Query:  # noqa: ARG001 - part of the contract
    """The newest posts that the search knows, whenever they were written."""
    return _CANARY


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
    title = f"the forum {discourse_records.place_of(settings.address).rstrip('/')}"
    reader, searcher = (ForumApi(title, session, pace) for pace in (least, between_searches))
    return Client(reader, searcher, instead or settings.address, headers)


def fetch(client: Client, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """Pages of a listing or search, the newest first, each followed by the topics that it leads to.

    Topics that fail cost themselves. `Truncated` at the end where the forum shows no more.
    """
    visit = Visit(client, window, with_threads=settings.threads)
    visit.enter()
    feed = _FEED.fullmatch(query.text)
    if query == _CANARY:
        yield from visit.newest()
    elif query.text == _WHOLE_FORUM:
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
        if key := discourse_records.key_of(settings.address, entry.mention_id):
            asked[key[0]][key[1]] = entry.mention_id
    for topic, numbers in asked.items():
        try:
            yield from _topic_again(visit, topic, numbers)
        except Refused:
            visit.failures.over()
        except SourceError as failure:
            visit.failures.note(failure)
    visit.failures.raise_noted()


def _topic_again(visit: Visit, topic: int, numbers: dict[int, str]) -> Iterator[Page]:
    try:
        body = visit.shown(f"t/{topic}.json")
    except NotThere:
        visit.failures.over()
        yield _gone("recheck topic", list(numbers.values()))
        return
    head, wanted = head_of(body), dict(numbers)
    yield _again(visit, "recheck topic", body, wanted)
    # What is asked for is of the last days, and so stands at the end.
    for ids in reversed(chunks(left_in(body))):
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
    visit: Visit, endpoint: str, body: Any, wanted: dict[int, str], topic: Mapping[str, Any] | None = None
) -> Page:
    """A page of a re-check; what it tells of is no longer wanted."""
    page = visit.page(endpoint, body, topic)
    shown = {post.key[1] for post in discourse_records.posts(body, topic) if post.key}
    told = [wanted.pop(number) for number in sorted(wanted.keys() & shown)]
    return page._replace(body={"asked": told, **page.body}, posts=len(told), first_at=None, last_at=None)


def _gone(endpoint: str, mention_ids: list[str]) -> Page:
    return Page(endpoint, {"asked": mention_ids, "answer": None}, posts=len(mention_ids), seen=len(mention_ids))


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of a page. What can't be read is a `Misfit`."""
    return discourse_records.records(page, settings.address if settings else None)
