"""Where in GitHub's answers the posts are, and what tells them apart: address, number, times.

A post is called as its address calls it: `github:owner/name#12` for an issue, pull request or discussion, which share
their numbers, and `github:owner/name#12-issuecomment-5168757` for a comment.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import utc

_ADDRESS = re.compile(r"https?://[^/\s]+/([\w.-]+/[\w.-]+)/(issues|pull|discussions)/(\d{1,15})(?:#([\w-]+))?")
_API_ADDRESS = re.compile(r"\S*/repos/([\w.-]+/[\w.-]+)/(issues|pulls)/(\d{1,15})")
_COMMENT = re.compile(r"(issuecomment-|discussioncomment-|discussion_r)\d{1,19}")
LARGEST = 2**63 - 1
EMPTY: dict[str, Any] = {}
_NO_POSTS = {"message", "error", "errors", "resources"}
"""One of these a refusal has, or an answer that tells limits: known, and without posts."""


class Place(NamedTuple):
    """Where a post stands."""

    repository: str
    number: str
    is_pull: bool
    anchor: str | None = None
    """The part of the address that names a comment: `issuecomment-5168757`."""


def moment(item: Any) -> datetime | None:
    """When a post was written; None where that can't be read."""
    item = as_object(item)
    return as_moment(item.get("created_at") or item.get("createdAt"))


def changed_at(item: Any) -> datetime | None:
    """When a post was last changed, or anything below it."""
    item = as_object(item)
    return as_moment(item.get("updated_at") or item.get("updatedAt"))


def number_of(item: Any) -> int | None:
    """Number of the issue that an item is, or is a comment on."""
    place = place_of(as_object(item))
    return int(place.number) if place else None


def repository_of(item: Any) -> str | None:
    """Name of the repository that an item stands in."""
    place = place_of(as_object(item))
    return place.repository if place else None


def is_pull(item: Any) -> bool:
    """Whether an item is a pull request, or stands below one."""
    place = place_of(as_object(item))
    return bool(place and place.is_pull)


def items(body: Any) -> list[Any]:
    """The posts in an answer, at whatever depth."""
    return [item for _, item, _ in in_context(body)]


def mention_id(item: Any, repository: str | None = None) -> str | None:
    """Id of the mention that an item becomes, in a repository of that name."""
    place = place_of(as_object(item))
    return named(place._replace(repository=repository or place.repository)) if place else None


# Shapes -----------------------------------------------------------------------------------------------


def in_context(body: Any) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    """Every post of an answer: its place, itself, and the discussion and comment that it hangs below, if any."""
    if isinstance(body, list):
        yield from ((f"[{number}]", item, ()) for number, item in enumerate(body))
    elif not isinstance(body, dict):
        return
    elif isinstance(body.get("items"), list) and "total_count" in body:
        yield from ((f"items[{number}]", item, ()) for number, item in enumerate(body["items"]))
    elif isinstance(body.get("data"), dict):
        yield from _discussed(body["data"])
    elif isinstance(body.get("discussion"), dict):
        # What a webhook delivers.
        yield "discussion", body["discussion"], ()
        for name in ("answer", "comment"):
            if isinstance(body.get(name), dict):
                yield name, body[name], (body["discussion"],)
    elif body.keys() & {"issue_url", "pull_request_url", "number"}:
        yield "page", body, ()


def _discussed(found: dict[str, Any]) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    repository, node = as_object(found.get("repository")), as_object(found.get("node"))
    for number, discussion in enumerate(nodes(repository.get("discussions"))):
        yield from _discussion(f"discussions[{number}]", discussion)
    if repository.get("discussion") is not None:
        yield from _discussion("discussion", repository["discussion"])
    if "comments" in node:
        yield from _below(f"node {node.get('number')}", node)
    elif "replies" in node:
        for number, reply in enumerate(nodes(node["replies"])):
            yield f"replies[{number}]", reply, (as_object(node.get("discussion")), node)


def _discussion(place: str, discussion: Any) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    yield place, discussion, ()
    yield from _below(place, as_object(discussion))


def _below(place: str, discussion: dict[str, Any]) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    for number, comment in enumerate(nodes(discussion.get("comments"))):
        here = f"{place}.comments[{number}]"
        yield here, comment, (discussion,)
        for below, reply in enumerate(nodes(as_object(comment).get("replies"))):
            yield f"{here}.replies[{below}]", reply, (discussion, comment)


def is_known(body: Any) -> bool:
    """Whether an answer is of a known shape although no post is in it."""
    if isinstance(body, list):
        return True
    return isinstance(body, dict) and bool(body.keys() & {"items", "data", *_NO_POSTS})


def place_of(item: dict[str, Any]) -> Place | None:
    """Where a post stands, from its address; from that of its issue for a comment of old, which has none itself."""
    match = _ADDRESS.fullmatch(as_text(item.get("html_url")) or as_text(item.get("url")) or "")
    # What leads to somewhere else on the page, such as a whole review, isn't what opened the thread.
    if match and (match[4] is None or _anchor(match[4]) or "title" in item):
        repository, kind, number, anchor = match.groups()
        is_pull = kind == "pull" or bool(as_object(item.get("pull_request")).get("html_url"))
        return Place(repository, number, is_pull, _anchor(anchor))
    for field, word in (("issue_url", "issuecomment-"), ("pull_request_url", "discussion_r")):
        above = _API_ADDRESS.fullmatch(as_text(item.get(field)) or "")
        comment = as_id(item.get("id"))
        if above and comment:
            return Place(above[1], above[3], field == "pull_request_url", word + comment)
    repository, number = as_object(item.get("repository")), as_id(item.get("number"))
    owner, name = as_text(as_object(repository.get("owner")).get("login")), as_text(repository.get("name"))
    return Place(f"{owner}/{name}", number, is_pull=False) if owner and name and number else None


def _anchor(anchor: str | None) -> str | None:
    """The part of an address that names a comment; None for one that leads to a heading or an event."""
    return anchor if anchor and _COMMENT.fullmatch(anchor) else None


def named(place: Place) -> str:
    """Id of the mention that stands there."""
    ending = f"-{place.anchor}" if place.anchor else ""
    return f"github:{place.repository.lower()}#{place.number}{ending}"


# Values -----------------------------------------------------------------------------------------------


def as_object(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else EMPTY


def as_text(value: Any) -> str | None:
    """The value if it is text that says something."""
    return value if isinstance(value, str) and value.strip() else None


def as_id(value: Any) -> str | None:
    """A number that GitHub counts with, as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST else None


def nodes(connection: Any) -> list[Any]:
    """The entries of a GraphQL connection. Null stands for one that we may not see."""
    found = as_object(connection).get("nodes")
    return [node for node in found if node is not None] if isinstance(found, list) else []


def as_moment(value: Any) -> datetime | None:
    """A time as GitHub writes it, to the second in UTC; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        return utc(datetime.fromisoformat(value)).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
