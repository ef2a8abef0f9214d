"""Digests of mailing lists, taken apart into the posts that they hold. Pure.

Two kinds are read: mails whose posts are parts of a `multipart/digest` (RFC 2046), and plain texts in which a line of
70 dashes ends the table of contents and lines of 30 part the posts (RFC 1153), as Mailman sends both.
"""

import re
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from typing import NamedTuple

from connectors.mail.headers import Headers, text_of

_END_OF_HEADER = re.compile(rb"(?:\A|\r?\n)\r?\n")
_REPLY = re.compile(r"^\s*(?:\[[^\]]{1,60}\]\s*)?(?:re|aw|wg|fwd?|sv|antw|tr|rif|odp)\s*(?:\[\d+\])?:", re.IGNORECASE)
_TITLE = re.compile(
    r"\bdigest,? vol(?:ume)?\.? ?\d+,? (?:issue|no\.?|#) ?\d+|\bdigest v\d+ ?#\d+|^digest for \S+ - \d+ ", re.IGNORECASE
)
_BELOW_CONTENTS = re.compile(r"^-{70}[ \t]*$", re.MULTILINE)
_BETWEEN = re.compile(r"\n\n-{30}[ \t]*\n(?=\n)")
_FOOTER = re.compile(r"\s*(?:End of |_{20}|Subject: Digest Footer)")
_FIELD = re.compile(r"[!-9;-~]+:[ \t]|[!-9;-~]+:$")
_OF_THE_DIGEST = {"content-type", "content-transfer-encoding", "mime-version", "message"}
"""Fields of a post in a plain digest that say how it was written before it got there."""


class NotTakenApartError(Exception):
    """A digest whose posts can't be told apart."""


def posts_of(content: bytes, headers: Headers) -> list[bytes] | None:
    """The posts of a digest as mails of their own; None for a mail that is no digest.

    `NotTakenApartError` where it is one, and its posts can't be found.
    """
    if headers.parent() or is_reply(headers.text("subject")):
        return None  # somebody's answer, below which the digest is quoted
    inside = _parts_of_digest(content, headers)
    if inside is None and _kind(headers)[0] == "text/plain":
        inside = _posts_in_text(content, headers)
    if not inside:
        if inside is not None or _TITLE.search(headers.text("subject") or ""):
            raise NotTakenApartError("is a digest whose posts can't be told apart")
        return None
    return inside


def is_reply(title: str | None) -> bool:
    """Whether a subject says that it answers or passes on another mail."""
    return bool(_REPLY.match(title or ""))


# As parts ---------------------------------------------------------------------------------------------


def _parts_of_digest(content: bytes, headers: Headers) -> list[bytes] | None:
    """The mails in a `multipart/digest`, which may stand among other parts; None where there is none."""
    kind, boundary = _kind(headers)
    if kind == "multipart/digest":
        posts = [_without_header(part) for part in _parts(content, boundary)]
        return [post for post in posts if post.strip()]
    if kind != "multipart/mixed":
        return None
    for part in _parts(content, boundary):
        inner = _headers(part)
        if _kind(inner)[0] == "multipart/digest":
            return _parts_of_digest(part, inner)
    return None


def _kind(headers: Headers) -> tuple[str, str]:
    """Content type and boundary."""
    message = Message()
    if told := headers.raw("content-type"):
        message["Content-Type"] = told
    return message.get_content_type(), message.get_boundary() or ""


def _parts(content: bytes, boundary: str) -> list[bytes]:
    """The parts of a multipart as they stand, each with its header."""
    if not boundary:
        return []
    line = re.compile(rb"^--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*\r?$\n?", re.MULTILINE)
    parts = []
    start = None
    for found in line.finditer(content):
        if start is not None:
            parts.append(re.sub(rb"\r?\n\Z", b"", content[start : found.start()]))
        start = found.end()
        if found[1]:
            return parts
    return parts + ([content[start:]] if start is not None else [])  # the end is missing


def _headers(part: bytes) -> Headers:
    end = _END_OF_HEADER.search(part)
    return Headers(BytesHeaderParser().parsebytes(part[: end.start()] if end else part))


def _without_header(part: bytes) -> bytes:
    """The mail within a part. Its own header may be missing, then the part begins with a blank line."""
    end = _END_OF_HEADER.search(part)
    return part[end.end() :] if end else b""


# As text ----------------------------------------------------------------------------------------------


def _posts_in_text(content: bytes, headers: Headers) -> list[bytes] | None:
    """The posts of a plain digest; None where the text isn't parted like one."""
    if (
        not re.search(rb"^-{70}[ \t]*\r?$", content, re.MULTILINE)
        and "base64" not in headers.raw("content-transfer-encoding").lower()
    ):
        return None
    payload = message_from_bytes(content).get_payload(decode=True)
    charset = re.search(r"charset=[\"']?([^\s\"';]+)", headers.raw("content-type"), re.IGNORECASE)
    text = (
        re.sub(r"\r\n?", "\n", text_of(payload, charset[1] if charset else None)) if isinstance(payload, bytes) else ""
    )
    contents = _BELOW_CONTENTS.search(text)
    if contents is None:
        return None
    posts: list[_Post] = []
    pieces = _BETWEEN.split(text[contents.end() :])
    while pieces and (not pieces[-1].strip() or _FOOTER.match(pieces[-1])):
        pieces.pop()
    for piece in pieces:
        post = _post(piece.strip("\n"))
        if post is not None:
            posts.append(post)
        elif posts:  # a line of dashes that somebody wrote
            posts[-1] = posts[-1]._replace(body=f"{posts[-1].body}\n\n{'-' * 30}\n{piece}")
        else:
            return None
    return [post.as_mail() for post in posts] or None


class _Post(NamedTuple):
    """A post of a plain digest."""

    fields: list[str]
    """Its header, a field with all its lines each."""
    body: str

    def as_mail(self) -> bytes:
        """A mail in UTF-8, which the text has become."""
        kept = [field for field in self.fields if _name_of(field) not in _OF_THE_DIGEST]
        lines = [*kept, "Content-Type: text/plain; charset=utf-8", "", self.body.strip("\n"), ""]
        return "\n".join(lines).encode("utf-8", "surrogateescape")


def _post(piece: str) -> _Post | None:
    """A post; None for a piece that has no header of one."""
    head, _, body = piece.partition("\n\n")
    fields: list[str] = []
    for line in head.split("\n"):
        if line.startswith((" ", "\t")) and fields:
            fields[-1] += f"\n{line}"
        elif _FIELD.match(line):
            fields.append(line)
        else:
            return None
    names = set(map(_name_of, fields))
    return _Post(fields, body) if "from" in names and names & {"date", "subject"} else None


def _name_of(field: str) -> str:
    return field.partition(":")[0].lower()
