"""X's API v2, as far as the connector and a re-check of single posts speak it: search and lookup.

Shapes follow recorded answers of 2021 and 2022; later ones were not to be had.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import x_posts
from sandbox.search import QueryError, Searchable, matcher
from sandbox.world import BEARER_TOKEN, World

_LIMITS = {"recent": (512, 100), "all": (1024, 500)}
NAMES_THE_NEXT_PAGE = True
"""Whether an answer has a `next_token`; a server in between may lose it."""
_QUARTER_OF_AN_HOUR = 900
_PROBLEMS = "https://api.twitter.com/2/problems"
_RECENT = timedelta(days=7)
_FIRST_POST = datetime.fromisoformat("2006-03-21")


class _InvalidError(Exception):
    """A parameter that X refuses."""

    def __init__(self, parameter: str, value: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.value = value


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/2/tweets/search/recent", _endpoint(world, _search("recent"))),
        Route("/2/tweets/search/all", _endpoint(world, _search("all"))),
        Route("/2/tweets", _endpoint(world, _lookup)),
    ]


def _endpoint(world: World, answer: Callable[[World, Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {BEARER_TOKEN}":
            problem = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
            return JSONResponse(problem, 401, media_type="application/problem+json")
        used = world.count(request.url.path, _QUARTER_OF_AN_HOUR)
        limits = {
            "x-rate-limit-limit": str(world.x_limit),
            "x-rate-limit-remaining": str(max(0, world.x_limit - used)),
            "x-rate-limit-reset": str(int(time()) + _QUARTER_OF_AN_HOUR),
        }
        if used > world.x_limit:
            return Response("Rate limit exceeded\n", 429, limits, "text/plain")
        try:
            return JSONResponse(answer(world, request), headers=limits)
        except _InvalidError as error:
            return JSONResponse(_invalid(error), 400, limits)

    return respond


def _invalid(error: _InvalidError) -> dict[str, Any]:
    return {
        "errors": [{"parameters": {error.parameter: [error.value]}, "message": str(error)}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{_PROBLEMS}/invalid-request",
    }


def _search(reach: str) -> Callable[[World, Request], dict[str, Any]]:
    def answer(world: World, request: Request) -> dict[str, Any]:
        asked = request.query_params
        longest, largest = _LIMITS[reach]
        query = asked.get("query", "")
        if not 1 <= len(query) <= longest:
            raise _InvalidError("query", query, f"query length must be between 1 and {longest}")
        try:
            wanted = matcher(query)
        except QueryError as error:
            raise _InvalidError("query", query, f"There were errors processing your request: {error}") from None
        size = asked.get("max_results", "10")
        if not size.isdecimal() or not 10 <= int(size) <= largest:
            raise _InvalidError(
                "max_results", size, f"The `max_results` query parameter value [{size}] is not between 10 and {largest}"
            )
        start, end = _span(world, reach, asked.get("start_time"), asked.get("end_time"))
        found = [
            post
            for post in x_posts.of(world)
            if start <= post.written_at < end
            and wanted(
                Searchable(
                    *(post.full_text, post.post.by, post.post.reposts_of is not None, post.post.to is not None),
                    conversation=x_posts.post_id(world.community.root(post.post)),
                )
            )
        ]
        return _page(world, request, found[::-1], int(size))

    return answer


def _span(world: World, reach: str, start_text: str | None, end_text: str | None) -> tuple[datetime, datetime]:
    earliest = world.now - _RECENT if reach == "recent" else _FIRST_POST
    end = _moment("end_time", end_text) if end_text else world.now
    start = _moment("start_time", start_text) if start_text else max(earliest, end - timedelta(days=30))
    if start < earliest:
        refused = f"Invalid 'start_time':'{start:%Y-%m-%dT%H:%MZ}'. 'start_time' must be on or after "
        raise _InvalidError("start_time", f"{start:%Y-%m-%dT%H:%MZ}", f"{refused}{earliest:%Y-%m-%dT%H:%MZ}")
    if end > world.now:
        refused = f"Invalid 'end_time':'{end:%Y-%m-%dT%H:%MZ}'. 'end_time' must be before the request time."
        raise _InvalidError("end_time", f"{end:%Y-%m-%dT%H:%MZ}", refused)
    if start >= end:
        refused = f"Invalid 'start_time':'{start:%Y-%m-%dT%H:%MZ}'. 'start_time' must be before 'end_time'"
        raise _InvalidError("start_time", f"{start:%Y-%m-%dT%H:%MZ}", refused)
    return start, end


def _moment(parameter: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        raise _InvalidError(parameter, text, f"Invalid '{parameter}':'{text}'. It is not an ISO 8601 time.") from None


def _page(world: World, request: Request, found: list[x_posts.Shown], size: int) -> dict[str, Any]:
    """A page, newest first. A token names the last post of the page before."""
    token = request.query_params.get("next_token") or request.query_params.get("pagination_token")
    start = 0
    if token:
        places = [number for number, post in enumerate(found) if _token_after(post) == token]
        if not places:
            raise _InvalidError("next_token", token, f"The `next_token` query parameter value [{token}] is not valid")
        start = places[0] + 1
    page = found[start : start + size]
    meta: dict[str, Any] = {"result_count": len(page)}
    if page:
        meta = {"newest_id": page[0].id, "oldest_id": page[-1].id, **meta}
    if start + size < len(found) and NAMES_THE_NEXT_PAGE:
        meta["next_token"] = _token_after(page[-1])
    return {**_answer(world, request, page), "meta": meta}


def _token_after(post: x_posts.Shown) -> str:
    return f"b26v{int(post.id):x}"


def _lookup(world: World, request: Request) -> dict[str, Any]:
    ids = [id_ for id_ in request.query_params.get("ids", "").split(",") if id_]
    if not 1 <= len(ids) <= 100:
        raise _InvalidError(
            "ids", ",".join(ids), f"The number of values in `ids` [{len(ids)}] is not between 1 and 100"
        )
    versions = {version: post for post in x_posts.of(world) for version in post.versions}
    answer = _answer(world, request, [versions[id_] for id_ in ids if id_ in versions])
    missing = [_not_found("ids", id_) for id_ in ids if id_ not in versions]
    return {**answer, "errors": [*answer.get("errors", []), *missing]} if missing else answer


def _answer(world: World, request: Request, page: list[x_posts.Shown]) -> dict[str, Any]:
    """`data`, with `includes` and `errors` where there are any."""
    asked = {
        name: set(filter(None, request.query_params.get(name, "").split(",")))
        for name in ("tweet.fields", "user.fields", "expansions")
    }
    wanted = x_posts.Wanted(asked["tweet.fields"], asked["user.fields"], asked["expansions"])
    data, includes, missing = x_posts.answer(world, page, wanted)
    return {
        **({"data": data} if data else {}),
        **({"includes": includes} if includes else {}),
        **({"errors": [_not_found("referenced_tweets.id", id_) for id_ in missing]} if missing else {}),
    }


def _not_found(parameter: str, id_: str) -> dict[str, Any]:
    return {
        "value": id_,
        "detail": f"Could not find tweet with {parameter}: [{id_}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": parameter,
        "resource_id": id_,
        "type": f"{_PROBLEMS}/resource-not-found",
    }
