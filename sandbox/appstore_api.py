"""Apple's feed of customer reviews and the store's lookup, as far as the connector speaks them.

Pages, their end and the links in them follow recorded answers of 2020 and 2021, which are JSON; the XML of the same
feed was not recorded and follows what readers of it expect.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.world import World

APPS = {"1648203377": "Halmora", "1590014426": "Growbert AI Gardener"}
"""Apps of the sandbox's stores: id → name. A review's place is `Halmora (NL)`."""

_SIZE = 50
_DEEPEST = 10
_CUPERTINO = ZoneInfo("America/Los_Angeles")
_XML_TYPE = "text/xml; charset=UTF-8"


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/lookup", _lookup),
        Route("/{country}/rss/customerreviews/page={page:int}/id={app}/sortby=mostrecent/{form}", _reviews(world)),
    ]


async def _lookup(request: Request) -> Response:
    app = request.query_params.get("id", "")
    shown = [{"wrapperType": "software", "trackId": int(app), "trackName": APPS[app]}] if app in APPS else []
    # as Apple sends it: JSON in a file for scripts
    return JSONResponse({"resultCount": len(shown), "results": shown}, media_type="text/javascript; charset=utf-8")


def _reviews(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        country, page, app = (request.path_params[name] for name in ("country", "page", "app"))
        if page > _DEEPEST:
            return PlainTextResponse(f"CustomerReviews RSS page depth is limited to {_DEEPEST}", 400)
        place = f"{APPS.get(app, app)} ({country.upper()})"
        found = [post for post in world.community.on("appstore") if post.place == place and world.is_visible(post)]
        found.sort(key=lambda post: (_updated(world, post), post.id), reverse=True)
        shown = found[(page - 1) * _SIZE : page * _SIZE]
        last = min(_DEEPEST, max(1, -(-len(found) // _SIZE)))
        if request.path_params["form"] == "json":
            return JSONResponse(_json(world, country, app, shown, _links(country, app, page, last)))
        return Response(_xml(world, country, app, shown, _links(country, app, page, last)), media_type=_XML_TYPE)

    return respond


def _updated(world: World, post: Post) -> datetime:
    return post.edited.at if post.edited and post.is_edited(world.now) else post.at


def _links(country: str, app: str, page: int, last: int) -> dict[str, str]:
    numbers = {"self": page, "first": 1, "last": last, "previous": max(1, page - 1), "next": min(_DEEPEST, page + 1)}
    ending = f"id={app}/sortby=mostrecent/xml"
    return {rel: f"{_address(country)}/rss/customerreviews/page={number}/{ending}" for rel, number in numbers.items()}


def _address(country: str) -> str:
    return f"https://itunes.apple.com/{country}"


def _parts(world: World, country: str, app: str, post: Post) -> dict[str, str]:
    """What an entry holds, by the names of the JSON form."""
    moment = _updated(world, post).replace(tzinfo=UTC).astimezone(_CUPERTINO)
    # with the words its author may have changed title, stars and version
    shown = {"title": post.title or "", **post.more}
    if post.edited and not post.is_edited(world.now):
        shown |= post.more.get("before", {})
    return {
        "updated": moment.isoformat(),
        "id": str(9_000_000_000 + int(post.id, 36)),
        "title": shown["title"],
        "content": post.text_at(world.now) or "",
        "im:voteSum": str(post.likes),
        "im:voteCount": str(post.likes + int(shown.get("unhelpful", 0))),
        "im:rating": str(shown.get("stars", "")),
        "im:version": str(shown.get("version", "")),
        "name": post.by,
        "uri": f"{_address(country)}/reviews/id{int(re.sub('[^0-9a-z]', '', post.by.lower()) or '0', 36) % 10**10}",
        "link": f"{_address(country)}/review?id={app}&type=Purple%20Software",
    }


def _xml(world: World, country: str, app: str, shown: list[Post], links: dict[str, str]) -> str:
    entries = "".join(_xml_entry(_parts(world, country, app, post)) for post in shown)
    related = "".join(f"<link rel={quoteattr(rel)} href={quoteattr(href)}/>" for rel, href in links.items())
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns:im="http://itunes.apple.com/rss" '
        f'xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><id>{escape(links["self"])}</id>'
        f"<title>iTunes Store: Customer Reviews</title><updated>{world.now:%Y-%m-%dT%H:%M:%S}-07:00</updated>{related}"
        f"<author><name>iTunes Store</name><uri>http://www.apple.com/itunes/</uri></author>{entries}</feed>\n"
    )


def _xml_entry(parts: dict[str, str]) -> str:
    own = {name: escape(value) for name, value in parts.items()}
    browsers = escape(
        f"<table><tr><td><b>{escape(parts['title'])}</b><br/>{escape(parts['content'])}</td></tr></table>"
    )
    return (
        f"<entry><updated>{own['updated']}</updated><id>{own['id']}</id><title>{own['title']}</title>"
        f'<content type="text">{own["content"]}</content><im:contentType term="Application" label="Application"/>'
        f"<im:voteSum>{own['im:voteSum']}</im:voteSum><im:voteCount>{own['im:voteCount']}</im:voteCount>"
        f"<im:rating>{own['im:rating']}</im:rating><im:version>{own['im:version']}</im:version>"
        f"<author><name>{own['name']}</name><uri>{own['uri']}</uri></author>"
        f'<link rel="related" href={quoteattr(parts["link"])}/><content type="html">{browsers}</content></entry>'
    )


def _json(world: World, country: str, app: str, shown: list[Post], links: dict[str, str]) -> dict[str, Any]:
    entries = [_json_entry(_parts(world, country, app, post)) for post in shown]
    related = [{"attributes": {"rel": rel, "href": href}} for rel, href in links.items()]
    return {"feed": {**({"entry": entries} if entries else {}), "link": related, "id": {"label": links["self"]}}}


def _json_entry(parts: dict[str, str]) -> dict[str, Any]:
    """Without the date, as recorded."""
    kept = ("im:version", "im:rating", "id", "title", "content", "im:voteSum", "im:voteCount")
    return {
        "author": {"uri": {"label": parts["uri"]}, "name": {"label": parts["name"]}, "label": ""},
        **{name: {"label": parts[name]} for name in kept},
        "link": {"attributes": {"rel": "related", "href": parts["link"]}},
    }
