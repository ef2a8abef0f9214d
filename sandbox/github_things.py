"""What the sandbox community says on GitHub, in the shapes of the REST API.

A post with a title opens an issue; its `more` may say `{"kind": "pull"}` or `{"kind": "discussion"}`, and `labels`,
`state`, `category`. A comment with `{"kind": "review"}` stands on a line of code. `{"ghost": true}` says that its
author has deleted the account since.
"""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.community import Account, Post
from sandbox.world import World

SITE = "https://github.com"
HOME = "https://api.github.com"


class GitHub:
    """The community as GitHub would count and show it now."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community
        self.posts = self.community.on("github")
        self.numbers: dict[str, int] = {}
        """Id of an opening post → its number in its repository. A deleted one keeps it."""
        taken: dict[str, int] = {}
        for post in self.posts:
            if post.to is None:
                taken[post.place] = self.numbers[post.id] = taken.get(post.place, 0) + 1

    def repository(self, name: str) -> str | None:
        """How a repository's name is written; None where there is none."""
        return next((post.place for post in self.posts if post.place.lower() == name.lower()), None)

    def openings(self, repository: str | None, *kinds: str) -> list[Post]:
        """What opens threads and can be seen, oldest first."""
        return [
            post
            for post in self.posts
            if post.to is None
            and (repository is None or post.place == repository)
            and self.kind(post) in kinds
            and self.world.is_visible(post)
        ]

    def opening(self, repository: str, number: int, *kinds: str) -> Post | None:
        """The thread of a number, deleted or not."""
        for post in self.posts:
            if post.place == repository and self.numbers.get(post.id) == number and self.kind(post) in kinds:
                return post if self.world.exists(post) else None
        return None

    def comments(self, repository: str, *kinds: str) -> list[Post]:
        """Comments on what is still there."""
        return [
            post
            for post in self.posts
            if post.place == repository and post.to and self.is_there(post) and self.comment_kind(post) in kinds
        ]

    def is_there(self, post: Post) -> bool:
        """Whether a comment can be seen: it goes with what opened its thread."""
        return self.world.is_visible(post) and self.world.is_visible(self.community.root(post))

    def kind(self, post: Post) -> str:
        return str(post.more.get("kind", "issue"))

    def comment_kind(self, post: Post) -> str:
        """`issuecomment`, `discussion_r` for a line of code, or `discussioncomment`."""
        if self.kind(post) == "review":
            return "discussion_r"
        return "discussioncomment" if self.kind(self.community.root(post)) == "discussion" else "issuecomment"

    def thread(self, opening: Post) -> list[Post]:
        """All that stands below and can be seen, oldest first."""
        return [post for post in self.community.threads[opening.id] if post is not opening and self.is_there(post)]

    # Shapes -------------------------------------------------------------------------------------------

    def issue(self, post: Post) -> dict[str, Any]:
        url = f"{HOME}/repos/{post.place}/issues/{self.numbers[post.id]}"
        below = [reply for reply in self.thread(post) if self.comment_kind(reply) == "issuecomment"]
        pull = {"html_url": self.address(post), "url": url.replace("/issues/", "/pulls/")}
        return {
            "url": url,
            "repository_url": f"{HOME}/repos/{post.place}",
            "comments_url": f"{url}/comments",
            "html_url": self.address(post),
            "id": int(post.id, 36),
            "node_id": self.node_id(post),
            "number": self.numbers[post.id],
            "title": post.title,
            "user": self.user(post),
            "labels": [{"name": name, "color": "ededed"} for name in post.more.get("labels", ())],
            "state": post.more.get("state", "open"),
            "locked": False,
            "comments": len(below),
            "created_at": iso(post.at),
            "updated_at": iso(self.updated_at(post)),
            "closed_at": None,
            "author_association": "NONE",
            **({"pull_request": pull} if self.kind(post) == "pull" else {}),
            "body": crlf(post.text_at(self.world.now)),
            "reactions": self.reactions(post),
        }

    def comment(self, post: Post) -> dict[str, Any]:
        root = self.community.root(post)
        is_review = self.comment_kind(post) == "discussion_r"
        repository = f"{HOME}/repos/{post.place}"
        number = self.numbers[root.id]
        above = f"{repository}/pulls/{number}" if is_review else f"{repository}/issues/{number}"
        parent = self.community.by_id[post.to] if post.to else root
        in_reply = {"in_reply_to_id": int(parent.id, 36)} if is_review and parent is not root else {}
        return {
            "url": f"{repository}/{'pulls' if is_review else 'issues'}/comments/{int(post.id, 36)}",
            "html_url": self.address(post),
            "pull_request_url" if is_review else "issue_url": above,
            "id": int(post.id, 36),
            "node_id": self.node_id(post),
            "user": self.user(post),
            "created_at": iso(post.at),
            "updated_at": iso(self.updated_at(post)),
            "author_association": "NONE",
            **({"path": post.more.get("path", "src/main.c"), **in_reply} if is_review else {}),
            "body": crlf(post.text_at(self.world.now)),
            "reactions": self.reactions(post),
        }

    def user(self, post: Post) -> dict[str, Any] | None:
        if post.more.get("ghost"):
            return None
        account = self.community.account["github", post.by.lower()]
        is_bot = account.role == "bot"
        login = f"{account.handle}[bot]" if is_bot else account.handle
        return {
            "login": login,
            "id": account_id(account),
            "node_id": f"U_{account_id(account)}",
            "avatar_url": f"https://avatars.githubusercontent.com/u/{account_id(account)}?v=4",
            "html_url": f"{SITE}/{account.handle}",
            "type": "Bot" if is_bot else "User",
            "site_admin": False,
        }

    def address(self, post: Post) -> str:
        root = self.community.root(post)
        kind = {"pull": "pull", "discussion": "discussions"}.get(self.kind(root), "issues")
        address = f"{SITE}/{post.place}/{kind}/{self.numbers[root.id]}"
        if post is root:
            return address
        word = self.comment_kind(post)
        return f"{address}#{word}{'' if word == 'discussion_r' else '-'}{int(post.id, 36)}"

    def node_id(self, post: Post) -> str:
        return f"{ {'issue': 'I', 'pull': 'PR', 'discussion': 'D'}.get(self.kind(post), 'C') }_{post.id}"

    def updated_at(self, post: Post) -> datetime:
        """When it changed; what opens a thread changes with everything below it."""
        below = self.thread(post) if post.to is None else []
        return max([post.at, *self._edits([post, *below]), *(reply.at for reply in below)])

    def _edits(self, posts: list[Post]) -> Iterator[datetime]:
        for post in posts:
            if post.edited and post.is_edited(self.world.now):
                yield post.edited.at

    def reactions(self, post: Post) -> dict[str, int]:
        given = {"+1": max(post.likes, 0), "-1": max(-post.likes, 0), **post.more.get("reactions", {})}
        names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
        return {"total_count": sum(given.values()), **{name: given.get(name, 0) for name in names}}


def account_id(account: Account) -> int:
    """The number of an account, the same from run to run."""
    return 1000 + zlib.crc32(account.handle.lower().encode()) % 100_000_000


def iso(moment: datetime) -> str:
    """A moment as GitHub writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def crlf(text: str | None) -> str | None:
    """What a browser's form sends has the line breaks of old."""
    return text.replace("\n", "\r\n") if text else text
