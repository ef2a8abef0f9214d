"""Bluesky, as a hostile server or bad luck would have it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from connectors import CONNECTORS
from connectors.bluesky.client import AUTHOR_FEED, POSTS, SEARCH
from connectors.bluesky.fetch import MOST_BARREN
from connectors.contract import CredentialsError, Deletion, Known, Mention, Query, SchemaDrift, SourceError, Window
from connectors.transport import conceal
from tests.connectors.times import at

bluesky = CONNECTORS["bluesky"]

XRPC = "/bluesky/xrpc/"
WEEK = Window(at("20"), at("27"))


def settings(**more):
    return bluesky.Settings(id="sky", type="bluesky", pace=0, **more)


def post(number):
    did = "did:plc:abcdefghijklmnopqrstuvwx"
    return {
        **{"uri": f"at://{did}/app.bsky.feed.post/{number}", "cid": "x", "author": {"did": did, "handle": "a.example"}},
        **{"record": {"text": "halmora", "createdAt": "2026-04-21T08:00:00Z"}, "indexedAt": "2026-04-21T08:00:00Z"},
        "replyCount": 0,
    }


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, query=None, of=(), credentials=None):
        server = run(build([]))
        for method, nth, told in answers:
            server.world.misbehave(**{"kind": "status", "status": 200, "path": XRPC + method, "nth": nth, **told})
        own = settings(api=f"{server.url}/bluesky", threads=False)
        client = bluesky.connect(own, credentials or {})
        client.clock = time.clock
        known = [Known(f"bluesky:{post(n)['uri']}", "post", None, None, None, at("21T08:00")) for n in of]
        asking = bluesky.fetch(client, own, query, WEEK) if query else bluesky.recheck(client, own, known)
        pages, error = collect(asking)
        return pages, error, [record for page in pages for record in bluesky.parse(own, page)]

    return make


@pytest.mark.parametrize("found", [[], [1]], ids=["empty", "the same"])
@pytest.mark.parametrize(
    ("query", "method", "name"),
    [("halmora", SEARCH, "posts"), ("at://a.example", AUTHOR_FEED, "feed")],
    ids=["search", "feed"],
)
def test_cursors_that_always_lead_on(asked, found, query, method, name):
    entries = [post(number) if name == "posts" else {"post": post(number)} for number in found]
    turns = [(method, n, {"body": json.dumps({name: entries, "cursor": f"c{n}"})}) for n in range(1, 40)]
    pages, error, _ = asked(*turns, query=Query("q", query))
    assert sum(page.endpoint == method for page in pages) == MOST_BARREN + len(found)
    assert isinstance(error, SchemaDrift)
    assert error.unseen_from == WEEK.start


def made(number, moment):
    return post(number) | {"record": {"text": "a", "createdAt": moment}, "indexedAt": moment}


PIN = {"reason": {"$type": "app.bsky.feed.defs#reasonPin"}}


@pytest.mark.parametrize(
    ("place", "more"),
    [(0, {}), (0, PIN), (2, {}), (5, {}), (5, PIN)],
    ids=["first", "first and pinned", "between", "last", "last and pinned"],
)
@pytest.mark.parametrize("day", ["2026-04-01", "2026-04-20"], ids=["before the window", "in the window"])
def test_an_old_post_in_a_feed_neither_ends_it_nor_tells_how_far_it_came(asked, place, more, day):
    first = [{"post": made(9 - n, f"2026-04-26T{20 - n}:00:00Z")} for n in range(5)]
    first.insert(place, {"post": made(1, f"{day}T08:00:00Z"), **more})
    turns = [(AUTHOR_FEED, 1, {"body": json.dumps({"feed": first, "cursor": "c1"})})]
    turns.append((AUTHOR_FEED, 2, {"status": 500, "times": None}))
    pages, error, _ = asked(*turns, query=Query("q", "at://a.example"))
    assert [page.seen for page in pages if page.endpoint == AUTHOR_FEED] == [6]
    assert isinstance(error, SourceError)
    assert at("26T16:00") <= error.unseen_to <= at("26T18:00")


def test_a_date_in_the_future_does_not_make_the_rest_of_a_feed_count_as_seen(asked):
    passed_on = {"post": post(1), "reason": {"by": {}, "indexedAt": "2031-01-01T00:00:00Z"}}
    first = [passed_on, {"post": made(8, "2026-04-26T20:00:00Z")}, passed_on]
    old = [{"post": made(2, "2026-04-01T20:00:00Z")}]
    turns = [
        (AUTHOR_FEED, 1, {"body": json.dumps({"feed": first, "cursor": "c1"})}),
        (AUTHOR_FEED, 2, {"body": json.dumps({"feed": [{"post": made(7, "2026-04-25T20:00:00Z")}], "cursor": "c2"})}),
        (AUTHOR_FEED, 3, {"body": json.dumps({"feed": old, "cursor": "c3"})}),
    ]
    pages, error, _ = asked(*turns, query=Query("q", "at://a.example"))
    assert error is None
    assert [page.posts for page in pages if page.endpoint == AUTHOR_FEED] == [2, 1, 0]


def test_an_empty_page_is_not_the_end(asked):
    turns = [[], [1], [], [2]]
    _, error, records = asked(
        *(
            (
                SEARCH,
                n,
                {"body": json.dumps({"posts": [post(one) for one in found], "cursor": f"c{n}" if n < 4 else ""})},
            )
            for n, found in enumerate(turns, 1)
        ),
        query=Query("q", "halmora"),
    )
    assert error is None
    assert len({record.mention_id for record in records if isinstance(record, Mention)}) == 2


def test_a_cursor_of_more_digits_than_python_reads(asked):
    first = {"body": json.dumps({"posts": [post(1)], "cursor": "9" * 5000})}
    _, error, _ = asked((SEARCH, 1, first), query=Query("q", "halmora"))
    assert error is None


def test_an_empty_answer_deletes_nothing_before_it_came_twice(asked):
    back = {"body": json.dumps({"posts": [post(1), post(2)]})}
    _, error, records = asked((POSTS, 1, {"body": '{"posts": []}'}), (POSTS, 2, back), of=(1, 2))
    assert error is None
    assert [record for record in records if isinstance(record, Deletion)] == []
    _, error, records = asked((POSTS, 1, {"body": '{"posts": []}', "times": 2}), of=(1, 2))
    assert len([record for record in records if isinstance(record, Deletion)]) == 2


def test_the_name_of_an_error_is_not_repeated_unseen(asked):
    conceal("my-app-password")
    hostile = json.dumps({"error": "see\x1b[31m my-app-password", "message": "no"})
    _, error, _ = asked((SEARCH, 1, {"status": 400, "body": hostile}), query=Query("q", "halmora"))
    assert isinstance(error, SourceError)
    assert "my-app-password" not in str(error)
    assert str(error).isprintable()


def test_the_app_password_does_not_follow_a_redirect(run, build, time, collect):
    bodies = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_error(500)

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, args=(0.01,), daemon=True).start()
        server = run(build([]))
        onward = f"http://localhost:{elsewhere.server_address[1]}/"
        path = f"{XRPC}com.atproto.server.createSession"
        server.world.misbehave("status", path=path, status=307, times=None, headers={"location": onward})
        own = settings(api=f"{server.url}/bluesky")
        client = bluesky.connect(own, {"handle": "a.example", "app_password": "abcd-efgh-ijkl-mnop"})
        client.clock = time.clock
        pages, error = collect(bluesky.fetch(client, own, Query("q", "halmora"), WEEK))
        elsewhere.shutdown()
    assert bodies == []
    assert pages == []
    assert isinstance(error, SourceError)
    assert not isinstance(error, CredentialsError)
