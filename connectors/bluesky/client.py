"""Bluesky's API over HTTP: searches with an account, if there is one, and reads all else logged out."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import requests

from connectors.contract import CredentialsError, SourceError
from connectors.http_api import HttpApi, NotThere, Refused, object_in
from connectors.transport import excerpt

if TYPE_CHECKING:
    from connectors.bluesky.session import Session

PUBLIC = "https://public.api.bsky.app"
LOGGED_IN = "https://bsky.social"

SEARCH = "app.bsky.feed.searchPosts"
AUTHOR_FEED = "app.bsky.feed.getAuthorFeed"
THREAD = "app.bsky.feed.getPostThread"
POSTS = "app.bsky.feed.getPosts"
PROFILES = "app.bsky.actor.getProfiles"


class ExpiredToken(CredentialsError):
    """The token of the session has run out, was taken back, or can't be read any more."""


class Client(HttpApi):
    """Asks Bluesky, or the server at `instead`."""

    def __init__(self, session: requests.Session, pace_seconds: float, instead: str | None) -> None:
        super().__init__("Bluesky", session, pace_seconds, _meaning, is_own=is_own)
        self.threads_read: set[str] = set()
        """Posts whose threads this run has asked for."""
        self.threads_show: set[str] = set()
        """Posts that stand in them."""
        self.account: Session | None = None
        self._instead = instead

    def log_in_as(self, handle: str, app_password: str, server: str) -> None:
        """Search as this account from now on. Nothing is sent yet."""
        from connectors.bluesky.session import Session  # takes half a second, which who has no account need not wait

        self.account = Session(self, server, handle, app_password)

    def get(self, method: str, params: Mapping[str, Any]) -> Any:
        """What a method answers to anybody."""
        return self.get_json(f"{self._instead or PUBLIC}/xrpc/{method}", params)

    def search(self, params: Mapping[str, Any]) -> Any:
        """A page of a search, as it came."""
        return self.account.search(params) if self.account else self.get(SEARCH, params)


def is_own(refusal: requests.Response) -> bool:
    """Whether Bluesky refuses: with the name of an error, and a search by who isn't logged in with a page at times.

    A 404 is also what a server says that does not know the method, and then in words of its own.
    """
    name, _ = _said(refusal)
    if refusal.status_code in (404, 410):
        return _is_not_found(refusal)
    return bool(name) or (refusal.status_code == 403 and f"/xrpc/{SEARCH}" in (refusal.url or ""))


def _meaning(answer: requests.Response) -> SourceError | None:
    """What a refusal means: Bluesky says most with status 400 and the name of an error."""
    name, message = _said(answer)
    said = excerpt(message or name, 200)
    if name in ("ExpiredToken", "InvalidToken"):
        return ExpiredToken(f"Bluesky doesn't take the session's token ({name}: {said}); run this window again.")
    if answer.status_code == 401:
        return CredentialsError(
            f"Bluesky refused the login ({name}: {said}); check the handle, or make a new app password."
        )
    if _is_not_found(answer):
        return NotThere(f"Bluesky has nothing there: {said}.")
    if name and answer.status_code == 400:
        return Refused(f"Bluesky refused the request ({name}) with {said}.", 400)
    return None


def _is_not_found(refusal: requests.Response) -> bool:
    name, message = _said(refusal)
    return name == "NotFound" or (name == "InvalidRequest" and bool(re.match(r"\w+ not found", message)))


def _said(refusal: requests.Response) -> tuple[str, str]:
    """The name of the error and the message of a refusal; no name where it isn't Bluesky's API that refuses."""
    name, message = (str(object_in(refusal).get(key) or "") for key in ("error", "message"))
    return name if re.fullmatch(r"\w{1,50}", name) else "", message
