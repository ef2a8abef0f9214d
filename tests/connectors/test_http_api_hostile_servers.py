"""What a hostile or broken server may do to whoever asks it, whichever network it is of."""

import logging
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from connectors import CONNECTORS, transport
from connectors.contract import CredentialsError, RateLimited, SchemaDrift, SourceError, Truncated, web_address
from connectors.failures import Failures
from connectors.http_api import HttpApi
from connectors.markup import plain_text, unescaped
from connectors.transport import conceal, is_charset, new_session

github, lemmy = CONNECTORS["github"], CONNECTORS["lemmy"]

MONDAY, TUESDAY, FRIDAY = (datetime.fromisoformat(f"2026-04-{day}") for day in (20, 21, 24))


class Stranger(ThreadingHTTPServer):
    """Answers each path as it is told: status, headers and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {"/fine": (200, {}, b"{}")}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Stranger

    def do_GET(self) -> None:
        status, headers, body = self.server.answers[self.path]
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if int(headers.get("Content-Length", "0")) > len(body):
            self.rfile.read()  # keep the connection open, and say nothing more

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def api(stranger, time, monkeypatch):
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.3)
    with new_session(instead=stranger.url("")) as session:
        yield HttpApi("The network", session, clock=time.clock)


# Secrets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "settings", "credentials"),
    [
        (github, {"id": "code", "type": "github", "search": True}, {"token": "ghp_thetoken"}),
        (
            lemmy,
            {"id": "l", "type": "lemmy", "site": "https://api.github.com", "search": True},
            {"jwt": "ghp_thetoken"},
        ),
    ],
    ids=["github", "lemmy"],
)
def test_a_password_in_netrc_does_not_take_the_place_of_the_token(
    tmp_path, monkeypatch, connector, settings, credentials
):
    file = tmp_path / "netrc"
    file.write_text("machine api.github.com login me password hunter2hunter2\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    client = connector.connect(connector.Settings(**settings), credentials)
    session = client.session if connector is github else client.api.session
    sent = session.prepare_request(requests.Request("GET", "https://api.github.com/rate_limit"))
    assert sent.headers["Authorization"] == "Bearer ghp_thetoken"


def test_a_secret_in_an_address_is_concealed_as_addresses_have_it(api, stranger, caplog):
    conceal("U4DMV*8nvpm3EOp((")
    caplog.set_level(logging.DEBUG)
    stranger.answers["/fine?key=U4DMV%2A8nvpm3EOp%28%28"] = (200, {}, b"{}")
    assert api.get_json(stranger.url("/fine"), {"key": "U4DMV*8nvpm3EOp(("}) == {}
    assert "U4DMV" not in caplog.text
    assert "/fine?key=[secret]" in caplog.text


# Answers ----------------------------------------------------------------------------------------------


def test_the_body_of_a_redirect_is_not_waited_for(api, stranger):
    stranger.answers["/moved"] = (302, {"Location": "/fine", "Content-Length": str(10**12)}, b"endless")
    assert api.get_json(stranger.url("/moved")) == {}


def test_a_redirect_to_no_address(api, stranger):
    stranger.answers["/moved"] = (302, {"Location": "http://["}, b"")
    with pytest.raises(SourceError, match="the connection to The network failed"):
        api.get_json(stranger.url("/moved"))


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "-punycode", "unicode_escape"])
def test_a_charset_that_is_none(api, stranger, charset):
    headers = {"Content-Type": f"text/html; charset={charset}"}
    stranger.answers |= {"/page": (200, headers, b"<p>a-\\x62</p>"), "/no": (400, headers, b"<p>a-\\x62</p>")}
    with pytest.raises(SchemaDrift, match=r"'<p>a-\\\\x62</p>' where JSON belongs"):
        api.get_json(stranger.url("/page"))
    with pytest.raises(SourceError, match=r"'<p>a-\\\\x62</p>'"):
        api.get_json(stranger.url("/no"))


@pytest.mark.parametrize("name", ["utf-8", "latin1", "shift_jis", "koi8-r"])
def test_a_charset_that_is_one(name):
    assert is_charset(name)


def test_a_number_of_more_digits_than_python_reads(api, stranger):
    stranger.answers["/number"] = (200, {"Content-Type": "application/json"}, b'{"id": ' + b"1" * 5000 + b"}")
    with pytest.raises(SchemaDrift, match="where JSON belongs"):
        api.get_json(stranger.url("/number"))


@pytest.mark.parametrize("status", [200, 429])
def test_a_limit_that_ends_beyond_all_calendars(api, stranger, status):
    far = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999-12-31T23:59:59-12:00"}
    stranger.answers["/far"] = (status, far, b"{}")
    if status == 200:
        assert [api.get_json(stranger.url("/far")) for _ in range(2)] == [{}, {}]
    else:
        with pytest.raises(RateLimited, match="doesn't say how long"):
            api.get_json(stranger.url("/far"))


# Failures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [RateLimited("wait."), CredentialsError("no.")], ids=lambda last: last.status)
def test_what_ends_a_query_tells_what_failures_before_it_left_unseen(last):
    failures = Failures()
    failures.note(Truncated("a thread."), TUESDAY, FRIDAY)
    with pytest.raises(type(last)):
        failures.note(last, MONDAY, TUESDAY)
    assert (last.unseen_from, last.unseen_to) == (MONDAY, FRIDAY)


# Strangers' text --------------------------------------------------------------------------------------


def test_a_reference_to_a_character_of_endless_number():
    assert plain_text(f"<p>before &#{'1' * 5000}; after</p>") == "before \ufffd after"
    assert plain_text(f'<a href="https://a.example/&#{"1" * 5000};">x</a>') == "x (https://a.example/\ufffd)"
    assert unescaped(f"&lt;&#{'1' * 5000}&#233;&amp;") == "<\ufffdé&"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://a.example/é?x=1#y", "https://a.example/é?x=1#y"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("javascript:alert(1)", None),
        ("javascript:alert(1)//https://a.example", None),
        (" https://a.example", None),
        ("https://a.example/\nhttps://b.example", None),
        ("https://a.example/\x1b[31m", None),
        ("https://a.example/\x00", None),
        ("https://", None),
        (None, None),
        (["https://a.example"], None),
    ],
)
def test_an_address_of_the_web(value, address):
    assert web_address(value) == address
