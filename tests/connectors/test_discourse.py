"""The Discourse connector against the sandbox server: searches, listings and topics over real HTTP."""

import logging
import traceback
from collections import Counter
from datetime import datetime, timedelta

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
from connectors.discourse import fetch as discourse_visit
from connectors.http_api import NotThere, Refused
from query.parsing import parse as query
from sandbox import discourse_api
from sandbox.discourse_api import topic_of
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, NO_JSON, trouble_id

discourse = CONNECTORS["discourse"]

SITE = "https://talk.halmora.example"
HALMORA = Query("search 1", "halmora")
ALL = Query("all posts", "posts:")
HELP = Query("category help", "category:help")
KEYS = CREDENTIALS["discourse"]


def settings(**more):
    return discourse.Settings(**{"id": "talk", "type": "discourse", "site": SITE, "pace": 0, **more})


@pytest.fixture
def client(time):
    def make(server, credentials=None, **more):
        made = discourse.connect(settings(api=f"{server.url}/discourse", **more), credentials or {})
        made.reader.clock = made.searcher.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=HALMORA, window=week, with_client=None, **more):
        return collect(discourse.fetch(with_client or client(server), settings(**more), asked, window))

    return make


@pytest.fixture
def post(line):
    def make(id_, moment, by, text, place="help", **more):
        return line(id_, moment, by, text, net="discourse", place=place, **more)

    return make


@pytest.fixture
def people():
    return [{"net": "discourse", "handle": handle, "since": "2020-01-31"} for handle in ("gerrit", "Mira", "ines")]


@pytest.fixture
def many(post):
    """So many topics, a minute apart, the last a minute before the week ends."""
    return lambda count, **more: [
        post(id_, moment, "gerrit", f"halmora {n}", title=f"topic {n}", **more)
        for n, id_, moment in series(count, minutes=1)
    ]


@pytest.fixture
def talk(post):
    return [
        post("a001", at("19T08:00:00"), "gerrit", "My light blinks.", title="Blinking", views=40, likes=0),
        post("a002", at("21T08:30:00"), "Mira", "Is it a Halmora, @gerrit?\n\nSend <a picture>.", to="a001"),
        post("a003", at("21T09:00:00"), "gerrit", "> Is it a Halmora\n\nIt is.", to="a002", more={"reads": 7}),
        post("a004", at("28T00:00:00"), "ines", "after the week", to="a001"),
        post("b001", at("22T10:00:00"), "ines", "Bigger tank, please.", "ideas", title="Tank", more={"tags": ["tank"]}),
        post("c001", at("23T10:00:00"), "gerrit", "halmora staff only", "backstage", title="Staff"),
    ]


def ids(whole, server, *names):
    """The mention ids of posts of the sandbox."""
    keys = {name: topic_of(server.world, whole.by_id[name]) for name in names}
    return {name: f"discourse:talk.halmora.example/t/{topic}/{number}" for name, (topic, number) in keys.items()}


def asked(server, path=""):
    return [(request.path, request.params) for request in server.world.requests if request.path.startswith(path)]


# Settings, queries, credentials -------------------------------------------------------------------------------


def test_queries_for_searches_and_feeds():
    own = settings(everything=True, categories=("Help", "help/integrations", "help"), tags=("tank",))
    listening = Listening(
        queries=(("halmora", query('halmor* OR "sunrise mode" OR #herbs')),), team=(("halmora", "mira"),)
    )
    assert [(asked.name, asked.text) for asked in discourse.queries(own, listening)] == [
        ("search 1: halmor*", "halmor*"),
        ('search 2: "sunrise mode"', '"sunrise mode"'),
        ("search 3: herbs", "herbs"),
        ("search 4: @mira", "@mira"),
        ("all posts", "posts:"),
        ("category help", "category:help"),
        ("category help/integrations", "category:help/integrations"),
        ("tag tank", "tag:tank"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": False},
        {"categories": ("a b",)},
        {"categories": ("/c/help",)},
        {"tags": ("a/b",)},
        {"site": "http://forum.example"},
    ],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


@pytest.mark.parametrize(
    ("given", "missing"), [({"api_key": "k" * 20}, "EARSHOT_TALK_API_USERNAME"), ({"api_username": "ann"}, "_API_KEY")]
)
def test_a_key_goes_with_a_user(given, missing):
    with pytest.raises(CredentialsError, match=missing):
        discourse.connect(settings(), given)


@pytest.mark.parametrize(
    ("credentials", "paces"),
    [({}, (0.35, 7.6)), (KEYS, (0.35, 2.1)), ({"user_api_key": KEYS["api_key"]}, (3.1, 3.1))],
    ids=["nobody", "api key", "user api key"],
)
def test_pace_by_credentials(credentials, paces):
    made = discourse.connect(settings(pace=None), credentials)
    assert (made.reader._pace_seconds, made.searcher._pace_seconds) == paces


# Fetch --------------------------------------------------------------------------------------------------------


def test_a_search_leads_to_whole_topics(run, build, talk, fetched, mentions, week):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [("search", 1, 1), ("topic", 1, 4)]
    names = ids(whole, server, "a001", "a002", "a003", "a004")
    records = [record for page in pages for record in discourse.parse(settings(), page)]
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert found.keys() == set(names.values())
    assert found[names["a001"]] == Mention(
        *(names["a001"], "discourse", "talk.halmora.example/help", "post", "Blinking", "My light blinks."),
        f"{SITE}/t/blinking/11/1",
        *("discourse:talk.halmora.example/u/gerrit", None, names["a001"], at("19T08:00:00")),
    )
    assert found[names["a003"]] == Mention(
        *(names["a003"], "discourse", "talk.halmora.example/help", "comment", None, "> Is it a Halmora\n\nIt is."),
        f"{SITE}/t/blinking/11/3",
        *("discourse:talk.halmora.example/u/gerrit", names["a002"], names["a001"], at("21T09:00:00")),
    )
    assert found[names["a002"]].text == "Is it a Halmora, @gerrit?\n\nSend <a picture>."
    assert Metrics(names["a001"], likes=0, replies=3, views=40) in records
    assert Metrics(names["a003"], likes=3, replies=0, views=7) in records
    people = {name: f"discourse:talk.halmora.example/u/{name}" for name in ("gerrit", "mira", "ines")}
    assert {record for record in records if isinstance(record, Interaction)} == {
        Interaction(names["a002"], people["mira"], people["gerrit"], "reply"),
        Interaction(names["a002"], people["mira"], people["gerrit"], "mention"),
        Interaction(names["a003"], people["gerrit"], people["mira"], "reply"),
        Interaction(names["a004"], people["ines"], people["gerrit"], "reply"),
    }
    assert asked(server, "/discourse/search") == [
        ("/discourse/search.json", {"q": "halmora after:2026-04-19 before:2026-04-27 order:latest", "page": "1"})
    ]


def test_a_search_without_threads_reads_the_hits_alone(run, build, talk, fetched, mentions):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, threads=False)
    assert error is None
    assert [(page.endpoint, page.posts) for page in pages] == [("search", 1), ("post", 0)]
    [found] = [record for record in discourse.parse(settings(), pages[1]) if isinstance(record, Mention)]
    assert (found.mention_id, found.community) == (*ids(whole, server, "a003").values(), "talk.halmora.example/help")


def test_all_posts_of_the_forum(run, build, talk, fetched, mentions):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, ALL)
    assert error is None
    assert [(page.endpoint, page.posts) for page in pages] == [("posts", 3), ("topic", 0), ("topic", 0), ("posts", 0)]
    found = mentions(discourse, pages)
    assert len(found) == 5
    assert {mention.title for mention in found.values()} == {"Blinking", "Tank", None}
    alone, error = fetched(server, ALL, threads=False)
    assert error is None
    assert {page.endpoint for page in alone} == {"posts"}


def test_a_category_and_a_tag(run, build, talk, fetched, mentions):
    whole = build(talk)
    server = run(whole, now=NOW)
    for asked_for, count in ((HELP, 4), (Query("c", "category:ideas"), 1), (Query("t", "tag:tank"), 1)):
        pages, error = fetched(server, asked_for)
        assert error is None
        assert len(mentions(discourse, pages)) == count
        assert pages[0].endpoint == "topics"
    below, error = fetched(server, Query("c", "category:help/integrations"))
    assert error is None
    assert [(page.posts, page.seen) for page in below] == [(0, 0)]
    assert asked(server, "/discourse/c/")[-1][0] == "/discourse/c/help/integrations/5/l/latest.json"


def test_a_category_that_is_not_there(run, build, talk, fetched):
    _, error = fetched(run(build(talk), now=NOW), Query("c", "category:plants"))
    assert isinstance(error, NotThere)
    assert "no category 'plants'; there are 'help, help/integrations, ideas, lounge, uncategorized'" in str(error)


def test_members_see_more(run, build, talk, fetched, client, mentions):
    server = run(build(talk), now=NOW)
    for credentials, count in ((None, 4), (KEYS, 5), ({"user_api_key": KEYS["api_key"]}, 5)):
        pages, error = fetched(server, with_client=client(server, credentials))
        assert error is None
        assert len(mentions(discourse, pages)) == count


def test_a_topic_is_read_once_in_a_run(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    own = client(server)
    fetched(server, with_client=own)
    again, error = fetched(server, Query("q", "blinks"), with_client=own)
    assert error is None
    assert [page.endpoint for page in again] == ["search"]
    assert len(asked(server, "/discourse/site.json")) == 1


def test_a_topic_longer_than_its_first_answer(run, build, post, fetched, mentions):
    posts = [post("a000", at("20T08:00:00"), "gerrit", "halmora", title="t")]
    posts += [
        post(f"a{n:03}", at("20T09:00:00") + timedelta(minutes=n), "ines", f"{n}", to="a000") for n in range(1, 50)
    ]
    server = run(build(posts), now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert [(page.endpoint, page.seen) for page in pages[1:]] == [
        ("topic", 20),
        ("topic posts", 20),
        ("topic posts", 10),
    ]
    found = mentions(discourse, pages)
    assert len(found) == sum(page.posts for page in pages) == 50
    last = next(mention for mention in found.values() if mention.text == "49")
    assert last.community is not None
    assert last.root_id.endswith("/1")


@pytest.mark.parametrize("among_ids", [None, 50], ids=["newer forum", "older forum"])
def test_all_posts_to_the_last_page(run, build, many, fetched, mentions, monkeypatch, among_ids):
    monkeypatch.setattr(discourse_api, "AMONG_IDS", among_ids)
    server = run(build(many(230)), now=NOW)
    pages, error = fetched(server, ALL, threads=False)
    assert error is None
    assert len(mentions(discourse, pages)) == sum(page.posts for page in pages) == 230


def test_gaps_among_the_ids_are_passed(run, build, post, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(discourse_api, "AMONG_IDS", 50)
    hidden = [
        post(f"z{n:03}", at("22T10:00:00") + timedelta(seconds=n), "ines", "x", "backstage", title="t")
        for n in range(200)
    ]
    early = [post(f"y{n:03}", at("21T10:00:00") + timedelta(minutes=n), "ines", "x", title="t") for n in range(5)]
    pages, error = fetched(run(build([*early, *hidden, *many(30)]), now=NOW), ALL, threads=False)
    assert error is None
    assert len(mentions(discourse, pages)) == 35


def test_a_gap_that_never_ends_is_told(run, build, post, many, fetched, monkeypatch, week):
    monkeypatch.setattr(discourse_api, "AMONG_IDS", 50)
    monkeypatch.setattr(discourse_visit, "GAPS", 3)
    hidden = [
        post(f"z{n:03}", at("22T10:00:00") + timedelta(seconds=n), "ines", "x", "backstage", title="t")
        for n in range(400)
    ]
    early = [post("y000", at("21T10:00:00"), "ines", "x", title="t")]
    between = [
        post(f"x{n:03}", at("23T10:00:00") + timedelta(seconds=n), "ines", "x", "backstage", title="t")
        for n in range(60)
    ]
    last = [post("w000", at("23T09:00:00"), "ines", "x", title="t")]
    pages, error = fetched(run(build([*early, *hidden, *last, *between, *many(30)]), now=NOW), ALL, threads=False)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("23T09:00:00"))
    assert sum(page.posts for page in pages) == 31


def test_the_newest_ids_may_all_be_hidden(run, build, post, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(discourse_api, "AMONG_IDS", 50)
    late = datetime.fromisoformat("2026-04-27T01:00:00")
    hidden = [post(f"z{n:03}", late + timedelta(seconds=n), "ines", "x", "backstage", title="t") for n in range(70)]
    pages, error = fetched(run(build([*many(30), *hidden]), now=NOW), ALL, threads=False)
    assert error is None
    assert [page.endpoint for page in pages[:3]] == ["posts", "search", "posts"]
    assert len(mentions(discourse, pages)) == 30


def test_a_forum_without_posts(run, build, fetched):
    pages, error = fetched(run(build([]), now=NOW), ALL)
    assert (error, [(page.endpoint, page.seen) for page in pages]) == (None, [("posts", 0), ("search", 0)])


def test_a_forum_that_always_shows_the_same_posts(run, build, fetched, week):
    server = run(build([]), now=NOW)
    shown = '{"id": 900, "topic_id": 5, "post_number": 1, "created_at": "2026-04-23T00:00:00Z"}'
    server.world.misbehave(
        "status", path="/discourse/posts.json", status=200, times=None, body=f'{{"latest_posts": [{shown}]}}'
    )
    pages, error = fetched(server, ALL, threads=False)
    assert isinstance(error, SchemaDrift)
    assert "in circles" in str(error)
    assert len(pages) == 3  # an older forum may show the very post before which it is asked once more
    assert (error.unseen_from, error.unseen_to) == (week.start, at("23T00:00:00"))


def test_the_past_of_a_forum_is_found_by_halving(run, build, many, fetched, mentions, week):
    server = run(build(many(3000)), now=NOW)
    window = Window(at("25T00:00:00"), at("25T06:00:00"))
    pages, error = fetched(server, ALL, window, threads=False)
    assert error is None
    assert sum(page.posts for page in pages) == 360
    assert len(asked(server, "/discourse/posts.json")) < 20


def test_all_posts_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, week):
    server = run(build(many(230)), now=NOW)
    server.world.misbehave("status", path="/discourse/posts.json", nth=3, times=4)
    pages, error = fetched(server, ALL, threads=False)
    assert [page.posts for page in pages] == [50, 50]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=98))
    assert pages[-1].seen_whole_after == week.end - timedelta(minutes=48)
    again, error = fetched(server, ALL, threads=False)
    assert error is None
    assert len(mentions(discourse, again)) == 230
    assert mentions(discourse, pages).items() <= mentions(discourse, again).items()


def test_a_category_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, week):
    server = run(build(many(100)), now=NOW)
    server.world.misbehave("status", path="/discourse/c/", nth=3, times=4)
    pages, error = fetched(server, HELP)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=58))
    again, error = fetched(server, HELP)
    assert error is None
    assert len(mentions(discourse, again)) == 100
    assert len(mentions(discourse, pages)) == 60
    assert len(asked(server, "/discourse/c/")) == 11


@pytest.mark.parametrize("asked_for", [HELP, HALMORA], ids=["category", "search"])
def test_a_forum_that_does_not_say_that_there_is_more_is_read_to_its_end(
    run, build, many, fetched, mentions, monkeypatch, asked_for
):
    monkeypatch.setattr(discourse_api, "NAMES_THE_NEXT_PAGE", False)
    pages, error = fetched(run(build(many(120)), now=NOW), asked_for)
    assert error is None
    assert len(mentions(discourse, pages)) == sum(page.posts for page in pages) == 120


def test_a_category_is_left_where_it_gets_older_than_the_window(run, build, post, many, fetched, mentions):
    old = [post("z000", datetime(2026, 1, 1), "ines", "pinned", title="Rules", more={"pinned": True})]
    old += [post(f"z{n:03}", datetime(2026, 2, 1) + timedelta(hours=n), "ines", "old", title="t") for n in range(1, 90)]
    server = run(build([*old, *many(40)]), now=NOW)
    pages, error = fetched(server, HELP)
    assert error is None
    assert len(mentions(discourse, pages)) == 40
    assert len(asked(server, "/discourse/c/")) == 2


def test_a_search_of_more_topics_than_are_shown_is_split_by_days(run, build, post, fetched, mentions, monkeypatch):
    for module in (discourse_visit, discourse_api):
        monkeypatch.setattr(module, "SEARCH_PAGES", 2)
    posts = [
        post(f"a{n:03}", at("20T00:00:00") + timedelta(minutes=40 * n), "ines", "halmora", title="t")
        for n in range(250)
    ]
    server = run(build(posts), now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert len(mentions(discourse, pages)) == 250
    assert len({sent["q"] for _, sent in asked(server, "/discourse/search")}) > 1


def test_a_day_with_more_topics_than_are_shown(run, build, many, fetched, monkeypatch):
    for module in (discourse_visit, discourse_api):
        monkeypatch.setattr(module, "SEARCH_PAGES", 2)
    day = Window(at("26T00:00:00"), at("27T00:00:00"))
    pages, error = fetched(run(build(many(130)), now=NOW), window=day, threads=False)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (day.start, day.end - timedelta(minutes=98))
    assert sum(page.posts for page in pages) == 100


def test_windows_that_overlap_give_the_same_mentions(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    early, _ = fetched(server, window=Window(at("20T00:00:00"), at("22T10:30:00")))
    late, _ = fetched(server, window=Window(at("21T00:00:00"), at("23T00:00:00")))
    assert mentions(discourse, early) == mentions(discourse, late)


@pytest.mark.parametrize("asked_for", [HALMORA, ALL], ids=["search", "all posts"])
def test_window_edges(run, build, post, fetched, mentions, asked_for):
    times = ("20T23:59:59", "21T00:00:00", "21T23:59:59", "22T00:00:00")
    posts = [post(f"a00{n}", at(moment), "ines", "halmora", title="t") for n, moment in enumerate(times)]
    window = Window(at("21T00:00:00"), at("22T00:00:00"))
    pages, error = fetched(run(build(posts), now=NOW), asked_for, window)
    assert error is None
    assert sum(page.posts for page in pages) == 2
    found = {mention.created_at for mention in mentions(discourse, pages).values()}
    assert {at("21T00:00:00"), at("21T23:59:59")} <= found


def test_nothing_found_and_the_canary(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server, Query("q", "zebra"))
    assert (error, [(page.posts, page.seen) for page in pages]) == (None, [(0, 0)])
    ancient = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))
    pages, error = fetched(server, discourse.NETWORK.canary, ancient)
    assert (error, [(page.posts, page.seen) for page in pages]) == (None, [(0, 2)])


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path="/discourse/search", status=429, headers={"retry-after": "17"})
    pages, error = fetched(server)
    assert (error, waits, len(pages)) == (None, [17], 2)


def test_the_wait_in_a_body_is_obeyed(run, build, talk, fetched, waits, monkeypatch):
    monkeypatch.setattr(discourse_api, "REQUESTS_A_MINUTE", 2)
    server = run(build(talk), now=NOW)
    _, error = fetched(server)
    assert isinstance(error, RateLimited)
    assert waits == [11, 11, 11]


def test_a_search_that_is_too_soon_waits_for_a_minute(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    body = '{"failed": "FAILED", "message": "Slow down, you are making too many requests."}'
    server.world.misbehave("status", path="/discourse/search", status=429, body=body)
    assert fetched(server)[1] is None
    assert waits == [60]


def test_a_long_wait_is_left_to_a_later_run(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    body = '{"errors": ["later"], "error_type": "rate_limit", "extras": {"wait_seconds": 1800}}'
    server.world.misbehave("status", path="/discourse/t/", status=429, body=body)
    pages, error = fetched(server)
    assert [page.endpoint for page in pages] == ["search"]
    assert isinstance(error, RateLimited)
    assert (error.until, waits) == (NOW + timedelta(seconds=1800), [])


def test_what_failed_for_a_moment_is_asked_again(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path="/discourse/search", status=503, times=2)
    assert fetched(server)[1] is None
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        *NO_ANSWER,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "belongs"),
        ({"kind": "status", "status": 200, "body": "{}"}, SchemaDrift, "belongs"),
        ({"kind": "status", "status": 400, "body": '{"errors": ["too short"]}'}, Refused, "too short"),
        ({"kind": "status", "status": 403, "body": '{"errors": ["private"]}'}, Refused, "does not show this (403)"),
        (
            {"kind": "status", "status": 403, "body": '{"error_type": "not_logged_in"}'},
            CredentialsError,
            "to members only",
        ),
        (
            {"kind": "status", "status": 301, "headers": {"location": "https://new.example/posts.json"}},
            SourceError,
            "sends us on to another server, 'new.example'; if it has moved there, write that address",
        ),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
    ],
    ids=trouble_id,
)
@pytest.mark.parametrize(
    ("asked_for", "path"),
    [(HALMORA, "search.json"), (ALL, "posts.json"), (HELP, "c/")],
    ids=["search", "all", "category"],
)
def test_a_bad_answer_says_what_came(run, build, talk, fetched, week, asked_for, path, wrong, kind, says):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path=f"/discourse/{path}", times=None)
    pages, error = fetched(server, asked_for)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


@pytest.mark.parametrize("wrong", [{"kind": "cut"}, {"kind": "html"}, {"kind": "status", "status": 200, "body": "[]"}])
def test_a_forum_that_does_not_describe_itself(run, build, talk, fetched, week, wrong):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path="/discourse/site.json", times=None)
    pages, error = fetched(server)
    assert pages == []
    assert isinstance(error, SourceError)
    assert (error.unseen_from, error.unseen_to) == week


def test_a_search_under_heavy_load_is_no_empty_answer(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    body = '{"posts": [], "grouped_search_result": {"error": "The site is under heavy load."}}'
    server.world.misbehave("status", path="/discourse/search", status=200, body=body)
    pages, error = fetched(server)
    assert pages == []
    assert "under heavy load" in str(error)


def test_a_listing_that_goes_in_circles(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    topic = '{"id": 11, "bumped_at": "2026-04-28T00:00:00Z", "created_at": "2026-05-28T00:00:00Z"}'
    body = f'{{"topic_list": {{"topics": [{topic}], "more_topics_url": "/x"}}}}'
    server.world.misbehave("status", path="/discourse/c/", status=200, times=None, body=body)
    pages, error = fetched(server, HELP)
    assert [page.endpoint for page in pages] == ["topics", "topics"]
    assert isinstance(error, SchemaDrift)
    assert "in circles" in str(error)


@pytest.mark.parametrize("asked_for", [HALMORA, ALL, HELP], ids=["search", "all", "category"])
def test_a_topic_that_fails_costs_itself(run, build, talk, post, fetched, mentions, week, asked_for):
    more = post("d001", at("20T08:00:00"), "ines", "my halmora", title="Another")
    server = run(build([*talk, more]), now=NOW)
    server.world.misbehave("half-json", path="/discourse/t/")
    pages, error = fetched(server, asked_for)
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == week
    assert [page.endpoint for page in pages].count("topic") >= 1
    again, error = fetched(server, asked_for)
    assert error is None
    assert mentions(discourse, pages).keys() < mentions(discourse, again).keys() or asked_for == ALL


def test_a_topic_that_failed_stays_unseen_where_the_listing_fails_later(run, build, many, fetched, week):
    server = run(build(many(120)), now=NOW)
    server.world.misbehave("half-json", path="/discourse/t/")
    server.world.misbehave("status", path="/discourse/posts.json", nth=2, times=4)
    pages, error = fetched(server, ALL)
    assert sum(page.posts for page in pages) == 50
    assert (error.unseen_from, error.unseen_to) == week
    assert {page.seen_whole_after for page in pages} == {None}


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_topic_that_went_away_meanwhile_is_no_failure(run, build, talk, fetched, status):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path="/discourse/t/", status=status, body='{"errors": ["no"]}')
    pages, error = fetched(server)
    assert error is None
    assert [page.endpoint for page in pages] == ["search"]


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_topic_that_a_proxy_does_not_show_is_missing_and_said(run, build, talk, fetched, week, status):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path="/discourse/t/", status=status, body="<h1>Blocked", times=None)
    _, error = fetched(server)
    assert "which is not from its API" in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_wrong_credentials(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    for wrong in ({"api_key": "w" * 20, "api_username": "listener"}, {"user_api_key": "w" * 20}):
        pages, error = fetched(server, with_client=client(server, wrong))
        assert pages == []
        assert isinstance(error, CredentialsError)
        assert "does not let us in" in str(error)


def test_no_secret_in_a_log_error_or_repr(run, build, talk, fetched, client, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(talk), now=NOW)
    own = client(server, KEYS)
    fetched(server, with_client=own)
    said = f"Bad key {KEYS['api_key']}"
    server.world.misbehave("status", path="/discourse/search", status=400, body=said, times=None)
    _, error = fetched(server, with_client=own)
    seen = caplog.text + repr(own) + "".join(traceback.format_exception(error))
    assert "[secret]" in seen
    assert KEYS["api_key"] not in seen


def test_a_key_does_not_follow_a_redirect(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    headers = {"location": f"{server.url}/elsewhere"}
    server.world.misbehave("status", path="/discourse/", status=302, headers=headers, times=None)
    _, error = fetched(server, with_client=client(server, KEYS))
    assert "sends us on" in str(error)
    assert asked(server, "/elsewhere") == []


def test_nobody_there(run, build, collect, week, time):
    run(build([]))
    own = settings(api="http://127.0.0.1:9")
    made = discourse.connect(own, {})
    made.reader.clock = made.searcher.clock = time.clock
    _, error = collect(discourse.fetch(made, own, HALMORA, week))
    assert "failed or was cut" in str(error)


def test_requests_are_paced(run, build, talk, client, fetched, waits):
    server = run(build(talk), now=NOW)
    _, error = fetched(server, with_client=client(server, pace=2))
    assert error is None
    assert waits == [2, 2]


# Recheck ------------------------------------------------------------------------------------------------------


def known_of(pages, mentions):
    return [
        Known(mention.mention_id, mention.kind, None, mention.url, mention.root_id, mention.created_at)
        for mention in _mentions_of(pages)
    ]


def _mentions_of(pages):
    records = [record for page in pages for record in discourse.parse(settings(), page)]
    return list({record.mention_id: record for record in records if isinstance(record, Mention)}.values())


@pytest.fixture
def rechecked(client, collect):
    def make(server, of, **more):
        pages, error = collect(discourse.recheck(client(server), settings(**more), of))
        return pages, error, [record for page in pages for record in discourse.parse(settings(), page)]

    return make


def test_recheck_carries_edits_deletions_and_numbers(run, build, post, fetched, mentions, rechecked):
    gone = {"deleted_at": "2026-04-26T12:00:00Z"}
    edited = {"at": "2026-04-27T10:00:00Z", "before": "old halmora"}
    whole = build(
        [
            post("a001", at("21T08:00:00"), "gerrit", "halmora", title="t", views=5),
            post("a002", at("21T09:00:00"), "Mira", "new", to="a001", edited=edited),
            post("a003", at("21T10:00:00"), "ines", "gone soon", to="a001", **gone, removed_by="author"),
            post("a004", at("21T11:00:00"), "ines", "rude", to="a002", **gone, removed_by="moderator"),
            post("a005", at("27T15:00:00"), "ines", "an answer", to="a002"),
            post("b001", at("22T11:00:00"), "ines", "halmora?", title="t", **gone, removed_by="author"),
            post("b002", at("22T12:00:00"), "Mira", "yes", to="b001"),
        ]
    )
    server = run(whole, now=at("26T00:00:00"))
    names = ids(whole, server, *whole.by_id)
    pages, _ = fetched(server)
    assert {mention.mention_id for mention in _mentions_of(pages)} == set(names.values()) - {names["a005"]}
    server.world.now = NOW
    server.world.requests.clear()
    pages, error, records = rechecked(server, known_of(pages, mentions))
    assert error is None
    assert {page.endpoint.split()[0] for page in pages} == {"recheck"}
    assert Counter(request.path for request in server.world.requests) == {
        **{"/discourse/site.json": 1, "/discourse/t/11.json": 1, "/discourse/t/12.json": 1},
        **{"/discourse/posts/by_number/11/3.json": 1, "/discourse/posts/by_number/11/4.json": 1},
    }
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert now.keys() == {names["a001"], names["a002"], names["a005"]}
    assert (now[names["a002"]].text, now[names["a002"]].edited_at) == ("new", at("27T10:00:00"))
    assert {record.mention_id for record in records if isinstance(record, Deletion)} == {
        names[id_] for id_ in ("a003", "a004", "b001", "b002")
    }
    assert Metrics(names["a001"], likes=3, replies=2, views=5) in records
    assert sum(page.posts for page in pages) == 6


def test_recheck_of_a_long_topic_asks_for_its_end_only(run, build, post, fetched, mentions, rechecked):
    posts = [post("a000", at("01T08:00:00"), "gerrit", "halmora", title="t")]
    posts += [
        post(f"a{n:03}", at("02T09:00:00") + timedelta(hours=n), "ines", f"{n}", to="a000") for n in range(1, 300)
    ]
    whole = build(posts)
    server = run(whole, now=NOW)
    names = ids(whole, server, "a297", "a299")
    of = [Known(name, "comment", None, None, None, at("14T00:00:00")) for name in names.values()]
    pages, error, records = rechecked(server, of)
    assert error is None
    assert [page.body["asked"] for page in pages] == [[], sorted(names.values())]
    assert len(asked(server)) == 3
    assert set(names.values()) <= {record.mention_id for record in records if isinstance(record, Mention)}


def test_a_post_that_its_author_deletes_first_says_so(run, build, post, rechecked):
    gone = {"deleted_at": "2026-04-27T12:00:00Z", "removed_by": "author"}
    whole = build(
        [
            post("a001", at("21T08:00:00"), "gerrit", "halmora", title="t"),
            post("a002", at("21T09:00:00"), "ines", "words", to="a001", **gone),
        ]
    )
    server = run(whole, now=NOW)
    [name] = ids(whole, server, "a002").values()
    _, error, records = rechecked(server, [Known(name, "comment", None, None, None, at("21T09:00:00"))])
    assert error is None
    [found] = [record for record in records if isinstance(record, Mention) and record.mention_id == name]
    assert (found.is_deleted, found.text, found.author_id) == (True, None, None)


def test_recheck_leaves_out_what_is_of_another_forum(run, build, rechecked):
    of = [Known("discourse:other.example/t/1/1", "post", None, None, None, at("21T08:00:00"))]
    server = run(build([]))
    assert rechecked(server, of) == ([], None, [])
    assert asked(server) == []


@pytest.mark.parametrize(
    "wrong", [{"kind": "html"}, {"kind": "cut"}, {"kind": "status", "status": 200, "body": "{}"}, {"kind": "status"}]
)
def test_recheck_deletes_nothing_because_of_a_failure(run, build, talk, fetched, mentions, rechecked, wrong):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave(**wrong, path="/discourse/", times=None)
    _, error, records = rechecked(server, known_of(pages, mentions))
    assert isinstance(error, SourceError)
    assert not any(isinstance(record, Deletion) for record in records)


def test_recheck_behind_a_wall_says_nothing(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave("status", path="/discourse/t/", status=403, body='{"errors": ["private"]}', times=None)
    assert rechecked(server, known_of(pages, mentions)) == ([], None, [])


def test_recheck_goes_on_where_one_topic_fails(run, build, many, fetched, mentions, rechecked):
    server = run(build(many(3)), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave("half-json", path="/discourse/t/", nth=2)
    _, error, records = rechecked(server, known_of(pages, mentions))
    assert isinstance(error, SchemaDrift)
    assert sum(isinstance(record, Mention) for record in records) == 2
