"""What the HTTP clients share: every answer in time, of a size and from the host that was asked; another server's
address; secrets kept out of sight.
"""

import codecs
import logging
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import guess_json_utf
from urllib3.util import Retry

from connectors.connections import POOLS, Bounds, NotPublicError, OverdueError, bounds
from connectors.contract import CredentialsError, Network, SchemaDrift, SourceError, SourceSettings

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0
"""Seconds without a connection, and without a byte of the answer, after which a request counts as failed."""
ANSWER_TIMEOUT = 120.0
"""Seconds in which an answer has to be there as a whole, connection and headers included."""
SLOW_ALTOGETHER = 600.0
"""Seconds that a session spends on answers that took `READ_TIMEOUT` or longer. Then it asks no more."""
LARGEST_ANSWER = 64 * 2**20
"""Bytes, unpacked; an answer that is larger is no page of posts."""
MOST_REDIRECTS = 5


def new_session(
    home: str = "",
    instead: str | None = None,
    retry: Retry | None = None,
    user_agent: str | None = None,
    *,
    public_only: bool = False,
) -> requests.Session:
    """A session whose every answer comes whole, in time and within bounds, from the host that was asked, or raises.

    What goes to the address `home` goes to `instead`, where given. Redirects are followed on the same host only; any
    other ends with `SentElsewhere`, as does what would go on unencrypted. All that is raised here is a `NotTaken`, and
    what requests raises by itself.

    `public_only` is for addresses that lead where strangers want, such as feeds: no connection is made to a private
    address (this machine, local networks, a cloud's metadata), whatever a name is resolved to, but for a host that can
    be meant in no other way: an address in numbers, `localhost`, a name without a dot. Leave it off where `api` is set.
    Behind a proxy of the environment it is the proxy that resolves names.
    """
    session = _Session()
    session.max_redirects = MOST_REDIRECTS
    # A server given in the config, such as the sandbox, is reached directly, whatever proxy the environment names.
    session.trust_env = instead is None
    # Where nothing is to sign requests, requests looks into the user's ~/.netrc, and what it finds there for a host
    # takes the place of our own Authorization.
    session.auth = lambda request: request
    if user_agent:
        session.headers["User-Agent"] = user_agent
    adapter = _Adapter(home, instead, retry, public_only=public_only)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session


class NotTaken(requests.RequestException):
    """An answer that is not taken, or not waited for any longer. To ask again at once would not help."""

    def meaning(self, title: str) -> SourceError:
        """What it means for the network of that title."""
        return SourceError(f"{title} {self}")


class TooSlow(NotTaken, requests.Timeout):
    """An answer that wasn't there in time, or one too many of these."""


class TooLarge(NotTaken):
    """An answer that is larger than any page of posts."""

    def meaning(self, title: str) -> SourceError:
        """What it means for the network of that title."""
        return SchemaDrift(f"{title} {self}")


class SentElsewhere(NotTaken):
    """A redirect to another host, or to where nothing is encrypted. Nothing but the host is told of it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"sends us on to another server, {excerpt(host)}; if it has moved there, write that address into the "
            "config, else see what stands in between, such as a login page of the network here."
        )
        self.host = host


class PrivateAddress(NotTaken):
    """A name of a host that leads to a private address."""


class _Session(requests.Session):
    """Goes on to the same host only."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """What requests asks of each step of a redirect just before it is taken. The credentials stay as they are;
        requests itself would put what it finds in ~/.netrc in their place.
        """
        here, there = urlsplit(str(response.url)), urlsplit(str(prepared_request.url))
        ports = {"http": 80, "https": 443}
        left, entered = ((each.scheme, each.port or ports.get(each.scheme)) for each in (here, there))
        if _name(here.hostname) != _name(there.hostname):
            raise SentElsewhere(_name(there.hostname))
        if entered != left and (left, entered) != (("http", 80), ("https", 443)):
            raise SentElsewhere(f"{there.scheme}://{_name(there.hostname)}:{entered[1]}")


class _Adapter(HTTPAdapter):
    """Neither praw (for its token) nor tweepy lets a caller set a timeout, and tweepy's host is fixed: hence here."""

    def __init__(self, home: str, instead: str | None, retry: Retry | None, *, public_only: bool) -> None:
        super().__init__(max_retries=retry or 0)
        self._home = home
        self._instead = instead and instead.rstrip("/")
        self._public_only = public_only
        self._patience = SLOW_ALTOGETHER

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):  # which is spoken by connections of its own
            manager.pool_classes_by_scheme = POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self._home and self._instead and request.url and request.url.startswith(self._home):
            request = request.copy()
            request.url = self._instead + str(request.url)[len(self._home) :]
        if self._patience <= 0:
            raise TooSlow(
                f"has kept us waiting for {SLOW_ALTOGETHER / 60:.0f} minutes in all; run this window again later."
            )
        kwargs["timeout"] = (CONNECT_TIMEOUT, READ_TIMEOUT)
        started = time.monotonic()
        before = bounds.set(Bounds(started + ANSWER_TIMEOUT, self._public_only))
        try:
            response: requests.Response = super().send(request, *args, **kwargs)
            _take_in(response)
        except OverdueError:
            raise TooSlow(
                f"had not answered in full after {ANSWER_TIMEOUT:.0f} seconds; run this window again later."
            ) from None
        except NotPublicError:
            raise PrivateAddress(
                "has a name that leads to a private address, where no stranger's address may lead; if you mean a "
                "server of your own, write its address in numbers into the config."
            ) from None
        finally:
            bounds.reset(before)
            took = time.monotonic() - started
            self._patience -= took if took >= READ_TIMEOUT else 0.0
        _retry_after_in_seconds(response)
        return response


def _name(host: str | None) -> str:
    return (host or "").lower().rstrip(".")


def _take_in(response: requests.Response) -> None:
    """Read the body, up to the largest that is accepted. That of a redirect is left alone, as nobody needs it."""
    body = bytearray()
    try:
        for block in () if response.is_redirect else response.iter_content(1 << 16):
            body += block
            if len(body) > LARGEST_ANSWER:
                raise TooLarge(f"answered more than {LARGEST_ANSWER >> 20} MB at once; that is no page of posts.")
    finally:
        response.close()
    response._content, response._content_consumed = bytes(body), True  # type: ignore[attr-defined]
    response.encoding = _charset(response.content, response.encoding)


def _charset(body: bytes, told: str | None) -> str:
    """The charset of a body, whatever it is told to be: JSON is UTF-8 (RFC 8259), and so is all that can be read so."""
    # by a byte order mark, or by the zeros of UTF-16 and UTF-32
    guessed: str = guess_json_utf(body[:4]) or "utf-8"  # type: ignore[no-untyped-call]
    if guessed != "utf-8" or body.lstrip()[:1] in (b"{", b"["):
        return guessed
    try:
        body.decode()
    except UnicodeDecodeError:
        return told if told and is_charset(told) else "utf-8"
    return "utf-8"


# Headers ----------------------------------------------------------------------------------------------


def _retry_after_in_seconds(response: requests.Response) -> None:
    """HTTP allows a date in Retry-After; praw reads only numbers and would trip over it."""
    value = response.headers.get("retry-after")
    if value is None:
        return
    try:
        float(value)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
            response.headers["retry-after"] = str(max(0, int(wait)))
        except (ValueError, OverflowError):
            del response.headers["retry-after"]


_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}


def is_charset(name: str) -> bool:
    """Whether text may be written in what a stranger calls its charset. Python also knows, by such names, ways to write
    text of which some refuse everything and some take for ever over a long text.
    """
    try:
        return codecs.lookup(name).name not in _NO_CHARSETS
    except (LookupError, ValueError):
        return False


# Credentials ------------------------------------------------------------------------------------------


def checked_credentials(network: Network, settings: SourceSettings, given: Mapping[str, str]) -> dict[str, str]:
    """The network's credentials without stray space, concealed from every log; optional ones only where given.

    `CredentialsError` names what is missing or can't be one.
    """
    found = {name: value for name in network.credentials if (value := given.get(name, "").strip())}
    missing = [variable(settings, name) for name in network.credentials if name not in found.keys() | network.optional]
    if missing:
        names = " and ".join(missing)
        raise CredentialsError(f"source {settings.id!r}: {network.title} needs credentials; set {names}.")
    # A header with a line break in it is refused further down with the whole value, secret and all, in the message.
    broken = [variable(settings, name) for name, value in found.items() if not re.fullmatch(r"[!-~]+", value)]
    if broken:
        raise CredentialsError(
            f"source {settings.id!r}: {' and '.join(broken)} holds a space, a line break or a character that no "
            "credential has; copy it again, without quotes."
        )
    conceal(*found.values())
    return found


def variable(settings: SourceSettings, credential: str) -> str:
    """Name of the environment variable that holds a credential of a source."""
    return f"EARSHOT_{settings.id}_{credential}".upper().replace("-", "_")


# Secrets in logs --------------------------------------------------------------------------------------

_SPEAKERS = (
    *("praw", "prawcore", "tweepy", "tweepy.client", "requests", "requests_oauthlib", "oauthlib"),
    *("urllib3", "urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry"),
    *("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "atproto_client", "mastodon"),
)
_SHORTEST_SECRET, _LONGEST_SECRET = 8, 10_000
_AUTHORIZATION = re.compile(r"\b(bearer|basic)\s+[^\s'\",}]+", re.IGNORECASE)


class _Concealment(logging.Filter):
    """Blots out secrets in what the clients log. tweepy's debug lines, whole headers and bodies, are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("tweepy") and record.levelno < logging.INFO:
            return False
        message = record.getMessage()
        clean = self.clean(message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True

    def clean(self, text: str) -> str:
        for secret in list(self.secrets):
            text = text.replace(secret, "[secret]")
        return _AUTHORIZATION.sub(r"\1 [secret]", text)


_concealment = _Concealment()


def conceal(*secrets: str) -> None:
    """From now on the clients' loggers, whatever their level, show `[secret]` in place of these."""
    # Nothing shorter is a secret, and a log without any "b" can't be read.
    long_enough = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
    _concealment.secrets.update(long_enough, (quote(secret, safe="") for secret in long_enough))  # as addresses have it
    for name in _SPEAKERS:
        # A filter acts only on the logger it sits on, not on the loggers below it. Adding it twice changes nothing.
        logging.getLogger(name).addFilter(_concealment)


def excerpt(said: object, length: int = 120) -> str:
    """The start of what a server said, on one line, safe to show: quoted, control characters escaped, secrets gone."""
    try:
        text = said if isinstance(said, str) else repr(said)
    except RecursionError:
        text = "something nested too deep to show"
    text = _concealment.clean(text[: length + _LONGEST_SECRET])
    return repr(text[:length]) + ("…" if len(text) > length else "")
