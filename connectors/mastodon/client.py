"""A Mastodon server's API over HTTP: where things lie, what its pages hold, and what its refusals mean."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from connectors.contract import CredentialsError, SourceError
from connectors.http_api import HttpApi, NotThere, Refused, object_in
from connectors.pages import unexpected
from connectors.transport import excerpt


class Client(HttpApi):
    """Asks one server at its address. `token_name` is the variable that holds the token, to be named in errors."""

    def __init__(
        self,
        server: str,
        address: str,
        session: requests.Session,
        pace_seconds: float,
        token: str | None,
        token_name: str,
    ) -> None:
        meaning = _meaning(server, token_name, has_token=token is not None)
        super().__init__(server, session, pace_seconds, meaning, is_own=is_own)
        self.address = address
        self.has_token = token is not None
        self.has_lookup_of_many = True
        """Since Mastodon 4.3; whether this server has it is seen when it is asked."""
        self.threads_read: set[str] = set()
        """Posts whose threads this run has read."""
        if token:
            session.auth = _bearer(token)

    def listing(self, path: str, params: Mapping[str, Any]) -> tuple[list[Any], str | None]:
        """A page of a timeline, and the id below which the next one begins."""
        answer = self.ask("GET", f"{self.address}/api/v1/{path}", params=params)
        body = self.json_of(answer)
        if not isinstance(body, list):
            raise unexpected(self.title, body, "a list of posts")
        # Only the id is taken from the link: the token must not follow an address to somewhere else.
        try:
            following = parse_qs(urlsplit(answer.links.get("next", {}).get("url", "")).query).get("max_id")
        except ValueError:
            raise unexpected(self.title, answer.headers.get("link"), "a link to the next page") from None
        return body, following[0] if following else None

    def found(self, sought: Mapping[str, Any]) -> dict[str, Any]:
        """A page of a search."""
        return self._with(("statuses",), self.get_json(f"{self.address}/api/v2/search", sought))

    def context(self, status_id: str) -> dict[str, Any]:
        """What stands above and below a post."""
        answer = self.get_json(f"{self.address}/api/v1/statuses/{status_id}/context")
        return self._with(("ancestors", "descendants"), answer)

    def lookup(self, status_id: str) -> Any:
        """A post as it is now; None where it is gone."""
        try:
            return self.get_json(f"{self.address}/api/v1/statuses/{status_id}")
        except NotThere:
            return None

    def lookup_of_many(self, ids: Sequence[str]) -> list[Any] | None:
        """Those of up to 20 posts that are still there; None where the server can't say for several at once."""
        if not self.has_lookup_of_many:
            return None
        try:
            body = self.get_json(f"{self.address}/api/v1/statuses", {"id[]": list(ids)})
        except (NotThere, Refused):
            self.has_lookup_of_many = False
            return None
        if not isinstance(body, list):
            raise unexpected(self.title, body, "a list of posts")
        return body

    def _with(self, lists: tuple[str, ...], body: Any) -> dict[str, Any]:
        if not isinstance(body, dict) or not all(isinstance(body.get(name), list) for name in lists):
            raise unexpected(self.title, body, f"a list of {' and '.join(lists)}")
        return body


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _meaning(server: str, token_name: str, *, has_token: bool) -> Callable[[requests.Response], SourceError | None]:
    """What a server's refusals mean, by whether we have a token."""

    def meaning(answer: requests.Response) -> SourceError | None:
        code, said = answer.status_code, str(object_in(answer).get("error") or "")
        wants_login = code == 401 or (code in (403, 422) and "authenticated user" in said)
        if wants_login and not has_token:
            return CredentialsError(
                f"{server} shows this only to people who are logged in ({code}: {excerpt(said)}); set {token_name}."
            )
        if code == 403 and "scope" in said:
            return CredentialsError(
                f"the token may not do this on {server} (403: {excerpt(said)}); make one with the "
                "scopes read:statuses and read:search."
            )
        return None

    return meaning


_GONE = re.compile(r"not found|\bgone\b|no such|can't find|(?:does not|doesn't) exist", re.IGNORECASE)


def is_own(refusal: requests.Response) -> bool:
    """Whether a server refuses: with an error in words and, other than web servers, with nothing beside it, in
    whichever words the software says that something is not there.
    """
    body = object_in(refusal)
    said = body.get("error")
    if not isinstance(said, str):
        return False
    is_alone = body.keys() <= {"error", "error_description"}
    return refusal.status_code not in (404, 410) or (is_alone and bool(_GONE.search(said)))
