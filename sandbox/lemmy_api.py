"""A Lemmy server's API v3, as far as the connector speaks it: search, listings, single posts and comments.

The server is `leafy.example`; it also shows a community that lives elsewhere and people of other servers. Shapes follow
Lemmy 0.19; what a real one does when it is asked too often or for what isn't there is simulated from its source.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Account, Post
from sandbox.world import CREDENTIALS, World

HOST = "leafy.example"
LARGEST_PAGE = 50
SHOWN_AT_ONCE = 50
"""Servers of other software may show fewer than they are asked for, and name no next page."""
NAMES_THE_NEXT_PAGE = True
SEARCHES = 1_000_000
"""Searches in ten minutes; so many that the demo never waits. Real servers allow 60."""
_TEN_MINUTES = 600


class _RefusedError(Exception):
    """What Lemmy says no to, in a word of its own."""

    def __init__(self, word: str, status: int = 400) -> None:
        super().__init__(word)
        self.status = status


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/api/v3/search", _endpoint(world, _search)),
        Route("/api/v3/post/list", _endpoint(world, _posts)),
        Route("/api/v3/comment/list", _endpoint(world, _comments)),
        Route("/api/v3/post", _endpoint(world, _post)),
        Route("/api/v3/comment", _endpoint(world, _comment)),
        Route("/api/v3/resolve_object", _endpoint(world, _resolved)),
    ]


def number(post: Post) -> int:
    """The server's own number of a post or comment."""
    return int(post.id, 36)


def ap_id(post: Post) -> str:
    """The address of a post or comment, which is the same on every server."""
    told = post.more.get("uri")
    kind = "comment" if post.to else "post"
    host = post.by.rpartition("@")[2]
    return str(told or f"https://{host}/{kind}/{number(post)}")


def _endpoint(
    world: World, answer: Callable[[World, dict[str, str]], dict[str, Any]]
) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        token = request.headers.get("authorization")
        try:
            if token not in (None, f"Bearer {CREDENTIALS['lemmy']['jwt']}"):
                raise _RefusedError("incorrect_login", 401)
            return JSONResponse(answer(world, dict(request.query_params)))
        except _RefusedError as error:
            return JSONResponse({"error": str(error)}, error.status)

    return respond


# Endpoints --------------------------------------------------------------------------------------------


def _search(world: World, asked: dict[str, str]) -> dict[str, Any]:
    if world.count("lemmy search", _TEN_MINUTES) > SEARCHES:
        raise _RefusedError("rate_limit_error")
    kind = asked.get("type_", "All")
    wanted = asked.get("q", "").lower().split()
    found: dict[str, list[Post]] = {"posts": [], "comments": []}
    for name, is_wanted in (("posts", kind in ("All", "Posts")), ("comments", kind in ("All", "Comments"))):
        if is_wanted:
            posts = [post for post in _shown(world) if (post.to is None) == (name == "posts")]
            found[name] = _page([post for post in posts if _holds(world, post, wanted)], asked)
    views = {name: [_view(world, post) for post in posts] for name, posts in found.items()}
    return {"type_": kind, **views, "communities": [], "users": []}


def _holds(world: World, post: Post, words: list[str]) -> bool:
    """Whether the words stand in a text in that order, whatever is between or around them."""
    for text in (post.title, post.text_at(world.now)):
        place, rest = 0, (text or "").lower()
        for word in words:
            place = rest.find(word)
            if place < 0:
                break
            rest = rest[place + len(word) :]
        if place >= 0 and text:
            return True
    return False


def _posts(world: World, asked: dict[str, str]) -> dict[str, Any]:
    posts = [post for post in _in_community(world, asked) if post.to is None]
    pinned = [post for post in posts if post.more.get("pinned")]
    listed = [*pinned, *(post for post in posts if post not in pinned)]
    size, start = _size(asked), 0
    cursor = asked.get("page_cursor")
    if cursor:
        names = [f"P{number(post):x}" for post in listed]
        if cursor not in names:
            raise _RefusedError("couldnt_find_post")
        start = names.index(cursor) + 1
    elif "page" in asked:
        start = (_natural(asked, "page", 1) - 1) * size
    shown = listed[start : start + size]
    # the last page names a next one, too, which is then empty
    following = {"next_page": f"P{number(shown[-1]):x}"} if shown and NAMES_THE_NEXT_PAGE else {}
    return {"posts": [_view(world, post) for post in shown], **following}


def _comments(world: World, asked: dict[str, str]) -> dict[str, Any]:
    if "post_id" in asked:
        roots = [post for post in world.community.on("lemmy") if str(number(post)) == asked["post_id"]]
        # those that were taken down stay in their thread, flagged
        posts = [post for root in roots for post in world.community.threads[root.id] if world.exists(post)][::-1]
    else:
        posts = _in_community(world, asked)
    posts = [post for post in posts if post.to]
    if asked.get("sort") == "Old":
        posts.reverse()
    return {"comments": [_view(world, post) for post in _page(posts, asked)]}


def _post(world: World, asked: dict[str, str]) -> dict[str, Any]:
    post = _one(world, asked.get("id", ""))
    if post is None or post.to or post.is_deleted(world.now):
        raise _RefusedError("couldnt_find_post", 404)
    view = _view(world, post)
    community = {"community": view["community"], "subscribed": "NotSubscribed", "blocked": False}
    return {"post_view": view, "community_view": community, "moderators": [], "cross_posts": []}


def _comment(world: World, asked: dict[str, str]) -> dict[str, Any]:
    post = _one(world, asked.get("id", ""))
    if post is None or post.to is None:
        raise _RefusedError("couldnt_find_comment", 404)
    return {"comment_view": _view(world, post), "recipient_ids": []}


def _resolved(world: World, asked: dict[str, str]) -> dict[str, Any]:
    for post in world.community.on("lemmy"):
        if ap_id(post) == asked.get("q") and world.is_visible(post):
            return {"comment" if post.to else "post": _view(world, post)}
    raise _RefusedError("couldnt_find_object", 404)


def _one(world: World, told: str) -> Post | None:
    return next(
        (post for post in world.community.on("lemmy") if str(number(post)) == told and world.exists(post)), None
    )


def _shown(world: World) -> list[Post]:
    """What a stranger sees, newest first."""
    return [post for post in reversed(world.community.on("lemmy")) if world.is_visible(post)]


def _in_community(world: World, asked: dict[str, str]) -> list[Post]:
    name = asked.get("community_name", "")
    place = f"!{name if '@' in name else f'{name}@{HOST}'}".lower()
    if all(post.place.lower() != place for post in world.community.on("lemmy")):
        raise _RefusedError("couldnt_find_community", 404)
    return [post for post in _shown(world) if post.place.lower() == place]


def _page(posts: list[Post], asked: dict[str, str]) -> list[Post]:
    size = _size(asked)
    start = (_natural(asked, "page", 1) - 1) * size
    return posts[start : start + size]


def _size(asked: dict[str, str]) -> int:
    size = _natural(asked, "limit", 10)
    if size > LARGEST_PAGE:
        raise _RefusedError("couldnt_get_posts")
    return min(size, SHOWN_AT_ONCE)


def _natural(asked: dict[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isdecimal() or int(text) < 1:
        raise _RefusedError("query_deserialize_error")
    return int(text)


# Views ------------------------------------------------------------------------------------------------


def _view(world: World, post: Post) -> dict[str, Any]:
    """A post or comment with all that comes with it; nothing is told of what isn't set."""
    community = world.community
    root = community.root(post)
    author = community.account["lemmy", post.by.lower()]
    name, _, host = post.place.removeprefix("!").rpartition("@")
    view: dict[str, Any] = {
        "post": _of_post(world, root),
        "creator": _person(author),
        "community": {
            "id": 1 + sorted({other.place for other in community.on("lemmy")}).index(post.place),
            "name": name,
            "title": name,
            **{"removed": False, "deleted": False, "nsfw": False, "hidden": False, "posting_restricted_to_mods": False},
            "published": "2023-06-12T09:00:00.000000Z",
            "actor_id": f"https://{host}/c/{name}",
            "local": host == HOST,
            "instance_id": 1,
            "visibility": "Public",
        },
        **{"creator_banned_from_community": False, "subscribed": "NotSubscribed", "saved": False},
        "creator_blocked": False,
    }
    votes = {"score": post.likes, "upvotes": max(post.likes, 0), "downvotes": max(-post.likes, 0)}
    below = sum(world.is_visible(other) for other in community.threads[root.id] if _is_below(world, other, post))
    if post.to is None:
        view["counts"] = {"post_id": number(post), "comments": below, **votes, "published": _time(post)}
        return {**view, "read": False, "unread_comments": below}
    view["comment"] = _of_comment(world, post)
    view["counts"] = {"comment_id": number(post), **votes, "published": _time(post), "child_count": below}
    return view


def _is_below(world: World, other: Post, post: Post) -> bool:
    above = other
    while above.to is not None:
        above = world.community.by_id[above.to]
        if above is post:
            return True
    return False


def _of_post(world: World, post: Post) -> dict[str, Any]:
    told = {
        "id": number(post),
        "name": post.title,
        "url": post.link,
        "body": post.text_at(world.now),
        "creator_id": 1,
        "community_id": 1,
        "published": _time(post),
        "ap_id": ap_id(post),
        "local": post.by.endswith(f"@{HOST}"),
        "language_id": 0,
        "featured_community": bool(post.more.get("pinned")),
        **{"locked": False, "nsfw": False, "featured_local": False},
        **_changes(world, post),
    }
    return {name: value for name, value in told.items() if value is not None}


def _of_comment(world: World, post: Post) -> dict[str, Any]:
    path = [number(post)]
    above = post
    while above.to is not None and world.community.by_id[above.to].to is not None:
        above = world.community.by_id[above.to]
        path.append(number(above))
    is_gone = post.is_deleted(world.now)
    told = {
        "id": number(post),
        "creator_id": 1,
        "post_id": number(world.community.root(post)),
        "content": "" if is_gone else post.text_at(world.now),
        "published": _time(post),
        "ap_id": ap_id(post),
        "local": post.by.endswith(f"@{HOST}"),
        "path": ".".join(map(str, [0, *reversed(path)])),
        "distinguished": False,
        "language_id": 0,
        **_changes(world, post),
    }
    return {name: value for name, value in told.items() if value is not None}


def _changes(world: World, post: Post) -> dict[str, Any]:
    is_gone = post.is_deleted(world.now)
    edited = f"{post.edited.at:%Y-%m-%dT%H:%M:%S.%fZ}" if post.edited and post.is_edited(world.now) else None
    by_author = post.removed_by == "author"
    return {"deleted": is_gone and by_author, "removed": is_gone and not by_author, "updated": edited}


def _person(account: Account) -> dict[str, Any]:
    name, _, host = account.handle.rpartition("@")
    is_local = host == HOST
    told = {
        "id": 1,
        "name": name,
        "display_name": account.name,
        "bio": account.bio,
        "published": f"{account.since:%Y-%m-%d}T08:00:00.000000Z",
        "actor_id": f"https://{host}/u/{name}",
        "local": is_local,
        "bot_account": account.role == "bot",
        **{"banned": False, "deleted": False, "instance_id": 1 if is_local else 2},
    }
    return {name: value for name, value in told.items() if value is not None}


def _time(post: Post) -> str:
    return f"{post.at:%Y-%m-%dT%H:%M:%S.%fZ}"
