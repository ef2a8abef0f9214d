"""YouTube's Data API v3, as far as the connector speaks it: search, channels, uploads, videos, threads and comments.

Shapes follow recorded answers of 2019 and 2020 and the documentation; refusals for a used-up quota and for comments
that are turned off were nowhere recorded and follow the documentation.
"""

import base64
import hashlib
import html
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Account, Post
from sandbox.world import YOUTUBE_KEY, World

NAMES_THE_NEXT_PAGE = True
"""Whether a list has a `nextPageToken`; a server in between may lose it."""
_A_DAY = 86_400
_SEARCH_CAP = 500
_CARRIED = 5
"""Most answers that a thread carries."""


class _RefusedError(Exception):
    """What YouTube refuses: status, reason and message."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "youtube.parameter") -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {
                "code": status,
                "message": message,
                "errors": [{"message": message, "domain": domain, "reason": reason}],
            }
        }


_Answer = Callable[[World, Request], dict[str, Any]]


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    lists: dict[str, _Answer] = {
        "search": _search,
        "channels": _channels,
        "playlistItems": _playlist_items,
        "videos": _videos,
        "commentThreads": _comment_threads,
        "comments": _comment_list,
    }
    return [Route(f"/youtube/v3/{name}", _endpoint(world, name, answer)) for name, answer in lists.items()]


def _endpoint(world: World, name: str, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            _check_key(request)
            _count(world, name)
            return JSONResponse(answer(world, request))
        except _RefusedError as refusal:
            return JSONResponse(refusal.body, refusal.status)

    return respond


def _check_key(request: Request) -> None:
    key = request.query_params.get("key") or request.headers.get("x-goog-api-key")
    if key is None:
        raise _RefusedError(403, "forbidden", "Method doesn't allow unregistered callers.", "global")
    if key != YOUTUBE_KEY:
        raise _RefusedError(400, "keyInvalid", "Bad Request", "usageLimits")


def _count(world: World, name: str) -> None:
    """Searches have a quota of their own, whose refusal looks different."""
    if name == "search" and world.count("youtube/search", _A_DAY) > world.youtube_searches:
        message = (
            "Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day' of service "
            "'youtube.googleapis.com' for consumer 'project_number:1'."
        )
        raise _RefusedError(429, "rateLimitExceeded", message, "global")
    if name != "search" and world.count("youtube", _A_DAY) > world.youtube_units:
        message = 'The request cannot be completed because you have exceeded your <a href="/">quota</a>.'
        raise _RefusedError(403, "quotaExceeded", message, "youtube.quota")


# Lists ------------------------------------------------------------------------------------------------


def _search(world: World, request: Request) -> dict[str, Any]:
    asked = request.query_params
    wanted = _matcher(asked.get("q", ""))
    start, end = _moment(asked.get("publishedAfter")), _moment(asked.get("publishedBefore"))
    found = [
        video
        for video in _videos_of(world)
        if (start is None or start <= video.at)
        and (end is None or video.at <= end)
        and wanted(f"{video.title}\n{video.text_at(world.now)}")
    ]
    answer = _page(request, "search", found[:_SEARCH_CAP], lambda video: _search_result(world, video), size=50)
    answer["pageInfo"]["totalResults"] = len(found)
    return answer | {"regionCode": "NL"}


def _channels(world: World, request: Request) -> dict[str, Any]:
    ids, handle = _ids(request, optional=True), request.query_params.get("forHandle", "").removeprefix("@").lower()
    if not ids and not handle:
        raise _no_filter("id, forHandle")
    found = [
        account
        for account in world.community.accounts
        if account.net == "youtube" and (channel_id(account) in ids or account.handle.lower() == handle)
    ]
    # a channel that nobody has leaves the key out, not an empty list
    return _list("channel", [_channel(world, request, account) for account in found]) if found else _list("channel")


def _playlist_items(world: World, request: Request) -> dict[str, Any]:
    playlist = request.query_params.get("playlistId", "")
    videos = [video for video in _videos_of(world) if _uploads(_account(world, video.by)) == playlist]
    if not videos:
        message = "The playlist identified with the request's <code>playlistId</code> parameter cannot be found."
        raise _RefusedError(404, "playlistNotFound", message, "youtube.playlistItem")
    return _page(request, "playlistItem", videos, lambda video: _playlist_item(video), size=50)


def _videos(world: World, request: Request) -> dict[str, Any]:
    ids = _ids(request)
    if len(ids) > 50:
        raise _RefusedError(400, "invalidFilters", "The request specifies too many ids.")
    found = {video_id(video): video for video in _videos_of(world)}
    return _list("video", [_video(world, found[id_]) for id_ in ids if id_ in found])


def _comment_threads(world: World, request: Request) -> dict[str, Any]:
    asked = request.query_params.get("videoId")
    if not asked:
        raise _no_filter("id, videoId, allThreadsRelatedToChannelId")
    video = next((video for video in _videos_of(world) if video_id(video) == asked), None)
    if video is None:
        message = "The video identified by the <code>videoId</code> parameter could not be found."
        raise _RefusedError(404, "videoNotFound", message, "youtube.commentThread")
    if video.more.get("comments") == "off":
        message = "The video identified by the <code>videoId</code> parameter has disabled comments."
        raise _RefusedError(403, "commentsDisabled", message, "youtube.commentThread")
    openings = _openings(world, video)[::-1]
    return _page(request, "commentThread", openings, lambda post: _thread(world, request, post), size=100)


def _comment_list(world: World, request: Request) -> dict[str, Any]:
    parent, by_id = request.query_params.get("parentId"), _comments_by_id(world)
    if parent is None:
        return _list("comment", [_comment(world, request, by_id[id_]) for id_ in _ids(request) if id_ in by_id])
    if parent not in by_id:
        message = "One or more of the specified comments cannot be found."
        raise _RefusedError(404, "commentNotFound", message, "youtube.comment")
    answers = _answers(world, by_id[parent])
    return _page(request, "comment", answers, lambda post: _comment(world, request, post), size=100)


def _no_filter(expected: str) -> _RefusedError:
    return _RefusedError(400, "missingRequiredParameter", f"No filter selected. Expected one of: {expected}")


def _ids(request: Request, *, optional: bool = False) -> list[str]:
    ids = [id_ for id_ in request.query_params.get("id", "").split(",") if id_]
    if not ids and not optional:
        raise _no_filter("id")
    return ids


def _list(kind: str, items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    answer: dict[str, Any] = {"kind": f"youtube#{kind}ListResponse", "etag": _name(repr(items), 27)}
    return answer | ({} if items is None else {"items": items})


def _page(
    request: Request, kind: str, found: list[Post], shown: Callable[[Post], dict[str, Any]], size: int
) -> dict[str, Any]:
    """A page of at most `size` items; a token says where the next one starts."""
    wanted = request.query_params.get("maxResults", "5" if size == 50 else "20")
    token = request.query_params.get("pageToken")
    if not wanted.isdecimal() or not 1 <= int(wanted) <= size:
        message = f"Invalid value '{wanted}'. Values must be within the range: [1, {size}]"
        raise _RefusedError(400, "invalidParameter", message)
    starts = {_token(number): number for number in range(0, len(found), int(wanted))}
    if token and token not in starts:
        raise _RefusedError(400, "invalidPageToken", "The request specifies an invalid page token.")
    start = starts[token] if token else 0
    page, following = found[start : start + int(wanted)], start + int(wanted)
    more = {"nextPageToken": _token(following)} if following < len(found) and NAMES_THE_NEXT_PAGE else {}
    counted = {"pageInfo": {"totalResults": len(found), "resultsPerPage": int(wanted)}}
    return {**_list(kind), **more, **counted, "items": [shown(post) for post in page]}


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(b"\x08" + number.to_bytes(2, "little") + b"\x10\x00").decode().rstrip("=")


# What is there ----------------------------------------------------------------------------------------


def _videos_of(world: World) -> list[Post]:
    """The videos that can be seen, newest first."""
    return [post for post in reversed(world.community.on("youtube")) if post.to is None and world.is_visible(post)]


def _openings(world: World, video: Post) -> list[Post]:
    """The comments that open a thread below a video, in order of time. With one that is deleted its answers go."""
    return [post for post in world.community.answers[video.id] if world.is_visible(post)]


def _answers(world: World, opening: Post) -> list[Post]:
    """The answers in a thread, in order of time. It has one level: who answers an answer answers what opened it."""
    thread = world.community.threads[world.community.root(opening).id]
    own = f"{comment_id(world, opening)}."
    return [post for post in thread if world.is_visible(post) and comment_id(world, post).startswith(own)]


def _comments(world: World, video: Post) -> list[Post]:
    return [post for opening in _openings(world, video) for post in (opening, *_answers(world, opening))]


def _comments_by_id(world: World) -> dict[str, Post]:
    return {comment_id(world, post): post for video in _videos_of(world) for post in _comments(world, video)}


def _account(world: World, handle: str) -> Account:
    return world.community.account["youtube", handle.lower()]


# Ids --------------------------------------------------------------------------------------------------


def _name(what: str, length: int) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(what.encode()).digest()).decode()[:length]


def channel_id(account: Account) -> str:
    """Id of somebody's channel."""
    return f"UC{_name(account.handle, 22)}"


def _uploads(account: Account) -> str:
    return f"UU{_name(account.handle, 22)}"


def video_id(post: Post) -> str:
    """Id of a video."""
    return _name(post.id, 11)


def comment_id(world: World, post: Post) -> str:
    """Id of a comment; that of an answer begins with the id of the comment that opened the thread."""
    opening = post
    while opening.to is not None and world.community.by_id[opening.to].to is not None:
        opening = world.community.by_id[opening.to]
    first = f"Ug{_name(opening.id, 18)}4AaABAg"
    return first if opening is post else f"{first}.{_name(post.id, 22)}"


# Items ------------------------------------------------------------------------------------------------


def _search_result(world: World, video: Post) -> dict[str, Any]:
    """What a search shows: escaped, the description on one line and cut short."""
    text = " ".join((video.text_at(world.now) or "").split())
    snippet = _video_snippet(world, video) | {
        "title": html.escape(video.title or "", quote=True).replace("&#x27;", "&#39;"),
        "description": html.escape(text if len(text) <= 160 else text[:157] + "...", quote=False),
    }
    snippet.pop("defaultLanguage")
    return _item("searchResult", {"kind": "youtube#video", "videoId": video_id(video)}, snippet)


def _video(world: World, video: Post) -> dict[str, Any]:
    numbers = {"viewCount": str(video.views or 0), "likeCount": str(video.likes), "favoriteCount": "0"}
    if video.more.get("comments") != "off":
        numbers["commentCount"] = str(len(_comments(world, video)))
    return _item("video", video_id(video), _video_snippet(world, video)) | {"statistics": numbers}


def _video_snippet(world: World, video: Post) -> dict[str, Any]:
    owner = _account(world, video.by)
    return {
        "publishedAt": _rfc3339(video.at),
        "channelId": channel_id(owner),
        "title": video.title,
        "description": video.text_at(world.now) or "",
        "thumbnails": {},
        "channelTitle": owner.name or owner.handle,
        "liveBroadcastContent": "none",
        "defaultLanguage": video.lang,
    }


def _playlist_item(video: Post) -> dict[str, Any]:
    return {
        **{"kind": "youtube#playlistItem", "etag": _name(video.id, 27), "id": _name(f"item {video.id}", 44)},
        "contentDetails": {"videoId": video_id(video), "videoPublishedAt": _rfc3339(video.at)},
    }


def _channel(world: World, request: Request, account: Account) -> dict[str, Any]:
    wanted = request.query_params.get("part", "").split(",")
    since = datetime.combine(account.since, datetime.min.time())
    parts = {
        "snippet": {
            "title": account.name or account.handle,
            "description": account.bio or "",
            "customUrl": f"@{account.handle.lower()}",
            "publishedAt": _rfc3339(since),
            "thumbnails": {},
        },
        "statistics": {
            "viewCount": "0",
            **({} if account.followers is None else {"subscriberCount": str(account.followers)}),
            "hiddenSubscriberCount": account.followers is None,
            "videoCount": str(sum(video.by == account.handle for video in _videos_of(world))),
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": _uploads(account)}},
    }
    return {
        **{"kind": "youtube#channel", "etag": _name(account.handle, 27), "id": channel_id(account)},
        **{name: part for name, part in parts.items() if name in wanted},
    }


def _thread(world: World, request: Request, opening: Post) -> dict[str, Any]:
    """A thread with the newest of its answers."""
    answers, video = _answers(world, opening), world.community.root(opening)
    comment = _comment(world, request, opening)
    comment["snippet"]["videoId"] = video_id(video)
    snippet = {
        "channelId": channel_id(_account(world, video.by)),
        "videoId": video_id(video),
        "topLevelComment": comment,
        "canReply": True,
        "totalReplyCount": len(answers),
        "isPublic": True,
    }
    thread = _item("commentThread", comment["id"], snippet)
    if answers and "replies" in request.query_params.get("part", ""):
        carried = [_comment(world, request, post) for post in answers[: -_CARRIED - 1 : -1]]
        thread["replies"] = {"comments": carried}
    return thread


def _comment(world: World, request: Request, post: Post) -> dict[str, Any]:
    author, text = _account(world, post.by), post.text_at(world.now) or ""
    is_plain = request.query_params.get("textFormat") == "plainText"
    own = comment_id(world, post)
    edited = post.edited.at if post.edited and post.is_edited(world.now) else post.at
    snippet = {
        "authorDisplayName": f"@{author.handle}",
        "authorProfileImageUrl": "",
        "authorChannelUrl": f"http://www.youtube.com/@{author.handle}",
        "authorChannelId": {"value": channel_id(author)},
        "textDisplay": text if is_plain else html.escape(text).replace("\n", "<br>"),
        "textOriginal": text,
        **({"parentId": own.partition(".")[0]} if "." in own else {}),
        "canRate": True,
        "viewerRating": "none",
        "likeCount": post.likes,
        "publishedAt": _rfc3339(post.at),
        "updatedAt": _rfc3339(edited),
    }
    return _item("comment", own, snippet)


def _item(kind: str, id_: Any, snippet: dict[str, Any]) -> dict[str, Any]:
    return {"kind": f"youtube#{kind}", "etag": _name(repr(snippet), 27), "id": id_, "snippet": snippet}


# Values -----------------------------------------------------------------------------------------------


def _matcher(expression: str) -> Callable[[str], bool]:
    """Whether a text has what `a|"b c" -d` asks for: OR binds closest, then AND; no brackets."""
    alternatives: list[list[str]] = []
    excluded: list[str] = []
    for sign, phrase, word in re.findall(r'([|-]?)\s*(?:"([^"]*)"|([^\s|"]+))\s*', expression):
        term = (phrase or word).lower()
        if sign == "-":
            excluded.append(term)
        elif sign == "|" and alternatives:
            alternatives[-1].append(term)
        else:
            alternatives.append([term])

    def has(text: str, term: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(term)}", text) is not None

    def matches(text: str) -> bool:
        folded = text.lower()
        return all(any(has(folded, term) for term in group) for group in alternatives) and not any(
            has(folded, term) for term in excluded
        )

    return matches


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None
    except ValueError:
        raise _RefusedError(400, "invalidParameter", f"Invalid time '{text}': give an RFC 3339 date-time.") from None


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
