"""The Reddit connector against the sandbox server: the real praw over real HTTP."""

import json
import logging
import traceback
from datetime import UTC, datetime, timedelta

import prawcore
import pytest
from praw.config import Config as PrawConfig
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Listening,
    Mention,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
)
from connectors.reddit import errors
from connectors.transport import SentElsewhere
from query.parsing import any_of
from sandbox import reddit_things
from sandbox.world import CLIENT_ID, CLIENT_SECRET
from tests.connectors.times import at
from tests.connectors.trouble import trouble_id

reddit = CONNECTORS["reddit"]

CREDENTIALS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
HALMORA = Query("r/halmora", "r/halmora")


def settings(**more):
    return reddit.Settings(**{"id": "forum", "type": "reddit", "subreddits": ("halmora",), **more})


@pytest.fixture
def talk(line):
    """Three threads: one from before the week with an answer in it, one deep and wide, one that nobody touched."""
    wide = [line(f"c{n:03}", at("22T10:00") + timedelta(minutes=n), "ines", f"c{n}", to="a002") for n in range(30)]
    deep = [
        line(f"d{n:03}", at("23T10:00") + timedelta(minutes=n), "gerrit", f"d{n}", to=f"d{n - 1:03}" if n else "c004")
        for n in range(14)
    ]
    return [
        line("a000", at("01T08:00"), "gerrit", "untouched", title="Old and quiet"),
        line("a001", at("02T08:00"), "gerrit", "Which pods?", title="Pods"),
        line("a002", at("21T08:00"), "gerrit", "Look & see <3", title="My basil & me"),
        line("b001", at("21T09:30"), "Mira", "The small ones. – Mira", to="a001"),
        *wide,
        *deep,
    ]


def fetched(server, window, collect, **more):
    return collect(fetch(server, window, **more))


def fetch(server, window, **more):
    own = settings(api=server.url, **more)
    return reddit.fetch(reddit.connect(own, CREDENTIALS), own, HALMORA, window)


def paths(server):
    return [request.path for request in server.world.requests]


# Settings and queries -----------------------------------------------------------------------------------


def test_queries_one_per_subreddit_and_search_expression():
    listening = Listening((("halmora", any_of(["halmora", "the Loft", "x" * 490])),))
    assert reddit.queries(settings(subreddits=("halmora", "r/Pods", "pods"), search=True), listening) == [
        Query("r/halmora", "r/halmora"),
        Query("r/Pods", "r/Pods"),
        Query('search 1: halmora OR "the Loft"', 'halmora OR "the Loft"', ("halmora",)),
        Query(f"search 2: {'x' * 59}…", "x" * 490, ("halmora",)),
    ]


@pytest.mark.parametrize("wrong", [{"subreddits": ()}, {"subreddits": ("a b",)}, {"subreddits": ("https://x/y",)}])
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_connect_names_what_is_missing():
    with pytest.raises(CredentialsError, match="EARSHOT_FORUM_CLIENT_ID and EARSHOT_FORUM_CLIENT_SECRET"):
        reddit.connect(settings(), {"client_id": " "})


def test_connect_refuses_a_secret_with_a_line_break_without_showing_it():
    with pytest.raises(CredentialsError, match="EARSHOT_FORUM_CLIENT_SECRET") as caught:
        reddit.connect(settings(), {"client_id": "abc", "client_secret": "hush\nhush"})
    assert "hush" not in str(caught.value)


def test_connect_ignores_praw_ini_and_environment(tmp_path, monkeypatch):
    (tmp_path / "praw.ini").write_text("[DEFAULT]\noauth_url=https://evil.example\nusername=u\npassword=p\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("praw_password", "p")
    monkeypatch.setattr(PrawConfig, "CONFIG", None)
    client = reddit.connect(settings(), CREDENTIALS)
    assert client.config.oauth_url == "https://oauth.reddit.com/"
    assert client.read_only
    assert client.config.check_for_updates is False
    assert client.config.user_agent != reddit.connect(settings(), CREDENTIALS | {"client_id": "b"}).config.user_agent


# Fetch ----------------------------------------------------------------------------------------------------


def test_fetch_listings_and_whole_threads(run, build, talk, week, collect, mentions):
    server = run(build(talk), tree_limit=7, tree_depth=3)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert set(mentions(reddit, pages)) == {
        f"reddit:{'t3' if post['title'] else 't1'}_1s{post['id']}" for post in talk
    }  # a000 is seen in the listing only
    assert "/comments/1sa001" in paths(server)
    assert "/comments/1sa000" not in paths(server)
    stubs = [
        request.params for request in server.world.requests if request.method == "POST" and "api/more" in request.path
    ]
    assert all(stub["link_id"] == "t3_1sa002" and stub["children"] for stub in stubs)
    assert any(path.startswith("/comments/1sa002/_/1sd") for path in paths(server))


def test_fetch_without_threads(run, build, talk, week, collect):
    server = run(build(talk))
    pages, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert [page.endpoint for page in pages] == ["r/halmora/new", "r/halmora/comments"]
    assert [(page.posts, page.seen) for page in pages] == [(1, 3), (45, 45)]
    assert (pages[0].first_at, pages[0].last_at) == (at("21T08:00"), at("21T08:00"))


def test_fetch_pages_to_the_last(run, build, many_posts, week, collect, mentions):
    server = run(build(many_posts(168)), now=week.end)
    pages, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert len(mentions(reddit, pages)) == 168
    asked = [request.params.get("after") for request in server.world.requests if request.path == "/r/halmora/new"]
    assert asked == [None, "t3_1sa068"]


def test_fetch_stops_where_the_window_starts(run, build, many_posts, week, collect):
    server = run(build(many_posts(500)))
    pages, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert sum(page.posts for page in pages) == 168
    assert paths(server).count("/r/halmora/new") == 2


def test_fetch_tells_where_a_capped_listing_ends(run, build, many_posts, week, collect, monkeypatch):
    monkeypatch.setattr("connectors.reddit.fetch.LISTING_CAP", 120)
    server = run(build(many_posts(168)), listing_cap=120)
    pages, error = fetched(server, week, collect, threads=False)
    assert sum(page.posts for page in pages) == 120
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(hours=118))


@pytest.mark.parametrize("largest", [100, 40], ids=["full pages", "short pages"])
def test_fetch_a_listing_that_does_not_name_its_next_page(
    run, build, many_posts, week, collect, mentions, monkeypatch, largest
):
    monkeypatch.setattr(reddit_things, "NAMES_THE_NEXT_PAGE", False)
    monkeypatch.setattr(reddit_things, "LARGEST_PAGE", largest)
    pages, error = fetched(run(build(many_posts(160))), week, collect, threads=False)
    assert error is None
    assert [page.seen for page in pages] == ([100, 60, 0, 0] if largest == 100 else [40, 40, 40, 40, 0, 0])
    assert len(mentions(reddit, pages)) == 160


def listed(moments, after=None):
    data = {"subreddit": "halmora", "author": "ines", "title": "t", "selftext": "a", "subreddit_name_prefixed": "r/h"}
    times = [(f"p{moment:%d%H}", moment.replace(tzinfo=UTC).timestamp()) for moment in moments]
    things = [{"kind": "t3", "data": {**data, "id": id_, "created_utc": seconds}} for id_, seconds in times]
    return json.dumps({"kind": "Listing", "data": {"children": things, "after": after}})


OLD, FUTURE = at("01T00:00"), at("30T00:00") + timedelta(days=900)


@pytest.mark.parametrize(
    ("odd", "place"), [(OLD, 0), (OLD, 4), (FUTURE, 0), (FUTURE, 4)], ids=["pinned", "old", "future", "future at last"]
)
def test_fetch_one_post_out_of_order_does_not_end_a_listing(run, build, week, collect, odd, place):
    server = run(build([]))
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    answers = [listed(first, "t3_p2617"), listed(second, "t3_p2518")]
    for nth, body in enumerate(answers, 1):
        server.world.misbehave("status", "/r/halmora/new", nth=nth, status=200, body=body)
    server.world.misbehave("status", "/r/halmora/new", nth=3, times=None, status=500)
    server.world.misbehave("status", "/r/halmora/comments", status=200, body=listed([]))
    pages, error = fetched(server, week, collect, threads=False)
    assert [(page.posts, page.seen) for page in pages] == [(4, 5), (3, 3), (0, 0)]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


def test_fetch_a_full_page_is_not_taken_for_the_last(run, build, many_posts, week, collect):
    server = run(build(many_posts(100)))
    pages, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert [page.seen for page in pages] == [100, 0, 0]
    asked = [request.params.get("after") for request in server.world.requests if request.path == "/r/halmora/new"]
    assert asked == [None, "t3_1sa000"]


def test_fetch_a_listing_that_never_says_where_it_goes_on(run, build, week, collect):
    server = run(build([]))
    nameless = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {}}]}}
    server.world.misbehave("status", "/r/halmora/new", status=200, body=json.dumps(nameless))
    server.world.misbehave("status", "/r/halmora/comments", status=200, body=listed([]))
    _, error = fetched(server, week, collect, threads=False)
    assert type(error) is SchemaDrift
    assert "doesn't say where the next page begins" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end)


def test_fetch_small_subreddit_that_ends_is_complete(run, build, many_posts, week, collect):
    assert fetched(run(build(many_posts(20))), week, collect, threads=False)[1] is None


def test_fetch_search_finds_posts_and_reads_threads_elsewhere_only(run, build, line, week, collect, mentions):
    posts = [
        line("a001", at("21T08:00"), "ines", "my Halmora", title="Basil", place="r/plants"),
        line("a002", at("21T09:00"), "gerrit", "same here", to="a001", place="r/plants"),
        line("a003", at("21T10:00"), "gerrit", "text", title="Halmora One", place="r/halmora"),
        line("a004", at("21T11:00"), "gerrit", "tomatoes", title="else", place="r/plants"),
    ]
    server = run(build(posts))
    own = settings(api=server.url, search=True)
    client = reddit.connect(own, CREDENTIALS)
    pages, error = collect(reddit.fetch(client, own, Query("search 1", '"halmora" OR "tillwick"'), week))
    assert error is None
    assert set(mentions(reddit, pages)) == {"reddit:t3_1sa001", "reddit:t1_1sa002", "reddit:t3_1sa003"}
    assert [path for path in paths(server) if "comments" in path] == ["/comments/1sa001"]


# Fetch: what goes wrong -----------------------------------------------------------------------------------


def test_fetch_connection_cut_on_page_3(run, build, many_posts, week, collect, mentions):
    server = run(build(many_posts(168)))
    whole, _ = fetched(server, week, collect, threads=False)
    server.world.misbehave("cut", "/r/halmora/new", nth=2, times=3)  # praw asks three times
    pages, error = fetched(server, week, collect, threads=False)
    assert [page.body for page in pages] == [whole[0].body, whole[2].body]
    assert str(error).startswith("r/halmora/new: the connection to Reddit failed or was cut")
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(hours=98))
    again, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert [page.body for page in again] == [page.body for page in whole]


def test_fetch_praw_repeats_what_failed_for_a_moment(run, build, talk, week, collect):
    server = run(build(talk))
    server.world.misbehave("cut", "/r/halmora/new")
    server.world.misbehave("status", "/r/halmora/comments", status=503)
    assert fetched(server, week, collect)[1] is None


def test_fetch_bad_thread_costs_itself(run, build, many_posts, line, week, collect):
    posts = many_posts(5)
    server = run(build(posts))
    server.world.misbehave("half-json", "/comments/1sa002")
    server.world.misbehave("html", "/comments/1sa003")
    pages, error = fetched(server, week, collect)
    assert [page.endpoint for page in pages if page.endpoint.startswith("comments")] == [
        "comments/1sa004",
        "comments/1sa001",
        "comments/1sa000",
    ]
    assert type(error) is SchemaDrift
    assert "comments/1sa002: Reddit answered" in str(error)
    assert "comments/1sa003: Reddit answered" in str(error)


def test_fetch_gives_up_after_three_failures_in_a_row(run, build, many_posts, week, collect):
    server = run(build(many_posts(50)))
    server.world.misbehave("status", "/comments", status=500, times=None)
    pages, error = fetched(server, week, collect)
    assert len(pages) == 2
    assert "gave up after 3 failures in a row" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end)
    assert sum(path.startswith("/comments") for path in paths(server)) == 9


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "which is not JSON"),
        ({"kind": "half-json"}, SchemaDrift, "which is not JSON"),
        ({"kind": "empty"}, SchemaDrift, "answered '' where a listing belongs"),
        ({"kind": "status", "status": 200, "body": "[]"}, SchemaDrift, "where a listing belongs"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 403}, SourceError, "is closed to this app (403)"),
        ({"kind": "status", "status": 403, "body": '{"reason": "private"}'}, SourceError, "is private"),
        ({"kind": "status", "status": 403, "body": '{"reason": "quarantined"}'}, SourceError, "is quarantined"),
        ({"kind": "status", "status": 404, "body": '{"reason": "banned"}'}, SourceError, "was banned"),
        ({"kind": "status", "status": 404, "body": '{"error": 404}'}, SourceError, "is gone or never was"),
        ({"kind": "status", "status": 404}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 403, "body": "<h1>no</h1>"}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 200, "body": "[" * 100_000}, SchemaDrift, "can't read"),
        ({"kind": "status", "status": 451}, SourceError, "for legal reasons"),
        ({"kind": "status", "status": 400, "body": "<h1>no</h1>"}, SchemaDrift, "can't read"),
        ({"kind": "status", "status": 418}, SourceError, "refused the request (418)"),
        ({"kind": "status", "status": 401}, CredentialsError, "refused the app's id or secret"),
    ],
    ids=trouble_id,
)
def test_fetch_bad_answer_says_what_came(run, build, talk, week, collect, wrong, kind, says):
    server = run(build(talk))
    server.world.misbehave(**wrong, path="/r/halmora/new", times=None)
    _, error = fetched(server, week, collect, threads=False)
    assert type(error) is kind
    assert says in str(error)
    assert error.__context__ is None  # praw's error holds the request with its headers


def test_fetch_subreddit_that_is_not_there(run, build, talk, week, collect):
    server = run(build(talk))
    own = settings(api=server.url)
    _, error = collect(reddit.fetch(reddit.connect(own, CREDENTIALS), own, Query("r/nope", "r/nope"), week))
    assert "there is no such place on Reddit" in str(error)


def test_fetch_wrong_secret(run, build, talk, week, collect):
    own = settings(api=run(build(talk)).url)
    client = reddit.connect(own, CREDENTIALS | {"client_secret": "wrong"})
    pages, error = collect(reddit.fetch(client, own, HALMORA, week))
    assert pages == []
    assert isinstance(error, CredentialsError)


@pytest.mark.parametrize("body", ["{}", "[]", "null", "<html>", '{"access_token": 1}', '{"error": "x"}'])
def test_fetch_login_answers_nonsense(run, build, talk, week, collect, body):
    server = run(build(talk))
    server.world.misbehave("status", "/api/v1/access_token", status=200, body=body, times=None)
    pages, error = fetched(server, week, collect)
    assert pages == []
    assert isinstance(error, SourceError)


def test_fetch_renews_a_token_that_ran_out(run, build, talk, week):
    server = run(build(talk))
    pages = fetch(server, week)
    next(pages)
    server.world.tokens.clear()
    assert len(list(pages)) > 1
    assert paths(server).count("/api/v1/access_token") == 2


def test_fetch_server_stalls(run, build, talk, week, collect):
    server = run(build(talk))
    server.world.misbehave("stall", "/r/halmora", seconds=1, times=None)
    _, error = fetched(server, week, collect, threads=False)
    assert "did not answer in time" in str(error)


def test_fetch_nobody_there(run, build, collect, week):
    run(build([]))
    own = settings(api="http://127.0.0.1:9")
    _, error = collect(reddit.fetch(reddit.connect(own, CREDENTIALS), own, HALMORA, week))
    assert "failed or was cut" in str(error)


def test_fetch_short_rate_limit_is_waited_for(run, build, talk, week, collect):
    server = run(build(talk))
    server.world.misbehave("status", "/r/halmora/new", status=429, headers={"retry-after": "0"})
    assert fetched(server, week, collect)[1] is None


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "3600"}, 3600),
        ({"x-ratelimit-reset": "300"}, 300),
        ({"retry-after": "Fri, 31 Dec 2060 23:59:59 GMT"}, 86400),
        ({}, None),
    ],
    ids=["seconds", "reset", "date", "nothing"],
)
def test_fetch_long_rate_limit_ends_it_at_once(run, build, talk, week, collect, headers, waits):
    server = run(build(talk))
    server.world.misbehave("status", "/r/halmora/comments", status=429, headers=headers, times=None)
    pages, error = fetched(server, week, collect)
    assert [page.endpoint for page in pages] == ["r/halmora/new"]
    assert isinstance(error, RateLimited)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert waits is None if error.until is None else abs((error.until - now).total_seconds() - waits) < 5


def test_fetch_never_sleeps_for_an_hour(run, build, talk, week, collect):
    server = run(build(talk))
    spent = {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000", "x-ratelimit-reset": "3600"}
    server.world.misbehave("headers", "/r/halmora/new", headers=spent)
    pages, error = fetched(server, week, collect)
    assert len(pages) == 1
    assert isinstance(error, RateLimited)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end)


def test_no_secret_in_any_log_error_or_repr(run, build, talk, week, collect, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(talk))
    own = settings(api=server.url)
    client = reddit.connect(own, CREDENTIALS)
    server.world.misbehave("cut", "/r/halmora/new", times=None)
    _, error = collect(reddit.fetch(client, own, HALMORA, week))
    logging.getLogger("prawcore").debug("Headers: %s", {"Authorization": f"bearer {CLIENT_SECRET}"})
    seen = caplog.text + repr(client) + repr(own) + "".join(traceback.format_exception(error))
    assert "prawcore" in seen
    for secret in (CLIENT_SECRET, *server.world.tokens):
        assert secret not in seen


# Deleted and edited -----------------------------------------------------------------------------------------


def test_deleted_and_edited_as_reddit_shows_them(run, build, line, week, collect, mentions):
    posts = [
        line("a001", at("21T08:00"), "gerrit", "I give up", title="Farewell", deleted_at="2026-04-22T08:00:00Z")
        | {"removed_by": "author"},
        line("a002", at("21T09:00"), "ines", "buy now", to="a001", deleted_at="2026-04-22T09:00:00Z")
        | {"removed_by": "moderator"},
        line("a003", at("21T10:00"), "Mira", "why?", to="a002"),
        line(
            "a004",
            at("21T11:00"),
            "ines",
            "at six",
            title="When",
            edited={"at": "2026-04-22T07:00:00Z", "before": "at 5"},
        ),
    ]
    pages, error = fetched(run(build(posts)), week, collect)
    assert error is None
    found = mentions(reddit, pages)
    gone = found["reddit:t3_1sa001"]
    assert (gone.is_deleted, gone.title, gone.text, gone.author_id) == (True, None, None, None)
    removed = found["reddit:t1_1sa002"]
    assert (removed.is_deleted, removed.text, removed.author_id) == (True, None, None)
    assert not found["reddit:t1_1sa003"].is_deleted
    assert found["reddit:t3_1sa004"] == Mention(
        "reddit:t3_1sa004",
        "reddit",
        "r/halmora",
        "post",
        "When",
        "at six",
        "https://www.reddit.com/r/halmora/comments/1sa004/when/",
        "reddit:ines",
        None,
        "reddit:t3_1sa004",
        at("21T11:00"),
        edited_at=at("22T07:00"),
    )


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("www.reddit.com", "r/halmora/new: there is no such place on Reddit; check the name."),
        ("login.hotel.example", "r/halmora/new: Reddit sends us on to another server, 'login.hotel.example'; if it"),
        ("notreddit.com", "r/halmora/new: Reddit sends us on to another server, 'notreddit.com'; if it"),
    ],
)
def test_where_a_redirect_leads_tells_what_it_means(host, told):
    error = prawcore.RequestException(SentElsewhere(host), (), {})
    assert str(errors.meaning(error, "r/halmora/new")).startswith(told)
