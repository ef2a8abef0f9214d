"""A network's HTTP API, asked politely: paced by host, patient for a minute, and clear about what went wrong.

For networks whose client would only wrap GET requests. What praw, tweepy and other clients do themselves is not done
here again.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError
from connectors.transport import NotTaken, excerpt

TRIES = 4
PATIENCE = 60.0
"""Longest wait, in seconds, that a network may ask for before the rest is left to a later run."""
_LONGEST = 1e10
"""Seconds, 300 years; what a header holds beyond that is no time, and no calendar holds what comes after it."""
_PAUSE = wait_exponential_jitter(initial=1, max=20, jitter=1)


class NotThere(SourceError):
    """The network itself says that the place or post that was asked for does not exist (404), or no longer (410)."""


class Refused(SourceError):
    """The network itself understood and does not want to. `code` is the HTTP status."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Clock(NamedTuple):
    """What tells the time and lets it pass; tests bring their own."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None)
    sleep: Callable[[float], None] = time.sleep


class _PassingError(Exception):
    """A failure that may be over in a moment; `wait` is how long the network wants to be left alone, if it said."""

    def __init__(self, failure: SourceError, wait: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait = wait


def object_in(refusal: requests.Response) -> dict[str, Any]:
    """The JSON object that a refusal comes with; empty where it comes with something else."""
    try:
        body = refusal.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def is_foreign(refusal: requests.Response, is_own: Callable[[requests.Response], bool]) -> bool:
    """Whether somebody else than a network's API refuses. A refusal of credentials without a word may be its own."""
    return not is_own(refusal) and bool(refusal.content or refusal.status_code not in (401, 403))


def stranger(title: str, refusal: requests.Response) -> SourceError:
    """That somebody else than a network's API refuses. It says nothing of any post."""
    said = excerpt(refusal.text or "an empty body")
    return SourceError(
        f"{title} answered {refusal.status_code} with {said}, which is not from its API; check the address and what "
        "stands in between, such as a proxy, a login page or a block, and run this window again."
    )


class HttpApi:
    """Asks one network. Two functions look at a refusal, a status of 400 or more:

    `is_own` tells whether its body is one that the API itself sends with such a status. Only then it is believed that
    something is not there or not shown: what a proxy, another server or a login page says deletes and leaves out
    nothing. `meaning` gives what is the API's own, and any 429, the sense that the network puts into it; None where it
    means what HTTP says.
    """

    def __init__(
        self,
        title: str,
        session: requests.Session,
        pace_seconds: float = 0.0,
        meaning: Callable[[requests.Response], SourceError | None] = lambda _: None,
        clock: Clock | None = None,
        is_own: Callable[[requests.Response], bool] = lambda refusal: bool(object_in(refusal)),
    ) -> None:
        self.title = title
        self.session = session
        self.clock = clock or Clock()
        self._pace_seconds = pace_seconds
        self._meaning = meaning
        self._is_own = is_own

    def get_json(self, url: str, params: Mapping[str, Any] | None = None, **sent: Any) -> Any:
        """What a GET answers, read as JSON. `SchemaDrift` where it is none, and all that `ask` raises."""
        return self.json_of(self.ask("GET", url, params=params, **sent))

    def json_of(self, answer: requests.Response) -> Any:
        """The body of an answer, read as JSON."""
        try:
            return answer.json()
        except (ValueError, RecursionError):  # not only requests' own error: a number of 5,000 digits is none of its
            said = excerpt(answer.text) if answer.content else "nothing"
        raise SchemaDrift(f"{self.title} answered {said} where JSON belongs; run this window again later.")

    def ask(self, method: str, url: str, **sent: Any) -> requests.Response:
        """An answer with a status below 400.

        What fails for a moment is asked again, up to four times in all, and a wait of up to a minute is waited for; an
        answer that is too slow, too large or from elsewhere is not asked for again. `RateLimited` says until when where
        the network wants a longer wait; `CredentialsError`, `NotThere`, `Refused` and `SourceError` say what else was
        wrong.
        """
        again = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(TRIES),
            wait=_wait,
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            return again(self._ask_once, method, url, sent)
        except _PassingError as error:
            failure = error.failure
        # Outside the except block, so that the client's error, which holds the request, isn't carried along.
        raise failure

    def _ask_once(self, method: str, url: str, sent: Mapping[str, Any]) -> requests.Response:
        self._take_turn(url)
        failure: Exception
        try:
            answer = self.session.request(method, url, **sent)
        except NotTaken as error:
            failure = error.meaning(self.title)
        except requests.TooManyRedirects:
            failure = SourceError(f"{self.title} sends us round in circles; check the address.")
        except requests.Timeout:
            failure = _PassingError(SourceError(f"{self.title} did not answer in time; run this window again later."))
        except (requests.RequestException, ValueError) as error:  # requests lets through some of the latter
            kind = type(error).__name__
            failure = _PassingError(
                SourceError(
                    f"the connection to {self.title} failed or was cut ({kind}); check the network and run this window "
                    "again."
                )
            )
        else:
            self._note_limit(url, answer)
            if answer.status_code < 400:
                return answer
            failure = self._what_went_wrong(answer)
        raise failure

    def _what_went_wrong(self, answer: requests.Response) -> Exception:
        """The refusal as an error; a `_PassingError` where asking again may help."""
        code, said = answer.status_code, excerpt(answer.text or "an empty body", 200)
        meant = self._meaning(answer) if code == 429 or self._is_own(answer) else None
        if meant is not None and not isinstance(meant, RateLimited):
            return meant
        if meant is not None or code == 429 or wait_asked_for(answer, self.clock.now()) is not None:
            return self._limited(answer, meant)
        if code >= 500:
            return _PassingError(SourceError(f"{self.title} is in trouble ({code}); run this window again later."))
        if is_foreign(answer, self._is_own):
            return stranger(self.title, answer)
        if code == 401:
            return CredentialsError(f"{self.title} refused the credentials (401); check them, or make new ones.")
        if code == 403:
            return CredentialsError(f"{self.title} does not let us see this (403: {said}); check what we may read.")
        if code in (404, 410):
            return NotThere(f"{self.title} has nothing there ({code}); check the name.")
        return Refused(f"{self.title} refused the request ({code}) with {said}.", code)

    def _limited(self, answer: requests.Response, meant: RateLimited | None) -> Exception:
        now = self.clock.now()
        wait = wait_asked_for(answer, now)
        until = meant.until if meant and meant.until else now + timedelta(seconds=wait) if wait is not None else None
        limit = meant or self._limit_until(until)
        if until is not None and (until - now).total_seconds() > PATIENCE:
            return limit
        if meant is not None and until is None:
            return meant
        return _PassingError(limit, (until - now).total_seconds() if until is not None else wait)

    def _limit_until(self, until: datetime | None) -> RateLimited:
        when = f"run again after {until:%Y-%m-%d %H:%M} UTC" if until else "it doesn't say how long; run again later"
        return RateLimited(f"{self.title} wants us to wait; {when}.", until=until)

    # Pacing -------------------------------------------------------------------------------------------

    def _take_turn(self, url: str) -> None:
        """Wait for this host's next turn; `RateLimited` where that is further off than our patience."""
        now = self.clock.now()
        pause = _turns.take(_host(url), now, self._pace_seconds)
        if pause > PATIENCE:
            raise self._limit_until(now + timedelta(seconds=pause))
        if pause > 0:
            self.clock.sleep(pause)

    def _note_limit(self, url: str, answer: requests.Response) -> None:
        """Where the answer says that the limit is used up, the next request waits for its end."""
        if answer.status_code < 400 and _remaining(answer) == 0:
            wait = _reset_in(answer, self.clock.now())
            if wait is not None:
                _turns.not_before(_host(url), self.clock.now() + timedelta(seconds=wait))


class _Turns:
    """When each host may be asked next, by whichever source of this process."""

    def __init__(self) -> None:
        self._next: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def take(self, host: str, now: datetime, pace_seconds: float) -> float:
        """Seconds until the host's next turn, which is taken unless it is further off than our patience."""
        with self._lock:
            turn = max(now, self._next.get(host, now))
            pause = (turn - now).total_seconds()
            if pause <= PATIENCE:
                self._next[host] = turn + timedelta(seconds=pace_seconds)
            return pause

    def not_before(self, host: str, moment: datetime) -> None:
        with self._lock:
            self._next[host] = max(moment, self._next.get(host, moment))


_turns = _Turns()


def _host(url: str) -> str:
    """Host, port and first step of the path: networks that share a server, as in the sandbox, count apart."""
    parts = urlsplit(url)
    return parts.netloc + "/" + parts.path.lstrip("/").partition("/")[0]


# Headers ----------------------------------------------------------------------------------------------


def wait_asked_for(answer: requests.Response, now: datetime) -> float | None:
    """Seconds for which a refusal asks us to wait: Retry-After, else the reset of a limit that is used up."""
    told = _number(answer.headers.get("retry-after"))
    if told is not None:
        return max(0.0, told)
    return _reset_in(answer, now) if _remaining(answer) == 0 else None


def _remaining(answer: requests.Response) -> float | None:
    return _number(_limit_header(answer, "remaining"))


def _reset_in(answer: requests.Response, now: datetime) -> float | None:
    """Seconds until a limit begins anew, from a header that holds seconds, an epoch or an ISO 8601 time."""
    told = _limit_header(answer, "reset")
    seconds = _number(told)
    if seconds is not None:
        return max(0.0, seconds - now.replace(tzinfo=UTC).timestamp() if seconds > 1e9 else seconds)
    try:
        moment = datetime.fromisoformat(told or "")
    except ValueError:
        return None
    at = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    wait = (at - now.replace(tzinfo=UTC)).total_seconds()
    return max(0.0, wait) if wait < _LONGEST else None


def _limit_header(answer: requests.Response, what: str) -> str | None:
    names = (f"x-ratelimit-{what}", f"ratelimit-{what}", f"x-rate-limit-{what}")
    return next((answer.headers[name] for name in names if name in answer.headers), None)


def _number(text: str | None) -> float | None:
    """A number of a header; None where it is none, or not one that a calendar can hold."""
    try:
        number = float(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < _LONGEST else None


def _wait(state: RetryCallState) -> float:
    """What the network asked for; else longer from try to try, and never quite the same."""
    error = state.outcome.exception() if state.outcome else None
    return error.wait if isinstance(error, _PassingError) and error.wait is not None else _PAUSE(state)
