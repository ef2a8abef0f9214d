"""What GitHub's answers hold, as records. Pure: nothing here touches a network.

REST answers with lists of issues, comments and review comments, GraphQL with discussions and all below them.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.entries import UnreadableError, read_each
from connectors.github import Settings
from connectors.github.posts import (
    Place,
    as_id,
    as_moment,
    as_object,
    as_text,
    in_context,
    is_known,
    moment,
    named,
    place_of,
)
from connectors.side_fields import SideFields
from connectors.values import asked as asked_in
from connectors.values import entries

_ASKED = re.compile(r"\brepos/([\w.-]+/[\w.-]+)(?:/(?:issues|pulls|discussions)/(\d+))?")
_AVATAR = re.compile(r"https://avatars\.githubusercontent\.com/u/(\d{1,15})(?:\?|$)")
_HANDLE = re.compile(r"(?<![\w/@.`-])@([A-Za-z\d](?:[A-Za-z\d-]{0,38}))(?![\w/-])")
_CODE_OR_COMMENT = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)|<!--.*?(?:-->|\Z)", re.DOTALL)
_NOT_ANSWERED = re.compile(r"^#{1,6} [^\n]*\n+_No response_[ \t]*(?:\n+|\Z)", re.MULTILINE)

_GHOST = 10137
"""Id of the account `ghost`, which stands for all that were deleted."""
_APPROVAL = ("+1", "heart", "hooray", "rocket", "THUMBS_UP", "HEART", "HOORAY", "ROCKET")
_REACTIONS = ("+1", "-1", *_APPROVAL)
_STATES = {"open", "closed", "locked", "converting", "transferring"}
_ACCOUNTS = {"User", "Organization", "Mannequin", "EnterpriseUserAccount", "Bot"}


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions; without those of pull requests where these aren't wanted."""
    pull_requests = settings is None or settings.pull_requests
    body = page.body
    if page.endpoint.startswith("recheck") or (isinstance(body, dict) and body.keys() == {"asked", "answer"}):
        yield from _rechecked(page.endpoint, as_object(body), pull_requests=pull_requests)
        return
    yield from _Reading(page.endpoint, pull_requests=pull_requests).all_of(body)


def _rechecked(endpoint: str, body: dict[str, Any], *, pull_requests: bool) -> Iterator[Record]:
    """What became of the posts that were asked for. One whose number is another now was moved away from here."""
    asked = asked_in(body) or []
    answer = body.get("answer")
    if answer is None:
        yield from map(Deletion, asked)
        return
    reading = _Reading(endpoint, pull_requests=pull_requests)
    if len(asked) == 1 and not isinstance(answer, list):
        reading.number = asked[0].rpartition("#")[2].partition("-")[0]
    yield from reading.all_of(answer)
    # What can't be read, or is not wanted any more, is there all the same.
    places = [reading.place_of(item) for _, item, _ in in_context(answer) if isinstance(item, dict)]
    there = {named(place) for place in places if place}
    if there and None not in places:
        yield from (Deletion(name) for name in asked if name not in there)


class _Reading:
    """An answer being read: who is in it, and what its repository is called."""

    def __init__(self, endpoint: str, *, pull_requests: bool) -> None:
        asked = _ASKED.search(endpoint)
        # GitHub goes on answering to a repository's old name. So does this: a rename would double all its posts.
        self.repository = asked[1] if asked else None
        self.number = asked[2] if asked else None
        """The one issue that was asked for. A transferred one has another number, in another repository."""
        self.pull_requests = pull_requests
        self.openers: dict[str, Any] = {}
        """Number of an issue → the account that opened it."""
        self.people: dict[str, str] = {}
        """Handle → author id, of all whom the answer names."""

    def all_of(self, body: Any) -> Iterator[Record]:
        if isinstance(body, dict) and isinstance(body.get("openers"), dict):
            self.openers = body["openers"]
            body = body.get("comments")
        found = list(in_context(body))
        if not found and not is_known(body):
            yield Misfit("is not an answer of GitHub's API", "page", body)
            return
        for user in (*self.openers.values(), *(_writer(item) for _, item, _ in found if isinstance(item, dict))):
            author = _author(user)
            if author:
                self.people.setdefault(author.handle.lower(), author.author_id)
        yield from read_each(
            ((place, (item, context)) for place, item, context in found),
            lambda entry: self.records_of(*entry),
            lambda entry: entry[0],
        )

    def records_of(self, item: Any, context: tuple[Any, ...]) -> Iterator[Record]:
        if not isinstance(item, dict):
            raise UnreadableError("is not a post")
        where = self.place_of(item)
        if where is None:
            raise UnreadableError("has no address that names a repository and a number")
        if where.is_pull and not self.pull_requests:
            return
        created_at = moment(item)
        if created_at is None:
            raise UnreadableError("has no readable time of creation")
        kind = "comment" if where.anchor else "post"
        side, person = SideFields(kind), SideFields("user")
        deleted_at = _moment(item, "deletedAt", side)
        is_gone = deleted_at is not None
        text = None if is_gone else self.text(item, side)
        writer = None if is_gone else self.writer(item, side, person)
        if writer:
            yield writer
        mention = Mention(
            named(where),
            "github",
            where.repository,
            kind,  # type: ignore[arg-type]
            None if where.anchor or is_gone else _told(item, "title", side, is_needed=True),
            text,
            web_address(item.get("html_url")) or web_address(item.get("url")),
            writer.author_id if writer else None,
            self.parent(item, where, context, side) if where.anchor else None,
            named(where._replace(anchor=None)),
            created_at,
            None if is_gone else _edited_at(item, where, created_at, side),
            deleted_at,
            is_deleted=is_gone,
        )
        yield mention
        state = item.get("state")
        if kind == "post" and state is not None and not (isinstance(state, str) and state in _STATES):
            side.drift("state", state)
        if not is_gone:
            yield _metrics(mention.mention_id, item, side)
        yield from (*side.drifts, *person.drifts)
        if writer:
            yield from self.interactions(mention, writer.author_id, where, context)

    def writer(self, item: dict[str, Any], side: SideFields, person: SideFields) -> Author | None:
        user = _writer(item)
        if ("user" not in item and "author" not in item) or not isinstance(user, dict | None):
            side.drift("user", user)
        return _author(user, person)

    def text(self, item: dict[str, Any], side: SideFields) -> str | None:
        text = _told(item, "body", side, is_needed="body" not in item)
        return None if text is None else plain_markdown(text)

    def place_of(self, item: dict[str, Any]) -> Place | None:
        """Where a post stands, by the name under which its repository was asked for."""
        where = place_of(item)
        if where and self.repository and self.number in (None, where.number):
            is_renamed = self.repository.lower() != where.repository.lower()
            return where._replace(repository=self.repository) if is_renamed else where
        return where

    def parent(self, item: dict[str, Any], where: Place, context: tuple[Any, ...], side: SideFields) -> str | None:
        """Id of what a comment answers: the comment above it, or else what opened the thread."""
        for name, word in (("in_reply_to_id", "discussion_r"), ("parent_id", "discussioncomment-")):
            if item.get(name) is not None:
                above = as_id(item[name])
                if above is None:
                    side.drift(name, item[name])
                return named(where._replace(anchor=f"{word}{above}")) if above else None
        if len(context) > 1:
            place = place_of(as_object(context[-1]))
            return named(where._replace(anchor=place.anchor)) if place and place.anchor else None
        return named(where._replace(anchor=None))

    def interactions(self, mention: Mention, writer: str, where: Place, context: tuple[Any, ...]) -> Iterator[Record]:
        """Whom a post addresses, each person once: who is answered, and who is named and known by id."""
        addressed = {writer}
        if where.anchor:
            above = _author(_writer(as_object(context[-1]))) if context else _author(self.openers.get(where.number))
            if above and above.author_id not in addressed:
                addressed.add(above.author_id)
                yield Interaction(mention.mention_id, writer, above.author_id, "reply")
        for handle in _HANDLE.findall(mention.text or ""):
            other = self.people.get(handle.lower())
            if other and other not in addressed:
                addressed.add(other)
                yield Interaction(mention.mention_id, writer, other, "mention")


# Values -----------------------------------------------------------------------------------------------


def plain_markdown(text: str) -> str:
    """Markdown as GitHub shows it: without the comments of an issue's template and the questions left unanswered."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CODE_OR_COMMENT.sub(lambda match: match[1] or "", text)
    return _NOT_ANSWERED.sub("", text).strip()


def _writer(item: dict[str, Any]) -> Any:
    return item["user"] if "user" in item else item.get("author")


def _author(user: Any, person: SideFields | None = None) -> Author | None:
    """An account; None for one that was deleted. GraphQL leaves out the `[bot]` that REST has in a bot's name."""
    person = person or SideFields("user")
    if not isinstance(user, dict):
        return None
    login = person.words("login", user.get("login"))
    if login is None and not person.drifts:
        person.drift("login", user.get("login"))
    avatar = _AVATAR.match(as_text(user.get("avatarUrl")) or "")
    number = as_id(user.get("databaseId")) or (as_id(user.get("id")) if "__typename" not in user else None)
    number = number or (avatar[1] if avatar else None)
    kind = user.get("type") or user.get("__typename")
    is_known = isinstance(kind, str) and kind in _ACCOUNTS
    if kind is not None and not is_known:
        person.drift("type", kind)
    if number is None and "__typename" not in user:
        person.drift("id", user.get("id"))
    if not login or not number or number == str(_GHOST):
        return None
    if kind == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    return Author(
        f"github:{number}",
        "github",
        login,
        person.words("name", user.get("name")),
        person.count("followers", as_object(user.get("followers")).get("totalCount")),
        _moment(user, "createdAt", person),
        kind == "Bot" if is_known else None,
    )


def _told(item: dict[str, Any], name: str, side: SideFields, *, is_needed: bool) -> str | None:
    """A text as it was written; None where there is none."""
    if isinstance(item.get(name), str):
        return str(item[name])
    if item.get(name) is not None or is_needed:
        side.drift(name, item.get(name))
    return None


def _moment(item: dict[str, Any], name: str, side: SideFields) -> datetime | None:
    """A time of a post or an account; None where it is not told."""
    found = as_moment(item.get(name))
    if found is None and item.get(name) is not None:
        side.drift(name, item[name])
    return found


def _edited_at(item: dict[str, Any], where: Place, created_at: datetime, side: SideFields) -> datetime | None:
    """When the text was changed. What opens a thread is "updated" with every comment, so REST doesn't tell it there."""
    if "lastEditedAt" in item:
        return _moment(item, "lastEditedAt", side)
    changed = _moment(item, "updated_at", side)
    return changed if changed and where.anchor and changed > created_at else None


def _metrics(name: str, item: dict[str, Any], side: SideFields) -> Metrics:
    """`likes` are the reactions that approve (thumbs up, heart, hooray, rocket); `score` is thumbs up less thumbs down,
    for a discussion the votes. A sum of which a part can't be read is not known.
    """
    given = _reactions(item, side)
    approval = [given[word] for word in _APPROVAL if word in given]
    likes = sum(count for count in approval if count is not None) if approval and None not in approval else None
    up, down = given.get("+1"), given.get("-1")
    score = up - down if up is not None and down is not None else None
    below = item.get("replies") if "replies" in item else item.get("comments", item.get("child_comment_count"))
    return Metrics(
        name,
        likes=likes,
        replies=side.count("comments", below.get("totalCount") if isinstance(below, dict) else below),
        score=side.count("upvoteCount", item["upvoteCount"]) if "upvoteCount" in item else score,
    )


def _reactions(item: dict[str, Any], side: SideFields) -> dict[str, int | None]:
    """Reaction → how often it was given; nothing where the answer doesn't tell."""
    groups = [as_object(group) for group in entries(item.get("reactionGroups"))]
    given = {str(group.get("content")): as_object(group.get("reactors")).get("totalCount") for group in groups}
    told = item.get("reactions")
    if told is not None and not isinstance(told, dict):
        side.drift("reactions", told)
    counted = given or {name: count for name, count in as_object(told).items() if name in _REACTIONS}
    return {name: side.count(f"reactions.{name}", count) for name, count in counted.items()}
