"""What became of posts on Reddit: the connector asks the sandbox server through the real praw."""

import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Deletion,
    Known,
    Listening,
    Mention,
    Metrics,
    Page,
    RateLimited,
    SchemaDrift,
    SourceError,
)
from connectors.searching import searches
from query.parsing import parse as parsed
from sandbox.server import Sandbox
from sandbox.world import CLIENT_ID, CLIENT_SECRET
from tests.connectors.mangling import json_values

reddit = CONNECTORS["reddit"]

CREDENTIALS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
NOON = datetime.fromisoformat("2026-04-21T12:00:00")
Post = dict[str, Any]


def settings(**more: Any) -> Any:
    return reddit.Settings(**{"id": "forum", "type": "reddit", "subreddits": ("halmora",), **more})


def known(mention_id: str) -> Known:
    return Known(mention_id, "post", "r/halmora", None, None, NOON)


def recheck(server: Sandbox, ids: list[str], **credentials: str) -> Iterator[Page]:
    own = settings(api=server.url)
    return reddit.recheck(reddit.connect(own, CREDENTIALS | credentials), own, [known(id_) for id_ in ids])


def asked(server: Sandbox) -> list[list[str]]:
    return [request.params["id"].split(",") for request in server.world.requests if "/api/info" in request.path]


@pytest.fixture
def thread(line: Callable[..., Post]) -> list[Post]:
    return [
        line("a001", NOON, "gerrit", "dark again", title="Lamp"),
        line("a002", NOON + timedelta(minutes=1), "ines", "same", to="a001"),
        line("a003", NOON + timedelta(minutes=2), "ines", "buy gold", to="a002"),
        line("a004", NOON + timedelta(minutes=3), "Mira", "fixed", to="a001"),
    ]


IDS = ["reddit:t3_1sa001", "reddit:t1_1sa002", "reddit:t1_1sa003", "reddit:t1_1sa004"]


# Re-check ---------------------------------------------------------------------------------------------


def test_deleted_removed_absent_and_edited_as_they_are_now(run, build, thread):
    thread[0] |= {"deleted_at": "2026-04-22T09:00:00Z", "removed_by": "author"}
    thread[1] |= {"edited": {"at": "2026-04-22T10:00:00Z", "before": "smae"}, "likes": 41}
    thread[2] |= {"deleted_at": "2026-04-22T11:00:00Z", "removed_by": "moderator"}
    server = run(build(thread))
    ids = [*IDS[:3], "reddit:t1_1szzzz"]
    pages = list(recheck(server, ids))
    assert [(page.endpoint, page.posts, page.seen, page.body["asked"]) for page in pages] == [("recheck", 0, 3, ids)]
    records = list(reddit.parse(settings(), pages[0]))
    assert [record for record in records if isinstance(record, Deletion)] == [
        Deletion("reddit:t1_1sa003"),
        Deletion("reddit:t1_1szzzz"),
        Deletion("reddit:t3_1sa001"),
    ]
    assert [(record.text, record.edited_at) for record in records if isinstance(record, Mention)] == [
        ("same", datetime(2026, 4, 22, 10))
    ]
    assert [record for record in records if isinstance(record, Metrics)] == [Metrics("reddit:t1_1sa002", score=41)]


def test_a_hundred_posts_a_call(run, build, many_posts):
    server = run(build(many_posts(230)))
    ids = [f"reddit:t3_1sa{number:03}" for number in range(230)]
    pages = list(recheck(server, ids))
    assert [page.seen for page in pages] == [100, 100, 30]
    assert [f"reddit:{name}" for names in asked(server) for name in names] == ids


def test_nothing_known_asks_nothing(run, build):
    server = run(build([]))
    assert list(recheck(server, [])) == []
    assert list(server.world.requests) == []


def test_an_answer_without_any_of_them_is_asked_for_twice(run, build, thread):
    server = run(build(thread))
    empty = '{"kind": "Listing", "data": {"children": [], "after": null}}'
    server.world.misbehave("status", "/api/info", status=200, body=empty)
    (page,) = recheck(server, IDS)
    assert (page.seen, len(asked(server))) == (4, 2)
    server.world.misbehave("status", "/api/info", status=200, body=empty, times=2)
    (page,) = recheck(server, IDS)
    assert [type(record) for record in reddit.parse(settings(), page)] == [Deletion] * 4


def test_a_thing_without_a_readable_name_may_be_any_of_them(run, build, thread):
    body = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"body": "?"}}]}}
    records = list(reddit.parse(settings(), Page("recheck", {"asked": IDS, "answer": body})))
    assert [record for record in records if isinstance(record, Deletion)] == []


@pytest.mark.parametrize("body", [{"message": "Forbidden", "error": 403}, None, [], {"kind": "t1"}, "<html>"])
def test_what_is_no_listing_deletes_nothing(body):
    records = list(reddit.parse(settings(), Page("recheck", {"asked": IDS, "answer": body})))
    assert [record for record in records if isinstance(record, Deletion)] == []


def test_a_failure_costs_its_hundred(run, build, many_posts, collect):
    server = run(build(many_posts(230)))
    server.world.misbehave("html", "/api/info", nth=2)
    pages, error = collect(recheck(server, [f"reddit:t3_1sa{number:03}" for number in range(230)]))
    assert [page.seen for page in pages] == [100, 30]
    assert type(error) is SchemaDrift


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"kind": "half-json"}, SchemaDrift),
        ({"kind": "status", "status": 200, "body": "{}"}, SchemaDrift),
        ({"kind": "status", "status": 404}, SourceError),
        ({"kind": "status", "status": 503}, SourceError),
        ({"kind": "cut"}, SourceError),
        ({"kind": "status", "status": 401}, CredentialsError),
        ({"kind": "status", "status": 429, "headers": {"retry-after": "3600"}}, RateLimited),
    ],
    ids=str,
)
def test_a_failure_is_no_deletion(run, build, thread, collect, wrong, kind):
    server = run(build(thread))
    server.world.misbehave(**wrong, path="/api/info", times=None)
    pages, error = collect(recheck(server, IDS))
    assert pages == []
    assert type(error) is kind


def test_no_secret_in_any_log_or_error(run, build, thread, collect, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(thread))
    _, error = collect(recheck(server, IDS, client_secret="another-secret-value"))
    assert isinstance(error, CredentialsError)
    assert "another-secret-value" not in caplog.text + "".join(traceback.format_exception(error))


ANYTHING = json_values(
    st.sampled_from([*IDS, "t1", "Listing"]),
    keys=st.sampled_from(["asked", "answer", "kind", "data", "children", "name", "body"]),
    most=15,
)


@given(ANYTHING, ANYTHING)
def test_any_answer_is_read_without_raising(asked, answer):
    assert list(reddit.parse(settings(), Page("recheck", {"asked": asked, "answer": answer}))) is not None


# Canary and searches ----------------------------------------------------------------------------------


def test_the_canary_finds_something(run, build, thread, week):
    thread[0] |= {"text": "what is the best lamp"}
    server = run(build(thread))
    own = settings(api=server.url, search=True)
    page = next(reddit.fetch(reddit.connect(own, CREDENTIALS), own, reddit.NETWORK.canary, week))
    assert (page.endpoint, page.seen, len(server.world.requests)) == ("search", 1, 2)


@pytest.mark.parametrize(
    ("query", "searched"),
    [
        ("halmora", "halmora"),
        ('halmora OR "sunrise mode"', 'halmora OR "sunrise mode"'),
        ("halmora (pump OR hum)", "halmora AND (pump OR hum)"),
        ("halmora -tillwick", "halmora"),
        ("#halmora OR @tillwick", "halmora OR tillwick"),
        ("author:halmora_mira", "author:halmora_mira"),
        ("halmora type:comment", "halmora"),
        ("halmora lang:nl site:halmora.example", "halmora"),
    ],
)
def test_a_query_in_the_words_of_reddit(query, searched):
    asked = searches(Listening(queries=(("halmora", parsed(query)),)), reddit.NETWORK.search_syntax)
    assert [search.text for search in asked] == [searched]


def test_a_search_finds_what_the_brands_and_the_team_wrote(run, build, line, week, collect, mentions):
    posts = [
        line("a001", NOON, "gerrit", "it hums", title="Halmora pump"),
        line("a002", NOON + timedelta(minutes=1), "Mira", "good morning", title="News"),
        line("a003", NOON + timedelta(minutes=2), "ines", "mine hums", title="Fridge"),
    ]
    server = run(build(posts))
    own = settings(api=server.url, search=True, threads=False)
    listening = Listening(queries=(("halmora", parsed("halmora (pump OR hum)")),), team=(("halmora", "mira"),))
    (search,) = searches(listening, reddit.NETWORK.search_syntax)
    pages, error = collect(reddit.fetch(reddit.connect(own, CREDENTIALS), own, search, week))
    assert error is None
    assert set(mentions(reddit, pages)) == {"reddit:t3_1sa001", "reddit:t3_1sa002"}
