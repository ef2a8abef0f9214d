"""GitHub's API, as far as the connector speaks it: REST for issues and their comments, search, GraphQL for discussions.

Shapes follow recorded answers. Deleted issues (410), secondary limits and conditions follow the documentation.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from time import time
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox import github_graphql
from sandbox.community import Post
from sandbox.github_things import GitHub
from sandbox.search import QueryError, Searchable, matcher
from sandbox.world import CREDENTIALS, World

RENAMED = {"halmora/halmora-app": "halmora/app"}
"""Old name of a repository → the name it has now. GitHub goes on answering to the old one."""
SEARCH_CAP = 1000
LARGEST_PAGE = 100
NAMES_THE_NEXT_PAGE = True
"""Whether a list has the header Link; a server in between may lose it."""
_QUALIFIER = re.compile(r"\b(is|updated|created):(\S+)")
_HOUR, _MINUTE = 3600, 60
_LIMITS = {"core": (60, 5000, _HOUR), "search": (10, 30, _MINUTE), "graphql": (0, 5000, _HOUR)}
"""What is counted → requests without a token, with one, and in how many seconds."""
_DOCS = "https://docs.github.com/rest"


class _RefusedError(Exception):
    """A status and what GitHub says with it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Answer = Callable[[GitHub, Request], Any]


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    repository = "/repos/{owner}/{name}"
    answers: dict[str, Answer] = {
        repository: _repository,
        f"{repository}/issues": _issues,
        f"{repository}/issues/comments": _comments("issuecomment"),
        f"{repository}/issues/comments/{{comment:int}}": _comment("issuecomment"),
        f"{repository}/pulls/comments": _comments("discussion_r"),
        f"{repository}/pulls/comments/{{comment:int}}": _comment("discussion_r"),
        f"{repository}/issues/{{number:int}}": _issue,
        f"{repository}/issues/{{number:int}}/comments": _thread,
    }
    return [
        *(Route(path, _endpoint(world, "core", answer)) for path, answer in answers.items()),
        Route("/search/issues", _endpoint(world, "search", _search)),
        Route("/graphql", _endpoint(world, "graphql", _graphql), methods=["POST"]),
    ]


def _endpoint(world: World, counted: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        given = request.headers.get("authorization")
        if given not in (None, f"Bearer {CREDENTIALS['github']['token']}"):
            return _refusal(401, "Bad credentials")
        if not request.headers.get("user-agent"):
            return Response("Request forbidden by administrative rules. Please add a User-Agent header.", 403)
        anonymous, known, seconds = _LIMITS[counted]
        limit = known if given else anonymous
        used = world.count(f"github {counted} {bool(given)}", seconds)
        headers = {
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - used)),
            "x-ratelimit-reset": str(int(time()) + seconds),
            "x-ratelimit-resource": counted,
            "x-github-api-version-selected": request.headers.get("x-github-api-version", "2022-11-28"),
        }
        if counted == "graphql" and given is None:
            return _refusal(401, "This endpoint requires you to be authenticated.", headers)
        if used > limit:
            return _refusal(403, "API rate limit exceeded for 127.0.0.1.", headers)
        if counted == "graphql":
            request.state.asked = json.loads(await request.body())
            request.state.remaining = limit - used
        try:
            found = answer(GitHub(world), request)
        except _RefusedError as error:
            return _refusal(error.status, str(error), headers)
        if isinstance(found, Response):
            found.headers.update(headers)
            return found
        return JSONResponse(found, headers=headers)

    return respond


def _refusal(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"message": message, "documentation_url": _DOCS, "status": str(status)}, status, headers)


def _name(github: GitHub, request: Request) -> str:
    """The repository that is asked for."""
    name = "{owner}/{name}".format(**request.path_params)
    found = github.repository(RENAMED.get(name.lower(), name))
    if found is None:
        raise _RefusedError(404, "Not Found")
    return found


def _moved(request: Request) -> Response | None:
    """Where a repository that was renamed lies now."""
    name = "{owner}/{name}".format(**request.path_params)
    new = RENAMED.get(name.lower())
    if new is None:
        return None
    url = str(request.url.replace(path=request.url.path.replace(f"/repos/{name}", f"/repos/{new}")))
    return RedirectResponse(url, 301)


def _repository(github: GitHub, request: Request) -> Any:
    name = _name(github, request)
    return _moved(request) or {"id": 1, "full_name": name, "private": False, "has_issues": True}


def _issues(github: GitHub, request: Request) -> Any:
    if moved := _moved(request):
        return moved
    found = github.openings(_name(github, request), "issue", "pull")
    state = request.query_params.get("state", "open")
    found = [post for post in found if state in ("all", post.more.get("state", "open"))]
    return _listing(request, _ordered(github, request, found), github.issue)


def _comments(kind: str) -> Answer:
    def answer(github: GitHub, request: Request) -> Any:
        if moved := _moved(request):
            return moved
        found = github.comments(_name(github, request), kind)
        return _listing(request, _ordered(github, request, found), github.comment)

    return answer


def _comment(kind: str) -> Answer:
    def answer(github: GitHub, request: Request) -> Any:
        if moved := _moved(request):
            return moved
        number = request.path_params["comment"]
        for post in github.comments(_name(github, request), kind):
            if int(post.id, 36) == number:
                return github.comment(post)
        raise _RefusedError(404, "Not Found")

    return answer


def _issue(github: GitHub, request: Request) -> Any:
    return _moved(request) or github.issue(_opening(github, request))


def _thread(github: GitHub, request: Request) -> Any:
    if moved := _moved(request):
        return moved
    below = github.thread(_opening(github, request))
    since = _since(request)
    found = [post for post in below if github.comment_kind(post) == "issuecomment" and github.updated_at(post) >= since]
    return _listing(request, found, github.comment)


def _opening(github: GitHub, request: Request) -> Post:
    post = github.opening(_name(github, request), request.path_params["number"], "issue", "pull")
    if post is None:
        raise _RefusedError(404, "Not Found")
    if not github.world.is_visible(post):
        raise _RefusedError(410, "This issue was deleted")
    return post


def _ordered(github: GitHub, request: Request, found: list[Post]) -> list[Post]:
    since = _since(request)
    found = [post for post in found if github.updated_at(post) >= since]
    by_update = request.query_params.get("sort", "created") == "updated"
    is_comment = request.url.path.endswith("/comments")
    downwards = request.query_params.get("direction", "asc" if is_comment else "desc") == "desc"
    return sorted(found, key=lambda post: github.updated_at(post) if by_update else post.at, reverse=downwards)


def _since(request: Request) -> datetime:
    text = request.query_params.get("since")
    return _moment(text) if text else datetime.min


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise _RefusedError(422, f"Validation Failed: {text!r} is not a timestamp") from None


def _listing(request: Request, found: list[Post], shape: Callable[[Post], dict[str, Any]]) -> Response:
    """A page, with the way to the next one in its Link header."""
    number, size = _page_of(request)
    page = found[(number - 1) * size : number * size]
    return JSONResponse([shape(post) for post in page], headers=_links(request, number, -(-len(found) // size)))


def _page_of(request: Request) -> tuple[int, int]:
    asked = request.query_params
    size = asked.get("per_page", "30")
    number = asked.get("page", "1")
    wanted = int(size) if size.isdecimal() else 30
    return (int(number) if number.isdecimal() else 1) or 1, min(LARGEST_PAGE, max(1, wanted))


def _links(request: Request, number: int, last: int) -> dict[str, str]:
    def link(page: int, rel: str) -> str:
        query = urlencode({**request.query_params, "page": page})
        return f'<{request.url.replace(query=query)}>; rel="{rel}"'

    links = [link(number - 1, "prev")] if number > 1 else []
    links += [link(number + 1, "next"), link(last, "last")] if number < last else []
    return {"link": ", ".join(links)} if links and NAMES_THE_NEXT_PAGE else {}


def _search(github: GitHub, request: Request) -> Response:
    query = request.query_params.get("q", "")
    words = _QUALIFIER.sub("", query).strip()
    if not words or len(re.sub(r"\b(AND|OR|NOT)\b", "", words)) > 256:
        raise _RefusedError(422, "Validation Failed: the search is longer than 256 characters.")
    if len(re.findall(r"\b(AND|OR|NOT)\b", words)) > 5:
        raise _RefusedError(422, "Validation Failed: more than five AND / OR / NOT operators were used.")
    try:
        wanted = matcher(re.sub(r"\binvolves:", "@", words))
    except QueryError as error:
        raise _RefusedError(422, f"Validation Failed: {error}") from None
    kinds = {"issue": ["issue"], "pull-request": ["pull"], "pr": ["pull"]}
    asked = dict(_QUALIFIER.findall(query))
    found = [
        post
        for post in github.openings(None, *kinds.get(asked.get("is", ""), ["issue", "pull"]))
        if _lies(post.at, asked.get("created"))
        and _lies(github.updated_at(post), asked.get("updated"))
        and wanted(_searchable(github, post))
    ]
    found.sort(key=lambda post: post.at, reverse=request.query_params.get("order", "desc") == "desc")
    number, size = _page_of(request)
    if (number - 1) * size >= SEARCH_CAP:
        raise _RefusedError(422, "Only the first 1000 search results are available")
    items = [github.issue(post) | {"score": 1.0} for post in found[:SEARCH_CAP][(number - 1) * size : number * size]]
    body = {"total_count": len(found), "incomplete_results": False, "items": items}
    return JSONResponse(body, headers=_links(request, number, -(-min(len(found), SEARCH_CAP) // size)))


def _searchable(github: GitHub, post: Post) -> Searchable:
    """Title, text and comments, and everybody in it as a handle: as GitHub looks for them."""
    thread = [post, *github.thread(post)]
    said = [text for each in thread for text in (each.title, each.text_at(github.world.now)) if text]
    return Searchable("\n".join([*said, *(f"@{each.by}" for each in thread)]), post.by)


def _lies(moment: datetime, span: str | None) -> bool:
    if span is None:
        return True
    if span.startswith(">="):
        return moment >= _moment(span[2:])
    first, _, last = span.partition("..")
    return _moment(first) <= moment <= _moment(last)


def _graphql(github: GitHub, request: Request) -> dict[str, Any]:
    return github_graphql.answer(github, request.state.asked, request.state.remaining)
