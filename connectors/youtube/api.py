"""YouTube's Data API v3 over HTTP: lists in pages, quotas, and what its refusals mean."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests

from connectors.contract import CredentialsError, RateLimited, SourceError, Truncated, Window
from connectors.http_api import HttpApi, Refused, object_in
from connectors.pages import circles, unexpected
from connectors.transport import excerpt
from connectors.values import part
from connectors.youtube.parse import counted

HOME = "https://www.googleapis.com"
PACIFIC = ZoneInfo("America/Los_Angeles")
MOST_GAPS = 5
"""Pages without items in a row, after which a list is at its end whatever it says."""

_BAD_KEY = {
    *("keyInvalid", "keyExpired", "API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED"),
    *("API_KEY_IP_ADDRESS_BLOCKED", "accessNotConfigured", "SERVICE_DISABLED", "ipRefererBlocked"),
}
_DAY_IS_USED_UP = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
_TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}


class CommentsDisabled(Refused):
    """The owner of a video has turned its comments off. `body` is YouTube's answer."""

    def __init__(self, body: Any) -> None:
        super().__init__("the comments on this video are turned off.", 403)
        self.body = body


class Api(HttpApi):
    """The Data API, and what of it was read in this run, as several searches find the same video."""

    def __init__(self, session: requests.Session, pace_seconds: float) -> None:
        super().__init__(
            "YouTube", session, pace_seconds, lambda refusal: meaning(refusal, self.clock.now()), is_own=is_own
        )
        self.threads_read: set[tuple[Window, str]] = set()
        self.channels_read: set[str] = set()

    def list(self, what: str, **params: Any) -> dict[str, Any]:
        """One answer of a list, such as `videos`; its `items` are objects."""
        body = self.get_json(f"{HOME}/youtube/v3/{what}", params)
        items = body.get("items", []) if isinstance(body, dict) else None
        if (
            isinstance(items, list)
            and isinstance(body.get("kind"), str)
            and all(isinstance(item, dict) for item in items)
        ):
            return {**body, "items": items}
        raise unexpected(self.title, body, f"a list of {what}")

    def pages(self, what: str, there: int | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """All answers of a list to its last page. `there` is how many videos or comments it leads to, where that is
        known from elsewhere.

        The last page is the one that names no next one. `Truncated` where YouTube has counted more until then.
        """
        tokens: set[str] = set()
        gaps = seen = 0
        while True:
            answer = self.list(what, **params)
            yield answer
            items, token = answer["items"], answer.get("nextPageToken")
            seen += sum(map(_posts_in, items))
            if not isinstance(token, str) or not token:
                told = _totals(answer) if there is None else there
                if _is_cut(what, len(items) >= params["maxResults"], seen, told):
                    counted = "an unknown number" if told is None else told
                    raise Truncated(
                        f"YouTube's list of {what} names no next page after {seen} of {counted}; run this window again "
                        "later."
                    )
                return
            gaps = 0 if items else gaps + 1
            # The pages of a search go on after its last video, empty ones, and each costs a search. Elsewhere what is
            # not shown to us may fill a page, and more follow.
            if gaps == (1 if what == "search" else MOST_GAPS):
                return
            if token in tokens:
                raise circles(what)
            tokens.add(token)
            params["pageToken"] = token


def is_own(refusal: requests.Response) -> bool:
    """Whether YouTube refuses: with reasons, which name what is not there, such as `videoNotFound`.

    A mere `notFound` is also what Google says of a method that it doesn't know.
    """
    _, reasons, _ = _said(refusal)
    if refusal.status_code in (404, 410):
        return any(re.fullmatch(r"[a-z][A-Za-z]*NotFound", reason) for reason in reasons)
    return bool(reasons) or isinstance(object_in(refusal).get("error"), dict)


def _posts_in(item: dict[str, Any]) -> int:
    """How many videos or comments an item of a list stands for: a thread for all that are in it."""
    return 1 + (counted(part(item, "snippet").get("totalReplyCount")) or 0)


def _totals(answer: dict[str, Any]) -> int | None:
    return counted(part(answer, "pageInfo").get("totalResults"))


def _is_cut(what: str, is_full: bool, seen: int, there: int | None) -> bool:
    """Whether a list that names no next page has one all the same.

    YouTube estimates what a search finds, and counts comments that it doesn't show, so these tell only where a page is
    full. How many uploads there are it knows, but for some that are private.
    """
    if is_full:
        return there is None or there > seen
    return what == "playlistItems" and there is not None and seen < 0.9 * there


def meaning(refusal: requests.Response, now: datetime) -> SourceError | None:
    """What YouTube means by a refusal; None where it is what HTTP means.

    A quota counts days from midnight in California. See https://developers.google.com/youtube/v3/docs/errors.
    """
    body, reasons, said = _said(refusal)
    if "commentsDisabled" in reasons:
        return CommentsDisabled(body)
    if reasons & _BAD_KEY:
        return CredentialsError(
            f"YouTube refused the API key with {said}; check in the Google Cloud console that it exists, may use the "
            "YouTube Data API v3, and may be used from here."
        )
    # Searches have a quota of their own, of which only the text tells that it is one of a day.
    if reasons & _DAY_IS_USED_UP or (reasons & _TOO_FAST and re.search(r"\bper day\b", said)):
        until = _next_day(now)
        return RateLimited(
            f"YouTube's quota of today is used up ({said}); it begins anew at {until:%Y-%m-%d %H:%M} UTC, midnight in "
            "California. Search less, watch for fewer days, or ask Google for more.",
            until=until,
        )
    if reasons & _TOO_FAST:
        return RateLimited(f"YouTube wants to be asked more slowly ({said}).", until=now + timedelta(minutes=1))
    if refusal.status_code == 403 and "forbidden" in reasons:
        return Refused(f"YouTube does not show this to us (403: {said}).", 403)
    return None


def _next_day(now: datetime) -> datetime:
    """When the next day begins in California, UTC."""
    tomorrow = now.replace(tzinfo=UTC).astimezone(PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), PACIFIC).astimezone(UTC).replace(tzinfo=None)


def _said(refusal: requests.Response) -> tuple[Any, set[str], str]:
    """The body of a refusal, all reasons that it gives, and its message, quoted."""
    body = object_in(refusal)
    try:
        error = body["error"]
        entries = [*(error.get("errors") or []), *(error.get("details") or [])]
        reasons = {str(entry.get("reason")) for entry in entries if isinstance(entry, dict)}
        return body, reasons, excerpt(str(error.get("message")), 200)
    except (LookupError, TypeError, AttributeError):
        return None, set(), ""
