"""What the answers of Mastodon's API hold, as records. Pure: nothing here touches a network.

Posts (`statuses`) come as a list, one alone, in the answer of a search, as the context of another post, or inside
notifications. Ids count on the asked server only; a post's `uri` and an account's address are the same everywhere.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from connectors.contract import (
    Author,
    Deletion,
    Drift,
    Interaction,
    Mention,
    Metrics,
    Misfit,
    Page,
    Record,
    from_epoch,
    web_address,
)
from connectors.entries import UnreadableError, read_each
from connectors.markup import plain_text
from connectors.mastodon import Settings
from connectors.side_fields import SideFields
from connectors.values import asked, entries, iso_moment, mapping, part

_SHOWN_TO_ALL = ("public", "unlisted")
_NOT_SHOWN_TO_ALL = ("private", "direct")
_QUOTE_STATES = frozenset(
    (
        *("pending", "accepted", "rejected", "revoked", "deleted", "unauthorized"),
        *("blocked_account", "blocked_domain", "muted_account"),
    )
)
_QUOTE_IN_TEXT = '<p class="quote-inline">'
"""A quote's address, written for servers that don't show quotes."""
_NO_POSTS = frozenset(("error", "votes_count", "stats", "usage"))
"""Keys of a refusal, a poll by itself, and a server's description."""


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of a page. `settings.domain` stands behind the @ of the server's own
    accounts, and is the server's name where not given; without settings it is read from their addresses.
    """
    found = _placed(page.body)
    if found is None:
        yield Misfit("is not an answer of Mastodon's API: it holds no posts", "page", page.body)
        return
    server, domain = (settings.server, settings.domain) if settings else (None, None)
    reader = _Statuses(found, server, domain or server)
    placed_again = ((place, (status, place)) for place, status in found)
    yield from read_each(placed_again, lambda entry: reader.records_of(*entry), lambda entry: entry[0])
    known = asked(mapping(page.body))
    there = {_mention_id(status) for _, status in found}
    # A post without a readable uri may be any of those that seem to be missing.
    if known is not None and None not in there:
        yield from (Deletion(mention_id) for mention_id in known if mention_id not in there)


def statuses_of(body: Any) -> list[dict[str, Any]]:
    """The posts of an answer that can be told from one another."""
    return [status for _, status in _placed(body) or () if isinstance(status, dict) and local_id(status)]


def local_id(status: Any) -> str | None:
    """A post's id on the asked server."""
    found = status.get("id") if isinstance(status, dict) else None
    return found if isinstance(found, str) and found.isalnum() else None


def moment(status: dict[str, Any]) -> datetime | None:
    """When a post was written."""
    return iso_moment(status.get("created_at"))


def arrived_at(status: dict[str, Any]) -> datetime | None:
    """When a post came to the asked server, as its id tells; None where ids don't, as on servers of other software.

    Milliseconds since 1970 = id >> 16. A post comes later than it was written, by seconds as a rule.
    """
    number, written = local_id(status), moment(status)
    if written is None or number is None or not (number.isascii() and number.isdecimal()) or len(number) > 20:
        return None
    try:
        arrived = from_epoch((int(number) >> 16) / 1000)
    except ValueError:
        return None
    # The ids that others count up or make of a day of their own choice lie years away.
    return arrived if abs(arrived - written) < timedelta(days=60) else None


def id_at(when: datetime) -> str:
    """The smallest id that the server gives out at a moment."""
    return str((when - datetime(1970, 1, 1)) // timedelta(milliseconds=1) << 16)


def _placed(body: Any) -> list[tuple[str, Any]] | None:
    """Each post of an answer with its place in it; None for what isn't an answer with or without posts."""
    if isinstance(body, list):
        return [(f"[{number}]{place}", status) for number, entry in enumerate(body) for place, status in _inside(entry)]
    if not isinstance(body, dict):
        return None
    if "asked" in body:
        answer = body.get("answer")
        return [] if answer is None else _below("answer", _placed(answer))
    if isinstance(body.get("context"), dict):
        return [("status", body.get("status")), *(_below("context.", _placed(body["context"])) or ())]
    for keys in (("statuses",), ("ancestors", "descendants")):
        if all(isinstance(body.get(key), list) for key in keys):
            return [(f"{key}{place}", status) for key in keys for place, status in _placed(body[key]) or ()]
    if "content" in body:
        return [("post", body)]
    return [] if body.keys() & _NO_POSTS else None


def _inside(entry: Any) -> Iterator[tuple[str, Any]]:
    """An entry of a list: a post, or a notification with one or none."""
    if isinstance(entry, dict) and "type" in entry and "content" not in entry:
        if entry.get("status") is not None:
            yield ".status", entry["status"]
        return
    yield "", entry


def _below(place: str, found: list[tuple[str, Any]] | None) -> list[tuple[str, Any]] | None:
    return None if found is None else [(place + inner, status) for inner, status in found]


class _Statuses:
    """The posts of a page, which may refer to each other."""

    def __init__(self, found: list[tuple[str, Any]], server: str | None, domain: str | None) -> None:
        self.server = server
        self.domain = domain
        self.by_id: dict[str, dict[str, Any]] = {}
        self.people: dict[str, str] = {}
        """Id of an account on the asked server → id of the author."""
        self.told: set[tuple[str, str | None, str | None]] = set()
        """Id, title and text of each mention that has been told."""
        for _, status in found:
            for each in (status, mapping(mapping(status).get("reblog")), _quoted(mapping(status))):
                if isinstance(each, dict) and (number := local_id(each)):
                    self.by_id.setdefault(number, each)
                    for person in (each.get("account"), *entries(each.get("mentions"))):
                        self.know(person)

    def know(self, person: Any) -> None:
        number, author_id = mapping(person).get("id"), self.author_id(person)
        if isinstance(number, str) and author_id:
            self.people[number] = author_id

    def records_of(self, status: Any, place: str) -> Iterator[Record]:
        if not isinstance(status, dict):
            raise UnreadableError("is not a post")
        visibility = status.get("visibility")
        if visibility in _NOT_SHOWN_TO_ALL:
            return
        mention_id, created_at = _mention_id(status), moment(status)
        if mention_id is None:
            raise UnreadableError("has no uri, so it can't be told from other posts")
        if created_at is None:
            raise UnreadableError("has no created_at that can be read")
        if visibility not in _SHOWN_TO_ALL:
            # Who may see it isn't known, so it isn't kept.
            yield Drift("post.visibility", visibility)
            return
        reblog, quoted = status.get("reblog"), _quoted(status)
        kind, fields = _kind(status), SideFields("post")
        title = fields.words("spoiler_text", status.get("spoiler_text"))
        text = _text(reblog if kind == "repost" and isinstance(reblog, dict) else status, fields)
        # The same post stands on a page as often as it is boosted or quoted. With other words it is another version.
        if (mention_id, title, text) in self.told:
            return
        self.told.add((mention_id, title, text))
        for name, other in (("reblog", reblog), ("quote", quoted)):
            if isinstance(other, dict):
                there = f"{place}.{name}"
                yield from read_each([(there, other)], partial(self.records_of, place=there))
        author = self.author(status.get("account"), fields)
        author_id = author.author_id if author else None
        parent_id = {
            "repost": _mention_id(reblog),
            "comment": _mention_id(self.parent(status)),
            "quote": _mention_id(quoted),
        }.get(kind)
        mention = Mention(
            mention_id,
            "mastodon",
            author_id.rpartition("@")[2] if author_id else None,
            kind,  # type: ignore[arg-type]
            title,
            text,
            self.url(status, author, fields),
            author_id,
            parent_id,
            self.root_id(status),
            created_at,
            fields.read("edited_at", status.get("edited_at"), iso_moment),
            network_lang=fields.words("language", status.get("language")),
        )
        metrics = Metrics(
            mention_id,
            likes=fields.count("favourites_count", status.get("favourites_count")),
            replies=fields.count("replies_count", status.get("replies_count")),
            reposts=fields.count("reblogs_count", status.get("reblogs_count")),
            quotes=fields.count("quotes_count", status.get("quotes_count")),
        )
        _check_references(status, fields)
        yield from fields.drifts
        if author:
            yield author
        yield mention
        if kind != "repost":
            yield metrics
        if author_id:
            yield from self.interactions(mention_id, author_id, kind, status)

    def author(self, account: Any, post: SideFields) -> Author | None:
        """The account, as far as it can be read; what can't be is noted beside the post's own fields."""
        author_id = self.author_id(account)
        if author_id is None:
            post.drift("account", account)
            return None
        fields = SideFields("author")
        is_bot, hides = fields.flag("bot", account.get("bot")), part(account, "pleroma")
        # Servers of that kind tell 0 of who hides how many follow.
        is_hidden = hides.get("hide_followers_count") is True
        author = Author(
            author_id,
            "mastodon",
            account["acct"].strip().partition("@")[0] + "@" + author_id.rpartition("@")[2],
            fields.words("display_name", account.get("display_name")),
            None if is_hidden else fields.count("followers_count", account.get("followers_count")),
            fields.read("created_at", account.get("created_at"), iso_moment),
            is_bot,
        )
        post.drifts += fields.drifts
        return author

    def author_id(self, account: Any) -> str | None:
        """`fediverse:name@server`, as seen through Lemmy too; accounts of the asked server come without the server."""
        acct = _words(mapping(account).get("acct"))
        name, _, host = acct.lower().partition("@")
        host = host or self.domain or _host(account.get("url") if acct else None) or ""
        return f"fediverse:{name}@{host}" if name and host else None

    def parent(self, status: dict[str, Any]) -> dict[str, Any]:
        return self.by_id.get(_words(status.get("in_reply_to_id")), {})

    def root_id(self, status: dict[str, Any]) -> str | None:
        """Where the thread begins; None where the page doesn't hold it up to there."""
        passed: set[int] = set()
        while status.get("in_reply_to_id") is not None and id(status) not in passed:
            passed.add(id(status))
            status = self.parent(status)
        return _mention_id(status) if status.get("in_reply_to_id") is None else None

    def url(self, status: dict[str, Any], author: Author | None, fields: SideFields) -> str | None:
        """Where a person reads the post: on the asked server, whose id for it stands in the address."""
        acct, number = _words(part(status, "account").get("acct")), local_id(status)
        if self.server and author and number and arrived_at(status) and ("@" in acct or status.get("reblog")):
            return web_address(f"https://{self.server}/@{acct}/{number}")
        return fields.read("url", status.get("url"), web_address) or web_address(status.get("uri"))

    def interactions(self, mention_id: str, author_id: str, kind: str, status: dict[str, Any]) -> Iterator[Interaction]:
        """Whom a post addresses, each person once."""
        addressed = {author_id}
        others = {
            "reply": self.people.get(_words(status.get("in_reply_to_account_id"))),
            "quote": self.author_id((_quoted(status) or {}).get("account")),
            "repost": self.author_id(part(status, "reblog").get("account")),
        }
        for word, other in others.items():
            if other and other not in addressed:
                addressed.add(other)
                yield Interaction(mention_id, author_id, other, word)  # type: ignore[arg-type]
        for person in entries(status.get("mentions")) if kind != "repost" else ():
            other = self.author_id(person)
            if other and other not in addressed:
                addressed.add(other)
                yield Interaction(mention_id, author_id, other, "mention")


# Values -----------------------------------------------------------------------------------------------


def _kind(status: dict[str, Any]) -> str:
    if isinstance(status.get("reblog"), dict):
        return "repost"
    if status.get("in_reply_to_id") is not None:
        return "comment"
    return "quote" if isinstance(status.get("quote"), dict) else "post"


def _quoted(status: dict[str, Any]) -> dict[str, Any] | None:
    """The post that a post quotes, where the answer holds it; some servers give it without the state of the quote."""
    quote = part(status, "quote")
    quoted = quote if "content" in quote else quote.get("quoted_status")
    return quoted if isinstance(quoted, dict) else None


def _text(status: dict[str, Any], fields: SideFields) -> str | None:
    """All that was written: the post, the options of its poll, the descriptions of its pictures and films."""
    content = status.get("content")
    if not isinstance(content, str):
        fields.drift("content", content)
        return None
    before, inline, rest = content.partition(_QUOTE_IN_TEXT)
    if inline and isinstance(status.get("quote"), dict):
        content = before + rest.partition("</p>")[2]
    options = [_words(mapping(option).get("title")) for option in entries(part(status, "poll").get("options"))]
    described = [_words(mapping(media).get("description")) for media in entries(status.get("media_attachments"))]
    parts = [plain_text(content), "\n".join(f"- {option}" for option in options if option), *described]
    return "\n\n".join(part for part in parts if part)


def _check_references(status: dict[str, Any], fields: SideFields) -> None:
    """Note what of a post refers to other things and can't be read."""
    for name, kind in (("in_reply_to_id", str), ("poll", dict), ("media_attachments", list), ("mentions", list)):
        if not isinstance(status.get(name), kind | None):
            fields.drift(name, status[name])
    quote = status.get("quote")
    if isinstance(quote, dict) and "content" not in quote and quote.get("state") not in _QUOTE_STATES:
        fields.drift("quote.state", quote.get("state"))


def _mention_id(status: Any) -> str | None:
    uri = _words(mapping(status).get("uri"))
    return f"fediverse:{uri}" if re.fullmatch(r"[^\s\x00-\x1f\x7f]+", uri) else None


def _host(address: Any) -> str | None:
    try:
        return urlsplit(address).hostname if isinstance(address, str) else None
    except ValueError:
        return None


def _words(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
