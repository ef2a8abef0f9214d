"""What the answers of YouTube's Data API hold, as records. Pure: nothing here touches a network.

An answer is `{"kind": …, "items": […]}`: videos, search results, comment threads with a few of their answers, comments,
or channels. What a comment lacks, above all the video that it stands under, the connector puts beside the answer:
`{"video": …, "parent": …, "answer": …}`; a second look is `{"asked": …, "known": …, "answer": …}`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record
from connectors.entries import UnreadableError, placed, read_each
from connectors.markup import plain_text, unescaped
from connectors.side_fields import SideFields
from connectors.values import asked, iso_moment, mapping, opened, part
from connectors.youtube import Settings

SITE = "https://www.youtube.com"

_ID = re.compile(r"[A-Za-z0-9_.-]{1,120}")
_HANDLE = re.compile(r"(?<![\w@./])@([\w.·-]{3,30})")
_BROADCASTS = {"none", "live", "upcoming", "completed"}
_NO_POSTS = {"youtube#playlistItem", "youtube#playlist"}


class Comment(NamedTuple):
    """A comment of an answer, where it stood, what is said of the thread around it, and whether it opens that."""

    place: str
    item: Any
    thread: dict[str, Any]
    is_opening: bool = False


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and interactions of an answer; for a second look also what is gone."""
    answer, beside = opened(page.body) if "kind" not in mapping(page.body) else (page.body, {})
    if not isinstance(answer, dict):
        yield Misfit("is not an answer of YouTube's API", "page", page.body)
        return
    if isinstance(answer.get("error"), dict):  # a refusal: known, and without posts
        return
    items = answer.get("items", [])
    if not isinstance(items, list) or not ("items" in answer or _is_kind(answer)):
        yield Misfit("is not an answer of YouTube's API: it has no items", "page", answer)
        return
    context = _Context(beside, comments_of(answer))
    found = ((place, (place, item)) for place, item in placed("items", items))
    yield from read_each(found, lambda entry: _records_of(*entry, context), lambda entry: entry[1])
    yield from _deletions(beside, answer, items)


def moment(item: Any) -> datetime | None:
    """When a video or comment was published; None for anything else."""
    return iso_moment(part(item, "snippet").get("publishedAt"))


def author_id(comment: Any) -> str | None:
    """Id of the channel of a comment's author; None where that is gone."""
    return _id(part(part(comment, "snippet"), "authorChannelId").get("value"))


def item_id(item: Any) -> str | None:
    """Id of a video, search result, comment, thread or channel."""
    found = item.get("id") if isinstance(item, dict) else None
    if isinstance(found, dict):
        found = found.get("videoId")
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def comments_of(answer: Any) -> list[Comment]:
    """The comments of an answer, those that threads carry included, a comment before its answers."""
    found: list[Comment] = []
    items = answer.get("items") if isinstance(answer, dict) else None
    for number, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, dict):
            found += _comments_in(item, f"items[{number}]")
    return found


def _comments_in(item: dict[str, Any], place: str) -> list[Comment]:
    if item.get("kind") == "youtube#comment":
        return [Comment(place, item, {})]
    if item.get("kind") != "youtube#commentThread":
        return []
    thread, carried = part(item, "snippet"), part(item, "replies").get("comments")
    return [
        Comment(f"{place}.topLevelComment", thread.get("topLevelComment"), thread, is_opening=True),
        *(
            Comment(f"{place}.replies[{number}]", reply, thread)
            for number, reply in enumerate(carried if isinstance(carried, list) else [])
        ),
    ]


# Items ------------------------------------------------------------------------------------------------


class _Context:
    """What an answer's comments need to know of each other and of the video that they stand under."""

    def __init__(self, beside: Mapping[str, Any], comments: list[Comment]) -> None:
        self.video = part(beside, "video")
        self.known = part(beside, "known")
        self.is_recheck = "asked" in beside
        self.is_plain = bool(beside)
        """Whether we asked for it, and so for plain text."""
        parent = part(beside, "parent")
        self.parent = _id(parent.get("id"))
        """The comment whose answers these are, where it was asked for that."""
        self.authors = {parent["id"]: parent.get("author")} if isinstance(parent.get("id"), str) else {}
        self.handles: dict[str, str] = {}
        for comment in comments:
            author, name = author_id(comment.item), part(comment.item, "snippet").get("authorDisplayName")
            comment_id = item_id(comment.item)
            if author and comment_id:
                self.authors[comment_id] = author
            if author and isinstance(name, str) and name.startswith("@"):
                self.handles[name[1:].lower()] = author


def _records_of(place: str, item: Any, context: _Context) -> Iterator[Record]:
    if not isinstance(item, dict):
        raise UnreadableError("is not an item")
    kind = item.get("kind")
    if kind == "youtube#searchResult" and part(item, "id").get("kind") in ("youtube#channel", "youtube#playlist"):
        return
    if kind in ("youtube#video", "youtube#searchResult"):
        yield from _video(item, is_escaped=kind == "youtube#searchResult")
    elif kind == "youtube#channel":
        yield from _channel(item)
    elif kind in ("youtube#commentThread", "youtube#comment"):
        comments = ((comment.place, comment) for comment in _comments_in(item, place))
        yield from read_each(comments, lambda comment: _comment(comment, context), lambda comment: comment.item)
    elif kind not in _NO_POSTS:
        raise UnreadableError("is of a kind that is none of video, channel and comment")


def _video(item: dict[str, Any], *, is_escaped: bool) -> Iterator[Record]:
    """A video. Search results escape their titles, and cut descriptions short, which then are none."""
    video, snippet, created_at = _basics(item)
    side = SideFields("video")
    channel, place, title = (
        _told(snippet, name, side, is_needed=True) for name in ("channelId", "channelTitle", "title")
    )
    text = _told(snippet, "description", side)
    if title is None and text is None:
        raise UnreadableError("is a video without title and description")
    if channel is not None and _id(channel) is None:
        side.drift("channelId", channel)
    mention_id = f"youtube:{video}"
    yield Mention(
        mention_id,
        "youtube",
        place,
        "post",
        unescaped(title) if is_escaped and title else title,
        None if is_escaped else text,
        f"{SITE}/watch?v={video}",
        f"youtube:{channel}" if _id(channel) else None,
        None,
        mention_id,
        created_at,
        network_lang=_language(snippet.get("defaultLanguage"), side),
    )
    broadcast = snippet.get("liveBroadcastContent", "none")
    if not isinstance(broadcast, str) or broadcast not in _BROADCASTS:
        side.drift("liveBroadcastContent", broadcast)
    if "statistics" in item:
        numbers = side.part("statistics", item.get("statistics"))
        if "viewCount" not in numbers and broadcast != "upcoming":
            side.drift("viewCount", None)
        yield Metrics(
            mention_id,
            likes=_count(numbers, "likeCount", side),
            replies=_count(numbers, "commentCount", side),
            views=_count(numbers, "viewCount", side),
        )
    yield from side.drifts


def _channel(item: dict[str, Any]) -> Iterator[Record]:
    """Whose channel it is. Subscribers are rounded to three digits, and not told where the owner hides them."""
    side = SideFields("channel")
    channel, snippet, numbers = (
        item_id(item),
        side.part("snippet", item.get("snippet")),
        side.part("statistics", item.get("statistics")),
    )
    name, handle = _told(snippet, "title", side, is_needed=True), _told(snippet, "customUrl", side)
    if channel is None:
        side.drift("id", item.get("id"))
    elif name:
        since = iso_moment(snippet.get("publishedAt"))
        if since is None and snippet.get("publishedAt") is not None:
            side.drift("publishedAt", snippet["publishedAt"])
        yield Author(
            f"youtube:{channel}",
            "youtube",
            handle.removeprefix("@") if handle else name,
            name,
            None if numbers.get("hiddenSubscriberCount") is True else _count(numbers, "subscriberCount", side),
            since,
        )
    yield from side.drifts


def _comment(found: Comment, context: _Context) -> Iterator[Record]:
    comment, snippet, created_at = _basics(found.item)
    side = SideFields("comment")
    known = part(context.known, comment)
    said = (snippet.get("videoId"), found.thread.get("videoId"), context.video.get("id"), known.get("video"))
    video = next(filter(None, map(_id, said)), None)
    parent = _id(snippet.get("parentId")) or (comment.partition(".")[0] if "." in comment else None)
    if parent is None and not found.is_opening:
        parent = item_id(found.thread.get("topLevelComment")) or context.parent
    for name in ("videoId", "parentId"):
        if snippet.get(name) is not None and _id(snippet[name]) is None:
            side.drift(name, snippet[name])
    account = side.part("authorChannelId", snippet.get("authorChannelId"))
    author, handle = author_id(found.item), _told(snippet, "authorDisplayName", side)
    if account and author is None:
        side.drift("authorChannelId", account)
    updated_at = iso_moment(snippet.get("updatedAt"))
    above = parent or video
    mention = Mention(
        f"youtube:{comment}",
        "youtube",
        _text(context.video.get("channelTitle")) or _text(known.get("community")),
        "comment",
        None,
        _comment_text(snippet, is_plain=context.is_plain),
        f"{SITE}/watch?v={video}&lc={comment}" if video else None,
        f"youtube:{author}" if author else None,
        f"youtube:{above}" if above else None,
        f"youtube:{video}" if video else None,
        created_at,
        updated_at if updated_at and updated_at > created_at else None,
    )
    yield mention
    if author and handle:
        # Since 2023 a comment shows its author's handle; before, the name.
        is_handle = handle.startswith("@")
        yield Author(f"youtube:{author}", "youtube", handle.removeprefix("@"), None if is_handle else handle)
    if updated_at is None:
        side.drift("updatedAt", snippet.get("updatedAt"))
    if "likeCount" not in snippet:
        side.drift("likeCount", None)
    around = SideFields("commentThread")
    if found.is_opening and "totalReplyCount" not in found.thread:
        around.drift("totalReplyCount", None)
    answers = _count(found.thread, "totalReplyCount", around) if found.is_opening else None
    yield Metrics(mention.mention_id, likes=_count(snippet, "likeCount", side), replies=answers)
    yield from (*side.drifts, *around.drifts)
    yield from _interactions(mention, author, parent, context)


def _interactions(mention: Mention, author: str | None, parent: str | None, context: _Context) -> Iterator[Interaction]:
    """Whom a comment addresses, each person once: the author of what it answers, and those whose handles it names."""
    if author is None or context.is_recheck:
        return
    answered = context.authors.get(parent) if parent else context.video.get("channelId")
    named = [context.handles.get(handle.lower().rstrip(".-")) for handle in _HANDLE.findall(mention.text or "")]
    addressed = {author}
    for other, kind in ((answered, "reply"), *((other, "mention") for other in named)):
        if isinstance(other, str) and other not in addressed:
            addressed.add(other)
            yield Interaction(mention.mention_id, f"youtube:{author}", f"youtube:{other}", kind)  # type: ignore[arg-type]


def _deletions(beside: Mapping[str, Any], answer: dict[str, Any], items: list[Any]) -> Iterator[Deletion]:
    """What was asked for and is not in the answer is gone: YouTube leaves out what it has no more. Not so where there
    is another page, as then it may stand there.
    """
    if not answer.get("nextPageToken"):
        there = {f"youtube:{item_id(item)}" for item in items}
        known = asked(beside) if all(map(item_id, items)) else None  # a nameless one may be any of those missing
        yield from (Deletion(mention_id) for mention_id in known or () if mention_id not in there)


# Values -----------------------------------------------------------------------------------------------


def _is_kind(answer: dict[str, Any]) -> bool:
    return str(answer.get("kind")).startswith("youtube#") and str(answer.get("kind")).endswith("Response")


def _basics(item: Any) -> tuple[str, dict[str, Any], datetime]:
    found = item_id(item)
    if found is None:
        raise UnreadableError("has no readable id")
    created_at = moment(item)
    if created_at is None:
        raise UnreadableError("has no publishedAt, so its time can't be told")
    return found, part(item, "snippet"), created_at


def _comment_text(snippet: dict[str, Any], *, is_plain: bool) -> str:
    """What was written, as it was typed where the answer has that."""
    original, shown = snippet.get("textOriginal"), snippet.get("textDisplay")
    if isinstance(original, str):
        return original
    if isinstance(shown, str):
        return shown if is_plain else plain_text(shown)
    raise UnreadableError("is a comment without a text")


def _id(value: Any) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _told(whole: dict[str, Any], name: str, side: SideFields, *, is_needed: bool = False) -> str | None:
    """A text as it was written; None where there is none."""
    value = whole.get(name)
    if isinstance(value, str):
        return value
    if value is not None or is_needed:
        side.drift(name, value)
    return None


def _language(value: Any, side: SideFields) -> str | None:
    """The language of a video's title and description, without the country."""
    if value is None:
        return None
    code = value.partition("-")[0].lower() if isinstance(value, str) else ""
    if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        side.drift("defaultLanguage", value)
        return None
    return code if code not in {"und", "zxx"} else None


def _count(numbers: dict[str, Any], name: str, side: SideFields) -> int | None:
    """A number, which YouTube sends as text for videos and as a number for comments."""
    number = counted(numbers.get(name))
    return side.count(name, numbers.get(name) if number is None else number)


def counted(value: Any) -> int | None:
    """A number of things, sent as text or as a number; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
