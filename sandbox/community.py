"""The sandbox community in memory: accounts and posts, and what of them exists at a given moment.

`community/README.md` describes the files.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "community"
NETWORKS = frozenset(path.stem.removesuffix("_api") for path in Path(__file__).parent.glob("*_api.py"))
"""The networks on which the community lives: those whose API the sandbox speaks."""


class CommunityError(Exception):
    """The files say something that can't be. The message lists every fault."""


@dataclass(frozen=True)
class Account:
    """Somebody on one of the networks."""

    net: str
    handle: str
    name: str | None
    followers: int | None
    since: date
    bio: str | None
    role: str | None


@dataclass(frozen=True)
class Edit:
    """When a post got the text it has, and what stood there before."""

    at: datetime
    before: str


@dataclass(frozen=True)
class Post:
    """A post or comment. Times are UTC and carry no zone."""

    id: str
    net: str
    place: str
    at: datetime
    by: str
    title: str | None
    text: str | None
    link: str | None
    to: str | None
    quotes: str | None
    reposts_of: str | None
    likes: int
    reposts: int | None
    views: int | None
    edited: Edit | None
    deleted_at: datetime | None
    removed_by: str | None
    lang: str | None
    more: dict[str, Any] = field(default_factory=dict)
    """What only its network knows: stars, a version, tags."""

    def is_edited(self, now: datetime) -> bool:
        """Whether the edit has happened."""
        return self.edited is not None and self.edited.at <= now

    def is_deleted(self, now: datetime) -> bool:
        """Whether it was taken down."""
        return self.deleted_at is not None and self.deleted_at <= now

    def text_at(self, now: datetime) -> str | None:
        """The text as it stood."""
        return self.edited.before if self.edited and not self.is_edited(now) else self.text


@dataclass(frozen=True)
class Community:
    """Everybody and everything, posts in order of time."""

    accounts: tuple[Account, ...]
    posts: tuple[Post, ...]

    @cached_property
    def by_id(self) -> dict[str, Post]:
        """Id in the sandbox → post."""
        return {post.id: post for post in self.posts}

    @cached_property
    def account(self) -> dict[tuple[str, str], Account]:
        """(network, handle) → account; X doesn't mind the case of handles, and neither does Reddit."""
        return {(account.net, account.handle.lower()): account for account in self.accounts}

    def on(self, network: str) -> list[Post]:
        """What was said on a network, in order of time."""
        return [post for post in self.posts if post.net == network]

    @cached_property
    def answers(self) -> dict[str, list[Post]]:
        """Id → what answers it directly, in order of time."""
        found = defaultdict(list)
        for post in self.posts:
            if post.to is not None:
                found[post.to].append(post)
        return found

    @cached_property
    def threads(self) -> dict[str, list[Post]]:
        """Id of an opening post → it and all that hangs below it, in order of time."""
        found = defaultdict(list)
        for post in self.posts:
            found[self.root(post).id].append(post)
        return found

    def root(self, post: Post) -> Post:
        """The post that opened the thread."""
        while post.to is not None:
            post = self.by_id[post.to]
        return post


def load(folder: Path = FOLDER) -> Community:
    """The community in a folder of `accounts-*.jsonl` and `posts-*.jsonl`; `CommunityError` lists all faults."""
    accounts = [line for path in sorted(folder.glob("accounts-*.jsonl")) for line in _lines(path)]
    posts = [line for path in sorted(folder.glob("posts-*.jsonl")) for line in _lines(path)]
    return community(accounts, posts)


def community(accounts: Iterable[dict[str, Any]], posts: Iterable[dict[str, Any]]) -> Community:
    """A community from what the lines of the files say; `CommunityError` lists all faults."""
    faults: list[str] = []
    people = [account for line in accounts if (account := _account(line, faults))]
    said = [post for line in posts if (post := _post(line, faults))]
    said.sort(key=lambda post: (post.at, post.id))
    whole = Community(tuple(people), tuple(said))
    faults += _contradictions(whole)
    if faults:
        raise CommunityError("\n".join(faults))
    return whole


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise CommunityError(f"{path.name} line {number}: is not JSON: {error}") from None


def _account(line: dict[str, Any], faults: list[str]) -> Account | None:
    label = f"account {line.get('handle')!r}"
    try:
        line = dict.fromkeys(("name", "followers", "bio", "role")) | line
        return Account(**_exact(Account, {**line, "since": date.fromisoformat(line["since"])}))
    except (KeyError, TypeError, ValueError) as error:
        faults.append(f"{label}: {error}")
    return None


_NOTHING_SAID = dict.fromkeys(
    ("title", "text", "link", "to", "quotes", "reposts_of", "reposts", "views", "edited", "deleted_at", "removed_by")
)
"""What a line may leave out."""


def _post(line: dict[str, Any], faults: list[str]) -> Post | None:
    label = f"post {line.get('id')!r}"
    try:
        line = _NOTHING_SAID | line
        edited = line["edited"] and Edit(_moment(line["edited"]["at"]), line["edited"]["before"])
        times = {"at": _moment(line["at"]), "deleted_at": line["deleted_at"] and _moment(line["deleted_at"])}
        post = Post(**_exact(Post, {**line, **times, "edited": edited or None}))
    except (KeyError, TypeError, ValueError) as error:
        faults.append(f"{label}: {error}")
        return None
    if not re.fullmatch(r"[a-z][0-9]{3}", post.id):
        faults.append(f"{label}: an id is a letter and three digits")
    return post


def _exact(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    keys = {entry.name for entry in fields(kind)}
    needed = {entry.name for entry in fields(kind) if entry.default_factory is MISSING}
    if not needed <= given.keys() <= keys:
        raise ValueError(f"keys missing {sorted(needed - given.keys())}, not known {sorted(given.keys() - keys)}")
    return given


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).replace(tzinfo=None)


def _contradictions(whole: Community) -> Iterator[str]:
    """What can't be: names and ids that are given twice or lead nowhere, answers before what they answer."""
    if len(whole.account) < len(whole.accounts):
        yield "accounts: a handle stands twice in the same network"
    if len(whole.by_id) < len(whole.posts):
        yield "posts: an id stands twice"
    for post in whole.posts:
        for fault in _faults(whole, post):
            yield f"post {post.id!r}: {fault}"


def _faults(whole: Community, post: Post) -> Iterator[str]:
    writer = whole.account.get((post.net, post.by.lower()))
    if writer is None:
        yield f"there is no account {post.by!r} on {post.net}"
    elif post.at.date() < writer.since:
        yield f"is older than its author {post.by!r}"
    if (post.net == "x") != (post.place == "x") or post.net not in NETWORKS:
        yield f"{post.net!r} has no place {post.place!r}"
    if post.net == "reddit" and (post.title is None) == (post.to is None):
        yield "a Reddit post has a title and answers nothing; a comment answers something and has no title"
    if post.text is None and post.link is None and post.reposts_of is None:
        yield "says nothing: neither text nor link nor repost"
    for key in ("to", "quotes", "reposts_of"):
        name = getattr(post, key)
        other = whole.by_id.get(name) if name else None
        if name and other is None:
            yield f"{key}: there is no post {name!r}"
        elif other and (other.at >= post.at or other.place != post.place):
            yield f"{key}: {name!r} is later, or in another place"
    if post.edited and post.edited.at <= post.at:
        yield "is edited before it is written"
    if post.deleted_at and (post.deleted_at <= post.at or post.removed_by not in ("author", "moderator")):
        yield "is deleted before it is written, or by nobody in particular"
