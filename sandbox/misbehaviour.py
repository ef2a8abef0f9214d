"""What the sandbox server does wrong when it is told to."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import parse_qsl, urlencode

from starlette.types import Message, Receive, Scope, Send

Kind = Literal["status", "stall", "cut", "html", "half-json", "empty", "headers", "again", "without", "logged-out"]

GARBAGE = b"<!doctype html><html><head><title>Down for repair</title></head><body>We will be back.</body></html>"


@dataclass
class Misbehaviour:
    """One thing to do wrong, on requests whose path starts with `path`.

    `status`: answer with `status` and `body`; `stall`: answer after `seconds`; `cut`: close the connection in the
    middle of the body; `html`, `half-json`, `empty`: 200 with such a body; `headers`: the right answer with others;
    `again`: the first answer, whatever is asked for; `without`: the right answer, but that no object in its JSON has
    the key `key`; `logged-out`: what is answered to a login that doesn't hold.
    """

    kind: Kind
    path: str = "/"
    nth: int = 1
    """The first request that it hits, counted from the moment it was told, 1 being the next."""
    times: int | None = 1
    """How many requests it hits from there on; None for all."""
    status: int = 500
    body: str | None = None
    seconds: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)
    key: str = ""
    first: list[Message] = field(default_factory=list, init=False)
    seen: int = field(default=0, init=False)

    def hits(self, path: str) -> bool:
        """Whether it is this request's turn. Counts the request."""
        if not path.startswith(self.path):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times is None or self.seen < self.nth + self.times)


def from_json(told: Any) -> Misbehaviour:
    """A misbehaviour from the body of POST /_sandbox/misbehave; `ValueError` says what is wrong with it."""
    known = {entry.name for entry in fields(Misbehaviour) if entry.init}
    if not isinstance(told, dict) or not told.keys() <= known or told.get("kind") not in get_args(Kind):
        raise ValueError(f"give an object with kind, one of {', '.join(get_args(Kind))}, and any of {sorted(known)}")
    return Misbehaviour(**told)


async def misbehave(what: Misbehaviour, app: Callable[..., Any], scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request wrongly."""
    if what.kind == "stall":
        await asyncio.sleep(what.seconds)
        await app(scope, receive, send)
    elif what.kind == "headers":
        await app(scope, receive, lambda message: send(_with_headers(message, what.headers)))
    elif what.kind == "cut":
        await app(scope, receive, _Half(send, announce_whole=True))
    elif what.kind == "half-json":
        await app(scope, receive, _Half(send, announce_whole=False))
    elif what.kind == "again":
        if not what.first:
            what.first = await _answer(app, scope, receive)
        for message in what.first:
            await send(message)
    elif what.kind == "without":
        for message in _without(what.key, await _answer(app, scope, receive)):
            await send(message)
    elif what.kind == "logged-out":
        await app(_logged_out(scope), receive, send)
    else:
        status = what.status if what.kind == "status" else 200
        body = {"html": GARBAGE, "empty": b""}.get(what.kind, (what.body or "").encode())
        kind = "application/json" if body.startswith((b"{", b"[")) else "text/html"
        head = {"content-type": f"{kind}; charset=utf-8", "content-length": str(len(body)), **what.headers}
        await send({"type": "http.response.start", "status": status, "headers": _encoded(head)})
        await send({"type": "http.response.body", "body": body})


class _Half:
    """Passes on the first half of a body. With the whole length announced, the server then cuts the connection."""

    def __init__(self, send: Send, *, announce_whole: bool) -> None:
        self.send = send
        self.announce_whole = announce_whole
        self.start: Message = {}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        body = message.get("body", b"")
        half = body[: len(body) // 2]
        length = len(body) if self.announce_whole else len(half)
        await self.send(_with_headers(self.start, {"content-length": str(length)}))
        await self.send({"type": "http.response.body", "body": half, "more_body": self.announce_whole})


async def _answer(app: Callable[..., Any], scope: Scope, receive: Receive) -> list[Message]:
    """All of an answer, before any of it is sent."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages


def _without(key: str, messages: list[Message]) -> list[Message]:
    start, *rest = messages
    try:
        told = json.loads(b"".join(message.get("body", b"") for message in rest))
    except ValueError:
        return messages
    body = json.dumps(_lacking(key, told)).encode()
    return [_with_headers(start, {"content-length": str(len(body))}), {"type": "http.response.body", "body": body}]


def _lacking(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _lacking(key, inner) for name, inner in value.items() if name != key}
    return [_lacking(key, inner) for inner in value] if isinstance(value, list) else value


_LOGINS = {
    b"authorization": b"Bearer of-yesterday",
    b"user-api-key": b"of-yesterday",
    b"api-key": b"of-yesterday",
    b"x-goog-api-key": b"of-yesterday",
}


def _logged_out(scope: Scope) -> Scope:
    """A request with another login in the place of its own."""
    headers = [(name, _LOGINS.get(name.lower(), value)) for name, value in scope["headers"]]
    query = [
        (name, "of-yesterday" if name == "key" else value) for name, value in parse_qsl(scope["query_string"].decode())
    ]
    return {**scope, "headers": headers, "query_string": urlencode(query).encode()}


def _with_headers(message: Message, headers: dict[str, str]) -> Message:
    if message["type"] != "http.response.start":
        return message
    replaced = {name.lower().encode() for name in headers}
    kept = [(name, value) for name, value in message["headers"] if name.lower() not in replaced]
    return {**message, "headers": [*kept, *_encoded(headers)]}


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
