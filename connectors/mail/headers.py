"""What the header of a mail says: when, by whom, in which thread, on which list. Headers are often broken; nothing here
raises.

The standard library's older, lenient reader is used: the newer one stumbles over headers that are not as they should
be.
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import NamedTuple

from connectors.contract import utc
from connectors.moments import UnreadableMoment, read_moment
from connectors.transport import is_charset

_NOT_ARCHIVED = {"x-no-archive": "yes", "archive": "no"}
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_ASCTIME = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*")
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_BRACKETED = re.compile(r"^([^<>]*)<([^<>\s]+)>")
_LIST_ID = re.compile(r"<([^<>\s]+)>|^\s*([\w.-]+\.[\w.-]+)\s*$")
_ASIDE = re.compile(r"\s+(?:via|über|par)\s+[^<>]*$")
_FOLDING = re.compile(r"\r?\n[ \t]*")
_LOCAL_PART = re.compile(r"[^\w.+-]")
_CHARSETS = {
    # what senders call these holds more than the standard of that name
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "shift_jis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "unicode-1-1-utf-7": "utf-7",
}
_STANDARD = re.compile(
    r"(?:[A-Z]{3},? *)?\d{1,2}[ -][A-Z]{3}[ -]\d{2,4} +\d{1,2}:\d\d(?::\d\d)? *"
    r"(?:[+-]\d{4}|UTC?|GMT|[ECMP][SD]T|[A-IK-Z])?(?: *\([^()]*\))*",
    re.IGNORECASE,
)
"""A moment as RFC 2822 has it, its older forms included. What it says of the weekday is often wrong, and left aside."""
_YEARS = range(1971, 2100)
"""1970 is where clocks begin that were never set."""
LONGEST_FIELD = 2**15
LONGEST_NAME = 200


class Person(NamedTuple):
    """Somebody with a mail address; `account` stands for the address, which it does not show."""

    account: str
    address: str
    name: str | None


class Headers:
    """The header of a mail, decoded."""

    def __init__(self, message: Message) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in message.raw_items():  # as they came: elsewhere, what is no ASCII is lost
            self._fields.setdefault(name.lower(), []).append(value)

    def __bool__(self) -> bool:
        return bool(self._fields)

    def all(self, name: str) -> list[str]:
        """The fields of a name as they stand, each on one line."""
        return [_one_line(value) for value in self._fields.get(name, ())]

    def raw(self, name: str) -> str:
        """The first field of a name as it stands, on one line; "" where there is none."""
        values = self._fields.get(name)
        return _one_line(values[0]) if values else ""

    def text(self, name: str) -> str | None:
        """The first field of a name, decoded, on one line; None where it says nothing."""
        return " ".join(decoded(self.raw(name)).split()) or None

    # When ---------------------------------------------------------------------------------------------

    def moment(self, envelope: str | None) -> datetime | None:
        """When it was sent, in UTC; else when it was delivered, as the list, a relay or the line above it says."""
        sent = _moment(self.raw("date"))
        if sent:
            return sent
        relays = [received.rpartition(";")[2] for received in self.all("received")]
        delivered = _ASCTIME.search(envelope or "")
        told = [self.raw("x-list-received-date"), self.raw("delivery-date"), *relays, delivered[0] if delivered else ""]
        return next(filter(None, map(_moment, told)), None)

    # Who ----------------------------------------------------------------------------------------------

    def sender(self) -> Person | None:
        """Who wrote it. Where a list put itself in the sender's place, whom it says that it stands for."""
        told = [people[0] for name in ("from", "sender") if (people := self.people(name))]
        if not told:
            return None
        sender = told[0]
        lists = {address.lower() for address in self.list_addresses()}
        if sender.address.lower() in lists or _ASIDE.search(sender.name or ""):
            for name in ("x-original-from", "reply-to"):
                meant = [person for person in self.people(name) if person.address.lower() not in lists]
                if meant:
                    return meant[0]._replace(name=meant[0].name or _without_aside(sender.name))
        return sender

    def people(self, name: str) -> list[Person]:
        """The people that a field names."""
        found = []
        for value in self.all(name):
            for shown, address in _addresses(value):
                address = address.strip("'\" ")
                if address:
                    name_told = " ".join(decoded(shown[:LONGEST_NAME]).split()).strip("'\" ")
                    found.append(Person(account(address), address, _name(name_told, address)))
        return found

    # Where --------------------------------------------------------------------------------------------

    def list_address(self) -> str | None:
        """The address that one writes to the list at; the list's id where only that is told."""
        addresses = self.list_addresses()
        if addresses:
            return addresses[0].lower()
        told = _LIST_ID.search(self.raw("list-id"))
        return (told[1] or told[2]).lower() if told else None

    def list_addresses(self) -> list[str]:
        """Addresses under which the list is known."""
        post = re.search(r"mailto:([^>?\s]+)", self.raw("list-post"))
        told = [post[1] if post else "", self.raw("x-beenthere"), self.raw("x-mailing-list").strip("<>")]
        return [address for address in told if _ADDRESS.fullmatch(address)]

    # Which --------------------------------------------------------------------------------------------

    def message_id(self) -> str | None:
        """Its id without brackets; None where it has none."""
        return next(_ids(self.raw("message-id")), None)

    def root(self) -> str | None:
        """The id of the mail that opened its thread, as far as it says."""
        return next(self._references(), None)

    def parent(self) -> str | None:
        """The id of the mail that it answers."""
        own_id = self.message_id()
        answered = (id_ for id_ in _ids(self.raw("in-reply-to")) if id_ != own_id)
        return next(answered, None) or next(reversed([*self._references()]), None)

    def _references(self) -> Iterator[str]:
        """The ids of the mails that it goes back to, the oldest first."""
        own_id = self.message_id()
        return (id_ for id_ in _ids(self.raw("references")) if id_ != own_id)

    def is_spam(self) -> bool:
        """Whether the receiving server's filter marked it as spam."""
        marks = (self.raw("x-spam-flag"), self.raw("x-spam-status"), self.raw("x-spam"))
        return any(mark.lower().startswith("yes") for mark in marks)

    def is_private(self) -> bool:
        """Whether its sender asked that it be in no archive."""
        return any(self.raw(name).lower() == value for name, value in _NOT_ARCHIVED.items())


def headers_of(content: bytes) -> Headers:
    """The header of a mail without reading its body."""
    end = re.search(rb"\r?\n\r?\n", content)
    return Headers(BytesHeaderParser().parsebytes(without_relay_line(content[: end.start()] if end else content)))


def without_relay_line(content: bytes) -> bytes:
    """The mail without `>From …`, which old relays put above the header and which would end it."""
    return re.sub(rb"\A(?:>?From .*\n)+", b"", content)


def account(address: str) -> str:
    """What stands for an address: the part before the @ and ten digits of a hash of the whole. Nobody can write to it.

    The same address gives the same account, whatever its case. Who guesses an address can find out that it is meant.
    """
    whole = address.strip().lower()
    local = _LOCAL_PART.sub("", whole.partition("@")[0])[:40] or "nobody"
    return f"{local}@{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:10]}"


def text_of(content: bytes, charset: str | None) -> str:
    """Bytes as text: as they say that they are, else as UTF-8, else as an old Windows text."""
    named = (charset or "").strip("\"' ").lower()
    named = _CHARSETS.get(named, named)
    named = named if named and is_charset(named) else ""
    for encoding in (named, "utf-8"):
        try:
            if encoding:
                return content.decode(encoding)
        except (LookupError, ValueError):
            continue
    return content.decode("cp1252", "replace")


def decoded(value: str) -> str:
    """A field's value with its encoded words read: `=?utf-8?q?caf=C3=A9?=` is `café`."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        return value
    told = "".join(
        part
        if isinstance(part, str)
        else text_of(part, charset)
        if charset
        else part.decode("raw-unicode-escape", "replace")
        for part, charset in parts
    )
    return told if told.strip() else value


def _one_line(value: str) -> str:
    told = value[:LONGEST_FIELD]
    if not told.isascii():
        told = text_of(told.encode("utf-8", "surrogateescape"), None)
    return _FOLDING.sub(" ", told).strip()


def _moment(told: str) -> datetime | None:
    told = " ".join(told.split())
    moment = None
    if _STANDARD.fullmatch(told):
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            moment = utc(parsedate_to_datetime(told))
    if moment is None:
        with contextlib.suppress(UnreadableMoment):
            moment = read_moment(told)
    return moment if moment and moment.year in _YEARS else None


def _addresses(value: str) -> list[tuple[str, str]]:
    """Names and addresses of a field; archives write `ann at garden.example` or `ann(a)garden.example` for the @."""
    if "@" not in value:
        value = re.sub(r"(?<=\S)(?: at |\(a\))(?=[\w.-]+)", "@", value, count=1)
    try:
        found = getaddresses([value])
    except (ValueError, LookupError, AttributeError, RecursionError):  # brackets in brackets, and other nonsense
        return []
    if not any(address for _, address in found) and (bracketed := _BRACKETED.search(value)):
        return [(bracketed[1].strip(), bracketed[2])]  # newer Pythons don't take `ann@a.example <ann@a.example>` apart
    return found


def _name(told: str, address: str) -> str | None:
    """A name; None for what only repeats the address, which is to be shown nowhere."""
    return None if not told or _ADDRESS.search(told) or told.lower() == address.lower() else told


def _without_aside(name: str | None) -> str | None:
    return _ASIDE.sub("", name).strip("'\" ") or None if name else None


def _ids(value: str) -> Iterator[str]:
    found = _MESSAGE_ID.findall(value)
    bare = value.strip().strip("<>")
    yield from found or ([bare] if bare and not re.search(r"[\s<>]", bare) else [])
