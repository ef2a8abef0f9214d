"""The feed connector against the sandbox server: feeds in three formats over real HTTP, and what is kept of them."""

import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    Listening,
    Mention,
    Metrics,
    NotYet,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from connectors.http_api import NotThere, Refused
from sandbox import rss_api
from tests.connectors.times import NOW, at
from tests.connectors.trouble import NO_ANSWER

rss = CONNECTORS["rss"]

BLOG = "https://blog.example/feed.xml"
PAGED = "https://halmora.example/blog.atom"


def settings(*feeds, **more):
    return rss.Settings(**{"id": "feeds", "type": "rss", "feeds": feeds or (BLOG,), "pace": 0, **more})


@pytest.fixture
def client(time, tmp_path):
    def make(server, own=None, cache=tmp_path / "cache"):
        made = rss.connect(own or settings(api=f"{server.url}/rss"), {}, cache)
        made.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, url=BLOG, window=week, **more):
        own = settings({"url": url, "name": "The blog"}, api=f"{server.url}/rss")
        return collect(rss.fetch(client(server, own, **more), own, Query("feed", url), window))

    return make


@pytest.fixture
def people():
    return [{"net": "rss", "handle": handle, "since": "2020-01-31"} for handle in ("nettie", "ines")]


@pytest.fixture
def entry(line):
    def make(id_, moment, text, by="nettie", **more):
        return line(id_, moment, by, text, **{"net": "rss", "place": "blog.example/feed.xml", "title": "t", **more})

    return make


@pytest.fixture
def write_blog(monkeypatch):
    """How the blog's feed is to be written."""
    return lambda **how: monkeypatch.setitem(rss_api.FEEDS, "blog.example/feed.xml", rss_api.Kind("Blog", **how))


@pytest.fixture
def blog(entry):
    edit = {"at": "2026-04-22T09:00:00Z", "before": "basl"}
    html = '<p>Both <b>work</b>.<br>See <a href="https://halmora.example/x">the test</a></p>'
    return [
        entry("a001", at("10T08:00"), "long ago"),
        entry("a002", at("21T08:00"), None, link="https://blog.example/two", more={"html": html, "guid": "2"}),
        entry("a003", at("22T08:00"), "basil", edited=edit, title="Basil & mint", lang="en"),
        entry("a004", at("23T08:00"), "I agree", to="a003", by="ines", title=None),
    ]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_one_a_feed():
    own = settings(BLOG, {"url": PAGED, "name": "Halmora"}, BLOG)
    assert rss.queries(own, Listening()) == [Query(f"feed: {BLOG}", BLOG), Query(f"Halmora: {PAGED}", PAGED)]


@pytest.mark.parametrize(
    "wrong",
    [(), ("blog.example",), ("file:///etc/passwd",), ({"url": BLOG, "x": 1},), ("https://me:pw@x.example/",)],
    ids=str,
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        rss.Settings(id="feeds", type="rss", feeds=wrong)


def test_connect_sends_nothing_and_makes_no_folder(run, build, client, tmp_path):
    server = run(build([]))
    client(server)
    assert list(server.world.requests) == []
    assert list(tmp_path.iterdir()) == []


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_a_feed_as_it_came(run, build, blog, fetched, mentions, week):
    server = run(build(blog), now=NOW)
    (page,), error = fetched(server)
    assert error is None
    assert (page.posts, page.seen, page.first_at, page.last_at) == (2, 3, at("21T08:00"), at("22T08:00"))
    assert page.body["text"].startswith('<?xml version="1.0" encoding="utf-8"?>')
    found = mentions(rss, [page])
    two, three = "rss:blog.example/feed.xml:2", "rss:https://blog.example/2026/04/a003"
    assert list(found) == [three, two, "rss:https://blog.example/2026/04/a001"]
    assert found[two] == Mention(
        *(two, "rss", "The blog", "post", "t", "Both work.\nSee the test (https://halmora.example/x)"),
        *("https://blog.example/two", "rss:blog.example:nettie", None, two, at("21T08:00")),
        network_lang="en",
    )
    assert (found[three].title, found[three].edited_at) == ("Basil & mint", at("22T09:00"))
    records = list(rss.parse(None, page))
    assert records.count(Author("rss:blog.example:nettie", "rss", "nettie", "nettie")) == 1
    assert Metrics(three, replies=1) in records
    assert server.world.requests[0].path == "/rss/blog.example/feed.xml"


def test_fetch_comments_by_their_own_feed(run, build, blog, fetched, mentions):
    (page,), error = fetched(run(build(blog), now=NOW), f"{BLOG}/comments")
    assert isinstance(error, Truncated)
    (comment,) = mentions(rss, [page]).values()
    three = "rss:https://blog.example/2026/04/a003"
    assert (comment.kind, comment.parent_id, comment.root_id, comment.text) == ("comment", three, three, "I agree")


@pytest.mark.parametrize("path", ["news.atom", "news.rdf", "news.xml"])
def test_fetch_every_format(run, build, blog, fetched, mentions, path):
    posts = [each | {"place": f"blog.example/{path}"} for each in blog]
    pages, error = fetched(run(build(posts), now=NOW), f"https://blog.example/{path}")
    assert error is None
    assert [mention.text for mention in mentions(rss, pages).values()] == [
        *("basil", "Both work.\nSee the test (https://halmora.example/x)", "long ago")
    ]


def test_fetch_other_encodings(run, build, entry, fetched, mentions):
    place = "keukenkrant.example/nieuws.xml"
    posts = [
        entry("a001", at("01T08:00"), "oud", place=place),
        entry("a002", at("21T08:00"), "crème €9 🌱", place=place),
    ]
    (page,), error = fetched(run(build(posts)), f"https://{place}")
    assert error is None
    assert "base64" in page.body
    assert [mention.text for mention in mentions(rss, [page]).values()] == ["crème €9 🌱", "oud"]


def test_fetch_pages_to_the_last(run, build, entry, fetched, mentions, week):
    place = "halmora.example/blog.atom"
    posts = [entry(f"a{n:03}", at("20T00:00") + timedelta(hours=n), f"{n}", place=place) for n in range(100)]
    old = entry("b001", at("19T00:00"), "before", place=place)
    server = run(build([old, *posts]))
    pages, error = fetched(server, PAGED)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [*[(8, 8)] * 12, (4, 5)]
    assert len(mentions(rss, pages)) == 101
    assert [request.params.get("page") for request in server.world.requests] == [None, *map(str, range(2, 14))]


def test_fetch_page_3_fails_and_the_run_is_repeated(run, build, entry, fetched, mentions, week):
    place = "halmora.example/blog.atom"
    posts = [entry(f"a{n:03}", at("20T00:00") + timedelta(hours=n), f"{n}", place=place) for n in range(40)]
    server = run(build(posts))
    server.world.misbehave("status", status=404, path="/rss", nth=3)
    pages, error = fetched(server, PAGED)
    assert ([page.posts for page in pages], type(error)) == ([8, 8], NotThere)
    assert (error.unseen_from, error.unseen_to) == week
    for _ in range(2):  # also where what was fetched was lost before it was landed
        again, error = fetched(server, PAGED)
        assert error is None
        assert len(mentions(rss, again)) == 40


def test_fetch_older_pages_only_as_far_as_the_window(run, build, entry, fetched, week):
    place = "halmora.example/blog.atom"
    posts = [entry(f"a{n:03}", at("15T00:00") + timedelta(hours=6 * n), f"{n}", place=place) for n in range(30)]
    server = run(build(posts), now=NOW)
    pages, error = fetched(server, PAGED)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(8, 8), (2, 8)]


def test_fetch_window_edges_and_overlap(run, build, entry, fetched, week):
    posts = [entry("a000", at("01T00:00"), "old"), entry("a001", week.start, "in"), entry("a002", week.end, "out")]
    server = run(build(posts))
    assert [page.posts for page in fetched(server)[0]] == [1]
    assert [page.posts for page in fetched(server, window=Window(week.start, week.end + timedelta(days=1)))[0]] == [2]


def test_fetch_beyond_what_the_feed_shows(run, build, entry, fetched, week):
    server = run(build([entry("a001", at("22T08:00"), "first")]))
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [1]
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("22T08:00"))
    _, error = fetched(server, window=Window(at("01T00:00"), at("03T00:00")))
    assert (error.unseen_from, error.unseen_to) == (at("01T00:00"), at("03T00:00"))


def test_fetch_what_an_earlier_run_has_seen_is_not_missing(run, build, entry, fetched, time, write_blog, week):
    posts = [entry(f"a{n:03}", at("18T00:00") + timedelta(hours=6 * n), f"{n}") for n in range(36)]
    server = run(build(posts), now=at("23T00:00"))
    write_blog(size=16)
    time.now = at("23T00:00")
    assert isinstance(fetched(server, window=Window(at("18T00:00"), at("23T00:00")))[1], Truncated)
    server.world.now = time.now = at("26T00:00")
    _, error = fetched(server, window=Window(at("21T00:00"), at("26T00:00")))
    assert error is None  # it shows back to the 22nd; from the 19th on it was read then
    server.world.now = time.now = NOW + timedelta(days=5)
    _, error = fetched(server, window=Window(at("20T00:00"), at("27T00:00")))
    assert error is None


def test_fetch_a_gap_between_two_runs_is_told(run, build, entry, fetched, time, write_blog):
    posts = [entry(f"a{n:03}", at("18T00:00") + timedelta(hours=6 * n), f"{n}") for n in range(36)]
    write_blog(size=4)
    server = run(build(posts), now=at("20T00:00"))
    time.now = at("20T00:00")
    fetched(server, window=Window(at("19T00:00"), at("20T00:00")))
    server.world.now = time.now = at("26T00:00")
    _, error = fetched(server, window=Window(at("19T00:00"), at("26T00:00")))
    assert isinstance(error, Truncated)
    assert error.unseen_to == at("25T06:00")


# Entries that are not where their moment belongs --------------------------------------------------------------


def written(*entries, names=lambda guid: f"<guid>{guid}</guid>"):
    """A feed of entries: guid and moment each."""
    items = "".join(
        f"<item>{names(guid)}<title>{guid}</title><pubDate>{moment:%d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for guid, moment in entries
    )
    return f'<rss version="2.0"><channel><title>Lamps</title>{items}</channel></rss>'


def half_hours(until, count=24):
    return [(f"{until - timedelta(minutes=30 * n):%dT%H%M}", until - timedelta(minutes=30 * n)) for n in range(count)]


@pytest.fixture
def answered(run, build, fetched, time):
    """What a fetch of the feed gives that a server answers with, at a time."""
    server = run(build([]))

    def ask(body, now=NOW, **more):
        server.world.now = time.now = now
        server.world.misbehave("status", "/rss", status=200, body=body)
        return fetched(server, **more)

    return ask


PINNED, AHEAD = ("pinned", at("02T00:00") - timedelta(days=300)), ("ahead", at("02T00:00") + timedelta(days=300))


@pytest.mark.parametrize("place", [0, 12, 24])
@pytest.mark.parametrize("stray", [None, PINNED, AHEAD], ids=["none", "pinned", "ahead"])
def test_fetch_a_stray_entry_does_not_change_since_when_a_feed_is_whole(answered, week, stray, place):
    entries = half_hours(at("26T23:30"))
    entries[place:place] = [stray] if stray else []
    (page,), error = answered(written(*entries), now=week.end)
    assert (page.posts, page.seen) == (24, len(entries))
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("26T12:00"))


@pytest.mark.parametrize("stray", [PINNED, ("soon", at("22T18:00")), AHEAD], ids=["pinned", "soon", "ahead"])
def test_fetch_a_stray_entry_joins_no_two_visits(answered, stray):
    first, second = half_hours(at("22T00:00"), 48), half_hours(at("24T00:00"))
    answered(written(stray, *first), now=at("22T01:00"), window=Window(at("21T12:00"), at("22T00:00")))
    window = Window(at("22T00:00"), at("24T00:00"))
    _, error = answered(written(*second, stray), now=at("24T01:00"), window=window)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (window.start, at("23T12:30"))


def test_fetch_an_entry_that_is_still_there_joins_two_visits(answered):
    answered(written(*half_hours(at("22T00:00"), 48)), now=at("22T01:00"), window=Window(at("21T12:00"), at("22")))
    later = [PINNED, *half_hours(at("23T12:00"), 20), *half_hours(at("22T00:00"), 4)]
    _, error = answered(written(*later), now=at("24T01:00"), window=Window(at("22"), at("24")))
    assert error is None


def test_fetch_older_pages_although_an_old_entry_is_pinned(run, build, entry, fetched):
    place = "halmora.example/blog.atom"
    posts = [entry(f"a{n:03}", at("15T00:00") + timedelta(hours=6 * n), f"{n}", place=place) for n in range(30)]
    server = run(build(posts), now=NOW)
    pages, _ = fetched(server, PAGED)
    pinned = "<entry><id>tag:pinned</id><updated>2025-01-01T00:00:00Z</updated></entry><entry>"
    server.world.misbehave("status", "/rss", status=200, body=pages[0].body["text"].replace("<entry>", pinned, 1))
    with_pinned, error = fetched(server, PAGED, cache=None)
    assert error is None
    assert [page.posts for page in with_pinned] == [page.posts for page in pages]


def test_fetch_a_feed_in_no_order_of_time_says_so(answered, week):
    entries = sorted(half_hours(at("26T23:30")), key=lambda entry: entry[0][-3:])
    entries = entries[::2] + entries[1::2][::-1]
    _, error = answered(written(*entries), now=week.end)
    assert isinstance(error, Truncated)
    assert "in no order of time" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("26T23:30"))


def test_fetch_a_feed_of_entries_dated_ahead_shows_nothing_of_the_window(answered, week):
    _, error = answered(written(AHEAD))
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_a_feed_that_may_have_stopped(answered):
    entries = [AHEAD, *((f"{day}", at(f"{day:02}T10:00")) for day in range(8, 0, -1))]
    window = Window(at("20"), at("22"))
    assert answered(written(*entries), window=window)[1] is None  # not two weeks yet
    window = Window(at("20"), at("23"))
    _, error = answered(written(*entries), window=window)
    assert isinstance(error, NotYet)
    assert "may have stopped: its newest entry is of 2026-04-08" in str(error)
    assert (error.unseen_from, error.unseen_to) == window
    assert answered(written(("later", at("24T10:00")), *entries), window=window)[1] is None


def test_fetch_what_is_missing_at_both_ends_is_one_span(answered):
    window = Window(at("01"), at("28"))
    _, error = answered(written(*half_hours(at("10T00:00"))), window=window)
    assert type(error) is Truncated
    assert "shows nothing before 2026-04-09 12:30" in str(error)
    assert "may have stopped" in str(error)
    assert (error.unseen_from, error.unseen_to) == window


def test_fetch_a_guid_that_is_shared_on_another_night_leaves_the_old_entry_its_id(answered, mentions):
    def names(_):
        return "<guid>https://blog.example/t/7</guid>"

    nights = [
        [("one", at("20T10:00"))],
        [("two", at("21T10:00")), ("one", at("20T10:00"))],
        [("three", at("22T10:00")), ("two", at("21T10:00"))],
        [("three", at("22T10:00"))],
    ]
    found: dict[str, set[str]] = {}
    for number, entries in enumerate(nights):
        pages, _ = answered(written(*entries, names=names), now=at("27") + timedelta(days=number))
        for mention in mentions(rss, pages).values():
            found.setdefault(mention.title, set()).add(mention.mention_id)
    assert found["one"] == {"rss:https://blog.example/t/7"}
    assert sorted(map(len, found.values())) == [1, 1, 1]
    assert len(set.union(*found.values())) == 3


# What is kept -------------------------------------------------------------------------------------------------


def test_unchanged_feed_still_gives_the_whole_page(run, build, blog, fetched):
    server = run(build(blog), now=NOW)
    before, _ = fetched(server)
    statuses = logged(server)
    again, error = fetched(server)
    assert error is None
    assert again == before
    assert statuses() == [304]


@pytest.mark.parametrize("missing", ["etag", "last-modified"])
def test_one_of_both_conditions_is_enough(run, build, blog, fetched, missing):
    server = run(build(blog), now=NOW)
    hide(server, missing)
    before, _ = fetched(server)
    statuses = logged(server)
    hide(server, missing)
    assert fetched(server)[0] == before
    assert statuses() == [304]


def test_changed_feed_is_sent_again(run, build, blog, fetched, mentions):
    server = run(build(blog), now=at("21T12:00"))
    before, _ = fetched(server)
    server.world.now = NOW
    after, _ = fetched(server)
    assert mentions(rss, after).keys() - mentions(rss, before).keys() == {"rss:https://blog.example/2026/04/a003"}


@pytest.mark.parametrize(
    "told", [{"cache-control": "public, max-age=7200"}, {"cache-control": "max-age=9000", "age": "1800"}]
)
def test_server_is_not_asked_more_often_than_it_says(run, build, blog, fetched, time, told):
    server = run(build(blog), now=NOW)
    server.world.misbehave("headers", "/rss", headers=told, times=None)
    before, _ = fetched(server)
    time.now += timedelta(hours=1)
    again, error = fetched(server)  # complete all the same: it was read after the window's end
    assert (again, error, len(server.world.requests)) == (before, None, 1)
    time.now += timedelta(hours=1)
    fetched(server)
    assert len(server.world.requests) == 2


def test_feed_itself_says_how_often(run, build, blog, fetched, time, write_blog):
    write_blog(ttl=60)
    server = run(build(blog), now=NOW)
    fetched(server)
    time.now += timedelta(minutes=50)
    fetched(server)
    assert len(server.world.requests) == 1
    time.now += timedelta(minutes=5)
    fetched(server)
    assert len(server.world.requests) == 2


def test_feed_that_wants_a_pause_before_the_window_is_whole(run, build, blog, fetched, time, write_blog, week):
    write_blog(ttl=600)
    server = run(build(blog), now=at("26T20:00"))
    time.now = at("26T20:00")
    fetched(server, window=Window(week.start, at("26T00:00")))
    time.now = at("27T01:00")
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [2]
    assert isinstance(error, RateLimited)
    assert error.until == at("27T05:00")
    assert (error.unseen_from, error.unseen_to) == (at("26T20:00"), week.end)
    time.now = at("27T04:59:30")
    assert fetched(server)[1] is None
    assert time.waits == [30]


def test_feed_that_was_cut_off_is_not_kept(run, build, blog, fetched, mentions, week):
    server = run(build(blog), now=NOW)
    server.world.misbehave("half-json", "/rss")
    pages, error = fetched(server)
    assert "breaks off in the middle" in str(error)
    assert (error.unseen_from, error.unseen_to) == week
    again, error = fetched(server)
    assert error is None
    assert set(mentions(rss, pages)) < set(mentions(rss, again))


def test_cache_that_can_t_be_read_is_no_cache(run, build, blog, fetched, tmp_path):
    server = run(build(blog), now=NOW)
    before, _ = fetched(server)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text("{", encoding="utf-8")
    assert fetched(server)[0] == before


def test_no_store_is_obeyed(run, build, blog, fetched, tmp_path):
    server = run(build(blog), now=NOW)
    server.world.misbehave("headers", "/rss", headers={"cache-control": "no-store"})
    assert fetched(server)[1] is None
    assert list(tmp_path.glob("cache/*")) == []


def test_without_a_folder_nothing_is_kept(run, build, blog, fetched):
    server = run(build(blog), now=NOW)
    statuses = logged(server)
    fetched(server, cache=None)
    fetched(server, cache=None)
    assert statuses() == [200, 200]


def logged(server):
    """The statuses of the answers from now on."""
    found = []
    networks = server.app.networks

    async def listening(scope, receive, send):
        async def noting(message):
            if message["type"] == "http.response.start":
                found.append(message["status"])
            await send(message)

        await networks(scope, receive, noting)

    server.app.networks = listening
    return lambda: found


def hide(server, header):
    """Answer without a header."""
    networks = server.app.networks

    async def hiding(scope, receive, send):
        async def without(message):
            if message["type"] == "http.response.start":
                kept = [(name, value) for name, value in message["headers"] if name != header.encode()]
                message = {**message, "headers": kept}
            await send(message)

        await networks(scope, receive, without)

    server.app.networks = hiding


# What goes wrong ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "where a feed belongs; look at the address in a browser"),
        ({"kind": "empty"}, SchemaDrift, "answered nothing where a feed belongs"),
        ({"kind": "status", "status": 200, "body": '{"items": []}'}, SchemaDrift, "where a feed belongs"),
        (
            {"kind": "status", "status": 200, "body": '{"version": "https://jsonfeed.org/version/1.1", "items": []}'},
            SchemaDrift,
            "is a JSON Feed, which is not read",
        ),
        ({"kind": "status", "status": 304}, SchemaDrift, "although nobody asked that"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 401}, Refused, "is not open to us (401)"),
        ({"kind": "status", "status": 403}, Refused, "is not open to us (403)"),
        ({"kind": "status", "status": 404}, NotThere, "is not there (404)"),
        ({"kind": "status", "status": 410}, NotThere, "gone for good (410); take it out"),
        *NO_ANSWER,
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
def test_fetch_bad_answer_says_what_came(run, build, blog, fetched, week, wrong, kind, says):
    server = run(build(blog), now=NOW)
    server.world.misbehave(**wrong, path="/rss", times=None)
    pages, error = fetched(server)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert BLOG in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_repeats_what_failed_for_a_moment(run, build, blog, fetched):
    server = run(build(blog), now=NOW)
    server.world.misbehave("cut", "/rss")
    server.world.misbehave("status", "/rss", status=503, nth=2)
    assert fetched(server)[1] is None


def test_fetch_retry_after_is_obeyed(run, build, blog, fetched, time):
    server = run(build(blog), now=NOW)
    server.world.misbehave("status", "/rss", status=429, headers={"retry-after": "23"})
    assert fetched(server)[1] is None
    assert time.waits == [23]


def test_fetch_long_retry_after_tells_when_to_come_back(run, build, blog, fetched, time):
    server = run(build(blog), now=NOW)
    server.world.misbehave("status", "/rss", status=429, headers={"retry-after": "7200"})
    _, error = fetched(server)
    assert isinstance(error, RateLimited)
    assert (error.until, time.waits) == (NOW + timedelta(hours=2), [])


def test_feed_that_has_moved_for_good_is_read_and_said(run, build, blog, fetched, mentions, caplog):
    posts = [each | {"place": "balconynettie.example/feed.xml"} for each in blog]
    server = run(build(posts), now=NOW)
    with caplog.at_level(logging.WARNING):
        pages, error = fetched(server, "https://balconynettie.example/rss")
    assert error is None
    assert len(mentions(rss, pages)) == 3
    assert "rss:balconynettie.example/rss:2" in mentions(rss, pages)
    assert "the feed https://balconynettie.example/rss has moved for good" in caplog.text


def test_feed_that_is_gone_for_good(run, build, fetched):
    _, error = fetched(run(build([])), "https://growbert.example/news.xml")
    assert isinstance(error, NotThere)


def test_pages_in_a_circle(run, build, entry, fetched):
    place = "halmora.example/blog.atom"
    server = run(build([entry(f"a{n:03}", at("21T00:00"), f"{n}", place=place) for n in range(9)]))
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="https://halmora.example/blog.atom"/>'
        "<entry><id>tag:x</id><updated>2026-04-21T00:00:00Z</updated></entry></feed>"
    )
    server.world.misbehave("status", "/rss", status=200, body=body, times=None)
    _, error = fetched(server, PAGED)
    assert isinstance(error, SchemaDrift)
    assert "circles" in str(error)


def test_next_page_on_another_host_is_not_followed(run, build, fetched):
    server = run(build([]))
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><link rel="next" href="http://169.254.169.254/latest"/>'
        "<entry><id>tag:x</id><updated>2026-04-21T00:00:00Z</updated></entry></feed>"
    )
    server.world.misbehave("status", "/rss", status=200, body=body, times=None)
    _, error = fetched(server, PAGED)
    assert isinstance(error, Truncated)
    assert len(server.world.requests) == 1


def test_feed_without_any_date_is_not_taken_for_a_quiet_one(run, build, fetched, week):
    server = run(build([]))
    body = '<rss version="2.0"><channel><item><guid>7</guid></item></channel></rss>'
    server.world.misbehave("status", "/rss", status=200, body=body)
    pages, error = fetched(server, PAGED)
    assert [(page.posts, page.seen) for page in pages] == [(0, 1)]
    assert isinstance(error, SchemaDrift)
    assert "none of the entries" in str(error)
