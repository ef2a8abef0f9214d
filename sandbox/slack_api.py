"""Slack's Web API on one workspace, as far as the connector speaks it.

Answers come with status 200, refusals too; lists go on where `next_cursor` says. A message that was deleted leaves the
channel, but for one that has answers, which leaves a tombstone.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.world import CREDENTIALS, World, epoch

TEAM = "THALMORA"
URL = "https://halmora-pilots.slack.com/"
_MOST = 999
Answer = Callable[[World, dict[str, str]], dict[str, Any]]


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    methods: dict[str, Answer] = {
        "auth.test": lambda *_: {"ok": True, "team": "Halmora pilots", "team_id": TEAM, "url": URL},
        "conversations.list": _channels,
        "conversations.history": _history,
        "conversations.replies": _replies,
        "users.info": _user,
    }
    return [Route(f"/api/{name}", _answering(world, answer)) for name, answer in methods.items()]


def channel_id(place: str) -> str:
    """The id of a channel."""
    return "C" + "".join(letter for letter in place.upper() if letter.isalnum())


def user_id(handle: str) -> str:
    """The id of somebody."""
    return "U" + "".join(letter for letter in handle.upper() if letter.isalnum())


def ts_of(post: Post) -> str:
    """What names a post in its channel: its moment, and a number that tells it from others of that second."""
    return f"{int(epoch(post.at))}.{int(post.id, 36) % 1_000_000:06d}"


def _answering(world: World, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {CREDENTIALS['slack']['token']}":
            return JSONResponse({"ok": False, "error": "invalid_auth"})
        return JSONResponse(answer(world, dict(request.query_params)))

    return respond


def _channels(world: World, asked: dict[str, str]) -> dict[str, Any]:
    places = sorted({post.place for post in world.community.on("slack")})
    found = [{"id": channel_id(place), "name": place.removeprefix("#"), "is_member": True} for place in places]
    return _page("channels", found, asked)


def _history(world: World, asked: dict[str, str]) -> dict[str, Any]:
    return _messages(world, asked, lambda post: post.to is None, newest_first=True)


def _replies(world: World, asked: dict[str, str]) -> dict[str, Any]:
    there = [post for post in _written(world, asked.get("channel", "")) if ts_of(post) == asked.get("ts")]
    if not there or _shown(world, there[0]) is None:
        return {"ok": False, "error": "thread_not_found"}
    thread = {post.id for post in world.community.threads[world.community.root(there[0]).id]}
    return _messages(world, asked, lambda post: post.id in thread, newest_first=False)


def _user(world: World, asked: dict[str, str]) -> dict[str, Any]:
    for account in world.community.accounts:
        if account.net == "slack" and user_id(account.handle) == asked.get("user"):
            profile = {"display_name": account.handle, "real_name": account.name or account.handle}
            is_bot = account.role == "bot"
            told = {"id": asked["user"], "name": account.handle, "real_name": account.name, "is_bot": is_bot}
            return {"ok": True, "user": {**told, "profile": profile}}
    return {"ok": False, "error": "user_not_found"}


def _written(world: World, channel: str) -> list[Post]:
    return [post for post in world.community.on("slack") if channel_id(post.place) == channel and world.exists(post)]


def _messages(
    world: World, asked: dict[str, str], wanted: Callable[[Post], bool], *, newest_first: bool
) -> dict[str, Any]:
    written = _written(world, asked.get("channel", ""))
    if not written and asked.get("channel") not in {channel_id(post.place) for post in world.community.on("slack")}:
        return {"ok": False, "error": "channel_not_found"}
    span = (asked.get("oldest", "0"), asked.get("latest", "9" * 10))
    posts = sorted(filter(wanted, written), key=ts_of, reverse=newest_first)
    # the ends belong to the span where that is asked for; the first message of a thread always comes along
    first = () if newest_first else posts[:1]
    inside = (post for post in posts if post in first or _is_in(ts_of(post), span, asked))
    return _page("messages", [shown for post in inside if (shown := _shown(world, post))], asked)


def _is_in(ts: str, span: tuple[str, str], asked: dict[str, str]) -> bool:
    oldest, latest = map(float, span)
    return oldest <= float(ts) <= latest if asked.get("inclusive") == "true" else oldest < float(ts) < latest


def _shown(world: World, post: Post) -> dict[str, Any] | None:
    """A message as it is now; None where it is gone."""
    answers = [
        answer for answer in world.community.threads[post.id] if answer.id != post.id and world.is_visible(answer)
    ]
    root = world.community.root(post)
    thread: dict[str, Any] = {"thread_ts": ts_of(root)} if answers or root.id != post.id else {}
    if answers and root.id == post.id:
        thread |= {"reply_count": len(answers), "latest_reply": max(map(ts_of, answers))}
    if not world.is_visible(post):
        if not answers:
            return None
        gone = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "hidden": True}
        return {"type": "message", "ts": ts_of(post), **gone, **thread}
    shown: dict[str, Any] = {
        "type": "message",
        "user": user_id(post.by),
        "ts": ts_of(post),
        "text": _escaped(world, post),
    }
    if root.id != post.id:
        thread["parent_user_id"] = user_id(root.by)
    if post.edited and post.is_edited(world.now):
        shown["edited"] = {"user": user_id(post.by), "ts": f"{int(epoch(post.edited.at))}.000000"}
    if post.likes:
        shown["reactions"] = [{"name": "+1", "count": post.likes, "users": []}]
    return shown | thread


def _escaped(world: World, post: Post) -> str:
    """The text as Slack sends it: three signs escaped, people by their ids."""
    text = post.text_at(world.now) or ""
    for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escaped)
    for account in world.community.accounts:
        if account.net == "slack":
            text = text.replace(f"@{account.handle}", f"<@{user_id(account.handle)}>")
    return text


def _page(name: str, found: Iterable[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    every, start = list(found), int(asked.get("cursor") or 0)
    end = start + min(int(asked.get("limit") or 100), _MOST)
    following = str(end) if end < len(every) else ""
    metadata = {"response_metadata": {"next_cursor": following}}
    return {"ok": True, name: every[start:end], "has_more": bool(following), **metadata}
