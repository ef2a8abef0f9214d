"""What the HTTP clients share: a timeout on every request, another server's address, secrets kept out of sight."""

import codecs
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from connectors.contract import CredentialsError, Network, SourceSettings

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0
"""Seconds without a connection, and without a byte of the answer, after which a request counts as failed."""


def new_session(
    home: str = "", instead: str | None = None, retry: Retry | None = None, user_agent: str | None = None
) -> requests.Session:
    """A session whose every request has a timeout. What goes to the address `home` goes to `instead`, where given."""
    session = requests.Session()
    # A server given in the config, such as the sandbox, is reached directly, whatever proxy the environment names.
    session.trust_env = instead is None
    # Where nothing is to sign requests, requests looks into the user's ~/.netrc, and what it finds there for a host
    # takes the place of our own Authorization.
    session.auth = lambda request: request
    if user_agent:
        session.headers["User-Agent"] = user_agent
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(home, instead, retry))
    return session


class _Adapter(HTTPAdapter):
    """Neither praw (for its token) nor tweepy lets a caller set a timeout, and tweepy's host is fixed: hence here."""

    def __init__(self, home: str, instead: str | None, retry: Retry | None) -> None:
        super().__init__(max_retries=retry or 0)
        self._home = home
        self._instead = instead and instead.rstrip("/")
        self._timeout = (CONNECT_TIMEOUT, READ_TIMEOUT)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if self._home and self._instead and request.url and request.url.startswith(self._home):
            request = request.copy()
            request.url = self._instead + str(request.url)[len(self._home) :]
        kwargs["timeout"] = self._timeout
        response: requests.Response = super().send(request, *args, **kwargs)
        _retry_after_in_seconds(response)
        if response.is_redirect:
            # requests would read the whole of it before it goes on, however large; nobody needs it
            response.close()
            response._content, response._content_consumed = b"", True  # type: ignore[attr-defined]
        return response


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
_SHORTEST_SECRET = 8
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
    text = said if isinstance(said, str) else repr(said)
    text = _concealment.clean(text)
    return repr(text[:length]) + ("…" if len(text) > length else "")
