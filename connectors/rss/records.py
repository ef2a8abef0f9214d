"""What feeds hold, as records. Pure: feedparser reads the bytes that came and asks nobody.

The identity of an entry is its guid, else its link. One that is an address, `tag:` or `urn:` is the same wherever it
turns up, `rss:https://blog.example/1`; any other holds only within its feed, `rss:blog.example/feed.xml:1`.
"""

import base64
import binascii
import calendar
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser

from connectors.contract import Author, Mention, Metrics, Misfit, Page, Record, from_epoch, web_address
from connectors.markup import plain_text, unescaped
from connectors.transport import is_charset

KEPT_HEADERS = ("content-type", "content-language")
"""What an answer's headers say about its body."""
_TAIL = 4000
_CLOSING = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_LONGEST_ID = 500
_LONGEST_NAME = 200
_GLOBAL = re.compile(r"(https?://|tag:|urn:)\S+", re.IGNORECASE)
_HTML = {"text/html", "application/xhtml+xml"}
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:#\d+|#x[0-9a-f]+|\w+);", re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)
_MAIL_AND_NAME = re.compile(r"([^\s@()<>]{1,100})@[^\s()<>@]{1,200}(?: \((.*)\))?")
_NAME_AND_MAIL = re.compile(r"(.*?) ?[(<][^\s@()<>]{1,100}@[^\s()<>@]{1,200}[)>]")
_ENDLESS_NUMBER = re.compile(rb"#[0-9]{1000,}+")
_SAYS_WIDE = re.compile(rb"""(<\?xml[^>]{0,100}?)\s+encoding\s*=\s*["']?utf-?(?:16|32)[^"'?>]*["']?""", re.IGNORECASE)
_DECLARED = re.compile(rb"""\sencoding\s*=\s*["']([^"'>]{0,100})["']""")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\"';\s]*)", re.IGNORECASE)
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}


class _UnreadableError(Exception):
    """Why an entry is set aside."""


def body_of(url: str, name: str | None, raw: bytes, headers: Mapping[str, str], came_from: str) -> dict[str, Any]:
    """A feed as it came, for a file of JSON: as text where it is UTF-8, which gives the same bytes again, else in
    base64.
    """
    kept = {header: headers[header] for header in KEPT_HEADERS if header in headers}
    told = {"url": url, "name": name, "came_from": came_from, "headers": kept}
    try:
        return {**told, "text": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {**told, "base64": base64.b64encode(raw).decode("ascii")}


def records(page: Page) -> Iterator[Record]:
    """Mentions, authors and numbers of a feed. What can't be read is a `Misfit`."""
    feed = Feed(page.body)
    if not feed.is_feed:
        yield Misfit("is no feed", "page", page.body)
        return
    known: set[str] = set()
    for number, entry in enumerate(feed.entries):
        place = f"entries[{number}]"
        try:
            for record in feed.records_of(entry):
                if isinstance(record, Author):
                    if record.author_id in known:
                        continue
                    known.add(record.author_id)
                yield record
        except _UnreadableError as reason:
            yield Misfit(str(reason), place, _shown(entry))
        except Exception as error:  # a shape that nobody thought of costs this entry, not its feed
            yield Misfit(f"can't be read ({type(error).__name__}: {error})", place, _shown(entry))


class Feed:
    """A feed as feedparser reads it: RSS 0.9 to 2.0, RDF, Atom; broken XML as far as it goes."""

    def __init__(self, body: Any) -> None:
        self.body = body
        told = body if isinstance(body, dict) else {}
        raw = _raw(body)
        raw = _ENDLESS_NUMBER.sub(b"#65533", raw)  # feedparser stumbles over it, with all that stands beside it
        if raw.startswith(b"<?xml"):  # so it is written in single bytes, whatever it says
            raw = _DECLARED.sub(_if_charset, _SAYS_WIDE.sub(rb"\1", raw[:300], count=1), count=1) + raw[300:]
        self.url = _web_address(told.get("url"), "") or ""
        self._name = _line(told.get("name"))
        headers = told.get("headers")
        given = headers.items() if isinstance(headers, dict) else ()
        known = {name: _if_charset_in(value) for name, value in given if isinstance(value, str)}
        if isinstance(body, str):
            known = {"content-type": "application/xml; charset=utf-8"}  # text has no other encoding any more
        try:
            # Never a string: feedparser would fetch it, or open the file of that name.
            self._found = feedparser.parse(io.BytesIO(raw), response_headers=known) if raw else {}
        except Exception:  # what feedparser stumbles over is no feed
            self._found = {}
        self._ending = raw[-_TAIL:]
        self.entries: list[Any] = self._found.get("entries") or []
        self._feed: Any = self._found.get("feed") or {}
        self._shared = Counter(_line(entry.get("id")) for entry in self.entries)
        self.base = (
            _web_address(told.get("came_from"), "") or self.url or _web_address(self._feed.get("link"), "") or ""
        )

        answered = {self._guid(entry): _answered(entry) for entry in self.entries}
        self._above = {guid: above for guid, above in answered.items() if guid and above}
        """Comment → what it answers."""

    @property
    def is_feed(self) -> bool:
        """Whether it is a feed at all, be it an empty one."""
        return bool(self._found.get("version") or self.entries)

    @property
    def is_cut_off(self) -> bool:
        """Whether the end is missing: what feedparser made of the rest is not all."""
        return bool(self._found.get("bozo")) and not _CLOSING.search(self._ending.replace(b"\0", b""))

    @property
    def community(self) -> str | None:
        """What the place is called: as in the config, else as the feed calls itself."""
        return self._name or _line(_plain(self._feed.get("title_detail"))) or self._address() or None

    @property
    def next_page(self) -> str | None:
        """Address of the page with older entries, where the feed has one (RFC 5005)."""
        for rel in ("next", "prev-archive"):
            for link in self._feed.get("links") or ():
                if link.get("rel") == rel:
                    return _web_address(link.get("href"), self.base)
        return None

    @property
    def hours_between(self) -> float:
        """How seldom the feed wants to be asked: `ttl`, or `sy:updatePeriod` by `sy:updateFrequency`; 0 = unsaid."""
        ttl = _number(self._feed.get("ttl")) / 60
        period = _PERIODS.get(str(self._feed.get("sy_updateperiod")).strip().lower(), 0)
        return max(ttl, period / max(1, _number(self._feed.get("sy_updatefrequency"))))

    def moments(self) -> list[datetime]:
        """When its entries were written, of those that say so."""
        return [at for entry in self.entries if (at := _written(entry))]

    def records_of(self, entry: Any) -> Iterator[Record]:
        """An entry as a mention, with its author and the number of comments."""
        created_at = _written(entry)
        link = self._link(entry)
        guid = self._guid(entry)
        if guid is None:
            raise _UnreadableError("has neither guid nor link, by which it could be known again")
        if created_at is None:
            raise _UnreadableError("has no date that can be read")
        changed_at = _moment(entry, "updated_parsed")
        author = self._author(entry)
        if author:
            yield author
        above = _answered(entry)
        parent = self._mention_id(above) if above else None
        mention = Mention(
            self._mention_id(guid),
            "rss",
            self.community,
            "comment" if parent else "post",
            _line(_plain(entry.get("title_detail"))),
            _text(entry),
            link,
            author.author_id if author else None,
            parent,
            self._mention_id(self._root(guid)),
            created_at,
            changed_at if changed_at and changed_at > created_at else None,
            network_lang=self._language(entry),
        )
        yield mention
        told = [_count(entry.get(name)) for name in ("slash_comments", "thr_total")]
        replies = next((count for count in told if count is not None), None)
        if replies is not None:
            yield Metrics(mention.mention_id, replies=replies)

    def _guid(self, entry: Any) -> str | None:
        """What an entry is known by. A guid that several entries share tells nobody apart; their links may."""
        guid, link = _line(entry.get("id")), self._link(entry)
        return (link or guid) if guid is None or self._shared[guid] > 1 else guid

    def _root(self, guid: str) -> str:
        """What the talk is about that an entry belongs to, as far up as the feed shows."""
        seen = {guid}
        while (above := self._above.get(guid)) and above not in seen:
            guid = above
            seen.add(guid)
        return guid

    def _mention_id(self, guid: str) -> str:
        name = guid if _GLOBAL.fullmatch(guid) else f"{self._address()}:{guid}"
        return f"rss:{name if len(name) <= _LONGEST_ID else hashlib.sha256(name.encode()).hexdigest()}"

    def _address(self) -> str:
        """The feed's address as the config has it, without `https://`: what never changes about it."""
        parts = urlsplit(self.url or self.base)
        return parts.netloc + parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")

    def _link(self, entry: Any) -> str | None:
        """Where an entry can be read; a podcast without a page of its own has only its recording."""
        places = [entry.get("link"), *(each.get("href") for each in entry.get("enclosures") or ())]
        return next((found for place in places if (found := _web_address(place, self.base))), None)

    def _author(self, entry: Any) -> Author | None:
        """Who wrote it. Names hold within a site. In Atom the feed's author stands for every entry without one."""
        name = _name(entry.get("author"))
        if name is None and str(self._found.get("version")).startswith("atom"):
            name = _name(self._feed.get("author"))
        if name is None:
            return None
        site = urlsplit(self.url or self.base).netloc or "feed"
        return Author(f"rss:{site}:{name.casefold()}", "rss", name, name)

    def _language(self, entry: Any) -> str | None:
        details = [*(entry.get("content") or ()), entry.get("summary_detail"), entry.get("title_detail")]
        told = [*(each.get("language") for each in details if _is_object(each)), self._feed.get("language")]
        match = next((match for each in told if (match := _LANGUAGE.fullmatch(str(each or "").strip()))), None)
        return match[1].lower() if match else None


# Values -----------------------------------------------------------------------------------------------


def _raw(body: Any) -> bytes:
    """The bytes of a page's body."""
    if isinstance(body, dict):
        if isinstance(body.get("base64"), str):
            try:
                return base64.b64decode(body["base64"])
            except (binascii.Error, ValueError):
                return b""
        body = body.get("text")
    return body.encode("utf-8", "replace") if isinstance(body, str) else b""


def _if_charset(declared: re.Match[bytes]) -> bytes:
    """What an XML declaration says of the charset; nothing where that is none."""
    return declared[0] if is_charset(declared[1].decode("latin-1")) else b""


def _if_charset_in(header: str) -> str:
    """A header without a charset that is none."""
    found = _CHARSET.search(header)
    return header if found is None or is_charset(found[1]) else header[: found.start()]


def _written(entry: Any) -> datetime | None:
    """When an entry was published, or else changed."""
    return next(
        (at for key in ("published_parsed", "created_parsed", "updated_parsed") if (at := _moment(entry, key))), None
    )


def _moment(entry: Any, key: str) -> datetime | None:
    # feedparser would give the one time for the other, with a warning
    told = dict.get(entry, key) if isinstance(entry, dict) else None
    try:
        return from_epoch(calendar.timegm(told)) if told else None
    except (TypeError, ValueError, OverflowError):
        return None


def _answered(entry: Any) -> str | None:
    """What a comment answers (RFC 4685)."""
    above = entry.get("thr_in-reply-to")
    return (_line(above.get("ref")) or _line(above.get("href"))) if _is_object(above) else None


def _text(entry: Any) -> str | None:
    """The whole text where the feed has it, else the summary."""
    told = [_plain(each) for each in entry.get("content") or ()]
    return max(filter(None, told), key=len, default=None) or _plain(entry.get("summary_detail"))


def _plain(detail: Any) -> str | None:
    """A text as a reader would see it. RSS doesn't say what is HTML, so markup is taken for what it looks like."""
    if not _is_object(detail) or not isinstance(detail.get("value"), str):
        return None
    value: str = detail["value"]
    if detail.get("type") in _HTML:
        return plain_text(value).strip() or None
    return (unescaped(value) if _MARKUP.search(value) else value).replace("\r\n", "\n").strip() or None


def _line(value: Any) -> str | None:
    """A text on one line, without what can't be seen."""
    if not isinstance(value, str):
        return None
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value).split()) or None


def _name(told: Any) -> str | None:
    """What somebody is called, without the address by which mail reaches them: `mail@host (Name)`, `Name (mail@host)`.

    Of an address alone only what stands before the @. feedparser's own reading of these cuts endings such as `.email`.
    """
    name = _line(told) or ""
    if match := _MAIL_AND_NAME.fullmatch(name):
        name = match[2] or match[1]
    elif match := _NAME_AND_MAIL.fullmatch(name):
        name = match[1]
    return name.strip()[:_LONGEST_NAME] or None


def _web_address(value: Any, base: str) -> str | None:
    """An address of the web, whole; None for a script and all else that is none."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        address = urljoin(base, value.strip())
        parts = urlsplit(address)
    except ValueError:
        return None
    return web_address(address) if parts.netloc else None


def _count(value: Any) -> int | None:
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


def _number(value: Any) -> float:
    return float(_count(value) or 0)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _shown(entry: Any) -> Any:
    """An entry for the quarantine, as plain JSON."""
    if isinstance(entry, dict):
        return {str(key): _shown(value) for key, value in dict.items(entry)}
    if isinstance(entry, list | tuple):
        return [_shown(value) for value in entry]
    return entry if isinstance(entry, str | int | float | bool) or entry is None else str(entry)
