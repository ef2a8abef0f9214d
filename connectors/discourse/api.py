"""A Discourse forum's API: what it means by a refusal, its categories, and how often it may be asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from connectors.contract import CredentialsError, RateLimited, SourceError
from connectors.http_api import HttpApi, Refused, object_in
from connectors.pages import unexpected
from connectors.transport import excerpt

_SLOW_DOWN = 60.0
"""Seconds; a search beyond the limit is refused without saying for how long, and the limits are those of a minute."""


class ForumApi(HttpApi):
    """A forum, asked at one pace."""

    def __init__(self, title: str, session: requests.Session, pace_seconds: float) -> None:
        super().__init__(
            title, session, pace_seconds, lambda refusal: meaning(refusal, self.clock.now()), is_own=is_own
        )


@dataclass
class Client:
    """A forum: `reader` asks for posts, `searcher`, slower, for searches; and what this run has read of it."""

    reader: ForumApi
    searcher: ForumApi
    address: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    paths: dict[str, str] | None = None
    """Id of each category → its path, as `help/lamps`; None until it is asked for."""
    topics_read: set[int] = field(default_factory=set)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """What the forum answers, read as JSON."""
        api = self.searcher if path == "search.json" else self.reader
        # A key must not follow where a redirect leads.
        answer = api.ask(
            "GET", f"{self.address}/{path}", params=params, headers={**self.headers}, allow_redirects=False
        )
        if answer.is_redirect:
            onward = excerpt(answer.headers["location"])
            raise SourceError(f"{path}: the forum sends us on to {onward}; set site to where it lives now.")
        return api.json_of(answer)

    def categories(self) -> dict[str, str]:
        """The path of each category by its id. A forum that shows nobody its categories shows its posts to nobody."""
        if self.paths is None:
            try:
                self.paths = _paths(self.get("site.json"))
            except Refused as refusal:
                raise shut_out(refusal) from None
        return self.paths


def shut_out(refusal: Refused) -> CredentialsError:
    """What it means that a forum does not show what it shows to everybody whom it lets in."""
    return CredentialsError(f"the forum does not let us in: {refusal} Check the credentials, or what they may read.")


def _paths(body: Any) -> dict[str, str]:
    found = body.get("categories", []) if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise unexpected("the forum", body, "a description of it", "site.json")
    named = {
        entry["id"]: (str(entry.get("slug") or entry.get("name") or entry["id"]), entry.get("parent_category_id"))
        for entry in found
        if isinstance(entry, dict) and isinstance(entry.get("id"), int)
    }
    paths = {}
    for id_ in named:
        steps: list[str] = []
        at = id_
        while at in named and len(steps) < 5:  # deeper than Discourse nests them
            step, at = named[at]
            steps.append(step)
        paths[str(id_)] = "/".join(reversed(steps))
    return paths


def is_own(refusal: requests.Response) -> bool:
    """Whether a forum refuses: it lists errors in words and mostly names their kind."""
    said = object_in(refusal)
    errors = said.get("errors")
    in_words = isinstance(errors, list) and bool(errors) and all(isinstance(error, str) for error in errors)
    return in_words or isinstance(said.get("error_type"), str)


def meaning(refusal: requests.Response, now: datetime) -> SourceError | None:
    """What a forum means by a refusal."""
    body = object_in(refusal)
    if refusal.status_code == 429 and "retry-after" not in refusal.headers:
        extras = body.get("extras")
        wait = extras.get("wait_seconds") if isinstance(extras, dict) else None
        seconds = float(wait) if isinstance(wait, int | float) and 0 <= wait < 1e9 else _SLOW_DOWN
        until = now + timedelta(seconds=seconds)
        return RateLimited(f"the forum wants us to wait; run again after {until:%Y-%m-%d %H:%M} UTC.", until=until)
    if refusal.status_code == 403:
        said = excerpt(body.get("errors") or refusal.text, 200)
        if body.get("error_type") == "not_logged_in":
            return CredentialsError(f"the forum shows this to members only (403: {said}); give it credentials.")
        return Refused(f"the forum does not show this (403) and says {said}.", 403)
    return None
