"""A tiny community behind the sandbox server, and what tests of the connectors ask of it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import prawcore.sessions
import pytest

from connectors import CONNECTORS, http_api, transport
from connectors.contract import Mention, Page, SourceError, Window
from connectors.x.fetch import RETRY
from sandbox.community import Community, community
from sandbox.server import Sandbox, serve
from sandbox.world import World
from tests.connectors.exports import HEADER
from tests.connectors.times import WEEK, Time, series

x = CONNECTORS["x"]

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


def _account(net: str, handle: str, **more: Any) -> dict[str, Any]:
    return {"net": net, "handle": handle, "name": None, "followers": None, "since": "2020-01-31", "bio": None} | {
        "role": None,
        **more,
    }


def _post(id_: str, at: datetime, by: str, text: str | None, **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("title", "link", "to", "quotes", "reposts_of", "reposts", "views", "edited", "deleted_at"))
    return {
        **{"id": id_, "net": "reddit", "place": "r/halmora", "at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "by": by, "text": text},
        **{**empty, "likes": 3, "removed_by": None, "lang": "en"},
        **more,
    }


@pytest.fixture
def line() -> Callable[..., dict[str, Any]]:
    """A line of a posts file: id, time, author and text, the rest by name."""
    return _post


@pytest.fixture
def week() -> Window:
    return WEEK


@pytest.fixture
def people() -> list[dict[str, Any]]:
    return [
        *(_account("reddit", handle) for handle in ("gerrit", "Mira", "ines")),
        _account("x", "halmora", name="Halmora", followers=8100),
        _account("x", "sam", name="Sam 🌱", followers=120),
        _account("x", "nettie", name="Balcony Nettie", followers=212000),
    ]


@pytest.fixture
def build(people: list[dict[str, Any]]) -> Callable[[list[dict[str, Any]]], Community]:
    return lambda posts: community(people, posts)


@pytest.fixture
def many_posts(line: Callable[..., dict[str, Any]]) -> Callable[..., list[dict[str, Any]]]:
    """So many posts in r/halmora, an hour apart, the last an hour before the week ends."""

    def make(count: int, **more: Any) -> list[dict[str, Any]]:
        own = {"title": "t", **more}
        return [line(id_, at, "gerrit", f"post {number}", **own) for number, id_, at in series(count, hours=1)]

    return make


@pytest.fixture
def time() -> Time:
    """The time that clients are given: a day after the week, and only waiting moves it."""
    return Time()


@pytest.fixture
def waits(time: Time) -> list[float]:
    """Seconds of every wait of a client."""
    return time.waits


@pytest.fixture(autouse=True)
def _nobody_was_asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a host may be asked next is remembered as long as the process lives; each test has a time of its own."""
    monkeypatch.setattr(http_api, "_turns", http_api._Turns())


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with serve(community([], [])) as running:
        yield running


@pytest.fixture
def run(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sandbox]:
    """The server on a community; clients don't pause before they repeat what failed.

    They are patient, as a busy machine makes them wait, but for 0.3 s where the server is told to stall.
    """
    monkeypatch.setattr(prawcore.sessions.FiniteRetryStrategy, "_sleep_seconds", lambda _: None)
    monkeypatch.setattr("connectors.x.fetch.RETRY", RETRY.new(backoff_factor=0))
    misbehave = World.misbehave

    def misbehaves(world: World, kind: str, *args: Any, **how: Any) -> None:
        if kind == "stall":
            monkeypatch.setattr(transport, "READ_TIMEOUT", 0.3)
        misbehave(world, kind, *args, **how)

    monkeypatch.setattr(World, "misbehave", misbehaves)

    def start(whole: Community, **world: Any) -> Sandbox:
        server.replace(whole, **world)
        return server

    return start


@pytest.fixture
def collect() -> Callable[[Iterator[Page]], tuple[list[Page], SourceError | None]]:
    """All pages of a fetch, and the error that it ends with."""

    def exhaust(pages: Iterator[Page]) -> tuple[list[Page], SourceError | None]:
        got = []
        try:
            for page in pages:
                got.append(page)  # noqa: PERF402 - what came before an error counts
        except SourceError as error:
            return got, error
        return got, None

    return exhaust


@pytest.fixture
def mentions() -> Callable[[Any, list[Page]], dict[str, Mention]]:
    """Mentions of pages by id; of those that came twice, the last."""

    def read(connector: Any, pages: list[Page]) -> dict[str, Mention]:
        records = [record for page in pages for record in connector.parse(None, page)]
        return {record.mention_id: record for record in records if isinstance(record, Mention)}

    return read


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """A CSV file of these lines below the usual header."""

    def write(*lines: str, header: str = HEADER, name: str = "posts.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join((header, *lines, "")).encode(encoding, "surrogatepass"))
        return path

    return write
