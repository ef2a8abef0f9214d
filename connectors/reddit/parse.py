"""What Reddit's answers hold, as records. Pure: nothing here touches a network.

Reddit wraps everything in things, `{"kind": …, "data": …}`: `t1` is a comment, `t3` a post, `more` a stub for
comments that were left out, `Listing` a list of things.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record
from connectors.entries import UnreadableError, read_each
from connectors.markup import unescaped
from connectors.reddit import Settings
from connectors.side_fields import SideFields
from connectors.values import asked, epoch_moment, opened

SITE = "https://www.reddit.com"

_FULLNAME = re.compile(r"t[1-6]_[0-9a-z]{1,13}")
_ID = re.compile(r"[0-9a-z]{1,13}")
_GONE = {"[deleted]", "[removed]", "[deleted by user]", "[removed by reddit]", "[ removed by reddit ]", "[unavailable]"}
_NO_POSTS = {"t2", "t4", "t5", "t6", "more"}
_PROBLEM_KEYS = {"message", "error", "reason", "explanation", "fields"}


class Found(NamedTuple):
    """A thing and where it stood in the page."""

    place: str
    thing: Any


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and replies of a listing, a comment tree or an answer of morechildren; of a listing of
    known posts also what is gone.
    """
    body, beside = opened(page.body)
    known = asked(beside)
    if not _is_answer(body):
        yield Misfit("is not a listing, a comment tree or an answer of morechildren", "page", body)
        return
    found = list(things(body))
    read = of_things(found, is_escaped(found))
    yield from read if known is None else _of_known(set(known), body, found, read)


def _of_known(known: set[str], body: Any, found: list[Found], read: Iterator[Record]) -> Iterator[Record]:
    """What became of known posts: as they are now, or gone where Reddit shows them emptied or not at all."""
    names = {fullname(thing) for _, thing in found}
    gone = set()
    for record in read:
        if isinstance(record, Mention) and record.is_deleted:
            gone.add(record.mention_id)
        elif not (isinstance(record, Metrics) and record.mention_id in gone):
            yield record
    # a thing without a readable name may be any of those that seem to be missing
    if isinstance(body, dict) and body.get("kind") == "Listing" and None not in names:
        gone |= known - {f"reddit:{name}" for name in names}
    yield from (Deletion(mention_id) for mention_id in sorted(gone & known))


def of_things(found: list[Found], is_escaped: bool) -> Iterator[Record]:
    """The records of things of one page, which tell each other's authors. What can't be read is a `Misfit`."""
    return read_each(found, partial(_records_of, authors=_authors(found), is_escaped=is_escaped))


def _is_answer(body: Any) -> bool:
    if isinstance(body, list):
        return bool(body) and any(isinstance(part, dict) for part in body)
    if not isinstance(body, dict):
        return False
    # A refusal or a token: known, and without posts.
    return "kind" in body or "json" in body or "access_token" in body or bool(body and body.keys() <= _PROBLEM_KEYS)


def things(body: Any) -> Iterator[Found]:
    """Every thing of an answer, `more` stubs included, a parent before its replies and in the order of the page."""
    waiting = [Found(f"[{number}]", part) for number, part in enumerate(body)] if isinstance(body, list) else []
    waiting = waiting[::-1] or [Found("", body)]
    while waiting:
        place, thing = waiting.pop()
        if not isinstance(thing, dict):
            yield Found(place, thing)
            continue
        content = thing.get("data")
        if thing.get("kind") == "Listing":
            children = content.get("children") if isinstance(content, dict) else None
            name = f"{place}.children" if place else "children"
        elif "json" in thing and "kind" not in thing:
            answer = thing["json"].get("data") if isinstance(thing["json"], dict) else None
            children = answer.get("things") if isinstance(answer, dict) else []
            name = "things"
        elif "kind" not in thing and not place:
            continue
        else:
            yield Found(place, thing)
            replies = content.get("replies") if isinstance(content, dict) else None
            if isinstance(replies, dict):
                waiting.append(Found(f"{place}.replies", replies))
            continue
        if isinstance(children, list):
            waiting += [Found(f"{name}[{number}]", child) for number, child in enumerate(children)][::-1]
        else:
            yield Found(place or "page", thing)


def moment(thing: Any) -> datetime | None:
    """When a post or comment was written; None for anything else."""
    if not isinstance(thing, dict) or thing.get("kind") not in ("t1", "t3"):
        return None
    content = thing.get("data")
    return _moment(content.get("created_utc")) if isinstance(content, dict) else None


def fullname(thing: Any) -> str | None:
    """`t1_…` or `t3_…` of a post or comment."""
    if not isinstance(thing, dict) or not isinstance(thing.get("data"), dict):
        return None
    kind, name = thing.get("kind"), thing["data"].get("name")
    if isinstance(name, str) and name[:3] == f"{kind}_" and _FULLNAME.fullmatch(name):
        return name
    short = thing["data"].get("id")
    return f"{kind}_{short}" if isinstance(short, str) and _ID.fullmatch(short) and kind in ("t1", "t3") else None


def is_escaped(found: list[Found], otherwise: bool = False) -> bool:
    """Whether the answer came without `raw_json`: then `<`, `>` and `&` are escaped in every text, the HTML's too.
    Where it has no HTML that would tell: `otherwise`.
    """
    for _, thing in found:
        content = thing.get("data") if isinstance(thing, dict) else None
        if isinstance(content, dict):
            markup = content.get("body_html") or content.get("selftext_html")
            if isinstance(markup, str):
                return markup.startswith("&lt;")
    return otherwise


def _authors(found: list[Found]) -> dict[str, str]:
    """Fullname → author id, of all that a page tells."""
    authors = {}
    for _, thing in found:
        name = fullname(thing)
        if name is None:
            continue
        content = thing["data"]
        author, post, post_author = _name(content.get("author")), content.get("link_id"), content.get("link_author")
        if author:
            authors[name] = f"reddit:{author.lower()}"
        if isinstance(post, str) and _name(post_author):
            authors.setdefault(post, f"reddit:{post_author.lower()}")
    return authors


def _records_of(thing: Any, authors: dict[str, str], is_escaped: bool) -> Iterator[Record]:
    if not isinstance(thing, dict):
        raise UnreadableError("is not a thing with kind and data")
    kind = thing.get("kind")
    if isinstance(kind, str) and kind in _NO_POSTS:
        return
    if kind == "Listing" or "json" in thing:
        raise UnreadableError("is a listing without a list of children")
    if kind not in ("t1", "t3"):
        raise UnreadableError("has a kind that Reddit doesn't document")
    content = thing.get("data")
    if not isinstance(content, dict):
        raise UnreadableError("has no data")
    name = fullname(thing)
    if name is None:
        raise UnreadableError("has no readable id")
    created_at = _moment(content.get("created_utc"))
    if created_at is None:
        raise UnreadableError("has no created_utc, so its time can't be told")
    side = SideFields("comment" if kind == "t1" else "post")
    mention = (_comment if kind == "t1" else _post)(name, created_at, content, is_escaped, side)
    yield mention
    if mention.author_id:
        yield Author(mention.author_id, "reddit", content["author"])
    is_score_hidden = content.get("score_hidden") is True or content.get("hide_score") is True
    yield Metrics(
        mention.mention_id,
        # A comment in a listing carries the number of comments of its post.
        replies=side.count("num_comments", content.get("num_comments")) if kind == "t3" else None,
        score=None if is_score_hidden else side.score("score", content.get("score")),
    )
    yield from side.drifts
    yield from _interactions(mention, content, authors)


def _comment(name: str, created_at: datetime, content: dict[str, Any], is_escaped: bool, side: SideFields) -> Mention:
    text = content.get("body")
    if not isinstance(text, str):
        raise UnreadableError("is a comment without a body")
    is_deleted = text.strip().lower() in _GONE
    parent, post = (_reference(side, field, content.get(field)) for field in ("parent_id", "link_id"))
    community = _community(content, side)
    permalink = _permalink(content, side)
    if not permalink and community and post:
        permalink = f"/{community}/comments/{post.removeprefix('reddit:t3_')}/_/{name.removeprefix('t1_')}/"
    return Mention(
        f"reddit:{name}",
        "reddit",
        community,
        "comment",
        None,
        None if is_deleted else _plain(text, is_escaped),
        SITE + permalink if permalink else None,
        None if is_deleted else _writer(content, side),
        parent,
        post,
        created_at,
        edited_at=_edited_at(content, side),
        is_deleted=is_deleted,
    )


def _post(name: str, created_at: datetime, content: dict[str, Any], is_escaped: bool, side: SideFields) -> Mention:
    title, text = _words(content, "title", side), _words(content, "selftext", side)
    permalink = _permalink(content, side)
    link = _link(content, permalink, is_escaped)
    if title is None and text is None and link is None:
        raise UnreadableError("is a post without title and text")
    is_deleted = content.get("removed_by_category") is not None or any(
        part is not None and part.strip().lower() in _GONE for part in (text, title)
    )
    community = _community(content, side)
    if not permalink and community:
        permalink = f"/{community}/comments/{name.removeprefix('t3_')}/"
    return Mention(
        f"reddit:{name}",
        "reddit",
        community,
        "post",
        None if is_deleted or title is None else _plain(title, is_escaped),
        None if is_deleted else _plain(text, is_escaped) if text else link or text,
        SITE + permalink if permalink else None,
        None if is_deleted else _writer(content, side),
        None,
        f"reddit:{name}",
        created_at,
        edited_at=_edited_at(content, side),
        is_deleted=is_deleted,
    )


def _link(content: dict[str, Any], permalink: str | None, is_escaped: bool) -> str | None:
    """Where a post without text leads: kept as its text, since `url` is where people read the post itself."""
    link = content.get("url")
    if content.get("is_self") is True or not isinstance(link, str) or not link:
        return None
    if permalink and link.endswith(permalink):
        return None
    link = _plain(link, is_escaped)
    return SITE + link if link.startswith("/") else link


def _interactions(mention: Mention, content: dict[str, Any], authors: dict[str, str]) -> Iterator[Interaction]:
    """Whom a comment answers, or whose post a crosspost passes on. Nobody addresses themselves."""
    writer = mention.author_id
    if not writer:
        return
    if mention.parent_id:
        addressed = authors.get(mention.parent_id.removeprefix("reddit:"))
        if addressed and addressed != writer:
            yield Interaction(mention.mention_id, writer, addressed, "reply")
    origins = content.get("crosspost_parent_list")
    if isinstance(origins, list) and origins and isinstance(origins[0], dict):
        origin = _author_id(origins[0])
        if origin and origin != writer:
            yield Interaction(mention.mention_id, writer, origin, "repost")


# Values -----------------------------------------------------------------------------------------------


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and value.strip().lower() not in _GONE else None


def _author_id(content: dict[str, Any]) -> str | None:
    author = _name(content.get("author"))
    return f"reddit:{author.lower()}" if author else None


def _writer(content: dict[str, Any], side: SideFields) -> str | None:
    """Who wrote it; None where the account is gone."""
    told = content.get("author")
    if not isinstance(told, str) or not told.strip():
        side.drift("author", told)
    return _author_id(content)


def _community(content: dict[str, Any], side: SideFields) -> str | None:
    subreddit = side.words("subreddit", content.get("subreddit"))
    return f"r/{subreddit}" if subreddit else None


def _words(content: dict[str, Any], field: str, side: SideFields) -> str | None:
    """What was written, as it was typed."""
    told = content.get(field)
    if told is None or isinstance(told, str):
        return told
    side.drift(field, told)
    return None


def _reference(side: SideFields, field: str, value: Any) -> str | None:
    """The mention id of the thing that a field names."""
    if isinstance(value, str) and _FULLNAME.fullmatch(value):
        return f"reddit:{value}"
    if value is not None:
        side.drift(field, value)
    return None


def _permalink(content: dict[str, Any], side: SideFields) -> str | None:
    """Path of the address at which people read it."""
    permalink = side.words("permalink", content.get("permalink"))
    if permalink and not permalink.startswith("/"):
        side.drift("permalink", permalink)
        return None
    return permalink


def _edited_at(content: dict[str, Any], side: SideFields) -> datetime | None:
    """When it was edited last; None where it never was, or where that can't be read."""
    told = content.get("edited")
    edited_at = _moment(told)
    # `false` is Reddit's "never", and `true` its old "at some time"
    if edited_at is None and told and told is not True:
        side.drift("edited", told)
    return edited_at


def _plain(text: str, is_escaped: bool) -> str:
    return unescaped(text) if is_escaped else text


def _moment(value: Any) -> datetime | None:
    """Epoch seconds as a moment; None for anything else."""
    return epoch_moment(value) if isinstance(value, int | float) and value > 0 else None
