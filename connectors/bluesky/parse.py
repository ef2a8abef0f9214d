"""What the answers of Bluesky's API hold, as records. Pure: nothing here touches a network.

A search, a lookup, a feed and a thread show posts alike, as `app.bsky.feed.defs#postView`: the author's own record with
the numbers under it. A post that is quoted stands inside the one that quotes it.

Labels are heeded. What a moderator hides (`!hide`, `!takedown`) counts as deleted. Who asks to be shown to readers that
are logged in only (`!no-unauthenticated`) is left out, unless the source says that its tables have no other readers.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from connectors.bluesky import Settings
from connectors.bluesky.texts import facets_of, text_of
from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Page, Record
from connectors.entries import UnreadableError, read_each
from connectors.side_fields import SideFields
from connectors.values import asked, entries, iso_moment, mapping, opened, part

POST_URI = re.compile(r"at://(did:[a-z]+:[\w.:%-]+)/app\.bsky\.feed\.post/([\w.:~-]+)", re.ASCII)
"""Author and key of a post."""
PREFIX = "bluesky:"

_GONE_LABELS = frozenset(("!hide", "!takedown"))
_LOGGED_IN_ONLY = "!no-unauthenticated"
_ANSWERS_WITHOUT_POSTS = frozenset(("error", "did", "feeds", "value"))
_EMBEDS = frozenset(
    f"app.bsky.embed.{kind}#view" for kind in ("images", "video", "external", "record", "recordWithMedia")
)


class Shown(NamedTuple):
    """What an answer shows as a post, and where in it."""

    place: str
    post: Any


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of an answer; of a recheck also what is gone."""
    body, beside = opened(page.body)
    known = asked(beside)
    if not isinstance(body, dict):
        yield Misfit("is not an answer of Bluesky's API", "page", body)
        return
    if not body.keys() & {"posts", "feed", "thread", "profiles"}:
        if not body.keys() & _ANSWERS_WITHOUT_POSTS:
            yield Misfit(
                "is not an answer of Bluesky's API: it has neither posts nor a feed nor a thread", "page", body
            )
        return
    reading = _Reading(settings is not None and settings.logged_in_only)
    yield from read_each(_numbered("profiles", body.get("profiles")), reading.account)
    yield from read_each(shown_in(body), reading.post)
    # Quoted posts come with fewer of their numbers than posts that were asked for: these go first.
    while reading.quoted:
        post, place = reading.quoted.pop()
        yield from read_each([(place, post)], reading.post)
    # What stands in the place of a post says that it is gone; it isn't where the answer shows it elsewhere.
    gone = reading.hidden | {name: None for name in reading.gone if name not in reading.there}
    yield from map(Deletion, gone)
    # Where a post can't be told by its address, anything that was asked for may be that post.
    if known is not None and not reading.has_nameless:
        yield from (Deletion(name) for name in known if name not in reading.there | reading.gone.keys())


# Where posts stand in an answer -----------------------------------------------------------------------


def shown_in(body: Any) -> Iterator[Shown]:
    """The posts of an answer in order, quoted ones aside; what stands in the place of one as it stands there."""
    for place, post in _numbered("posts", mapping(body).get("posts")):
        yield Shown(place, post)
    for place, item in _numbered("feed", mapping(body).get("feed")):
        yield Shown(f"{place}.post", mapping(item).get("post", item))
        for name in ("root", "parent"):
            if (post := part(item, "reply").get(name)) is not None:
                yield Shown(f"{place}.reply.{name}", post)
    for place, node in nodes_in(body):
        yield Shown(place, node.get("post", node) if isinstance(node, dict) else node)


def nodes_in(body: Any) -> Iterator[tuple[str, Any]]:
    """The nodes of a thread: the post that was asked for, what it answers, and what answers it."""
    left = [("thread", mapping(body).get("thread"))]
    while left:
        place, node = left.pop()
        if node is None:
            continue
        yield place, node
        answers = _numbered(f"{place}.replies", mapping(node).get("replies"))
        left += [*reversed(answers), (f"{place}.parent", mapping(node).get("parent"))]


def uri_of(post: Any) -> str | None:
    """The `at://` address of a post; None where it has none."""
    uri = mapping(post).get("uri")
    return uri if isinstance(uri, str) and POST_URI.fullmatch(uri) else None


def root_of(post: Any) -> str | None:
    """The address of the post that opened the thread: its own where it answers nothing, None where it isn't told."""
    return uri_of(mapping(_record_of(post).get("reply")).get("root")) if is_answer(post) else uri_of(post)


def is_answer(post: Any) -> bool:
    """Whether a post answers another, though it may not tell which."""
    return _record_of(post).get("reply") is not None


def is_kept(post: Any, logged_in_only: bool = False) -> bool:
    """Whether neither a moderator nor the author's own wish hides a post from us."""
    labels = _labels(post) | _labels(mapping(post).get("author"))
    return not labels & _GONE_LABELS and (logged_in_only or _LOGGED_IN_ONLY not in labels)


def moment(post: Any) -> datetime | None:
    """When a post was written, as the search sorts: when its author says, but not after it was first seen.

    min(createdAt, indexedAt); the other where one can't be read, None where neither can.
    """
    times = [iso_moment(_record_of(post).get("createdAt")), iso_moment(mapping(post).get("indexedAt"))]
    return min((at for at in times if at), default=None)


def feed_moment(item: Any) -> datetime | None:
    """Where an item of a feed stands in time: a repost where it was passed on, any other post where it was written."""
    reposted = iso_moment(part(item, "reason").get("indexedAt"))
    return reposted or moment(mapping(item).get("post"))


def is_pinned(item: Any) -> bool:
    """Whether an item stands at the top of a feed, however old it is."""
    return _kind_of(part(item, "reason")) == "reasonPin"


def author_of(post: Any) -> str | None:
    """The DID of a post's author."""
    match = POST_URI.fullmatch(uri_of(post) or "")
    return match[1] if match else None


# Records ----------------------------------------------------------------------------------------------


class _Reading:
    """One answer on the way to records: which posts have come, and which quoted posts are to follow."""

    def __init__(self, logged_in_only: bool) -> None:
        self.logged_in_only = logged_in_only
        self.there: set[str] = set()
        self.gone: dict[str, None] = {}
        """Mentions in whose place something else stands."""
        self.hidden: dict[str, None] = {}
        """Mentions that a moderator has hidden."""
        self.has_nameless = False
        self.told: set[tuple[str, str | None]] = set()
        """Id and text of each mention that has been told."""
        self.quoted: list[tuple[Any, str]] = []

    def account(self, account: Any) -> Iterator[Record]:
        if self.logged_in_only or _LOGGED_IN_ONLY not in _labels(account):
            fields = SideFields("author")
            author = _author(account, fields)
            yield from fields.drifts
            yield author

    def post(self, post: Any) -> Iterator[Record]:
        uri = uri_of(post)
        self.has_nameless |= uri is None
        if not isinstance(post, dict):
            raise UnreadableError("is not a post")
        if uri is None:
            if _kind_of(post) in ("notFoundPost", "blockedPost"):  # of something else than a post
                return
            raise UnreadableError("has no readable uri")
        if _kind_of(post) in ("blockedPost", "viewBlocked", "viewDetached"):
            return  # it is there, but not for us, or not in this place
        mention_id = PREFIX + uri
        if _kind_of(post) in ("notFoundPost", "viewNotFound"):
            self.gone[mention_id] = None
            return
        if not is_kept(post, self.logged_in_only):
            if (_labels(post) | _labels(post.get("author"))) & _GONE_LABELS:
                self.hidden[mention_id] = None
            return
        self.there.add(mention_id)
        record = post.get("record") if "record" in post else post.get("value")
        if not isinstance(record, dict):
            raise UnreadableError("has no record, so its words are unknown")
        text = text_of(record)
        if not text and not isinstance(record.get("text"), str):
            raise UnreadableError("has no text")
        created_at = moment(post)
        if created_at is None:
            raise UnreadableError("has neither a readable createdAt nor an indexedAt, so its time can't be told")
        # The same post stands in an answer as often as it is answered or quoted.
        if (mention_id, text) not in self.told:
            self.told.add((mention_id, text))
            yield from self._records(post, record, uri, text, created_at)

    def _records(
        self, post: dict[str, Any], record: dict[str, Any], uri: str, text: str, created_at: datetime
    ) -> Iterator[Record]:
        mention_id, did = PREFIX + uri, str(author_of(post))
        fields = SideFields("post")
        _check(post, record, fields)
        author = None
        if isinstance(post.get("author"), dict):
            of_author = SideFields("author")
            try:
                author = _author(post["author"], of_author)
            except UnreadableError:
                fields.drift("author", post["author"])
            fields.drifts += of_author.drifts
        answered = uri_of(_reply(post).get("parent"))
        quoted = self._quoted(post, record)
        above = answered if is_answer(post) else quoted
        root = root_of(post)
        mention = Mention(
            mention_id,
            "bluesky",
            None,
            "comment" if is_answer(post) else "quote" if quoted else "post",
            None,
            text,
            f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}",
            PREFIX + did,
            PREFIX + above if above else None,
            PREFIX + root if root else None,
            created_at,
            network_lang=_language(record.get("langs")),
        )
        metrics = Metrics(
            mention_id,
            likes=fields.count("likeCount", post.get("likeCount")),
            replies=fields.count("replyCount", post.get("replyCount")),
            reposts=fields.count("repostCount", post.get("repostCount")),
            quotes=fields.count("quoteCount", post.get("quoteCount")),
        )
        yield from fields.drifts
        if author:
            yield author
        yield mention
        yield metrics
        yield from _interactions(mention_id, did, answered, quoted, record)

    def _quoted(self, post: dict[str, Any], record: dict[str, Any]) -> str | None:
        """The address of the post that this one quotes; the quoted post itself is noted."""
        for view in _embedded_records(post.get("embed")) + _embedded_records(
            next(iter(entries(post.get("embeds"))), None)
        ):
            if uri_of(view):
                self.quoted.append((view, f"quoted in {post.get('uri')}"))
        return next((uri for named in _embedded_records(record.get("embed")) if (uri := uri_of(named))), None)


def _author(account: Any, fields: SideFields) -> Author:
    """The account. `UnreadableError` where it can't be told which."""
    account = mapping(account)
    did, handle, name = account.get("did"), account.get("handle"), account.get("displayName")
    if not isinstance(did, str) or not re.fullmatch(r"did:[a-z]+:[\w.:%-]+", did, re.ASCII):
        raise UnreadableError("is an account without a readable did")
    if not isinstance(handle, str) or not handle.strip():
        fields.drift("handle", handle)
        handle = None
    created_at = fields.read("createdAt", account.get("createdAt"), iso_moment)
    return Author(
        PREFIX + did,
        "bluesky",
        # A handle that doesn't lead to its account is shown as handle.invalid, whoever has it.
        handle if handle and handle != "handle.invalid" else did,
        name if fields.words("displayName", name) else None,
        fields.count("followersCount", account.get("followersCount")),
        created_at,
        True if "bot" in _labels(account) else None,
    )


def _check(post: dict[str, Any], record: dict[str, Any], fields: SideFields) -> None:
    """Note fields that the lexicon requires and that are missing, and what it doesn't know."""
    if not isinstance(record.get("text"), str):
        fields.drift("text", record.get("text"))
    for name, of in (("createdAt", record), ("indexedAt", post)):
        if iso_moment(of.get(name)) is None:
            fields.drift(name, of.get(name))
    if not isinstance(post.get("author"), dict):
        fields.drift("author", post.get("author"))
    reply = record.get("reply")
    if reply is not None:
        for name in ("root", "parent"):
            if uri_of(mapping(reply).get(name)) is None:
                fields.drift(f"reply.{name}", reply.get(name) if isinstance(reply, dict) else reply)
    for name, of in (("langs", record), ("facets", record), ("labels", post)):
        if not isinstance(of.get(name), list | None):
            fields.drift(name, of[name])
    kind = part(post, "embed").get("$type")
    if "embed" in post and kind not in _EMBEDS:
        fields.drift("embed", kind)


def _interactions(
    mention_id: str, did: str, answered: str | None, quoted: str | None, record: dict[str, Any]
) -> Iterator[Interaction]:
    """Whom a post addresses, each person once."""
    addressed = {did}
    named = [("reply", _did_in(answered)), ("quote", _did_in(quoted))]
    named += [("mention", feature.get("did")) for _, _, feature in facets_of(record)]
    for kind, other in named:
        if isinstance(other, str) and other.startswith("did:") and other not in addressed:
            addressed.add(other)
            yield Interaction(mention_id, PREFIX + did, PREFIX + other, kind)  # type: ignore[arg-type]


# Values -----------------------------------------------------------------------------------------------


def _numbered(name: str, value: Any) -> list[tuple[str, Any]]:
    return [(f"{name}[{number}]", entry) for number, entry in enumerate(entries(value))]


def _kind_of(value: dict[str, Any]) -> str:
    """The last part of `$type`: `blockedPost` of `app.bsky.feed.defs#blockedPost`."""
    return str(value.get("$type")).rpartition("#")[2]


def _record_of(post: Any) -> dict[str, Any]:
    """What the author wrote; a quoted post has it as its value."""
    return mapping(mapping(post).get("record") or mapping(post).get("value"))


def _reply(post: Any) -> dict[str, Any]:
    return mapping(_record_of(post).get("reply"))


def _embedded_records(embed: Any) -> list[dict[str, Any]]:
    """What an embed quotes: under `record`, one deeper where it has media as well."""
    inside = part(embed, "record")
    return [inside, part(inside, "record")]


def _labels(subject: Any) -> set[str]:
    """Values of the labels on a post or an account; one that was taken back doesn't count."""
    labels = [mapping(label) for label in entries(mapping(subject).get("labels"))]
    return {str(label.get("val")) for label in labels if not label.get("neg")}


def _did_in(uri: str | None) -> str | None:
    match = POST_URI.fullmatch(uri or "")
    return match[1] if match else None


def _language(langs: Any) -> str | None:
    """The language that the author chose; None where there are several."""
    codes = {code.partition("-")[0].lower() for code in entries(langs) if isinstance(code, str)}
    return codes.pop() if len(codes) == 1 else None
