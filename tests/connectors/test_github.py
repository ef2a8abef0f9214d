"""The GitHub connector against the sandbox server: REST and GraphQL over real HTTP."""

import json
import logging
import traceback
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    Author,
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
    Truncated,
    Window,
)
from connectors.http_api import Clock
from query.parsing import parse as query
from sandbox import github_api
from sandbox.github_things import GitHub
from sandbox.world import CREDENTIALS
from tests.connectors.times import NOW, at, series

github = CONNECTORS["github"]

TOKEN = CREDENTIALS["github"]
FIRMWARE = Query("halmora/firmware issues", "/halmora/firmware/issues")
IDEAS = Query("halmora/firmware discussions", "/halmora/firmware/discussions")
SEARCH = Query("search 1", "halmora OR growbert")
LISTS = "/github/repos/halmora/firmware"


def settings(**more):
    return github.Settings(**{"id": "code", "type": "github", "repositories": ("halmora/firmware",), "pace": 0, **more})


def name(number, comment=None, repository="halmora/firmware", word="issuecomment-"):
    return f"github:{repository}#{number}" + (f"-{word}{int(comment, 36)}" if comment else "")


@pytest.fixture
def client(time):
    def make(server, credentials=TOKEN, **more):
        made = github.connect(settings(api=f"{server.url}/github", **more), credentials)
        made.clock = time.clock
        return made

    return make


@pytest.fixture
def fetched(client, week, collect):
    def make(server, asked=FIRMWARE, window=week, credentials=TOKEN, **more):
        return collect(github.fetch(client(server, credentials), settings(**more), asked, window))

    return make


@pytest.fixture
def rechecked(client, collect):
    def make(server, mentions, **more):
        known = [
            Known(each.mention_id, each.kind, each.community, each.url, each.root_id, each.created_at)
            for each in mentions
        ]
        pages, error = collect(github.recheck(client(server, **more), settings(**more), known))
        return pages, error, [record for page in pages for record in github.parse(None, page)]

    return make


@pytest.fixture
def people():
    return [
        *({"net": "github", "handle": handle, "since": "2020-01-31"} for handle in ("gerrit", "ines")),
        {"net": "github", "handle": "mira", "since": "2019-02-03", "name": "Mira", "followers": 12, "role": "team"},
        {"net": "github", "handle": "stale", "since": "2020-01-31", "role": "bot"},
    ]


@pytest.fixture
def post(line):
    def make(id_, moment, by, text, **more):
        return line(id_, moment, by, text, net="github", place="halmora/firmware", **more)

    return make


@pytest.fixture
def many(post):
    """So many issues, a minute apart, the last a minute before the week ends."""
    return lambda count: [
        post(id_, moment, "gerrit", f"halmora {n}", title=f"issue {n}") for n, id_, moment in series(count, minutes=1)
    ]


@pytest.fixture
def talk(post):
    """An old issue that is answered in the week, one of the week, a pull request and a discussion."""
    edit = {"at": "2026-04-21T10:30:00Z", "before": "drops at nigth"}
    form = "<!-- Thanks! -->\n### Model\n\nHalmora One\n\n### Logs\n\n_No response_\n\n### What happens\n\nIt drops."
    return [
        post("a001", at("02T08:00"), "gerrit", form, title="Wi-Fi drops", likes=4, more={"reactions": {"heart": 2}}),
        post("a002", at("03T09:00"), "mira", "@gerrit which firmware?", to="a001", likes=0),
        post("a003", at("21T10:00"), "gerrit", "drops at night", to="a002", edited=edit, likes=-2),
        post("a004", at("21T11:00"), "stale", "closing soon", to="a001", likes=0),
        post("a005", at("22T08:00"), "ines", "what does the LED mean", title="LED", likes=0, more={"ghost": True}),
        post("a006", at("22T09:00"), "ines", "fixes it", title="Reconnect", more={"kind": "pull"}),
        post("a007", at("22T09:30"), "mira", "nice", to="a006"),
        post("a008", at("22T10:00"), "mira", "a name for 7?", to="a006", more={"kind": "review"}),
        post("a009", at("22T10:05"), "ines", "RETRIES", to="a008", more={"kind": "review"}),
        post("a010", at("23T08:00"), "gerrit", "an offline mode", title="Offline", more={"kind": "discussion"}),
        post("a011", at("23T09:00"), "mira", "it's coming", to="a010"),
        post("a012", at("23T10:00"), "gerrit", "when?", to="a011", likes=3),
    ]


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_per_repository_and_search():
    listening = Listening(queries=(("halmora", query("halmora OR #growlight")), ("tillwick", query("tillwick"))))
    asked = github.queries(settings(discussions=True, search=True, repositories=("halmora/Firmware",) * 2), listening)
    assert [(each.name, each.text) for each in asked[:2]] == [
        ("halmora/Firmware issues", "/halmora/Firmware/issues"),
        ("halmora/Firmware discussions", "/halmora/Firmware/discussions"),
    ]
    assert [each.text for each in asked[2:]] == ["halmora OR growlight OR tillwick"]
    assert asked[2].brand_ids == ("halmora", "tillwick")


def test_queries_keep_to_five_operators():
    words = " OR ".join(f"word{n}" for n in range(20))
    asked = github.queries(settings(search=True, issues=True), Listening(queries=(("halmora", query(words)),)))
    assert [each.text.count(" OR ") for each in asked[1:]] == [5, 5, 5, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"repositories": ()},
        {"repositories": ("halmora",)},
        {"repositories": ("halmora/firmware/issues",)},
        {"issues": False},
        {"reviews": True},
    ],
    ids=str,
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_a_repository_may_be_named_by_its_address():
    assert settings(repositories=("https://github.com/halmora/firmware/",)).repositories == ("halmora/firmware",)


def test_connect_needs_no_token_and_sends_nothing(run, build):
    server = run(build([]))
    assert not github.connect(settings(api=f"{server.url}/github"), {}).has_token
    assert list(server.world.requests) == []


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_whole_threads_of_what_is_new(run, build, talk, fetched, mentions):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server)
    assert error is None
    found = mentions(github, pages)
    old, answers = name(1), {key: name(1, key) for key in ("a002", "a003", "a004")}
    assert list(found) == [name(3), name(2), old, *(name(3, "a007"), answers["a004"], answers["a003"], answers["a002"])]
    text = "### Model\n\nHalmora One\n\n### What happens\n\nIt drops."
    url = "https://github.com/halmora/firmware/issues/1"
    gerrit, mira, stale = (found[key].author_id for key in (old, answers["a002"], answers["a004"]))
    assert found[old] == Mention(
        *(old, "github", "halmora/firmware", "post", "Wi-Fi drops", text, url, gerrit, None, old, at("02T08:00"))
    )
    assert found[answers["a003"]] == Mention(
        *(answers["a003"], "github", "halmora/firmware", "comment", None, "drops at night"),
        *(f"{url}#issuecomment-{int('a003', 36)}", gerrit, old, old, at("21T10:00"), at("21T10:30")),
    )
    assert found[name(2)].author_id is None
    records = [record for page in pages for record in github.parse(None, page)]
    assert Metrics(old, likes=6, replies=3, score=4) in records
    assert Metrics(answers["a003"], likes=0, score=-2) in records
    assert Interaction(answers["a002"], mira, gerrit, "reply") in records
    assert Author(stale, "github", "stale[bot]", is_bot=True) in records
    assert [(page.endpoint.removeprefix("repos/halmora/firmware/"), page.posts, page.seen) for page in pages] == [
        ("issues", 1, 3),  # pull requests aren't counted: they aren't wanted
        ("issues/comments", 2, 4),
    ]
    assert not [record for page in pages for record in github.parse(settings(), page) if "#3" in str(record)]


def test_fetch_thread_whose_beginning_is_not_listed(run, build, talk, fetched, mentions):
    server = run(build([*talk[:4]]), now=NOW)
    server.world.misbehave("status", f"{LISTS}/issues", body="[]", status=200)
    pages, error = fetched(server)
    assert error is None
    assert set(mentions(github, pages)) == {name(1), *(name(1, key) for key in ("a002", "a003", "a004"))}
    assert [request.path.removeprefix(f"{LISTS}/issues") for request in server.world.requests] == [
        "",
        "/comments",
        "/comments",
        "/1",
    ]


def test_fetch_rest_of_a_thread_that_the_list_did_not_reach(run, build, post, fetched, mentions, week):
    old = [post(f"b{n:03}", at("02T09:00") + timedelta(minutes=n), "ines", f"old {n}", to="a001") for n in range(130)]
    other = post("a002", at("10T08:00"), "mira", "elsewhere", title="other")
    others = [post(f"c{n:03}", at("11T09:00") + timedelta(minutes=n), "ines", f"{n}", to="a002") for n in range(120)]
    new = post("a003", at("21T08:00"), "gerrit", "still", to="a001")
    server = run(build([post("a001", at("02T08:00"), "gerrit", "help", title="help"), *old, other, *others, new]))
    pages, error = fetched(server)
    assert error is None
    assert set(mentions(github, pages)) >= {name(1), name(1, "a003"), *(name(1, each["id"]) for each in old)}
    assert sum(page.posts for page in pages) == 1
    assert [request.path.removeprefix(LISTS) for request in server.world.requests] == [
        *("/issues", "/issues", "/issues/comments", "/issues/1/comments", "/issues/1/comments")
    ]


def test_fetch_without_threads(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW), threads=False)
    assert error is None
    assert len(pages) == 2


def test_fetch_pull_requests_and_reviews(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW), pull_requests=True, reviews=True)
    assert error is None
    found = mentions(github, pages)
    review, answer = (name(3, key, word="discussion_r") for key in ("a008", "a009"))
    assert (found[review].parent_id, found[review].text) == (name(3), "a name for 7?")
    assert (found[answer].parent_id, found[answer].root_id) == (review, name(3))
    assert found[name(3)].url == "https://github.com/halmora/firmware/pull/3"
    assert sum(page.posts for page in pages) == 7


def test_fetch_discussions(run, build, talk, fetched, mentions):
    pages, error = fetched(run(build(talk), now=NOW), IDEAS, discussions=True)
    assert error is None
    found = mentions(github, pages)
    comment, reply = (name(4, key, word="discussioncomment-") for key in ("a011", "a012"))
    assert list(found) == [name(4), comment, reply]
    assert (found[comment].parent_id, found[reply].parent_id, found[reply].root_id) == (name(4), comment, name(4))
    mira = found[comment].author_id
    records = [record for page in pages for record in github.parse(None, page)]
    assert (
        Author(mira, "github", "mira", "Mira", 12, datetime.fromisoformat("2019-02-03T09:00"), is_bot=False) in records
    )
    assert Metrics(reply, likes=3, replies=0, score=3) in [
        each._replace(replies=each.replies or 0) for each in records if isinstance(each, Metrics)
    ]
    assert Interaction(reply, found[reply].author_id, mira, "reply") in records
    assert [(page.posts, page.seen, page.units) for page in pages] == [(3, 3, 1)]


def test_fetch_discussions_to_the_last_page_comment_and_reply(run, build, post, fetched, mentions, week):
    opening = [
        post(
            f"a{n:03}", at("20T08:00") + timedelta(minutes=n), "gerrit", "idea", title="t", more={"kind": "discussion"}
        )
        for n in range(60)
    ]
    comments = [post(f"b{n:03}", at("21T08:00") + timedelta(minutes=n), "mira", "c", to="a007") for n in range(120)]
    replies = [post(f"c{n:03}", at("22T08:00") + timedelta(minutes=n), "ines", "r", to="b099") for n in range(70)]
    server = run(build([*opening, *comments, *replies]))
    pages, error = fetched(server, IDEAS)
    assert error is None
    assert len(mentions(github, pages)) == 250
    assert sum(page.posts for page in pages) == 250
    assert len(server.world.requests) == 3 + 2 + 2


def test_fetch_discussions_stops_where_nothing_has_changed_since(run, build, post, fetched, week):
    old = [
        post(
            f"a{n:03}", at("01T08:00") + timedelta(minutes=n), "gerrit", "idea", title="t", more={"kind": "discussion"}
        )
        for n in range(60)
    ]
    server = run(build(old))
    pages, error = fetched(server, IDEAS)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 25)]


def test_fetch_discussions_needs_a_token(run, build, talk, fetched):
    server = run(build(talk), now=NOW)
    pages, error = fetched(server, IDEAS, credentials={})
    assert pages == []
    assert isinstance(error, CredentialsError)
    assert "only with a token" in str(error)


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        ('{"data": null, "errors": [{"type": "RATE_LIMITED", "message": "used up"}]}', RateLimited, "used up"),
        ('{"data": {"repository": null}, "errors": [{"type": "NOT_FOUND", "message": "no"}]}', SourceError, "'no'"),
        ('{"data": {"repository": null}, "errors": [{"type": "FORBIDDEN"}]}', CredentialsError, "give it read access"),
        ('{"errors": [{"message": "Something went wrong"}]}', SourceError, "Something went wrong"),
        ('{"data": {}}', SchemaDrift, "an answer of GraphQL"),
        ('{"data": {"repository": {"discussions": {}}}}', SchemaDrift, "a list of discussions"),
        ("[]", SchemaDrift, "an answer of GraphQL"),
    ],
)
def test_fetch_discussions_errors_in_a_200(run, build, fetched, body, kind, says):
    server = run(build([]))
    server.world.misbehave("status", "/github/graphql", status=200, body=body)
    pages, error = fetched(server, IDEAS)
    assert pages == []
    assert isinstance(error, kind)
    assert says in str(error)


def test_fetch_discussions_that_were_left_out_in_part(run, build, fetched, mentions, week):
    found = '{"discussions": {"nodes": [null], "pageInfo": {"hasNextPage": false}}}'
    body = f'{{"data": {{"repository": {found}}}, "errors": [{{"message": "Something went wrong"}}]}}'
    server = run(build([]))
    server.world.misbehave("status", "/github/graphql", status=200, body=body)
    pages, error = fetched(server, IDEAS)
    assert (len(pages), mentions(github, pages)) == (1, {})
    assert "left out parts of the discussions of halmora/firmware: 'Something went wrong'" in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_recheck_deletes_nothing_that_was_left_out(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    known = mentions(github, fetched(server, IDEAS)[0])
    discussion = {"comments": {"nodes": [], "pageInfo": {"hasNextPage": False}}}
    body = json.dumps({"data": {"repository": {"discussion": discussion}}, "errors": [{"message": "timed out"}]})
    server.world.misbehave("status", "/github/graphql", status=200, body=body)
    _, error, records = rechecked(server, known.values())
    assert "timed out" in str(error)
    assert [record for record in records if isinstance(record, Deletion)] == []


def test_fetch_search_with_threads_elsewhere(run, build, talk, post, fetched, mentions):
    other = [
        post("b001", at("10T08:00"), "ines", "plug for halmora?", title="New device"),
        post("b002", at("21T08:00"), "gerrit", "yes please", to="b001"),
        post("b003", at("11T08:00"), "ines", "halmora, long ago", title="Old"),
        post("b004", at("21T08:00"), "ines", "unrelated", title="Kettle"),
    ]
    server = run(build([*talk, *(each | {"place": "smart/house"} for each in other)]), now=NOW)
    pages, error = fetched(server, SEARCH, search=True)
    assert error is None
    assert list(mentions(github, pages)) == [name(1), *(name(1, key, "smart/house") for key in (None, "b002"))]
    assert [request.path for request in server.world.requests] == [
        *("/github/search/issues", "/github/repos/smart/house/issues/1/comments")
    ]
    assert server.world.requests[0].params["q"] == (
        "(halmora OR growbert) is:issue updated:>=2026-04-20T00:00:00Z "
        "created:2009-01-01T00:00:00Z..2026-04-26T23:59:59Z"
    )


def test_fetch_search_goes_on_beyond_the_cap(run, build, many, fetched, mentions):
    server = run(build(many(2100)))
    pages, error = fetched(server, SEARCH, threads=False)
    assert error is None
    assert len(mentions(github, pages)) == 2100
    assert sum(page.posts for page in pages) == 2100
    assert len(server.world.requests) == 10 + 10 + 2


def test_fetch_search_more_in_a_second_than_the_cap(run, build, many, fetched):
    server = run(build([each | {"at": "2026-04-21T08:00:00Z"} for each in many(1001)]))
    pages, error = fetched(server, SEARCH, threads=False)
    assert sum(page.posts for page in pages) == 1000
    assert isinstance(error, Truncated)


def test_fetch_search_that_ran_out_of_time(run, build, fetched, week):
    server = run(build([]))
    body = '{"total_count": 0, "incomplete_results": true, "items": []}'
    server.world.misbehave("status", "/github/search", status=200, body=body)
    _, error = fetched(server, SEARCH)
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_pages_to_the_last(run, build, many, fetched, mentions, week):
    server = run(build(many(250)))
    pages, error = fetched(server)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(100, 100), (100, 100), (50, 50), (0, 0)]
    assert len(mentions(github, pages)) == 250
    assert [request.params.get("page") for request in server.world.requests] == [None, "2", "3", None]
    assert {request.params["per_page"] for request in server.world.requests} == {"100"}
    assert (pages[2].first_at, pages[0].last_at) == (week.end - timedelta(minutes=250), week.end - timedelta(minutes=1))


def test_fetch_page_3_fails_and_the_run_is_repeated(run, build, many, fetched, mentions, week):
    server = run(build(many(250)))
    server.world.misbehave("status", f"{LISTS}/issues", status=404, nth=3)
    pages, error = fetched(server)
    assert [page.posts for page in pages] == [100, 100, 0]
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=198))
    again, error = fetched(server)
    assert error is None
    assert set(mentions(github, pages)) < set(mentions(github, again))
    assert len(mentions(github, again)) == 250


@pytest.mark.parametrize("largest", [100, 30], ids=["full pages", "short pages"])
def test_fetch_lists_that_name_no_next_page(run, build, many, fetched, mentions, monkeypatch, largest):
    monkeypatch.setattr(github_api, "NAMES_THE_NEXT_PAGE", False)
    monkeypatch.setattr(github_api, "LARGEST_PAGE", largest)
    server = run(build(many(200)))
    pages, error = fetched(server)
    assert error is None
    assert len(mentions(github, pages)) == 200
    assert [page.seen for page in pages] == [*([100, 100] if largest == 100 else [30] * 6 + [20]), 0]
    asked = [request.params.get("page") for request in server.world.requests if request.path == f"{LISTS}/issues"]
    assert asked == [None, *map(str, range(2, len(pages) + 1))]


def test_fetch_threads_and_searches_that_name_no_next_page(run, build, many, post, fetched, mentions, monkeypatch):
    monkeypatch.setattr(github_api, "NAMES_THE_NEXT_PAGE", False)
    answers = [post(f"z{n:03}", at("26T23:59:30"), "ines", "x", to="a000") for n in range(150)]
    server = run(build([*many(150), *answers]))
    pages, error = fetched(server, SEARCH, repositories=(), search=True)
    assert error is None
    assert len(mentions(github, pages)) == 300
    assert [page.seen for page in pages] == [100, 50, 100, 50]
    assert len(server.world.requests) == 4  # how many there are is known, so nothing is looked for beyond


def test_fetch_a_list_that_shows_its_first_page_whatever_is_asked(run, build, many, fetched, week):
    server = run(build(many(40)))
    body = json.dumps([GitHub(server.world).issue(each) for each in server.world.community.posts[::-1]])
    server.world.misbehave("status", f"{LISTS}/issues", status=200, times=None, body=body)
    _, error = fetched(server, threads=False)
    assert isinstance(error, SchemaDrift)
    assert "circles" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=38))


OLD, FUTURE = at("01T00:00"), at("30T00:00") + timedelta(days=900)


def listed(moments):
    url = "https://github.com/halmora/firmware/issues/"
    told = {"title": "t", "body": "a", "user": None, "comments": 0}
    return json.dumps(
        [
            {
                "html_url": f"{url}{number}",
                "id": number,
                **told,
                **dict.fromkeys(("created_at", "updated_at"), f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
            }
            for number, moment in enumerate(moments, moments[0].day * 100)
        ]
    )


def discussed(moments, cursor):
    url = "https://github.com/halmora/firmware/discussions/"
    below = {"comments": {"nodes": [], "pageInfo": {"hasNextPage": False}}}
    nodes = [
        {
            "url": f"{url}{number}",
            "title": "t",
            "body": "a",
            "author": None,
            **below,
            **dict.fromkeys(("createdAt", "updatedAt"), f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
        }
        for number, moment in enumerate(moments, moments[0].day * 100)
    ]
    found = {"nodes": nodes, "pageInfo": {"hasNextPage": True, "endCursor": cursor}}
    return json.dumps({"data": {"repository": {"discussions": found}}})


@pytest.mark.parametrize("kind", ["issues", "discussions"])
@pytest.mark.parametrize(
    ("odd", "place"), [(OLD, 0), (OLD, 4), (FUTURE, 0), (FUTURE, 4)], ids=["pinned", "old", "future", "future at last"]
)
def test_fetch_one_post_out_of_order_does_not_tell_how_far_a_list_has_come(run, build, fetched, week, odd, place, kind):
    server = run(build([]))
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    is_listed = kind == "issues"
    path = f"{LISTS}/issues" if is_listed else "/github/graphql"
    bodies = [listed(first), listed(second)] if is_listed else [discussed(first, "a"), discussed(second, "b")]
    for nth, body in enumerate(bodies, 1):
        server.world.misbehave("status", path, nth=nth, status=200, body=body)
    server.world.misbehave("status", path, nth=3, status=418)
    server.world.misbehave("status", path, nth=4, status=200, body="[]")
    pages, error = fetched(server, FIRMWARE if is_listed else IDEAS, threads=False)
    listings = [page for page in pages if not page.endpoint.endswith("/comments")]
    assert [(page.posts, page.seen) for page in listings] == [(4, 5), (3, 3)]
    assert "418" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


@pytest.mark.parametrize(
    "page", [None, {}, {"hasNextPage": None}, {"hasNextPage": True}, {"hasNextPage": True, "endCursor": 5}], ids=str
)
def test_fetch_discussions_that_do_not_say_whether_there_are_more(run, build, fetched, week, page):
    body = json.loads(discussed([at("26T20:00")], "a"))
    body["data"]["repository"]["discussions"]["pageInfo"] = page
    server = run(build([]))
    server.world.misbehave("status", "/github/graphql", status=200, body=json.dumps(body))
    pages, error = fetched(server, IDEAS)
    assert len(pages) == 1
    assert isinstance(error, SchemaDrift)
    assert "whether there is more" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("26T20:00"))


def test_fetch_windows_that_overlap_give_the_same_ids(run, build, many, fetched, mentions, week):
    server = run(build(many(90)))
    half = week.end - timedelta(minutes=45)
    first, _ = fetched(server, window=Window(week.start, half))
    second, _ = fetched(server, window=Window(half - timedelta(minutes=10), week.end))
    assert [sum(page.posts for page in pages) for pages in (first, second)] == [45, 55]
    assert len(mentions(github, first) | mentions(github, second)) == 90


def test_fetch_window_edges(run, build, post, fetched, week):
    posts = [post("a001", week.start, "gerrit", "in", title="t"), post("a002", week.end, "gerrit", "out", title="t")]
    pages, _ = fetched(run(build(posts)))
    assert [(page.posts, page.seen) for page in pages] == [(1, 2), (0, 0)]


def test_fetch_quiet_repository_shows_what_there_was_before(run, build, talk, fetched, week):
    later = Window(week.end + timedelta(days=7), week.end + timedelta(days=14))
    pages, error = fetched(run(build(talk)), window=later)
    assert error is None
    assert [(page.posts, page.seen) for page in pages] == [(0, 3), (0, 4)]


def test_fetch_repository_that_was_renamed_keeps_its_ids(run, build, post, fetched, mentions, monkeypatch):
    monkeypatch.setitem(github_api.RENAMED, "halmora/old", "halmora/firmware")
    server = run(build([post("a001", at("21T08:00"), "gerrit", "help", title="help")]))
    pages, error = fetched(server, Query("halmora/old issues", "/halmora/old/issues"))
    assert error is None
    (mention,) = mentions(github, pages).values()
    assert (mention.mention_id, mention.community) == (name(1, repository="halmora/old"), "halmora/old")
    assert mention.url == "https://github.com/halmora/firmware/issues/1"


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_fetch_connection_cut_and_5xx_are_tried_again(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("cut", LISTS)
    server.world.misbehave("status", LISTS, status=502, body='{"error": "Server Error"}', nth=2, times=2)
    pages, error = fetched(server)
    assert error is None
    assert len(pages) == 2
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        ({"kind": "html"}, SchemaDrift, "where JSON belongs"),
        ({"kind": "half-json"}, SchemaDrift, "where JSON belongs"),
        ({"kind": "empty"}, SchemaDrift, "nothing where JSON"),
        ({"kind": "status", "status": 200, "body": "{}"}, SchemaDrift, "where a list belongs"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 401}, CredentialsError, "refused the credentials"),
        ({"kind": "status", "status": 403, "body": '{"message": "no SAML"}'}, CredentialsError, "no SAML"),
        ({"kind": "status", "status": 403, "body": '{"message": "access blocked"}'}, SourceError, "has blocked"),
        (
            {"kind": "status", "status": 404, "body": '{"message": "Not Found"}'},
            SourceError,
            "check the name; a private one needs a token",
        ),
        ({"kind": "status", "status": 404}, SourceError, "which is not from its API"),
        ({"kind": "status", "status": 410, "body": '{"message": "Issues are disabled"}'}, SourceError, "disabled"),
        ({"kind": "status", "status": 451, "body": '{"message": "Blocked"}'}, SourceError, "legal reasons"),
        (
            {"kind": "headers", "headers": {"link": '<https://evil.example/2>; rel="next"'}},
            SchemaDrift,
            "another server",
        ),
        ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
def test_fetch_bad_answer_says_what_came(run, build, talk, fetched, week, wrong, kind, says):
    server = run(build(talk), now=NOW)
    server.world.misbehave(**wrong, path=LISTS, times=None)
    _, error = fetched(server)
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week or wrong["kind"] == "headers"


def test_fetch_pages_in_a_circle(run, build, many, fetched):
    server = run(build(many(250)))
    link = f'<{server.url}{LISTS}/issues?page=2>; rel="next"'
    server.world.misbehave("headers", f"{LISTS}/issues", headers={"link": link}, times=None)
    _, error = fetched(server)
    assert isinstance(error, SchemaDrift)
    assert "circles" in str(error)


def test_fetch_one_thread_fails_and_the_others_arrive(run, build, post, fetched, mentions):
    def thread(opening, letter):
        old = [post(f"{letter}{n:03}", at("02T09:00"), "ines", "x", to=opening) for n in range(1, 102)]
        return [post(opening, at("02T08:00"), "ines", "x", title="t"), *old]

    new = [post(f"n00{n}", at("21T08:00"), "ines", "new", to=f"z00{n}") for n in (1, 2, 3)]
    server = run(build([each for n, letter in enumerate("abc", 1) for each in thread(f"z00{n}", letter)] + new))
    server.world.misbehave("status", f"{LISTS}/issues/2/", status=418, times=None)
    server.world.misbehave("status", f"{LISTS}/issues/1/", status=404, times=None)
    pages, error = fetched(server)
    assert "418" in str(error)
    found = mentions(github, pages)
    assert sum(key.startswith(name(3) + "-") for key in found) == 102


def test_fetch_retry_after_is_obeyed(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", LISTS, status=403, headers={"retry-after": "17"}, body='{"message": "slow"}')
    assert fetched(server)[1] is None
    assert waits == [17]


def test_fetch_long_retry_after_tells_when_to_come_back(run, build, talk, fetched, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", LISTS, status=429, headers={"retry-after": "1800"}, body="{}")
    _, error = fetched(server)
    assert isinstance(error, RateLimited)
    assert (error.until, waits) == (NOW + timedelta(minutes=30), [])


SECONDARY = '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}'


def test_fetch_secondary_limit_waits_a_minute_and_then_gives_up(run, build, talk, client, collect, week, waits):
    server = run(build(talk), now=NOW)
    server.world.misbehave("status", LISTS, status=403, body=SECONDARY)
    asking = client(server)
    assert collect(github.fetch(asking, settings(), FIRMWARE, week))[1] is None
    assert waits == [60]
    server.world.misbehave("status", LISTS, status=403, body=SECONDARY, times=None)
    _, error = collect(github.fetch(asking, settings(), FIRMWARE, week))
    assert isinstance(error, RateLimited)
    assert (error.until, waits) == (NOW + timedelta(minutes=3), [60])


def test_fetch_primary_limit_tells_when_to_come_back(run, build, talk, client, collect, week):
    server = run(build(talk), now=NOW)
    for _ in range(60):
        server.world.count("github core False", 3600)
    asking = client(server, {})
    asking.clock = Clock()  # the sandbox tells the limit by the real clock
    _, error = collect(github.fetch(asking, settings(), FIRMWARE, week))
    assert isinstance(error, RateLimited)
    assert 3500 < (error.until - Clock().now()).total_seconds() <= 3600
    assert "A token raises it from 60 to 5,000 an hour." in str(error)


def test_fetch_wrong_token(run, build, talk, fetched):
    _, error = fetched(run(build(talk), now=NOW), credentials={"token": "ghp_wrong-or-expired"})
    assert isinstance(error, CredentialsError)


def test_requests_say_who_asks_and_which_version(run, build, fetched, client, monkeypatch):
    asking = client(run(build([])))
    assert asking.session.headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert asking.session.headers["User-Agent"] == "earshot"
    assert asking.session.headers["Authorization"] == f"Bearer {TOKEN['token']}"


def test_no_secret_in_any_log_error_or_repr(run, build, talk, client, week, collect, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")
    server = run(build(talk), now=NOW)
    asking = client(server)
    _, good = collect(github.fetch(asking, settings(), FIRMWARE, week))
    said = f'{{"message": "token {TOKEN["token"]} may not"}}'
    server.world.misbehave("status", LISTS, status=403, body=said, times=None)
    _, error = collect(github.fetch(asking, settings(), FIRMWARE, week))
    seen = caplog.text + repr(asking) + repr(settings()) + "".join(traceback.format_exception(error))
    assert good is None
    assert "urllib3" in seen
    assert "token [secret] may not" in seen
    assert TOKEN["token"] not in seen


# What became of known posts -----------------------------------------------------------------------------------


def test_recheck_edits_deletions_and_numbers(run, build, talk, fetched, mentions, rechecked):
    gone = {"deleted_at": "2026-04-27T08:00:00Z", "removed_by": "author"}
    talk[4] |= gone
    talk[3] |= gone
    talk[2] |= {"edited": {"at": "2026-04-27T09:00:00Z", "before": "drops"}}
    server = run(build(talk), now=at("27T00:00"))
    pages, _ = fetched(server)
    known = mentions(github, pages)
    server.world.now = NOW
    server.world.requests.clear()
    pages, error, records = rechecked(server, known.values())
    assert error is None
    assert {record for record in records if isinstance(record, Deletion)} == {
        *(Deletion(name(2)), Deletion(name(1, "a004")))
    }
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert known.keys() - now.keys() == {name(2), name(1, "a004")}
    assert (now[name(1, "a003")].text, now[name(1, "a003")].edited_at) == ("drops at night", at("27T09:00"))
    assert Metrics(name(1), likes=6, replies=2, score=4) in records
    assert all(page.endpoint.startswith("recheck ") and page.body.keys() == {"asked", "answer"} for page in pages)
    assert [request.path.removeprefix(LISTS) for request in server.world.requests] == [
        *("", "/issues", "/issues/comments", "/issues/2", f"/issues/comments/{int('a004', 36)}")
    ]
    assert server.world.requests[1].params["since"] == "2026-04-02T08:00:00Z"


def test_recheck_discussions(run, build, talk, fetched, mentions, rechecked):
    gone = {"deleted_at": "2026-04-27T08:00:00Z", "removed_by": "moderator"}
    talk[10] |= gone  # the comment in the middle: its place stays, for there is a reply
    server = run(build(talk), now=at("27T00:00"))
    pages, _ = fetched(server, IDEAS)
    known = mentions(github, pages)
    server.world.now = NOW
    _, error, records = rechecked(server, known.values())
    comment = name(4, "a011", word="discussioncomment-")
    now = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert error is None
    assert (now[comment].is_deleted, now[comment].deleted_at) == (True, at("27T08:00"))
    assert (now[comment].text, now[comment].author_id) == (None, None)
    assert len(now) == 3

    talk[9] |= gone
    server.replace(build(talk), now=NOW)
    _, error, records = rechecked(server, known.values())
    assert error is None
    assert set(records) == {Deletion(key) for key in known}


def test_recheck_elsewhere_asks_thread_by_thread(run, build, talk, fetched, mentions, rechecked):
    talk[3] |= {"deleted_at": "2026-04-27T08:00:00Z", "removed_by": "author"}
    server = run(build(talk), now=at("27T00:00"))
    pages, _ = fetched(server)
    known = mentions(github, pages)
    server.world.now = NOW
    server.world.requests.clear()
    _, error, records = rechecked(server, known.values(), repositories=("smart/house",))
    assert error is None
    assert [record for record in records if isinstance(record, Deletion)] == [Deletion(name(1, "a004"))]
    assert len({record.mention_id for record in records if isinstance(record, Mention)}) == len(known) - 1
    assert [request.path.removeprefix(LISTS) for request in server.world.requests][:3] == [
        *("", "/issues/1/comments", "/issues/3/comments")
    ]


def test_recheck_deletes_nothing_where_the_repository_is_not_shown(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    server.replace(build([]), now=NOW)
    pages, error, records = rechecked(server, mentions(github, pages).values())
    assert (pages, records) == ([], [])
    assert "does not show halmora/firmware any more" in str(error)


def test_recheck_deletes_nothing_where_an_answer_failed(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    server.world.misbehave("status", f"{LISTS}/issues", status=500, times=None)
    _, error, records = rechecked(server, mentions(github, pages).values())
    assert isinstance(error, SourceError)
    assert [record for record in records if isinstance(record, Deletion)] == []


def test_recheck_post_that_was_moved_to_another_repository(run, build, talk, fetched, mentions, rechecked):
    server = run(build(talk), now=NOW)
    pages, _ = fetched(server)
    mention = mentions(github, pages)[name(2)]
    elsewhere = GitHub(server.world).issue(server.world.community.by_id["a005"])
    elsewhere |= {"html_url": "https://github.com/halmora/app/issues/77", "number": 77}
    page = Page("recheck repos/halmora/firmware/issues/2", {"asked": [mention.mention_id], "answer": elsewhere})
    records = list(github.parse(None, page))
    assert Deletion(name(2)) in records
    assert name(77, repository="halmora/app") in {each.mention_id for each in records if isinstance(each, Mention)}


def test_canary_finds_something_in_any_window(run, build, talk, fetched):
    server = run(build([talk[0] | {"text": "the garden"}]), now=NOW)
    (page,), error = fetched(server, github.NETWORK.canary, window=Window(at("01T00:00"), at("03T00:00")))
    assert error is None
    assert page.seen == 1
