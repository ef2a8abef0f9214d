"""Hacker News' two APIs: Algolia's search by date below `/algolia`, the official API's items below `/firebase`.

Shapes follow recorded answers of 2014 to 2022; `children` and `updated_at` came later and follow their description.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, timedelta
from math import ceil
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.world import World, epoch

FIRST_ID = 47_000_000
HITS_SHOWN = 1000
HITS_A_PAGE = 1000
COUNTS_PAGES = True
"""Else it says that there is one page, however many there are."""
LONGEST_QUERY = 512
REQUESTS_AN_HOUR = 10_000
_HOUR = 3600
_ON_FRONT_PAGE = timedelta(days=1)
_POINTS_FOR_FRONT_PAGE = 30
_ATTRIBUTES = "title,story_text,comment_text,url,author"
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "=": lambda left, right: left == right,
}


class _RefusedError(Exception):
    """A parameter that Algolia refuses."""


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/algolia/api/v1/search_by_date", _search(world)),
        Route("/firebase/v0/item/{item}.json", _item(world)),
    ]


def item_id(post: Post) -> int:
    """The number that Hacker News gives to a post."""
    return FIRST_ID + int(post.id, 36)


# Search -----------------------------------------------------------------------------------------------


def _search(world: World) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        if world.count("hackernews", _HOUR) > REQUESTS_AN_HOUR:
            return JSONResponse({"message": "Too Many Requests", "status": 429}, 429)
        try:
            return JSONResponse(_page(world, dict(request.query_params)))
        except _RefusedError as error:
            return JSONResponse({"message": str(error), "status": 400}, 400)

    return respond


def _page(world: World, asked: dict[str, str]) -> dict[str, Any]:
    size = min(HITS_A_PAGE, _number(asked, "hitsPerPage", 20))
    number = _number(asked, "page", 0)
    echo = {"query": asked.get("query", ""), "params": "&".join(f"{name}={value}" for name, value in asked.items())}
    if size and number * size >= HITS_SHOWN:
        said = f"you can only fetch the {HITS_SHOWN} hits for this query. contact us to increase the limit"
        return {"hits": [], "nbHits": 0, "page": number, "nbPages": 0, "hitsPerPage": size, "message": said, **echo}
    wanted = [
        _words_wanted(asked),
        _tags_wanted(asked.get("tags", "")),
        _numbers_wanted(asked.get("numericFilters", "")),
    ]
    hits = [_hit(world, post) for post in reversed(world.community.on("hackernews")) if world.is_visible(post)]
    found = [hit for hit in hits if all(is_wanted(hit) for is_wanted in wanted)]
    found.sort(key=lambda hit: hit["created_at_i"], reverse=True)
    return {
        "hits": found[number * size : (number + 1) * size],
        "nbHits": len(found),
        "page": number,
        "nbPages": (ceil(min(len(found), HITS_SHOWN) / size) if size else 0) if COUNTS_PAGES else 1,
        "hitsPerPage": size,
        "exhaustiveNbHits": True,
        "exhaustiveTypo": True,
        "processingTimeMS": 1,
        **echo,
    }


def _number(asked: dict[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isdecimal():
        raise _RefusedError(f"Invalid value for {name!r}, expected an unsigned integer")
    return int(text)


def _words_wanted(asked: dict[str, str]) -> Callable[[dict[str, Any]], bool]:
    query = asked.get("query", "")
    if len(query.encode()) > LONGEST_QUERY:
        raise _RefusedError(f"query string is too long: {len(query.encode())} bytes, the limit is {LONGEST_QUERY}")
    attributes = asked.get("restrictSearchableAttributes", _ATTRIBUTES).split(",")
    kind = asked.get("queryType", "prefixLast")
    terms = re.findall(r'(-?)(?:"([^"]*)"|(\S+))', query)
    wanted: list[tuple[bool, list[str], bool]] = []
    for place, (minus, phrase, word) in enumerate(terms, 1):
        is_prefix = not phrase and (kind == "prefixAll" or (kind == "prefixLast" and place == len(terms)))
        wanted.append((not minus, _words(phrase or word), is_prefix))

    def is_wanted(hit: dict[str, Any]) -> bool:
        texts = [_words(html.unescape(re.sub(r"<[^>]+>", " ", hit[name] or ""))) for name in attributes]
        return all(
            any(_holds(text, words, is_prefix=is_prefix) for text in texts) is has_to
            for has_to, words, is_prefix in wanted
        )

    return is_wanted


def _words(text: str) -> list[str]:
    """Words as the index has them: small, without accents."""
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(letter)
    )
    return re.findall(r"\w+", plain)


def _holds(text: list[str], words: list[str], *, is_prefix: bool) -> bool:
    """Whether the words stand in a text one after the other; the last may be the beginning of one."""
    for start in range(len(text) - len(words) + 1):
        piece = text[start : start + len(words)]
        if piece == words or (is_prefix and words and piece[:-1] == words[:-1] and piece[-1].startswith(words[-1])):
            return True
    return False


def _tags_wanted(told: str) -> Callable[[dict[str, Any]], bool]:
    """Commas between tags mean AND, within brackets OR."""
    groups = [group.strip("()").split(",") for group in re.findall(r"\([^)]*\)|[^,()]+", told)]
    return lambda hit: all(any(tag in hit["_tags"] for tag in group) for group in groups)


def _numbers_wanted(told: str) -> Callable[[dict[str, Any]], bool]:
    conditions = []
    for condition in filter(None, told.split(",")):
        parts = re.fullmatch(r"(created_at_i|points|num_comments)(>=|<=|>|<|=)(-?\d+)", condition)
        if not parts:
            raise _RefusedError(f"invalid numeric filter: {condition}")
        conditions.append((parts[1], _COMPARED[parts[2]], int(parts[3])))
    return lambda hit: all(compare(hit[name] or 0, number) for name, compare, number in conditions)


def _hit(world: World, post: Post) -> dict[str, Any]:
    community = world.community
    root = community.root(post)
    kind = _type(post)
    number = item_id(post)
    is_comment = kind == "comment"
    text = _html(post.text_at(world.now))
    tags = [kind, f"author_{post.by}", f"story_{item_id(root)}"]
    if kind == "story":
        title = post.title or ""
        tags += [tag for start, tag in (("Show HN", "show_hn"), ("Ask HN", "ask_hn")) if title.startswith(start)]
        if world.now - post.at < _ON_FRONT_PAGE and post.likes >= _POINTS_FOR_FRONT_PAGE:
            tags.append("front_page")
    return {
        "_tags": tags,
        "author": post.by,
        "children": [item_id(answer) for answer in community.answers.get(post.id, ()) if world.is_visible(answer)],
        "comment_text": text if is_comment else None,
        "created_at": f"{post.at:%Y-%m-%dT%H:%M:%SZ}",
        "created_at_i": int(epoch(post.at)),
        "num_comments": None if is_comment else _comments(world, post),
        "objectID": str(number),
        "parent_id": item_id(community.by_id[post.to]) if post.to else None,
        "points": None if is_comment else post.likes,
        "story_id": item_id(root),
        "story_text": None if is_comment else text,
        "story_title": root.title if is_comment else None,
        "story_url": root.link if is_comment else None,
        "title": post.title,
        "updated_at": f"{world.now.replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ}",
        "url": post.link,
    }


# Items ------------------------------------------------------------------------------------------------


def _item(world: World) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        told = request.path_params["item"]
        posts = [post for post in world.community.on("hackernews") if str(item_id(post)) == told and world.exists(post)]
        return JSONResponse(_firebase(world, posts[0]) if posts else None)

    return respond


def _firebase(world: World, post: Post) -> dict[str, Any]:
    """An item as the official API tells it: what its author deleted has nothing left, what moderators took is dead."""
    community = world.community
    found: dict[str, Any] = {"id": item_id(post), "type": _type(post), "time": int(epoch(post.at))}
    if post.to:
        found["parent"] = item_id(community.by_id[post.to])
    if post.is_deleted(world.now) and post.removed_by == "author":
        return {**found, "deleted": True}
    kids = [item_id(answer) for answer in community.answers.get(post.id, ()) if world.exists(answer)]
    said = {"by": post.by, "title": post.title, "text": _html(post.text_at(world.now)), "url": post.link, "kids": kids}
    found |= {name: value for name, value in said.items() if value}
    if not post.to:
        found |= {"score": post.likes, "descendants": _comments(world, post)}
    return {**found, "dead": True} if post.is_deleted(world.now) else found


def _comments(world: World, story: Post) -> int:
    return sum(world.is_visible(post) for post in world.community.threads[story.id]) - 1


def _type(post: Post) -> str:
    return "comment" if post.to else str(post.more.get("type", "story"))


_LINK = re.compile(r"https?://[^\s<>\"]+")
_LONGEST_LINK = 60


def _html(text: str | None) -> str | None:
    """Text as Hacker News marks it up: paragraphs, links that are shown cut short, slashes and quotes as entities."""
    if text is None:
        return None
    pieces = []
    last = 0
    for link in _LINK.finditer(text):
        shown = link[0] if len(link[0]) <= _LONGEST_LINK else link[0][:_LONGEST_LINK] + "..."
        pieces += [
            _escaped(text[last : link.start()]),
            f'<a href="{_escaped(link[0])}" rel="nofollow">{_escaped(shown)}</a>',
        ]
        last = link.end()
    pieces.append(_escaped(text[last:]))
    return "".join(pieces).replace("\n\n", "<p>")


def _escaped(text: str) -> str:
    return html.escape(text).replace("/", "&#x2F;")
