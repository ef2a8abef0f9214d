"""What GitHub's answers hold, as records. Pure: nothing here touches a network.

REST answers with lists of issues, comments and review comments, GraphQL with discussions and all below them.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
    web_address,
)
from connectors.github.posts import (
    EMPTY,
    LARGEST,
    Place,
    as_id,
    as_moment,
    as_object,
    as_text,
    changed_at,
    in_context,
    is_known,
    moment,
    named,
    place_of,
)

_ASKED = re.compile(r"\brepos/([\w.-]+/[\w.-]+)(?:/(?:issues|pulls|discussions)/(\d+))?")
_AVATAR = re.compile(r"https://avatars\.githubusercontent\.com/u/(\d{1,15})(?:\?|$)")
_HANDLE = re.compile(r"(?<![\w/@.`-])@([A-Za-z\d](?:[A-Za-z\d-]{0,38}))(?![\w/-])")
_CODE_OR_COMMENT = re.compile(r"(```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`)|<!--.*?(?:-->|\Z)", re.DOTALL)
_NOT_ANSWERED = re.compile(r"^#{1,6} [^\n]*\n+_No response_[ \t]*(?:\n+|\Z)", re.MULTILINE)

_GHOST = 10137
"""Id of the account `ghost`, which stands for all that were deleted."""
_APPROVAL = ("+1", "heart", "hooray", "rocket", "THUMBS_UP", "HEART", "HOORAY", "ROCKET")
_STATES = {"open", "closed", "locked", "converting", "transferring"}
_ACCOUNTS = {"User", "Organization", "Mannequin", "EnterpriseUserAccount", "Bot"}


class _UnreadableError(Exception):
    """Why a post is set aside."""


def records(page: Page, *, pull_requests: bool = True) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions; without those of pull requests where these aren't wanted."""
    body = page.body
    if page.endpoint.startswith("recheck") or (isinstance(body, dict) and body.keys() == {"asked", "answer"}):
        body = body if isinstance(body, dict) else EMPTY
        yield from _rechecked(page.endpoint, body, pull_requests=pull_requests)
        return
    yield from _Reading(page.endpoint, pull_requests=pull_requests).all_of(body)


def _rechecked(endpoint: str, body: dict[str, Any], *, pull_requests: bool) -> Iterator[Record]:
    """What became of the posts that were asked for. One whose number is another now was moved away from here."""
    asked = [name for name in _list(body.get("asked")) if isinstance(name, str)]
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
        self.known: set[str] = set()

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
        for place, item, context in found:
            try:
                yield from self.records_of(item, context)
            except _UnreadableError as reason:
                yield Misfit(str(reason), place, item)
            except Exception as error:  # a shape that nobody thought of costs this post, not its page
                yield Misfit(f"can't be read ({type(error).__name__}: {error})", place, item)

    def records_of(self, item: Any, context: tuple[Any, ...]) -> Iterator[Record]:
        if not isinstance(item, dict):
            raise _UnreadableError("is not a post")
        where = self.place_of(item)
        if where is None:
            raise _UnreadableError("has no address that names a repository and a number")
        if where.is_pull and not self.pull_requests:
            return
        created_at = moment(item)
        if created_at is None:
            raise _UnreadableError("has no readable time of creation")
        writer = _author(_writer(item))
        deleted_at = as_moment(item.get("deletedAt"))
        is_gone = deleted_at is not None
        yield from self.drift(item, where)
        if writer and not is_gone and writer.author_id not in self.known:
            self.known.add(writer.author_id)
            yield writer
        opening = named(where._replace(anchor=None))
        text = item.get("body")
        title = item.get("title")
        mention = Mention(
            named(where),
            "github",
            where.repository,
            "comment" if where.anchor else "post",
            title if isinstance(title, str) and not where.anchor and not is_gone else None,
            plain_markdown(text) if isinstance(text, str) and not is_gone else None,
            web_address(item.get("html_url")) or web_address(item.get("url")),
            writer.author_id if writer and not is_gone else None,
            self.parent(item, where, context) if where.anchor else None,
            opening,
            created_at,
            None if is_gone else _edited_at(item, where, created_at),
            deleted_at,
            is_deleted=is_gone,
        )
        yield mention
        if not is_gone:
            yield _metrics(mention.mention_id, item)
            if writer:
                yield from self.interactions(mention, writer.author_id, where, context)

    def place_of(self, item: dict[str, Any]) -> Place | None:
        """Where a post stands, by the name under which its repository was asked for."""
        where = place_of(item)
        if where and self.repository and self.number in (None, where.number):
            is_renamed = self.repository.lower() != where.repository.lower()
            return where._replace(repository=self.repository) if is_renamed else where
        return where

    def parent(self, item: dict[str, Any], where: Place, context: tuple[Any, ...]) -> str:
        """Id of what a comment answers: the comment above it, or else what opened the thread."""
        above = as_id(item.get("in_reply_to_id"))
        if above:
            return named(where._replace(anchor=f"discussion_r{above}"))
        above = as_id(item.get("parent_id"))
        if above:
            return named(where._replace(anchor=f"discussioncomment-{above}"))
        if len(context) > 1 and (place := place_of(as_object(context[-1]))):
            return named(where._replace(anchor=place.anchor))
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

    def drift(self, item: dict[str, Any], where: Place) -> Iterator[Drift]:
        kind = "comment" if where.anchor else "post"
        if "body" not in item:
            yield Drift(f"{kind}.body")
        if "user" not in item and "author" not in item:
            yield Drift(f"{kind}.user")
        if kind == "post" and not isinstance(item.get("title"), str):
            yield Drift("post.title", item.get("title"))
        state = item.get("state")
        if kind == "post" and state is not None and not (isinstance(state, str) and state in _STATES):
            yield Drift("post.state", state)
        user = as_object(_writer(item))
        account = user.get("type") or user.get("__typename")
        if account is not None and not (isinstance(account, str) and account in _ACCOUNTS):
            yield Drift("user.type", account)


# Values -----------------------------------------------------------------------------------------------


def plain_markdown(text: str) -> str:
    """Markdown as GitHub shows it: without the comments of an issue's template and the questions left unanswered."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CODE_OR_COMMENT.sub(lambda match: match[1] or "", text)
    return _NOT_ANSWERED.sub("", text).strip()


def _writer(item: dict[str, Any]) -> Any:
    return item["user"] if "user" in item else item.get("author")


def _author(user: Any) -> Author | None:
    """An account; None for one that was deleted. GraphQL leaves out the `[bot]` that REST has in a bot's name."""
    user = as_object(user)
    login = as_text(user.get("login"))
    avatar = _AVATAR.match(as_text(user.get("avatarUrl")) or "")
    number = as_id(user.get("databaseId")) or (as_id(user.get("id")) if "__typename" not in user else None)
    number = number or (avatar[1] if avatar else None)
    if not login or not number or number == str(_GHOST):
        return None
    kind = user.get("type") or user.get("__typename")
    is_bot = kind == "Bot" if isinstance(kind, str) else None
    if is_bot and not login.endswith("[bot]"):
        login += "[bot]"
    return Author(
        f"github:{number}",
        "github",
        login,
        as_text(user.get("name")),
        _count(as_object(user.get("followers")).get("totalCount")),
        as_moment(user.get("createdAt")),
        is_bot,
    )


def _edited_at(item: dict[str, Any], where: Place, created_at: datetime) -> datetime | None:
    """When the text was changed. What opens a thread is "updated" with every comment, so REST doesn't tell it there."""
    if "lastEditedAt" in item:
        return as_moment(item["lastEditedAt"])
    changed = changed_at(item) if where.anchor else None
    return changed if changed and changed > created_at else None


def _metrics(name: str, item: dict[str, Any]) -> Metrics:
    """`likes` are the reactions that approve (thumbs up, heart, hooray, rocket); `score` is thumbs up less thumbs down,
    for a discussion the votes.
    """
    given = _reactions(item)
    tells = bool(given.keys() & _APPROVAL)
    score = given["+1"] - given["-1"] if given and "+1" in given and "-1" in given else None
    below = item.get("replies") if "replies" in item else item.get("comments", item.get("child_comment_count"))
    return Metrics(
        name,
        likes=sum(given.get(word, 0) for word in _APPROVAL) if tells else None,
        replies=_count(as_object(below).get("totalCount")) if isinstance(below, dict) else _count(below),
        score=_count(item["upvoteCount"]) if "upvoteCount" in item else score,
    )


def _reactions(item: dict[str, Any]) -> dict[str, int]:
    """Reaction → how often it was given; nothing where the answer doesn't tell."""
    groups = [as_object(group) for group in _list(item.get("reactionGroups"))]
    given = {str(group.get("content")): as_object(group.get("reactors")).get("totalCount") for group in groups}
    told = (given or as_object(item.get("reactions"))).items()
    return {name: count for name, number in told if (count := _count(number)) is not None}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST else None
