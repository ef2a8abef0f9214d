"""The X connector against the sandbox server: the real tweepy over real HTTP."""

import json
import logging
import traceback
from datetime import UTC, datetime, timedelta
from time import time

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    CredentialsError,
    Listening,
    Mention,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from query.parsing import any_of
from sandbox import x_api
from sandbox.world import BEARER_TOKEN
from sandbox.x_posts import post_id, snowflake
from tests.connectors.times import at, series
from tests.connectors.trouble import trouble_id

x = CONNECTORS["x"]

CREDENTIALS = {"bearer_token": BEARER_TOKEN}
HALMORA = Query("search 1", "(halmora OR @halmora OR from:halmora) -is:retweet")
AFTER = at("27")


def settings(**more):
    return x.Settings(**{"id": "bird", "type": "x", **more})


def fetch(server, window, query=HALMORA, **more):
    own = settings(api=server.url, **more)
    return x.fetch(x.connect(own, CREDENTIALS), own, query, window)


def fetched(server, window, collect, query=HALMORA, **more):
    return collect(fetch(server, window, query, **more))


def asked(server):
    return [request.params for request in server.world.requests]


@pytest.fixture
def tweet(line):
    def make(id_, moment, by, text, **more):
        return line(id_, moment, by, text, net="x", place="x", **{"reposts": 2, "views": 900, **more})

    return make


@pytest.fixture
def many(tweet):
    return lambda count: [tweet(id_, moment, "sam", f"halmora {n}") for n, id_, moment in series(count, minutes=1)]


@pytest.fixture
def talk(tweet):
    return [
        tweet("a001", at("21T08:00"), "sam", "My #Halmora is dark & silent <again> https://pics.example/x?a=1&copy=2"),
        tweet("a002", at("21T08:30"), "halmora", "@sam we see it. @nettie too?", to="a001"),
        tweet("a003", at("21T09:00"), "nettie", "this halmora thing", quotes="a001"),
        tweet("a004", at("21T09:30"), "nettie", None, reposts_of="a001"),
        tweet(
            "a005", at("21T10:00"), "nettie", "halmora works", edited={"at": "2026-04-21T10:10:00Z", "before": "hal"}
        ),
        tweet("a006", at("21T11:00"), "sam", "halmora " + "long " * 80 + "end"),
        tweet("a007", at("21T12:00"), "sam", "halmora gone", deleted_at="2026-04-21T13:00:00Z")
        | {"removed_by": "author"},
        tweet("a008", at("21T12:30"), "sam", "nothing of interest"),
    ]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_join_terms_and_team_and_leave_reposts_out():
    listening = Listening(
        (("halmora", any_of(["halmora", "Halmora One", "#halmora", "or", "halmora.example"])),),
        (("halmora", "halmora"), ("halmora", "halmora_help")),
    )
    expression = 'halmora OR "Halmora One" OR #halmora OR or OR "halmora.example" OR from:halmora OR from:halmora_help'
    assert [query.text for query in x.queries(settings(extra=("#basil has:images",)), listening)] == [
        f"({expression}) -is:retweet",
        "(#basil has:images) -is:retweet",
    ]
    assert [query.text for query in x.queries(settings(reposts=True), listening)] == [expression]


@pytest.mark.parametrize(("search", "longest", "count"), [("recent", 512, 4), ("all", 1024, 2)])
def test_queries_stay_within_what_x_accepts(search, longest, count):
    found = x.queries(
        settings(search=search), Listening((("halmora", any_of(f"halmora word {n:02}" for n in range(80))),))
    )
    assert len(found) == len({query.name for query in found}) == count
    assert all(len(query.text) <= longest for query in found)
    assert sum(query.text.count('"halmora word') for query in found) == 80


@pytest.mark.parametrize("wrong", [{"extra": ("",)}, {"extra": ("y" * 500,)}, {"search": "some"}])
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_connect_names_what_is_missing():
    with pytest.raises(CredentialsError, match="EARSHOT_BIRD_BEARER_TOKEN"):
        x.connect(settings(), {})


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_a_talk_with_everybody_in_it(run, build, talk, week, collect, mentions):
    whole = build(talk)
    pages, error = fetched(
        run(whole, now=AFTER), week, collect, reposts=True, query=Query("q", "halmora OR from:halmora")
    )
    assert error is None
    found = mentions(x, pages)
    ids = {name: f"x:{post_id(whole.by_id[name])}" for name in ("a001", "a002", "a003", "a004", "a005", "a006")}
    assert set(found) == set(ids.values())
    first = found[ids["a001"]]
    sam = first.author_id
    assert first == Mention(
        *(ids["a001"], "x", None, "post", None),
        "My #Halmora is dark & silent <again> https://pics.example/x?a=1&copy=2",
        f"https://x.com/sam/status/{ids['a001'][2:]}",
        *(sam, None, ids["a001"], at("21T08:00")),
        network_lang="en",
    )
    assert (found[ids["a002"]].kind, found[ids["a002"]].parent_id) == ("comment", ids["a001"])
    assert found[ids["a002"]].root_id == ids["a001"]
    assert (found[ids["a003"]].kind, found[ids["a003"]].parent_id) == ("quote", ids["a001"])
    assert (found[ids["a004"]].kind, found[ids["a004"]].text) == ("repost", first.text)
    edited = found[ids["a005"]]
    assert (edited.text, edited.created_at, edited.edited_at) == ("halmora works", at("21T10:00"), at("21T10:10"))
    assert edited.url.endswith(snowflake(at("21T10:10"), int("a005", 36)))
    assert found[ids["a006"]].text == "halmora " + "long " * 80 + "end"
    people = {r.author_id: r for page in pages for r in x.parse(None, page) if isinstance(r, Author)}
    assert people[sam] == Author(sam, "x", "sam", "Sam 🌱", 120, datetime.fromisoformat("2020-01-31"))


def test_fetch_pages_to_the_last(run, build, many, week, collect, mentions):
    server = run(build(many(250)), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(100, 100), (100, 100), (50, 50)]
    assert len(mentions(x, pages)) == 250
    tokens = [params.get("next_token") for params in asked(server)]
    assert tokens == [None, *(page.body["meta"]["next_token"] for page in pages[:2])]
    assert {params["start_time"] for params in asked(server)} == {"2026-04-20T00:00:00Z"}
    assert {params["end_time"] for params in asked(server)} == {"2026-04-27T00:00:00Z"}
    assert (pages[2].first_at, pages[0].last_at) == (week.end - timedelta(minutes=250), week.end - timedelta(minutes=1))


@pytest.mark.parametrize("count", [200, 230])
def test_fetch_a_search_that_names_no_next_page(run, build, many, week, collect, mentions, monkeypatch, count):
    monkeypatch.setattr(x_api, "NAMES_THE_NEXT_PAGE", False)
    server = run(build(many(count)), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert sum(page.posts for page in pages) == len(mentions(x, pages)) == count
    assert [page.posts for page in pages] == [100, 97, count - 197]
    assert (
        asked(server)[1]["end_time"] == f"{week.end - timedelta(minutes=98) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
    )


def test_fetch_more_posts_of_one_second_than_a_page_holds(run, build, tweet, week, collect, monkeypatch):
    monkeypatch.setattr(x_api, "NAMES_THE_NEXT_PAGE", False)
    posts = [tweet(f"a{n:03}", at("21T08:00"), "sam", f"halmora {n}") for n in range(130)]
    pages, error = fetched(run(build(posts), now=AFTER), week, collect)
    assert [page.posts for page in pages] == [100, 0]
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("21T08:00:01"))


def answer(moments, **meta):
    told = [
        {"id": snowflake(moment, 7), "text": "halmora", "created_at": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"}
        for moment in moments
    ]
    return json.dumps({"data": told, "meta": {"result_count": len(told), **meta}})


OLD, FUTURE = at("01T00:00"), at("30T00:00") + timedelta(days=900)


@pytest.mark.parametrize(
    ("odd", "place", "whole_after"),
    [(OLD, 0, at("26T19:00")), (OLD, 4, at("26T18:00")), (FUTURE, 0, at("26T19:00")), (FUTURE, 4, None)],
    ids=["first", "old", "future", "future at last"],
)
def test_fetch_one_post_out_of_order_does_not_tell_how_far_a_search_has_come(
    run, build, week, collect, odd, place, whole_after
):
    server = run(build([]), now=AFTER)
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    for nth, body in enumerate((answer(first, next_token="a"), answer(second, next_token="b")), 1):
        server.world.misbehave("status", nth=nth, status=200, body=body)
    server.world.misbehave("status", nth=3, times=None, status=500)
    pages, error = fetched(server, week, collect)
    assert [(page.posts, page.seen) for page in pages] == [(4, 5), (3, 3)]
    assert [(page.first_at, page.last_at) for page in pages] == [
        (at("26T17:00"), at("26T20:00")),
        (at("25T18:00"), at("25T20:00")),
    ]
    assert [page.seen_whole_after for page in pages] == [whole_after, at("25T20:00")]
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


def test_fetch_a_page_that_lacks_what_it_counts(run, build, week, collect):
    server = run(build([]), now=AFTER)
    server.world.misbehave("status", status=200, body='{"meta": {"result_count": 40}}')
    _, error = fetched(server, week, collect)
    assert type(error) is SchemaDrift
    assert "counts 40 posts on a page that holds 0" in str(error)


def test_fetch_all_asks_for_more_at_a_time(run, build, many, week, collect):
    pages, error = fetched(run(build(many(250))), week, collect, search="all")
    assert error is None
    assert [page.posts for page in pages] == [250]


def test_fetch_nothing_found(run, build, week, collect):
    pages, error = fetched(run(build([]), now=AFTER), week, collect)
    assert error is None
    assert [(page.posts, page.first_at) for page in pages] == [(0, None)]


def test_fetch_beyond_what_x_remembers(run, build, talk, many, week, collect):
    server = run(build([talk[0] | {"id": "z001"}, *many(30)]), now=AFTER + timedelta(days=2))
    pages, error = fetched(server, week, collect)
    assert [page.posts for page in pages] == [30]
    assert [params["start_time"] for params in asked(server)] == ["2026-04-20T00:00:00Z", "2026-04-22T00:00:00Z"]
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("22T00:00"))


def test_fetch_wholly_beyond_what_x_remembers(run, build, talk, week, collect):
    pages, error = fetched(run(build(talk), now=AFTER + timedelta(days=30)), week, collect)
    assert pages == []
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == week


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_fetch_connection_cut_on_page_3(run, build, many, week, collect, mentions):
    server = run(build(many(250)), now=AFTER)
    server.world.misbehave("cut", nth=3)
    pages, error = fetched(server, week, collect)
    assert [page.posts for page in pages] == [100, 100]
    assert "failed or was cut" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=198))
    whole_after = pages[-1].seen_whole_after
    assert whole_after == error.unseen_to
    rest, error = fetched(server, Window(week.start, whole_after + timedelta(seconds=1)), collect)
    assert error is None
    assert sum(page.seen for page in rest) == 53  # nobody pays twice for what came before the cut
    assert len(mentions(x, [*pages, *rest])) == 250
    again, error = fetched(server, week, collect)
    assert error is None
    assert [page.body for page in again[:2]] == [page.body for page in pages]
    assert sum(page.posts for page in again) == 250


def test_fetch_repeats_what_failed_for_a_moment(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", status=503, times=2)
    assert fetched(server, week, collect)[1] is None


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "not JSON"),
        ({"kind": "half-json"}, SchemaDrift, "not JSON"),
        ({"kind": "empty"}, SchemaDrift, "not JSON"),
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a page of posts belongs"),
        ({"kind": "status", "status": 200, "body": '{"data": []}'}, SchemaDrift, "where a page of posts belongs"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 401}, CredentialsError, "refused the bearer token"),
        (
            {"kind": "status", "status": 403, "body": '{"title": "No", "detail": "no access"}'},
            CredentialsError,
            "no access",
        ),
        ({"kind": "status", "status": 402, "body": '{"detail": "credits"}'}, SourceError, "paid first"),
        ({"kind": "status", "status": 404, "body": '{"errors": []}'}, SourceError, "refused the request (404)"),
        ({"kind": "status", "status": 404}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 403, "body": "<h1>no</h1>"}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 200, "body": "[" * 100_000}, SchemaDrift, "can't read"),
        ({"kind": "status", "status": 400, "body": '{"errors": [{"message": "bad (x"}]}'}, SourceError, "bad (x"),
        ({"kind": "status", "status": 400, "body": "[]"}, SchemaDrift, "can't read"),
        ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
    ],
    ids=trouble_id,
)
def test_fetch_bad_answer_says_what_came(run, build, talk, week, collect, wrong, kind, says):
    server = run(build(talk), now=AFTER)
    server.world.misbehave(**wrong, times=None)
    pages, error = fetched(server, week, collect)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week
    assert error.__context__ is None  # tweepy's error holds the request with its headers


def test_fetch_window_that_is_not_over(run, build, talk, week, collect):
    _, error = fetched(run(build(talk), now=at("25T00:00")), week, collect)
    assert "'end_time' must be before" in str(error)


def test_fetch_broken_expression(run, build, talk, week, collect):
    _, error = fetched(run(build(talk), now=AFTER), week, collect, query=Query("q", "(halmora"))
    assert "missing ')'" in str(error)


def test_fetch_nobody_there(run, build, collect, week):
    run(build([]))
    own = settings(api="http://127.0.0.1:9")
    _, error = collect(x.fetch(x.connect(own, CREDENTIALS), own, HALMORA, week))
    assert "failed or was cut" in str(error)


def test_fetch_wrong_token(run, build, talk, week, collect):
    own = settings(api=run(build(talk), now=AFTER).url)
    _, error = collect(x.fetch(x.connect(own, {"bearer_token": "wrong"}), own, HALMORA, week))
    assert isinstance(error, CredentialsError)


def test_fetch_rate_limit_tells_when_to_come_back(run, build, many, week, collect):
    pages, error = fetched(run(build(many(250)), now=AFTER, x_limit=2), week, collect)
    assert [page.posts for page in pages] == [100, 100]
    assert isinstance(error, RateLimited)
    assert abs(error.until.replace(tzinfo=UTC).timestamp() - time() - 900) < 5
    assert error.unseen_to == week.end - timedelta(minutes=198)


@pytest.mark.parametrize(
    ("headers", "body", "says"),
    [
        ({}, "Rate limit exceeded", "doesn't say how long"),
        ({"retry-after": "5"}, "", "doesn't say how long"),
        ({"x-rate-limit-reset": "soon"}, "", "can't read"),
        ({"x-rate-limit-reset": "9" * 30}, "", "sensibly"),
        ({}, '{"title": "UsageCapExceeded", "detail": "Usage cap exceeded: Monthly"}', "cap on posts read is used up"),
    ],
)
def test_fetch_rate_limit_without_a_time(run, build, talk, week, collect, headers, body, says):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", status=429, headers=headers, body=body, times=None)
    _, error = fetched(server, week, collect)
    assert says in str(error)


def test_no_secret_in_any_log_error_or_repr(run, build, talk, week, collect, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")
    server = run(build(talk), now=AFTER)
    own = settings(api=server.url)
    client = x.connect(own, CREDENTIALS)
    _, good = collect(x.fetch(client, own, HALMORA, week))
    server.world.misbehave("status", status=403, body=f'{{"detail": "token {BEARER_TOKEN} may not"}}', times=None)
    _, error = collect(x.fetch(client, own, HALMORA, week))
    logging.getLogger("urllib3.connectionpool").debug("header %s", f"Authorization: Bearer {BEARER_TOKEN}")
    seen = caplog.text + repr(client) + repr(own) + "".join(traceback.format_exception(error))
    assert good is None
    assert "urllib3" in seen
    assert "token [secret] may not" in seen
    assert BEARER_TOKEN not in seen


def test_window_end_is_exclusive(run, build, tweet, collect, mentions):
    posts = [tweet("a001", at("21T00:00"), "sam", "halmora"), tweet("a002", at("22T00:00"), "sam", "halmora")]
    window = Window(at("21T00:00"), at("22T00:00"))
    pages, _ = fetched(run(build(posts), now=AFTER), window, collect)
    assert [mention.created_at for mention in mentions(x, pages).values()] == [at("21T00:00")]


# Conversations ------------------------------------------------------------------------------------------------


def test_conversations_are_read_whole_where_that_is_wanted(run, build, tweet, week, collect, mentions):
    server = run(
        build(
            [
                tweet("a001", at("21T08:00"), "sam", "My garden is dark, halmora"),
                tweet("a002", at("21T08:30"), "nettie", "Mine is not. Which model?", to="a001"),
                tweet("a003", at("21T08:40"), "sam", "The small one", to="a002"),
                tweet("a004", at("22T09:00"), "nettie", "Something else"),
            ]
        )
    )
    pages, error = fetched(server, week, collect, threads=True, search="all")
    assert error is None
    assert len(mentions(x, pages)) == 3
    assert all(page.seen_whole_after is None for page in pages)
    searches = [params["query"] for params in asked(server)]
    root = post_id(server.world.community.by_id["a001"])
    assert searches == [HALMORA.text, f"conversation_id:{root}"]
    pages, _ = fetched(server, week, collect, search="all")
    assert len(mentions(x, pages)) == 1


def test_many_conversations_stay_within_what_x_accepts(run, build, many, week, collect):
    server = run(build(many(30)))
    fetched(server, week, collect, threads=True, search="all")
    searches = [params["query"] for params in asked(server) if params["query"].startswith("conversation_id")]
    assert [text.count("conversation_id:") for text in searches] == [25, 5]
    assert all(len(text) <= 1024 for text in searches)
