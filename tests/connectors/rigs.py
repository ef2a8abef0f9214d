"""What the conformance suite needs to know of a network beside its connector: a rig each."""

import json
import mailbox
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from connectors import CONNECTORS, Connector
from connectors.contract import Listening, Page, Query, SourceError, Window
from connectors.http_api import HttpApi
from sandbox.server import Sandbox
from sandbox.world import CREDENTIALS
from tests.connectors.times import WEEK, Time


@dataclass(frozen=True)
class Rig:
    """A source of a network, and how the posts are written that one of its queries finds."""

    settings: dict[str, Any]
    query: Query
    listing: str
    """Where the sandbox answers with posts, page by page."""
    place: str
    by: str = "sam"
    more: dict[str, Any] = field(default_factory=dict)
    """What else a post's line says."""
    below: dict[str, Any] | None = None
    """What the line of a post says below which all others stand; None where none is needed."""
    has_pages: bool = True
    write: Callable[[Path, list[dict[str, Any]]], Path] | None = None
    """Writes posts where the source reads them; None where the sandbox has them."""


def _as_lines(folder: Path, lines: list[dict[str, Any]]) -> Path:
    path = folder / "posts.jsonl"
    rows = ({**line, "created_at": line["at"], "author": line["by"]} for line in lines)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _as_mail(folder: Path, lines: list[dict[str, Any]]) -> Path:
    path = folder / "list.mbox"
    box = mailbox.mbox(path)
    for line in lines:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = f"{line['by']}@post.example", "list@post.example", "Basil"
        mail["Message-ID"], mail["List-Id"] = f"<{line['id']}@post.example>", "<list.post.example>"
        mail["Date"] = datetime.fromisoformat(line["at"]).astimezone(UTC)
        mail.set_content(line["text"])
        box.add(mail)
    box.close()
    return path


RIGS: dict[str, Rig] = {
    "appstore": Rig(
        {"apps": ["1648203377"], "countries": ["nl"]},
        Query("app 1648203377 in NL", "nl/1648203377"),
        "/appstore/nl/rss/",
        "Halmora (NL)",
        more={"title": "Basil", "more": {"stars": 4, "version": "4.2"}},
    ),
    "bluesky": Rig(
        {}, Query("search 1", "halmora"), "/bluesky/xrpc/app.bsky.feed.searchPosts", "bluesky", "sam.example"
    ),
    "discourse": Rig(
        {"site": "https://talk.halmora.example", "everything": True},
        Query("all posts", "posts:"),
        "/discourse/posts.json",
        "help",
        more={"title": "t"},
    ),
    "github": Rig(
        {"repositories": ["halmora/firmware"]},
        Query("halmora/firmware issues", "/halmora/firmware/issues"),
        "/github/repos/halmora/firmware/issues",
        "halmora/firmware",
        more={"title": "t"},
    ),
    "hackernews": Rig(
        {}, Query("search 1", "halmora"), "/hackernews/algolia/api/v1/search_by_date", "hackernews", more={"title": "t"}
    ),
    "lemmy": Rig(
        {"site": "https://leafy.example", "communities": ["!garden@leafy.example"]},
        Query("!garden@leafy.example", "!garden@leafy.example"),
        "/lemmy/api/v3/post/list",
        "!garden@leafy.example",
        "sam@leafy.example",
        more={"title": "t"},
    ),
    "mastodon": Rig(
        {"server": "windowsill.example", "hashtags": ["halmora"]},
        Query("#halmora", "timelines/tag/halmora"),
        "/mastodon/api/v1/timelines/tag/halmora",
        "mastodon",
        "sam@windowsill.example",
    ),
    "reddit": Rig(
        {"subreddits": ["halmora"]},
        Query("r/halmora new", "r/halmora"),
        "/r/halmora/new",
        "r/halmora",
        more={"title": "t"},
    ),
    "rss": Rig(
        {"feeds": ["https://blog.example/feed.xml"]},
        Query("feed: https://blog.example/feed.xml", "https://blog.example/feed.xml"),
        "/rss/",
        "blog.example/feed.xml",
        more={"title": "t"},
        has_pages=False,
    ),
    "slack": Rig({"channels": ["help"]}, Query("#help", "help"), "/slack/api/conversations.history", "#help"),
    "stackexchange": Rig(
        {"site": "gardening", "tags": ["halmora"]},
        Query("tag halmora", "tagged:halmora"),
        "/stackexchange/questions",
        "gardening",
        more={"title": "t", "more": {"tags": ["halmora"]}},
    ),
    "x": Rig({}, Query("search 1", "halmora"), "/2/tweets/search", "x"),
    "youtube": Rig(
        {"channels": ["@sam"]},
        Query("channel @sam", "channel/@sam"),
        "/youtube/youtube/v3/commentThreads",
        "@sam",
        below={"title": "Halmora, eight weeks on"},
    ),
}
"""Every network that is asked over HTTP."""
ON_THIS_MACHINE: dict[str, Rig] = {
    "files": Rig({}, Query("file posts.jsonl", "posts.jsonl"), "", "files", write=_as_lines),
    "mail": Rig({}, Query("list.mbox", "list.mbox"), "", "mail", write=_as_mail),
}
"""Networks of which the posts lie in files: there is nobody to log in to, and nothing to wait for."""
EVERY = {**RIGS, **ON_THIS_MACHINE}


class Rigged:
    """A connector at its rig: the sandbox's community as its network, and a clock that only waiting moves."""

    def __init__(self, name: str, server: Sandbox, time: Time, folder: Path, lines: list[dict[str, Any]]) -> None:
        self.rig = EVERY[name]
        self.connector: Connector = CONNECTORS[name]
        self.server = server
        below = "" if name in ("reddit", "x") else f"/{name}"
        where = {"path": str(self.rig.write(folder, lines))} if self.rig.write else {"api": server.url + below}
        self.settings = self.connector.Settings(**{"id": "it", "type": name, "pace": 0, **where, **self.rig.settings})
        self.query = self.connector.queries(self.settings, Listening())[0] if self.rig.write else self.rig.query
        self.time = time
        self.cache = folder / "cache"
        self.client = self.connected(self.credentials)

    @property
    def credentials(self) -> dict[str, str]:
        """What the sandbox accepts."""
        return CREDENTIALS.get(self.connector.NETWORK.name, {})

    def connected(self, credentials: dict[str, str]) -> Any:
        """A client, at our time."""
        client = self.connector.connect(self.settings, credentials, self.cache)
        for found in (client, *getattr(client, "__dict__", {}).values()):
            if isinstance(found, HttpApi) or hasattr(found, "clock"):
                found.clock = self.time.clock
        return client

    def fetched(self, window: Window = WEEK, client: Any = None) -> tuple[list[Page], SourceError | None]:
        """The pages of its query, and the error that ended them."""
        return exhausted(self.connector.fetch(client or self.client, self.settings, self.query, window))

    def records(self, pages: list[Page]) -> list[Any]:
        """All that its pages say."""
        return [record for page in pages for record in self.connector.parse(self.settings, page)]


def exhausted(pages: Iterator[Page]) -> tuple[list[Page], SourceError | None]:
    """All pages, and the error that they end with."""
    got: list[Page] = []
    try:
        for page in pages:
            got.append(page)  # noqa: PERF402 - what came before an error counts
    except SourceError as error:
        return got, error
    return got, None


def account(name: str) -> dict[str, Any]:
    """Who writes the posts of a rig."""
    return {"net": name, "handle": EVERY[name].by, "since": "2020-01-31", "name": "Sam", "followers": 5}


def posts(name: str, moments: list[datetime], **more: Any) -> list[dict[str, Any]]:
    """Lines of posts that a rig's query finds, at these moments; `more` is for each of them."""
    rig = EVERY[name]

    def line(id_: str, moment: datetime, own: dict[str, Any]) -> dict[str, Any]:
        said = {"at": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "by": rig.by, "text": f"halmora {id_} #halmora", "lang": "en"}
        return {"id": id_, "net": name, "place": rig.place, **said, "likes": 3, **own}

    found = [line(f"b{n:03}", moment, {**rig.more, **more}) for n, moment in enumerate(moments)]
    if rig.below is None:
        return found
    return [line("a000", WEEK.start, rig.below), *({**post, "to": "a000"} for post in found)]
