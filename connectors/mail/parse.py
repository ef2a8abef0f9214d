"""What a mail says, as records. Pure: nothing here opens a file."""

import hashlib
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from functools import partial
from typing import Any

from connectors.contract import Author, Interaction, Mention, Misfit, Page, Record
from connectors.entries import UnreadableError, read_each
from connectors.mail import NETWORK, Settings
from connectors.mail.digests import is_reply
from connectors.mail.headers import Headers, text_of, without_relay_line
from connectors.markup import plain_text
from connectors.side_fields import SideFields
from connectors.values import mapping

_ESCAPED_FROM = b">From "
_WEB_ADDRESS = re.compile(r"<?(https?://[^\s<>]+)>?")
_WRITTEN = ("text/plain", "text/html", "text/markdown")
"""What people write in. A patch or a calendar entry is an attachment, wherever it stands."""
_BELOW_TEXT = re.compile(r"(?:[-_*=~+]\s?){2,}(?:next part[ -]*)?$")
"""A line that begins a signature, a list's footer or what a list put in the place of an attachment."""
_BREAK = re.compile(r"\r\n|\r")


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors and replies of the mails; one that can't be read is a `Misfit`."""
    mails = mapping(page.body).get("mails")
    if not isinstance(mails, list):
        yield Misfit("is not a page of mails", "page", page.body)
        return
    network, community = (settings.network, settings.community) if settings else (NETWORK.name, None)
    places = (
        f"{page.endpoint}, {mail.get('place')}" if isinstance(mail, dict) else f"mails[{position}]"
        for position, mail in enumerate(mails)
    )
    yield from read_each(zip(places, mails, strict=True), partial(_records_of, network=network, community=community))


def mail_id(headers: Headers, content: bytes) -> str:
    """Its Message-ID; for a mail without one, an id that the same mail gets again."""
    said = headers.message_id()
    if said:
        return said
    lasting = [headers.raw(name) for name in ("from", "date", "subject")]
    body = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[-1].strip()
    return hashlib.sha256("\0".join(lasting).encode("utf-8", "replace") + b"\0" + body).hexdigest()[:20]


def _records_of(mail: Any, network: str, community: str | None) -> Iterator[Record]:
    if not isinstance(mail, dict) or not isinstance(mail.get("raw"), str):
        raise UnreadableError("is not a mail of a page")
    if isinstance(mail.get("fault"), str):
        raise UnreadableError(mail["fault"])
    content = without_relay_line(mail["raw"].encode(mail.get("encoding") or "utf-8"))
    envelope = mail.get("envelope")
    if envelope is not None:
        content = unescaped(content)
    message = message_from_bytes(content)
    headers = Headers(message)
    if not headers:
        raise UnreadableError("has no header, so that it is no mail")
    created_at = headers.moment(envelope)
    if created_at is None:
        raise UnreadableError("the time can't be read, nor when it was delivered")
    title, text = headers.text("subject"), text_in(message)
    if not title and not text:
        raise UnreadableError("has neither subject nor text")
    side = SideFields("mail")
    sender = headers.sender()
    if sender is None and headers.raw("from"):
        side.drift("from", headers.raw("from"))
    own_id = mail_id(headers, content)
    parent = headers.parent()
    root = headers.root() or _told(mail, "root") or (None if parent or _may_answer(mail, title) else own_id)
    mention_id = f"{network}:{own_id}"
    author_id = f"{network}:{sender.account}" if sender else None
    link = _WEB_ADDRESS.fullmatch(headers.raw("archived-at"))
    if link is None and headers.raw("archived-at"):
        side.drift("archived-at", headers.raw("archived-at"))
    yield Mention(
        mention_id,
        network,
        headers.list_address() or _told(mail, "list") or community,
        "message",
        title,
        text or None,
        link[1] if link else None,
        author_id,
        f"{network}:{parent}" if parent else None,
        f"{network}:{root}" if root else None,
        created_at,
        network_lang=_language(headers.raw("content-language"), side),
    )
    yield from side.drifts
    if sender and author_id:
        is_automatic = headers.raw("auto-submitted").lower().startswith("auto-generated")
        yield Author(author_id, network, sender.account, sender.name, is_bot=True if is_automatic else None)
        answered = _told(mail, "answers")
        if answered and answered != sender.account:
            yield Interaction(mention_id, author_id, f"{network}:{answered}", "reply")


def _told(mail: dict[str, Any], name: str) -> str | None:
    """What the archive told of a mail beside it."""
    value = mail.get(name)
    return value if isinstance(value, str) and value else None


def _may_answer(mail: dict[str, Any], title: str | None) -> bool:
    """Whether a mail without a parent may have one: digests leave out what a post answers."""
    return mail.get("is_post") is True and is_reply(title)


def unescaped(content: bytes) -> bytes:
    """The mail as it was before the archive wrote `>From` for each "From" at the start of a line.

    Between quoted lines it stays, being more likely a quote.
    """
    if _ESCAPED_FROM not in content:
        return content
    lines = content.split(b"\n")
    for number, line in enumerate(lines):
        if line.startswith(_ESCAPED_FROM):
            beside = [lines[near] for near in (number - 1, number + 1) if 0 <= near < len(lines)]
            if not any(near.startswith(b">") and not near.startswith(_ESCAPED_FROM) for near in beside):
                lines[number] = line[1:]
    return b"\n".join(lines)


# Text -------------------------------------------------------------------------------------------------


def text_in(message: Message) -> str:
    """All that is written in a mail, quotes and signature included, without attachments; "" where there is nothing.

    Of several forms of the same text the plain one. Quoted lines begin with `>`.
    """
    _, text = _text_of_part(message)
    lines = (line.rstrip() for line in text.replace("\xa0", " ").split("\n"))
    return "\n".join(lines).strip()


def words_of(content: bytes) -> str:
    """A hash of what a mail says without what lists put below it, the same for all its copies."""
    lines = text_in(message_from_bytes(without_relay_line(content))).split("\n")
    end = next((number for number, line in enumerate(lines) if _BELOW_TEXT.match(line)), len(lines))
    return hashlib.sha256(" ".join(" ".join(lines[:end]).split()).encode("utf-8", "replace")).hexdigest()


def _text_of_part(part: Message) -> tuple[bool, str]:
    """Whether a part is plain text, and its text."""
    if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
        inside = [_text_of_part(inner) for inner in part.get_payload() if isinstance(inner, Message)]
        written = [told for told in inside if told[1].strip()]
        if part.get_content_subtype() == "alternative":
            return next((told for told in written if told[0]), written[-1] if written else (True, ""))
        return any(is_plain for is_plain, _ in written), "\n\n".join(text.strip("\n") for _, text in written)
    kind = "text/plain" if part.get_content_maintype() == "multipart" else part.get_content_type()  # broken parts
    if kind not in _WRITTEN or part.get_content_disposition() == "attachment" or part.get_filename():
        return True, ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return True, ""
    charset = part.get_param("charset")
    text = _BREAK.sub("\n", text_of(payload, charset if isinstance(charset, str) else part.get_content_charset()))
    if kind == "text/html":
        return False, plain_text(text)
    if str(part.get_param("format")).lower() == "flowed":
        text = _joined(text, is_space_dropped=str(part.get_param("delsp")).lower() == "yes")
    return True, text


def _joined(text: str, *, is_space_dropped: bool) -> str:
    """Text of `format=flowed` as its writer saw it: lines that end with a space go on in the next (RFC 3676)."""
    written: list[list[str]] = []
    flowing: str | None = None  # the quotes before a line that goes on
    for line in text.split("\n"):
        content = line.lstrip(">")
        quotes = line[: len(line) - len(content)]
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        if flowing != quotes or is_signature:
            written.append([f"{quotes} " if quotes else ""])
        goes_on = content.endswith(" ") and not is_signature
        written[-1].append(content[:-1] if goes_on and is_space_dropped else content)
        flowing = quotes if goes_on else None
    return "\n".join("".join(pieces) for pieces in written)


def _language(told: str, side: SideFields) -> str | None:
    """The first language of `Content-Language: nl, en`."""
    code = re.match(r"([a-z]{2,3})(?=[-_,\s]|$)", told.strip().lower())
    if code is None and told.strip():
        side.drift("content-language", told)
    return code[1] if code and code[1] not in ("und", "zxx", "mul") else None
