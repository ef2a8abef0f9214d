"""Feeds of the sandbox community, each below the name of its host: `/rss/balconynettie.example/feed.xml`.

What a path ends in says how it is written: `.atom` as Atom in pages (RFC 5005), `.rdf` as RSS 1.0, all else as RSS
2.0. Below a feed's path, `comments` is the feed of the comments on it. A post's `more` may give its `guid`, `html`
(else the text is put into paragraphs), `author` as it stands in the feed and `enclosure`.
"""

import hashlib
import html
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.world import World


class Kind(NamedTuple):
    """How a feed is written."""

    title: str
    encoding: str = "utf-8"
    size: int = 60
    """Entries that it shows, or shows on a page."""
    ttl: int | None = None
    language: str | None = "en"


FEEDS = {
    "balconynettie.example/feed.xml": Kind("Balcony Nettie", ttl=60),
    "halmora.example/blog.atom": Kind("The Halmora blog", size=8),
    "keukenkrant.example/nieuws.xml": Kind("De Keukenkrant", "iso-8859-1", language="nl"),
    "greenpod.example/episodes.xml": Kind("Green Pod, a podcast for windowsills", language="en-gb"),
}
"""Feeds that are not written like any other."""
MOVED = {"balconynettie.example/rss": "balconynettie.example/feed.xml"}
"""Old address of a feed → where it lies now, for good."""
GONE = {"growbert.example/news.xml"}

_NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:thr="http://purl.org/syndication/thread/1.0"'
)


def routes(world: World) -> list[Route]:
    """The feeds, on a world."""
    return [Route("/{host}/{path:path}", _endpoint(world))]


def _endpoint(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        place = "{host}/{path}".format(**request.path_params)
        if place in MOVED:
            return RedirectResponse(str(request.url).replace(place, MOVED[place]), 301)
        if place in GONE:
            return Response("Gone", 410, media_type="text/plain")
        is_comments = place.endswith("/comments")
        feed = place.removesuffix("/comments")
        posts = [post for post in world.community.on("rss") if post.place == feed]
        if not posts and feed not in FEEDS:
            return Response("<h1>Not found</h1>", 404, media_type="text/html")
        kind = FEEDS.get(feed, Kind(feed.partition("/")[0]))
        shown = [post for post in reversed(posts) if world.is_visible(post) and (post.to is not None) == is_comments]
        written = _Writer(world, feed, kind)
        if feed.endswith(".atom"):
            page = request.query_params.get("page", "1")
            body = written.atom(shown, int(page) if page.isdecimal() else 1)
        elif feed.endswith(".rdf"):
            body = written.rdf(shown[: kind.size])
        else:
            body = written.rss(shown[: kind.size])
        return _conditional(request, body, max(map(written.changed_at, shown), default=None))

    return respond


def _conditional(request: Request, body: bytes, changed_at: datetime | None) -> Response:
    """The feed, or 304 where the reader has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"etag": tag, "content-type": "application/xml"}
    if changed_at is not None:
        headers["last-modified"] = _http_date(changed_at)
    known = request.headers.get("if-none-match")
    since = request.headers.get("if-modified-since")
    if known == tag or (known is None and since is not None and since == headers.get("last-modified")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers)


class _Writer:
    """Writes the posts of one feed."""

    def __init__(self, world: World, feed: str, kind: Kind) -> None:
        self.world = world
        self.feed = feed
        self.kind = kind
        self.site = f"https://{feed.partition('/')[0]}"

    def rss(self, posts: list[Post]) -> bytes:
        kind = self.kind
        head = f"<title>{escape(kind.title)}</title><link>{self.site}/</link><description/>"
        head += f"<language>{kind.language}</language>" if kind.language else ""
        head += f"<ttl>{kind.ttl}</ttl>" if kind.ttl else ""
        items = "".join(map(self._item, posts))
        return self._encoded(f'<rss version="2.0" {_NAMESPACES}><channel>{head}{items}</channel></rss>')

    def _item(self, post: Post) -> str:
        guid = self.guid(post)
        is_address = str(guid == self.link(post)).lower()
        summary, whole = post.more.get("summary"), self.html(post)
        found = [
            f"<title>{escape(post.title)}</title>" if post.title else "",
            f"<link>{escape(self.link(post))}</link>",
            f'<guid isPermaLink="{is_address}">{escape(guid)}</guid>',
            f"<pubDate>{_http_date(post.at)}</pubDate>",
            f"<dc:creator>{escape(self.author(post))}</dc:creator>",
            f"<description>{escape(summary or whole)}</description>",
            f"<content:encoded><![CDATA[{whole}]]></content:encoded>" if summary else "",
            f"<slash:comments>{self.comments(post)}</slash:comments>" if post.to is None else "",
            f"<atom:updated>{_iso(self.changed_at(post))}</atom:updated>" if self.is_edited(post) else "",
            self._enclosure(post),
            self._in_reply_to(post),
        ]
        return f"<item>{''.join(found)}</item>"

    def atom(self, posts: list[Post], number: int) -> bytes:
        size = self.kind.size
        address = f"https://{self.feed}"
        links = f'<link rel="self" href="{address}"/><link rel="alternate" href="{self.site}/"/>'
        links += f'<link rel="next" href="{address}?page={number + 1}"/>' if number * size < len(posts) else ""
        changed = max(map(self.changed_at, posts), default=datetime(2026, 3, 1))
        head = f"<title>{escape(self.kind.title)}</title><id>{address}</id><updated>{_iso(changed)}</updated>{links}"
        entries = "".join(map(self._entry, posts[(number - 1) * size : number * size]))
        language = f' xml:lang="{self.kind.language}"' if self.kind.language else ""
        return self._encoded(
            f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"{language}>'
            f"{head}{entries}</feed>"
        )

    def _entry(self, post: Post) -> str:
        found = [
            f"<title>{escape(post.title or '')}</title>",
            f"<id>{escape(self.guid(post))}</id>",
            f"<link href={quoteattr(self.link(post))}/>",
            f"<published>{_iso(post.at)}</published><updated>{_iso(self.changed_at(post))}</updated>",
            f"<author><name>{escape(self.author(post))}</name></author>",
            f'<content type="html">{escape(self.html(post))}</content>',
            f"<thr:total>{self.comments(post)}</thr:total>" if post.to is None else "",
            self._in_reply_to(post),
        ]
        return f"<entry>{''.join(found)}</entry>"

    def rdf(self, posts: list[Post]) -> bytes:
        items = "".join(
            f"<item rdf:about={quoteattr(self.guid(post))}><title>{escape(post.title or '')}</title>"
            f"<link>{escape(self.link(post))}</link><description>{escape(self.html(post))}</description>"
            f"<dc:date>{_iso(post.at)}</dc:date><dc:creator>{escape(self.author(post))}</dc:creator></item>"
            for post in posts
        )
        return self._encoded(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
            f'{_NAMESPACES}><channel rdf:about="{self.site}/"><title>{escape(self.kind.title)}</title></channel>'
            f"{items}</rdf:RDF>"
        )

    def _encoded(self, body: str) -> bytes:
        declared = f'<?xml version="1.0" encoding="{self.kind.encoding}"?>\n{body}'
        return declared.encode(self.kind.encoding, "xmlcharrefreplace")

    def guid(self, post: Post) -> str:
        return str(post.more.get("guid") or self.link(post))

    def link(self, post: Post) -> str:
        return post.link or f"{self.site}/{post.at:%Y/%m}/{post.id}"

    def author(self, post: Post) -> str:
        account = self.world.community.account["rss", post.by.lower()]
        return str(post.more.get("author") or account.name or account.handle)

    def html(self, post: Post) -> str:
        if "html" in post.more and not (post.edited and not self.is_edited(post)):
            return str(post.more["html"])
        text = post.text_at(self.world.now) or ""
        return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in text.split("\n\n"))

    def comments(self, post: Post) -> int:
        return sum(self.world.is_visible(each) for each in self.world.community.threads[post.id]) - 1

    def is_edited(self, post: Post) -> bool:
        return post.is_edited(self.world.now)

    def changed_at(self, post: Post) -> datetime:
        return post.edited.at if post.edited and self.is_edited(post) else post.at

    def _enclosure(self, post: Post) -> str:
        url = post.more.get("enclosure")
        return f'<enclosure url={quoteattr(url)} type="audio/mpeg" length="1"/>' if url else ""

    def _in_reply_to(self, post: Post) -> str:
        if post.to is None:
            return ""
        above = self.world.community.by_id[post.to]
        return f"<thr:in-reply-to ref={quoteattr(self.guid(above))} href={quoteattr(self.link(above))}/>"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.replace(tzinfo=UTC), usegmt=True)
