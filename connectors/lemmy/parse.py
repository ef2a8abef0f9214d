"""What a Lemmy server answers, as records. Pure: nothing here touches a network.

Answers consist of views: a post or comment together with its author, its community and its counts. Read are those of
API v3 (Lemmy 0.18 and 0.19) and of v4 (1.0), which names times and persons otherwise and has the counts in the post.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.entries import UnreadableError, placed, read_each
from connectors.lemmy import Settings
from connectors.side_fields import SideFields
from connectors.values import asked, iso_moment, mapping, opened, part, whole

_LISTS = ("posts", "comments", "items", "results", "search")
_SINGLE = ("post_view", "comment_view", "post", "comment")
_NO_VIEWS = {"error", "communities", "users", "person", "community", "site_view"}
_NAMED = re.compile(r"\[@[^\]\s]+\]\(https?://([^/\s)]+)/(?:u/|users/|@)([\w.-]+)(?:@([\w.-]+))?\)")


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
            post = _number(part(view, "post").get("id")) if isinstance(view, dict) else None
            if post in self.posts and post not in own.posts:
                posts[str(post)] = list(self.posts[post])
        return {"posts": posts, "comments": comments}

    @classmethod
    def from_body(cls, told: Any) -> "Above":
        """What `told` gave."""
        told = mapping(told)
        return cls(_places(told.get("posts")), _places(told.get("comments")))


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the views of a page; deletions where it was asked what became of
    them. A mention's address is the one on the server that was asked, where the team can answer it.
    """
    answer, beside = opened(page.body)
    known = asked(beside)
    if known is not None and answer is None:
        yield from map(Deletion, known)
        return
    if not is_answer(answer):
        yield Misfit("is not an answer of Lemmy's API", "page", answer)
        return
    entries = list(_placed(answer))
    above = Above.from_body(beside.get("above"))
    for _, view in entries:
        above.note(view)
    host = host_of(settings) if settings else None
    yield from read_each(entries, partial(_of_view, above=above, host=host, is_recheck=known is not None))


def host_of(settings: Settings) -> str:
    """The server that is asked, with its port where it has an unusual one."""
    return urlsplit(str(settings.site)).netloc


def is_answer(body: Any) -> bool:
    """Whether it is an answer that we know, with or without posts in it."""
    return isinstance(body, dict) and bool(body.keys() & {*_LISTS, *_SINGLE, *_NO_VIEWS})


def views(body: Any) -> list[Any]:
    """The views of posts and comments in an answer, in order."""
    return [view for _, view in _placed(body)]


def moment(view: Any) -> datetime | None:
    """When the post or comment of a view was written."""
    thing = _thing(view)
    return iso_moment(thing.get("published", thing.get("published_at")))


def mention_id(view: Any) -> str | None:
    """The id of the mention that a view is about."""
    name = _thing(view).get("ap_id")
    return _name(name) if isinstance(name, str) and _is_address(name) else None


def numbers(view: Any) -> tuple[int | None, int | None]:
    """The server's own numbers of the post to which a view belongs, and of the comment where it is one."""
    if not isinstance(view, dict):
        return None, None
    return _number(part(view, "post").get("id")), _number(part(view, "comment").get("id"))


def community(view: Any) -> str:
    """The community of a view, as `!name@server`; empty where it doesn't tell."""
    return _community(part(view, "community")) or ""


def is_pinned(view: Any) -> bool:
    """Whether a post stands at the top of its listing, however old it is."""
    flags = ("featured_community", "featured_local", "stickied")
    return "comment" not in mapping(view) and any(_thing(view).get(flag) is True for flag in flags)


def is_gone(view: Any) -> bool:
    """Whether the post or comment of a view was taken down."""
    return any(_thing(view).get(flag) is True for flag in ("deleted", "removed"))


def comments_of(view: Any) -> int | None:
    """How many comments a post has."""
    counts = mapping(view.get("counts")) if isinstance(view, dict) else {}
    return SideFields("post").count("comments", counts.get("comments", _thing(view).get("comments")))


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
            for place, view in placed(name, body[name]):
                # what a search of everything finds besides
                if mapping(view).get("type_") not in ("person", "community", "multi_community"):
                    yield place, view
    for name in _SINGLE[2:]:
        # as resolving an address answers: {"post": {"post": …, "creator": …}}
        if _is_view(body.get(name)):
            yield name, body[name]


def _is_view(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("creator"), dict) and bool(value.keys() & {"post", "comment"})
    )


def _of_view(view: Any, *, above: Above, host: str | None, is_recheck: bool) -> Iterator[Record]:
    if not isinstance(view, dict) or not view.keys() & {"post", "comment"}:
        raise UnreadableError("is not a view of a post or comment")
    kind = "comment" if "comment" in view else "post"
    thing = _thing(view)
    uri = thing.get("ap_id")
    if not isinstance(uri, str) or not _is_address(uri):
        raise UnreadableError("has no readable ap_id, so that it can't be told from others")
    created_at = moment(view)
    if created_at is None:
        raise UnreadableError("has no readable time of writing")
    fields = SideFields(kind)
    for flag in ("deleted", "removed"):
        if not isinstance(thing.get(flag), bool):
            fields.drift(flag, thing.get(flag))
    is_down = is_gone(view)
    if is_down and is_recheck:
        yield from fields.drifts
        yield Deletion(_name(uri))
        return
    author, account = _person(part(view, "creator")), None
    if author is None:
        fields.drift("creator", view.get("creator"))
    elif not is_down:
        account = _account(author, view["creator"], fields)
    place = _community(part(view, "community"))
    if place is None:
        fields.drift("community", view.get("community"))
    root, parent = _thread(view, above, fields)
    number = _number(thing.get("id"))
    edited_at = fields.read("updated", thing.get("updated", thing.get("updated_at")), iso_moment)
    mention = Mention(
        _name(uri),
        "lemmy",
        place,
        kind,  # type: ignore[arg-type]
        None,
        None,
        f"https://{host}/{kind}/{number}" if host and number is not None else uri,
        account.author_id if account else None,
        parent.mention_id if parent else None,
        root,
        created_at,
        edited_at,
        is_deleted=is_down,
    )
    if is_down:
        yield from fields.drifts
        yield mention
        return
    told = "content" if kind == "comment" else "name"
    if thing.get(told) is None:
        fields.drift(told, None)
    title = fields.text("name", thing.get("name")) if kind == "post" else None
    said = fields.text(*(("content", thing.get("content")) if kind == "comment" else ("body", thing.get("body"))))
    link = fields.text("url", thing.get("url"))
    metrics = _metrics(view, kind, _name(uri), fields)
    yield from fields.drifts
    yield mention._replace(title=title, text=said or link)
    if metrics:
        yield metrics
    if account:
        yield account
        yield from _interactions(_name(uri), account.author_id, parent, said or "")


def _account(author: tuple[str, str], creator: dict[str, Any], post: SideFields) -> Author:
    """The account, as far as it can be read; what can't be is noted beside the post's own fields."""
    fields = SideFields("author")
    is_bot = fields.flag("bot_account", creator.get("bot_account"))
    found = Author(
        _author_id(author),
        "lemmy",
        "@".join(author),
        fields.text("display_name", creator.get("display_name")),
        account_created_at=fields.read("published", creator.get("published", creator.get("published_at")), iso_moment),
        is_bot=is_bot,
    )
    post.drifts += fields.drifts
    return found


def _thread(view: dict[str, Any], above: Above, fields: SideFields) -> tuple[str | None, Place | None]:
    """The post that opened the thread, and what is answered, as far as the page tells."""
    post = part(view, "post")
    uri = post.get("ap_id")
    root = _name(uri) if isinstance(uri, str) and _is_address(uri) else None
    if "comment" not in view:
        return root, None
    if root is None:
        fields.drift("post", view.get("post"))
    path = _path(_thing(view))
    if path is None:
        fields.drift("path", _thing(view).get("path"))
    if path:
        return root, above.comments.get(path[-1])
    if path is None or root is None:
        return root, None
    return root, above.posts.get(_number(post.get("id")) or 0) or Place(root, None)


def _metrics(view: dict[str, Any], kind: str, name: str, fields: SideFields) -> Metrics | None:
    """The votes and the answers; those of a comment are all that hang below it."""
    counts = view["counts"] if isinstance(view.get("counts"), dict) else _thing(view)
    if counts.get("score") is None:
        fields.drift("counts.score", None)
    score = fields.score("counts.score", counts.get("score"))
    below = "comments" if kind == "post" else "child_count"
    replies = fields.count(f"counts.{below}", counts.get(below))
    return Metrics(name, replies=replies, score=score) if (replies, score) != (None, None) else None


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


def _thing(view: Any) -> dict[str, Any]:
    """The post or comment that a view is about."""
    view = mapping(view)
    return mapping(view["comment"] if "comment" in view else view.get("post"))


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
    for number, place in mapping(told).items():
        if (
            str(number).isdecimal()
            and isinstance(place, list | tuple)
            and len(place) == 2
            and isinstance(place[0], str)
        ):
            found[int(number)] = Place(place[0], place[1] if isinstance(place[1], str) else None)
    return found


def _number(value: Any) -> int | None:
    return whole(value, 1)
