"""The Hacker News connector against the sandbox server: search by date, threads and items over real HTTP."""

import logging
import traceback
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    Deletion,
    Interaction,
    Known,
    Listening,
    Mention,
    Metrics,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from connectors.http_api import Refused
from query.parsing import parse as query
from sandbox import hackernews_api
from sandbox.hackernews_api import item_id
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, NO_JSON, trouble_id

hackernews = CONNECTORS["hackernews"]

HALMORA = Query("search 1", "halmora")
SEARCH = "/hackernews/algolia"
ITEM = "/hackernews/firebase"


def settings(**more):
    return hackernews.Settings(**{"id": "orange", "type": "hackernews", "pace": 0, **more})


@pytest.fixture
def client(time):
    def make(server, **more):
        made = hackernews.connect(settings(api=f"{server.url}/hackernews", **more), {})
        made.api.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=HALMORA, window=week, with_client=None, **more):
        return collect(hackernews.fetch(with_client or client(server), settings(**more), asked, window))

    return make


@pytest.fixture
def item(line):
    def make(id_, moment, by, text, **more):
        return line(id_, moment, by, text, net="hackernews", place="hackernews", **more)

    return make


@pytest.fixture
def people():
    return [
        {"net": "hackernews", "handle": handle, "since": "2020-01-31"} for handle in ("gerrit", "mira", "ines", "Ray")
    ]


@pytest.fixture
def many(item):
    """So many stories, a minute apart, the last a minute before the week ends."""
    return lambda count: [
        item(id_, moment, "gerrit", f"halmora {n}", title="t") for n, id_, moment in series(count, minutes=1)
    ]


@pytest.fixture
def talk(item):
    return [
        item("a001", at("19T08:00"), "gerrit", None, title="A garden on the counter", link="https://plants.example/a"),
        item("a002", at("21T08:30"), "mira", "My Halmora <One> is dark.\n\nIs it & the cloud?", to="a001"),
        item(
            "a003", at("21T09:00"), "gerrit", "it is", to="a002", deleted_at="2026-04-21T10:00:00Z", removed_by="author"
        ),
        item("a004", at("21T09:30"), "ines", "below the deleted one", to="a003"),
        item("a005", at("28T00:00"), "Ray", "after the week", to="a002"),
        item("b001", at("22T10:00"), "ines", "Has anybody a halmora?", title="Ask HN: which garden"),
        item(
            "b002", at("22T11:00"), "gerrit", "nothing of interest", title="Show HN: my lamp", link="https://l.example"
        ),
    ]


@pytest.fixture
def _shows_100(monkeypatch):
    """A search that shows 100 hits at most."""
    monkeypatch.setattr("connectors.hackernews.fetch.CAP", 100)
    monkeypatch.setattr("connectors.hackernews.fetch.NETWORK", replace(hackernews.NETWORK, page_size=100))
    monkeypatch.setattr(hackernews_api, "HITS_SHOWN", 100)


def asked(server):
    return [request.params for request in server.world.requests]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_for_searches_lists_and_authors():
    own = settings(lists=("ask_hn", "front_page", "ask_hn"), authors=("pg",))
    asked = query('halmor* OR "sunrise mode" OR mode OR @mode')
    listening = Listening(queries=(("halmora", asked),), team=(("halmora", "mira"),))
    assert [found.text for found in hackernews.queries(own, listening)] == [
        "halmor*",
        '"sunrise mode"',
        "mode",
        "author:mira",
        "list:ask_hn",
        "list:front_page",
        "author:pg",
    ]
    assert [asked.text for asked in hackernews.queries(settings(search=False, authors=("pg",)), Listening())] == [
        "author:pg"
    ]


@pytest.mark.parametrize("wrong", [{"search": False}, {"lists": ("comment",)}, {"authors": ("a b",)}, {"pace": -1}])
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


@pytest.mark.parametrize(
    ("text", "tags", "words"),
    [
        ("halmora", "(story,comment,poll,job)", ("halmora", "prefixNone")),
        ('halmor* "sunrise mode"', "(story,comment,poll,job)", ('halmor "sunrise mode"', "prefixAll")),
        ("halmora type:comment", "comment", ("halmora", "prefixNone")),
        ("halmora type:post author:pg", "(story,poll,job),author_pg", ("halmora", "prefixNone")),
        ("author:pg", "(story,comment,poll,job),author_pg", None),
        ("list:show_hn", "show_hn", None),
        ('"author:pg"', "(story,comment,poll,job)", ('"author:pg"', "prefixNone")),
    ],
)
def test_what_a_query_asks_for(run, build, fetched, text, tags, words):
    server = run(build([]))
    fetched(server, Query("q", text))
    [sent] = asked(server)
    assert sent["tags"] == tags
    assert (sent.get("query"), sent.get("queryType")) == (words or (None, None))
    assert sent["numericFilters"] == "created_at_i>=1776643200,created_at_i<1777248000"
    assert (sent["hitsPerPage"], sent["typoTolerance"], sent["ignorePlurals"]) == ("1000", "false", "false")
    assert sent.get("restrictSearchableAttributes") == (words and "title,story_text,comment_text,url")


# Fetch --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [True, False], ids=["pages are counted", "one page is said"])
def test_a_search_that_shows_fewer_at_once_is_read_to_its_end(run, build, many, fetched, mentions, monkeypatch, counts):
    monkeypatch.setattr(hackernews_api, "HITS_A_PAGE", 40)
    monkeypatch.setattr(hackernews_api, "COUNTS_PAGES", counts)
    pages, error = fetched(run(build(many(200)), now=NOW), threads=False)
    assert error is None
    assert [page.seen for page in pages] == [40] * 5
    assert len(mentions(hackernews, pages)) == 200


def test_fetch_a_find_with_its_whole_thread(run, build, talk, fetched, mentions):
    whole = build(talk)
    pages, error = fetched(run(whole, now=NOW))
    assert error is None
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [("search", 2, 2), ("threads", 1, 5)]
    found = mentions(hackernews, pages)
    names = {name: f"hackernews:{item_id(post)}" for name, post in whole.by_id.items()}
    assert set(found) == {names[id_] for id_ in ("a001", "a002", "a004", "a005", "b001")}
    assert found[names["a002"]] == Mention(
        *(names["a002"], "hackernews", None, "comment", None, "My Halmora <One> is dark.\n\nIs it & the cloud?"),
        f"https://news.ycombinator.com/item?id={names['a002'][11:]}",
        *("hackernews:mira", names["a001"], names["a001"], at("21T08:30")),
    )
    story = found[names["a001"]]
    assert (story.kind, story.title, story.text) == ("post", "A garden on the counter", "https://plants.example/a")
    assert (story.parent_id, story.root_id) == (None, names["a001"])
    assert found[names["a004"]].parent_id == names["a003"]
    records = [record for page in pages for record in hackernews.parse(None, page)]
    assert Metrics(names["a001"], score=3, replies=3) in records
    assert Metrics(names["a002"], replies=1) in records
    assert Interaction(names["a002"], "hackernews:mira", "hackernews:gerrit", "reply") in records


def test_fetch_without_threads(run, build, talk, fetched):
    pages, error = fetched(run(build(talk), now=NOW), threads=False)
    assert error is None
    assert [page.endpoint for page in pages] == ["search"]


def test_a_thread_is_read_once_in_a_run(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    own = client(server)
    fetched(server, with_client=own)
    again, error = fetched(server, Query("q", "dark"), with_client=own)
    assert error is None
    assert [page.endpoint for page in again] == ["search"]


def test_fetch_lists_and_authors(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    for text, ids in [("list:ask_hn", {"b001"}), ("list:story", {"b001", "b002"}), ("author:ines", {"a004", "b001"})]:
        pages, error = fetched(server, Query("q", text), threads=False)
        assert error is None
        assert set(mentions(hackernews, pages)) == {f"hackernews:{47_000_000 + int(id_, 36)}" for id_ in ids}, text


def test_the_front_page_is_as_it_is_now(run, build, item, fetched):
    posts = [
        item("a001", at("25T20:00"), "mira", "halmora", title="liked", likes=80),
        item("a002", at("25T21:00"), "mira", "halmora", title="not liked", likes=2),
        item("a003", at("21T20:00"), "mira", "halmora", title="long ago", likes=80),
    ]
    pages, error = fetched(run(build(posts), now=at("26T12:00")), Query("q", "list:front_page"), threads=False)
    assert error is None
    assert [hit["title"] for hit in pages[0].body["hits"]] == ["liked"]


@pytest.mark.usefixtures("_shows_100")
def test_fetch_halves_the_window_where_more_is_found_than_is_shown(run, build, many, fetched, mentions):
    server = run(build(many(230)), now=NOW)
    pages, error = fetched(server, threads=False)
    assert error is None
    assert len(mentions(hackernews, pages)) == sum(page.posts for page in pages) == 230
    spans = [params["numericFilters"] for params in asked(server)]
    assert len(spans) == len(set(spans)) < 20


def test_fetch_pages_to_the_last(run, build, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr("connectors.hackernews.fetch.NETWORK", replace(hackernews.NETWORK, page_size=100))
    server = run(build(many(450)), now=NOW)
    pages, error = fetched(server, threads=False)
    assert error is None
    assert [page.posts for page in pages] == [100, 100, 100, 100, 50]
    assert [params["page"] for params in asked(server)] == ["0", "1", "2", "3", "4"]
    assert len(mentions(hackernews, pages)) == 450


def test_fetch_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, monkeypatch, week):
    monkeypatch.setattr("connectors.hackernews.fetch.NETWORK", replace(hackernews.NETWORK, page_size=100))
    server = run(build(many(450)), now=NOW)
    server.world.misbehave("status", path=SEARCH, nth=3, times=4)
    pages, error = fetched(server, threads=False)
    assert [page.posts for page in pages] == [100, 100]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == week
    again, error = fetched(server, threads=False)
    assert error is None
    assert len(mentions(hackernews, again)) == 450
    assert mentions(hackernews, pages).items() <= mentions(hackernews, again).items()


@pytest.mark.usefixtures("_shows_100")
def test_what_was_seen_whole_needs_no_second_look(run, build, many, fetched, mentions, week):
    server = run(build(many(230)), now=NOW)
    undisturbed, _ = fetched(server)
    kinds = ["story_" in params["tags"] for params in asked(server)]
    server.world.misbehave("status", path=SEARCH, nth=kinds.index(False, kinds.index(True)) + 1, times=4)
    pages, error = fetched(server)
    reached = error.unseen_to
    assert week.start < reached < week.end
    assert reached in {page.seen_whole_after for page in undisturbed}
    rest, error = fetched(server, window=Window(week.start, reached))
    assert error is None
    assert len(mentions(hackernews, [*pages, *rest])) == 230


def test_windows_that_overlap_give_the_same_ids(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    early, _ = fetched(server, window=Window(at("20T00:00"), at("22T10:30")))
    late, _ = fetched(server, window=Window(at("21T00:00"), at("23T00:00")))
    assert mentions(hackernews, early) == mentions(hackernews, late)


def test_window_edges(run, build, item, fetched, mentions):
    times = ("20T23:59:59", "21T00:00:00", "21T23:59:59", "22T00:00:00")
    posts = [item(f"a00{n}", at(moment), "mira", "halmora", title="t") for n, moment in enumerate(times)]
    pages, _ = fetched(run(build(posts), now=NOW), window=Window(at("21T00:00"), at("22T00:00")))
    assert sorted(mention.created_at for mention in mentions(hackernews, pages).values()) == [
        at("21T00:00:00"),
        at("21T23:59:59"),
    ]


@pytest.mark.usefixtures("_shows_100")
def test_more_in_one_second_than_is_shown(run, build, item, fetched):
    posts = [item(f"a{n:03}", at("21T08:00:00"), "mira", "halmora", title="t") for n in range(101)]
    window = Window(at("21T08:00:00"), at("21T08:00:04"))
    pages, error = fetched(run(build(posts), now=NOW), window=window, threads=False)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (at("21T08:00:00"), at("21T08:00:01"))
    assert sum(page.posts for page in pages) == 100


@pytest.mark.usefixtures("_shows_100")
def test_a_thread_with_more_than_is_shown(run, build, item, fetched, mentions):
    story = item("z001", at("21T08:00"), "mira", "halmora", title="t")
    comments = [item(f"a{n:03}", at("21T09:00") + timedelta(seconds=n), "ines", "yes", to="z001") for n in range(110)]
    pages, error = fetched(run(build([story, *comments]), now=NOW))
    assert error is None
    assert len(mentions(hackernews, pages)) == 111


def test_nothing_found(run, build, talk, fetched, client, collect, week):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server, Query("q", "zebra"))
    assert error is None
    assert [(page.posts, page.seen, page.first_at) for page in pages] == [(0, 0, None)]


def test_the_canary_finds_something_in_any_window(run, build, talk, client, collect):
    server = run(build(talk), now=NOW)
    ancient = Window(at("01T00:00"), at("01T00:05"))
    pages, error = collect(hackernews.fetch(client(server), settings(), hackernews.NETWORK.canary, ancient))
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 4)]


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=SEARCH, status=429, headers={"retry-after": "17"})
    pages, error = fetched(server)
    assert error is None
    assert waits == [17]
    assert len(pages) == 2


def test_a_long_wait_is_left_to_a_later_run(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=SEARCH, status=429, nth=2, headers={"retry-after": "1800"})
    pages, error = fetched(server)
    assert [page.endpoint for page in pages] == ["search"]
    assert isinstance(error, RateLimited)
    assert error.until == NOW + timedelta(seconds=1800)
    assert waits == []


def test_what_failed_for_a_moment_is_asked_again(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=SEARCH, status=503, times=2)
    assert fetched(server)[1] is None
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        *NO_ANSWER,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a page of hits belongs"),
        ({"kind": "status", "status": 200, "body": '{"hits": []}'}, SchemaDrift, "where a page of hits belongs"),
        (
            {"kind": "status", "status": 200, "body": '{"hits": [], "nbHits": 5000, "nbPages": 9}'},
            SchemaDrift,
            "nothing new",
        ),
        ({"kind": "status", "status": 400, "body": '{"message": "bad filter", "status": 400}'}, Refused, "bad filter"),
        (
            {"kind": "status", "status": 403, "body": '{"message": "blocked", "status": 403}'},
            Refused,
            "does not answer this address (403: ",
        ),
        ({"kind": "status", "status": 403, "body": "blocked"}, SourceError, "403 with 'blocked', which is not from"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
    ],
    ids=trouble_id,
)
def test_a_bad_answer_says_what_came(run, build, talk, fetched, week, wrong, kind, says):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path=SEARCH, times=None)
    pages, error = fetched(server)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_pages_that_go_in_circles(run, build, talk, fetched, monkeypatch):
    server = run(build(talk), now=NOW)
    hit = '{"objectID": "1", "created_at_i": 1776800000, "_tags": ["story"], "author": "x"}'
    server.world.misbehave(
        "status", path=SEARCH, status=200, times=None, body=f'{{"hits": [{hit}], "nbHits": 99, "nbPages": 9}}'
    )
    pages, error = fetched(server)
    assert [page.seen for page in pages] == [1]
    assert isinstance(error, SchemaDrift)


def test_threads_that_fail_cost_themselves(run, build, talk, fetched, mentions, week):
    server = run(build(talk), now=NOW)
    server.world.misbehave("half-json", path=SEARCH, nth=2)
    pages, error = fetched(server)
    assert [page.endpoint for page in pages] == ["search"]
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == week
    again, error = fetched(server)
    assert error is None
    assert len(mentions(hackernews, again)) == 5


def test_nobody_there(run, build, collect, week, time):
    run(build([]))
    own = settings(api="http://127.0.0.1:9")
    made = hackernews.connect(own, {})
    made.api.clock = time.clock
    _, error = collect(hackernews.fetch(made, own, HALMORA, week))
    assert "failed or was cut" in str(error)


def test_requests_are_paced(run, build, talk, client, fetched, waits):
    server = run(build(talk), now=NOW)
    _, error = fetched(server, with_client=client(server, pace=2))
    assert error is None
    assert waits == [2]


def test_no_stranger_in_a_log_or_error(run, build, talk, client, collect, week, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=SEARCH, status=400, body="Authorization: Bearer abcdefgh12345", times=None)
    _, error = collect(hackernews.fetch(client(server), settings(), HALMORA, week))
    seen = caplog.text + repr(client(server)) + "".join(traceback.format_exception(error))
    assert "Bearer [secret]" in seen
    assert "abcdefgh12345" not in seen


# Recheck ------------------------------------------------------------------------------------------------------


def known(pages, mentions):
    return [
        Known(mention.mention_id, mention.kind, None, mention.url, mention.root_id, mention.created_at)
        for mention in mentions(hackernews, pages).values()
    ]


@pytest.fixture
def rechecked(client, collect):
    def make(server, of, **more):
        pages, error = collect(hackernews.recheck(client(server), settings(**more), of))
        return pages, error, [record for page in pages for record in hackernews.parse(None, page)]

    return make


def test_recheck_carries_edits_deletions_and_numbers(run, build, item, fetched, mentions, rechecked):
    gone = {"deleted_at": "2026-04-27T12:00:00Z"}
    whole = build(
        [
            item("a001", at("21T08:00"), "gerrit", "halmora", title="t"),
            item(
                "a002", at("21T09:00"), "mira", "new", to="a001", edited={"at": "2026-04-27T10:00:00Z", "before": "old"}
            ),
            item("a003", at("21T10:00"), "ines", "gone soon", to="a001", **gone, removed_by="author"),
            item("a004", at("21T11:00"), "Ray", "rude", to="a002", **gone, removed_by="moderator"),
            item("a005", at("27T15:00"), "ines", "an answer", to="a002"),
        ]
    )
    names = {id_: f"hackernews:{item_id(post)}" for id_, post in whole.by_id.items()}
    server = run(whole, now=at("26T00:00"))
    pages, _ = fetched(server)
    before = mentions(hackernews, pages)
    assert before[names["a002"]].text == "old"
    server.world.now = NOW
    server.world.requests.clear()
    pages, error, records = rechecked(server, known(pages, mentions))
    assert error is None
    assert [request.path.split("/")[2] for request in server.world.requests] == ["algolia", "firebase", "firebase"]
    assert {page.endpoint.split()[0] for page in pages} == {"recheck"}
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert now.keys() == {names["a001"], names["a002"], names["a005"]}
    assert now[names["a002"]].text == "new"
    assert {record for record in records if isinstance(record, Deletion)} == {
        Deletion(names["a003"]),
        Deletion(names["a004"]),
    }
    assert Metrics(names["a001"], score=3, replies=2) in records
    assert sum(page.posts for page in pages) == 4


def test_recheck_of_what_never_was(run, build, rechecked):
    unknown = Known("hackernews:5", "comment", None, None, None, at("21T08:00"))
    pages, error, records = rechecked(run(build([])), [unknown])
    assert error is None
    assert pages[-1].body == {"asked": ["hackernews:5"], "answer": None}
    assert records == [Deletion("hackernews:5")]


@pytest.mark.parametrize("wrong", [{"kind": "html"}, {"kind": "status", "status": 403}, {"kind": "cut"}])
def test_recheck_deletes_nothing_because_of_a_failure(run, build, talk, fetched, mentions, rechecked, wrong):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave(**wrong, path="/hackernews", times=None)
    _, error, records = rechecked(server, known(pages, mentions))
    assert isinstance(error, SourceError)
    assert records == []


def test_recheck_goes_on_where_one_item_fails(run, build, rechecked):
    of = [Known(f"hackernews:{n}", "comment", None, None, None, at("21T08:00")) for n in (5, 6, 7)]
    server = run(build([]))
    server.world.misbehave("half-json", path=ITEM, nth=2)
    _, error, records = rechecked(server, of)
    assert isinstance(error, SchemaDrift)
    assert records == [Deletion("hackernews:5"), Deletion("hackernews:7")]


def test_recheck_asks_for_many_threads_at_once(run, build, many, fetched, mentions, rechecked):
    server = run(build(many(45)), now=NOW)
    pages, _ = fetched(server, threads=False)
    server.world.requests.clear()
    _, error, records = rechecked(server, known(pages, mentions))
    assert error is None
    assert Counter(request.path for request in server.world.requests) == {
        "/hackernews/algolia/api/v1/search_by_date": 3
    }
    assert sum(isinstance(record, Mention) for record in records) == 45
