"""What feeds hold, as records. Pure: feedparser reads the bytes that came and asks nobody.

The identity of an entry is its guid, else its link, else a hash of what it says: its title, text and moment. One that
is an address, `tag:` or `urn:` is the same wherever it turns up, `rss:https://blog.example/1`; any other holds only
within its feed, `rss:blog.example/feed.xml:1`. A guid or link names an entry only if it is its own: not a word that
stands for nothing, such as N/A, not the address of the site or feed, and not that of another entry as well.
"""

import base64
import binascii
import functools
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import feedparser

from connectors.contract import Author, Drift, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.entries import UnreadableError, placed, read_each
from connectors.markup import plain_text, unescaped
from connectors.moments import MISSING, Order, UnreadableMoment, order_of, read_moment
from connectors.rss import Settings
from connectors.rss.identity import Candidate, held_names, identities
from connectors.rss.listing import Shown
from connectors.side_fields import SideFields
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
_FIRST_YEAR = 1990
"""Before that nobody could write a feed; what says so had no date at hand."""
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE)
_MAIL_AND_NAME = re.compile(r"([^\s@()<>]{1,100})@[^\s()<>@]{1,200}(?: \((.*)\))?")
_NAME_AND_MAIL = re.compile(r"(.*?) ?[(<][^\s@()<>]{1,100}@[^\s()<>@]{1,200}[)>]")
_ENDLESS_NUMBER = re.compile(rb"#[0-9]{1000,}+")
_SAYS_WIDE = re.compile(rb"""(<\?xml[^>]{0,100}?)\s+encoding\s*=\s*["']?utf-?(?:16|32)[^"'?>]*["']?""", re.IGNORECASE)
_DECLARED = re.compile(rb"""\sencoding\s*=\s*["']([^"'>]{0,100})["']""")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\"';\s]*)", re.IGNORECASE)
_MOMENTS = ("published", "created", "updated")
"""Fields that may say when an entry was written, the likeliest first."""
_NO_LANGUAGE = {"und", "zxx", "mul", "mis"}
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_OF_THE_FEED = {"entry.language"}
"""What is wrong with these is as a rule wrong with the feed, not with each entry."""
_PINNED = {"pinned", "sticky"}
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}


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


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors and numbers of comments in a feed. What can't be read is a `Misfit`."""
    feed = Feed(page.body)
    if not feed.is_feed:
        yield Misfit("is no feed", "page", page.body)
        return
    numbers = placed("entries", range(len(feed.entries)))
    told: set[str] = set()
    for record in read_each(numbers, feed.records_of, lambda number: _shown(feed.entries[number])):
        if isinstance(record, Drift) and record.field in _OF_THE_FEED:
            once = f"{record.field} {record.found!r}"
            if once in told:
                continue
            told.add(once)
        yield record


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
        site = _web_address(self._feed.get("link"), "") or ""
        self.base = _web_address(told.get("came_from"), "") or self.url or site
        self._times = _times_of(self.entries)
        self._candidates = [
            self._candidate(entry, times) for entry, times in zip(self.entries, self._times, strict=True)
        ]
        held = told.get("held")
        self.held: dict[str, str | None] = dict(held) if isinstance(held, dict) else {}
        """Names that were found to be shared, and the mark of the entry that had it alone before."""
        places = {address.rstrip("/") for address in (self.url, self.base, site) if address}
        self._names, self._shared = identities(self._candidates, places, self.held)
        self._repeats, self._clashes = self._same_again()
        answered = {name: _answered(entry) for name, entry in zip(self._names, self.entries, strict=True)}
        self._above = {name: above for name, above in answered.items() if name and above}
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

    def shown(self) -> list[Shown]:
        """Its entries, each once and in its order, as far as they have a moment."""
        return [
            Shown(name or str(number), times.created_at, times.changed_at or times.created_at, _is_pinned(entry))
            for number, (name, times, entry) in enumerate(zip(self._names, self._times, self.entries, strict=True))
            if times.created_at is not None and number not in self._repeats
        ]

    def held_since(self, before: "Feed | None") -> dict[str, str | None]:
        """What is to be remembered of names that its entries share, in the light of the last visit."""
        earlier = list(zip(before._names, before._candidates, strict=True)) if before else []
        return held_names(self._shared, earlier, before.held if before else {})

    def is_told_elsewhere(self, number: int) -> bool:
        """Whether an entry stands there once more, in the same words or in newer ones."""
        return number in self._repeats

    def records_of(self, number: int) -> Iterator[Record]:
        """An entry as a mention, with its author and the number of comments."""
        if self.is_told_elsewhere(number):
            return
        entry, name, times = self.entries[number], self._names[number], self._times[number]
        if name is None:
            raise UnreadableError("has no guid, link or words of its own, by which it could be known again")
        if times.created_at is None:
            raise UnreadableError(times.reason)
        if number in self._clashes:
            raise UnreadableError("has the id of another entry beside it that says something else")
        side = SideFields("entry")
        for field, found in times.unread:
            side.drift(field, found)
        link = self._link(entry, side)
        author = self._author(entry, side)
        if author:
            yield author
        above = _answered(entry)
        parent = self._mention_id(above) if above else None
        mention = Mention(
            self._mention_id(name),
            "rss",
            self.community,
            "comment" if parent else "post",
            _line(_plain(entry.get("title_detail"))),
            _text(entry),
            link,
            author.author_id if author else None,
            parent,
            self._mention_id(self._root(name)),
            times.created_at,
            times.edited_at,
            network_lang=self._language(entry, side),
        )
        yield mention
        told = [
            side.count("comments", _number_told(entry.get(field)))
            for field in ("slash_comments", "thr_total")
            if entry.get(field)
        ]
        replies = next((count for count in told if count is not None), None)
        if replies is not None:
            yield Metrics(mention.mention_id, replies=replies)
        yield from side.drifts

    def _candidate(self, entry: Any, times: "_Times") -> Candidate:
        return Candidate(
            _line(entry.get("id")),
            self._link(entry),
            times.created_at.isoformat() if times.created_at else times.told,
            times.changed_at.isoformat() if times.changed_at else "",
            functools.cache(lambda: (_line(_plain(entry.get("title_detail"))), _text(entry))),
        )

    def _same_again(self) -> tuple[set[int], set[int]]:
        """Entries that another of the same name tells as well or in a newer version, and those that only share its
        name.
        """
        repeats: set[int] = set()
        clashes: set[int] = set()
        standing: dict[str, int] = {}
        for number, name in enumerate(self._names):
            if name is None:
                continue
            first = standing.setdefault(name, number)
            if first == number:
                continue
            if not self._candidates[first].is_same(self._candidates[number]):
                clashes.add(number)
            elif self._candidates[number].changed > self._candidates[first].changed:
                repeats.add(first)
                standing[name] = number
            else:
                repeats.add(number)
        return repeats, clashes

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

    def _link(self, entry: Any, side: SideFields | None = None) -> str | None:
        """Where an entry can be read; a podcast without a page of its own has only its recording."""
        told = entry.get("link")
        if told == entry.get("id") and not _GLOBAL.fullmatch(str(told)):
            told = None  # feedparser takes a guid for the link where there is none
        elif told and side and _web_address(told, self.base) is None and told != entry.get("id"):
            side.drift("link", told)
        places = [told, *(each.get("href") for each in entry.get("enclosures") or ())]
        return next((found for place in places if (found := _web_address(place, self.base))), None)

    def _author(self, entry: Any, side: SideFields) -> Author | None:
        """Who wrote it. Names hold within a site. In Atom the feed's author stands for every entry without one."""
        name = _name(told := entry.get("author"))
        if name is None and _says_something(told):
            side.drift("author", told)
        if name is None and str(self._found.get("version")).startswith("atom"):
            name = _name(self._feed.get("author"))
        if name is None:
            return None
        site = urlsplit(self.url or self.base).netloc or "feed"
        return Author(f"rss:{site}:{name.casefold()}", "rss", name, name)

    def _language(self, entry: Any, side: SideFields) -> str | None:
        details = [*(entry.get("content") or ()), entry.get("summary_detail"), entry.get("title_detail")]
        told = [*(each.get("language") for each in details if _is_object(each)), self._feed.get("language")]
        for language in filter(_says_something, told):
            match = _LANGUAGE.fullmatch(str(language).strip())
            if match:
                code = match[1].lower()
                return None if code in _NO_LANGUAGE else code
            side.drift("language", language)
        return None


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


class _Times(NamedTuple):
    """When an entry was written and changed."""

    created_at: datetime | None
    changed_at: datetime | None
    told: str
    """The first of its moments as it stands; "" where it has none."""
    reason: str
    """Why it has no moment."""
    unread: tuple[tuple[str, str], ...] = ()
    """Fields that hold a moment that can't be read."""

    @property
    def edited_at(self) -> datetime | None:
        """When it was changed, if that was later than it was written; one of both may leave out parts of a second."""
        if self.created_at is None or self.changed_at is None:
            return None
        return self.changed_at if self.changed_at - self.created_at >= timedelta(seconds=1) else None


def _times_of(entries: list[Any]) -> list[_Times]:
    """When each entry was published, or else changed. Day and month are told apart by the feed as a whole."""
    told = [{name: value for name in _MOMENTS if (value := _line(dict.get(each, name)))} for each in entries]
    order = order_of(value for each in told for value in each.values())
    return [_times(each, order) for each in told]


def _times(told: Mapping[str, str], order: Order | None) -> _Times:
    read: dict[str, datetime] = {}
    reasons = []
    for name, value in told.items():
        try:
            read[name] = _moment(value, order)
        except UnreadableMoment as error:
            reasons.append(str(error).partition(";")[0])  # what is to be set, feeds have no setting for
    created_at = next((read[name] for name in _MOMENTS if name in read), None)
    unread = tuple((name, value) for name, value in told.items() if name not in read)
    return _Times(created_at, read.get("updated"), next(iter(told.values()), ""), [*reasons, MISSING][0], unread)


def _moment(value: str, order: Order | None) -> datetime:
    at = read_moment(value, order=order)
    if at.year < _FIRST_YEAR:
        raise UnreadableMoment(f"the time is before {_FIRST_YEAR}, as where none was known")
    return at


def _is_pinned(entry: Any) -> bool:
    """Whether it says that it is kept at the top, whatever its age."""
    return any(str(tag.get("term")).strip().casefold() in _PINNED for tag in entry.get("tags") or ())


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


def _number_told(value: Any) -> Any:
    """A number that stands as text; anything else as it is."""
    text = str(value).strip()
    return float(text) if _NUMBER.fullmatch(text) else value


def _number(value: Any) -> float:
    told = _number_told(value)
    return max(0.0, told) if isinstance(told, float) else 0.0


def _says_something(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _shown(entry: Any) -> Any:
    """An entry for the quarantine, as plain JSON."""
    if isinstance(entry, dict):
        return {str(key): _shown(value) for key, value in dict.items(entry)}
    if isinstance(entry, list | tuple):
        return [_shown(value) for value in entry]
    return entry if isinstance(entry, str | int | float | bool) or entry is None else str(entry)
