"""What the sandbox server knows: the community, its clock, its limits, who has a token, and what was asked of it."""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from sandbox.community import Community, Post
from sandbox.misbehaviour import Misbehaviour

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret-3f9c1d"  # noqa: S105 - opens the sandbox only
BEARER_TOKEN = "sandbox-bearer-7b20e4"  # noqa: S105 - opens the sandbox only
YOUTUBE_KEY = "sandbox-key-51ce08"
"""The only credentials that the sandbox accepts from these two."""

CREDENTIALS: dict[str, dict[str, str]] = {
    "reddit": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    "x": {"bearer_token": BEARER_TOKEN},
    "bluesky": {"handle": "listening.halmora.example", "app_password": "sand-boxx-only-4e7a"},
    "github": {"token": "sandbox-github-58d1f7"},
    "discourse": {"api_key": "sandbox-forum-9d3b71", "api_username": "listener"},
    "lemmy": {"jwt": "sandbox-jwt-2f8c6a"},
    "mastodon": {"access_token": "sandbox-toot-6a91e3"},
    "slack": {"token": "sandbox-pilots-41d7e9"},
    "stackexchange": {"key": "sandbox-stack-77c4e0"},
    "youtube": {"api_key": YOUTUBE_KEY},
}
"""Network → name and value of each credential that the sandbox accepts."""

END_OF_THE_COMMUNITY = datetime.fromisoformat("2026-05-01")


class Request(NamedTuple):
    """A request that the server got. `params` holds what stood in the address and, for a form, in the body."""

    method: str
    path: str
    params: dict[str, str]


@dataclass
class World:
    """The state of one sandbox server. Tests may change all of it while the server runs."""

    community: Community
    now: datetime = END_OF_THE_COMMUNITY
    """The clock. What is later doesn't exist yet; edits and deletions happen at their time."""
    listing_cap: int = 1000
    search_cap: int = 250
    tree_limit: int = 500
    """Most comments in one comment tree; the rest stands behind `more` stubs."""
    tree_depth: int = 10
    """Levels of a comment tree; below stands "continue this thread"."""
    token_seconds: float = 86400
    reddit_limit: int = 1_000_000
    """Requests in ten minutes; so many that praw's pacing never makes anybody wait."""
    x_limit: int = 450
    """Requests in a quarter of an hour for each endpoint."""
    youtube_searches: int = 10_000
    """Searches a day; a hundred times what YouTube grants, so that sixty days can be listened to at once."""
    youtube_units: int = 1_000_000
    """All other requests a day; as with searches."""
    misbehaviours: list[Misbehaviour] = field(default_factory=list)
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=10_000))
    tokens: dict[str, float] = field(default_factory=dict)
    used: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Endpoint → the period that is being counted, and the requests in it."""
    started: float = field(default_factory=time.monotonic)

    def misbehave(self, kind: str, path: str = "/", **how: object) -> None:
        """Do something wrong on a coming request; see `Misbehaviour`."""
        self.misbehaviours.append(Misbehaviour(kind=kind, path=path, **how))  # type: ignore[arg-type]

    def behave(self) -> None:
        """Do nothing wrong any more."""
        self.misbehaviours.clear()

    def exists(self, post: Post) -> bool:
        """Whether a post has been written by now. It may have been deleted since."""
        return post.at <= self.now

    def is_visible(self, post: Post) -> bool:
        """Whether a post can be seen: a repost goes with what it passes on."""
        if not self.exists(post) or post.is_deleted(self.now):
            return False
        return post.reposts_of is None or self.is_visible(self.community.by_id[post.reposts_of])

    def new_token(self) -> str:
        """A token for Reddit's API, good for `token_seconds`."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + self.token_seconds
        return token

    def is_token_good(self, token: str) -> bool:
        """Whether a token was given out and has not run out."""
        return self.tokens.get(token, 0.0) > time.monotonic()

    def count(self, what: str, seconds: int) -> int:
        """Requests to an endpoint in the present period of so many seconds, this one included."""
        period = int((time.monotonic() - self.started) // seconds)
        counted, used = self.used.get(what, (period, 0))
        self.used[what] = (period, used + 1 if counted == period else 1)
        return self.used[what][1]


def epoch(moment: datetime) -> float:
    """A moment of the sandbox as seconds since 1970."""
    return moment.replace(tzinfo=UTC).timestamp()
