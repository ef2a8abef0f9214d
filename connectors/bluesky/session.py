"""An account's session on Bluesky: login, renewal and the account's own server, by atproto.

atproto asks over `HttpApi`, so that its requests have the same timeouts, patience and pace as all others. Only the
session is read by its models, which are strict: an answer with a value that they don't know would be refused whole, so
answers with posts stay as they came.

Kept apart from the connector as atproto takes half a second to import, which who has no account need not wait.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from atproto_client import Client, SessionEvent, models
from atproto_client.client.session import Session as Tokens
from atproto_client.request import RequestBase, Response
from atproto_core.exceptions import AtProtocolError

from connectors.bluesky.client import SEARCH, ExpiredToken
from connectors.contract import CredentialsError, SchemaDrift
from connectors.http_api import HttpApi
from connectors.transport import conceal, excerpt

_T = TypeVar("_T")
_WHAT_ATPROTO_RAISES = (AtProtocolError, ValueError, TypeError, AttributeError, LookupError)
_LIMIT_HEADERS = ("limit", "remaining", "reset", "policy")


class Session:
    """A session that begins when something is asked first. Tokens that run out are renewed, and where that can't be
    done any more, the account is logged in again.
    """

    def __init__(self, api: HttpApi, server: str, handle: str, app_password: str) -> None:
        self._api = api
        self._server = server
        self._handle = handle
        self._app_password = app_password
        self._client: Any = None
        api.session.hooks["response"].append(_without_limit_of_logins)

    def search(self, sought: Mapping[str, Any]) -> Any:
        """What `app.bsky.feed.searchPosts` answers, as it came."""
        client = self._client or self._log_in()
        try:
            return _answer(client, sought)
        except ExpiredToken:
            pass
        return _answer(self._renew(client), sought)

    def _log_in(self) -> Any:
        self._client = None
        client = Client(self._server, request=_Transport(self._api, self._server))
        client.on_session_change(_conceal_tokens)
        # The profile would be one more request, and nothing of it is needed.
        _read(lambda: client.login(self._handle, self._app_password, fetch_bsky_profile=False))
        self._client = client
        return client

    def _renew(self, client: Any) -> Any:
        """The client with new tokens. By itself atproto renews them before they run out, not when they are refused."""
        try:
            _read(client._refresh_and_set_session)
        except ExpiredToken:
            return self._log_in()
        return client


def _answer(client: Any, sought: Mapping[str, Any]) -> Any:
    params = models.AppBskyFeedSearchPosts.Params(**sought)
    return _read(lambda: client.invoke_query(SEARCH, params=params)).content


def _read(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except _WHAT_ATPROTO_RAISES as error:
        kind = type(error).__name__
    # Outside the except block, so that atproto's error, which may hold tokens, isn't carried along.
    raise SchemaDrift(f"atproto can't read how Bluesky answered the login ({kind}); its API may have changed.")


def _conceal_tokens(_: SessionEvent, tokens: Tokens) -> None:
    conceal(tokens.access_jwt, tokens.refresh_jwt)


def _without_limit_of_logins(answer: requests.Response, **_: Any) -> None:
    """Logins have a limit of their own, as few as ten a day. Used up, it must not keep us from searching all day."""
    if answer.ok and "/xrpc/com.atproto.server." in (answer.url or ""):
        for name in _LIMIT_HEADERS:
            answer.headers.pop(f"ratelimit-{name}", None)


class _Transport(RequestBase):  # type: ignore[misc]
    """Sends what atproto asks, first to the given server and then to the one that it names for the account."""

    def __init__(self, api: HttpApi, server: str) -> None:
        super().__init__()
        self._api = api
        self._server = server

    def get(self, url: str, params: Mapping[str, Any] | None = None, **sent: Any) -> Response:
        return self._send("GET", url, sent.get("headers"), params=params)

    def post(self, url: str, content: str | None = None, **sent: Any) -> Response:
        return self._send("POST", url, sent.get("headers"), data=content)

    def _send(self, method: str, url: str, headers: Mapping[str, str] | None, **sent: Any) -> Response:
        if not url.startswith(("https://", f"{self._server}/")):
            host = urlsplit(url).hostname or ""
            raise CredentialsError(
                f"Bluesky sends the account to {excerpt(host)}, where its token would not be encrypted."
            )
        # The User-Agent is the session's, which says who asks.
        named = {name: value for name, value in self.get_headers(headers).items() if name.lower() != "user-agent"}
        answer = self._api.ask(method, url, headers=named, **sent)
        return Response(True, answer.status_code, self._api.json_of(answer), dict(answer.headers))
