"""The polite HTTP session against a real server: what is asked again, what is waited for, and what is told."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
import requests

from connectors import transport
from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError
from connectors.http_api import PATIENCE, TRIES, HttpApi, NotThere, Refused
from connectors.transport import conceal, new_session
from tests.connectors.times import Time

NOW = datetime(2026, 4, 20, 12)
SECRET = "s3cr3t-token-9f8e7d"


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b'{"fine": true}'
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    length: int | None = None
    """What the header says of the body's length, where that is a lie."""


class Network(ThreadingHTTPServer):
    """Gives the answers that it is told, one after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = [Answer()]
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/posts"


class _Handler(BaseHTTPRequestHandler):
    server: Network

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.length or len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def time() -> Time:
    return Time(NOW)


@pytest.fixture
def api(network: Network, time: Time) -> Iterator[Callable[..., HttpApi]]:
    sessions: list[requests.Session] = []

    def make(**how: Any) -> HttpApi:
        session = new_session(instead=network.url, user_agent="earshot-test")
        sessions.append(session)
        return HttpApi("The network", session, clock=time.clock, **how)

    yield make
    for session in sessions:
        session.close()


def error_of(api: HttpApi, network: Network) -> SourceError:
    with pytest.raises(SourceError) as caught:
        api.get_json(network.url)
    return caught.value


def test_an_answer_is_read(api: Callable[..., HttpApi], network: Network) -> None:
    assert api().get_json(network.url, {"page": 2}) == {"fine": True}
    assert network.asked == ["/posts?page=2"]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_network_in_trouble_is_asked_again_after_longer_and_longer_pauses(
    api: Callable[..., HttpApi], network: Network, time: Time, status: int
) -> None:
    network.answers = [*[Answer(status)] * (TRIES - 1), Answer()]
    assert api().get_json(network.url) == {"fine": True}
    assert len(network.asked) == TRIES
    assert [low <= slept <= low + 1 for low, slept in zip((1, 2, 4), time.waits, strict=True)] == [True] * 3


def test_a_network_that_stays_in_trouble_is_given_up(api: Callable[..., HttpApi], network: Network) -> None:
    network.answers = [Answer(502)]
    assert str(error_of(api(), network)) == "The network is in trouble (502); run this window again later."
    assert len(network.asked) == TRIES


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(api: Callable[..., HttpApi], network: Network, time: Time, status: int) -> None:
    network.answers = [Answer(status, headers={"Retry-After": "17"}), Answer()]
    assert api().get_json(network.url) == {"fine": True}
    assert time.waits == [17.0]


def test_a_date_in_retry_after_is_obeyed(api: Callable[..., HttpApi], network: Network, time: Time) -> None:
    later = datetime.now(UTC) + timedelta(seconds=30)
    network.answers = [Answer(429, headers={"Retry-After": format_datetime(later, usegmt=True)}), Answer()]
    assert api().get_json(network.url) == {"fine": True}
    assert 25 <= time.waits[0] <= 30


def test_a_wait_beyond_our_patience_is_told_and_not_slept(
    api: Callable[..., HttpApi], network: Network, time: Time
) -> None:
    network.answers = [Answer(429, headers={"Retry-After": "3600"})]
    error = error_of(api(), network)
    assert isinstance(error, RateLimited)
    assert error.until == NOW + timedelta(hours=1)
    assert str(error) == "The network wants us to wait; run again after 2026-04-20 13:00 UTC."
    assert (time.waits, len(network.asked)) == ([], 1)


@pytest.mark.parametrize(
    "reset",
    [
        "40",
        str(int(NOW.replace(tzinfo=UTC).timestamp()) + 40),
        "2026-04-20T12:00:40Z",
        "2026-04-20T12:00:40.000000+00:00",
    ],
    ids=["seconds", "epoch", "ISO 8601", "with fractions"],
)
@pytest.mark.parametrize("prefix", ["x-ratelimit", "ratelimit", "x-rate-limit"])
def test_a_limit_that_is_used_up_is_waited_for_before_the_next_request(
    api: Callable[..., HttpApi], network: Network, time: Time, prefix: str, reset: str
) -> None:
    network.answers = [Answer(headers={f"{prefix}-remaining": "0", f"{prefix}-reset": reset}), Answer()]
    asking = api()
    asking.get_json(network.url)
    assert time.waits == []
    asking.get_json(network.url)
    assert time.waits == [40.0]


def test_a_limit_that_is_used_up_for_an_hour_stops_before_the_next_request(
    api: Callable[..., HttpApi], network: Network
) -> None:
    network.answers = [Answer(headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3600"}), Answer()]
    asking = api()
    asking.get_json(network.url)
    error = error_of(asking, network)
    assert isinstance(error, RateLimited)
    assert error.until == NOW + timedelta(hours=1)
    assert len(network.asked) == 1


def test_requests_keep_their_pace(api: Callable[..., HttpApi], network: Network, time: Time) -> None:
    asking, other = api(pace_seconds=1.5), api(pace_seconds=1.5)
    for one in (asking, other, asking):
        one.get_json(network.url)
    assert time.waits == [1.5, 1.5]


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (Answer(401), CredentialsError, "refused the credentials (401)"),
        (Answer(403, b'{"no": 1}'), CredentialsError, "does not let us see this (403: '{\"no\": 1}')"),
        (Answer(404), NotThere, "has nothing there (404)"),
        (Answer(410), NotThere, "has nothing there (410)"),
        (Answer(400, b'{"bad": "query"}'), Refused, 'refused the request (400) with \'{"bad": "query"}\''),
        (Answer(200, b"<html>Down</html>"), SchemaDrift, "answered '<html>Down</html>' where JSON belongs"),
        (Answer(200, b'{"half": '), SchemaDrift, "where JSON belongs"),
        (Answer(200, b""), SchemaDrift, "answered nothing where JSON belongs"),
        (Answer(200, b"[" * 100_000), SchemaDrift, "where JSON belongs"),
    ],
    ids=["401", "403", "404", "410", "400", "HTML", "half JSON", "empty", "endless"],
)
def test_what_a_refusal_means(
    api: Callable[..., HttpApi], network: Network, answer: Answer, kind: type[SourceError], told: str
) -> None:
    network.answers = [answer]
    error = error_of(api(), network)
    assert type(error) is kind
    assert told in str(error)
    assert len(network.asked) == 1


def test_a_connection_that_is_cut_is_tried_again(api: Callable[..., HttpApi], network: Network) -> None:
    network.answers = [Answer(body=b'{"fi', length=500), Answer()]
    assert api().get_json(network.url) == {"fine": True}
    network.answers = [Answer(body=b'{"fi', length=500)]
    assert "the connection to The network failed or was cut" in str(error_of(api(), network))


def test_an_answer_without_end_is_no_page(
    api: Callable[..., HttpApi], network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    network.answers = [Answer(body=json.dumps("x" * (1 << 21)).encode())]
    assert "answered more than 1 MB at once" in str(error_of(api(), network))


def test_a_network_may_mean_something_else(api: Callable[..., HttpApi], network: Network) -> None:
    midnight = NOW + timedelta(hours=12)

    def meaning(answer: requests.Response) -> SourceError | None:
        return RateLimited("The quota is used up.", until=midnight) if answer.status_code == 403 else None

    network.answers = [Answer(403)]
    error = error_of(api(meaning=meaning), network)
    assert (str(error), error.until) == ("The quota is used up.", midnight)  # type: ignore[attr-defined]


def test_secrets_are_in_no_log_and_no_error(
    api: Callable[..., HttpApi], network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    conceal(SECRET)
    network.answers = [Answer(400, f"token {SECRET} is wrong".encode())]
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceError) as caught:
        api().get_json(network.url, {"key": SECRET}, headers={"Authorization": f"Bearer {SECRET}"})
    assert "[secret]" in str(caught.value)
    assert SECRET not in str(caught.value) + repr(caught.value) + caplog.text
    assert caught.value.__context__ is None


def test_our_patience_is_a_minute() -> None:
    assert PATIENCE == 60
