"""Posts and comments of the community as Reddit's things: `t3`, `t1`, `more` and listings of them."""

import html
from typing import Any
from zlib import crc32

from sandbox.community import Post
from sandbox.world import World, epoch

Thing = dict[str, Any]
LARGEST_PAGE = 100
NAMES_THE_NEXT_PAGE = True
"""Whether a listing says in `after` where its next page starts; a server in between may lose that."""


def id36(post: Post) -> str:
    """Reddit's id: base 36, and still readable to whoever knows the community's files; `a001` is `1sa001`."""
    return f"1s{post.id}"


def fullname(post: Post) -> str:
    """`t3_…` for a post, `t1_…` for a comment."""
    return f"t{3 if post.to is None else 1}_{id36(post)}"


def by_id(world: World, id_: str) -> Post | None:
    """The Reddit post or comment with an id."""
    post = world.community.by_id.get(id_.removeprefix("1s"))
    return post if post is not None and post.net == "reddit" and id36(post) == id_ else None


def listing(children: list[Thing], after: str | None = None) -> Thing:
    """A list of things, with where its next page starts."""
    content = {"dist": len(children), "modhash": "", "geo_filter": "", "children": children}
    more = {"after": after} if NAMES_THE_NEXT_PAGE else {}
    return {"kind": "Listing", "data": {**more, **content, "before": None}}


def thing(world: World, post: Post, replies: Any = "") -> Thing:
    """A post or comment as it shows now, deleted or edited."""
    root = world.community.root(post)
    name = post.place.removeprefix("r/")
    slug = "".join(sign if sign.isalnum() else "_" for sign in (root.title or "").lower())[:50].strip("_")
    base = f"/{post.place}/comments/{id36(root)}/{slug}/"
    content = {
        "id": id36(post),
        "name": fullname(post),
        "subreddit": name,
        "subreddit_id": f"t5_{crc32(name.encode()) % 36**4:x}",
        "subreddit_name_prefixed": post.place,
        "subreddit_type": "public",
        "created": epoch(post.at),
        "created_utc": epoch(post.at),
        "edited": epoch(post.edited.at) if post.edited and post.is_edited(world.now) else False,
        "score": post.likes,
        "ups": max(post.likes, 0),
        "downs": 0,
        "likes": None,
        "gilded": 0,
        "archived": False,
        "stickied": False,
        "locked": False,
        "distinguished": None,
        **_author(world, post),
        **(_post(world, post) if post.to is None else _comment(world, post, root, replies)),
        "permalink": base if post.to is None else f"{base}{id36(post)}/",
    }
    return {"kind": fullname(post)[:2], "data": content}


def _author(world: World, post: Post) -> Thing:
    if post.is_deleted(world.now):
        return {"author": "[deleted]"}
    return {"author": post.by, "author_fullname": f"t2_{crc32(post.by.lower().encode()):x}"}


def _post(world: World, post: Post) -> Thing:
    text, gone = post.text_at(world.now), _gone(world, post)
    page = f"https://www.reddit.com/{post.place}/comments/{id36(post)}/"
    return {
        "title": "[deleted by user]" if gone == "[deleted]" else post.title,
        "selftext": gone or text or "",
        "selftext_html": _markup(gone or text),
        "is_self": post.link is None,
        "url": post.link or page,
        "domain": post.link.split("/")[2] if post.link else f"self.{post.place.removeprefix('r/')}",
        "num_comments": sum(world.is_visible(other) for other in world.community.threads[post.id] if other is not post),
        "num_crossposts": 0,
        "upvote_ratio": 0.9,
        "over_18": False,
        "hide_score": False,
        "is_video": False,
        "removed_by_category": {"[deleted]": "deleted", "[removed]": "moderator"}.get(gone or ""),
    }


def _comment(world: World, post: Post, root: Post, replies: Any) -> Thing:
    parent = world.community.by_id[post.to or root.id]
    text = _gone(world, post) or post.text_at(world.now) or ""
    return {
        "body": text,
        "body_html": _markup(text),
        "link_id": fullname(root),
        "parent_id": fullname(parent),
        "is_submitter": post.by == root.by,
        "score_hidden": False,
        "controversiality": 0,
        "replies": replies,
    }


def _gone(world: World, post: Post) -> str | None:
    if not post.is_deleted(world.now):
        return None
    return "[removed]" if post.removed_by == "moderator" else "[deleted]"


def _markup(text: str | None) -> str | None:
    return text and f'<!-- SC_OFF --><div class="md"><p>{html.escape(text)}</p>\n</div><!-- SC_ON -->'


class Tree:
    """Comments below a post, at most so many of them; the rest stands behind stubs."""

    def __init__(self, world: World, limit: int) -> None:
        self.world = world
        self.left = limit

    def below(self, parent: Post, level: int = 0) -> list[Thing]:
        """The answers to a post or comment, each with those to it."""
        answers = self.answers(parent)
        found: list[Thing] = []
        for number, comment in enumerate(answers):
            if self.left <= 0:
                return [*found, self.more(parent, answers[number:], level)]
            self.left -= 1
            found.append(thing(self.world, comment, self.replies(comment, level + 1)))
        return found

    def from_(self, comment: Post) -> list[Thing]:
        """A comment and what is below it: what "continue this thread" leads to."""
        if not self.is_shown(comment):
            return []
        self.left -= 1
        return [thing(self.world, comment, self.replies(comment, 1))]

    def flat(self, comments: list[Post], level: int = 0) -> list[Thing]:
        """Comments and what is below them side by side, as morechildren gives them."""
        found: list[Thing] = []
        for comment in comments:
            if not self.is_shown(comment):
                continue
            found.append(thing(self.world, comment))
            self.left -= 1
            answers = self.answers(comment)
            if answers and level + 1 >= self.world.tree_depth:
                found.append(self.continue_at(comment, level + 1))
            elif answers and self.left <= 0:
                found.append(self.more(comment, answers, level + 1))
            else:
                found += self.flat(answers, level + 1)
        return found

    def replies(self, comment: Post, level: int) -> Any:
        if not self.answers(comment):
            return ""
        if level >= self.world.tree_depth:
            return listing([self.continue_at(comment, level)])
        return listing(self.below(comment, level))

    def answers(self, parent: Post) -> list[Post]:
        """What shows below a post or comment, best first."""
        shown = [answer for answer in self.world.community.answers.get(parent.id, ()) if self.is_shown(answer)]
        return sorted(shown, key=lambda comment: (-comment.likes, comment.at))

    def is_shown(self, comment: Post) -> bool:
        """A deleted comment stays, emptied, for as long as something hangs below it."""
        return self.world.is_visible(comment) or (self.world.exists(comment) and bool(self.answers(comment)))

    def more(self, parent: Post, comments: list[Post], level: int) -> Thing:
        ids = [id36(comment) for comment in comments]
        count = sum(self.size(comment) for comment in comments)
        return _stub(count, f"t1_{ids[0]}", ids[0], fullname(parent), level, ids)

    def continue_at(self, comment: Post, level: int) -> Thing:
        return _stub(0, "t1__", "_", fullname(comment), level, [])

    def size(self, comment: Post) -> int:
        return 1 + sum(self.size(answer) for answer in self.answers(comment))


def _stub(count: int, name: str, id_: str, parent: str, level: int, children: list[str]) -> Thing:
    content = {"count": count, "name": name, "id": id_, "parent_id": parent, "depth": level, "children": children}
    return {"kind": "more", "data": content}
