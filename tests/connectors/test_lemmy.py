"""The Lemmy connector against the sandbox server: listings, search, threads and single posts over real HTTP."""

import logging
import traceback
from datetime import timedelta

import orjson
import pytest
from pydantic import ValidationError

from connectors import CONNECTORS, http_api
from connectors.contract import (
    CredentialsError,
    Deletion,
    Interaction,
    Known,
    Listening,
    Mention,
    Metrics,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Window,
)
from connectors.http_api import NotThere
from connectors.lemmy import fetch as lemmy_fetch
from query.parsing import parse as query
from sandbox import lemmy_api
from sandbox.lemmy_api import ap_id, number
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, NO_JSON, trouble_id

lemmy = CONNECTORS["lemmy"]

SITE = "https://leafy.example"
PLACE = "!counter_gardens@leafy.example"
FEED = Query(PLACE, PLACE)
HALMORA = Query("search 1", "halmora")
JWT = CREDENTIALS["lemmy"]["jwt"]
API = "/lemmy/api/v3/"


def settings(**more):
    return lemmy.Settings(
        **{"id": "leafy", "type": "lemmy", "site": SITE, "communities": (PLACE,), "search": True, "pace": 0, **more}
    )


@pytest.fixture
def client(time):
    def make(server, credentials=None, **more):
        made = lemmy.connect(settings(api=f"{server.url}/lemmy", **more), credentials or {})
        made.api.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=FEED, window=week, with_client=None, **more):
        return collect(lemmy.fetch(with_client or client(server), settings(**more), asked, window))

    return make


@pytest.fixture
def item(line):
    def make(id_, moment, by, text, **more):
        by = by if "@" in by else f"{by}@leafy.example"
        return line(id_, moment, by, text, net="lemmy", **{"place": PLACE, **more})

    return make


@pytest.fixture
def people():
    return [
        {"net": "lemmy", "handle": handle, "since": "2020-01-31"}
        for handle in ("gerrit@leafy.example", "Mira@leafy.example", "ines@soil.example", "toot@social.example")
    ]


@pytest.fixture
def many(item):
    """So many posts, an hour apart, the last an hour before the week ends."""
    return lambda count, **more: [
        item(id_, moment, "gerrit", f"halmora {n}", title="t", **more) for n, id_, moment in series(count, hours=1)
    ]


@pytest.fixture
def talk(item):
    uri = {"more": {"uri": "https://social.example/users/toot/statuses/77"}}
    return [
        item("a001", at("10T08:00"), "gerrit", "Rules", title="Rules of the house", more={"pinned": True}),
        item("a002", at("19T08:00"), "gerrit", None, title="My garden", link="https://plants.example/a"),
        item("a003", at("21T08:30"), "Mira", "Is it a **Halmora**?\n\n- yes\n- no", to="a002"),
        item(
            "a004", at("21T09:00"), "gerrit", "gone", to="a003", deleted_at="2026-04-21T10:00:00Z", removed_by="author"
        ),
        item("a005", at("21T09:30"), "toot@social.example", "below", to="a004", **uri),
        item("a006", at("22T10:00"), "ines@soil.example", "A halmora", title="Which", likes=-2),
        item("a007", at("28T00:00"), "gerrit", "after the week", to="a006"),
        item("b001", at("22T11:00"), "ines@soil.example", "other", title="Else", place="!elsewhere@soil.example"),
    ]


def asked(server):
    return [(request.path.removeprefix(API), request.params) for request in server.world.requests]


def names(whole):
    return {id_: f"fediverse:{ap_id(post)}" for id_, post in whole.by_id.items()}


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_for_communities_and_searches():
    listening = Listening(queries=(("halmora", query('halmora OR "sunrise mode" OR #basil')),))
    own = settings(communities=("!a_b@leafy.example", "plants", PLACE, PLACE))
    assert [asked.text for asked in lemmy.queries(own, listening)] == [
        "!a_b@leafy.example",
        "!plants",
        PLACE,
        "halmora",
        "sunrise mode",
        "#basil",
    ]
    assert lemmy.queries(settings(search=False), listening) == [FEED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": False, "communities": ()},
        {"communities": ("two words",)},
        {"site": "http://leafy.example"},
        {"site": "https://leafy.example/c/plants"},
        {"site": "https://mira:secret@leafy.example"},
    ],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_a_community_with_its_whole_threads(run, build, talk, fetched):
    whole = build(talk)
    pages, error = fetched(run(whole, now=NOW))
    assert error is None
    assert sum(page.posts for page in pages) == 4
    records = [record for page in pages for record in lemmy.parse(settings(), page)]
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    ids = names(whole)
    assert set(found) == {ids[id_] for id_ in ("a001", "a002", "a003", "a004", "a005", "a006", "a007")}
    assert found[ids["a002"]] == Mention(
        *(ids["a002"], "lemmy", PLACE, "post", "My garden", "https://plants.example/a"),
        f"{SITE}/post/{number(whole.by_id['a002'])}",
        *("fediverse:gerrit@leafy.example", None, ids["a002"], at("19T08:00")),
    )
    comment = found[ids["a003"]]
    assert (comment.text, comment.parent_id, comment.root_id) == (
        "Is it a **Halmora**?\n\n- yes\n- no",
        ids["a002"],
        ids["a002"],
    )
    assert (found[ids["a004"]].is_deleted, found[ids["a004"]].text) == (True, None)
    assert ids["a005"] == "fediverse:https://social.example/users/toot/statuses/77"
    assert (found[ids["a005"]].parent_id, found[ids["a005"]].author_id) == (
        ids["a004"],
        "fediverse:toot@social.example",
    )
    assert found[ids["a005"]].url == f"{SITE}/comment/{number(whole.by_id['a005'])}"
    assert Metrics(ids["a006"], replies=1, score=-2) in records
    assert (
        Interaction(ids["a003"], "fediverse:mira@leafy.example", "fediverse:gerrit@leafy.example", "reply") in records
    )


def test_fetch_a_search(run, build, talk, fetched, mentions):
    whole = build(talk)
    server = run(whole, now=NOW)
    pages, error = fetched(server, HALMORA)
    assert error is None
    assert set(mentions(lemmy, pages)) == {names(whole)[f"a00{n}"] for n in range(2, 8)}
    sought = [(path, params["type_"], params["q"]) for path, params in asked(server) if path == "search"]
    assert set(sought) == {("search", "Posts", "halmora"), ("search", "Comments", "halmora")}


@pytest.mark.parametrize(
    ("text", "sent"),
    [("sunrise mode", "sunrise mode"), ("wi-fi", "wi fi"), ("halm?r*", "halm r"), ("#basil", "#basil"), ("C++", "C++")],
)
def test_signs_between_letters_become_gaps(run, build, fetched, text, sent):
    server = run(build([]))
    fetched(server, Query("q", text))
    assert {params["q"] for _, params in asked(server)} == {sent}


def test_fetch_without_threads(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    _, error = fetched(server, threads=False)
    assert error is None
    assert {path for path, _ in asked(server)} == {"post/list", "comment/list"}


def test_a_thread_is_read_once_in_a_run(run, build, talk, fetched, client):
    server = run(build(talk), now=NOW)
    own = client(server)
    fetched(server, with_client=own)
    server.world.requests.clear()
    _, error = fetched(server, HALMORA, with_client=own)
    assert error is None
    assert {path for path, _ in asked(server)} == {"search"}


def test_fetch_pages_to_the_last_by_cursor(run, build, many, fetched, mentions):
    server = run(build(many(130)), now=NOW)
    pages, error = fetched(server, threads=False)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "post/list"] == [50, 50, 30, 0]
    assert [("page_cursor" in params, params.get("page")) for path, params in asked(server) if path == "post/list"] == [
        (False, "1"),
        (True, None),
        (True, None),
        (True, None),
    ]
    assert len(mentions(lemmy, pages)) == 130


def test_fetch_pages_to_the_last_by_number(run, build, many, fetched, mentions):
    server = run(build(many(120)), now=NOW)
    pages, error = fetched(server, HALMORA, threads=False)
    assert error is None
    # the posts to their end, then the comments, of which there are none
    assert [page.posts for page in pages] == [50, 50, 20, 0, 0]
    assert len(mentions(lemmy, pages)) == 120


@pytest.mark.parametrize("asked_for", [FEED, HALMORA], ids=["community", "search"])
def test_a_server_that_shows_fewer_at_once_and_names_no_next_page_is_read_to_its_end(
    run, build, many, fetched, mentions, monkeypatch, asked_for
):
    monkeypatch.setattr(lemmy_api, "SHOWN_AT_ONCE", 20)
    monkeypatch.setattr(lemmy_api, "NAMES_THE_NEXT_PAGE", False)
    server = run(build(many(110)), now=NOW)
    pages, error = fetched(server, asked_for, threads=False)
    assert error is None
    assert [page.posts for page in pages if page.seen] == [20, 20, 20, 20, 20, 10]
    assert len(mentions(lemmy, pages)) == 110


def test_a_cursor_that_is_dropped_on_the_way_does_not_end_a_listing(run, build, many, fetched, mentions, monkeypatch):
    answered = lemmy_api._posts

    def posts(world, asked):
        body = answered(world, asked)
        return body | {"next_page": None} if "page_cursor" in asked else body

    monkeypatch.setattr(lemmy_api, "_posts", posts)
    server = run(build(many(130)), now=NOW)
    pages, error = fetched(server, threads=False)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "post/list"] == [50, 50, 30, 0]
    assert len(mentions(lemmy, pages)) == 130


def test_the_comments_of_a_thread_are_read_whole_from_a_server_that_shows_fewer_at_once(
    run, build, item, fetched, mentions, monkeypatch
):
    monkeypatch.setattr(lemmy_api, "SHOWN_AT_ONCE", 20)
    post = item("z001", at("21T08:00"), "Mira", "halmora", title="t")
    comments = [item(f"a{n:03}", at("21T09:00") + timedelta(minutes=n), "gerrit", "yes", to="z001") for n in range(45)]
    server = run(build([post, *comments]), now=NOW)
    pages, error = fetched(server)
    assert error is None
    # the post tells how many there are, so that nothing is asked for behind the last
    assert [page.seen for page in pages if page.endpoint == "comments"] == [20, 20, 5]
    assert len(mentions(lemmy, pages)) == 46


def test_fetch_stops_when_older_than_the_window(run, build, many, fetched, week):
    server = run(build(many(130)), now=NOW)
    pages, error = fetched(server, window=Window(week.end - timedelta(hours=20), week.end), threads=False)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "post/list"] == [20]


def test_a_thread_of_many_comments_knows_what_each_answers(run, build, item, fetched, mentions):
    post = item("z001", at("21T08:00"), "Mira", "halmora", title="t")
    times = [at("21T09:00") + timedelta(minutes=n) for n in range(120)]
    comments = [
        item(f"a{n:03}", moment, "gerrit", "yes", to=f"a{n - 60:03}" if n >= 60 else "z001")
        for n, moment in enumerate(times)
    ]
    whole = build([post, *comments])
    pages, error = fetched(run(whole, now=NOW))
    assert error is None
    found = mentions(lemmy, pages)
    ids = names(whole)
    assert len(found) == 121
    assert found[ids["a119"]].parent_id == ids["a059"]
    assert found[ids["a005"]].parent_id == ids["z001"]
    replies = [record for page in pages for record in lemmy.parse(None, page) if isinstance(record, Interaction)]
    assert (
        Interaction(ids["a005"], "fediverse:gerrit@leafy.example", "fediverse:mira@leafy.example", "reply") in replies
    )


def test_fetch_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, week):
    server = run(build(many(130)), now=NOW)
    server.world.misbehave("cut", path=f"{API}post/list", nth=3, times=4)
    pages, error = fetched(server, threads=False)
    assert [page.posts for page in pages] == [50, 50]
    assert "failed or was cut" in str(error)
    assert (error.unseen_from, error.unseen_to) == week  # no comment has been seen yet
    again, error = fetched(server, threads=False)
    assert error is None
    assert len(mentions(lemmy, again)) == 130
    assert mentions(lemmy, pages).items() <= mentions(lemmy, again).items()


def test_the_last_listing_tells_how_far_it_came(run, build, many, item, fetched, week):
    root = item("z001", at("20T08:00"), "Mira", "x", title="t")
    server = run(build([root, *(post | {"to": "z001", "title": None} for post in many(120))]), now=NOW)
    server.world.misbehave("html", path=f"{API}comment/list", nth=3)
    pages, error = fetched(server, threads=False)
    assert [page.posts for page in pages if page.endpoint == "comment/list"] == [50, 50]
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(hours=98))


def test_what_was_seen_whole_is_told_by_the_last_listing(run, build, many, item, fetched, week):
    root = item("z001", at("20T08:00"), "Mira", "x", title="t")
    comments = [post | {"to": "z001", "title": None} for post in many(120)]
    pages, error = fetched(run(build([root, *comments]), now=NOW))
    assert error is None
    assert [page.seen_whole_after for page in pages if page.endpoint == "post/list"] == [None, None]
    assert [page.seen_whole_after for page in pages if page.endpoint == "comment/list"] == [
        None,
        week.end - timedelta(hours=48),
        week.end - timedelta(hours=98),
        week.end - timedelta(hours=118),
    ]


def test_windows_that_overlap_give_the_same_ids(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    early, _ = fetched(server, window=Window(at("20T00:00"), at("22T10:30")))
    late, _ = fetched(server, window=Window(at("21T00:00"), at("23T00:00")))
    assert mentions(lemmy, early) == mentions(lemmy, late)


def test_window_edges(run, build, item, fetched, week):
    times = ("20T23:59:59", "21T00:00:00", "21T23:59:59", "22T00:00:00")
    posts = [item(f"a00{n}", at(moment), "Mira", "halmora", title="t") for n, moment in enumerate(times)]
    pages, _ = fetched(run(build(posts), now=NOW), window=Window(at("21T00:00"), at("22T00:00")), threads=False)
    assert [(page.posts, page.seen, page.first_at, page.last_at) for page in pages if page.endpoint == "post/list"] == [
        (2, 4, at("21T00:00:00"), at("21T23:59:59")),
        (0, 0, None, None),
    ]


def test_nothing_new_in_a_community_is_seen_to_be_so(run, build, talk, fetched):
    pages, error = fetched(run(build(talk), now=NOW), window=Window(at("27T00:00"), at("27T12:00")))
    assert error is None
    assert sum(page.posts for page in pages) == 0
    assert pages[0].seen == 3


def test_the_canary_finds_something_in_any_window(run, build, talk, client, collect):
    ancient = Window(at("01T00:00"), at("01T00:05"))
    pages, error = collect(lemmy.fetch(client(run(build(talk), now=NOW)), settings(), lemmy.NETWORK.canary, ancient))
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 3)]


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_retry_after_is_obeyed(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=API, status=429, headers={"retry-after": "17"})
    _, error = fetched(server)
    assert error is None
    assert waits == [17]


def test_a_long_wait_is_left_to_a_later_run(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=API, status=429, nth=2, headers={"retry-after": "1800"})
    pages, error = fetched(server)
    assert [page.endpoint for page in pages] == ["post/list"]
    assert isinstance(error, RateLimited)
    assert error.until == NOW + timedelta(seconds=1800)
    assert error.unseen_to is not None
    assert waits == []


def test_lemmys_own_word_for_a_rate_limit(run, build, talk, fetched, monkeypatch, week):
    monkeypatch.setattr("sandbox.lemmy_api.SEARCHES", 1)
    pages, error = fetched(run(build(talk), now=NOW), HALMORA, threads=False)
    assert [page.endpoint for page in pages] == ["search"]
    assert isinstance(error, RateLimited)
    assert (error.until, error.unseen_from, error.unseen_to) == (None, *week)


def test_searches_slow_down_after_the_first_sixty(run, build, talk, client, collect, waits, monkeypatch, week):
    monkeypatch.setattr(lemmy_fetch, "SEARCHES_AT_ONCE", 3)
    server = run(build(talk), now=NOW)
    own = client(server, pace=0.001)
    for _ in range(2):
        _, error = collect(lemmy.fetch(own, settings(threads=False), HALMORA, week))
        assert error is None
    assert [wait for wait in waits if wait >= 1] == [10.0] * (own.searches - 3)


def test_what_failed_for_a_moment_is_asked_again(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", path=API, status=502, times=2)
    assert fetched(server)[1] is None
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        *NO_ANSWER,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a list of posts belongs"),
        ({"kind": "status", "status": 200, "body": '{"things": []}'}, SchemaDrift, "where a list of posts belongs"),
        ({"kind": "status", "status": 400, "body": '{"error": "instance_is_private"}'}, CredentialsError, "jwt"),
        ({"kind": "status", "status": 400, "body": '{"error": "not_logged_in"}'}, CredentialsError, "log in again"),
        ({"kind": "status", "status": 400, "body": '{"error": "couldnt_find_community"}'}, NotThere, "check the name"),
        ({"kind": "status", "status": 404, "body": "nothing"}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 400, "body": '{"error": "strange"}'}, http_api.Refused, "strange"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
    ],
    ids=trouble_id,
)
def test_a_bad_answer_says_what_came(run, build, talk, fetched, week, wrong, kind, says):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path=API, times=None)
    pages, error = fetched(server)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_a_community_that_nobody_knows(run, build, talk, fetched):
    _, error = fetched(run(build(talk), now=NOW), Query("q", "!nowhere@leafy.example"))
    assert isinstance(error, NotThere)


def test_a_server_that_shows_another_community_instead(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    view = '{"post": {"id": 1, "ap_id": "https://a.example/post/1"}, "creator": {}, "community": {"name": "x"}}'
    server.world.misbehave("status", path=API, status=200, body=f'{{"posts": [{view}]}}')
    pages, error = fetched(server)
    assert pages == []
    assert f"does not know {PLACE}" in str(error)


def test_pages_that_go_in_circles(run, build, many, fetched):
    server = run(build(many(60)), now=NOW)
    view = (
        '{"post": {"id": 1, "ap_id": "https://a.example/post/1", "published": "2026-04-25T00:00:00"}, "creator": {}, '
        '"community": {"name": "counter_gardens", "actor_id": "https://leafy.example/c/counter_gardens"}}'
    )
    server.world.misbehave(
        "status", path=API, status=200, times=None, body=f'{{"posts": [{view}], "next_page": "again"}}'
    )
    pages, error = fetched(server, threads=False)
    assert len(pages) == 1
    assert isinstance(error, SchemaDrift)


def test_a_thread_that_fails_costs_itself(run, build, talk, fetched, mentions, week):
    whole = build(talk)
    server = run(whole, now=NOW)
    server.world.misbehave("half-json", path=f"{API}comment/list")
    pages, error = fetched(server)
    assert isinstance(error, SchemaDrift)
    assert error.unseen_from == week.start
    assert names(whole)["a003"] in mentions(lemmy, pages)
    again, error = fetched(server)
    assert error is None
    assert mentions(lemmy, pages).keys() <= mentions(lemmy, again).keys()


def test_a_post_that_was_taken_down_is_no_failure(run, build, talk, fetched, mentions):
    whole = build([{**talk[1], "deleted_at": "2026-04-22T00:00:00Z", "removed_by": "moderator"}, *talk[2:]])
    pages, error = fetched(run(whole, now=NOW))
    assert error is None
    assert names(whole)["a003"] in mentions(lemmy, pages)
    assert names(whole)["a002"] not in mentions(lemmy, pages)


def test_three_failures_in_a_row_end_it(run, build, many, fetched, week):
    posts = many(10)
    answers = [
        post | {"id": f"b{n:03}", "to": post["id"], "title": None, "at": "2026-04-26T23:30:00Z"}
        for n, post in enumerate(posts)
    ]
    server = run(build([*posts, *answers]), now=NOW)
    server.world.misbehave("html", path=f"{API}comment/list", times=None)
    _, error = fetched(server)
    assert "gave up after 3 failures in a row" in str(error)
    assert sum(path == "comment/list" for path, _ in asked(server)) == 3


def test_nobody_there(run, build, collect, week, time):
    run(build([]))
    made = lemmy.connect(settings(api="http://127.0.0.1:9"), {})
    made.api.clock = time.clock
    _, error = collect(lemmy.fetch(made, settings(), FEED, week))
    assert "failed or was cut" in str(error)


# Credentials --------------------------------------------------------------------------------------------------


def test_a_token_is_sent_where_there_is_one(run, build, talk, client, collect, week):
    server = run(build(talk), now=NOW)
    _, error = collect(lemmy.fetch(client(server, {"jwt": JWT}), settings(), FEED, week))
    assert error is None


def test_a_token_that_has_ended(run, build, talk, client, collect, week):
    server = run(build(talk), now=NOW)
    pages, error = collect(lemmy.fetch(client(server, {"jwt": "ended-long-ago"}), settings(), FEED, week))
    assert pages == []
    assert isinstance(error, CredentialsError)
    assert "log in again" in str(error)


def test_no_secret_in_any_log_error_or_repr(run, build, talk, client, collect, week, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")
    server = run(build(talk), now=NOW)
    own = client(server, {"jwt": JWT})
    collect(lemmy.fetch(own, settings(), FEED, week))
    server.world.misbehave("status", path=API, status=400, body=f'{{"error": "token {JWT} may not"}}', times=None)
    _, error = collect(lemmy.fetch(own, settings(), HALMORA, week))
    seen = caplog.text + repr(own) + "".join(traceback.format_exception(error))
    assert "token [secret] may not" in seen
    assert "urllib3" in seen
    assert JWT not in seen


# Recheck ------------------------------------------------------------------------------------------------------


def known(pages):
    records = [record for page in pages for record in lemmy.parse(settings(), page)]
    found = {record.mention_id: record for record in records if isinstance(record, Mention) and not record.is_deleted}
    return [
        Known(mention.mention_id, mention.kind, mention.community, mention.url, mention.root_id, mention.created_at)
        for mention in found.values()
    ]


@pytest.fixture
def rechecked(client, collect):
    def make(server, of):
        pages, error = collect(lemmy.recheck(client(server), settings(), of))
        return pages, error, [record for page in pages for record in lemmy.parse(settings(), page)]

    return make


@pytest.fixture
def changing(item, build):
    gone = {"deleted_at": "2026-04-27T12:00:00Z"}
    return build(
        [
            item("a001", at("21T08:00"), "gerrit", "halmora", title="t"),
            item(
                "a002", at("21T09:00"), "Mira", "new", to="a001", edited={"at": "2026-04-27T10:00:00Z", "before": "old"}
            ),
            item("a003", at("21T10:00"), "Mira", "gone soon", to="a001", **gone, removed_by="author"),
            item("a004", at("21T11:00"), "gerrit", "rude", to="a002", **gone, removed_by="moderator"),
            item("a005", at("27T15:00"), "gerrit", "an answer", to="a002"),
            item("b001", at("22T11:00"), "gerrit", "a post", title="t", **gone, removed_by="author"),
            item("b002", at("22T12:00"), "Mira", "its comment", to="b001"),
        ]
    )


def test_recheck_carries_edits_deletions_and_numbers(run, changing, fetched, rechecked):
    ids = names(changing)
    server = run(changing, now=at("26T00:00"))
    before = known(fetched(server)[0])
    assert len(before) == 6
    server.world.now = NOW
    server.world.requests.clear()
    pages, error, records = rechecked(server, before)
    assert error is None
    assert sorted(path for path, _ in asked(server)) == ["comment", "comment/list", "post", "post"]
    assert {page.endpoint.split()[0] for page in pages} == {"recheck"}
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert now.keys() == {ids["a001"], ids["a002"], ids["a005"], ids["b002"]}
    assert (now[ids["a002"]].text, now[ids["a002"]].edited_at) == ("new", at("27T10:00"))
    assert now[ids["a005"]].parent_id == ids["a002"]
    assert {record for record in records if isinstance(record, Deletion)} == {
        Deletion(ids["a003"]),
        Deletion(ids["a004"]),
        Deletion(ids["b001"]),
    }
    assert Metrics(ids["a001"], replies=2, score=3) in records
    assert sum(page.posts for page in pages) == 6


def test_recheck_of_comments_whose_post_is_older(run, changing, fetched, rechecked):
    server = run(changing, now=at("26T00:00"))
    comments = [entry for entry in known(fetched(server)[0]) if entry.root_id == names(changing)["a001"]][1:]
    server.world.now = NOW
    server.world.requests.clear()
    _, error, records = rechecked(server, comments)
    assert error is None
    assert [path for path, _ in asked(server)] == ["comment", "comment/list"]
    assert sum(isinstance(record, Deletion) for record in records) == 2


def test_recheck_by_id_where_the_address_is_of_another_server(run, changing, rechecked):
    uri = ap_id(changing.by_id["a001"])
    entry = Known(f"fediverse:{uri}", "post", PLACE, "https://soil.example/post/1", None, at("21T08:00"))
    gone = Known("fediverse:https://leafy.example/post/1", "post", PLACE, None, None, at("21T08:00"))
    server = run(changing, now=NOW)
    _, error, records = rechecked(server, [entry, gone])
    assert error is None
    assert asked(server) == [
        ("resolve_object", {"q": uri}),
        ("resolve_object", {"q": "https://leafy.example/post/1"}),
    ]
    assert records[0].mention_id == f"fediverse:{uri}"
    assert records[-1] == Deletion("fediverse:https://leafy.example/post/1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "html"},
        {"kind": "status", "status": 403},
        {"kind": "cut"},
        {"kind": "status", "status": 400, "body": '{"error": "instance_is_private"}'},
        {"kind": "status", "status": 200, "body": '{"error": "couldnt_find_post"}'},
        {"kind": "status", "status": 404, "body": "<h1>Not Found</h1>"},
        {"kind": "status", "status": 400, "body": '{"error": "couldnt_find_community"}'},
    ],
)
def test_recheck_deletes_nothing_because_of_a_failure(run, changing, fetched, rechecked, wrong):
    server = run(changing, now=at("26T00:00"))
    of = known(fetched(server)[0])
    server.world.misbehave(**wrong, path=API, times=None)
    _, error, records = rechecked(server, of)
    assert isinstance(error, SourceError)
    assert records == []


def test_a_page_survives_as_json(run, build, talk, fetched):
    pages, _ = fetched(run(build(talk), now=NOW))
    for page in pages:
        kept = Page(page.endpoint, orjson.loads(orjson.dumps(page.body)))
        assert list(lemmy.parse(settings(), kept)) == list(lemmy.parse(settings(), page))
