"""The App Store connector against the sandbox server, over real HTTP."""

import logging
from datetime import timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.appstore.fetch import HOME
from connectors.contract import (
    Author,
    Drift,
    Listening,
    Mention,
    Metrics,
    Misfit,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from connectors.http_api import Clock, NotThere, Refused
from sandbox import appstore_api
from tests.connectors.recorded import FOLDER
from tests.connectors.times import Time, at, series

appstore = CONNECTORS["appstore"]

APP = "1648203377"
IN_NL = Query(f"app {APP} in NL", f"nl/{APP}")
AFTER = at("27")
FEED = "/appstore/nl/rss/"


def settings(**more):
    return appstore.Settings(
        **{"id": "store", "type": "appstore", "apps": (APP,), "countries": ("nl",), "pace": 0, **more}
    )


def connected(server, **more):
    own = settings(api=f"{server.url}/appstore", **more)
    client = appstore.connect(own, {})
    client.clock = Time(AFTER).clock
    return client, own


def fetched(server, window, collect, query=IN_NL):
    client, own = connected(server)
    return collect(appstore.fetch(client, own, query, window))


def seen_from(pages):
    return [(page.endpoint, page.posts, page.seen) for page in pages]


def records(pages, *kinds):
    return [record for page in pages for record in appstore.parse(None, page) if isinstance(record, kinds)]


def asked(server):
    return [request.path.removeprefix("/appstore/") for request in server.world.requests]


@pytest.fixture
def people():
    """Who writes reviews."""
    names = ("wilma", "Bram 🌱")
    empty = dict.fromkeys(("name", "followers", "bio", "role"))
    return [{"net": "appstore", "handle": name, "since": "2020-01-31", **empty} for name in names]


@pytest.fixture
def review(line):
    def make(id_, moment, text="Works.", by="wilma", stars=4, version="4.2", place="Halmora (NL)", **more):
        said = {"title": "Basil", "likes": 2, "more": {"stars": stars, "version": version}}
        return line(id_, moment, by, text, **{"net": "appstore", "place": place, **said, **more})

    return make


@pytest.fixture
def many(review):
    """So many reviews, an hour apart, the last an hour before the week ends."""
    return lambda count: [review(id_, moment, f"review {n}") for n, id_, moment in series(count, hours=1)]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_are_apps_in_countries():
    own = settings(
        apps=(APP, f"https://apps.apple.com/nl/app/halmora/id{APP}?l=en", "id99887766"), countries=("NL", "de")
    )
    assert appstore.queries(own, Listening(("halmora",))) == [
        IN_NL,
        Query(f"app {APP} in DE", f"de/{APP}"),
        Query("app 99887766 in NL", "nl/99887766"),
        Query("app 99887766 in DE", "de/99887766"),
    ]


@pytest.mark.parametrize("wrong", [{"apps": ()}, {"apps": ("halmora",)}, {"countries": ("nld",)}, {"countries": ()}])
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_reviews_with_stars_and_version(run, build, review, week, collect, mentions):
    posts = [
        review("a001", at("18T08:00"), "older"),
        review("a002", at("21T08:00"), "Pump <hums> & hums\n\n🌱 2 > 1", stars=2, version="4.1"),
        review("a003", at("22T08:00"), "Sehr gut", by="Bram 🌱", title="Toll & schön", stars=5),
        review("a004", at("22T09:00"), "elsewhere", place="Halmora (DE)"),
        review("a005", at("23T09:00"), "gone", deleted_at="2026-04-24T00:00:00Z", removed_by="author"),
    ]
    server = run(build(posts), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert seen_from(pages) == [("lookup", 0, 0), ("customerreviews", 2, 3)]
    assert asked(server) == ["lookup", f"nl/rss/customerreviews/page=1/id={APP}/sortby=mostrecent/xml"]
    found = list(mentions(appstore, pages).values())
    link = f"https://itunes.apple.com/nl/review?id={APP}&type=Purple%20Software"
    ids = [f"appstore:{9_000_000_000 + int(name, 36)}" for name in ("a003", "a002", "a001")]
    authors = {author.handle: author.author_id for author in records(pages, Author)}
    assert set(authors) == {"wilma", "Bram 🌱"}

    def written(number, title, text, author, moment, rating, version):
        place = (
            ids[number],
            "appstore",
            "Halmora (NL)",
            "review",
            title,
            text,
            link,
            authors[author],
            None,
            ids[number],
        )
        return Mention(*place, moment, rating=rating, product_version=version)

    assert found == [
        written(0, "Toll & schön", "Sehr gut", "Bram 🌱", at("22T08:00"), 5.0, "4.2"),
        written(1, "Basil", "Pump <hums> & hums\n\n🌱 2 > 1", "wilma", at("21T08:00"), 2.0, "4.1"),
        written(2, "Basil", "older", "wilma", at("18T08:00"), 4.0, "4.2"),
    ]
    assert records(pages, Metrics) == [Metrics(name, likes=2) for name in ids]
    assert records(pages, Misfit, Drift) == []


def test_fetch_pages_until_one_is_older_than_the_window(run, build, many, week, collect, mentions):
    server = run(build(many(400)), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert [(page.posts, page.seen) for page in pages[1:]] == [(50, 50), (50, 50), (50, 50), (18, 50), (0, 50)]
    assert len(mentions(appstore, pages)) == 250


def test_fetch_pages_to_the_last(run, build, many, week, collect, mentions):
    server = run(build(many(120)), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert [page.posts for page in pages[1:]] == [50, 50, 20]
    assert (pages[-1].first_at, pages[1].last_at) == (week.end - timedelta(hours=120), week.end - timedelta(hours=1))
    assert len(mentions(appstore, pages)) == 120


def test_fetch_feed_ends_at_500(run, build, many, collect):
    server = run(build(many(620)), now=AFTER)
    window = Window(at("01T00:00"), at("27T00:00"))
    pages, error = fetched(server, window, collect)
    assert [page.posts for page in pages[1:]] == [50] * 10
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (window.start, window.end - timedelta(hours=498))
    assert not any("page=11" in path for path in asked(server))


@pytest.mark.parametrize("told", [None, 1], ids=["no last page", "one that is behind"])
def test_fetch_a_feed_that_does_not_know_its_last_page(run, build, many, week, collect, mentions, monkeypatch, told):
    links = appstore_api._links
    last = {} if told is None else {"last": links("nl", APP, told, told)["self"]}
    monkeypatch.setattr(appstore_api, "_links", lambda *page: {"self": links(*page)["self"], **last})
    pages, error = fetched(run(build(many(120)), now=AFTER), week, collect)
    assert error is None
    assert [page.seen for page in pages[1:]] == [50, 50, 20, 0] if told is None else [50, 50, 20]
    assert len(mentions(appstore, pages)) == 120


def test_fetch_ten_pages_that_are_not_full_do_not_reach_back(run, build, many, collect, monkeypatch):
    monkeypatch.setattr(appstore_api, "_SIZE", 30)
    window = Window(at("01T00:00"), at("27T00:00"))
    pages, error = fetched(run(build(many(400)), now=AFTER), window, collect)
    assert [page.posts for page in pages[1:]] == [30] * 10
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (window.start, window.end - timedelta(hours=298))


OLD, FUTURE = at("01T00:00"), at("30T00:00") + timedelta(days=900)


def feed(moments, first=1):
    entries = "".join(
        f"<entry><id>{number}</id><updated>{moment:%Y-%m-%dT%H:%M:%S}Z</updated><content>a</content></entry>"
        for number, moment in enumerate(moments, first)
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'


@pytest.mark.parametrize(
    ("odd", "place"), [(OLD, 0), (OLD, 4), (FUTURE, 0), (FUTURE, 4)], ids=["first", "old", "future", "future at last"]
)
def test_fetch_one_review_out_of_order_does_not_tell_how_far_a_feed_has_come(run, build, week, collect, odd, place):
    server = run(build([]), now=AFTER)
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    for nth, body in enumerate((feed(first), feed(second, 10)), 1):
        server.world.misbehave("status", path=FEED, nth=nth, status=200, body=body)
    server.world.misbehave("status", path=FEED, nth=3, times=4)
    pages, error = fetched(server, week, collect)
    assert [(page.posts, page.seen) for page in pages[1:]] == [(4, 5), (3, 3)]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


def test_feed_that_reaches_back_far_enough_is_whole(run, build, many, week, collect):
    window = Window(at("26T00:00"), week.end)
    pages, error = fetched(run(build(many(620)), now=AFTER), window, collect)
    assert error is None
    assert [page.posts for page in pages[1:]] == [24, 0]


def test_fetch_nothing_written(run, build, week, collect):
    pages, error = fetched(run(build([]), now=AFTER), week, collect)
    assert error is None
    assert seen_from(pages) == [("lookup", 0, 0), ("customerreviews", 0, 0)]


def test_fetch_an_app_that_is_not_in_the_store(run, build, week, collect):
    """Its feed would be empty, like that of an app without reviews."""
    pages, error = fetched(run(build([])), week, collect, query=Query("q", "nl/1234567"))
    assert pages == []
    assert isinstance(error, NotThere)
    assert "store in NL has no app 1234567" in str(error)


def test_a_changed_review_keeps_its_id_and_comes_up_again(run, build, review, collect, mentions):
    changed = {"edited": {"at": "2026-04-22T08:00:00Z", "before": "Dead."}}
    server = run(build([review("a001", at("21T08:00"), "Alive again!", **changed)]), now=at("22T00:00"))
    windows = [Window(at(f"{day}T00:00"), at(f"{day + 1}T00:00")) for day in (21, 22)]
    pages, _ = fetched(server, windows[0], collect)
    [(first_id, first)] = mentions(appstore, pages).items()
    server.world.now = at("23T00:00")
    pages, _ = fetched(server, windows[1], collect)
    [(second_id, second)] = mentions(appstore, pages).items()
    assert first_id == second_id
    assert (first.text, first.created_at) == ("Dead.", at("21T08:00"))
    assert (second.text, second.created_at, pages[1].posts) == ("Alive again!", at("22T08:00"), 1)


def test_windows_that_overlap_give_the_same_ids(run, build, many, week, collect, mentions):
    server = run(build(many(60)), now=AFTER)
    later = Window(week.end - timedelta(days=1), week.end)
    one, other = (mentions(appstore, fetched(server, window, collect)[0]) for window in (week, later))
    assert one == other


def test_window_end_is_exclusive(run, build, review, collect):
    posts = [review("a001", at("21T00:00")), review("a002", at("22T00:00"))]
    pages, _ = fetched(run(build(posts), now=AFTER), Window(at("21T00:00"), at("22T00:00")), collect)
    assert (pages[1].posts, pages[1].seen) == (1, 2)


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_fetch_connection_cut_on_page_3(run, build, many, week, collect, mentions):
    server = run(build(many(160)), now=AFTER)
    server.world.misbehave("cut", path=FEED, nth=3, times=4)
    pages, error = fetched(server, week, collect)
    assert [page.posts for page in pages[1:]] == [50, 50]
    assert "failed or was cut" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(hours=98))
    again, error = fetched(server, week, collect)
    assert error is None
    assert [page.body["answer"] for page in again[1:3]] == [page.body["answer"] for page in pages[1:]]
    assert len(mentions(appstore, again)) == 160


def test_fetch_page_that_comes_empty_though_there_are_more(run, build, many, week, collect):
    server = run(build(many(160)), now=AFTER)
    empty = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">'
        '<link rel="last" href="https://itunes.apple.com/nl/rss/customerreviews/page=4/id=1/xml"/></feed>'
    )
    server.world.misbehave("status", path=FEED, nth=2, status=200, body=empty)
    pages, error = fetched(server, week, collect)
    assert [page.seen for page in pages[1:]] == [50, 0]
    assert "left page 2 of 4 empty" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(hours=48))


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "where reviews belong"),
        ({"kind": "half-json"}, SchemaDrift, "where reviews belong"),
        ({"kind": "empty"}, SchemaDrift, "where reviews belong"),
        ({"kind": "status", "status": 200, "body": "<rss/>"}, SchemaDrift, "XML, but not a feed of reviews"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_fetch_answer_that_is_no_feed_is_set_aside(run, build, many, week, collect, wrong, kind, says):
    server = run(build(many(3)), now=AFTER)
    server.world.misbehave(**wrong, path=FEED, times=None)
    pages, error = fetched(server, week, collect)
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week
    assert [misfit.place for misfit in records(pages, Misfit)] == ["page"]


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 400, "body": "CustomerReviews RSS page"}, Refused, "refused the request (400)"),
        ({"kind": "status", "status": 400, "body": '{"errorMessage": "no"}'}, Refused, "refused the request (400)"),
        ({"kind": "status", "status": 400, "body": "<h1>no"}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 403}, RateLimited, "turns us away"),
        ({"kind": "status", "status": 200, "body": "[]"}, SchemaDrift, "where an app belongs"),
        ({"kind": "html"}, SchemaDrift, "where JSON belongs"),
        ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
def test_fetch_bad_answer_says_what_came(run, build, many, week, collect, wrong, kind, says):
    server = run(build(many(3)), now=AFTER)
    server.world.misbehave(**wrong, times=None)
    pages, error = fetched(server, week, collect)
    assert pages == []
    assert isinstance(error, kind)
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_recorded_refusal_means(run, build):
    path = FOLDER / "appstore" / "errors" / "page11_depth_limit.txt"
    if not path.exists():
        pytest.skip(f"no recorded refusals in {FOLDER}; set EARSHOT_RECORDED to a folder that has some")
    server = run(build([]))
    server.world.misbehave("status", status=400, body=path.read_text(encoding="utf-8"))
    client, _ = connected(server)
    with pytest.raises(Refused, match="depth is limited to 10"):
        client.ask("GET", f"{HOME}/nl/rss/customerreviews/page=11/id={APP}/sortby=mostrecent/xml")


def test_fetch_turned_away_waits_and_asks_again(run, build, many, week, collect):
    server = run(build(many(3)), now=AFTER)
    server.world.misbehave("status", path=FEED, status=403)
    client, own = connected(server)
    time = Time(AFTER)
    client.clock = time.clock
    assert collect(appstore.fetch(client, own, IN_NL, week))[1] is None
    assert time.waits == [60]


@pytest.mark.parametrize(("asked_for", "is_waited_for"), [("7", True), ("3600", False)])
def test_retry_after_is_obeyed(run, build, many, week, collect, asked_for, is_waited_for):
    server = run(build(many(3)), now=AFTER)
    server.world.misbehave("status", path=FEED, status=429, headers={"retry-after": asked_for})
    client, own = connected(server)
    time = Time(AFTER)
    client.clock = time.clock
    _, error = collect(appstore.fetch(client, own, IN_NL, week))
    assert time.waits == ([7] if is_waited_for else [])
    assert is_waited_for or (type(error), error.until) == (RateLimited, AFTER + timedelta(hours=1))


def test_pages_are_asked_for_at_the_pace_of_the_store(run, build, many, week, collect):
    server = run(build(many(120)), now=AFTER)
    own = settings(api=f"{server.url}/appstore", pace=None)
    client = appstore.connect(own, {})
    waits = []
    client.clock = Clock(lambda: AFTER, waits.append)
    assert collect(appstore.fetch(client, own, IN_NL, week))[1] is None
    assert waits == [3, 6]  # of the clock that stands still


def test_text_is_utf_8_whatever_the_header_says(run, build, review, week, collect, mentions):
    server = run(build([review("a001", at("21T08:00"), "Très bien 👏")]), now=AFTER)
    server.world.misbehave("headers", path=FEED, headers={"content-type": "text/xml; charset=ISO-8859-1"})
    pages, _ = fetched(server, week, collect)
    assert [mention.text for mention in mentions(appstore, pages).values()] == ["Très bien 👏"]


def test_nothing_but_addresses_is_logged(run, build, many, week, collect, caplog):
    caplog.set_level(logging.DEBUG)
    fetched(run(build(many(3)), now=AFTER), week, collect)
    assert "page=1" in caplog.text
    assert "review 1" not in caplog.text
