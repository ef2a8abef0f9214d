"""What a Lemmy server answers, as records. Pure: nothing here touches a network.

Answers consist of views: a post or comment together with its author, its community and its counts. Read are those of
API v3 (Lemmy 0.18 and 0.19) and of v4 (1.0), which names times and persons otherwise and has the counts in the post.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors.contract import (
    Author,
    Deletion,
    Drift,
    Interaction,
    Mention,
    Metrics,
    Misfit,
    Page,
    Record,
    utc,
    web_address,
)

_LISTS = ("posts", "comments", "items", "results", "search")
_SINGLE = ("post_view", "comment_view", "post", "comment")
_NO_VIEWS = {"error", "communities", "users", "person", "community", "site_view"}
_NAMED = re.compile(r"\[@[^\]\s]+\]\(https?://([^/\s)]+)/(?:u/|users/|@)([\w.-]+)(?:@([\w.-]+))?\)")
_LARGEST = 2**63 - 1


class _UnreadableError(Exception):
    """Why a view is set aside."""


class Place(NamedTuple):
    """What a comment may answer: the id of the mention and of its author, None where that isn't known."""

    mention_id: str
    author_id: str | None


@dataclass
class Above:
    """What the views of a page answer, by the server's own numbers: posts and comments."""

    posts: dict[int, Place] = field(default_factory=dict)
    comments: dict[int, Place] = field(default_factory=dict)

    def note(self, view: Any) -> None:
        """Remember what a view is about."""
        thing = _thing(view)
        number = _number(thing.get("id"))
        name = thing.get("ap_id")
        if number is None or not isinstance(name, str) or not _is_address(name):
            return
        creator = view.get("creator")
        author = _person(creator) if isinstance(creator, dict) else None
        (self.comments if "comment" in view else self.posts)[number] = Place(_name(name), author and _author_id(author))

    def told(self, views: Iterable[Any]) -> dict[str, dict[str, list[str | None]]]:
        """The part of it that these views need and don't hold themselves, as JSON for the body of a page."""
        own = Above()
        for view in views:
            own.note(view)
        comments, posts = {}, {}
        for view in views:
            path = _path(_thing(view))
            parent = path[-1] if path else None
            if parent in self.comments and parent not in own.comments:
                comments[str(parent)] = list(self.comments[parent])
            post = _number(_object(view.get("post")).get("id")) if isinstance(view, dict) else None
            if post in self.posts and post not in own.posts:
                posts[str(post)] = list(self.posts[post])
        return {"posts": posts, "comments": comments}

    @classmethod
    def from_body(cls, told: Any) -> "Above":
        """What `told` gave."""
        told = _object(told)
        return cls(_places(told.get("posts")), _places(told.get("comments")))


def records(page: Page, host: str | None = None) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the views of a page; deletions where it was asked what became of
    them. Addresses are those on `host`, the server that was asked, else those where the post comes from.
    """
    body = page.body
    is_recheck, above = False, Above()
    if isinstance(body, dict) and "answer" in body:
        is_recheck = isinstance(body.get("asked"), list)
        if is_recheck and body["answer"] is None:
            yield from (Deletion(mention_id) for mention_id in body["asked"] if isinstance(mention_id, str))
            return
        above = Above.from_body(body.get("above"))
        body = body["answer"]
    if not is_answer(body):
        yield Misfit("is not an answer of Lemmy's API", "page", body)
        return
    entries = list(_placed(body))
    for _, view in entries:
        above.note(view)
    for place, view in entries:
        try:
            yield from list(_of_view(view, above, host, is_recheck=is_recheck))
        except _UnreadableError as reason:
            yield Misfit(str(reason), place, view)
        except Exception as error:  # a shape that nobody thought of costs this view, not its page
            yield Misfit(f"can't be read ({type(error).__name__}: {error})", place, view)


def is_answer(body: Any) -> bool:
    """Whether it is an answer that we know, with or without posts in it."""
    return isinstance(body, dict) and bool(body.keys() & {*_LISTS, *_SINGLE, *_NO_VIEWS})


def views(body: Any) -> list[Any]:
    """The views of posts and comments in an answer, in order."""
    return [view for _, view in _placed(body)]


def moment(view: Any) -> datetime | None:
    """When the post or comment of a view was written."""
    thing = _thing(view)
    return _moment(thing.get("published", thing.get("published_at")))


def mention_id(view: Any) -> str | None:
    """The id of the mention that a view is about."""
    name = _thing(view).get("ap_id")
    return _name(name) if isinstance(name, str) and _is_address(name) else None


def numbers(view: Any) -> tuple[int | None, int | None]:
    """The server's own numbers of the post to which a view belongs, and of the comment where it is one."""
    if not isinstance(view, dict):
        return None, None
    return _number(_object(view.get("post")).get("id")), _number(_object(view.get("comment")).get("id"))


def community(view: Any) -> str:
    """The community of a view, as `!name@server`; empty where it doesn't tell."""
    return _community(_object(_object(view).get("community"))) or ""


def is_pinned(view: Any) -> bool:
    """Whether a post stands at the top of its listing, however old it is."""
    flags = ("featured_community", "featured_local", "stickied")
    return "comment" not in _object(view) and any(_thing(view).get(flag) is True for flag in flags)


def is_gone(view: Any) -> bool:
    """Whether the post or comment of a view was taken down."""
    return any(_thing(view).get(flag) is True for flag in ("deleted", "removed"))


def comments_of(view: Any) -> int | None:
    """How many comments a post has."""
    counts = _object(view.get("counts")) if isinstance(view, dict) else {}
    return _count(counts.get("comments", _thing(view).get("comments")))


# Views ------------------------------------------------------------------------------------------------


def _placed(body: Any) -> Iterator[tuple[str, Any]]:
    """The views of an answer with their places."""
    if not isinstance(body, dict):
        return
    if _is_view(body):
        yield "view", body
        return
    for name in _SINGLE[:2]:
        if name in body:
            yield name, body[name]
    for name in _LISTS:
        if isinstance(body.get(name), list):
            for number, view in enumerate(body[name]):
                # what a search of everything finds besides
                if not (isinstance(view, dict) and view.get("type_") in ("person", "community", "multi_community")):
                    yield f"{name}[{number}]", view
    for name in _SINGLE[2:]:
        # as resolving an address answers: {"post": {"post": …, "creator": …}}
        if _is_view(body.get(name)):
            yield name, body[name]


def _is_view(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("creator"), dict) and bool(value.keys() & {"post", "comment"})
    )


def _of_view(view: Any, above: Above, host: str | None, *, is_recheck: bool) -> Iterator[Record]:
    if not isinstance(view, dict) or not view.keys() & {"post", "comment"}:
        raise _UnreadableError("is not a view of a post or comment")
    kind = "comment" if "comment" in view else "post"
    thing = _thing(view)
    uri = thing.get("ap_id")
    if not isinstance(uri, str) or not _is_address(uri):
        raise _UnreadableError("has no readable ap_id, so that it can't be told from others")
    created_at = moment(view)
    if created_at is None:
        raise _UnreadableError("has no readable time of writing")
    for flag in ("deleted", "removed"):
        if not isinstance(thing.get(flag), bool):
            yield Drift(f"{kind}.{flag}", thing.get(flag))
    is_gone = thing.get("deleted") is True or thing.get("removed") is True
    if is_gone and is_recheck:
        yield Deletion(_name(uri))
        return
    author = _person(_object(view.get("creator")))
    if author is None:
        yield Drift(f"{kind}.creator", view.get("creator"))
    author_id = _author_id(author) if author and not is_gone else None
    root, parent = _thread(view, above)
    number = _number(thing.get("id"))
    yield Mention(
        _name(uri),
        "lemmy",
        _community(_object(view.get("community"))),
        kind,  # type: ignore[arg-type]
        _text(thing.get("name")) if kind == "post" and not is_gone else None,
        _text(thing.get("content") if kind == "comment" else thing.get("body")) or _text(thing.get("url"))
        if not is_gone
        else None,
        f"https://{host}/{kind}/{number}" if host and number is not None else uri,
        author_id,
        parent.mention_id if parent else None,
        root,
        created_at,
        _moment(thing.get("updated", thing.get("updated_at"))),
        is_deleted=is_gone,
    )
    if is_gone:
        return
    yield from _metrics(view, kind, _name(uri))
    if author is None or author_id is None:
        return
    creator = view["creator"]
    yield Author(
        author_id,
        "lemmy",
        "@".join(author),
        _text(creator.get("display_name")),
        account_created_at=_moment(creator.get("published", creator.get("published_at"))),
        is_bot=creator["bot_account"] if isinstance(creator.get("bot_account"), bool) else None,
    )
    yield from _interactions(_name(uri), author_id, parent, _text(thing.get("content", thing.get("body"))) or "")


def _thread(view: dict[str, Any], above: Above) -> tuple[str | None, Place | None]:
    """The post that opened the thread, and what is answered, as far as the page tells."""
    post = _object(view.get("post"))
    uri = post.get("ap_id")
    root = _name(uri) if isinstance(uri, str) and _is_address(uri) else None
    if "comment" not in view:
        return root, None
    path = _path(_thing(view))
    if path:
        return root, above.comments.get(path[-1])
    if path is None or root is None:
        return root, None
    return root, above.posts.get(_number(post.get("id")) or 0) or Place(root, None)


def _metrics(view: dict[str, Any], kind: str, name: str) -> Iterator[Record]:
    """The votes and the answers; those of a comment are all that hang below it."""
    counts = view["counts"] if isinstance(view.get("counts"), dict) else _thing(view)
    replies, score = counts.get("comments" if kind == "post" else "child_count"), counts.get("score")
    if _count(score) is None:
        yield Drift(f"{kind}.counts.score", score)
    if _count(replies) is not None or _count(score) is not None:
        yield Metrics(name, replies=_count(replies), score=_count(score))


def _interactions(name: str, author_id: str, parent: Place | None, text: str) -> Iterator[Interaction]:
    """Whom it addresses, each person once: who is answered, then who is named."""
    addressed = {author_id}
    if parent and parent.author_id and parent.author_id not in addressed:
        addressed.add(parent.author_id)
        yield Interaction(name, author_id, parent.author_id, "reply")
    for named in _NAMED.finditer(text):
        server, name_there, home = named.groups()
        other = _author_id((name_there, home or server))
        if other not in addressed:
            addressed.add(other)
            yield Interaction(name, author_id, other, "mention")


# Values -----------------------------------------------------------------------------------------------


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _thing(view: Any) -> dict[str, Any]:
    """The post or comment that a view is about."""
    view = _object(view)
    return _object(view["comment"] if "comment" in view else view.get("post"))


def _name(uri: str) -> str:
    """The id of what Mastodon may show as well: its address, which is the same on every server."""
    return f"fediverse:{uri}"


def _author_id(author: tuple[str, str]) -> str:
    return "fediverse:{}@{}".format(*author).lower()


def _person(creator: dict[str, Any]) -> tuple[str, str] | None:
    """Name and server of a person."""
    name, address = creator.get("name"), creator.get("actor_id", creator.get("ap_id"))
    host = _host(address)
    return (name, host) if isinstance(name, str) and name and host else None


def _community(community: dict[str, Any]) -> str | None:
    found = _person(community)
    return "!{}@{}".format(*found) if found else None


def _is_address(text: str) -> bool:
    return web_address(text) is not None and _host(text) is not None


def _host(address: Any) -> str | None:
    if not isinstance(address, str):
        return None
    try:
        parts = urlsplit(address)
        return parts.netloc if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def _path(comment: dict[str, Any]) -> list[int] | None:
    """The comments above a comment, from the top; empty where it answers the post; None where that isn't told."""
    path = comment.get("path")
    if not isinstance(path, str) or not re.fullmatch(r"0(\.[0-9]{1,18})+", path):
        return None
    return [int(number) for number in path.split(".")[1:-1]]


def _places(told: Any) -> dict[int, Place]:
    found = {}
    for number, place in _object(told).items():
        if (
            str(number).isdecimal()
            and isinstance(place, list | tuple)
            and len(place) == 2
            and isinstance(place[0], str)
        ):
            found[int(number)] = Place(place[0], place[1] if isinstance(place[1], str) else None)
    return found


def _moment(value: Any) -> datetime | None:
    """A time; before Lemmy 0.19 it has no zone and means UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=None) if moment.tzinfo is UTC else utc(moment)
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
