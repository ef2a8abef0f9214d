"""What Slack's answers hold, as records. Pure: nothing here touches a network.

A message is told from others by its channel and its `ts`, the moment at which it was written. What it doesn't say of
workspace, channel and people, fetching lays beside it: `{"workspace": …, "channel": …, "people": …, "answer": …}`.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record, from_epoch
from connectors.entries import UnreadableError, placed, read_each
from connectors.side_fields import SideFields
from connectors.slack import Settings
from connectors.values import asked, mapping, opened, part

_TS = re.compile(r"[0-9]{9,11}\.[0-9]{6}")
_NAME = re.compile(r"slack:([A-Z0-9]+)/([A-Z0-9]+)/([0-9.]+)")
_SAID = frozenset((None, "thread_broadcast", "file_share", "me_message", "bot_message", "tombstone"))
"""Subtypes of what somebody says; all others are the workspace's own notes: who joined, what was renamed."""
_KNOWN_NOTES = re.compile(
    r"(?:channel|group|bot|pinned|unpinned|reminder|huddle|sh_room|assistant|document|canvas|joiner)_\w+|ekm_access_denied"
)
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|([^>]*))?>")
_MARKUP = re.compile(r"<([@#!]?)([^>|]*)(?:\|([^>]*))?>")
_APPROVAL = frozenset(
    ("+1", "heart", "tada", "clap", "raised_hands", "fire", "100", "star-struck", "pray", "blue_heart", "green_heart")
)
"""Reactions that approve."""


class Key(NamedTuple):
    """What tells a message from all others."""

    workspace: str
    channel: str
    ts: str


class _Place(NamedTuple):
    """Where the messages of a page stand, and who is who there."""

    workspace: str
    url: str | None
    channel: str
    community: str
    people: dict[str, Any]
    is_recheck: bool

    def name(self, ts: str) -> str:
        return f"slack:{self.workspace}/{self.channel}/{ts}"

    def person(self, id_: str) -> str:
        return f"slack:{self.workspace}/{id_}"


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors, metrics and interactions of the messages of a page; of a recheck also what is gone."""
    answer, beside = opened(page.body)
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        yield Misfit("is not an answer of Slack's Web API", "page", page.body)
        return
    messages, known = answer.get("messages"), asked(beside)
    if not isinstance(messages, list):  # a refusal, or a list of channels: known, and without messages
        return
    workspace, channel = part(beside, "workspace"), part(beside, "channel")
    ids = [value for value in (workspace.get("team_id"), channel.get("id")) if isinstance(value, str)]
    if len(ids) < 2 and messages:
        yield Misfit("does not say of which workspace and channel it is", "page", page.body)
        return
    if len(ids) == 2:
        place = _place(ids[0], ids[1], workspace.get("url"), channel.get("name"), part(beside, "people"), known)
        yield from read_each(placed("messages", messages), partial(_records_of, place=place))
    there = {ts for message in messages if isinstance(ts := mapping(message).get("ts"), str)}
    if len(there) == len(messages):  # a message without a readable ts may be any of those that seem to be missing
        yield from (Deletion(name) for name in known or () if (key := key_of(name)) and key.ts not in there)


def key_of(mention_id: str) -> Key | None:
    """What a mention id names; None where it is not of Slack."""
    found = _NAME.fullmatch(mention_id)
    return Key(*found.groups()) if found and _TS.fullmatch(found[3]) else None


def moment(ts: Any) -> datetime | None:
    """When a message was written, as its `ts` says: seconds since 1970 with six digits behind the point."""
    if not isinstance(ts, str) or not _TS.fullmatch(ts):
        return None
    seconds, _, micros = ts.partition(".")
    return from_epoch(int(seconds)).replace(microsecond=int(micros))


def stamp(at: datetime) -> str:
    """A moment as a `ts`."""
    whole = at.replace(tzinfo=UTC, microsecond=0)
    return f"{int(whole.timestamp())}.{at.microsecond:06d}"


def is_said(message: dict[str, Any]) -> bool:
    """Whether somebody says something in a message: no note of the workspace."""
    subtype = message.get("subtype")
    return subtype is None or (isinstance(subtype, str) and subtype in _SAID)


def people_in(message: Any) -> set[str]:
    """Ids of those who wrote a message, are answered in it or are named."""
    message = mapping(message)
    ids = {message.get("user"), message.get("parent_user_id")}
    named = _PERSON.findall(message["text"]) if isinstance(message.get("text"), str) else []
    return {id_ for id_ in (*ids, *(id_ for id_, _ in named)) if isinstance(id_, str) and re.fullmatch("[UW]\\w+", id_)}


def _place(
    workspace: str, channel: str, url: Any, name: Any, people: dict[str, Any], known: list[str] | None
) -> _Place:
    found = re.fullmatch(r"https://([\w-]+)\.\S+/", url) if isinstance(url, str) else None
    community = f"{found[1] if found else workspace}/#{name if isinstance(name, str) else channel}"
    return _Place(workspace, url if found else None, channel, community, people, known is not None)


def _records_of(message: Any, *, place: _Place) -> Iterator[Record]:
    if not isinstance(message, dict) or message.get("type") != "message":
        raise UnreadableError("is not a message")
    ts, subtype = message.get("ts"), message.get("subtype")
    created_at = moment(ts)
    if not isinstance(ts, str) or created_at is None:
        raise UnreadableError("has no readable ts, by which it could be told from others")
    if not is_said(message) and _KNOWN_NOTES.fullmatch(str(subtype)):
        return
    side = SideFields("message")
    if not is_said(message):
        side.drift("subtype", subtype)
    if subtype == "tombstone":
        yield Deletion(place.name(ts))
        return
    text = _text(message, place, side)
    if text is None:
        raise UnreadableError("says nothing: neither text, attachment nor file")
    author = _author(message, place, side)
    thread = side.read("thread_ts", message.get("thread_ts"), lambda value: value if moment(value) else None)
    is_answer = thread is not None and thread != ts
    edited_at = moment(side.part("edited", message.get("edited")).get("ts"))
    link = f"{place.url}archives/{place.channel}/p{ts.replace('.', '')}" if place.url else None
    yield Mention(
        place.name(ts),
        "slack",
        place.community,
        "comment" if is_answer else "message",
        None,
        text,
        f"{link}?thread_ts={thread}&cid={place.channel}" if link and is_answer else link,
        author.author_id if author else None,
        place.name(thread) if thread and is_answer else None,
        place.name(thread or ts),
        created_at,
        edited_at,
    )
    reactions = side.entries("reactions", message.get("reactions"))
    yield Metrics(
        place.name(ts),
        likes=_likes(reactions, side) if reactions is not None else 0,
        replies=None if is_answer else side.count("reply_count", message.get("reply_count", 0)),
    )
    if author:
        yield author
        yield from _interactions(message, place, author.author_id, place.name(ts), is_answer=is_answer)
    yield from side.drifts


def _author(message: dict[str, Any], place: _Place, side: SideFields) -> Author | None:
    """Who wrote a message: a person, or a bot by the name under which it spoke."""
    user, bot = message.get("user"), message.get("bot_id")
    if isinstance(user, str):
        known = mapping(place.people.get(user))
        shown = _handle(known) or user
        name = known.get("real_name")
        is_bot = known.get("is_bot") if isinstance(known.get("is_bot"), bool) else None
        return Author(place.person(user), "slack", shown, name if isinstance(name, str) else None, is_bot=is_bot)
    if isinstance(bot, str):
        name = side.words("username", message.get("username")) or bot
        return Author(place.person(bot), "slack", name, name, is_bot=True)
    side.drift("user", user)
    return None


def _handle(known: dict[str, Any]) -> str | None:
    """What somebody is called in the workspace."""
    told = (known.get(key) for key in ("display_name", "name"))
    return next((name for name in told if isinstance(name, str) and name), None)


def _interactions(
    message: dict[str, Any], place: _Place, author: str, name: str, *, is_answer: bool
) -> Iterator[Interaction]:
    """Whom it addresses, each person once: who is answered, then who is named."""
    addressed = {author}
    answered = message.get("parent_user_id") if is_answer else None
    named = [id_ for id_, _ in _PERSON.findall(message["text"])] if isinstance(message.get("text"), str) else []
    for id_, kind in ((answered, "reply"), *((id_, "mention") for id_ in named)):
        if isinstance(id_, str) and (other := place.person(id_)) not in addressed:
            addressed.add(other)
            yield Interaction(name, author, other, kind)  # type: ignore[arg-type]


def _text(message: dict[str, Any], place: _Place, side: SideFields) -> str | None:
    """What was said, then what hangs below it, and the titles of files in brackets."""
    said = [side.text("text", message.get("text"))]
    for attachment in map(mapping, side.entries("attachments", message.get("attachments")) or ()):
        words = next((attachment[key] for key in ("text", "fallback") if isinstance(attachment.get(key), str)), None)
        said.append(words if words and words not in (said[0] or "") else None)
    files = map(mapping, side.entries("files", message.get("files")) or ())
    titles = (file["title"].strip() for file in files if isinstance(file.get("title"), str))
    said += [f"[{title}]" for title in titles if title]
    return "\n\n".join(_plain(part, place) for part in said if part) or None


def _plain(text: str, place: _Place) -> str:
    """Text without Slack's markup: links with where they lead, people and channels by their names."""

    def shown(found: re.Match[str]) -> str:
        sign, target, label = found.groups()
        if sign == "@":
            return f"@{_handle(mapping(place.people.get(target))) or label or target}"
        if sign:
            word = label or target.partition("^")[0]
            return word if word.startswith(("@", "#")) else f"{'#' if sign == '#' else '@'}{word}"
        return target if not label or label in target else f"{label} ({target})"

    plain = _MARKUP.sub(shown, text)
    for escaped, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        plain = plain.replace(escaped, character)
    return plain


def _likes(reactions: list[Any], side: SideFields) -> int | None:
    """How many approved; one that can't be counted makes the sum unknown."""
    counts = [
        side.count("reactions.count", mapping(one).get("count"))
        for one in reactions
        if str(mapping(one).get("name")).partition("::")[0] in _APPROVAL
    ]
    return None if None in counts else sum(count for count in counts if count is not None)
