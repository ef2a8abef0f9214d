"""Bluesky's API below `/xrpc/`: login, search, feeds of accounts, threads, and lookups of posts and accounts.

Shapes follow recorded answers of 2023 to 2025; the limit's refusal (429) follows its description.
"""

import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox import bluesky_posts as posts
from sandbox.community import Account, Post
from sandbox.world import CREDENTIALS, World

REQUESTS_IN_FIVE_MINUTES = 3000
LOGINS_IN_FIVE_MINUTES = 30
DEEPEST_OFFSET = 10_000
NAMES_THE_NEXT_PAGE = True
"""Whether there are cursors."""
_FIVE_MINUTES = 300
_SIXTY_DAYS = 60 * 86400
_TERMS = re.compile(r'"[^"]*"|[^\s"]+')
_WORDS = re.compile(r"\w+(?:[.'’-]\w+)*")

Answer = dict[str, Any] | Response


class _RefusedError(Exception):
    """Why a request is refused: the name of the error, a sentence, and the HTTP status."""

    def __init__(self, name: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.name = name
        self.status = status


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    asked: dict[str, Callable[[World, Request], Answer]] = {
        "app.bsky.feed.searchPosts": _search,
        "app.bsky.feed.getAuthorFeed": _author_feed,
        "app.bsky.feed.getPostThread": _thread,
        "app.bsky.feed.getPosts": _posts,
        "app.bsky.actor.getProfiles": _profiles,
    }
    return [
        Route("/xrpc/com.atproto.server.createSession", _endpoint(world, _log_in, "login"), methods=["POST"]),
        Route("/xrpc/com.atproto.server.refreshSession", _endpoint(world, _refresh, "login"), methods=["POST"]),
        *(Route(f"/xrpc/{method}", _endpoint(world, answer)) for method, answer in asked.items()),
    ]


def _endpoint(
    world: World, answer: Callable[[World, Request], Answer], counted: str = "read"
) -> Callable[[Request], Awaitable[Response]]:
    limit = LOGINS_IN_FIVE_MINUTES if counted == "login" else REQUESTS_IN_FIVE_MINUTES

    async def respond(request: Request) -> Response:
        used = world.count(f"bluesky {counted}", _FIVE_MINUTES)
        headers = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - used)),
            "RateLimit-Reset": str(int(time.time()) + _FIVE_MINUTES),
            "RateLimit-Policy": f"{limit};w={_FIVE_MINUTES}",
        }
        if used > limit:
            return _error("RateLimitExceeded", "Rate Limit Exceeded", 429, headers)
        request.state.body = await request.body()
        try:
            given = answer(world, request)
        except _RefusedError as error:
            return _error(error.name, str(error), error.status, headers)
        if isinstance(given, Response):
            return given
        return JSONResponse(given, headers=headers)

    return respond


def _error(name: str, message: str, status: int, headers: dict[str, str]) -> Response:
    return JSONResponse({"error": name, "message": message}, status, headers)


# Sessions ---------------------------------------------------------------------------------------------


def _log_in(world: World, request: Request) -> Answer:
    accepted = CREDENTIALS["bluesky"]
    try:
        given = json.loads(request.state.body)
    except ValueError:
        raise _RefusedError("InvalidRequest", "Input must have the type of an object") from None
    if (given.get("identifier"), given.get("password")) != (accepted["handle"], accepted["app_password"]):
        raise _RefusedError("AuthenticationRequired", "Invalid identifier or password", 401)
    return _tokens(world)


def _refresh(world: World, request: Request) -> Answer:
    token = _bearer(request)
    if not world.is_token_good(f"refresh {token}"):
        raise _RefusedError("ExpiredToken", "Token has expired")
    del world.tokens[f"refresh {token}"]
    return _tokens(world)


def _tokens(world: World) -> Answer:
    handle = CREDENTIALS["bluesky"]["handle"]
    access, renewal = (_jwt(world.token_seconds, handle, scope) for scope in ("access", "refresh"))
    world.tokens[access] = time.monotonic() + world.token_seconds
    world.tokens[f"refresh {renewal}"] = time.monotonic() + _SIXTY_DAYS
    return {"did": posts.did(handle), "handle": handle, "accessJwt": access, "refreshJwt": renewal, "active": True}


def _jwt(seconds: float, handle: str, scope: str) -> str:
    """A token that says whom it is for and when it runs out. Its signature is none: the server knows its tokens."""
    lasts = seconds if scope == "access" else _SIXTY_DAYS
    payload = {
        "sub": posts.did(handle),
        "exp": int(time.time() + lasts),
        "scope": scope,
        "jti": str(time.monotonic_ns()),
    }
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "ES256K"}, payload)] + [b"sandbox"]
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def _is_logged_in(world: World, request: Request) -> bool:
    """Whether the request comes with a token; one that isn't good is refused."""
    token = _bearer(request)
    if token and token.count(".") != 2:
        raise _RefusedError("InvalidToken", "Token could not be verified")
    if token and not world.is_token_good(token):
        raise _RefusedError("ExpiredToken", "Token has expired")
    return bool(token)


# Search -----------------------------------------------------------------------------------------------


def _search(world: World, request: Request) -> Answer:
    asked = request.query_params
    if not _is_logged_in(world, request) and asked.get("cursor"):
        return HTMLResponse("<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n", 403)
    query = asked.get("q", "")
    if not query.strip():
        raise _RefusedError("InvalidRequest", 'Error: Params must have the property "q"')
    wanted = [_term(world, term) for term in _TERMS.findall(query)]
    since, until = (_moment(asked[name]) if name in asked else None for name in ("since", "until"))
    found = [
        post
        for post in reversed(posts.posts_of(world))
        if (since is None or since <= post.at)
        and (until is None or post.at < until)
        and all(fits(post) for fits in wanted)
    ]
    size = _number(request, "limit", 25, 100)
    start = int(asked["cursor"]) if asked.get("cursor", "").isdecimal() else 0
    if start + size > DEEPEST_OFFSET:
        raise _RefusedError("InvalidRequest", "disallowed size/offset parameters")
    more = {"cursor": str(start + size)} if start + size < len(found) and NAMES_THE_NEXT_PAGE else {}
    return {"posts": [posts.view(world, post) for post in found[start : start + size]], **more}


def _term(world: World, term: str) -> Callable[[Post], bool]:
    """Whether a post has a word, a "phrase" or a #tag, or is from:, lang: or domain: something."""
    operator, _, value = term.partition(":")
    if term.startswith("#") and len(term) > 1:
        return lambda post: term[1:].lower() in _facet_values(post, "tag")
    if value and operator == "from":
        return lambda post: value.lower() in (post.by.lower(), posts.did(post.by))
    if value and operator in ("mentions", "to"):
        return lambda post: posts.did(value.removeprefix("@")) in _facet_values(post, "did")
    if value and operator == "lang":
        return lambda post: value in posts.record(world, post)["langs"]
    if value and operator == "domain":
        return lambda post: any(_host(link) == value for link in [*_facet_values(post, "uri"), _card(post)])
    words = _WORDS.findall(term.strip('"').lower())
    return lambda post: _holds(_WORDS.findall(posts.searched_text(post).lower()), words)


def _holds(text: list[str], phrase: list[str]) -> bool:
    return any(text[start : start + len(phrase)] == phrase for start in range(len(text) - len(phrase) + 1))


def _facet_values(post: Post, name: str) -> list[str]:
    features = [feature for facet in posts.shown_text(post.text or "")[1] for feature in facet["features"]]
    return [feature[name].lower() for feature in features if name in feature]


def _card(post: Post) -> str:
    return str(post.more.get("card", {}).get("uri", ""))


def _host(link: str) -> str:
    return link.partition("://")[2].partition("/")[0].removeprefix("www.")


# Feeds, threads, lookups ------------------------------------------------------------------------------


def _author_feed(world: World, request: Request) -> Answer:
    """What an account wrote and passed on, newest first. The cursor is the time of the last item."""
    account = _account(world, request.query_params.get("actor", ""))
    if account is None:
        raise _RefusedError("InvalidRequest", "Profile not found")
    before = _moment(request.query_params["cursor"]) if request.query_params.get("cursor") else datetime.max
    mine = [post for post in world.community.on("bluesky") if post.by == account.handle and world.is_visible(post)]
    mine = [post for post in reversed(mine) if post.at < before]
    size = _number(request, "limit", 50, 100)
    shown = mine[:size]
    more = {"cursor": posts.stamp(shown[-1].at)} if len(mine) > size and NAMES_THE_NEXT_PAGE else {}
    return {"feed": [_feed_item(world, post) for post in shown], **more}


def _feed_item(world: World, post: Post) -> dict[str, Any]:
    if post.reposts_of:
        by = posts.author(world, post.by)
        when = posts.stamp(post.at)
        reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": by, "uri": posts.uri(post), "indexedAt": when}
        return {"post": posts.view(world, world.community.by_id[post.reposts_of]), "reason": reason}
    if post.to is None:
        return {"post": posts.view(world, post)}
    around = {"root": world.community.root(post), "parent": world.community.by_id[post.to]}
    shown = {
        name: {"$type": "app.bsky.feed.defs#postView", **posts.view(world, other)}
        if world.is_visible(other)
        else posts.not_found(posts.uri(other))
        for name, other in around.items()
    }
    return {"post": posts.view(world, post), "reply": shown}


def _thread(world: World, request: Request) -> Answer:
    address = request.query_params.get("uri", "")
    post = {posts.uri(post): post for post in posts.posts_of(world)}.get(address)
    if post is None:
        raise _RefusedError("NotFound", f"Post not found: {address}")
    depth = min(world.tree_depth, _number(request, "depth", 6, 1000))
    return {"thread": posts.tree(world, post, depth, _number(request, "parentHeight", 80, 1000))}


def _posts(world: World, request: Request) -> Answer:
    """The posts with these addresses; one that isn't there is left away."""
    asked = _list(request, "uris")
    there = {posts.uri(post): post for post in posts.posts_of(world)}
    return {"posts": [posts.view(world, there[address]) for address in dict.fromkeys(asked) if address in there]}


def _profiles(world: World, request: Request) -> Answer:
    found = [account for actor in _list(request, "actors") if (account := _account(world, actor))]
    return {"profiles": [posts.profile(world, account) for account in found]}


def _account(world: World, actor: str) -> Account | None:
    people = (account for account in world.community.accounts if account.net == "bluesky")
    return next((one for one in people if actor.lower() in (one.handle.lower(), posts.did(one.handle))), None)


# Parameters -------------------------------------------------------------------------------------------


def _list(request: Request, name: str) -> list[str]:
    given = request.query_params.getlist(name)
    if not 1 <= len(given) <= 25:
        raise _RefusedError("InvalidRequest", f"Error: {name} must not have more than 25 elements")
    return given


def _number(request: Request, name: str, usual: int, largest: int) -> int:
    given = request.query_params.get(name, str(usual))
    if not given.isdecimal() or int(given) > largest:
        raise _RefusedError("InvalidRequest", f"Error: {name} can not be greater than {largest}")
    return int(given)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise _RefusedError("InvalidRequest", f"Error: {text} is not a time") from None
