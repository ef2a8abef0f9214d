"""Stack Exchange's API: its wrapper around every answer, and what it wants waited for."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError, Truncated
from connectors.http_api import PATIENCE, HttpApi, Refused, object_in
from connectors.transport import excerpt

_WITH_TEXTS = "withbody"
"""The filter that adds the text of posts and comments to what is answered else."""
_NO_ACCESS = frozenset({401, 402, 403, 405, 406})
"""Error ids: token or key needed, wrong or not enough."""
_NO_ACCESS_TO, _THROTTLED, _UNAVAILABLE = 403, 502, 503
_SECONDS = re.compile(r"available in ([0-9]{1,9}) seconds")


class StackExchangeApi(HttpApi):
    """One site of the network. Waits as long as each method asks for, and stops where the day's quota is used up."""

    def __init__(
        self, session: requests.Session, pace_seconds: float, address: str, site: str, key: str | None
    ) -> None:
        super().__init__(
            "Stack Exchange", session, pace_seconds, lambda refusal: meaning(refusal, self.clock.now()), is_own=is_own
        )
        self.site = site
        self.questions_read: set[int] = set()
        """Questions whose threads this run has read."""
        self._address = address
        self._sent = {"site": site, "filter": _WITH_TEXTS, **({"key": key} if key else {})}
        self._not_before: dict[str, datetime] = {}
        self._new_quota_at: datetime | None = None

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """One answer with its wrapper. `RateLimited` where asking now would be too soon by more than a minute."""
        method = re.sub(r"[0-9;]+", "{ids}", path)
        self._wait_for(method)
        body = self.get_json(f"{self._address}/{path}", {**self._sent, **params})
        if not isinstance(body, dict) or not isinstance(body.get("items"), list):
            raise SchemaDrift(
                f"{method}: Stack Exchange answered {excerpt(body)} where a list of items belongs; its API may have "
                "changed."
            )
        now = self.clock.now()
        backoff, left = body.get("backoff"), body.get("quota_remaining")
        if isinstance(backoff, int) and 0 < backoff < 10**9:
            self._not_before[method] = now + timedelta(seconds=backoff)
        if isinstance(left, int) and left <= 0:
            self._new_quota_at = _next_day(now)
        return body

    def _wait_for(self, method: str) -> None:
        now = self.clock.now()
        if self._new_quota_at is not None and now < self._new_quota_at:
            raise _limited("Stack Exchange has answered as often as it does in a day", self._new_quota_at)
        until = self._not_before.get(method, now)
        pause = (until - now).total_seconds()
        if pause > PATIENCE:
            raise _limited(f"Stack Exchange wants {method} left alone", until)
        if pause > 0:
            self.clock.sleep(pause)


def is_own(refusal: requests.Response) -> bool:
    """Whether Stack Exchange refuses: it numbers and names each error."""
    body = object_in(refusal)
    return isinstance(body.get("error_id"), int) and isinstance(body.get("error_name", ""), str)


def meaning(refusal: requests.Response, now: datetime) -> SourceError | None:
    """What a refusal means. Most come with status 400 and the real reason as `error_id` in the body."""
    body = object_in(refusal)
    error_id = body.get("error_id")
    if not isinstance(error_id, int):
        return None
    said = excerpt(body.get("error_message") or body.get("error_name") or "nothing", 200)
    if error_id == _THROTTLED:
        seconds = _SECONDS.search(said)
        return _limited(f"Stack Exchange says {said}", now + timedelta(seconds=int(seconds[1])) if seconds else None)
    if error_id == _UNAVAILABLE:
        return _limited(f"Stack Exchange says {said}", now + timedelta(seconds=10))
    if error_id == _NO_ACCESS_TO and "page above" in said:
        return Truncated(f"Stack Exchange shows no more without a key ({said}); set one.")
    if error_id in _NO_ACCESS or "`key`" in said:
        return CredentialsError(f"Stack Exchange refused the request (error {error_id}): {said}; check the key.")
    return Refused(f"Stack Exchange refused the request (error {error_id}) and says {said}.", refusal.status_code)


def _limited(why: str, until: datetime | None) -> RateLimited:
    when = f"after {until:%Y-%m-%d %H:%M} UTC" if until else "later"
    return RateLimited(f"{why}; run again {when}.", until=until)


def _next_day(now: datetime) -> datetime:
    """When the quota begins anew: at midnight, UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
