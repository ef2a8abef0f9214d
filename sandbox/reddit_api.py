"""Reddit's API, as far as the connector and a re-check of single posts speak it.

Shapes follow recorded answers; what no recording shows, such as rate-limit headers, follows the documentation.
"""

import base64
import binascii
import html
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import reddit_things as things
from sandbox.community import Post
from sandbox.search import QueryError, Searchable, matcher
from sandbox.world import CLIENT_ID, CLIENT_SECRET, World

Answer = Callable[[World, Request], Any]
_PERIODS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "year": 366}
_MOST_CHILDREN = 100
_TEN_MINUTES = 600


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    answers: dict[str, Answer] = {
        "/r/{subreddit}/new": _new,
        "/r/{subreddit}/comments": _comments,
        "/search": _search,
        "/r/{subreddit}/search": _search,
        "/comments/{post}": _thread,
        "/comments/{post}/{slug}/{comment}": _thread,
        "/r/{subreddit}/comments/{post}": _thread,
        "/r/{subreddit}/comments/{post}/{slug}": _thread,
        "/r/{subreddit}/comments/{post}/{slug}/{comment}": _thread,
        "/api/info": _info,
    }
    found = [Route(path + end, _endpoint(world, answer)) for path, answer in answers.items() for end in ("", "/")]
    more = _endpoint(world, _more_children)
    found += [Route(f"/api/morechildren{end}", more, methods=["GET", "POST"]) for end in ("", "/")]
    return [Route("/api/v1/access_token", _token(world), methods=["POST"]), *found]


def _token(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if _basic(request.headers.get("authorization", "")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"message": "Unauthorized", "error": 401}, 401)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"})
        granted = {"token_type": "bearer", "expires_in": math.ceil(world.token_seconds), "scope": "*"}
        return JSONResponse({"access_token": world.new_token(), **granted})

    return answer


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    try:
        name, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (name, password) if scheme.lower() == "basic" else None


def _endpoint(world: World, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not world.is_token_good(token):
            refusal = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            return JSONResponse({"message": "Unauthorized", "error": 401}, 401, refusal)
        used = world.count("reddit", _TEN_MINUTES)
        limits = {
            "x-ratelimit-used": str(used),
            "x-ratelimit-remaining": f"{max(0, world.reddit_limit - used)}.0",
            # Ten seconds into the ten minutes: praw sleeps where the share used is ahead of the time gone by.
            "x-ratelimit-reset": "590",
        }
        if used > world.reddit_limit or request.headers.get("user-agent", "").startswith("python-requests"):
            return Response("<!doctype html><title>Too Many Requests</title>", 429, limits, "text/html")
        request.state.form = dict(parse_qsl((await request.body()).decode()))
        body = answer(world, request)
        if isinstance(body, Response):
            return body
        is_raw = request.query_params.get("raw_json") == "1"
        return JSONResponse(body if is_raw else _escaped(body), headers=limits)

    return respond


def _escaped(value: Any) -> Any:
    """Without raw_json Reddit escapes `<`, `>` and `&` in every text."""
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, list):
        return [_escaped(entry) for entry in value]
    return {key: _escaped(entry) for key, entry in value.items()} if isinstance(value, dict) else value


# Listings ---------------------------------------------------------------------------------------------


def _new(world: World, request: Request) -> Any:
    posts = _of_subreddit(world, request)
    return posts if isinstance(posts, Response) else _listing(world, request, [p for p in posts if p.to is None])


def _comments(world: World, request: Request) -> Any:
    posts = _of_subreddit(world, request)
    return posts if isinstance(posts, Response) else _listing(world, request, [p for p in posts if p.to is not None])


def _of_subreddit(world: World, request: Request) -> list[Post] | Response:
    """What can be seen in a subreddit, newest first; Reddit sends whoever asks for one that isn't there to a search."""
    name = request.path_params["subreddit"]
    place = f"r/{name.lower()}"
    if not any(post.place.lower() == place for post in world.community.posts):
        return RedirectResponse(f"/subreddits/search?q={name}", 302)
    return [p for p in reversed(world.community.posts) if p.place.lower() == place and world.is_visible(p)]


def _search(world: World, request: Request) -> Any:
    place = request.path_params.get("subreddit", "all").lower()
    try:
        wanted = matcher(request.query_params.get("q", ""))
    except QueryError:
        return things.listing([])  # Reddit makes what it can of a broken query; here that is nothing
    since = world.now - timedelta(days=_PERIODS.get(request.query_params.get("t", "all"), 36500))
    found = [
        post
        for post in reversed(world.community.posts)
        if post.net == "reddit"
        and post.to is None
        and world.is_visible(post)
        and post.at >= since
        and place in ("all", post.place.lower().removeprefix("r/"))
        and wanted(Searchable(f"{post.title} {post.text_at(world.now) or ''}", post.by))
    ]
    return _listing(world, request, found, world.search_cap)


def _listing(world: World, request: Request, posts: list[Post], cap: int | None = None) -> Any:
    posts = posts[: cap or world.listing_cap]
    limit = min(int(request.query_params.get("limit", 25)), things.LARGEST_PAGE)
    start = 0
    if after := request.query_params.get("after"):
        names = [things.fullname(post) for post in posts]
        start = names.index(after) + 1 if after in names else len(posts)
    page = posts[start : start + limit]
    has_more = start + limit < len(posts)
    return things.listing(
        [things.thing(world, post) for post in page], after=things.fullname(page[-1]) if has_more else None
    )


def _info(world: World, request: Request) -> Any:
    asked = request.query_params.get("id", "").split(",")
    by_name = {things.fullname(post): post for post in world.community.posts if post.net == "reddit"}
    found = [by_name[name] for name in asked if name in by_name and world.exists(by_name[name])]
    return things.listing([things.thing(world, post) for post in found])


# Threads ----------------------------------------------------------------------------------------------


def _thread(world: World, request: Request) -> Any:
    post = things.by_id(world, request.path_params["post"])
    comment = things.by_id(world, request.path_params["comment"]) if "comment" in request.path_params else None
    if post is None or post.to is not None or not world.exists(post):
        return JSONResponse({"message": "Not Found", "error": 404}, 404)
    tree = things.Tree(world, min(int(request.query_params.get("limit", 200)), world.tree_limit))
    return [
        things.listing([things.thing(world, post)]),
        things.listing(tree.below(post) if comment is None else tree.from_(comment)),
    ]


def _more_children(world: World, request: Request) -> Any:
    form = {**request.query_params, **request.state.form}
    post = things.by_id(world, form.get("link_id", "").removeprefix("t3_"))
    if post is None or post.to is not None:
        return {"json": {"errors": [["NO_THING_ID", "id not specified", "link_id"]]}}
    asked = [
        found for name in form.get("children", "").split(",")[:_MOST_CHILDREN] if (found := things.by_id(world, name))
    ]
    flat = things.Tree(world, world.tree_limit).flat(
        [comment for comment in asked if world.community.root(comment) == post]
    )
    return {"json": {"errors": [], "data": {"things": flat}}}
