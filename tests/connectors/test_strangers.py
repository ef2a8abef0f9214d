"""What answers may not be the network: a proxy, a login page, another server, or one that means harm; over all that ask
over HTTP.
"""

import gzip
import json
import logging
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import prawcore.sessions
import pytest
import requests

from connectors import CONNECTORS, connections, http_api, transport
from connectors.contract import CredentialsError, Deletion, Known, Listening, Page, SchemaDrift, SourceError
from connectors.discourse import parse as discourse_records
from connectors.http_api import HttpApi, NotThere, Refused
from connectors.transport import PrivateAddress, SentElsewhere, TooLarge, TooSlow, conceal, excerpt, new_session
from connectors.x.fetch import RETRY
from query.parsing import parse as query
from sandbox.world import CREDENTIALS
from tests.connectors.times import WEEK, at
from tests.connectors.trouble import DRIPPING, PAGES, Stranger, says

x = CONNECTORS["x"]

rss = CONNECTORS["rss"]

SETTINGS: dict[str, dict[str, Any]] = {
    "appstore": {"apps": ["1234567890"]},
    "bluesky": {"accounts": ["halmora.example"]},
    "discourse": {"site": "https://forum.example", "everything": True},
    "github": {"repositories": ["halmora/firmware"]},
    "hackernews": {},
    "lemmy": {"site": "https://lemmy.example", "communities": ["halmora"]},
    "mastodon": {"server": "plants.example", "hashtags": ["halmora"]},
    "reddit": {"subreddits": ["halmora"]},
    "rss": {"feeds": ["https://blog.example/feed"]},
    "slack": {"channels": ["help"]},
    "stackexchange": {"tags": ["halmora"]},
    "x": {},
    "youtube": {"channels": ["@halmora"]},
}
WITHOUT_HTTP = {"files", "mail"}
APIS = SETTINGS.keys() - {"reddit", "rss", "x"}
"""Those whose client is an `HttpApi` that speaks an API."""
SECRET = "s1gned-9f8e7d6c5b"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_api, "_PAUSE", lambda _: 0.0)
    monkeypatch.setattr("connectors.x.fetch.RETRY", RETRY.new(backoff_factor=0))
    monkeypatch.setattr(prawcore.sessions.FiniteRetryStrategy, "_sleep_seconds", lambda _: None)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    with Stranger().running() as server:
        yield server


@pytest.fixture
def elsewhere() -> Iterator[Stranger]:
    with Stranger().running() as server:
        server.answer = says(200, b'{"secret": "of another host"}')
        yield server


def connected(name: str, server: Stranger) -> tuple[Any, Any]:
    connector = CONNECTORS[name]
    settings = connector.Settings(**{"id": "it", "type": name, "pace": 0, "api": server.url, **SETTINGS[name]})
    return connector.connect(settings, CREDENTIALS.get(name, {})), settings


def fetched(name: str, server: Stranger) -> tuple[list[Page], SourceError]:
    """The pages of all that the connector asks, and the last of the errors that each of it must end with."""
    client, settings = connected(name, server)
    asked = CONNECTORS[name].queries(settings, Listening((("halmora", query("halmora")),)))
    all_pages, error = [], None
    for each in asked:
        pages, error = failing(CONNECTORS[name].fetch(client, settings, each, WEEK))
        all_pages += pages
    assert error is not None
    return all_pages, error


def failing(pages: Iterator[Page]) -> tuple[list[Page], SourceError]:
    """What comes before the error, and the error that must come."""
    got = []
    try:
        for page in pages:
            got.append(page)  # noqa: PERF402 - what came before an error counts
    except SourceError as error:
        return got, error
    pytest.fail("it ended as if all were well")


def api_of(name: str, server: Stranger) -> HttpApi:
    client, _ = connected(name, server)
    found = next(api for api in (client, *vars(client).values()) if isinstance(api, HttpApi))
    assert isinstance(found, HttpApi)
    return found


def test_every_connector_that_asks_over_http_is_tried_here() -> None:
    assert SETTINGS.keys() | WITHOUT_HTTP == CONNECTORS.keys()


# Refusals of others -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("name", sorted(APIS))
def test_nothing_there_is_believed_only_in_the_words_of_the_api(
    stranger: Stranger, name: str, status: int, page: bytes
) -> None:
    stranger.answer = says(status, page)
    with pytest.raises(SourceError, match="which is not from its API") as caught:
        api_of(name, stranger).ask("GET", f"{stranger.url}/xrpc/app.bsky.feed.getPostThread")
    assert type(caught.value) is SourceError
    assert len(stranger.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("name", sorted(APIS - {"appstore"}))
def test_a_refusal_of_others_is_no_refusal_of_the_network(stranger: Stranger, name: str, status: int) -> None:
    stranger.answer = says(status, PAGES["HTML"])
    with pytest.raises(SourceError, match="which is not from its API") as caught:
        api_of(name, stranger).ask("GET", f"{stranger.url}/x")
    assert not isinstance(caught.value, Refused | NotThere | CredentialsError)


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"),
    [
        ("appstore", 400, {"errorMessage": "Invalid value(s) for key(s): [country]"}, Refused),
        ("bluesky", 400, {"error": "NotFound", "message": "Post not found: at://x"}, NotThere),
        ("bluesky", 400, {"error": "InvalidRequest", "message": "Profile not found"}, NotThere),
        ("bluesky", 404, {"error": "NotFound"}, NotThere),
        ("bluesky", 404, {"error": "XRPCNotSupported", "message": "XRPCNotSupported"}, SourceError),
        ("bluesky", 400, {"error": "InvalidRequest", "message": "bad cursor"}, Refused),
        ("discourse", 404, {"errors": ["The resource could not be found."], "error_type": "not_found"}, NotThere),
        ("discourse", 410, {"errors": ["That topic has been deleted."]}, NotThere),
        ("github", 404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, NotThere),
        ("github", 404, {"message": "Not Found", "status": "404"}, NotThere),
        ("github", 410, {"message": "This issue was deleted"}, NotThere),
        ("hackernews", 404, {"message": "Not found", "status": 404}, NotThere),
        ("hackernews", 401, {"error": "Permission denied"}, Refused),
        ("lemmy", 404, {"error": "couldnt_find_post"}, NotThere),
        ("lemmy", 400, {"error": "couldnt_find_comment"}, NotThere),
        ("lemmy", 404, {"error": "not_found", "message": "x"}, NotThere),
        ("lemmy", 404, {"error": "unknown_word"}, SourceError),
        ("mastodon", 404, {"error": "Record not found"}, NotThere),
        ("mastodon", 410, {"error": "Gone"}, NotThere),
        ("stackexchange", 404, {"error_id": 404, "error_name": "no_method", "error_message": "no"}, Refused),
        ("youtube", 404, {"error": {"code": 404, "errors": [{"reason": "playlistNotFound"}]}}, NotThere),
        ("youtube", 404, {"error": {"code": 404, "errors": [{"reason": "notFound"}]}}, SourceError),
        ("youtube", 404, {"error": {"code": 404, "message": "Method not found.", "status": "NOT_FOUND"}}, SourceError),
    ],
)
def test_what_the_api_itself_says_is_believed(
    stranger: Stranger, name: str, status: int, body: Any, kind: type[SourceError]
) -> None:
    stranger.answer = says(status, json.dumps(body).encode())
    with pytest.raises(SourceError) as caught:
        api_of(name, stranger).ask("GET", f"{stranger.url}/x")
    assert issubclass(type(caught.value), kind)
    assert (kind is SourceError) is ("which is not from its API" in str(caught.value))


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_login_page_in_between_is_no_night_without_posts(stranger: Stranger, name: str, status: int) -> None:
    stranger.answer = says(status, PAGES["HTML"], Content_Type="application/json")
    pages, error = fetched(name, stranger)
    assert [page.posts for page in pages] == [0] * len(pages)
    assert error.status in ("failed", "schema-drift")


KNOWN = {
    "bluesky": Known("bluesky:at://did:plc:abc/app.bsky.feed.post/3k", "post", None, None, None, at("26")),
    "discourse": Known(discourse_records.name_of("https://forum.example", 7, 1), "post", None, None, None, at("26")),
    "github": Known("github:halmora/firmware#7", "post", "halmora/firmware", None, None, at("26")),
    "hackernews": Known("hackernews:8863", "post", None, None, None, at("26")),
    "lemmy": Known("fediverse:https://lemmy.example/post/7", "post", None, None, None, at("26")),
    "mastodon": Known("fediverse:x", "post", None, "https://plants.example/@sam/7", None, at("26")),
    "reddit": Known("reddit:t3_abc", "post", None, None, None, at("26")),
    "slack": Known("slack:THALMORA/CHELP/1776758400.000100", "message", None, None, None, at("26")),
    "stackexchange": Known("stackexchange:stackoverflow/7", "post", None, None, None, at("26")),
    "x": Known("x:20", "post", None, None, None, at("26")),
    "youtube": Known("youtube:dQw4w9WgXcQ", "post", None, None, None, at("26")),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_what_others_say_deletes_nothing(stranger: Stranger, name: str, page: bytes) -> None:
    stranger.answer = says(404, page)
    client, settings = connected(name, stranger)
    connector: Any = CONNECTORS[name]
    pages, _ = failing(connector.recheck(client, settings, [KNOWN[name]]))
    records = [record for answer in pages for record in connector.parse(settings, answer)]
    assert [record for record in records if isinstance(record, Deletion)] == []
    assert stranger.asked


# Time and size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dripping", DRIPPING.values(), ids=DRIPPING)
def test_an_answer_that_drips_ends_at_its_deadline(
    stranger: Stranger, dripping: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_TIMEOUT", 0.3)
    stranger.answer = dripping
    with new_session() as session, pytest.raises(TooSlow):
        session.get(stranger.url)
    assert len(stranger.asked) == 1


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("dripping", ["headers", "body"])
def test_no_client_waits_for_what_drips(
    stranger: Stranger, name: str, dripping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_TIMEOUT", 0.2)
    stranger.answer = DRIPPING[dripping]
    pages, error = fetched(name, stranger)
    assert [page.posts for page in pages] == [0] * len(pages)
    assert "had not answered in full after 0 seconds; run this window again later" in str(error)
    assert len(stranger.asked) <= 6, "it is not asked again and again"


def test_a_server_that_stalls_again_and_again_is_asked_no_more(
    stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "READ_TIMEOUT", 0.1)
    monkeypatch.setattr(transport, "SLOW_ALTOGETHER", 0.15)
    stranger.answer = lambda handler: handler.server.is_over.wait() and None
    with new_session() as session:
        for _ in range(2):
            with pytest.raises(requests.ReadTimeout):
                session.get(stranger.url)
        with pytest.raises(TooSlow, match="has kept us waiting"):
            session.get(stranger.url)
    assert len(stranger.asked) == 2


def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch, stranger: Stranger) -> None:
    def getaddrinfo(*_: Any) -> list[Any]:
        stranger.is_over.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT", 0.1)
    with new_session(instead="https://x.example") as session, pytest.raises(requests.ConnectTimeout):
        session.get("https://blog.example/")


def packed(size: int, how: str) -> bytes:
    """So many zeros, packed."""
    if how == "gzip":
        return gzip.compress(bytes(size))
    if how == "twice":
        return gzip.compress(gzip.compress(bytes(size)))
    return zlib.compress(bytes(size))


@pytest.mark.parametrize("is_chunked", [False, True], ids=["whole", "in chunks"])
@pytest.mark.parametrize(("how", "told"), [("gzip", "gzip"), ("zlib", "deflate"), ("twice", "gzip, gzip")])
def test_packed_zeros_are_not_unpacked_beyond_the_bound(
    stranger: Stranger, how: str, told: str, is_chunked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 20)
    body = packed(1 << 27, how)
    if is_chunked:
        start = f"HTTP/1.1 200 OK\r\nContent-Encoding: {told}\r\nTransfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n"
        stranger.answer = lambda handler: handler.wfile.write(start.encode() + body + b"\r\n0\r\n\r\n") and None
    else:
        stranger.answer = says(200, body, Content_Encoding=told)
    with new_session() as session:
        tracemalloc.start()
        with pytest.raises(TooLarge, match="answered more than 1 MB at once"):
            session.get(stranger.url)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1 << 23


@pytest.mark.parametrize("name", sorted(SETTINGS))
@pytest.mark.parametrize("status", [200, 404])
def test_no_client_unpacks_a_bomb(stranger: Stranger, name: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1 << 16)
    stranger.answer = says(status, packed(1 << 20, "gzip"), Content_Encoding="gzip")
    _, error = fetched(name, stranger)
    assert "answered more than 0 MB at once; that is no page of posts" in str(error)
    assert isinstance(error, SchemaDrift)
    assert len(stranger.asked) <= 6


# Other hosts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_no_redirect_leads_to_another_server(
    stranger: Stranger, elsewhere: Stranger, name: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    onward = f"http://localhost:{elsewhere.server_address[1]}/internal/{SECRET}?token={SECRET}"
    stranger.answer = says(status, b"moved to " + SECRET.encode(), Location=onward)
    with caplog.at_level(logging.DEBUG):
        pages, error = fetched(name, stranger)
    assert [page.posts for page in pages] == [0] * len(pages)
    assert elsewhere.asked == []
    assert "sends us on to another server, 'localhost'; if it has moved there, write that address" in str(error)
    for never in (SECRET, "internal", "of another host"):
        assert never not in str(error) + caplog.text


@pytest.mark.parametrize(
    "onward",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://user@127.0.0.1:{port}/",
        "http://127.0.0.2:{own}/",
        "http://localhost:{own}/",
        "https://127.0.0.1:{own}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{own}/",
        "http://[::ffff:127.0.0.1]:{own}/",
        "http://2130706433:{own}/",
    ],
)
def test_another_port_number_or_scheme_is_another_server(stranger: Stranger, elsewhere: Stranger, onward: str) -> None:
    own, port = stranger.server_address[1], elsewhere.server_address[1]
    stranger.answer = says(302, b"", Location=onward.format(own=own, port=port))
    with new_session() as session, pytest.raises(SentElsewhere):
        session.get(stranger.url)
    assert (len(stranger.asked), elsewhere.asked) == (1, [])


def step(here: str, there: str) -> None:
    """What a session says to a redirect before it follows."""
    answer = requests.Response()
    answer.url, answer.request = here, requests.Request("GET", here).prepare()
    new_session().rebuild_auth(requests.Request("GET", there).prepare(), answer)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("http://blog.example/a", "https://blog.example/there"),
        ("http://blog.example:80/a", "https://blog.example:443/there"),
        ("https://blog.example/a", "https://BLOG.example:443/there"),
        ("https://blog.example:8443/a", "https://blog.example:8443/there"),
    ],
)
def test_the_same_host_may_send_on_to_itself(here: str, there: str) -> None:
    step(here, there)


@pytest.mark.parametrize(
    ("here", "there", "told"),
    [
        ("https://blog.example/a", "http://blog.example/there", "'http://blog.example:80'"),
        ("https://blog.example/a", "https://blog.example:8443/there", "'https://blog.example:8443'"),
        ("https://blog.example/a", "https://www.blog.example/there", "'www.blog.example'"),
        ("https://blog.example/a", "https://evil\x1b[31m.example/there", "evil"),
    ],
)
def test_any_other_step_names_the_host_alone(here: str, there: str, told: str) -> None:
    with pytest.raises((SentElsewhere, requests.exceptions.InvalidURL)) as caught:
        step(here, there)
    assert told in str(caught.value) or isinstance(caught.value, requests.exceptions.InvalidURL)
    assert "/there" not in str(caught.value)


def test_a_password_in_netrc_does_not_take_the_place_of_the_token_after_a_redirect(
    stranger: Stranger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("NO_PROXY", "*")
    sent = []

    def answer(handler: Any) -> None:
        sent.append(handler.headers["Authorization"])
        says(302 if handler.path == "/old" else 200, b"{}", Location="/new")(handler)

    stranger.answer = answer
    with new_session() as session:
        session.get(f"{stranger.url}/old", headers={"Authorization": "Bearer ghp_thetoken"})
    assert sent == ["Bearer ghp_thetoken"] * 2


def test_a_proxy_that_drips_ends_at_the_deadline(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_TIMEOUT", 0.3)
    stranger.answer = DRIPPING["headers"]
    with new_session() as session, pytest.raises(TooSlow):
        session.get("https://blog.example/", proxies={"https": stranger.url})
    assert stranger.asked == ["CONNECT blog.example:443"]


def test_a_redirect_in_circles_ends(stranger: Stranger) -> None:
    stranger.answer = says(302, b"", Location="/again")
    with new_session() as session, pytest.raises(SourceError, match="sends us round in circles"):
        HttpApi("The network", session).ask("GET", stranger.url)
    assert len(stranger.asked) == transport.MOST_REDIRECTS + 1


# Private addresses ------------------------------------------------------------------------------------


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names that lead to these addresses, one list an answer; the lists are used up."""
    monkeypatch.setenv("NO_PROXY", "*")
    names: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *how: Any) -> list[Any]:
        return real(names[host].pop(0) if host in names else host, port, *how)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


def test_a_name_that_leads_to_this_machine_is_not_asked(stranger: Stranger, named: dict[str, list[str]]) -> None:
    named["blog.example"] = ["127.0.0.1"]
    with new_session(public_only=True) as session, pytest.raises(PrivateAddress):
        session.get(f"http://blog.example:{stranger.server_address[1]}/")
    assert stranger.asked == []


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    stranger: Stranger, named: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    named["blog.example"] = ["93.184.215.14", "127.0.0.1"]
    connected_to = []

    def create_connection(address: tuple[str, int], *_: Any) -> socket.socket:
        connected_to.append(address[0])
        raise OSError("there is no internet here")

    monkeypatch.setattr(connections, "create_connection", create_connection)
    with new_session(public_only=True) as session, pytest.raises(requests.ConnectionError):
        session.get(f"http://blog.example:{stranger.server_address[1]}/")
    assert connected_to == ["93.184.215.14"]


def test_a_feed_whose_name_leads_to_this_machine_is_not_asked(stranger: Stranger, named: dict[str, list[str]]) -> None:
    named["blog.example"] = ["127.0.0.1"] * 9
    address = f"http://blog.example:{stranger.server_address[1]}/feed"
    settings = rss.Settings(id="it", type="rss", pace=0, feeds=(address,))
    client = rss.connect(settings, {})
    pages, error = failing(rss.fetch(client, settings, rss.queries(settings, Listening())[0], WEEK))
    assert (pages, stranger.asked) == ([], [])
    assert f"{address} has a name that leads to a private address" in str(error)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.usefixtures("named")
def test_an_address_that_says_itself_that_it_is_private_is_asked(stranger: Stranger, host: str) -> None:
    with new_session(public_only=True) as session:
        assert session.get(f"http://{host}:{stranger.server_address[1]}/").json() == {}


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1%2", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"),
    ],
)
def test_private_addresses(address: str) -> None:
    assert not connections._is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert connections._is_public(address)


@pytest.mark.parametrize(
    ("host", "is_meant"),
    [("127.0.0.1", True), ("[::1]", True), ("wiki", True), ("nas.local", True), ("Feeds.Internal.", True)]
    + [("blog.example", False), ("127.0.0.1.nip.io", False), ("127.1", False), ("xn--bcher-kva.example", False)],
)
def test_hosts_that_can_only_be_meant(host: str, is_meant: bool) -> None:
    assert connections._is_meant(host) is is_meant


# What is told of an answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["application/json; charset=latin-1", "text/html; charset=big5", "nonsense"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b" \n"], ids=["as it is", "with a mark", "with space"])
def test_json_is_utf8_whatever_the_header_says(stranger: Stranger, content_type: str, start: bytes) -> None:
    body = start + '{"text": "génial 😍 Zoë"}'.encode()
    stranger.answer = says(200, body, Content_Type=content_type)
    with new_session() as session:
        assert session.get(stranger.url).json() == {"text": "génial 😍 Zoë"}


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Zoë".encode("latin-1"), "text/plain; charset=latin-1", "Zoë"),
        ("Zoë".encode("utf-16"), "text/plain; charset=utf-8", "Zoë"),
        ("Zoë".encode(), "text/plain", "Zoë"),
        (b"Zo\xeb", "text/plain; charset=no-such", "Zo\ufffd"),
        (b"", "text/plain", ""),
    ],
)
def test_other_text_is_what_it_can_be_read_as(stranger: Stranger, body: bytes, content_type: str, text: str) -> None:
    stranger.answer = says(200, body, Content_Type=content_type)
    with new_session() as session:
        assert session.get(stranger.url).text == text


def test_what_a_server_says_stays_on_its_line(stranger: Stranger) -> None:
    stranger.answer = says(404, "\x1b]8;;http://evil.example\x07[bold]a\u202eb\r\n\x9b31m".encode())
    with new_session() as session, pytest.raises(SourceError) as caught:
        HttpApi("The network", session).ask("GET", stranger.url)
    assert str(caught.value).isprintable()


def test_what_is_nested_too_deep_to_show_and_what_is_long() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert excerpt(deep) == "'something nested too deep to show'"
    conceal(SECRET)
    assert excerpt("a" * 110 + SECRET + "b" * 10**6) == "'" + "a" * 110 + "[secret]bb'…"


def test_drops_of_a_slow_but_sound_answer_are_read(stranger: Stranger) -> None:
    def four_drops(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for drop in (b"[", b"1", b"2", b"]"):
            handler.wfile.write(drop)

    stranger.answer = four_drops
    with new_session() as session:
        assert session.get(stranger.url).json() == [12]
