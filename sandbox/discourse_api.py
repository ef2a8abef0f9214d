"""A Discourse forum, as far as the connector reads it: the newest posts, topics, categories, tags and the search.

Shapes follow recorded answers of 2015 to 2026. What is deleted, hidden from strangers or asked too often is answered as
Discourse's source says.
"""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.discourse_search import matcher
from sandbox.world import CREDENTIALS, World

HOST = "talk.halmora.example"
CATEGORIES = {
    1: ("uncategorized", "Uncategorized", None),
    4: ("help", "Help", None),
    5: ("integrations", "Integrations", 4),
    6: ("ideas", "Ideas", None),
    7: ("lounge", "Lounge", None),
    8: ("backstage", "Backstage", None),
}
"""Id → slug, name and the category above it."""
MEMBERS_ONLY = frozenset({8})
NEWEST = 50
CHUNK = 20
TOPICS_A_PAGE = 30
HITS_A_PAGE = 50
SEARCH_PAGES = 10
NAMES_THE_NEXT_PAGE = True
"""Whether listings and searches say that there is more."""
AMONG_IDS: int | None = None
"""Older forums look for the newest posts among so many ids and no further."""
REQUESTS_A_MINUTE = 20_000
"""A hundred times what a forum grants, so that sixty days can be listened to at once."""
_PLACEHOLDER = timedelta(days=1)
"""For so long a post that its author deleted says that it was."""
_FIRST_POST, _FIRST_TOPIC = 21, 11
_LINK = re.compile(r"https?://[^\s<]+")
_NAME = re.compile(r"(?<![\w/])@([A-Za-z0-9_]+)")


class _RefusedError(Exception):
    """What the forum says no to."""

    def __init__(self, status: int, kind: str, said: str, **extras: Any) -> None:
        super().__init__(said)
        self.status = status
        self.body = {"errors": [said], "error_type": kind, **({"extras": extras} if extras else {})}


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""

    def route(path: str, answer: Callable[["_Forum", Request], dict[str, Any]]) -> Route:
        return Route(path, _endpoint(world, answer))

    return [
        route("/site.json", lambda forum, _: forum.site()),
        route("/posts.json", lambda forum, request: forum.newest(request.query_params.get("before"))),
        route("/posts/by_number/{topic:int}/{number:int}.json", _post_by_number),
        route("/posts/{post:int}.json", _post_by_id),
        route("/t/{topic:int}.json", lambda forum, request: forum.topic(request.path_params["topic"])),
        route("/t/{topic:int}/posts.json", _posts_of_topic),
        route("/c/{path:path}/{category:int}/l/latest.json", _category),
        route("/tag/{tag}/l/latest.json", _tag),
        route("/search.json", lambda forum, request: forum.search(dict(request.query_params))),
    ]


def _endpoint(
    world: World, answer: Callable[["_Forum", Request], dict[str, Any]]
) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            if world.count("discourse", 60) > REQUESTS_A_MINUTE:
                said = "You’ve performed this action too many times, please try again later."
                raise _RefusedError(429, "rate_limit", said, wait_seconds=11, time_left="11 seconds")
            return JSONResponse(answer(_Forum(world, is_member=_is_member(request)), request))
        except _RefusedError as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return respond


def _is_member(request: Request) -> bool:
    key, username = request.headers.get("api-key"), request.headers.get("api-username")
    user_key, accepted = request.headers.get("user-api-key"), CREDENTIALS["discourse"]
    if key is None and user_key is None:
        return False
    if (key, username) != (accepted["api_key"], accepted["api_username"]) and user_key != accepted["api_key"]:
        raise _RefusedError(403, "invalid_access", "You are not permitted to view the requested resource.")
    return True


def _post_by_number(forum: "_Forum", request: Request) -> dict[str, Any]:
    topic, number = request.path_params["topic"], request.path_params["number"]
    return forum.single(lambda post: (forum.topic_id(post), forum.number(post)) == (topic, number))


def _post_by_id(forum: "_Forum", request: Request) -> dict[str, Any]:
    return forum.single(lambda post: forum.post_id(post) == request.path_params["post"])


def _posts_of_topic(forum: "_Forum", request: Request) -> dict[str, Any]:
    topic, ids = request.path_params["topic"], set(request.query_params.getlist("post_ids[]"))
    posts = [post for post in forum.thread(topic) if str(forum.post_id(post)) in ids]
    return {"post_stream": {"posts": [forum.post(post) for post in posts]}, "id": topic}


def _category(forum: "_Forum", request: Request) -> dict[str, Any]:
    category, path = request.path_params["category"], request.path_params["path"]
    if category not in CATEGORIES or forum.path(category) != path:
        raise _RefusedError(404, "not_found", "The requested URL or resource could not be found.")
    forum.check_category(category)
    return forum.listing(dict(request.query_params), lambda root: forum.category(root) == category)


def _tag(forum: "_Forum", request: Request) -> dict[str, Any]:
    return forum.listing(
        dict(request.query_params), lambda root: request.path_params["tag"] in root.more.get("tags", ())
    )


def topic_of(world: World, post: Post) -> tuple[int, int]:
    """Topic and number of a post, which together are its address."""
    forum = _Forum(world, is_member=True)
    return forum.topic_id(post), forum.number(post)


class _Forum:
    """The forum as a stranger or a member sees it."""

    def __init__(self, world: World, *, is_member: bool) -> None:
        self.world = world
        self.is_member = is_member
        self.all = world.community.on("discourse")
        self.ids = {post.id: _FIRST_POST + place for place, post in enumerate(self.all)}
        roots = [post for post in self.all if post.to is None]
        self.topics = {_FIRST_TOPIC + place: root for place, root in enumerate(roots)}
        self.topic_ids = {root.id: id_ for id_, root in self.topics.items()}

    # What is there ------------------------------------------------------------------------------------

    def post_id(self, post: Post) -> int:
        return self.ids[post.id]

    def root(self, post: Post) -> Post:
        return self.world.community.root(post)

    def topic_id(self, post: Post) -> int:
        return self.topic_ids[self.root(post).id]

    def number(self, post: Post) -> int:
        return self.world.community.threads[self.root(post).id].index(post) + 1

    def category(self, post: Post) -> int:
        slug = self.root(post).place.rpartition("/")[2]
        return next((id_ for id_, (known, _, _) in CATEGORIES.items() if known == slug), 1)

    def path(self, category: int) -> str:
        slug, _, above = CATEGORIES[category]
        return f"{self.path(above)}/{slug}" if above else slug

    def may_see(self, post: Post) -> bool:
        return self.is_member or self.category(post) not in MEMBERS_ONLY

    def check_category(self, category: int) -> None:
        if category in MEMBERS_ONLY and not self.is_member:
            raise _RefusedError(403, "invalid_access", "You are not permitted to view the requested resource.")

    def is_placeholder(self, post: Post) -> bool:
        gone = post.deleted_at if post.removed_by == "author" and post.to else None
        return gone is not None and gone <= self.world.now < gone + _PLACEHOLDER

    def is_shown(self, post: Post) -> bool:
        is_there = self.world.exists(post) and (not post.is_deleted(self.world.now) or self.is_placeholder(post))
        return is_there and not self.root(post).is_deleted(self.world.now)

    def thread(self, topic: int) -> list[Post]:
        """The posts of a topic that can be seen; refused where the topic can't."""
        root = self.topics.get(topic)
        if root is None or not self.world.exists(root):
            raise _RefusedError(404, "not_found", "The requested URL or resource could not be found.")
        if root.is_deleted(self.world.now):
            raise _RefusedError(410, "not_found", "That topic has been deleted.")
        self.check_category(self.category(root))
        return [post for post in self.world.community.threads[root.id] if self.is_shown(post)]

    def open_posts(self) -> list[Post]:
        """Every post that stands in a list or is found, the newest first."""
        shown = [post for post in self.all if self.is_shown(post) and not self.is_placeholder(post)]
        return [post for post in reversed(shown) if self.may_see(post)]

    # Answers ------------------------------------------------------------------------------------------

    def site(self) -> dict[str, Any]:
        shown = [id_ for id_ in CATEGORIES if id_ not in MEMBERS_ONLY or self.is_member]
        found = []
        for id_ in shown:
            slug, name, above = CATEGORIES[id_]
            found.append(
                {"id": id_, "name": name, "slug": slug, "color": "2a9d8f", "read_restricted": id_ in MEMBERS_ONLY}
            )
            if above:
                found[-1]["parent_category_id"] = above
        return {"default_archetype": "regular", "categories": found, "top_tags": []}

    def newest(self, told: str | None) -> dict[str, Any]:
        before = int(told) if told and told.isdecimal() else 0
        posts = [post for post in self.open_posts() if post.more.get("post_type", 1) == 1]
        if before and AMONG_IDS:
            posts = [post for post in posts if before - AMONG_IDS < self.post_id(post) <= before]
        elif before:
            posts = [post for post in posts if self.post_id(post) < before]
        elif AMONG_IDS:
            last = max(map(self.post_id, self.all), default=0)
            posts = [post for post in posts if self.post_id(post) > last - AMONG_IDS]
        return {"latest_posts": [self.post(post, with_topic=True) for post in posts[:NEWEST]]}

    def single(self, is_wanted: Callable[[Post], bool]) -> dict[str, Any]:
        post = next((post for post in self.all if is_wanted(post)), None)
        if post is None or not self.is_shown(post):
            raise _RefusedError(404, "not_found", "The requested URL or resource could not be found.")
        self.check_category(self.category(post))
        return self.post(post)

    def topic(self, topic: int) -> dict[str, Any]:
        posts = self.thread(topic)
        root = self.topics[topic]
        return {
            "post_stream": {
                "posts": [self.post(post) for post in posts[:CHUNK]],
                "stream": [self.post_id(post) for post in posts],
            },
            **self.listed(root),
            "deleted_at": None,
            "user_id": 1,
            "chunk_size": CHUNK,
            "details": {"created_by": {"id": self.user_id(root.by), "username": root.by}},
        }

    def listing(self, asked: dict[str, str], is_wanted: Callable[[Post], bool]) -> dict[str, Any]:
        number = int(asked.get("page", "0"))
        roots = [
            root for root in self.topics.values() if self.is_shown(root) and self.may_see(root) and is_wanted(root)
        ]
        roots.sort(key=lambda root: (root.more.get("pinned", False), self.bumped_at(root)), reverse=True)
        shown = roots[number * TOPICS_A_PAGE : (number + 1) * TOPICS_A_PAGE]
        listed = {"per_page": TOPICS_A_PAGE, "topics": [self.listed(root) for root in shown]}
        if len(roots) > (number + 1) * TOPICS_A_PAGE and NAMES_THE_NEXT_PAGE:
            listed["more_topics_url"] = f"/latest?page={number + 1}"
        return {"users": [], "topic_list": listed}

    def search(self, asked: dict[str, str]) -> dict[str, Any]:
        number = int(asked.get("page", "1"))
        if number > SEARCH_PAGES:
            raise _RefusedError(400, "invalid_parameters", "page parameter must not be greater than 10")
        matches = matcher(asked.get("q", ""))
        latest: dict[int, Post] = {}
        for post in self.open_posts():
            if matches(post, self.root(post).title or ""):
                latest.setdefault(self.topic_id(post), post)
        hits = list(latest.values())[(number - 1) * HITS_A_PAGE :]
        return {
            "posts": [self.hit(post) for post in hits[:HITS_A_PAGE]],
            "topics": [self.listed(self.root(post)) for post in hits[:HITS_A_PAGE]],
            "grouped_search_result": {
                "more_posts": None,
                "term": asked.get("q"),
                "more_full_page_results": True if len(hits) > HITS_A_PAGE and NAMES_THE_NEXT_PAGE else None,
                "error": None,
                "post_ids": [self.post_id(post) for post in hits[:HITS_A_PAGE]],
            },
        }

    # Things -------------------------------------------------------------------------------------------

    def bumped_at(self, root: Post) -> datetime:
        posts = [post for post in self.world.community.threads[root.id] if self.is_shown(post)]
        return max(post.at for post in posts)

    def listed(self, root: Post) -> dict[str, Any]:
        posts = [post for post in self.world.community.threads[root.id] if self.is_shown(post)]
        last = _time(max(post.at for post in posts))
        return {
            "id": self.topic_ids[root.id],
            "title": root.title,
            "fancy_title": html.escape(root.title or ""),
            "slug": _slug(root),
            "posts_count": len(posts),
            "reply_count": sum(post.to not in (None, root.id) for post in posts),
            "highest_post_number": max(map(self.number, posts)),
            "created_at": _time(root.at),
            "last_posted_at": last,
            "bumped_at": last,
            "archetype": root.more.get("archetype", "regular"),
            "pinned": root.more.get("pinned", False),
            "visible": True,
            "closed": False,
            "tags": root.more.get("tags", []),
            "views": root.views or 0,
            "like_count": sum(post.likes for post in posts),
            "category_id": self.category(root),
        }

    def post(self, post: Post, *, with_topic: bool = False) -> dict[str, Any]:
        now, account = self.world.now, self.world.community.account[("discourse", post.by.lower())]
        is_edited, is_placeholder = post.is_edited(now), self.is_placeholder(post)
        answered = self.world.community.by_id[post.to] if post.to else None
        told = answered if answered is not None and answered.to else None
        answers = [answer for answer in self.world.community.answers.get(post.id, ()) if self.is_shown(answer)]
        text = "(post deleted by author)" if is_placeholder else post.text_at(now) or ""
        found: dict[str, Any] = {
            "id": self.post_id(post),
            "name": account.name or "",
            "username": account.handle,
            "created_at": _time(post.at),
            "cooked": self.cooked(text),
            "post_number": self.number(post),
            "post_type": post.more.get("post_type", 1),
            "posts_count": len(
                [other for other in self.world.community.threads[self.root(post).id] if self.is_shown(other)]
            ),
            "updated_at": _time(post.edited.at if is_edited and post.edited else post.at),
            "reply_count": len(answers),
            "reply_to_post_number": self.number(told) if told else None,
            "quote_count": 0,
            "reads": post.more.get("reads", 0),
            "score": 1.4,
            "topic_id": self.topic_id(post),
            "topic_slug": _slug(self.root(post)),
            "version": 2 if is_edited or is_placeholder else 1,
            "actions_summary": [{"id": 2, "count": post.likes}] if post.likes else [],
            "moderator": account.role == "team",
            "user_id": self.user_id(post.by),
            "hidden": post.more.get("hidden", False),
            "trust_level": 2,
            "deleted_at": None,
            "user_deleted": is_placeholder,
            "accepted_answer": post.more.get("solved", False),
        }
        if told:
            found["reply_to_user"] = {"id": self.user_id(told.by), "username": told.by}
        if with_topic:
            found |= {
                "topic_title": self.root(post).title,
                "topic_html_title": html.escape(self.root(post).title or ""),
                "category_id": self.category(post),
                "raw": text,
            }
        return found

    def hit(self, post: Post) -> dict[str, Any]:
        whole = self.post(post)
        names = ("id", "name", "username", "created_at", "post_number", "topic_id")
        text = " ".join((post.text_at(self.world.now) or "").split())
        return {name: whole[name] for name in names} | {"like_count": post.likes, "blurb": text[:200]}

    def user_id(self, handle: str) -> int:
        accounts = [account for account in self.world.community.accounts if account.net == "discourse"]
        return next(place for place, account in enumerate(accounts, 1) if account.handle.lower() == handle.lower())

    def cooked(self, text: str) -> str:
        """Text as Discourse marks it up: paragraphs, quotes, links and names."""
        return "\n".join(_block(block, self.world) for block in text.split("\n\n"))


def _block(text: str, world: World) -> str:
    def name(found: re.Match[str]) -> str:
        is_known = ("discourse", found[1].lower()) in world.community.account
        return f'<a class="mention" href="/u/{found[1].lower()}">@{found[1]}</a>' if is_known else found[0]

    is_quote = text.startswith("> ")
    marked = html.escape(re.sub(r"(?m)^> ?", "", text) if is_quote else text, quote=False).replace("\n", "<br>\n")
    marked = _LINK.sub(lambda link: f'<a href="{link[0]}" rel="noopener nofollow ugc">{link[0]}</a>', marked)
    marked = f"<p>{_NAME.sub(name, marked)}</p>"
    return f"<blockquote>\n{marked}\n</blockquote>" if is_quote else marked


def _slug(root: Post) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", (root.title or "").lower())) or "topic"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
