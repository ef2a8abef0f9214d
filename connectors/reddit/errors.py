"""What praw's errors mean to the operator, and what to do about them."""

from datetime import UTC, datetime, timedelta

import prawcore
import requests
from praw.exceptions import PRAWException

from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError
from connectors.http_api import is_foreign, object_in, stranger
from connectors.transport import NotTaken, SentElsewhere, excerpt

# praw reads headers, tokens and error bodies without checking their shape: hence the plain errors at the end.
WHAT_PRAW_RAISES = (
    *(prawcore.PrawcoreException, PRAWException, requests.RequestException),
    *(AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError),
)


def meaning(error: Exception, path: str) -> SourceError:
    """The `SourceError` that a request for `path` ends with."""
    if isinstance(error, prawcore.RequestException):
        return _unreachable(error.original_exception, path)
    response = getattr(error, "response", None)
    # praw stumbles, with this KeyError, over a 401 that doesn't say why.
    status = 401 if error.args == (401,) else getattr(response, "status_code", None)
    if response is not None and status in (401, 403, 404, 410) and is_foreign(response, is_own):
        return stranger(f"{path}: Reddit", response)
    if isinstance(error, prawcore.OAuthException) or status == 401:
        return CredentialsError(f"{path}: Reddit refused the app's id or secret; check both in reddit.com/prefs/apps.")
    if isinstance(error, prawcore.InsufficientScope):
        return CredentialsError(f"{path}: the Reddit app may not read this; give it the scope `read`.")
    if response is None or status is None:
        kind = type(error).__name__
        return SchemaDrift(f"{path}: praw can't read Reddit's answer ({kind}); its API may have changed.")
    if status == 429:
        waits = (response.headers.get("retry-after"), response.headers.get("x-ratelimit-reset"))
        return rate_limited(path, next((float(wait) for wait in waits if wait and wait.isdecimal()), None))
    said = excerpt(response.text) if response.text else "an empty body"
    if status in (403, 404):
        return SourceError(f"{path}: {_closed(status, response)}.")
    if status in (301, 302):
        return SourceError(f"{path}: there is no such place on Reddit ({status}); check the name.")
    if status == 451:
        return SourceError(f"{path}: Reddit withholds this here for legal reasons (451); take it out of the config.")
    if isinstance(error, prawcore.BadJSON):
        return SchemaDrift(f"{path}: Reddit answered {said}, which is not JSON; run this window again later.")
    if status >= 500:
        return SourceError(f"{path}: Reddit is in trouble ({status}); run this window again later.")
    return SourceError(f"{path}: Reddit refused the request ({status}) with {said}.")


def is_own(refusal: requests.Response) -> bool:
    """Whether Reddit refuses: it gives the status as `error`, or a reason."""
    body = object_in(refusal)
    return body.get("error") == refusal.status_code or isinstance(body.get("reason"), str)


def _closed(status: int, response: requests.Response) -> str:
    """Why a place is closed to us."""
    reason = object_in(response).get("reason")
    meanings = {
        "private": "is private; ask its moderators to let the app's owner in, or take it out of the config",
        "quarantined": "is quarantined; an app can't read it, take it out of the config",
        "banned": "was banned by Reddit; take it out of the config",
        "gold_only": "is for paying members only; take it out of the config",
    }
    if isinstance(reason, str) and reason in meanings:
        return f"{meanings[reason]} ({status}, {reason})"
    if status == 403:
        return "is closed to this app (403): private or quarantined, or the app was blocked"
    return "is gone or never was (404); check the name"


def _unreachable(error: Exception, path: str) -> SourceError:
    if isinstance(error, SentElsewhere) and error.host.endswith(".reddit.com"):
        # what its API does with a name that it doesn't know: on to the search of the website
        return SourceError(f"{path}: there is no such place on Reddit; check the name.")
    if isinstance(error, NotTaken):
        return error.meaning(f"{path}: Reddit")
    if isinstance(error, requests.Timeout):
        return SourceError(f"{path}: Reddit did not answer in time, three times over; run this window again later.")
    return SourceError(
        f"{path}: the connection to Reddit failed or was cut ({type(error).__name__}), three times over; "
        "check the network and run this window again."
    )


def rate_limited(path: str, seconds: float | None) -> RateLimited:
    """Reddit wants us to wait for so many seconds; None = it did not say."""
    if seconds is None:
        return RateLimited(f"{path}: Reddit wants us to wait and doesn't say how long; run this window again later.")
    until = now() + timedelta(seconds=min(seconds, 86400.0))
    return RateLimited(f"{path}: Reddit wants us to wait; run again after {until:%Y-%m-%d %H:%M} UTC.", until=until)


def now() -> datetime:
    """The clock that rate limits are told by, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)
