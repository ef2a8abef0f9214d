"""The Mastodon connector against the sandbox server: timelines, search, threads and single posts over real HTTP."""

import logging
import traceback
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Deletion,
    Known,
    Listening,
    Mention,
    Metrics,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from connectors.mastodon.parse import id_at
from query.parsing import parse as query
from sandbox import mastodon_api
from sandbox.mastodon_api import status_id, uri
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, NO_JSON, trouble_id

mastodon = CONNECTORS["mastodon"]

SERVER = "windowsill.example"
TOKEN = CREDENTIALS["mastodon"]["access_token"]
TAG = Query("#halmora", "timelines/tag/halmora")
LOCAL = Query("public timeline, local", "timelines/public?local=true")
SEARCH = Query("search 1", "halmora")
API = "/mastodon/api/v1"
TIMELINE = f"{API}/timelines/tag/halmora"
STATUSES = f"{API}/statuses"


def settings(**more):
    given = {"id": "toots", "type": "mastodon", "server": SERVER, "hashtags": ["halmora"], "pace": 0}
    return mastodon.Settings(**{**given, **more})


@pytest.fixture
def client(time):
    def make(server, token=TOKEN, **more):
        own = settings(api=f"{server.url}/mastodon", **more)
        made = mastodon.connect(own, {"access_token": token} if token else {})
        made.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=TAG, window=week, with_client=None, token=TOKEN, **more):
        own = with_client or client(server, token)
        return collect(mastodon.fetch(own, settings(**more), asked, window))

    return make


@pytest.fixture
def rechecked(client, collect):
    def make(server, known, token=TOKEN):
        return collect(mastodon.recheck(client(server, token), settings(), known))

    return make


@pytest.fixture
def people():
    return [
        {"net": "mastodon", "handle": handle, "since": "2020-01-31", "followers": 5}
        for handle in (f"tove@{SERVER}", f"halmora@{SERVER}", "oskar@balkonien.example")
    ]


@pytest.fixture
def toot(line):
    def make(id_, moment, by, text, **more):
        by = by if "@" in by else f"{by}@{SERVER}"
        return line(id_, moment, by, text, net="mastodon", place="mastodon", **more)

    return make


@pytest.fixture
def many(toot):
    """So many posts with the hashtag, a minute apart, the last a minute before the week ends."""
    return lambda count, **more: [
        toot(id_, moment, "tove", f"light {n} #halmora", **more) for n, id_, moment in series(count, minutes=1)
    ]


@pytest.fixture
def talk(toot):
    return [
        toot("a001", at("19T08:00"), "tove", "The light is off.\n\nWhat now?"),
        toot(
            "a002",
            at("21T08:30"),
            "oskar@balkonien.example",
            "@tove@windowsill.example Hold the drop. #halmora",
            to="a001",
        ),
        toot("a003", at("21T09:00"), "halmora", "@oskar@balkonien.example He is right", to="a002"),
        toot("a004", at("28T10:00"), "tove", "a day after the week", to="a001"),
        toot("a005", at("21T09:30"), "tove", "for followers", to="a002", more={"visibility": "private"}),
        toot("b001", at("22T10:00"), "tove", "Chives again #Halmora https://plants.example/a/rather/long/address/here"),
        toot("b002", at("23T10:00"), "oskar@balkonien.example", "my halmora without a tag"),
    ]


@pytest.fixture
def known():
    def make(*posts):
        return [
            Known(f"fediverse:{uri(post)}", "post", None, url(post), None, post.at)
            for post in sorted(posts, key=lambda post: post.at, reverse=True)
        ]

    return make


def url(post):
    name, host = post.by.split("@")
    acct = name if host == SERVER else post.by
    return f"https://{SERVER}/@{acct}/{status_id(post)}"


def asked(server):
    return [(request.path.removeprefix(API), request.params) for request in server.world.requests]


def paths(server):
    return [path for path, _ in asked(server)]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_for_hashtags_public_timeline_and_searches():
    own = settings(hashtags=["#Halmora", "halmora", "Küchengarten"], public_timeline="local", search=True)
    listening = Listening(
        queries=(("halmora", query('halmora OR "sunrise mode" OR #herbs')),), team=(("halmora", f"halmora@{SERVER}"),)
    )
    found = mastodon.queries(own, listening)
    assert [asked.text for asked in found] == [
        "timelines/tag/Halmora",
        "timelines/tag/Küchengarten",
        "timelines/public?local=true",
        "halmora",
        '"sunrise mode"',
        "#herbs",
        f"from:halmora@{SERVER}",
    ]
    assert [asked.name for asked in found[:3]] == ["#Halmora", "#Küchengarten", "public timeline, local"]
    assert found[3].brand_ids == ("halmora",)
    assert mastodon.queries(settings(), listening) == [TAG]


@pytest.mark.parametrize(
    "wrong",
    [
        {"hashtags": ()},
        {"hashtags": ("two words",)},
        {"hashtags": ("2026",)},
        {"hashtags": ("a/b",)},
        {"server": "https://windowsill.example/about"},
        {"server": "windowsill"},
        {"public_timeline": "all"},
        {"api": "http://windowsill.example"},
    ],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_server_may_be_written_as_an_address():
    assert settings(server="https://Windowsill.example/").server == SERVER


def test_search_without_a_token_names_what_to_set():
    with pytest.raises(CredentialsError, match="EARSHOT_TOOTS_ACCESS_TOKEN"):
        mastodon.connect(settings(search=True), {})


def test_connect_sends_nothing(run, build, client):
    server = run(build([]))
    client(server)
    assert asked(server) == []


def test_each_server_is_asked_at_its_own_address():
    assert mastodon.connect(settings(server="plants.example"), {}).address == "https://plants.example"


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_a_hashtag_with_its_whole_threads(run, build, talk, fetched, mentions):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, token=None)
    assert error is None
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [
        ("timelines/tag/halmora", 2, 2),
        ("context", 1, 3),
        ("context", 0, 3),
        ("timelines/tag/halmora", 0, 0),
    ]
    found = mentions(mastodon, pages)
    names = {name: f"fediverse:{uri(post)}" for name, post in whole.by_id.items()}
    assert set(found) == {names[id_] for id_ in ("a001", "a002", "a003", "b001")}
    reply = found[names["a002"]]
    assert (reply.kind, reply.parent_id, reply.root_id) == ("comment", names["a001"], names["a001"])
    assert (reply.text, reply.community) == ("@tove Hold the drop. #halmora", "balkonien.example")
    assert found[names["a003"]].root_id == names["a001"]
    assert found[names["b001"]].text == "Chives again #Halmora https://plants.example/a/rather/long/address/here"
    # b001 has neither answers nor a post above it, so its thread isn't asked for
    a001, a002 = (status_id(whole.by_id[name]) for name in ("a001", "a002"))
    last = status_id(whole.by_id["a002"])
    assert asked(server) == [
        ("/timelines/tag/halmora", {"limit": "40"}),
        (f"/statuses/{a002}/context", {}),
        (f"/statuses/{a001}/context", {}),
        ("/timelines/tag/halmora", {"limit": "40", "max_id": str(last)}),
    ]


def test_posts_for_followers_are_not_kept_though_the_token_sees_them(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW))
    assert error is None
    assert "for followers" in str([page.body for page in pages])
    assert "for followers" not in str(mentions(mastodon, pages))


def test_fetch_without_threads(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    assert fetched(server, threads=False)[1] is None
    assert set(paths(server)) == {"/timelines/tag/halmora"}


def test_a_thread_is_read_once_in_a_run(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    own = client(server)
    fetched(server, with_client=own)
    again, error = fetched(server, SEARCH, with_client=own)
    assert error is None
    assert [page.endpoint for page in again] == ["search", "search", "search"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("timelines/public?local=true", {"a001", "b001"}),
        ("timelines/public", {"a001", "b001", "b002"}),
        ("timelines/tag/nothing", set()),
    ],
)
def test_fetch_public_timelines(run, build, talk, fetched, mentions, text, ids):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, Query("q", text))
    assert error is None
    assert set(mentions(mastodon, pages)) == {f"fediverse:{uri(whole.by_id[id_])}" for id_ in ids}
    assert not [path for path in paths(server) if "context" in path]


def test_hashtags_of_other_scripts_reach_the_server(run, build, toot, fetched, mentions):
    server = run(build([toot("a001", at("21T08:00"), "tove", "朝 #ハーブ")]), now=NOW)
    pages, error = fetched(server, Query("#ハーブ", "timelines/tag/ハーブ"))
    assert error is None
    assert len(mentions(mastodon, pages)) == 1


def test_fetch_by_search(run, build, talk, fetched, mentions, week):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, SEARCH, threads=False)
    assert error is None
    found = {f"fediverse:{uri(whole.by_id[id_])}" for id_ in ("a002", "b001", "b002")}
    assert set(mentions(mastodon, pages)) == found
    (path, sent), *rest = asked(server)
    span = {"min_id": id_at(week.start - timedelta(seconds=1)), "max_id": id_at(week.end + timedelta(seconds=1))}
    assert path == "/mastodon/api/v2/search"
    assert sent == {"q": "halmora", "type": "statuses", "limit": "40", "offset": "0", **span}
    # a short page may be all that the server shows at once, or lack posts that are muted
    assert [last for _, last in rest] == [{**sent, "offset": "3"}, {**sent, "offset": "40"}]


def test_search_finds_the_threads_too(run, build, talk, fetched, mentions):
    whole = build(talk)
    pages, error = fetched(run(whole, now=NOW), Query("q", '"hold the drop"'))
    assert error is None
    assert f"fediverse:{uri(whole.by_id['a003'])}" in mentions(mastodon, pages)


@pytest.mark.parametrize("text", ["timelines/tag/halmora", "timelines/public?local=true", "light"])
def test_fetch_pages_to_the_last(run, build, many, fetched, mentions, text):
    server = run(build(many(130)), now=NOW)
    pages, error = fetched(server, Query("q", text))
    assert error is None
    assert [page.posts for page in pages] == [40, 40, 40, 10, 0]
    assert len(mentions(mastodon, pages)) == 130


def test_fetch_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, week):
    server = run(build(many(130)), now=NOW)
    server.world.misbehave("status", path=TIMELINE, nth=3, times=4)
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [40, 40]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to.replace(microsecond=0)) == (week.start, at("26T22:42:00"))
    again, error = fetched(server)
    assert error is None
    assert len(mentions(mastodon, again)) == 130
    assert mentions(mastodon, pages).items() <= mentions(mastodon, again).items()


def test_what_was_seen_whole_needs_no_second_look(run, build, many, fetched, mentions, week):
    server = run(build(many(130)), now=NOW)
    server.world.misbehave("status", path=TIMELINE, nth=3, times=4)
    pages, _ = fetched(server)
    reached = pages[-1].seen_whole_after
    assert week.start < reached < week.end
    rest, error = fetched(server, window=Window(week.start, reached + timedelta(seconds=1)))
    assert error is None
    assert len(mentions(mastodon, [*pages, *rest])) == 130


def test_a_search_that_fails_halfway_leaves_the_window_unseen(run, build, many, fetched, week):
    server = run(build(many(90)), now=NOW)
    server.world.misbehave("status", path="/mastodon/api/v2/search", nth=2, times=4)
    pages, error = fetched(server, SEARCH)
    assert [page.posts for page in pages] == [40]
    assert (error.unseen_from, error.unseen_to) == week


def test_an_old_window_is_jumped_to(run, build, many, toot, fetched, mentions):
    old = [toot(f"z{n:03}", at("02T10:00") + timedelta(hours=n), "tove", "#halmora") for n in range(9)]
    server = run(build([*many(130), *old]), now=NOW)
    window = Window(at("02T00:00"), at("03T00:00"))
    pages, error = fetched(server, window=window)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 40), (9, 9), (0, 0)]
    assert asked(server)[1][1]["max_id"] == id_at(at("03T01:00"))
    assert len(mentions(mastodon, pages[1:])) == 9


def test_a_timeline_ends_where_it_is_older_than_the_window(run, build, many, fetched):
    server = run(build(many(130)), now=NOW)
    pages, error = fetched(server, window=Window(at("26T23:40"), at("27T00:00")))
    assert error is None
    # 20 posts are of the window, and those of an hour before it might have come late
    assert [(page.posts, page.seen) for page in pages] == [(20, 40), (0, 40), (0, 40)]


@pytest.mark.parametrize("has_times", [True, False], ids=["ids tell times", "ids tell none"])
def test_a_server_that_does_not_name_the_next_page_is_read_to_its_end(
    run, build, many, fetched, mentions, monkeypatch, has_times
):
    monkeypatch.setattr(mastodon_api, "NAMES_THE_NEXT_PAGE", False)
    if not has_times:
        monkeypatch.setattr(mastodon_api, "_snowflake", lambda moment, post: 1_000_000 + int(moment.timestamp()))
    server = run(build(many(200)), now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [*[(40, 40)] * 5, (0, 0)]
    assert len(mentions(mastodon, pages)) == 200
    lowest = [min(int(status["id"]) for status in page.body) for page in pages[:-1]]
    assert [sent.get("max_id") for _, sent in asked(server)] == [None, *map(str, lowest)]


def test_a_short_page_without_a_next_one_is_not_taken_for_the_end(run, build, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(mastodon_api, "NAMES_THE_NEXT_PAGE", False)
    monkeypatch.setattr(mastodon_api, "LARGEST_PAGE", 20)
    pages, error = fetched(run(build(many(50)), now=NOW))
    assert error is None
    assert [page.seen for page in pages] == [20, 20, 10, 0]
    assert len(mentions(mastodon, pages)) == 50


@pytest.mark.parametrize("count", [45, 60])
def test_a_search_that_shows_fewer_at_once_than_asked_for_is_read_whole(
    run, build, many, fetched, mentions, monkeypatch, count
):
    monkeypatch.setattr(mastodon_api, "LARGEST_PAGE_OF_A_SEARCH", 20)
    pages, error = fetched(run(build(many(count)), now=NOW), SEARCH)
    assert error is None
    assert len(mentions(mastodon, pages)) == count


def test_a_post_that_came_late_is_found_by_its_time(run, build, toot, fetched, mentions):
    posts = [
        toot("a001", at("26T23:59"), "tove", "#halmora came late", more={"late": 1800}),
        toot("a002", at("27T00:10"), "tove", "#halmora later"),
    ]
    server = run(build(posts), now=NOW)
    pages, error = fetched(server)
    assert error is None
    assert pages[0].posts == 1
    assert pages[0].last_at == at("26T23:59")


def test_servers_whose_ids_tell_no_time_are_read_page_by_page(run, build, many, toot, fetched, monkeypatch):
    monkeypatch.setattr(mastodon_api, "_snowflake", lambda moment, post: 1_000_000 + int(moment.timestamp()))
    old = [toot(f"z{n:03}", at("02T10:00") + timedelta(hours=n), "tove", "#halmora") for n in range(9)]
    server = run(build([*many(90), *old]), now=NOW)
    pages, error = fetched(server, window=Window(at("02T00:00"), at("03T00:00")))
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 40), (0, 40), (9, 19), (0, 0)]


def test_windows_that_overlap_give_the_same_ids(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    early, _ = fetched(server, window=Window(at("20T00:00"), at("22T10:30")))
    late, _ = fetched(server, window=Window(at("21T00:00"), at("23T00:00")))
    assert mentions(mastodon, early) == mentions(mastodon, late)


@pytest.mark.parametrize("text", ["timelines/tag/halmora", "halmora"])
def test_window_edges(run, build, toot, fetched, text):
    times = ("20T23:59:59", "21T00:00:00", "21T23:59:59", "22T00:00:00")
    posts = [toot(f"a00{n}", at(moment), "tove", "#halmora") for n, moment in enumerate(times)]
    pages, error = fetched(run(build(posts), now=NOW), Query("q", text), window=Window(at("21T00:00"), at("22T00:00")))
    assert error is None
    assert sum(page.posts for page in pages) == 2
    assert (pages[0].first_at, pages[0].last_at) == (at("21T00:00:00"), at("21T23:59:59"))


def test_a_place_without_posts_in_the_window(run, build, talk, fetched):
    pages, error = fetched(run(build(talk), now=NOW), window=Window(at("25T00:00"), at("26T00:00")))
    assert error is None
    assert [(page.posts, page.seen, page.first_at) for page in pages] == [(0, 2, None)]


def test_the_canary_finds_something(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    for more, asked in [({"search": True, "window": Window(at("22T00:00"), at("23T00:00"))}, "search"), ({}, "public")]:
        server.world.requests.clear()
        pages, error = fetched(server, mastodon.NETWORK.canary, **more)
        assert error is None
        assert pages[0].seen > 0
        assert asked in server.world.requests[0].path


def test_a_thread_that_is_cut_without_a_token(run, build, toot, fetched, mentions):
    start = toot("z001", at("21T08:00"), "tove", "who has one? #halmora")
    replies = [toot(f"a{n:03}", at("21T09:00") + timedelta(seconds=n), "halmora", "me", to="z001") for n in range(70)]
    server = run(build([start, *replies]), now=NOW)
    pages, error = fetched(server, token=None)
    assert isinstance(error, Truncated)
    assert "no more than 60 replies of a thread" in str(error)
    assert len(mentions(mastodon, pages)) == 61
    pages, error = fetched(server)
    assert error is None
    assert len(mentions(mastodon, pages)) == 71


def test_a_thread_that_is_too_deep_without_a_token(run, build, toot, fetched, mentions):
    replies = [
        toot(f"a{n:03}", at("21T09:00") + timedelta(seconds=n), "halmora", "and", to=f"a{n - 1:03}")
        for n in range(1, 25)
    ]
    server = run(build([toot("a000", at("21T08:00"), "tove", "a long story #halmora"), *replies]), now=NOW)
    pages, error = fetched(server, token=None)
    assert isinstance(error, Truncated)
    assert len(mentions(mastodon, pages)) == 21
    pages, error = fetched(server)
    assert error is None
    assert len(mentions(mastodon, pages)) == 25


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=TIMELINE, status=429, headers={"retry-after": "17"})
    assert fetched(server)[1] is None
    assert waits == [17]


def test_the_end_of_the_limit_is_waited_for(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-04-28T00:00:41.500000Z"}
    server.world.misbehave("status", path=TIMELINE, status=429, body='{"error": "Too many requests"}', headers=used_up)
    assert fetched(server)[1] is None
    assert waits == [41.5]


def test_a_long_wait_is_left_to_a_later_run(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-04-28T00:05:00.000000Z"}
    server.world.misbehave("status", path=TIMELINE, nth=2, status=429, headers=used_up)
    pages, error = fetched(server, threads=False)
    assert len(pages) == 1
    assert isinstance(error, RateLimited)
    assert (error.until, waits) == (at("28T00:05"), [])


def test_a_thread_that_fails_costs_itself(run, build, talk, toot, fetched, mentions):
    more = [
        toot("c001", at("22T08:00"), "tove", "#halmora too"),
        toot("c002", at("22T09:00"), "halmora", "yes", to="c001"),
    ]
    whole = build([*talk, *more])
    server = run(whole, now=NOW)
    server.world.misbehave("status", path=f"{STATUSES}/{status_id(whole.by_id['c001'])}", times=None)
    pages, error = fetched(server)
    assert "is in trouble (500)" in str(error)
    assert f"fediverse:{uri(whole.by_id['a003'])}" in mentions(mastodon, pages)
    assert all(page.seen_whole_after is None for page in pages)


def test_a_thread_that_was_deleted_a_moment_ago(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    gone = {"status": 404, "body": '{"error": "Record not found"}'}
    server.world.misbehave("status", path=STATUSES, times=None, **gone)
    pages, error = fetched(server)
    assert error is None
    assert [page.posts for page in pages] == [2, 0]


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        *NO_ANSWER,
        ({"kind": "status", "status": 200, "body": '{"error": null}'}, SchemaDrift, "where a list of posts belongs"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 404, "body": "<html>"}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 400, "body": '{"error": "bad tag"}'}, SourceError, "bad tag"),
        (
            {"kind": "status", "status": 401, "body": '{"error": "The access token was revoked"}'},
            CredentialsError,
            "refused the credentials (401)",
        ),
        (
            {"kind": "status", "status": 403, "body": '{"error": "This action is outside the authorized scopes"}'},
            CredentialsError,
            "read:statuses and read:search",
        ),
    ],
    ids=trouble_id,
)
def test_a_bad_answer_says_what_came(run, build, talk, fetched, week, wrong, kind, says):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path=TIMELINE, times=None)
    pages, error = fetched(server)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, '{"error": "This method requires an authenticated user"}'),
        (422, '{"error": "This method requires an authenticated user"}'),
    ],
)
def test_a_timeline_for_members_only_asks_for_a_token(run, build, talk, fetched, status, body):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=TIMELINE, times=None, status=status, body=body)
    pages, error = fetched(server, token=None)
    assert pages == []
    assert isinstance(error, CredentialsError)
    assert "set EARSHOT_TOOTS_ACCESS_TOKEN" in str(error)


def test_a_wrong_token_is_told_by_the_search(run, build, talk, fetched, caplog):
    caplog.set_level(logging.DEBUG)
    pages, error = fetched(run(build(talk), now=NOW), SEARCH, token="wrong-token-1234567")
    assert pages == []
    assert isinstance(error, CredentialsError)
    shown = "".join(traceback.format_exception(error)) + caplog.text + repr(error)
    assert "wrong-token-1234567" not in shown


def test_the_token_shows_nowhere_and_goes_nowhere_else(run, build, talk, client, fetched, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(talk), now=NOW)
    own = client(server)
    # the address of the next page, which the server gives, is not followed
    elsewhere = {"link": '<https://evil.example/api/v1/timelines/tag/x?max_id=1>; rel="next"'}
    server.world.misbehave("headers", path=TIMELINE, headers=elsewhere)
    pages, error = fetched(server, with_client=own)
    assert error is None
    assert asked(server)[-1] == ("/timelines/tag/halmora", {"limit": "40", "max_id": "1"})
    for shown in (caplog.text, repr(own), repr(vars(own)), repr(vars(own.session)), str(pages)):
        assert TOKEN not in shown
    assert TOKEN not in str([request.params for request in server.world.requests])


def test_pages_that_go_in_circles(run, build, many, fetched, week):
    server = run(build(many(90)), now=NOW)
    link = {"link": f'<x?max_id={id_at(at("26T23:30"))}>; rel="next"'}
    server.world.misbehave("headers", path=TIMELINE, times=None, headers=link)
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [40, 30]
    assert isinstance(error, SchemaDrift)
    assert "in circles" in str(error)
    assert error.unseen_from == week.start


def test_a_page_of_which_nothing_can_be_read_does_not_end_the_listing(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    link = {"link": '<x?max_id=117000000000000000>; rel="next"'}
    server.world.misbehave("status", path=TIMELINE, status=200, body='[5, {"id": "../x"}]', headers=link)
    pages, error = fetched(server)
    assert error is None
    assert [page.posts for page in pages] == [0, 2, 2, 0, 0]


def test_a_search_that_repeats_itself(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    body = '{"statuses": [{"id": "1", "created_at": "2026-04-21T08:00:00Z", "replies_count": 0}]}'
    server.world.misbehave("status", path="/mastodon/api/v2", times=None, status=200, body=body)
    pages, error = fetched(server, SEARCH)
    assert len(pages) == 3
    assert isinstance(error, SchemaDrift)


def test_more_found_than_search_shows(run, build, many, fetched, monkeypatch):
    monkeypatch.setattr("connectors.mastodon.fetch.SEARCH_CAP", 80)
    pages, error = fetched(run(build(many(90)), now=NOW), SEARCH)
    assert [page.posts for page in pages] == [40, 40]
    assert isinstance(error, Truncated)


# Recheck ------------------------------------------------------------------------------------------------------


def outcome(pages):
    records = [record for page in pages for record in mastodon.parse(settings(), page)]
    gone = {record.mention_id for record in records if isinstance(record, Deletion)}
    return gone, {record.mention_id: record for record in records if isinstance(record, Mention)}


@pytest.mark.parametrize("many_at_once", [True, False], ids=["twenty at once", "one by one"])
def test_edits_deletions_and_numbers_are_carried_through(run, build, toot, rechecked, known, many_at_once):
    edited = {"at": "2026-04-25T00:00:00Z", "before": "befor"}
    gone = {"deleted_at": "2026-04-26T00:00:00Z", "removed_by": "author"}
    whole = build(
        [
            toot("a001", at("21T08:00"), "tove", "after", edited=edited, likes=7),
            toot("a002", at("21T09:00"), "tove", "gone", **gone),
            toot("a003", at("21T10:00"), "oskar@balkonien.example", "stays"),
        ]
    )
    server = run(whole, now=NOW)
    if not many_at_once:  # as before Mastodon 4.3
        server.world.misbehave("status", path=STATUSES, status=404, body='{"error": "Not Found"}')
    pages, error = rechecked(server, known(*whole.posts))
    assert error is None
    assert {page.endpoint for page in pages} == {"recheck statuses" if many_at_once else "recheck status"}
    deleted, there = outcome(pages)
    names = {name: f"fediverse:{uri(post)}" for name, post in whole.by_id.items()}
    assert deleted == {names["a002"]}
    assert (there[names["a001"]].text, there[names["a001"]].edited_at) == ("after", at("25T00:00"))
    assert names["a003"] in there
    likes = [r.likes for page in pages for r in mastodon.parse(settings(), page) if isinstance(r, Metrics)]
    assert sorted(likes) == [3, 7]


def test_what_fetch_found_can_be_looked_up_again(run, build, talk, fetched, rechecked):
    server = run(build(talk), now=NOW)
    found = [record for page in fetched(server)[0] for record in mastodon.parse(settings(), page)]
    posts = {record.mention_id: record for record in found if isinstance(record, Mention)}
    server.world.requests.clear()
    pages, error = rechecked(
        server, [Known(post.mention_id, post.kind, None, post.url, None, post.created_at) for post in posts.values()]
    )
    assert error is None
    deleted, there = outcome(pages)
    assert (deleted, set(posts) - set(there)) == (set(), set())
    assert paths(server) == ["/statuses"]


def test_many_are_asked_for_twenty_at_once(run, build, many, rechecked, known):
    whole = build(many(50))
    server = run(whole, now=NOW)
    pages, error = rechecked(server, known(*whole.posts))
    assert error is None
    assert [page.seen for page in pages] == [20, 20, 10]


def test_none_of_twenty_left_is_looked_at_twice(run, build, many, rechecked, known):
    whole = build(many(3))
    server = run(whole, now=NOW)
    server.world.misbehave("status", path=STATUSES, status=200, body="[]")
    pages, error = rechecked(server, known(*whole.posts))
    assert error is None
    assert outcome(pages)[0] == set()
    assert len(paths(server)) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 404, "body": "<html>This server has moved"},
        {"status": 401, "body": '{"error": "This method requires an authenticated user"}'},
        {"status": 500},
        {"status": 200, "body": '{"error": "x"}'},
    ],
    ids=["another server", "for members only", "in trouble", "drift"],
)
def test_a_failure_deletes_nothing(run, build, many, rechecked, known, wrong):
    whole = build(many(3))
    server = run(whole, now=NOW)
    server.world.misbehave("status", path=STATUSES, times=None, **wrong)
    pages, error = rechecked(server, known(*whole.posts), token=None)
    assert isinstance(error, SourceError)
    assert outcome(pages) == (set(), {})


def test_posts_whose_id_cannot_be_told_are_left_as_they_are(run, build, rechecked):
    server = run(build([]), now=NOW)
    elsewhere = [
        Known("fediverse:https://a.example/1", "post", None, address, None, NOW)
        for address in ("https://a.example/@x/1", None, "https://windowsill.example/@tove/1?x#y")
    ]
    assert rechecked(server, elsewhere) == ([], None)
    assert asked(server) == []


def test_parse_reads_a_landed_page_without_settings():
    assert list(mastodon.parse(None, Page("timelines/public", []))) == []
