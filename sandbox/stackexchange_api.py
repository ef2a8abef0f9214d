"""Stack Exchange's API 2.3, as far as the connector speaks it: questions, answers, comments and the search of one site.

Shapes follow recorded answers of 2013 and today's documentation. Every answer is compressed, as theirs are, whatever
the client accepts.
"""

import gzip
import html
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.community import Post
from sandbox.world import CREDENTIALS, World, epoch

SITE = "gardening"
LARGEST_PAGE = 100
SAYS_WHETHER_THERE_IS_MORE = True
"""Whether an answer has `has_more`; a server in between may lose it."""
PAGES_WITHOUT_KEY = 25
QUOTA, QUOTA_WITH_KEY = 30_000, 1_000_000
"""Requests a day; a hundred times what Stack Exchange grants, so that sixty days can be listened to at once."""
BACKOFF: int | None = None
"""Seconds that every answer asks to wait before its method is called again."""
_DAY = 86_400
_FIRST_POST, _FIRST_COMMENT = 70_000, 150_000
_LICENCE = "CC BY-SA 4.0"


class _RefusedError(Exception):
    """What the API says no to."""

    def __init__(self, error_id: int, name: str, said: str) -> None:
        super().__init__(said)
        self.body = {"error_id": error_id, "error_name": name, "error_message": said}


def routes(world: World) -> list[Route]:
    """The endpoints, on a world."""
    return [
        Route("/questions", _endpoint(world, _questions)),
        Route("/search/excerpts", _endpoint(world, _excerpts)),
        Route("/questions/{ids}/answers", _endpoint(world, _answers_of)),
        Route("/posts/{ids}/comments", _endpoint(world, _comments_of)),
        Route("/questions/{ids}", _endpoint(world, _by_id("question"))),
        Route("/answers/{ids}", _endpoint(world, _by_id("answer"))),
        Route("/comments/{ids}", _endpoint(world, _by_id("comment"))),
        Route("/{anything:path}", _endpoint(world, _no_method)),
    ]


def item_id(post: Post) -> int:
    """The number of a question, answer or comment."""
    return (_FIRST_COMMENT if kind_of(post) == "comment" else _FIRST_POST) + int(post.id, 36)


def kind_of(post: Post) -> str:
    """Whether a post is a question, an answer, which then says so, or a comment."""
    return "question" if post.to is None else str(post.more.get("type", "comment"))


Answer = Callable[["_Site", dict[str, str], list[int]], list[dict[str, Any]]]


def _endpoint(world: World, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            asked = dict(request.query_params)
            return _compressed(_wrapped(world, asked, request.path_params.get("ids", ""), answer), 200)
        except _RefusedError as refusal:
            return _compressed(refusal.body, 400)

    return respond


def _compressed(body: dict[str, Any], status: int) -> Response:
    packed = gzip.compress(json.dumps(body).encode())
    return Response(packed, status, {"content-encoding": "gzip", "content-type": "application/json; charset=utf-8"})


def _wrapped(world: World, asked: dict[str, str], ids: str, answer: Answer) -> dict[str, Any]:
    key, quota = asked.get("key"), QUOTA
    if key is not None:
        if key != CREDENTIALS["stackexchange"]["key"]:
            raise _RefusedError(400, "bad_parameter", "`key` doesn't match a known application")
        quota = QUOTA_WITH_KEY
    used = world.count("stackexchange", _DAY)
    if used > quota:
        said = "too many requests from this IP, more requests available in 26412 seconds"
        raise _RefusedError(502, "throttle_violation", said)
    if asked.get("site") != SITE:
        raise _RefusedError(400, "bad_parameter", f"No site found for name `{asked.get('site')}`")
    if ids and not re.fullmatch(r"[0-9]+(;[0-9]+){0,99}", ids):
        raise _RefusedError(400, "bad_parameter", "ids")
    number, size = (_number(asked, name, otherwise) for name, otherwise in (("page", 1), ("pagesize", 30)))
    if size > LARGEST_PAGE or not number:
        raise _RefusedError(400, "bad_parameter", "pagesize" if number else "page")
    if number > PAGES_WITHOUT_KEY and key is None:
        raise _RefusedError(403, "access_denied", "page above 25 requires access token or app key")
    found = answer(_Site(world), asked, [int(id_) for id_ in ids.split(";")] if ids else [])
    if asked.get("filter") != "withbody":
        found = [{name: value for name, value in item.items() if name != "body"} for item in found]
    wrapper: dict[str, Any] = {"items": found[(number - 1) * size : number * size]}
    if SAYS_WHETHER_THERE_IS_MORE:
        wrapper["has_more"] = len(found) > number * size
    if BACKOFF:
        wrapper["backoff"] = BACKOFF
    return {**wrapper, "quota_max": quota, "quota_remaining": quota - used}


def _number(asked: dict[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name, str(otherwise))
    if not text.isdecimal():
        raise _RefusedError(400, "bad_parameter", name)
    return int(text)


def _no_method(*_: Any) -> list[dict[str, Any]]:
    raise _RefusedError(404, "no_method", "no method found with this name")


# Methods ----------------------------------------------------------------------------------------------


def _questions(site: "_Site", asked: dict[str, str], _: list[int]) -> list[dict[str, Any]]:
    tags = set(filter(None, asked.get("tagged", "").split(";")))
    found = [site.item(post) for post in site.shown("question") if tags <= set(post.more.get("tags", ()))]
    return _sorted(_within(found, asked), asked)


def _excerpts(site: "_Site", asked: dict[str, str], _: list[int]) -> list[dict[str, Any]]:
    matches = _matcher(asked.get("q", ""))
    posts = [post for kind in ("question", "answer") for post in site.shown(kind)]
    found = [site.excerpt(post) for post in posts if matches(f"{post.title or ''} {post.text or ''}")]
    return _sorted(_within(found, asked), asked)


def _answers_of(site: "_Site", asked: dict[str, str], ids: list[int]) -> list[dict[str, Any]]:
    return _sorted([site.item(post) for post in site.shown("answer") if site.above(post) in ids], asked)


def _comments_of(site: "_Site", asked: dict[str, str], ids: list[int]) -> list[dict[str, Any]]:
    return _sorted([site.item(post) for post in site.shown("comment") if site.above(post) in ids], asked)


def _by_id(kind: str) -> Answer:
    def answer(site: "_Site", asked: dict[str, str], ids: list[int]) -> list[dict[str, Any]]:
        return _sorted([site.item(post) for post in site.shown(kind) if item_id(post) in ids], asked)

    return answer


def _within(items: list[dict[str, Any]], asked: dict[str, str]) -> list[dict[str, Any]]:
    sorted_by = "creation_date" if asked.get("sort") == "creation" else "last_activity_date"
    limits = {
        "fromdate": ("creation_date", 1),
        "todate": ("creation_date", -1),
        "min": (sorted_by, 1),
        "max": (sorted_by, -1),
    }
    for name, (field, sign) in limits.items():
        if name in asked:
            bound = _number(asked, name, 0)
            items = [item for item in items if sign * item[field] >= sign * bound]
    return items


def _sorted(items: list[dict[str, Any]], asked: dict[str, str]) -> list[dict[str, Any]]:
    field = "creation_date" if asked.get("sort") == "creation" else "last_activity_date"
    return sorted(
        items, key=lambda item: item.get(field, item["creation_date"]), reverse=asked.get("order", "desc") == "desc"
    )


def _matcher(query: str) -> Callable[[str], bool]:
    """All words have to be there, phrases as they stand; a star stands for the rest of a word."""
    terms = re.findall(r'"([^"]*)"|(\S+)', query.lower())

    def holds(text: str) -> bool:
        said = re.findall(r"\w+", text.lower())
        for phrase, word in terms:
            wanted = re.findall(r"\w+", phrase or word)
            is_start = word.endswith("*")
            places = range(len(said) - len(wanted) + 1)
            if not any(_same(said[place : place + len(wanted)], wanted, is_start=is_start) for place in places):
                return False
        return True

    return holds


def _same(said: list[str], wanted: list[str], *, is_start: bool) -> bool:
    return said == wanted or (is_start and said[:-1] == wanted[:-1] and said[-1].startswith(wanted[-1]))


# Things -----------------------------------------------------------------------------------------------


class _Site:
    """The site as it stands now."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.posts = world.community.on("stackexchange")

    def shown(self, kind: str) -> list[Post]:
        return [post for post in self.posts if kind_of(post) == kind and self.is_shown(post)]

    def is_shown(self, post: Post) -> bool:
        """Whether a post can be seen: what is below a deleted one goes with it."""
        above = self.world.community.by_id[post.to] if post.to else None
        return self.world.is_visible(post) and (above is None or self.is_shown(above))

    def above(self, post: Post) -> int:
        return item_id(self.world.community.by_id[str(post.to)])

    def item(self, post: Post) -> dict[str, Any]:
        kind, now = kind_of(post), self.world.now
        found: dict[str, Any] = {
            "owner": self.owner(post.by),
            "score": post.likes,
            "creation_date": int(epoch(post.at)),
            "content_license": _LICENCE,
            "body": _marked(post.text_at(now) or ""),
        }
        if kind == "comment":
            found |= {"comment_id": item_id(post), "post_id": self.above(post), "edited": post.is_edited(now)}
            if told := post.more.get("reply_to"):
                found["reply_to_user"] = self.owner(told)
            return found
        if post.edited and post.is_edited(now):
            found["last_edit_date"] = int(epoch(post.edited.at))
        found["last_activity_date"] = self.last_activity(post)
        if kind == "answer":
            is_accepted = bool(post.more.get("accepted"))
            return found | {"answer_id": item_id(post), "question_id": self.above(post), "is_accepted": is_accepted}
        answers = self.answers(post)
        slug = "-".join(re.findall(r"[a-z0-9]+", (post.title or "").lower()))
        return found | {
            "question_id": item_id(post),
            "title": html.escape(post.title or "", quote=True),
            "tags": post.more.get("tags", []),
            "view_count": post.views or 0,
            "answer_count": len(answers),
            "is_answered": any(answer.more.get("accepted") for answer in answers),
            "link": f"https://{SITE}.stackexchange.com/questions/{item_id(post)}/{slug}",
        }

    def excerpt(self, post: Post) -> dict[str, Any]:
        whole, root = self.item(post), self.world.community.root(post)
        names = ("answer_id", "question_id", "score", "creation_date", "last_activity_date", "tags")
        return {
            **{name: whole[name] for name in names if name in whole},
            "item_type": kind_of(post),
            "title": html.escape(root.title or "", quote=True),
            "excerpt": html.escape((post.text or "")[:160]),
        }

    def answers(self, question: Post) -> list[Post]:
        below = self.world.community.answers.get(question.id, ())
        return [post for post in below if kind_of(post) == "answer" and self.is_shown(post)]

    def last_activity(self, post: Post) -> int:
        """When it was written or edited, or, of a question, when one of its answers was."""
        times = [post.at]
        if post.edited and post.is_edited(self.world.now):
            times.append(post.edited.at)
        found = int(epoch(max(times)))
        return max([found, *map(self.last_activity, self.answers(post))]) if post.to is None else found

    def owner(self, handle: str) -> dict[str, Any]:
        accounts = [account for account in self.world.community.accounts if account.net == "stackexchange"]
        number = next(place for place, account in enumerate(accounts, 101) if account.handle.lower() == handle.lower())
        account = accounts[number - 101]
        if account.role == "gone":
            return {"user_type": "does_not_exist", "display_name": html.escape(account.handle)}
        since = datetime.combine(account.since, datetime.min.time(), UTC)
        return {
            "user_id": number,
            "user_type": "registered",
            "account_id": int(since.timestamp()) // _DAY,
            "reputation": account.followers or 1,
            "display_name": html.escape(account.name or account.handle),
            "link": f"https://{SITE}.stackexchange.com/users/{number}",
        }


def _marked(text: str) -> str:
    """Text as the site marks it up: paragraphs, code and links."""
    paragraphs = []
    for block in text.split("\n\n"):
        if block.startswith("    "):
            code = "\n".join(line.removeprefix("    ") for line in block.split("\n"))
            paragraphs.append(f"<pre><code>{html.escape(code, quote=False)}\n</code></pre>")
            continue
        marked = html.escape(block, quote=False).replace("\n", "<br>\n")
        marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", marked)
        marked = re.sub(r"(https?://[^\s<]+)", r'<a href="\1" rel="nofollow noreferrer">\1</a>', marked)
        paragraphs.append(f"<p>{marked}</p>")
    return "\n\n".join(paragraphs) + "\n"
