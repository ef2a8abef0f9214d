"""Mail archives: mailing lists as mbox files, such as Mailman, HyperKitty, Pipermail and Google Groups give them, and
Maildir folders.

Each archive is read from beginning to end, and the mails of the window are taken, with their whole text. A digest
becomes the posts that it holds, each with its own writer, time and id, as if they had come one by one; its table of
contents is no post. No author's address gets into a table: an account is the part before the @ and a hash.
"""

import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from connectors.contract import Listening, Network, Page, Query, Record, Shape, SourceError, SourceSettings, Window
from connectors.files import ConfigPath, found, one_each
from connectors.files.freshness import NewestMoment, Written, last_written, unless_held
from connectors.mail import digests
from connectors.mail import records as mail_records
from connectors.mail.archive import LONGEST_MAIL, RawMail, is_maildir, read_mails
from connectors.mail.headers import Headers, headers_of
from connectors.moments import YEARS

NETWORK = Network(
    name="mail",
    title="Mail archives",
    page_size=200,
    limits="none: memory holds 200 mails at a time, and the first 1 MB of each",
    reaches_back="as far as the archive does",
    source_url="https://www.rfc-editor.org/rfc/rfc4155",
    is_exhaustive=True,
    setup="""
1. Get the list's archive as an mbox file. Mailman 3 (HyperKitty) has *Download* above each month and list; Mailman 2
   (Pipermail) has *Gzip'd Text* beside each month; for Google Groups use Google Takeout. `.gz` and `.zst` need no
   unpacking. A Maildir folder that a subscribed mailbox is fetched into, with mbsync for instance, works as well.
2. Name it in the config: `path = "archives/garden-talk/*.mbox.gz"`. A new file that the pattern finds is read by the
   next run; a Maildir or an mbox file that grows is read again each time.
3. Archives without the list's own headers, as Pipermail's, don't say which list they are of: give `community`.
4. Ask the list before you listen to it, and tell its members: they wrote to each other.
""",
    cannot=(
        "The list itself: archives are read, no server is asked for mail.",
        "Deletions: a mail that is taken out of an archive stays here until it is forgotten by its author's account.",
        "Attachments, and of very long mails more than the first megabyte.",
        "Digests of which neither the parts nor the lines between them say where a post begins: they are set aside.",
        "Mails whose senders asked for no archive (X-No-Archive), and, unless spam = true, those marked as spam.",
        "Full privacy: an account shows the part before the @, and who guesses an address can find out that it is "
        "meant. Texts are kept as written, with the addresses that people quote or sign with; landing holds raw mails.",
    ),
    handle=Shape(r"\S+@[0-9a-f]{10}", "mira@0a59d16fb3"),
)
MOST_ON_A_PAGE = 8 * 2**20
"""Bytes of raw mail, after which a page ends early."""
REMEMBERED = 50_000
"""Mails of an archive that answers find the beginning of their thread by."""


class Settings(SourceSettings):
    """A `[[sources]]` entry of type mail."""

    type: Literal["mail"]
    path: ConfigPath = Field(
        description="mbox file, Maildir folder or pattern such as 'archives/*.mbox', relative to the config"
    )
    network: str = Field("mail", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="first part of every id")
    community: str | None = Field(None, description="address of the list, where the mails don't say it")
    spam: bool = Field(False, description="also take mails that a filter marked as spam")


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001
    """One query an archive that the pattern finds; of a plain folder, one for each file in it."""
    return one_each(_archives(settings))


def _archives(settings: Settings) -> list[str]:
    archives = []
    for path in found(settings.path):
        is_folder = Path(path).is_dir() and not is_maildir(Path(path))
        inside = sorted(str(file) for file in Path(path).iterdir() if file.is_file()) if is_folder else []
        archives += inside or [path]
    return archives


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
    newest_archive = max(filter(None, map(_last_written, _archives(settings))), key=_age, default=None)
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


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:
    """Mentions, authors and replies of the mails; one that can't be read is a `Misfit`."""
    network, community = (settings.network, settings.community) if settings else (NETWORK.name, None)
    return mail_records.records(page, network, community)


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
    content = mail_records.unescaped(whole.content) if whole.envelope is not None else whole.content
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
            mail_records.words_of(content) if moment in self._window else None,
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
