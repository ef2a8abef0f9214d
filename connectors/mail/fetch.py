"""Reads archives mail by mail: which are of the window, where each stands in its thread, and digests taken apart."""

import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from connectors.contract import Page, Query, SourceError, Window
from connectors.files.freshness import NewestMoment, Written, last_written, unless_held
from connectors.mail import NETWORK, Settings, archives, digests, is_maildir, parse
from connectors.mail.archive import LONGEST_MAIL, RawMail, read_mails
from connectors.mail.headers import Headers, headers_of
from connectors.moments import YEARS

MOST_ON_A_PAGE = 8 * 2**20
"""Bytes of raw mail, after which a page ends early."""
REMEMBERED = 50_000
"""Mails of an archive that answers find the beginning of their thread by."""


def connect(settings: Settings, credentials: Mapping[str, str]) -> None:
    """Nothing: archives need no client."""


def fetch(client: None, settings: Settings, query: Query, window: Window) -> Iterator[Page]:  # noqa: ARG001
    """Pages of up to 200 mails of the window, as they came. Mails without a readable time are passed on, too.

    `SourceError` where the archive is missing, of another kind, or cut off; `NotYet` where the newest that the pattern
    finds was written before the window's end.
    """
    written = _last_written(query.text)
    newest = NewestMoment(written.at if written else window.start)
    page = _Page(query.name)
    try:
        for mail in _mails(settings, query, window):
            if mail.moment:
                newest.see(mail.moment)
            page.see(mail, window)
            if page.is_full:
                yield page.closed()
                page = _Page(query.name)
    except SourceError:
        if page.mails:
            yield page.closed()
        raise
    if page.seen:
        yield page.closed()
    newest_archive = max(filter(None, map(_last_written, archives(settings))), key=_age, default=None)
    # archives of earlier months are what they are; and what ends after all moments that are read asks for all there is
    if written and newest_archive == written and window.end.year < YEARS[-1]:
        unless_held(written, newest.moment, window)


def _last_written(archive: str) -> Written | None:
    """When something was last written into an archive, of a Maildir into any of its folders."""
    path = Path(archive)
    places = [path]
    if is_maildir(path):
        places += [*path.iterdir(), *(path / "cur").iterdir(), *(path / "new").iterdir()]
    newest = last_written(places)
    return newest and newest._replace(path=path)


def _age(written: Written) -> tuple[datetime, Path]:
    return written.at, written.path


def sample(settings: Settings, query: Query, size: int) -> Page:
    """The first mails of an archive, as `earshot check` shows them."""
    page = _Page(query.name)
    always = Window(datetime.min, datetime.max)
    for mail in itertools.islice(_mails(settings, query, always), size):
        page.see(mail, always)
    return page.closed()


class _Mail(NamedTuple):
    """A mail of an archive, or a post of a digest in it."""

    raw: RawMail
    envelope: str | None
    moment: datetime | None
    thread: "_Thread"
    is_left_out: bool
    """Whether its sender wants it in no archive, or a filter took it for spam."""
    fault: str | None = None
    """Why it can't be read."""
    list_address: str | None = None
    """That of the digest that it came in."""
    is_post: bool = False
    """Whether it came in a digest."""


def _mails(settings: Settings, query: Query, window: Window) -> Iterator[_Mail]:
    """The mails of an archive in order, digests taken apart."""
    threads = _Threads()
    ids = _Ids(window)
    for whole in read_mails(Path(query.text)):
        outer = headers_of(whole.content)
        is_spam = outer.is_spam() and not settings.spam
        for number, (raw, fault) in enumerate(_posts(whole, outer)):
            headers = outer if raw is whole else headers_of(raw.content)
            envelope = None if raw.envelope is None else raw.envelope.decode("latin-1").strip()
            thread = threads.place(headers)
            moment = headers.moment(envelope)
            is_left_out = is_spam or outer.is_private() or headers.is_private()
            if not is_left_out and fault is None and moment is not None:
                fault = ids.fault(headers, raw.content, moment)
            if raw is whole:
                yield _Mail(raw, envelope, moment, thread, is_left_out, fault)
            else:
                post = raw._replace(place=f"{whole.place}, post {number + 1}")
                yield _Mail(post, envelope, moment, thread, is_left_out, fault, outer.list_address(), is_post=True)


def _posts(whole: RawMail, headers: Headers) -> Iterator[tuple[RawMail, str | None]]:
    """A mail as it is; in the place of a digest its posts, and of one that can't be taken apart the reason."""
    content = parse.unescaped(whole.content) if whole.envelope is not None else whole.content
    try:
        posts = digests.posts_of(content, headers)
    except digests.NotTakenApartError as reason:
        yield whole, str(reason)
        return
    if posts is None:
        yield whole, None
        return
    is_cut = len(whole.content) >= LONGEST_MAIL
    for post in posts[: len(posts) - is_cut]:
        yield RawMail(whole.place, None, post), None
    if is_cut:
        yield whole, "is a digest that is too long to be read to its end"


class _Thread(NamedTuple):
    root: str | None
    """Id of the mail that opened the thread, as far as the archive tells."""
    answers: str | None
    """Account of whoever is answered."""


class _Ids:
    """Tells another mail that bears an id from a copy of the one that had it first, as a second list brings it."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._known: OrderedDict[str, tuple[bytes, str | None]] = OrderedDict()
        """Hash of what came first, and hash of its words where it is of the window."""

    def fault(self, headers: Headers, content: bytes, moment: datetime) -> str | None:
        """What is wrong with the id of a mail."""
        own_id = headers.message_id()
        if own_id is None:
            return None
        found = (
            hashlib.sha256(content).digest(),
            parse.words_of(content) if moment in self._window else None,
        )
        first = self._known.setdefault(own_id, found)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        if found[0] == first[0] or found[1] == first[1]:
            return None
        return "its Message-ID is that of another mail of the archive, which says something else"


class _Threads:
    """What the last mails of an archive began and who wrote them: many answers name only the mail that they answer."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str | None, str | None]] = OrderedDict()

    def place(self, headers: Headers) -> _Thread:
        """Where a mail stands in its thread; from now on its own answers are known."""
        own_id, root, parent = headers.message_id(), headers.root(), headers.parent()
        held_root, answered = self._known.get(parent, (None, None)) if parent else (own_id, None)
        root = root or held_root
        if own_id:
            sender = headers.sender()
            self._known[own_id] = (root, sender.account if sender else None)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return _Thread(root if parent else None, answered)


class _Page:
    """What a page holds so far."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.mails: list[dict[str, Any]] = []
        self.size = self.seen = 0
        self.times: list[datetime] = []

    @property
    def is_full(self) -> bool:
        return len(self.mails) == NETWORK.page_size or self.size > MOST_ON_A_PAGE

    def see(self, mail: _Mail, window: Window) -> None:
        """Count a mail, and take it in as it came, every byte of it, if it is of the window."""
        self.seen += 1
        if mail.is_left_out or (mail.moment is not None and mail.moment not in window):
            return
        content = mail.raw.content
        try:
            text, encoding = content.decode(), None
        except UnicodeDecodeError:
            text, encoding = content.decode("latin-1"), "latin-1"
        told = {
            "place": mail.raw.place,
            "envelope": mail.envelope,
            "raw": text,
            "encoding": encoding,
            "list": mail.list_address,
            "fault": mail.fault,
            "is_post": mail.is_post or None,
            **mail.thread._asdict(),
        }
        self.mails.append({name: value for name, value in told.items() if value is not None})
        self.size += len(content)
        self.times += [mail.moment] if mail.moment and not mail.fault else []

    def closed(self) -> Page:
        first, last = min(self.times, default=None), max(self.times, default=None)
        return Page(self.endpoint, {"mails": self.mails}, len(self.times), self.seen, first, last)
