"""The Bluesky connector against the sandbox server: atproto's session and every reading request over real HTTP."""

import json
import logging
import subprocess
import sys
import traceback
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.bluesky import fetch as bluesky_visit
from connectors.bluesky.client import AUTHOR_FEED, POSTS, PROFILES, SEARCH, THREAD
from connectors.contract import (
    Author,
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
from query.parsing import parse as query
from sandbox import bluesky_api, bluesky_posts
from sandbox.community import community
from sandbox.world import CREDENTIALS as SANDBOX
from tests.connectors.times import NOW, at, series
from tests.connectors.trouble import NO_ANSWER, NO_JSON, PAGES, trouble_id

bluesky = CONNECTORS["bluesky"]

CREDENTIALS = SANDBOX["bluesky"]
HALMORA = Query("search 1", "halmora")
XRPC = "/bluesky/xrpc/"
LOGIN = f"{XRPC}com.atproto.server.createSession"
RENEWAL = f"{XRPC}com.atproto.server.refreshSession"
PEOPLE = ("sam.example", "halmora.example", "nettie.example", "shy.example")


def settings(**more):
    return bluesky.Settings(**{"id": "sky", "type": "bluesky", "pace": 0, **more})


@pytest.fixture
def post(line):
    def make(id_, moment, by, text, **more):
        return line(id_, moment, f"{by}.example", text, net="bluesky", place="bluesky", **more)

    return make


@pytest.fixture
def talk(post):
    gone = {"deleted_at": "2026-04-22T00:00:00Z", "removed_by": "author"}
    return [
        post("f001", at("21T08:00"), "sam", "My halmora is dark 🌱 https://pics.example/a/very/long/path/to/it"),
        post("f002", at("21T08:30"), "halmora", "@sam.example we see it. Which model?", to="f001"),
        post("f003", at("21T09:00"), "sam", "the Loft", to="f002"),
        post("f004", at("21T09:30"), "nettie", "this halmora thing", quotes="f001"),
        post("f005", at("21T10:00"), "nettie", "a halmora that nobody answers", more={"alt": ["wilted basil"]}),
        post("f006", at("21T11:00"), "sam", "halmora, but I take it back", **gone),
        post("f007", at("21T11:30"), "nettie", "why did you take it back?", to="f006"),
        post("f008", at("21T12:00"), "nettie", "something else altogether"),
    ]


@pytest.fixture
def many(post):
    return lambda count: [
        post(id_, moment, "sam", f"halmora {n}") for n, id_, moment in series(count, at("26T23:00"), minutes=1)
    ]


@pytest.fixture
def world(run):
    """The server on these posts."""

    def make(posts, **more):
        people = [
            {"net": "bluesky", "handle": handle, "name": None, "followers": 10 * number, "since": "2023-05-01"}
            for number, handle in enumerate(PEOPLE, 1)
        ]
        return run(community(people, posts), **{"now": NOW, **more})

    return make


@pytest.fixture
def client(time):
    def make(server, credentials=CREDENTIALS, **more):
        made = bluesky.connect(settings(api=f"{server.url}/bluesky", **more), credentials)
        made.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=HALMORA, window=week, with_client=None, credentials=CREDENTIALS, **more):
        own = with_client or client(server, credentials)
        return collect(bluesky.fetch(own, settings(**more), asked, window))

    return make


@pytest.fixture
def rechecked(client, collect):
    def make(server, posts, **more):
        known = [Known(id_of(post), "post", None, None, None, post.at) for post in posts]
        return collect(bluesky.recheck(client(server), settings(**more), known))

    return make


def id_of(post):
    return f"bluesky:{bluesky_posts.uri(post)}"


def ids(server, *names):
    return {id_of(server.world.community.by_id[name]) for name in names}


def asked(server):
    return [request.path.removeprefix(XRPC) for request in server.world.requests]


def params(server, method):
    return [request.params for request in server.world.requests if request.path == XRPC + method]


def records(pages, kind, own=None):
    return [record for page in pages for record in bluesky.parse(own, page) if isinstance(record, kind)]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_ask_term_by_term_and_follow_the_team():
    listening = Listening(
        queries=(("halmora", query('halmora OR "Halmora One" OR site:halmora.example OR (basil AND lang:nl)')),),
        team=(("halmora", "halmora.example"),),
    )
    own = settings(accounts=("@sam.example", "did:plc:Abc"), extra=("#hydroponics",))
    assert bluesky.queries(own, listening) == [
        Query("search 1: halmora", "halmora", ("halmora",)),
        Query('search 2: "Halmora One"', '"Halmora One"', ("halmora",)),
        Query("search 3: domain:halmora.example", "domain:halmora.example", ("halmora",)),
        Query("search 4: basil lang:nl", "basil lang:nl", ("halmora",)),
        Query("extra 1: #hydroponics", "#hydroponics"),
        Query("@sam.example", "at://sam.example"),
        Query("@did:plc:Abc", "at://did:plc:Abc"),
        Query("@halmora.example", "at://halmora.example"),
    ]
    assert bluesky.queries(settings(search=False, accounts=("sam.example",)), Listening(queries=listening.queries)) == [
        Query("@sam.example", "at://sam.example")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"accounts": ("halmora",)},
        {"accounts": ("https://bsky.app/profile/halmora.example",)},
        {"extra": (" ",)},
        {"extra": ("at://halmora.example",)},
        {"extra": ("y" * 300,)},
        {"search": False},
        {"pds": "http://pds.example"},
    ],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_connect_sends_nothing_and_wants_both_halves_of_a_login(world):
    server = world([])
    bluesky.connect(settings(api=f"{server.url}/bluesky"), CREDENTIALS)
    bluesky.connect(settings(api=f"{server.url}/bluesky"), {})
    assert asked(server) == []
    with pytest.raises(CredentialsError, match="set EARSHOT_SKY_APP_PASSWORD, too"):
        bluesky.connect(settings(), {"handle": "listening.example"})


def test_connect_without_an_account_leaves_atproto_alone():
    script = "import connectors.bluesky, sys; sys.exit('atproto_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


# Search -------------------------------------------------------------------------------------------------------


def test_fetch_a_talk_with_everybody_in_it(world, talk, fetched, mentions):
    server = world(talk)
    pages, error = fetched(server)
    assert error is None
    found = mentions(bluesky, pages)
    assert set(found) == ids(server, "f001", "f002", "f003", "f004", "f005")
    one, two, three, four, five = (found[id_of(server.world.community.by_id[f"f00{n}"])] for n in range(1, 6))
    sam = f"bluesky:{bluesky_posts.did('sam.example')}"
    assert one == Mention(
        *(one.mention_id, "bluesky", None, "post", None),
        "My halmora is dark 🌱 https://pics.example/a/very/long/path/to/it",
        f"https://bsky.app/profile/{sam[8:]}/post/{one.mention_id.rpartition('/')[2]}",
        *(sam, None, one.mention_id, at("21T08:00")),
        network_lang="en",
    )
    assert [(m.kind, m.parent_id, m.root_id) for m in (two, three, four)] == [
        ("comment", one.mention_id, one.mention_id),
        ("comment", two.mention_id, one.mention_id),
        ("quote", one.mention_id, four.mention_id),
    ]
    assert five.text == "a halmora that nobody answers\n\n[wilted basil]"
    assert {record.mention_id: record for record in records(pages, Metrics)}[one.mention_id] == Metrics(
        one.mention_id, likes=3, replies=1, reposts=0, quotes=1
    )
    assert set(records(pages, Interaction)) == {
        Interaction(two.mention_id, two.author_id, sam, "reply"),
        Interaction(three.mention_id, sam, two.author_id, "reply"),
        Interaction(four.mention_id, four.author_id, sam, "quote"),
    }
    people = {author.author_id: author for author in records(pages, Author)}  # the last says how many follow
    assert people[sam] == Author(sam, "bluesky", "sam.example", None, 10, datetime.fromisoformat("2023-05-01"))


def test_fetch_counts_each_post_once_and_asks_for_no_thread_of_one(world, talk, fetched):
    server = world(talk)
    pages, _ = fetched(server)
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [
        (SEARCH, 3, 3),
        (THREAD, 2, 3),
        (PROFILES, 0, 3),
    ]
    assert (pages[0].first_at, pages[0].last_at) == (at("21T08:00"), at("21T10:00"))
    assert asked(server) == ["com.atproto.server.createSession", SEARCH, THREAD, PROFILES]


def test_fetch_without_threads(world, talk, fetched):
    pages, _ = fetched(world(talk), threads=False)
    assert [page.endpoint for page in pages] == [SEARCH, PROFILES]


def test_fetch_pages_to_the_last(world, many, fetched, mentions):
    server = world(many(250))
    pages, error = fetched(server)
    assert error is None
    assert [(page.posts, page.seen) for page in pages[:3]] == [(100, 100), (100, 100), (50, 50)]
    assert len(mentions(bluesky, pages)) == 250
    same = {"q": "halmora", "sort": "latest", "limit": "100"}
    span = {"since": "2026-04-20T00:00:00.000Z", "until": "2026-04-27T00:00:00.000Z"}
    assert params(server, SEARCH) == [
        {**same, **span},
        {**same, **span, "cursor": "100"},
        {**same, **span, "cursor": "200"},
    ]


def test_fetch_past_the_searchs_cap_goes_on_with_what_is_older(world, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(bluesky_visit, "CAP", 200)
    monkeypatch.setattr(bluesky_api, "DEEPEST_OFFSET", 200)
    pages, error = fetched(world(many(450)))
    assert error is None
    assert len(mentions(bluesky, pages)) == 450
    assert sum(page.posts for page in pages) == 450


def test_fetch_past_the_cap_is_not_misled_by_a_date_that_somebody_made_up(world, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(bluesky_visit, "CAP", 200)
    monkeypatch.setattr(bluesky_api, "DEEPEST_OFFSET", 200)
    shown = bluesky_posts.record
    old = {"createdAt": "2015-01-01T00:00:00Z"}
    monkeypatch.setattr(
        bluesky_posts, "record", lambda world, post: shown(world, post) | (old if post.id == "a350" else {})
    )
    pages, _ = fetched(world(many(450)))
    assert len(mentions(bluesky, pages)) == 450


@pytest.mark.parametrize("count", [200, 250])
def test_a_search_that_drops_its_cursor_is_read_to_its_end(world, many, fetched, mentions, monkeypatch, count):
    monkeypatch.setattr(bluesky_api, "NAMES_THE_NEXT_PAGE", False)
    pages, error = fetched(world(many(count)))
    assert error is None
    assert len(mentions(bluesky, pages)) == sum(page.posts for page in pages) == count


def test_a_feed_that_drops_its_cursor_is_truncated(world, many, fetched, mentions, monkeypatch):
    monkeypatch.setattr(bluesky_api, "NAMES_THE_NEXT_PAGE", False)
    server = world(many(200))
    pages, error = fetched(server, Query("@sam.example", "at://sam.example"))
    assert len(mentions(bluesky, pages)) == 100
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("26T23:00") - timedelta(minutes=98))
    # nothing is said where the page is older than the window
    _, error = fetched(server, Query("@sam.example", "at://sam.example"), window=Window(at("26T23:30"), at("27T00:00")))
    assert error is None


def test_fetch_more_in_one_moment_than_the_search_shows(world, many, fetched, monkeypatch):
    monkeypatch.setattr(bluesky_visit, "CAP", 200)
    monkeypatch.setattr(bluesky_api, "DEEPEST_OFFSET", 200)
    posts = [line | {"at": "2026-04-21T08:00:00Z"} for line in many(300)]
    pages, error = fetched(world(posts))
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("21T08:00"))
    assert max(page.posts for page in pages) == 100


def test_fetch_page_3_fails_and_the_run_is_repeated(world, many, fetched, mentions):
    server = world(many(250))
    server.world.misbehave("status", XRPC + SEARCH, nth=3, times=4, status=502)
    pages, error = fetched(server)
    assert [page.posts for page in pages if page.endpoint == SEARCH] == [100, 100]
    assert "is in trouble (502)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("26T23:00") - timedelta(minutes=198))
    again, error = fetched(server)
    assert error is None
    assert len(mentions(bluesky, again)) == 250
    assert set(mentions(bluesky, pages)) <= set(mentions(bluesky, again))


def test_fetch_overlapping_windows_bring_no_doubles(world, many, fetched, mentions):
    server = world(many(250))
    early, _ = fetched(server, window=Window(at("26T00:00"), at("26T21:00")))
    late, _ = fetched(server, window=Window(at("26T20:00"), at("27T00:00")))
    both = mentions(bluesky, early).keys() & mentions(bluesky, late).keys()
    assert len(both) == 60
    assert len(mentions(bluesky, early + late)) == 250


def test_window_starts_with_its_start_and_ends_before_its_end(world, post, fetched, mentions):
    server = world([post("f001", at("21T00:00"), "sam", "halmora"), post("f002", at("22T00:00"), "sam", "halmora")])
    pages, _ = fetched(server, window=Window(at("21T00:00"), at("22T00:00")))
    assert set(mentions(bluesky, pages)) == ids(server, "f001")


def test_fetch_nothing_found(world, fetched):
    pages, error = fetched(world([]))
    assert error is None
    assert [(page.posts, page.seen, page.first_at) for page in pages] == [(0, 0, None)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('"halmora thing"', {"f004"}),
        ("halmora dark", {"f001"}),
        ("halmora OR dark", set()),
        ("from:nettie.example halmora", {"f004", "f005"}),
        ("domain:pics.example", {"f001"}),
        ("halmora lang:de", set()),
        ("wilted", {"f005"}),
    ],
)
def test_search_language(world, talk, fetched, text, found):
    server = world(talk)
    pages, _ = fetched(server, Query("q", text), threads=False)
    assert {record.mention_id for record in records(pages[:1], Metrics)} - ids(server, "f001") == ids(
        server, *(found - {"f001"})
    )
    assert pages[0].posts == len(found)


def test_canary_finds_something_in_any_window(world, talk, fetched):
    server = world(talk)
    pages, error = fetched(server, bluesky.NETWORK.canary, window=Window(at("26T00:00"), at("26T01:00")))
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 1)]
    assert params(server, SEARCH) == [{"q": "the", "sort": "latest", "limit": "100"}]


def test_canary_tells_that_the_search_is_closed(world, talk, fetched):
    server = world(talk)
    server.world.misbehave("status", XRPC + SEARCH, status=403, body="<h1>403 Forbidden</h1>")
    pages, error = fetched(server, bluesky.NETWORK.canary, credentials={})
    assert (pages, type(error)) == ([], CredentialsError)


# Threads ------------------------------------------------------------------------------------------------------


def test_thread_deeper_than_the_server_shows_is_fetched_to_its_end(world, post, fetched, mentions):
    deep = [
        post(
            f"f{n:03}",
            at("21T08:00") + timedelta(minutes=n),
            "sam",
            "halmora" if n == 0 else "on",
            to=f"f{n - 1:03}" if n else None,
        )
        for n in range(25)
    ]
    server = world(deep)
    pages, error = fetched(server)
    assert error is None
    assert len(mentions(bluesky, pages)) == 25
    assert asked(server).count(THREAD) == 3


def test_thread_whose_first_post_is_gone_is_fetched_around_what_was_found(world, talk, fetched, mentions):
    server = world(talk)
    pages, error = fetched(server, Query("q", "why"))
    assert error is None
    assert set(mentions(bluesky, pages)) == ids(server, "f007")
    assert set(records(pages, Deletion)) == {Deletion(id_) for id_ in ids(server, "f006")}
    assert [sent["parentHeight"] for sent in params(server, THREAD)] == ["0", "1000"]


def test_answers_below_a_deleted_answer_are_fetched(world, post, fetched, mentions):
    gone = {"deleted_at": "2026-04-22T00:00:00Z", "removed_by": "author"}
    server = world(
        [
            post("f001", at("21T08:00"), "sam", "halmora?"),
            post("f002", at("21T09:00"), "nettie", "no", to="f001", **gone),
            post("f003", at("21T10:00"), "sam", "why no halmora", to="f002"),
            post("f004", at("21T11:00"), "halmora", "we wonder, too", to="f003"),
        ]
    )
    pages, error = fetched(server)
    assert error is None
    assert set(mentions(bluesky, pages)) == ids(server, "f001", "f003", "f004")


def test_thread_is_fetched_once_a_run(world, talk, fetched, client):
    server = world(talk)
    one = client(server)
    fetched(server, with_client=one)
    fetched(server, Query("search 2", "dark"), with_client=one)
    assert asked(server).count(THREAD) == 1


def test_failing_thread_costs_itself(world, talk, fetched, mentions):
    server = world(talk)
    server.world.misbehave("html", XRPC + THREAD)
    pages, error = fetched(server)
    assert isinstance(error, SchemaDrift)
    assert "where JSON belongs" in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("27T00:00"))
    assert set(mentions(bluesky, pages)) == ids(server, "f001", "f004", "f005")
    assert pages[-1].endpoint == PROFILES


@pytest.mark.parametrize("page", ["HTML", "a gateway", "nothing"])
def test_thread_that_a_proxy_does_not_find_is_missing_and_said(world, talk, fetched, page):
    server = world(talk)
    server.world.misbehave("status", XRPC + THREAD, status=404, body=PAGES[page].decode(), times=None)
    _, error = fetched(server)
    assert "which is not from its API" in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("27T00:00"))


# Feeds --------------------------------------------------------------------------------------------------------


def test_feed_of_an_account_pages_until_it_is_older_than_the_window(world, many, fetched, mentions):
    server = world(many(450))
    window = Window(at("26T21:00"), at("26T22:00"))
    pages, error = fetched(server, Query("@sam.example", "at://sam.example"), window=window)
    assert error is None
    assert [(page.posts, page.seen) for page in pages if page.endpoint == AUTHOR_FEED] == [
        (40, 100),
        (20, 100),
        (0, 100),
    ]
    assert [sent.get("cursor") for sent in params(server, AUTHOR_FEED)] == [
        None,
        "2026-04-26T21:20:00.000Z",
        "2026-04-26T19:40:00.000Z",
    ]
    inside = [m for m in mentions(bluesky, pages).values() if m.created_at in window]
    assert len(inside) == 60


def test_feed_shows_answers_with_what_they_answer_and_passes_reposts_by(world, talk, post, fetched, mentions):
    talk.append(post("f009", at("22T12:00"), "halmora", None, reposts_of="f005"))
    server = world(talk)
    pages, error = fetched(server, Query("@halmora.example", "at://halmora.example"))
    assert error is None
    assert [(page.endpoint, page.seen) for page in pages] == [(AUTHOR_FEED, 4), (THREAD, 3), (PROFILES, 3)]
    found = mentions(bluesky, pages)
    assert set(found) == ids(server, "f001", "f002", "f003", "f005")
    assert {mention.kind for mention in found.values()} == {"post", "comment"}
    numbers = {record.mention_id: record.reposts for record in records(pages, Metrics)}
    assert [numbers[id_] for id_ in ids(server, "f005")] == [1]


def test_feed_needs_no_login(world, talk, fetched):
    server = world(talk)
    _, error = fetched(server, Query("@sam.example", "at://sam.example"), credentials={})
    assert error is None
    assert "com.atproto.server.createSession" not in asked(server)


def test_feed_of_nobody(world, talk, fetched):
    pages, error = fetched(world(talk), Query("@nobody.example", "at://nobody.example"))
    assert (pages, type(error)) == ([], SourceError)
    assert "no account 'nobody.example'" in str(error)


def test_pages_that_go_round_in_circles_end(world, talk, fetched):
    server = world(talk)
    item = json.dumps({"feed": [], "cursor": "2026-04-26T00:00:00Z"})
    server.world.misbehave("status", XRPC + AUTHOR_FEED, times=None, status=200, body=item)
    pages, error = fetched(server, Query("@sam.example", "at://sam.example"))
    assert len(pages) == 2
    assert isinstance(error, SchemaDrift)
    server.world.misbehave("status", XRPC + SEARCH, times=None, status=200, body='{"posts": [], "cursor": "7"}')
    pages, error = fetched(server)
    assert len(pages) == 2
    assert "round in circles" in str(error)


# Without an account, and with one -----------------------------------------------------------------------------


def test_search_logged_out_shows_one_page(world, many, fetched):
    pages, error = fetched(world(many(250)), credentials={})
    assert [page.posts for page in pages if page.endpoint == SEARCH] == [100]
    assert isinstance(error, Truncated)
    assert "set EARSHOT_SKY_HANDLE and EARSHOT_SKY_APP_PASSWORD" in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("26T23:00") - timedelta(minutes=98))
    assert pages[-1].endpoint == PROFILES


@pytest.mark.parametrize("refusal", [(403, "<h1>403 Forbidden</h1>"), (401, '{"error": "AuthMissing"}')])
def test_search_logged_out_when_it_is_closed(world, talk, fetched, refusal):
    server = world(talk)
    server.world.misbehave("status", XRPC + SEARCH, status=refusal[0], body=refusal[1])
    pages, error = fetched(server, credentials={})
    assert (pages, type(error)) == ([], CredentialsError)
    assert "set EARSHOT_SKY_HANDLE and EARSHOT_SKY_APP_PASSWORD" in str(error)


def test_wrong_password(world, talk, fetched):
    server = world(talk)
    pages, error = fetched(server, credentials={"handle": "listening.halmora.example", "app_password": "not-this-one"})
    assert (pages, type(error)) == ([], CredentialsError)
    assert "AuthenticationRequired: 'Invalid identifier or password'" in str(error)
    assert asked(server) == ["com.atproto.server.createSession"]


def test_one_session_serves_all_searches(world, talk, fetched, client):
    server = world(talk)
    one = client(server)
    for text in ("halmora", "dark", "thing"):
        assert fetched(server, Query(text, text), with_client=one)[1] is None
    assert asked(server).count("com.atproto.server.createSession") == 1


def test_token_is_renewed_before_it_runs_out(world, many, fetched):
    server = world(many(150), token_seconds=600)
    assert fetched(server)[1] is None
    assert asked(server)[:5] == [
        "com.atproto.server.createSession",
        "com.atproto.server.refreshSession",
        SEARCH,
        "com.atproto.server.refreshSession",
        SEARCH,
    ]


def test_token_that_was_taken_back_is_renewed(world, many, fetched, client, week):
    server = world(many(150))
    pages = bluesky.fetch(client(server), settings(), HALMORA, week)
    next(pages)
    for token in [token for token in server.world.tokens if not token.startswith("refresh ")]:
        del server.world.tokens[token]
    assert [page.posts for page in pages if page.endpoint == SEARCH] == [50]
    assert asked(server)[:5] == [
        *("com.atproto.server.createSession", SEARCH, SEARCH),
        *("com.atproto.server.refreshSession", SEARCH),
    ]


def test_session_that_is_over_begins_anew(world, many, client, week):
    server = world(many(150))
    pages = bluesky.fetch(client(server), settings(), HALMORA, week)
    next(pages)
    server.world.tokens.clear()
    assert [page.posts for page in pages if page.endpoint == SEARCH] == [50]
    assert asked(server)[2:6] == [
        *(SEARCH, "com.atproto.server.refreshSession"),
        *("com.atproto.server.createSession", SEARCH),
    ]


def test_token_that_is_refused_again_and_again(world, talk, fetched):
    server = world(talk)
    server.world.misbehave("status", XRPC + SEARCH, times=None, status=400, body='{"error": "ExpiredToken"}')
    pages, error = fetched(server)
    assert pages == []
    assert isinstance(error, CredentialsError)
    assert "doesn't take the session's token (ExpiredToken" in str(error)


def test_session_whose_tokens_are_no_good_any_more_begins_anew(world, talk, fetched):
    server = world(talk)
    body = '{"error": "InvalidToken", "message": "Token could not be verified"}'
    server.world.misbehave("status", XRPC + SEARCH, status=400, body=body)
    server.world.misbehave("status", RENEWAL, status=400, body=body)
    assert fetched(server)[1] is None
    assert asked(server)[:5] == [
        *("com.atproto.server.createSession", SEARCH, "com.atproto.server.refreshSession"),
        *("com.atproto.server.createSession", SEARCH),
    ]


def test_account_on_a_server_of_its_own_logs_in_there(world, talk, client, collect, week):
    server = world(talk)
    pds = f"{server.url.replace('127.0.0.1', 'localhost')}/bluesky"
    one = client(server, pds=pds)
    sent = []
    one.session.hooks["response"].append(lambda answer, **_: sent.append(answer.url.partition("?")[0]))
    assert collect(bluesky.fetch(one, settings(), HALMORA, week))[1] is None
    assert sent == [
        *(f"{pds}/xrpc/com.atproto.server.createSession", f"{pds}/xrpc/{SEARCH}"),
        *(f"{server.url}{XRPC}{THREAD}", f"{server.url}{XRPC}{PROFILES}"),
    ]


@pytest.mark.parametrize("body", ["{}", "[]", '{"accessJwt": "x", "refreshJwt": "y", "did": "z", "handle": "h"}'])
def test_login_answered_in_another_shape(world, talk, fetched, body):
    server = world(talk)
    server.world.misbehave("status", LOGIN, status=200, body=body)
    pages, error = fetched(server)
    assert (pages, type(error)) == ([], SchemaDrift)
    assert "atproto can't read" in str(error)
    assert error.__context__ is None  # atproto's error may hold tokens


def test_account_on_a_server_without_encryption_is_not_sent_there(world, talk, fetched):
    server = world(talk)
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "http://127.0.0.2:9"}
    did = bluesky_posts.did("listening.halmora.example")
    answer = {"did": did, "handle": "listening.halmora.example", "accessJwt": bluesky_api._jwt(9999, "a", "access")}
    document = {"id": did, "service": [service], "alsoKnownAs": [], "verificationMethod": []}
    body = json.dumps({**answer, "refreshJwt": "a.b.c", "didDoc": document})
    server.world.misbehave("status", LOGIN, status=200, body=body)
    pages, error = fetched(server)
    assert (pages, type(error)) == ([], CredentialsError)
    assert "would not be encrypted" in str(error)


def test_limit_of_logins_does_not_hold_up_the_search(world, talk, fetched, waits, monkeypatch):
    monkeypatch.setattr(bluesky_api, "LOGINS_IN_FIVE_MINUTES", 1)
    pages, error = fetched(world(talk))
    assert error is None
    assert len(pages) == 3
    assert waits == []


# What goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a list of posts belongs"),
        ({"kind": "status", "status": 200, "body": '{"hits": []}'}, SchemaDrift, "where a list of posts belongs"),
        ({"kind": "status", "status": 502, "body": '{"error": "UpstreamFailure"}'}, SourceError, "trouble (502)"),
        ({"kind": "status", "status": 403, "body": '{"error": "Forbidden", "message": "no"}'}, CredentialsError, "403"),
        ({"kind": "status", "status": 401, "body": '{"error": "AuthMissing"}'}, CredentialsError, "AuthMissing"),
        ({"kind": "status", "status": 400, "body": '{"error": "InvalidRequest", "message": "q"}'}, SourceError, "'q'"),
        *NO_ANSWER,
    ],
    ids=trouble_id,
)
def test_bad_answer_says_what_came(world, talk, fetched, wrong, kind, says):
    server = world(talk)
    server.world.misbehave(**wrong, path=XRPC + SEARCH, times=None)
    pages, error = fetched(server)
    assert (pages, type(error)) == ([], kind)
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20T00:00"), at("27T00:00"))


def test_what_failed_for_a_moment_is_asked_again(world, talk, fetched):
    server = world(talk)
    server.world.misbehave("status", XRPC + SEARCH, times=2, status=503)
    assert fetched(server)[1] is None


def test_nobody_there(week, collect, time):
    own = bluesky.connect(settings(api="http://127.0.0.1:9"), {})
    own.clock = time.clock
    _, error = collect(bluesky.fetch(own, settings(), HALMORA, week))
    assert "failed or was cut" in str(error)


def test_short_wait_is_waited_for(world, talk, fetched, waits):
    server = world(talk)
    limit = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(NOW.timestamp()) + 20)}
    server.world.misbehave("status", XRPC + SEARCH, status=429, headers={"Retry-After": "20"}, body="{}")
    server.world.misbehave("status", XRPC + THREAD, status=429, headers=limit, body="{}")
    pages, error = fetched(server)
    assert error is None
    assert len(pages) == 3
    assert waits[0] == 20


def test_long_wait_is_left_to_a_later_run(world, many, fetched, waits):
    server = world(many(250))
    limit = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(bluesky_posts.epoch(NOW)) + 250)}
    body = '{"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}'
    server.world.misbehave("status", XRPC + SEARCH, nth=2, status=429, headers=limit, body=body)
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [100]
    assert (type(error), error.until) == (RateLimited, NOW + timedelta(seconds=250))
    assert error.unseen_to == at("26T23:00") - timedelta(minutes=98)
    assert waits == []


def test_limit_of_the_sandbox(world, many, fetched, monkeypatch):
    monkeypatch.setattr(bluesky_api, "REQUESTS_IN_FIVE_MINUTES", 2)
    pages, error = fetched(world(many(250)))
    assert len(pages) == 2
    assert isinstance(error, RateLimited)


def test_no_secret_in_any_log_error_or_repr(world, talk, client, collect, week, caplog):
    caplog.set_level(logging.DEBUG)
    server = world(talk)
    one = client(server)
    _, good = collect(bluesky.fetch(one, settings(), HALMORA, week))
    access, renewal = (token.removeprefix("refresh ") for token in server.world.tokens)
    secrets = (access, renewal, CREDENTIALS["app_password"])
    errors = []
    for secret in secrets:
        body = json.dumps({"error": "InvalidRequest", "message": f"{secret} is no good"})
        server.world.misbehave("status", XRPC + SEARCH, status=400, body=body)
        errors.append(collect(bluesky.fetch(one, settings(), HALMORA, week))[1])
        logging.getLogger("urllib3.connectionpool").debug("sent %s", secret)
    told = "".join(line for error in errors for line in traceback.format_exception(error))
    seen = caplog.text + repr(one) + repr(one.account) + repr(vars(settings())) + told
    assert good is None
    assert told.count("[secret] is no good") == 3
    assert caplog.text.count("sent [secret]") == 3
    # of a token that is cut off somewhere the first letters would still be seen
    assert [secret for secret in secrets if secret.split(".")[-2:][0][:16] in seen] == []


def test_only_the_search_is_asked_with_the_account(world, talk, client, collect, week, rechecked):
    server = world(talk)
    one = client(server)
    sent = []
    one.session.hooks["response"].append(
        lambda answer, **_: sent.append(
            (answer.url.partition("?")[0].rpartition("/")[2], "Authorization" in answer.request.headers)
        )
    )
    collect(bluesky.fetch(one, settings(), HALMORA, week))
    known = [Known(id_, "post", None, None, None, at("21T08:00")) for id_ in ids(server, "f001")]
    collect(bluesky.recheck(one, settings(), known))
    assert sent == [
        ("com.atproto.server.createSession", False),
        *((SEARCH, True), (THREAD, False), (PROFILES, False), (POSTS, False)),
    ]


# Labels -------------------------------------------------------------------------------------------------------


def test_who_wants_logged_in_readers_only_is_left_out(world, post, talk, fetched, mentions):
    talk.append(post("f010", at("23T08:00"), "shy", "halmora", more={"account_labels": ["!no-unauthenticated"]}))
    talk.append(post("f011", at("23T09:00"), "sam", "I agree", to="f010"))
    server = world(talk)
    pages, error = fetched(server)
    assert error is None
    assert set(mentions(bluesky, pages)) == ids(server, "f001", "f002", "f003", "f004", "f005")
    assert (pages[0].posts, pages[0].seen) == (3, 4)
    pages, _ = fetched(server, logged_in_only=True)
    own = settings(logged_in_only=True)
    assert {m.mention_id for m in records(pages, Mention, own)} == ids(
        server, *("f001", "f002", "f003", "f004", "f005", "f010", "f011")
    )
    shy = f"bluesky:{bluesky_posts.did('shy.example')}"
    assert shy in {author.author_id for author in records(pages, Author, own)}
    assert shy not in {author.author_id for author in records(pages, Author)}


def test_what_moderators_hide_counts_as_deleted(world, post, fetched, mentions):
    server = world([post("f001", at("21T08:00"), "sam", "buy halmora now!!!", more={"labels": ["!hide"]})])
    pages, _ = fetched(server)
    assert mentions(bluesky, pages) == {}
    assert set(records(pages, Deletion)) == {Deletion(id_) for id_ in ids(server, "f001")}


# Recheck ------------------------------------------------------------------------------------------------------


def test_recheck_tells_new_numbers_and_what_is_gone(world, talk, rechecked, mentions):
    server = world(talk)
    pages, error = rechecked(server, server.world.community.posts)
    assert error is None
    assert [(page.endpoint, page.posts, page.seen) for page in pages] == [(f"recheck {POSTS}", 7, 7)]
    assert set(records(pages, Deletion)) == {Deletion(id_) for id_ in ids(server, "f006")}
    assert len(mentions(bluesky, pages)) == 7
    assert {record.likes for record in records(pages, Metrics)} == {3}


def test_recheck_asks_25_at_a_time(world, many, rechecked):
    server = world(many(60))
    pages, error = rechecked(server, server.world.community.posts)
    assert error is None
    assert [page.seen for page in pages] == [25, 25, 10]


def test_recheck_of_who_has_become_shy(world, post, rechecked):
    server = world(
        [
            post("f001", at("21T08:00"), "shy", "halmora"),
            post("f002", at("22T08:00"), "shy", "more", more={"account_labels": ["!no-unauthenticated"]}),
        ]
    )
    posts = server.world.community.posts
    assert set(records(rechecked(server, posts)[0], Deletion)) == {Deletion(id_) for id_ in ids(server, "f001", "f002")}
    own = settings(logged_in_only=True)
    assert records(rechecked(server, posts, logged_in_only=True)[0], Deletion, own) == []


def test_recheck_that_fails_deletes_nothing(world, many, rechecked):
    server = world(many(60))
    server.world.misbehave("status", XRPC + POSTS, nth=2, times=4, status=500)
    pages, error = rechecked(server, server.world.community.posts)
    assert [page.seen for page in pages] == [25, 10]
    assert "is in trouble (500)" in str(error)
    assert records(pages, Deletion) == []


def test_recheck_asks_for_posts_only(world, talk, client, collect):
    server = world(talk)
    known = [Known(id_, "post", None, None, None, NOW) for id_ in ("bluesky:at://x", "mastodon:1", "bluesky:")]
    assert collect(bluesky.recheck(client(server), settings(), known)) == ([], None)
    assert asked(server) == []
