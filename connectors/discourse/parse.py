"""What a Discourse forum answers, as records. Pure: nothing here touches a network.

A post comes as part of a topic, of the newest posts, of a search or alone, and each tells a little more or less of it.
What only another answer knows, fetching lays beside it: `{"answer": …, "categories": …, "topic": …}`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.discourse import Settings
from connectors.entries import read_each
from connectors.markup import plain_text
from connectors.side_fields import SideFields
from connectors.values import asked, entries, iso_moment, mapping, opened, part, whole

_REGULAR, _BY_MODERATOR, _SMALL_ACTION, _WHISPER = 1, 2, 3, 4
_LIKE = 2
_LEADS = "search"
"""Endpoint of searches, which show the start of a post; the whole post follows on another page."""
_NAMED = re.compile(r'<a class="mention" href="[^"]*?/u(?:sers)?/([^"/?]+)"')
_QUOTE = re.compile(r'<aside class="quote[^<>]*>')
_QUOTED = re.compile(r'data-username="([^"]+)"')


class Post(NamedTuple):
    """A post where it stood in an answer, with what the answer says of its topic."""

    place: str
    raw: dict[str, Any]
    topic: Mapping[str, Any]

    @property
    def key(self) -> tuple[int, int] | None:
        """Id of the topic and number of the post in it, which together name a post."""
        topic, number = whole(self.raw.get("topic_id")), whole(self.raw.get("post_number"))
        topic = topic if topic is not None else whole(self.topic.get("id"))
        return (topic, number) if topic is not None and number is not None else None

    @property
    def at(self) -> datetime | None:
        """When it was written."""
        return iso_moment(self.raw.get("created_at"))

    @property
    def is_said(self) -> bool:
        """Whether somebody says something in it to everybody: no note of the software, whisper or private message."""
        kind = self.raw.get("post_type")
        return kind not in (_SMALL_ACTION, _WHISPER) and self.topic.get("archetype") != "private_message"


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of an answer; deletions where it was asked what became of a post."""
    site = settings.address if settings else None
    answer, beside = opened(page.body)
    known = asked(beside)
    if answer is None and known is not None:
        yield from map(Deletion, known)
        return
    if not _is_known(answer):
        yield Misfit("is not an answer of Discourse's JSON API", "page", answer)
        return
    reader = _Reader(place_of(site), site, part(beside, "categories"))
    yield from reader.posts(_with_raw(answer), part(beside, "topic"), leads_only=page.endpoint.startswith(_LEADS))


def posts(body: Any, topic: Mapping[str, Any] | None = None) -> list[Post]:
    """The posts of an answer that can be read at all."""
    return [Post(place, raw, {**(topic or {}), **own}) for place, raw, own in _with_raw(body) if isinstance(raw, dict)]


def place_of(site: str | None) -> str:
    """A forum's address without scheme, with which the names of its posts and people begin; empty where unknown."""
    parts = urlsplit(site or "")
    return (parts.netloc + parts.path).rstrip("/").lower() + "/" if parts.netloc else ""


def name_of(site: str, topic: int, number: int) -> str:
    """The mention id of a post."""
    return f"discourse:{place_of(site)}t/{topic}/{number}"


def key_of(site: str, mention_id: str) -> tuple[int, int] | None:
    """The topic and number that a mention id names; None where it is not of this forum."""
    found = re.fullmatch(rf"discourse:{re.escape(place_of(site))}t/([0-9]{{1,18}})/([0-9]{{1,18}})", mention_id)
    return (int(found[1]), int(found[2])) if found else None


# Answers ----------------------------------------------------------------------------------------------


def _is_known(body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    lists = ("latest_posts", "posts", "topic_list", "category_list", "user_actions", "errors", "categories")
    return "post_stream" in body or "post_number" in body or any(name in body for name in lists)


def _with_raw(body: Any) -> list[tuple[str, Any, Mapping[str, Any]]]:
    """Each post of an answer with its place, and its topic as far as the answer holds it."""
    if not isinstance(body, dict):
        return []
    if "post_number" in body:
        return [("post", body, {})]
    if "post_stream" in body:
        stream = mapping(body["post_stream"])
        return [(f"post_stream.posts[{n}]", raw, body) for n, raw in enumerate(entries(stream.get("posts")))]
    if "latest_posts" in body:
        return [(f"latest_posts[{n}]", raw, {}) for n, raw in enumerate(entries(body["latest_posts"]))]
    topics = {topic.get("id"): topic for topic in entries(body.get("topics")) if _is_named(topic)}
    return [
        (f"posts[{n}]", raw, topics.get(whole(mapping(raw).get("topic_id")), {}))
        for n, raw in enumerate(entries(body.get("posts")))
    ]


def _is_named(topic: Any) -> bool:
    return isinstance(topic, dict) and whole(topic.get("id")) is not None


class _Reader:
    """Reads posts of one forum; `categories` gives the path of each category, as `help/lamps`, by its id."""

    def __init__(self, place: str, site: str | None, categories: Mapping[str, Any]) -> None:
        self.place = place
        self.site = site.rstrip("/") if site else None
        self.categories = categories

    def posts(
        self, found: list[tuple[str, Any, Mapping[str, Any]]], context: Mapping[str, Any], *, leads_only: bool
    ) -> Iterator[Record]:
        read = []
        for place, raw, own in found:
            post = Post(place, raw, {**context, **own}) if isinstance(raw, dict) else None
            if post is None or post.key is None or post.at is None:
                yield Misfit(f"has no readable {_what_lacks(post)}", place, raw)
            elif post.is_said and not (leads_only and "cooked" not in post.raw):
                read.append(post)
        writers = {post.key: _text(post.raw.get("username")) for post in read}
        yield from read_each(
            ((post.place, post) for post in read), partial(self.of_post, writers=writers), lambda post: post.raw
        )

    def of_post(self, post: Post, writers: Mapping[tuple[int, int] | None, str | None]) -> Iterator[Record]:
        raw, key, at = post.raw, post.key, post.at
        if key is None or at is None:  # checked before
            return
        topic, number = key
        fields = SideFields("post")
        mention_id, author = self.name(topic, number), _text(raw.get("username"))
        deleted_at = iso_moment(raw.get("deleted_at")) or iso_moment(post.topic.get("deleted_at"))
        is_gone = _is_gone(raw, post.topic, fields)
        answered = _answered_number(raw, number, fields)
        mention = Mention(
            mention_id,
            "discourse",
            self.community(post, fields),
            "post" if number == 1 else "comment",
            _title(post, fields) if number == 1 and not is_gone else None,
            None if is_gone else _said(raw),
            self.url(post, topic, number),
            self.person(author) if author and not is_gone else None,
            self.name(topic, answered) if answered is not None else None,
            self.name(topic, 1),
            at,
            _edited_at(raw, fields),
            deleted_at,
            is_deleted=is_gone,
        )
        if is_gone:
            yield from fields.drifts
            yield mention
            return
        metrics = _metrics(mention_id, post, number, fields)
        _check(raw, fields)
        account = self.author(author, raw, fields) if author else None
        yield from fields.drifts
        yield mention
        yield metrics
        if author and account:
            yield account
            yield from self.interactions(mention_id, author, raw, self.answered(post, topic, number, answered, writers))

    def author(self, username: str, raw: Mapping[str, Any], post: SideFields) -> Author:
        """Who wrote a post; what can't be read of it is noted beside the post's own fields."""
        fields, user_id = SideFields("author"), raw.get("user_id")
        name = raw.get("name") if fields.words("name", raw.get("name")) else None
        number = fields.score("user_id", user_id)
        post.drifts += fields.drifts
        return Author(self.person(username), "discourse", username, name, is_bot=True if (number or 0) < 0 else None)

    def answered(
        self,
        post: Post,
        topic: int,
        number: int,
        answered: int | None,
        writers: Mapping[tuple[int, int] | None, str | None],
    ) -> str | None:
        """Who wrote what a post answers, as far as the answer tells."""
        if number == 1 or answered is None:
            return None
        told = mapping(post.raw.get("reply_to_user")).get("username") if post.raw.get("reply_to_post_number") else None
        if not told and answered == 1:
            told = mapping(mapping(post.topic.get("details")).get("created_by")).get("username")
        return _text(told) or writers.get((topic, answered))

    def interactions(self, mention_id: str, author: str, raw: Mapping[str, Any], answered: str | None) -> Iterator[Any]:
        cooked = _text(raw.get("cooked")) or ""
        own = _without(cooked, "<aside", "</aside>")  # whom a quoted text names, its quoter doesn't
        to = {
            "reply": [answered] if answered else [],
            "mention": [unquote(name) for name in _NAMED.findall(own)],
            "quote": [name for quote in _QUOTE.findall(cooked) for name in _QUOTED.findall(quote)],
        }
        writer = self.person(author)
        for kind, names in to.items():
            for person in dict.fromkeys(map(self.person, names)):
                if person != writer:
                    yield Interaction(mention_id, writer, person, kind)  # type: ignore[arg-type]

    def name(self, topic: int, number: int) -> str:
        return f"discourse:{self.place}t/{topic}/{number}"

    def person(self, username: str) -> str:
        return f"discourse:{self.place}u/{username.lower()}"

    def url(self, post: Post, topic: int, number: int) -> str | None:
        slug = _text(post.raw.get("topic_slug")) or _text(post.topic.get("slug")) or "-"
        return web_address(f"{self.site}/t/{slug}/{topic}/{number}") if self.site else None

    def community(self, post: Post, fields: SideFields) -> str | None:
        ids = (post.raw.get("category_id"), post.topic.get("category_id"), post.raw.get("_category_id"))
        found = next((id_ for id_ in ids if id_ is not None), None)
        fields.read("category_id", found, whole)
        path = _text(self.categories.get(str(found)))
        return self.place + path if path else None


def _what_lacks(post: Post | None) -> str:
    if post is None:
        return "fields"
    return "topic and number" if post.key is None else "time"


def _check(raw: Mapping[str, Any], fields: SideFields) -> None:
    """Note what every whole post has and this one lacks. A search shows the start of one, without most of it."""
    for name in ("cooked", "blurb", "username"):
        fields.words(name, raw.get(name))
    if "cooked" not in raw:
        if "blurb" not in raw:
            fields.drift("cooked", None)
        return
    for name in ("username", "post_type"):
        if name not in raw:
            fields.drift(name, None)
    if "post_type" in raw and raw["post_type"] not in (_REGULAR, _BY_MODERATOR):
        fields.drift("post_type", raw["post_type"])


def _is_gone(raw: Mapping[str, Any], topic: Mapping[str, Any], fields: SideFields) -> bool:
    """Whether a post was taken down. One that says when is gone, even where the moment can't be read."""
    told = [of.get("deleted_at") for of in (raw, topic)]
    for value in told:
        fields.read("deleted_at", value, iso_moment)
    is_hidden = [fields.flag(name, raw.get(name)) for name in ("user_deleted", "hidden")]
    return any(value is not None for value in told) or any(is_hidden)


def _answered_number(raw: Mapping[str, Any], number: int, fields: SideFields) -> int | None:
    """The number of the post that is answered: the opening post where none is named, None where that isn't told."""
    if number == 1 or "reply_to_post_number" not in raw:
        return None
    told = raw["reply_to_post_number"]
    return 1 if told is None else fields.count("reply_to_post_number", told) or None


# Values -----------------------------------------------------------------------------------------------


def _said(raw: Mapping[str, Any]) -> str | None:
    cooked = _text(raw.get("cooked"))
    if cooked is not None:
        # below a picture stand its file's name and size
        return plain_text(_without(cooked, '<div class="meta">', "</div>")) or None
    return _text(raw.get("blurb"))


def _without(markup: str, opening: str, closing: str) -> str:
    """Markup without the elements that begin and end so."""
    first, *rest = markup.split(opening)
    return first + "".join(piece.partition(closing)[2] for piece in rest)


def _title(post: Post, fields: SideFields) -> str | None:
    told = (("topic_title", post.raw.get("topic_title")), ("title", post.topic.get("title")))
    return next((title for name, title in told if fields.words(name, title)), None)


def _edited_at(raw: Mapping[str, Any], fields: SideFields) -> datetime | None:
    version = fields.count("version", raw.get("version"))
    edited_at = fields.read("updated_at", raw.get("updated_at"), iso_moment)
    return edited_at if (version or 1) > 1 else None


def _metrics(mention_id: str, post: Post, number: int, fields: SideFields) -> Metrics:
    """Of an opening post the replies and views of its topic; of an answer those of itself alone."""
    raw = post.raw
    if number == 1:
        counts = [fields.count("posts_count", of.get("posts_count")) for of in (raw, post.topic)]
        count = next(filter(None, counts), None)
        replies, views = count - 1 if count else None, fields.count("views", post.topic.get("views"))
    else:
        replies, views = (fields.count(name, raw.get(name)) for name in ("reply_count", "reads"))
    return Metrics(mention_id, likes=_likes(raw, fields), replies=replies, views=views)


def _likes(raw: Mapping[str, Any], fields: SideFields) -> int | None:
    """Where nobody liked a post, newer forums leave the likes out of the list of what was done to it."""
    done = raw.get("actions_summary")
    if not isinstance(done, list):
        if done is not None:
            fields.drift("actions_summary", done)
        return fields.count("like_count", raw.get("like_count"))
    told = (entry.get("count") for entry in done if isinstance(entry, dict) and entry.get("id") == _LIKE)
    return fields.count("likes", next(told, 0))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
