"""The Stack Exchange connector against the sandbox server: questions, answers and comments over real HTTP."""

import json
import logging
import traceback
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
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
from sandbox import stackexchange_api
from sandbox.stackexchange_api import item_id, kind_of
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, trouble_id

stackexchange = CONNECTORS["stackexchange"]

HALMORA = Query("search 1", "halmora")
TAG = Query("tag basil", "tagged:basil")
KEY = CREDENTIALS["stackexchange"]["key"]
API = "/stackexchange"


def settings(**more):
    return stackexchange.Settings(
        **{"id": "garden", "type": "stackexchange", "site": "gardening", "tags": ("basil",), "pace": 0, **more}
    )


@pytest.fixture
def client(time):
    def make(server, key=None, **more):
        credentials = {"key": key} if key else {}
        made = stackexchange.connect(settings(api=f"{server.url}{API}", **more), credentials)
        made.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=HALMORA, window=week, with_client=None, **more):
        return collect(stackexchange.fetch(with_client or client(server), settings(**more), asked, window))

    return make


@pytest.fixture
def item(line):
    def make(id_, moment, by, text, kind="question", tags=("basil",), **more):
        only_here = {"tags": list(tags)} if kind == "question" else {"type": kind}
        title = {"title": "t"} if kind == "question" else {}
        told = {**title, **more, "more": {**only_here, **more.get("more", {})}}
        return line(id_, moment, by, text, net="stackexchange", place="gardening", **told)

    return make


@pytest.fixture
def people():
    names = {"gerrit": "Gerrit & co", "mira": None, "ines": None}
    return [
        *({"net": "stackexchange", "handle": who, "since": "2020-01-31", "name": name} for who, name in names.items()),
        {"net": "stackexchange", "handle": "user7", "since": "2020-01-31", "role": "gone"},
    ]


@pytest.fixture
def many(item):
    """So many questions, a minute apart, the last a minute before the week ends."""
    return lambda count: [item(id_, moment, "gerrit", f"halmora {n}") for n, id_, moment in series(count, minutes=1)]


@pytest.fixture
def thread(item):
    return [
        item("a001", at("19T08:00:00"), "gerrit", "Why is it <pale>?", title="Basil & light", views=40, likes=-2),
        item("a002", at("21T08:30:00"), "mira", "Is it a Halmora?\n\nThen: iron.", "answer", to="a001", likes=5),
        item("a003", at("21T09:00:00"), "gerrit", "It is.", "comment", to="a002"),
        item("a004", at("21T09:30:00"), "user7", "Me too.", "comment", to="a001"),
        item("a005", at("28T00:00:00"), "ines", "After the week.", "answer", to="a001"),
        item("b001", at("22T10:00:00"), "ines", "Which garden?", tags=("herbs",)),
    ]


def names_of(whole):
    """Name of each post of the sandbox as a mention."""
    prefixes = {"comment": "stackexchange:gardening/comment/"}
    return {
        id_: f"{prefixes.get(kind_of(post), 'stackexchange:gardening/')}{item_id(post)}"
        for id_, post in whole.by_id.items()
    }


def read(pages):
    records = [record for page in pages for record in stackexchange.parse(settings(), page)]
    return {record.mention_id: record for record in records if isinstance(record, Mention)}


def asked(server, path=""):
    return [request.params for request in server.world.requests if request.path.startswith(API + path)]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_for_searches_and_tags():
    own = settings(tags=("Basil", "hydroponics;light", "basil"))
    listening = Listening(queries=(("halmora", query('halmor* OR "sunrise mode"')),), team=(("halmora", "mira"),))
    assert [asked.text for asked in stackexchange.queries(own, listening)] == [
        "halmor*",
        '"sunrise mode"',
        "tagged:basil",
        "tagged:hydroponics;light",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"search": False, "tags": ()}, {"tags": ("a b",)}, {"tags": ("[a]",)}, {"site": "https://x"}, {"pace": -1}],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


# Fetch --------------------------------------------------------------------------------------------------------


def test_a_search_leads_to_whole_threads(run, build, thread, fetched):
    whole = build(thread)
    server = run(whole, now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [
        ("search", 1, 1),
        ("questions", 0, 1),
        ("answers", 0, 2),
        ("comments", 2, 2),
    ]
    names, found = names_of(whole), read(pages)
    assert found.keys() == {names[id_] for id_ in ("a001", "a002", "a003", "a004", "a005")}
    link = f"https://gardening.stackexchange.com/questions/{names['a001'].rpartition('/')[2]}/basil-light"
    assert found[names["a001"]] == Mention(
        *(names["a001"], "stackexchange", "gardening", "post", "Basil & light", "Why is it <pale>?\n\n[basil]", link),
        *("stackexchange:gardening/u/101", None, names["a001"], at("19T08:00:00")),
        licence="CC BY-SA 4.0",
    )
    answer = names["a002"].rpartition("/")[2]
    assert found[names["a002"]] == Mention(
        *(names["a002"], "stackexchange", "gardening", "comment", None, "Is it a Halmora?\n\nThen: iron."),
        f"https://gardening.stackexchange.com/a/{answer}",
        *("stackexchange:gardening/u/102", names["a001"], names["a001"], at("21T08:30:00")),
        licence="CC BY-SA 4.0",
    )
    comment = names["a003"].rpartition("/")[2]
    assert found[names["a003"]] == Mention(
        *(names["a003"], "stackexchange", "gardening", "comment", None, "It is.", f"{link}#comment{comment}_{answer}"),
        *("stackexchange:gardening/u/101", names["a002"], names["a001"], at("21T09:00:00")),
        licence="CC BY-SA 4.0",
    )
    assert found[names["a004"]].author_id is None
    records = [record for page in pages for record in stackexchange.parse(settings(), page)]
    assert Metrics(names["a001"], replies=2, views=40, score=-2) in records
    assert Metrics(names["a002"], score=5) in records
    asker, answerer, late = (f"stackexchange:gardening/u/{number}" for number in (101, 102, 103))
    assert {record for record in records if isinstance(record, Interaction)} == {
        Interaction(names["a002"], answerer, asker, "reply"),
        Interaction(names["a003"], asker, answerer, "reply"),
        Interaction(names["a005"], late, asker, "reply"),
    }
    assert asked(server, "/search") == [
        {
            **{"site": "gardening", "filter": "withbody", "q": "halmora", "sort": "creation", "order": "desc"},
            **{"fromdate": "1776643200", "todate": "1777247999", "page": "1", "pagesize": "100"},
        }
    ]


def test_a_search_without_threads_reads_the_hits_alone(run, build, item, thread, fetched):
    whole = build([*thread, item("c001", at("23T08:00:00"), "ines", "halmora or not")])
    pages, error = fetched(run(whole, now=NOW), threads=False)
    assert error is None
    assert [page.endpoint for page in pages] == ["search", "questions", "answers"]
    names = names_of(whole)
    assert read(pages).keys() == {names["a002"], names["c001"]}


def test_a_tag_finds_old_questions_with_new_answers(run, build, item, thread, fetched):
    quiet = item("c001", at("01T08:00:00"), "ines", "long ago")
    whole = build([*thread, quiet])
    server = run(whole, now=NOW)
    pages, error = fetched(server, TAG)
    assert error is None
    assert [(page.endpoint, page.posts) for page in pages] == [("questions", 0), ("answers", 1), ("comments", 2)]
    names = names_of(whole)
    assert read(pages).keys() == set(names.values()) - {names["b001"], names["c001"]}
    alone, error = fetched(server, TAG, threads=False)
    assert error is None
    assert [page.endpoint for page in alone] == ["questions"]


def test_questions_with_two_tags(run, build, item, fetched):
    whole = build(
        [
            item("a001", at("21T08:00:00"), "ines", "one"),
            item("a002", at("21T08:00:00"), "ines", "both", tags=("basil", "mould")),
        ]
    )
    pages, error = fetched(run(whole, now=NOW), Query("t", "tagged:basil;mould"), threads=False)
    assert error is None
    assert read(pages).keys() == {names_of(whole)["a002"]}


def test_a_thread_is_read_once_in_a_run(run, build, thread, fetched, client):
    server = run(build(thread), now=NOW)
    own = client(server)
    fetched(server, with_client=own)
    again, error = fetched(server, Query("q", "iron"), with_client=own)
    assert error is None
    assert [page.endpoint for page in again] == ["search"]


@pytest.mark.parametrize("asked_for", [HALMORA, TAG], ids=["search", "tag"])
def test_to_the_last_page(run, build, many, fetched, asked_for):
    server = run(build(many(450)), now=NOW)
    pages, error = fetched(server, asked_for)
    assert error is None
    assert len(read(pages)) == sum(page.posts for page in pages) == 450
    listing = "/search" if asked_for is HALMORA else "/questions"
    assert {params["page"] for params in asked(server, listing) if "q" in params or "tagged" in params} == set("12345")


def test_many_answers_and_comments_to_the_last(run, build, item, fetched):
    posts = [item("a000", at("20T08:00:00"), "gerrit", "halmora")]
    posts += [
        item(f"b{n:03}", at("20T09:00:00") + timedelta(minutes=n), "ines", "a", "answer", to="a000") for n in range(130)
    ]
    posts += [
        item(f"c{n:03}", at("21T09:00:00") + timedelta(minutes=n), "mira", "c", "comment", to=f"b{n % 130:03}")
        for n in range(260)
    ]
    pages, error = fetched(run(build(posts), now=NOW))
    assert error is None
    assert Counter(page.endpoint for page in pages) == {"search": 1, "questions": 1, "answers": 2, "comments": 3}
    found = read(pages)
    assert len(found) == 391
    assert all(mention.root_id and mention.url for mention in found.values())


@pytest.mark.parametrize(("asked_for", "path"), [(HALMORA, "/search"), (TAG, "/questions")], ids=["search", "tag"])
def test_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, week, asked_for, path):
    server = run(build(many(450)), now=NOW)
    third = 3 if asked_for is HALMORA else 5  # answers lie below questions, too
    server.world.misbehave("status", path=API + path, nth=third, times=4)
    pages, error = fetched(server, asked_for)
    assert sum(page.posts for page in pages) == 200
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=198))
    assert pages[-1].seen_whole_after == week.end - timedelta(minutes=98)
    again, error = fetched(server, asked_for)
    assert error is None
    assert read(pages).items() <= read(again).items()
    assert len(read(again)) == 450


@pytest.mark.parametrize(("asked_for", "path"), [(HALMORA, "/search"), (TAG, "/questions")], ids=["search", "tag"])
def test_a_listing_that_does_not_say_whether_there_is_more(run, build, many, fetched, monkeypatch, asked_for, path):
    monkeypatch.setattr(stackexchange_api, "SAYS_WHETHER_THERE_IS_MORE", False)
    server = run(build(many(250)), now=NOW)
    pages, error = fetched(server, asked_for, threads=asked_for is HALMORA)
    assert error is None
    assert len(read(pages)) == 250
    asked = [request.params for request in server.world.requests if request.path.startswith(API + path)]
    assert [params["page"] for params in asked if "q" in params or "tagged" in params] == ["1", "2", "3", "4"]


def wrapped(moments, **more):
    questions = [
        {
            "question_id": 500 + number,
            "title": "t",
            "body": "a",
            "creation_date": int(moment.replace(tzinfo=UTC).timestamp()),
        }
        for number, moment in enumerate(moments, moments[0].day * 100)
    ]
    times = [{**question, "last_activity_date": question["creation_date"]} for question in questions]
    return json.dumps({"items": times, **more})


def test_more_that_is_not_shown(run, build, fetched, week):
    server = run(build([]), now=NOW)
    first = wrapped([at("26T20:00")], has_more=True)
    for nth, body in enumerate((first, '{"items": [], "has_more": true}'), 1):
        server.world.misbehave("status", path=f"{API}/questions", nth=nth, status=200, body=body)
    _, error = fetched(server, TAG, threads=False)
    assert isinstance(error, Truncated)
    assert "says that there is more" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("26T20:00"))


OLD, FUTURE = at("01T00:00"), at("30T00:00") + timedelta(days=900)


@pytest.mark.parametrize(
    ("odd", "place", "whole_after"),
    [(OLD, 0, at("26T19:00")), (OLD, 4, at("26T18:00")), (FUTURE, 0, at("26T19:00")), (FUTURE, 4, at("27"))],
    ids=["first", "old", "future", "future at last"],
)
def test_one_question_out_of_order_does_not_tell_how_far_a_listing_has_come(
    run, build, fetched, week, odd, place, whole_after
):
    server = run(build([]), now=NOW)
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    for nth, body in enumerate((wrapped(first, has_more=True), wrapped(second, has_more=True)), 1):
        server.world.misbehave("status", path=f"{API}/questions", nth=nth, status=200, body=body)
    server.world.misbehave("status", path=f"{API}/questions", nth=3, times=4)
    pages, error = fetched(server, TAG, threads=False)
    assert [(page.posts, page.seen, page.seen_whole_after) for page in pages] == [(4, 5, None), (3, 3, whole_after)]
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


def test_windows_that_overlap_give_the_same_mentions(run, build, thread, fetched):
    server = run(build(thread), now=NOW)
    early, _ = fetched(server, window=Window(at("20T00:00:00"), at("22T10:30:00")))
    late, _ = fetched(server, window=Window(at("21T00:00:00"), at("23T00:00:00")))
    assert read(early) == read(late)


@pytest.mark.parametrize("asked_for", [HALMORA, TAG], ids=["search", "tag"])
def test_window_edges(run, build, item, fetched, asked_for):
    times = ("20T23:59:59", "21T00:00:00", "21T23:59:59", "22T00:00:00")
    posts = [item(f"a00{n}", at(moment), "ines", "halmora") for n, moment in enumerate(times)]
    pages, _ = fetched(run(build(posts), now=NOW), asked_for, Window(at("21T00:00:00"), at("22T00:00:00")))
    assert sorted(mention.created_at for mention in read(pages).values()) == [at("21T00:00:00"), at("21T23:59:59")]


def test_nothing_found_and_the_canary(run, build, item, fetched):
    server = run(build([item("a001", at("21T08:00:00"), "ines", "how it is")]), now=NOW)
    pages, error = fetched(server, Query("q", "zebra"))
    assert (error, [(page.posts, page.seen) for page in pages]) == (None, [(0, 0)])
    ancient = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))
    pages, error = fetched(server, stackexchange.NETWORK.canary, ancient)
    assert (error, [(page.posts, page.seen) for page in pages]) == (None, [(0, 1)])


# Fetch: waiting -----------------------------------------------------------------------------------------------


def test_backoff_is_obeyed_for_its_method(run, build, many, fetched, waits, monkeypatch):
    monkeypatch.setattr(stackexchange_api, "BACKOFF", 12)
    pages, error = fetched(run(build(many(250)), now=NOW), TAG, threads=False)
    assert error is None
    assert [page.seen for page in pages] == [100, 100, 50]
    assert waits == [12, 12]


def test_another_method_need_not_wait(run, build, thread, fetched, waits, monkeypatch):
    monkeypatch.setattr(stackexchange_api, "BACKOFF", 12)
    _, error = fetched(run(build(thread), now=NOW))
    assert (error, waits) == (None, [])


def test_a_long_backoff_is_left_to_a_later_run(run, build, many, fetched, waits, monkeypatch, week):
    monkeypatch.setattr(stackexchange_api, "BACKOFF", 600)
    pages, error = fetched(run(build(many(250)), now=NOW), TAG, threads=False)
    assert [page.seen for page in pages] == [100]
    assert isinstance(error, RateLimited)
    assert (error.until, waits) == (NOW + timedelta(seconds=600), [])
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=98))


def test_the_end_of_the_quota_ends_the_run(run, build, many, fetched, monkeypatch):
    monkeypatch.setattr(stackexchange_api, "QUOTA", 2)
    server = run(build(many(450)), now=NOW)
    pages, error = fetched(server, TAG, threads=False)
    assert [page.seen for page in pages] == [100, 100]
    assert isinstance(error, RateLimited)
    assert error.until == NOW + timedelta(days=1)
    assert len(asked(server)) == 2


def test_throttled_until_it_says(run, build, thread, fetched, monkeypatch, waits):
    monkeypatch.setattr(stackexchange_api, "QUOTA", 0)
    pages, error = fetched(run(build(thread), now=NOW))
    assert isinstance(error, RateLimited)
    assert (pages, error.until, waits) == ([], NOW + timedelta(seconds=26412), [])


def test_a_short_throttle_is_waited_for(run, build, thread, fetched, waits):
    server = run(build(thread), now=NOW)
    body = '{"error_id": 502, "error_message": "too many requests, more requests available in 9 seconds"}'
    server.world.misbehave("status", path=API, status=400, body=body)
    assert fetched(server)[1] is None
    assert waits == [9]


def test_retry_after_is_obeyed(run, build, thread, fetched, waits):
    server = run(build(thread), now=NOW)
    server.world.misbehave("status", path=API, status=429, headers={"retry-after": "17"})
    assert fetched(server)[1] is None
    assert waits == [17]


def test_requests_are_paced(run, build, thread, client, fetched, waits):
    server = run(build(thread), now=NOW)
    _, error = fetched(server, with_client=client(server, pace=2))
    assert error is None
    assert waits == [2, 2, 2]


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def refusal(error_id, said):
    return {"kind": "status", "status": 400, "body": f'{{"error_id": {error_id}, "error_message": "{said}"}}'}


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "where JSON belongs"),
        ({"kind": "empty"}, SchemaDrift, "where JSON belongs"),
        *NO_ANSWER,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a list of items belongs"),
        ({"kind": "status", "status": 200, "body": '{"items": 1}'}, SchemaDrift, "where a list of items belongs"),
        (refusal(400, "No site found for name `x`"), Refused, "No site found"),
        (refusal(400, "`key` doesn't match a known application"), CredentialsError, "check the key"),
        (refusal(405, "a key is required"), CredentialsError, "check the key"),
        (refusal(403, "page above 25 requires access token or app key"), Truncated, "set one"),
        (refusal(502, "Violation of backoff parameter"), RateLimited, "run again later"),
        (refusal(503, "temporarily unavailable"), RateLimited, "temporarily unavailable"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
    ],
    ids=trouble_id,
)
@pytest.mark.parametrize("asked_for", [HALMORA, TAG], ids=["search", "tag"])
def test_a_bad_answer_says_what_came(run, build, thread, fetched, week, asked_for, wrong, kind, says):
    server = run(build(thread), now=NOW)
    server.world.misbehave(**wrong, path=API, times=None)
    pages, error = fetched(server, asked_for)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_a_listing_that_goes_in_circles(run, build, thread, fetched):
    server = run(build(thread), now=NOW)
    body = '{"items": [{"question_id": 5, "creation_date": 1776800000}], "has_more": true}'
    server.world.misbehave("status", path=f"{API}/questions", status=200, times=None, body=body)
    pages, error = fetched(server, TAG, threads=False)
    assert len(pages) == 1
    assert isinstance(error, SchemaDrift)
    assert "in circles" in str(error)


@pytest.mark.parametrize("path", ["/questions", "/posts"], ids=["questions", "comments"])
def test_a_thread_that_fails_costs_itself(run, build, thread, fetched, week, path):
    server = run(build(thread), now=NOW)
    server.world.misbehave("status", path=API + path, status=200, body="[]")
    pages, error = fetched(server)
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == week
    assert len(pages) == 3
    again, error = fetched(server)
    assert error is None
    assert len(read(again)) == 5


def test_a_thread_that_failed_stays_unseen_where_the_listing_fails_later(run, build, many, fetched, week):
    server = run(build(many(250)), now=NOW)
    server.world.misbehave("status", path=f"{API}/posts", status=200, body="[]")
    server.world.misbehave("status", path=f"{API}/search", nth=2, times=4)
    pages, error = fetched(server)
    assert sum(page.posts for page in pages) == 100
    assert (error.unseen_from, error.unseen_to) == week
    assert {page.seen_whole_after for page in pages} == {None}


def test_the_26th_page_needs_a_key(run, build, many, fetched, client, monkeypatch, week):
    monkeypatch.setattr(stackexchange_api, "PAGES_WITHOUT_KEY", 2)
    server = run(build(many(250)), now=NOW)
    pages, error = fetched(server, TAG, threads=False)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=198))
    pages, error = fetched(server, TAG, threads=False, with_client=client(server, KEY))
    assert error is None
    assert len(read(pages)) == 250
    assert asked(server)[-1]["key"] == KEY


def test_a_wrong_key(run, build, thread, fetched, client):
    server = run(build(thread), now=NOW)
    pages, error = fetched(server, with_client=client(server, "wrong-key-123456"))
    assert pages == []
    assert isinstance(error, CredentialsError)


def test_no_secret_in_a_log_error_or_repr(run, build, thread, fetched, client, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(thread), now=NOW)
    own = client(server, KEY)
    fetched(server, with_client=own)
    server.world.misbehave(
        "status", path=API, status=400, body=f'{{"error_id": 400, "error_message": "{KEY}"}}', times=None
    )
    _, error = fetched(server, with_client=own)
    # what the sandbox's server logs is the other side
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("uvicorn"))
    seen = logged + repr(own) + "".join(traceback.format_exception(error))
    assert "[secret]" in seen
    assert KEY not in seen


def test_nobody_there(run, build, collect, week, time):
    run(build([]))
    own = settings(api="http://127.0.0.1:9")
    made = stackexchange.connect(own, {})
    made.clock = time.clock
    _, error = collect(stackexchange.fetch(made, own, HALMORA, week))
    assert "failed or was cut" in str(error)


# Recheck ------------------------------------------------------------------------------------------------------


def known_of(pages):
    return [
        Known(mention.mention_id, mention.kind, None, mention.url, mention.root_id, mention.created_at)
        for mention in read(pages).values()
    ]


@pytest.fixture
def rechecked(client, collect):
    def make(server, of, **more):
        pages, error = collect(stackexchange.recheck(client(server), settings(**more), of))
        return pages, error, [record for page in pages for record in stackexchange.parse(settings(), page)]

    return make


def test_recheck_carries_edits_deletions_and_numbers(run, build, item, fetched, rechecked):
    gone = {"deleted_at": "2026-04-26T12:00:00Z", "removed_by": "author"}
    edited = {"at": "2026-04-27T10:00:00Z", "before": "old"}
    whole = build(
        [
            item("a001", at("21T08:00:00"), "gerrit", "halmora", views=5),
            item("a002", at("21T09:00:00"), "mira", "new", "answer", to="a001", edited=edited),
            item("a003", at("21T10:00:00"), "ines", "gone soon", "answer", to="a001", **gone),
            item("a004", at("21T11:00:00"), "gerrit", "why?", "comment", to="a003"),
            item("a005", at("21T11:30:00"), "gerrit", "thanks", "comment", to="a002"),
            item("a006", at("27T11:30:00"), "ines", "later", "answer", to="a001"),
            item("b001", at("22T11:00:00"), "ines", "halmora?", **gone),
        ]
    )
    names = names_of(whole)
    server = run(whole, now=at("26T00:00:00"))
    pages, _ = fetched(server)
    assert read(pages).keys() == set(names.values()) - {names["a006"]}
    server.world.now = NOW
    server.world.requests.clear()
    pages, error, records = rechecked(server, known_of(pages))
    assert error is None
    assert [(page.endpoint, page.posts) for page in pages] == [
        ("recheck questions", 2),
        ("recheck answers", 2),
        ("recheck comments", 2),
    ]
    assert len(asked(server)) == 3
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert now.keys() == {names[id_] for id_ in ("a001", "a002", "a005")}
    assert (now[names["a002"]].text, now[names["a002"]].edited_at) == ("new", at("27T10:00:00"))
    assert {record for record in records if isinstance(record, Deletion)} == {
        Deletion(names[id_]) for id_ in ("a003", "a004", "b001")
    }
    assert Metrics(names["a001"], replies=2, views=5, score=3) in records


def test_recheck_asks_for_a_hundred_at_once(run, build, many, fetched, rechecked):
    server = run(build(many(230)), now=NOW)
    pages, _ = fetched(server, threads=False)
    server.world.requests.clear()
    _, error, records = rechecked(server, known_of(pages))
    assert error is None
    assert len(asked(server)) == 3
    assert sum(isinstance(record, Mention) for record in records) == 230


def test_recheck_leaves_out_what_is_of_another_site(run, build, rechecked):
    of = [Known("stackexchange:stackoverflow/1", "post", None, None, None, at("21T08:00:00"))]
    server = run(build([]))
    assert rechecked(server, of) == ([], None, [])
    assert asked(server) == []


@pytest.mark.parametrize(
    "wrong", [{"kind": "html"}, {"kind": "cut"}, {"kind": "status", "status": 200, "body": "{}"}, {"kind": "status"}]
)
def test_recheck_deletes_nothing_because_of_a_failure(run, build, thread, fetched, rechecked, wrong):
    server = run(build(thread), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave(**wrong, path=API, times=None)
    _, error, records = rechecked(server, known_of(pages))
    assert isinstance(error, SourceError)
    assert records == []


def test_recheck_goes_on_where_one_call_fails(run, build, thread, fetched, rechecked):
    server = run(build(thread), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave("half-json", path=API, nth=2)
    again, error, _ = rechecked(server, known_of(pages))
    assert error is not None
    assert [page.endpoint for page in again] == ["recheck questions", "recheck comments"]
