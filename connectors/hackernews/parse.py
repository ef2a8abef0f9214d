"""What Hacker News and its search answer, as records. Pure: nothing here touches a network.

The same item comes in three shapes: as a hit of Algolia's search, as a node of Algolia's tree of a thread, and as an
item of the official API at Firebase.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Literal, NamedTuple

from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page, Record
from connectors.entries import UnreadableError, placed, read_each
from connectors.hackernews import Settings
from connectors.markup import plain_text, unescaped
from connectors.side_fields import SideFields
from connectors.values import LARGEST_COUNT, asked, entries, epoch_moment, mapping, opened, whole

ITEM_URL = "https://news.ycombinator.com/item?id="

_KINDS: dict[str, Literal["post", "comment"]] = {"story": "post", "job": "post", "poll": "post", "comment": "comment"}
_POLL_OPTION = "pollopt"


class _Item(NamedTuple):
    """A story, comment, job or poll, whichever API told of it."""

    id: str
    type: Any
    author: str | None
    at: datetime
    title: str | None
    markup: str | None
    link: str | None
    parent: str | None
    root: str | None
    score: int | None
    replies: int | None
    is_gone: bool
    drifts: tuple[Drift, ...]


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and replies of a search, a tree or an item; deletions where it was asked what became
    of an item.
    """
    answer, beside = opened(page.body)
    gone = _deleted(asked(beside) or [], answer)
    yield from map(Deletion, gone)
    if not gone:
        yield from _of_answer(answer)


def hits(body: Any) -> list[Any]:
    """The hits of a search; none where it is no search."""
    return entries(mapping(body).get("hits"))


def item_id(value: Any) -> str | None:
    """An id, which Algolia gives as a number or as text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_COUNT:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and 0 < len(value) <= 18:
        return str(int(value))
    return None


def hit_id(hit: Any) -> str | None:
    """The id of the item of a hit."""
    return item_id(hit.get("objectID")) if isinstance(hit, dict) else None


def hit_moment(hit: Any) -> datetime | None:
    """When the item of a hit was written."""
    return _moment(hit.get("created_at_i")) if isinstance(hit, dict) else None


def hit_root(hit: Any) -> str | None:
    """The story to which the item of a hit belongs; a story belongs to itself."""
    if not isinstance(hit, dict):
        return None
    tags = hit.get("_tags")
    is_comment = isinstance(tags, list) and "comment" in tags
    if is_comment or hit.get("parent_id") is not None:
        return item_id(hit.get("story_id"))
    return item_id(hit.get("story_id")) or item_id(hit.get("objectID"))


# Answers ----------------------------------------------------------------------------------------------


def _deleted(known: list[str], item: Any) -> list[str]:
    """Which mentions that were asked for are gone; only the official API, one item at a time, says so for sure."""
    is_gone = item is None or mapping(item).get("deleted") is True or mapping(item).get("dead") is True
    return known if is_gone else []


def _of_answer(body: Any) -> Iterator[Record]:
    if body is None or _is_list_of_ids(body):
        return
    if not isinstance(body, dict):
        yield Misfit("is not an answer of Hacker News", "page", body)
    elif isinstance(body.get("hits"), list):
        yield from _of_items(placed("hits", body["hits"]), _from_hit)
    elif isinstance(body.get("children"), list):
        yield from _of_items(_nodes(body), _from_node)
    elif "id" in body and body.keys() & {"time", "type", "deleted"}:
        yield from _of_items([("item", body)], _from_firebase)
    elif not _is_known_without_items(body):
        yield Misfit("is not an answer of Hacker News: it has neither hits nor an item", "page", body)


def _is_list_of_ids(body: Any) -> bool:
    """Whether it is the newest id, or a list of ids such as the newest stories."""
    return item_id(body) is not None if not isinstance(body, list) else all(item_id(entry) for entry in body)


def _is_known_without_items(body: dict[str, Any]) -> bool:
    """Whether it is a refusal, or the list of what changed lately."""
    return isinstance(body.get("message", body.get("error")), str) or body.keys() == {"items", "profiles"}


def _nodes(tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The nodes of a tree with their places, each before what answers it."""
    waiting: list[tuple[str, Any]] = [("item", tree)]
    while waiting:
        place, node = waiting.pop()
        yield place, node
        children = node.get("children") if isinstance(node, dict) else None
        if isinstance(children, list):
            waiting += [(f"{place}.children[{number}]", child) for number, child in enumerate(children)][::-1]


def _of_items(entries: Iterable[tuple[str, Any]], read: Callable[[Any], _Item]) -> Iterator[Record]:
    items: list[tuple[str, tuple[Any, _Item]]] = []

    def noted(placed: tuple[str, Any]) -> Iterator[Record]:
        item = read(placed[1])
        if item.type != _POLL_OPTION:
            items.append((placed[0], (placed[1], item)))
        yield from ()

    yield from read_each(((place, (place, entry)) for place, entry in entries), noted, lambda placed: placed[1])
    authors = {item.id: item.author for _, (_, item) in items}
    yield from read_each(items, lambda found: _records_of(found[1], authors), lambda found: found[0])


def _records_of(item: _Item, authors: dict[str, str | None]) -> Iterator[Record]:
    mention_id = _name(item.id)
    yield from item.drifts
    kind = _KINDS.get(item.type) if isinstance(item.type, str) else None
    if kind is None:
        yield Drift("item.type", item.type)
        kind = "comment" if item.parent else "post"
    root = item.root or (item.id if kind == "post" else None)
    is_alive = not item.is_gone
    if is_alive and item.author is None and not any(drift.field == "item.author" for drift in item.drifts):
        yield Drift("item.author")
    yield Mention(
        mention_id,
        "hackernews",
        None,
        kind,
        unescaped(item.title) if item.title and is_alive else None,
        _text(item) if is_alive else None,
        ITEM_URL + item.id,
        _name(item.author) if item.author and is_alive else None,
        _name(item.parent) if item.parent else None,
        _name(root) if root else None,
        item.at,
        is_deleted=item.is_gone,
    )
    if not is_alive:
        return
    yield Metrics(mention_id, replies=item.replies, score=item.score)
    if item.author is None:
        return
    yield Author(_name(item.author), "hackernews", item.author)
    answered = authors.get(item.parent or "")
    if answered and answered != item.author:
        yield Interaction(mention_id, _name(item.author), _name(answered), "reply")


def _text(item: _Item) -> str | None:
    """What was written; of a story that is only a link, the link."""
    if item.markup:
        return plain_text(item.markup)
    return item.link or None


# Shapes -----------------------------------------------------------------------------------------------


def _from_hit(hit: Any) -> _Item:
    """A hit of Algolia's search, which holds only what is alive."""
    if not isinstance(hit, dict):
        raise UnreadableError("is not a hit of the search")
    fields = SideFields("item")
    tags, children = hit.get("_tags"), fields.entries("children", hit.get("children"))
    types = [tag for tag in tags if tag in _KINDS or tag == _POLL_OPTION] if isinstance(tags, list) else []
    comment, story, text = (fields.text(name, hit.get(name)) for name in ("comment_text", "story_text", "text"))
    replies = fields.count("num_comments", hit.get("num_comments"))
    if replies is None and hit.get("num_comments") is None and children is not None:
        replies = len(children)
    found, at = _identity(hit.get("objectID"), hit.get("created_at_i"))
    kind = types[0] if types else tags
    is_post = isinstance(kind, str) and _KINDS.get(kind) == "post"
    return _Item(
        found,
        kind,
        fields.text("author", hit.get("author")),
        at,
        fields.text("title", hit.get("title")),
        comment or story or text,
        fields.text("url", hit.get("url")),
        None if is_post else fields.read("parent_id", hit.get("parent_id"), item_id),
        fields.read("story_id", hit.get("story_id"), item_id),
        fields.score("points", hit.get("points")),
        replies,
        is_gone=False,
        drifts=tuple(fields.drifts),
    )


def _from_node(node: Any) -> _Item:
    """A node of Algolia's tree; what was deleted keeps its place in it, without author and text."""
    if not isinstance(node, dict):
        raise UnreadableError("is not an item of a tree")
    found, at = _identity(node.get("id"), node.get("created_at_i"))
    fields = SideFields("item")
    children = fields.entries("children", node.get("children"))
    is_comment = node.get("type") == "comment"
    return _Item(
        found,
        node.get("type"),
        fields.text("author", node.get("author")),
        at,
        fields.text("title", node.get("title")),
        fields.text("text", node.get("text")),
        fields.text("url", node.get("url")),
        fields.read("parent_id", node.get("parent_id"), item_id),
        fields.read("story_id", node.get("story_id"), item_id),
        fields.score("points", node.get("points")),
        len(children) if is_comment and children is not None else None,
        is_gone=all(node.get(name) in (None, "") for name in ("author", "text", "title")),
        drifts=tuple(fields.drifts),
    )


def _from_firebase(item: Any) -> _Item:
    """An item of the official API; `dead` is what its moderators or its filters have taken out of sight."""
    found, at = _identity(item.get("id"), item.get("time"))
    fields = SideFields("item")
    kids = fields.entries("kids", item.get("kids"))
    is_gone = [fields.flag(name, item.get(name)) for name in ("deleted", "dead")]
    # a comment that nobody answers has no kids at all
    direct = len(kids or ()) if kids is not None or item.get("kids") is None else None
    descendants = fields.count("descendants", item.get("descendants"))
    return _Item(
        found,
        item.get("type"),
        fields.text("author", item.get("by")),
        at,
        fields.text("title", item.get("title")),
        fields.text("text", item.get("text")),
        fields.text("url", item.get("url")),
        fields.read("parent", item.get("parent"), item_id),
        None,
        fields.score("score", item.get("score")),
        direct if item.get("type") == "comment" else descendants,
        is_gone=any(is_gone),
        drifts=tuple(fields.drifts),
    )


# Values -----------------------------------------------------------------------------------------------


def _name(name: str) -> str:
    return f"hackernews:{name}"


def _identity(id_: Any, seconds: Any) -> tuple[str, datetime]:
    """Without these nothing is a mention."""
    found, at = item_id(id_), _moment(seconds)
    if found is None:
        raise UnreadableError("has no readable id")
    if at is None:
        raise UnreadableError("has no readable time")
    return found, at


def _moment(seconds: Any) -> datetime | None:
    return epoch_moment(whole(seconds))
