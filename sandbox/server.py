"""The sandbox server: `python -m sandbox.server --port 8765` for people, `serve()` for tests.

Reddit's and X's APIs lie side by side under one address, every other network's below a path of its own. Besides:
POST /_sandbox/misbehave (see `misbehaviour`), DELETE /_sandbox/misbehave, POST /_sandbox/clock {"now": …} and GET
/_sandbox/requests.
"""

import argparse
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from sandbox.community import FOLDER, NETWORKS, Community, CommunityError, load
from sandbox.misbehaviour import from_json, misbehave
from sandbox.world import BEARER_TOKEN, CLIENT_ID, CLIENT_SECRET, END_OF_THE_COMMUNITY, Request, World

HOST = "127.0.0.1"
AT_THE_ROOT = ("reddit", "x")
"""Networks whose clients know an address and no path."""


class App:
    """The server as an ASGI app: notes what is asked, does wrong what it was told to, and else answers."""

    def __init__(self, world: World, *, keeps_time: bool = False) -> None:
        self.keeps_time = keeps_time
        """Whether its clock goes, in place of standing still."""
        self.show(world)

    def show(self, world: World) -> None:
        """From the next request on, speak for this world."""
        self.world = world
        below = sorted(NETWORKS - set(AT_THE_ROOT))
        self.networks = Starlette(
            routes=[
                *(Mount(f"/{name}", routes=_routes(name, world)) for name in below),
                *(route for name in AT_THE_ROOT for route in _routes(name, world)),
            ]
        )
        self.control = Starlette(routes=_control(world))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_sandbox/"):
            await self.control(scope, receive, send)
            return
        if self.keeps_time:
            self.world.now = _moment(datetime.now(UTC).isoformat())
        body = await HttpRequest(scope, receive).body()
        form = parse_qsl(body.decode(errors="replace")) if body else []
        query = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        self.world.requests.append(Request(scope["method"], scope["path"], dict([*query, *form])))

        async def receive_again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        # Every one counts the request, so that the nth of each is the nth.
        due = [wrong for wrong in list(self.world.misbehaviours) if wrong.hits(scope["path"])]
        if due:
            await misbehave(due[0], self.networks, scope, receive_again, send)
        else:
            await self.networks(scope, receive_again, send)


def _routes(network: str, world: World) -> list[Route]:
    """The endpoints of a network's API on a world: what `<network>_api.py` gives."""
    routes: list[Route] = import_module(f"sandbox.{network}_api").routes(world)
    return routes


def _control(world: World) -> list[Route]:
    async def tell_misbehaviour(request: HttpRequest) -> Response:
        if request.method == "DELETE":
            world.behave()
            return JSONResponse({"misbehaviours": 0})
        try:
            world.misbehaviours.append(from_json(json.loads(await request.body())))
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"misbehaviours": len(world.misbehaviours)})

    async def set_clock(request: HttpRequest) -> Response:
        try:
            world.now = _moment(json.loads(await request.body())["now"])
        except (ValueError, TypeError, KeyError):
            return JSONResponse({"error": 'give {"now": "2026-04-01T00:00:00Z"}'}, 400)
        return JSONResponse({"now": f"{world.now:%Y-%m-%dT%H:%M:%SZ}"})

    async def tell_requests(_: HttpRequest) -> Response:
        return JSONResponse([request._asdict() for request in world.requests])

    return [
        Route("/_sandbox/misbehave", tell_misbehaviour, methods=["POST", "DELETE"]),
        Route("/_sandbox/clock", set_clock, methods=["POST"]),
        Route("/_sandbox/requests", tell_requests),
    ]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


class Sandbox:
    """A running server: where it is, and its world, which may be changed while it runs."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.url = url

    @property
    def world(self) -> World:
        """What the server knows and was asked."""
        return self.app.world

    def replace(self, community: Community, **world: object) -> None:
        """Forget everything and speak for another community."""
        self.app.show(World(community, **world))  # type: ignore[arg-type]


@contextmanager
def serve(
    community: Community | None = None, *, port: int = 0, keeps_time: bool = False, **world: object
) -> Iterator[Sandbox]:
    """A server in a thread of its own, by default on a free port and with the whole community, until the block ends."""
    app = App(World(community or load(), **world), keeps_time=keeps_time)  # type: ignore[arg-type]
    server = uvicorn.Server(
        # What the server is told to do wrong would fill a log with tracebacks.
        uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_keep_alive=60)
    )
    with socket.create_server((HOST, port)) as listener:
        address = listener.getsockname()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="sandbox")
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        try:
            yield Sandbox(app, f"http://{HOST}:{address[1]}")
        finally:
            server.should_exit = server.force_exit = True
            thread.join(timeout=5)


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--community", type=Path, default=FOLDER, help="folder of accounts-*.jsonl and posts-*.jsonl")
    parser.add_argument("--now", type=_moment, default=END_OF_THE_COMMUNITY, help="what the server's clock says, UTC")
    parser.add_argument("--keeps-time", action="store_true", help="let its clock go; nobody says anything new")
    given = parser.parse_args()
    try:
        community = load(given.community)
    except CommunityError as error:
        parser.exit(1, f"The community in {given.community} can't be used:\n{error}\n")
    with serve(community, port=given.port, keeps_time=given.keeps_time, now=given.now) as sandbox:
        print(f"{sandbox.url}: {len(community.posts)} posts until {given.now:%Y-%m-%d %H:%M} UTC. Ctrl-C ends it.")
        print(f"Reddit: client id {CLIENT_ID}, secret {CLIENT_SECRET}. X: bearer token {BEARER_TOKEN}.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Ended.")


if __name__ == "__main__":
    main()
