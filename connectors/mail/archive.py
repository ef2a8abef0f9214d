"""Messages out of mail archives, one after the other: mbox files, plain or packed, Maildir folders, single messages.

Nothing is indexed and no archive is held in memory, whatever its size.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from connectors.contract import SourceError
from connectors.files.packed_files import HEAD, opened, other_kind, unpacked
from connectors.mail import is_maildir

LONGEST_MAIL = 2**20
"""Bytes that are kept of one mail. What people write stands first and is far shorter; longer are attachments."""
LONGEST_LINE = 2**16
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
"""How the line below a separator begins: with the name of a header field, or another separator of old mail relays."""
_SEPARATOR = re.compile(rb"From (?=.*\d:\d\d)(?=.*\d{4})|From -? *\r?\n")
"""Sender and time. A sentence that begins with "From" rarely has both, nor a header field on the line below."""
_DRAFT_OR_TRASH = set("DT")


class RawMail(NamedTuple):
    """One message as it lay in the archive."""

    place: str
    """Line of the archive where it begins, or name of its file."""
    envelope: bytes | None
    """The line above it in an mbox file: who delivered it and when. None in other archives."""
    content: bytes
    """Header and body, up to 1 MB."""


def read_mails(path: Path) -> Iterator[RawMail]:
    """All messages of an archive in order. `SourceError` where it is missing, damaged or no mail archive."""
    if is_maildir(path):
        yield from _maildir(path)
        return
    with opened(path) as file:
        head = file.read(HEAD)
        file.seek(0)
        stream, head = unpacked(file, head)
        lines = iter(partial(stream.readline, LONGEST_LINE), b"")
        first = head.lstrip()
        if first.startswith(b"From "):
            yield from _mbox(lines)
        elif _FIELD.match(first):
            mail = _Mail("line 1", None)
            for line in lines:
                mail.add(line)
            yield mail.raw()
        elif first:
            raise SourceError(
                f"{path.name} is {other_kind(head) or 'no mail archive'}. Expected an mbox file, whose first line "
                "begins with 'From ', a Maildir folder, or a single message."
            )


def _maildir(path: Path) -> Iterator[RawMail]:
    """The files of a Maildir in the order of their names, without those marked as trashed or as drafts."""
    files = [file for part in ("cur", "new") for file in (path / part).iterdir() if not file.name.startswith(".")]
    for file in sorted(files, key=lambda file: file.name):
        if not _DRAFT_OR_TRASH & set(file.name.partition(":2,")[2]):
            with opened(file) as content:
                yield RawMail(f"{file.parent.name}/{file.name}", None, content.read(LONGEST_MAIL))


def _mbox(lines: Iterator[bytes]) -> Iterator[RawMail]:
    """The messages between separators; text before the first one comes as a message without envelope."""
    mail = _Mail("line 1", None)
    separator = b""
    number = 1
    was_blank = True
    for line in lines:
        if separator and _FIELD.match(line):
            if mail.envelope is not None or mail.has_text:
                yield mail.raw()
            mail = _Mail(f"line {number - 1}", separator)
        elif separator:
            mail.add(separator)
        separator = b""
        if was_blank and line.startswith(b"From ") and _SEPARATOR.match(line):
            separator = line
        else:
            mail.add(line)
        was_blank = line in (b"\n", b"\r\n")
        number += line.endswith(b"\n")
    mail.add(separator)
    if mail.envelope is not None or mail.has_text:
        yield mail.raw()


class _Mail:
    """A message while it is read, cut where it gets too long."""

    def __init__(self, place: str, envelope: bytes | None) -> None:
        self.place = place
        self.envelope = envelope
        self.lines: list[bytes] = []
        self.room = LONGEST_MAIL

    def add(self, line: bytes) -> None:
        if self.room > 0:
            self.lines.append(line[: self.room])
            self.room -= len(line)

    @property
    def has_text(self) -> bool:
        return any(map(bytes.strip, self.lines))

    def raw(self) -> RawMail:
        return RawMail(self.place, self.envelope, b"".join(self.lines))
