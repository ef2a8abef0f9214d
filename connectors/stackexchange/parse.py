"""What Stack Exchange answers, as records. Pure: nothing here touches a network.

Answers and comments don't tell whose post they belong to; fetching lays that beside them:
`{"answer": …, "posts": {id of a post: its question, its owner and where it stands}}`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.entries import UnreadableError, placed, read_each
from connectors.markup import plain_text, unescaped
from connectors.side_fields import SideFields
from connectors.stackexchange import Settings
from connectors.values import asked, epoch_moment, mapping, opened, part, whole

_USER_TYPES = frozenset({"unregistered", "registered", "moderator", "team_admin", "does_not_exist"})


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and replies of an answer; deletions of what was asked for and isn't there."""
    site = settings.site if settings else None
    body, beside = opened(page.body)
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        if "error_id" not in mapping(body):
            yield Misfit("is not an answer of Stack Exchange: it has no items", "page", body)
        return
    known = asked(beside)
    if known is not None and body.get("has_more") is False:
        there = {name_of(site, item) for item in body["items"]}
        if None not in there:  # an item without a readable id may be any of those that seem to be missing
            yield from (Deletion(name) for name in known if name not in there)
    yield from read_each(placed("items", body["items"]), _Reader(site, part(beside, "posts")).item)


def post_id(item: Any) -> int | None:
    """The id of a question or an answer; None for anything else."""
    fields = mapping(item)
    return None if "comment_id" in fields else whole(fields.get("answer_id", fields.get("question_id")))


def name_of(site: str | None, item: Any) -> str | None:
    """The mention id of an item: questions and answers share their numbers, comments have their own."""
    comment = whole(mapping(item).get("comment_id"))
    if comment is not None:
        return f"{_prefix(site)}comment/{comment}"
    post = post_id(item)
    return f"{_prefix(site)}{post}" if post is not None else None


def moment(item: Any, name: str = "creation_date") -> datetime | None:
    """A time of an item, which comes as whole seconds since 1970."""
    return epoch_moment(whole(mapping(item).get(name)))


def beside_of(items: list[Any], known: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """What the comments and answers of these posts need to know of them. `known` are the questions of answers."""
    found = {}
    for item in items:
        id_ = post_id(item)
        if id_ is None:
            continue
        question = whole(item.get("question_id"))
        above = known.get(question or 0, {})
        link = item.get("link") if "answer_id" not in item else above.get("link")
        found[id_] = {"question_id": question, "owner": item.get("owner"), "link": link}
    return found


def _prefix(site: str | None) -> str:
    return f"stackexchange:{site}/" if site else "stackexchange:"


class _Reader:
    """Reads the items of one site."""

    def __init__(self, site: str | None, beside: Mapping[str, Any]) -> None:
        self.site = site
        self.beside = beside

    def item(self, item: Any) -> Iterator[Record]:
        if not isinstance(item, dict):
            raise UnreadableError("is no item")
        if "item_type" in item:  # what a search shows of a post, which follows whole
            return
        name, at = name_of(self.site, item), moment(item)
        if name is None:
            raise UnreadableError("is no question, answer or comment")
        if at is None:
            raise UnreadableError("has no readable time")
        kind = "comment" if "comment_id" in item else "answer" if "answer_id" in item else "question"
        parent = self.parent(item, kind)
        side, person = SideFields(kind), SideFields("owner")
        owner = self.owner(item, "owner", side)
        author_id = self.author_id(owner)
        title = side.words("title", item.get("title")) if kind == "question" else None
        if kind == "question" and title is None and not side.drifts:
            side.drift("title", item.get("title"))
        yield Mention(
            name,
            "stackexchange",
            self.site,
            "post" if kind == "question" else "comment",
            unescaped(title) if title else None,
            _said(item, kind, side),
            _link(item, side) or self.url(item, kind, parent),
            author_id,
            f"{_prefix(self.site)}{parent}" if parent is not None else None,
            self.root(item, kind, parent),
            at,
            _edited_at(item, side),
            licence=side.words("content_license", item.get("content_license")),
        )
        yield Metrics(
            name,
            replies=side.count("answer_count", item.get("answer_count")),
            views=side.count("view_count", item.get("view_count")),
            score=side.score("score", item.get("score")),
        )
        if author_id:
            handle = person.words("display_name", owner.get("display_name"))
            if handle:
                handle = unescaped(handle)
                yield Author(author_id, "stackexchange", handle, handle)
            answered = self.answered(item, parent, side)
            if answered and answered != author_id:
                yield Interaction(name, author_id, answered, "reply")
        _look_at(owner, person)
        yield from (*side.drifts, *person.drifts)

    def parent(self, item: Mapping[str, Any], kind: str) -> int | None:
        if kind == "question":
            return None
        return whole(item.get("post_id" if kind == "comment" else "question_id"))

    def post(self, id_: int | None) -> Mapping[str, Any]:
        return mapping(self.beside.get(str(id_)))

    def root(self, item: Mapping[str, Any], kind: str, parent: int | None) -> str | None:
        told = self.post(parent).get("question_id") if kind == "comment" else item.get("question_id")
        question = whole(told)
        return f"{_prefix(self.site)}{question}" if question is not None else None

    def url(self, item: Mapping[str, Any], kind: str, parent: int | None) -> str | None:
        """The address of an answer or comment, from that of its question."""
        link = web_address(self.post(parent).get("link"))
        if link is None:
            return None
        if kind == "comment":
            return f"{link}#comment{item['comment_id']}_{parent}"
        return f"https://{urlsplit(link).netloc}/a/{item['answer_id']}"

    def answered(self, item: Mapping[str, Any], parent: int | None, side: SideFields) -> str | None:
        told = self.author_id(self.owner(item, "reply_to_user", side))
        return told or self.author_id(mapping(self.post(parent).get("owner")))

    def owner(self, item: Mapping[str, Any], name: str, side: SideFields) -> Mapping[str, Any]:
        """Somebody of whom an item tells."""
        if item.get(name) is not None and not isinstance(item[name], dict):
            side.drift(name, item[name])
        return mapping(item.get(name))

    def author_id(self, owner: Mapping[str, Any]) -> str | None:
        """Who that is; None where the account is gone, of which the name alone is left."""
        id_ = whole(owner.get("user_id"))
        is_gone = id_ is None or owner.get("user_type") == "does_not_exist"
        return None if is_gone else f"{_prefix(self.site)}u/{id_}"


def _look_at(owner: Mapping[str, Any], person: SideFields) -> None:
    """Note what of an account nobody documents."""
    if owner.get("user_id") is not None and whole(owner["user_id"]) is None:
        person.drift("user_id", owner["user_id"])
    user_type = owner.get("user_type")
    if user_type is not None and not (isinstance(user_type, str) and user_type in _USER_TYPES):
        person.drift("user_type", user_type)


def _link(item: Mapping[str, Any], side: SideFields) -> str | None:
    """The address of a question or an answer."""
    found = web_address(item.get("link"))
    if found is None and item.get("link") is not None:
        side.drift("link", item["link"])
    return found


def _edited_at(item: Mapping[str, Any], side: SideFields) -> datetime | None:
    found = moment(item, "last_edit_date")
    if found is None and item.get("last_edit_date") is not None:
        side.drift("last_edit_date", item["last_edit_date"])
    return found


def _said(item: Mapping[str, Any], kind: str, side: SideFields) -> str | None:
    """The text; below that of a question its tags, which often hold the only name of what it is about."""
    body, markdown = _text(item.get("body")), _text(item.get("body_markdown"))
    text = plain_text(body) if body else unescaped(markdown) if markdown else None
    if body is None and markdown is None:
        side.drift("body", item.get("body"))
    tags = item.get("tags")
    if tags is not None and not isinstance(tags, list):
        side.drift("tags", tags)
    if not text or not isinstance(tags, list) or kind == "answer":
        return text
    named = " ".join(f"[{unescaped(tag)}]" for tag in tags if isinstance(tag, str))
    return f"{text}\n\n{named}" if named else text


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
