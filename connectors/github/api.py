"""GitHub's API as a client: lists page by page, GraphQL, and what its refusals mean."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError
from connectors.http_api import HttpApi, NotThere, Refused, object_in, wait_asked_for
from connectors.transport import excerpt

PAGE_SIZE = 100
SEARCH_CAP = 1000
"""Results that a search shows at most."""
_MINUTE = timedelta(minutes=1)
_FORGETS_AFTER = timedelta(minutes=10)


class GitHubApi(HttpApi):
    """Asks GitHub, or the GitHub Enterprise Server at `home`."""

    def __init__(self, home: str, session: requests.Session, pace_seconds: float, *, has_token: bool) -> None:
        super().__init__("GitHub", session, pace_seconds, self._sense, is_own=is_own)
        self.home = home
        self.has_token = has_token
        self._slowed_at = datetime.min
        self._slowed_for = _MINUTE

    def one(self, path: str) -> dict[str, Any]:
        """What a GET of a single thing answers."""
        answer = self.get_json(f"{self.home}/{path}")
        if not isinstance(answer, dict):
            raise drifted(path, answer, "an object")
        return answer

    def pages(
        self, path: str, params: Mapping[str, Any], there: int | None = None, *, looks_on: bool = True
    ) -> Iterator[Any]:
        """The answers to a GET, page after page to the last, as the Link header leads. `there` is how many things the
        list holds, where that is known.

        GitHub sends no Link where all fits on one page, and a server before it may lose them all: where there is none,
        the next page is looked for by its number, unless all that is there has been seen, or `looks_on` says not to.
        """
        url, sent = f"{self.home}/{path}", {"per_page": PAGE_SIZE, **params}
        asked, seen = set(), _Seen(there)
        while url not in asked:
            asked.add(url)
            answer = self.ask("GET", url, params=sent)
            body = self.json_of(answer)
            items = _items(body)
            if not items and seen.was_looked_for:
                return
            yield body
            following, is_new = answer.links.get("next", {}).get("url"), seen.add(body, items)
            if not items:
                return
            if following is None:
                if answer.links or not looks_on or seen.is_all:
                    return
                if not is_new:
                    break
                seen.was_looked_for = True
                following = f"{self.home}/{path}?{urlencode({'per_page': PAGE_SIZE, **params, 'page': seen.pages + 1})}"
            if not _is_same_server(following, self.home):
                raise SchemaDrift(f"{path}: GitHub's next page lies on another server, {excerpt(_host(following))}.")
            url, sent = following, {}
        raise SchemaDrift(f"{path}: GitHub's pages go round in circles.")

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """An answer of GraphQL with its `data`; `NotThere` where what was asked for is null."""
        url = self.home.removesuffix("/v3") + "/graphql"  # an Enterprise Server has /api/v3 and /api/graphql
        answer = self.ask("POST", url, json={"query": query, "variables": variables})
        body = self.json_of(answer)
        if not isinstance(body, dict) or not isinstance(body.get("data") or {}, dict):
            raise drifted("graphql", body, "an answer of GraphQL")
        data, errors = body.get("data") or {}, [error for error in body.get("errors") or () if isinstance(error, dict)]
        if any(value is not None for name, value in data.items() if name != "rateLimit"):
            return body
        kinds = {error.get("type") for error in errors}
        said = excerpt("; ".join(str(error.get("message")) for error in errors) or body, 300)
        if kinds & {"RATE_LIMITED", "RATE_LIMIT"}:
            raise self._used_up(answer)
        if "NOT_FOUND" in kinds:
            raise NotThere(f"GitHub has nothing there: {said}")
        if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            raise CredentialsError(f"GitHub does not let this token see that: {said}; give it read access.")
        if errors:
            raise SourceError(f"GitHub could not answer: {said}; run this window again later.")
        raise drifted("graphql", body, "an answer of GraphQL")

    # What refusals mean -------------------------------------------------------------------------------

    def _sense(self, answer: requests.Response) -> SourceError | None:
        code, said = answer.status_code, str(object_in(answer).get("message") or answer.text)
        low = said.lower()
        if code in (403, 429):
            if "secondary rate limit" in low or "abuse detection" in low:
                return self._slow_down(answer)
            if "rate limit exceeded" in low or answer.headers.get("x-ratelimit-remaining") == "0" or code == 429:
                return self._used_up(answer)
            if "access blocked" in low:
                return Refused(f"GitHub has blocked this repository: {excerpt(said)}.", code)
        if code == 401 and not self.has_token:
            return CredentialsError("GitHub shows this only with a token (401); give the source one.")
        if code == 410 and "disabled" in low:
            return Refused(f"GitHub shows none of these here ({code}): {excerpt(said)}.", code)
        if code in (404, 410):
            why = "check the name; a private one needs a token that may read it" if code == 404 else excerpt(said)
            return NotThere(f"GitHub has nothing at {excerpt(urlsplit(answer.url).path)} ({code}): {why}.")
        if code == 451:
            return Refused("GitHub may not show this for legal reasons (451); leave it out.", code)
        return None

    def _slow_down(self, answer: requests.Response) -> RateLimited:
        """The limit on haste. GitHub wants a minute where it doesn't say how long, and more if it says so again."""
        now = self.clock.now()
        told = wait_asked_for(answer, now)
        if told is not None:
            return RateLimited("GitHub finds us too hasty.", until=now + timedelta(seconds=told))
        recently = now - self._slowed_at < _FORGETS_AFTER
        self._slowed_for = self._slowed_for * 2 if recently else _MINUTE
        self._slowed_at = now
        return RateLimited("GitHub finds us too hasty and doesn't say how long to wait.", until=now + self._slowed_for)

    def _used_up(self, answer: requests.Response) -> RateLimited:
        """The limit on requests."""
        now = self.clock.now()
        wait = wait_asked_for(answer, now)
        hint = "" if self.has_token else " A token raises it from 60 to 5,000 an hour."
        if wait is None:
            return RateLimited(f"GitHub's limit of requests is used up; run again in an hour.{hint}")
        return RateLimited(f"GitHub's limit of requests is used up.{hint}", until=now + timedelta(seconds=wait))


class _Seen:
    """What the pages of a list have held."""

    def __init__(self, there: int | None) -> None:
        self.there = there
        self.pages = 0
        self.names: set[Any] = set()
        self.count = 0
        self.was_looked_for = False
        """Whether the next page is one of which nothing says that it is there."""

    def add(self, body: Any, items: list[Any]) -> bool:
        """Count a page; whether something on it is new."""
        names = {str(item.get("id")) if isinstance(item, dict) else None for item in items}
        is_new = not names <= self.names
        self.names |= names
        self.pages += 1
        self.count += len(items)
        told = body.get("total_count") if isinstance(body, dict) else None
        if isinstance(told, int):
            self.there = min(told, SEARCH_CAP)
        return is_new

    @property
    def is_all(self) -> bool:
        """Whether as much has been seen as there is."""
        return self.there is not None and self.count >= self.there


def _items(body: Any) -> list[Any]:
    items = body.get("items") if isinstance(body, dict) else body
    return items if isinstance(items, list) else []


def _is_same_server(address: str, home: str) -> bool:
    try:
        return urlsplit(address)[:2] == urlsplit(home)[:2]
    except ValueError:
        return False


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def drifted(path: str, answer: Any, wanted: str) -> SchemaDrift:
    """An answer of another shape than documented."""
    return SchemaDrift(f"{path}: GitHub answered {excerpt(answer)} where {wanted} belongs; its API may have changed.")


_GONE = re.compile(r"not found|\b(?:deleted|disabled|gone)\b", re.IGNORECASE)


def is_own(refusal: requests.Response) -> bool:
    """Whether GitHub refuses: it always has a message; that something is not there it says in few words, and names the
    page of its documentation beside it if anything.
    """
    said = object_in(refusal)
    message = said.get("message")
    if not isinstance(message, str):
        return False
    is_alone = said.keys() <= {"message", "documentation_url", "status", "errors"}
    return refusal.status_code not in (404, 410) or (is_alone and bool(_GONE.search(message)))
