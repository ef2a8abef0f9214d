"""A Mastodon server's API, as far as the connector speaks it: timelines, search, single posts and their threads.

The server is `windowsill.example`; people of other servers are followed there as well. Shapes follow recorded answers
of versions 4.3 to 4.6; how it refuses too many requests, and search, are simulated from its source. `more` of a post
may hold `spoiler`, `poll` (options), `media` (descriptions), `visibility`, and `late`, the seconds until it arrived.
"""

import html
import re
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Account, Post
from sandbox.search import Searchable, matcher
from sandbox.world import CREDENTIALS, World, epoch

HOST = "windowsill.example"
LARGEST_PAGE = 40
LARGEST_PAGE_OF_A_SEARCH = 40
NAMES_THE_NEXT_PAGE = True
"""Some servers of other software, and some proxies, leave out the header `Link`."""
MOST_AT_ONCE = 20
REQUESTS = 1_000_000
"""Requests in five minutes; so many that the demo never waits. Real servers allow 300."""
REPLIES_SHOWN, LEVELS_SHOWN = 60, 20
"""Replies of a thread, and replies to replies, that are shown without a token."""
_FIVE_MINUTES = 300
_MARKS = re.compile(
    r"(?P<link>https?://\S+[^\s.,;:!?)])|@(?P<name>\w+)(?:@(?P<host>[\w.-]+\w))?|#(?P<tag>\w*[^\W\d]\w*)"
)
_HAS_LINK = re.compile(r"\bhas:link\b")


class _RefusedError(Exception):
    """What the server says no to."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/api/v1/timelines/public", _endpoint(world, _public)),
        Route("/api/v1/timelines/tag/{tag}", _endpoint(world, _tag)),
        Route("/api/v2/search", _endpoint(world, _search)),
        Route("/api/v1/statuses", _endpoint(world, _several)),
        Route("/api/v1/statuses/{id}", _endpoint(world, _one)),
        Route("/api/v1/statuses/{id}/context", _endpoint(world, _context)),
    ]


def status_id(post: Post) -> int:
    """The server's own id of a post, which holds the time at which it arrived."""
    return _snowflake(_arrived(post), post)


def uri(post: Post) -> str:
    """What a post is called on every server."""
    name, host = post.by.split("@")
    return f"https://{host}/users/{name}/statuses/{_snowflake(post.at, post)}"


def _snowflake(moment: datetime, post: Post) -> int:
    return (int(epoch(moment) * 1000) << 16) + zlib.crc32(post.id.encode()) % (1 << 16)


def _arrived(post: Post) -> datetime:
    return post.at + timedelta(seconds=post.more.get("late", 0))


class _Asked:
    """A request, and who sends it."""

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.path: dict[str, str] = request.path_params
        self.params = request.query_params
        self.address = quote(str(request.url).partition("?")[0], safe=":/")
        token = request.headers.get("authorization")
        self.is_logged_in = token == f"Bearer {CREDENTIALS['mastodon']['access_token']}"
        if token and not self.is_logged_in:
            raise _RefusedError("The access token is invalid", 401)

    def sees(self, post: Post) -> bool:
        """Whether a post can be seen; the token's account is followed back by everybody who writes for followers."""
        is_shown = self.is_logged_in or _visibility(post) in ("public", "unlisted")
        return is_shown and self.world.is_visible(post) and _arrived(post) <= self.world.now

    def posts(self) -> list[Post]:
        """What can be seen, in the order of arrival."""
        return sorted(filter(self.sees, self.world.community.on("mastodon")), key=status_id)

    def number(self, name: str) -> int | None:
        text = self.params.get(name, "")
        return int(text) if text.isdecimal() else None


def _endpoint(
    world: World, answer: Callable[[_Asked], tuple[Any, dict[str, str]]]
) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        used = world.count("mastodon", _FIVE_MINUTES)
        headers = {
            "x-ratelimit-limit": str(REQUESTS),
            "x-ratelimit-remaining": str(max(0, REQUESTS - used)),
            "x-ratelimit-reset": f"{datetime.now(UTC) + timedelta(seconds=_FIVE_MINUTES):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        if used > REQUESTS:
            return JSONResponse({"error": "Too many requests"}, 429, headers)
        try:
            body, more = answer(_Asked(world, request))
        except _RefusedError as error:
            return JSONResponse({"error": str(error)}, error.status, headers)
        return JSONResponse(body, headers={**headers, **more})

    return respond


# Endpoints --------------------------------------------------------------------------------------------


def _public(asked: _Asked) -> tuple[Any, dict[str, str]]:
    is_local = asked.params.get("local") in ("true", "1")
    found = [post for post in asked.posts() if post.to is None and _visibility(post) == "public"]
    return _page(asked, [post for post in found if not is_local or post.by.endswith(f"@{HOST}")])


def _tag(asked: _Asked) -> tuple[Any, dict[str, str]]:
    tag = asked.path["tag"].lower()
    return _page(
        asked, [post for post in asked.posts() if _visibility(post) == "public" and tag in _tags(post, asked.world)]
    )


def _page(asked: _Asked, posts: list[Post]) -> tuple[Any, dict[str, str]]:
    """A page of a timeline, newest first, with the addresses of those before and after it."""
    limit = min(asked.number("limit") or 20, LARGEST_PAGE)
    below, above, since = (asked.number(name) for name in ("max_id", "min_id", "since_id"))
    lowest = max(above or 0, since or 0)
    found = [post for post in posts if lowest < status_id(post) and (below is None or status_id(post) < below)]
    shown = (found[:limit] if above is not None else found[-limit:])[::-1]
    if not shown:
        return [], {}
    links = [
        f'<{asked.address}?limit={limit}&{name}={status_id(post)}>; rel="{word}"'
        for name, post, word in (("max_id", shown[-1], "next"), ("min_id", shown[0], "prev"))
    ]
    more = {"link": ", ".join(links)} if NAMES_THE_NEXT_PAGE else {}
    return [_status(asked.world, post) for post in shown], more


def _search(asked: _Asked) -> tuple[Any, dict[str, str]]:
    if asked.params.get("offset") is not None and not asked.is_logged_in:
        raise _RefusedError("Search queries pagination is not supported without authentication", 401)
    words = asked.params.get("q", "")
    matches = matcher(_HAS_LINK.sub("", words).replace("from:@", "from:") or "-thiswordnobodywrote")
    wants_link = bool(_HAS_LINK.search(words))
    after, before = asked.number("min_id"), asked.number("max_id")
    found = [
        post
        for post in asked.posts()
        if _visibility(post) == "public"
        and matches(_searchable(post, asked.world))
        and (not wants_link or "://" in (post.text_at(asked.world.now) or ""))
        # It makes seconds of the ids, and compares these with when a post was written.
        and (after is None or int(epoch(post.at)) > (after >> 16) // 1000)
        and (before is None or int(epoch(post.at)) < (before >> 16) // 1000)
    ]
    limit, offset = min(asked.number("limit") or 20, LARGEST_PAGE_OF_A_SEARCH), asked.number("offset") or 0
    shown = found[::-1][offset : offset + limit] if asked.is_logged_in else []
    return {"accounts": [], "statuses": [_status(asked.world, post) for post in shown], "hashtags": []}, {}


def _several(asked: _Asked) -> tuple[Any, dict[str, str]]:
    ids = {int(text) for text in asked.params.getlist("id[]") if text.isdecimal()}
    if len(ids) > MOST_AT_ONCE:
        raise _RefusedError("Validation failed", 422)
    return [_status(asked.world, post) for post in asked.posts() if status_id(post) in ids], {}


def _one(asked: _Asked) -> tuple[Any, dict[str, str]]:
    return _status(asked.world, _found(asked)), {}


def _context(asked: _Asked) -> tuple[Any, dict[str, str]]:
    post = _found(asked)
    above: list[Post] = []
    parent = asked.world.community.by_id.get(post.to or "")
    while parent:
        above = [parent, *above] if asked.sees(parent) else above
        parent = asked.world.community.by_id.get(parent.to or "")
    below = _below(asked, post, None if asked.is_logged_in else LEVELS_SHOWN)
    below = below if asked.is_logged_in else below[:REPLIES_SHOWN]
    shown = {"ancestors": above, "descendants": below}
    return {name: [_status(asked.world, one) for one in posts] for name, posts in shown.items()}, {}


def _below(asked: _Asked, post: Post, levels: int | None) -> list[Post]:
    if levels == 0:
        return []
    answers = [one for one in asked.world.community.answers.get(post.id, []) if asked.sees(one)]
    return [one for answer in answers for one in (answer, *_below(asked, answer, levels and levels - 1))]


def _found(asked: _Asked) -> Post:
    found = next((post for post in asked.posts() if str(status_id(post)) == asked.path["id"]), None)
    if found is None:
        raise _RefusedError("Record not found", 404)
    return found


# Shapes -----------------------------------------------------------------------------------------------


def _status(world: World, post: Post, *, with_quote: bool = True) -> dict[str, Any]:
    account = world.community.account[("mastodon", post.by.lower())]
    parent = world.community.by_id.get(post.to or "")
    parent = parent if parent and world.is_visible(parent) else None
    quoted = world.community.by_id.get(post.quotes or "")
    text = post.text_at(world.now) or ""
    options = post.more.get("poll")
    media = post.more.get("media", [])
    return {
        "id": str(status_id(post)),
        "created_at": _time(post.at),
        "in_reply_to_id": str(status_id(parent)) if parent else None,
        "in_reply_to_account_id": _account_id(parent.by) if parent else None,
        "sensitive": "spoiler" in post.more,
        "spoiler_text": post.more.get("spoiler", ""),
        "visibility": _visibility(post),
        "language": post.lang,
        "uri": uri(post),
        "url": _url(post),
        "replies_count": sum(map(world.is_visible, world.community.answers.get(post.id, []))),
        "reblogs_count": post.reposts or 0,
        "favourites_count": post.likes,
        "quotes_count": sum(one.quotes == post.id and world.is_visible(one) for one in world.community.on("mastodon")),
        "edited_at": _time(post.edited.at) if post.edited and post.is_edited(world.now) else None,
        "content": _html(text, quoted, post.by),
        "reblog": None,
        "account": _account(account),
        "media_attachments": [
            {"id": f"{status_id(post)}{number}", "type": "image", "description": description}
            for number, description in enumerate(media)
        ],
        "mentions": [_mention(other) for other in _addressed(world, text, post.by)],
        "tags": [{"name": tag, "url": f"https://{HOST}/tags/{tag}"} for tag in _tags(post, world)],
        "emojis": [],
        "quote": _quote(world, quoted) if quoted and with_quote else None,
        "card": None,
        "poll": {"id": str(status_id(post) + 1), "options": [{"title": option, "votes_count": 4} for option in options]}
        if options
        else None,
    }


def _quote(world: World, quoted: Post) -> dict[str, Any]:
    if not world.is_visible(quoted):
        return {"state": "deleted", "quoted_status": None}
    return {"state": "accepted", "quoted_status": _status(world, quoted, with_quote=False)}


def _account(account: Account) -> dict[str, Any]:
    name, host = account.handle.split("@")
    return {
        "id": _account_id(account.handle),
        "username": name,
        "acct": name if host == HOST else account.handle,
        "display_name": account.name or "",
        "locked": False,
        "bot": account.role == "bot",
        "discoverable": True,
        "indexable": True,
        "group": False,
        "created_at": f"{account.since}T00:00:00.000Z",
        "note": f"<p>{html.escape(account.bio)}</p>" if account.bio else "",
        "url": f"https://{host}/@{name}",
        "uri": f"https://{host}/users/{name}",
        "followers_count": account.followers or 0,
        "following_count": 80,
        "statuses_count": 200,
        "noindex": False,
        "emojis": [],
        "fields": [],
    }


def _mention(account: Account) -> dict[str, Any]:
    shown = _account(account)
    return {key: shown[key] for key in ("id", "username", "url", "acct")}


def _account_id(handle: str) -> str:
    return str(110_000_000_000_000_000 + zlib.crc32(handle.lower().encode()))


def _html(text: str, quoted: Post | None, writer: str) -> str:
    """The text as Mastodon marks it up."""
    home = writer.rpartition("@")[2]

    def marked(match: re.Match[str]) -> str:
        if link := match["link"]:
            scheme, rest = link.split("://", 1)
            short, hidden = rest[:30], rest[30:]
            parts = f'<span class="invisible">{scheme}://</span><span class="ellipsis">{short}</span>'
            parts += f'<span class="invisible">{hidden}</span>'
            return f'<a href="{link}" rel="nofollow noopener">{parts}</a>'
        if name := match["name"]:
            link = f"https://{match['host'] or home}/@{name}"
            return f'<span class="h-card"><a href="{link}" class="u-url mention">@<span>{name}</span></a></span>'
        tag = match["tag"]
        return f'<a href="https://{HOST}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'

    paragraphs = [html.escape(part, quote=False).replace("\n", "<br />") for part in text.split("\n\n")]
    inline = f'<p class="quote-inline">RE: <a href="{_url(quoted)}">{_url(quoted)}</a></p>' if quoted else ""
    return inline + "".join(f"<p>{_MARKS.sub(marked, part)}</p>" for part in paragraphs if part)


def _addressed(world: World, text: str, writer: str) -> list[Account]:
    """Accounts that a text names: of the writer's own server where it names none."""
    home = writer.rpartition("@")[2]
    handles = (f"{match['name']}@{match['host'] or home}".lower() for match in _MARKS.finditer(text) if match["name"])
    return [account for handle in handles if (account := world.community.account.get(("mastodon", handle)))]


def _tags(post: Post, world: World) -> list[str]:
    return [match["tag"].lower() for match in _MARKS.finditer(post.text_at(world.now) or "") if match["tag"]]


def _searchable(post: Post, world: World) -> Searchable:
    parts = (post.more.get("spoiler"), post.text_at(world.now), *post.more.get("poll", ()), *post.more.get("media", ()))
    return Searchable("\n".join(part for part in parts if part), post.by, is_reply=post.to is not None)


def _visibility(post: Post) -> str:
    return str(post.more.get("visibility", "public"))


def _url(post: Post) -> str:
    name, host = post.by.split("@")
    return f"https://{host}/@{name}/{_snowflake(post.at, post)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"
