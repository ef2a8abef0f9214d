"""The sandbox server as any client sees it."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from sandbox.community import community
from sandbox.server import serve
from sandbox.world import BEARER_TOKEN, CLIENT_ID, CLIENT_SECRET
from sandbox.x_posts import snowflake

AGENT = {"User-Agent": "test"}
BEARER = {"Authorization": f"Bearer {BEARER_TOKEN}"}
APRIL = datetime.fromisoformat("2026-04-30")


def person(net, handle):
    return {
        "net": net,
        "handle": handle,
        "name": None,
        "followers": 7,
        "since": "2020-01-31",
        "bio": None,
        "role": None,
    }


def post(id_, day, by, text, **more):
    nothing = dict.fromkeys(("title", "link", "to", "quotes", "reposts_of", "reposts", "views", "edited", "deleted_at"))
    return {
        **{"id": id_, "net": "reddit", "place": "r/halmora", "at": f"2026-04-{day}T08:00:00Z", "by": by, "text": text},
        **{**nothing, "likes": 1, "removed_by": None, "lang": "en", **more},
    }


def tweet(id_, day, by, text, **more):
    return post(id_, day, by, text, net="x", place="x", **{"reposts": 3, "views": 50, **more})


COMMUNITY = community(
    [person("reddit", "ines"), person("reddit", "ray"), person("x", "sam"), person("x", "nettie")],
    [
        post("a001", 20, "ines", "<b> & so", title="One"),
        post("a002", 21, "ray", "gone", to="a001", deleted_at="2026-04-23T00:00:00Z") | {"removed_by": "author"},
        post("a003", 22, "ines", "still here", to="a002", likes=9),
        post("a004", 22, "ray", "alone", to="a001", deleted_at="2026-04-23T00:00:00Z") | {"removed_by": "moderator"},
        post("a005", 24, "ray", None, title="Two", link="https://pics.example/a"),
        tweet("b001", 28, "sam", "@nettie #basil at https://basil.example/?a=1&b=2 <3"),
        tweet("b002", 28, "nettie", None, reposts_of="b001") | {"at": "2026-04-28T09:00:00Z"},
        tweet("b003", 29, "nettie", "basil", to="b001", edited={"at": "2026-04-29T08:20:00Z", "before": "bazil"}),
        tweet("b004", 29, "sam", "basil?", deleted_at="2026-04-29T12:00:00Z") | {"removed_by": "author"},
        tweet("b005", 29, "sam", "basil!", quotes="b004") | {"at": "2026-04-29T11:00:00Z"},
    ],
)


@pytest.fixture(scope="module")
def server():
    with serve(COMMUNITY) as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.replace(COMMUNITY, now=APRIL)
    return server


@pytest.fixture
def reddit(sandbox):
    token = requests.post(
        f"{sandbox.url}/api/v1/access_token",
        auth=(CLIENT_ID, CLIENT_SECRET),
        data={"grant_type": "client_credentials"},
        timeout=5,
    ).json()["access_token"]
    head = AGENT | {"Authorization": f"bearer {token}"}
    return lambda path, **params: requests.get(f"{sandbox.url}{path}", params=params, headers=head, timeout=5)


@pytest.fixture
def x(sandbox):
    return lambda path, **params: requests.get(
        f"{sandbox.url}/2/tweets{path}", params=params, headers=BEARER, timeout=5
    )


def names(listing):
    return [child["data"]["name"] for child in listing["data"]["children"]]


# Reddit -------------------------------------------------------------------------------------------------------


def test_reddit_needs_the_right_secret_and_a_token(sandbox):
    wrong = requests.post(f"{sandbox.url}/api/v1/access_token", auth=(CLIENT_ID, "no"), timeout=5)
    assert (wrong.status_code, wrong.json()) == (401, {"message": "Unauthorized", "error": 401})
    assert requests.get(f"{sandbox.url}/r/halmora/new", headers=AGENT, timeout=5).status_code == 401


def test_reddit_token_runs_out(reddit, sandbox):
    assert reddit("/r/halmora/new").status_code == 200
    sandbox.world.tokens = dict.fromkeys(sandbox.world.tokens, 0.0)
    refused = reddit("/r/halmora/new")
    assert (refused.status_code, refused.headers["www-authenticate"].split("error=")[1]) == (401, '"invalid_token"')


def test_reddit_turns_away_clients_without_a_name(reddit, sandbox):
    token = next(iter(sandbox.world.tokens))
    nameless = {"Authorization": f"bearer {token}", "User-Agent": "python-requests/2"}
    assert requests.get(f"{sandbox.url}/r/halmora/new", headers=nameless, timeout=5).status_code == 429


def test_reddit_listing_by_pages(reddit):
    first = reddit("/r/Halmora/new", limit=1).json()
    assert (names(first), first["data"]["after"]) == (["t3_1sa005"], "t3_1sa005")
    second = reddit("/r/halmora/new", limit=1, after="t3_1sa005").json()
    assert (names(second), second["data"]["after"]) == (["t3_1sa001"], None)


def test_reddit_deleted_comment_leaves_the_listing_and_stays_in_the_tree_while_answered(reddit):
    assert names(reddit("/r/halmora/comments").json()) == ["t1_1sa003"]
    _, tree = reddit("/comments/1sa001").json()
    assert names(tree) == ["t1_1sa002"]
    gone = tree["data"]["children"][0]["data"]
    assert (gone["author"], gone["body"]) == ("[deleted]", "[deleted]")
    assert names(gone["replies"]) == ["t1_1sa003"]
    assert [child["data"]["body"] for child in reddit("/api/info", id="t1_1sa004").json()["data"]["children"]] == [
        "[removed]"
    ]


def test_reddit_before_it_happened(reddit, sandbox):
    sandbox.world.now = datetime.fromisoformat("2026-04-22T12:00:00")
    assert names(reddit("/r/halmora/new").json()) == ["t3_1sa001"]
    assert sorted(names(reddit("/r/halmora/comments").json())) == ["t1_1sa002", "t1_1sa003", "t1_1sa004"]
    assert reddit("/comments/1sa005").status_code == 404


def test_reddit_raw_json(reddit):
    assert reddit("/comments/1sa001", raw_json=1).json()[0]["data"]["children"][0]["data"]["selftext"] == "<b> & so"
    escaped = reddit("/comments/1sa001").json()[0]["data"]["children"][0]["data"]
    assert escaped["selftext"] == "&lt;b&gt; &amp; so"


def test_reddit_stubs(reddit, sandbox):
    sandbox.world.tree_depth = 1
    stub = reddit("/comments/1sa001").json()[1]["data"]["children"][0]["data"]["replies"]["data"]["children"][0]
    assert stub == {
        "kind": "more",
        "data": {"count": 0, "name": "t1__", "id": "_", "parent_id": "t1_1sa002", "depth": 1, "children": []},
    }
    sandbox.world.tree_limit = 0
    stub = reddit("/comments/1sa001").json()[1]["data"]["children"][0]["data"]
    assert (stub["count"], stub["children"], stub["parent_id"]) == (2, ["1sa002"], "t3_1sa001")


def test_reddit_search(reddit):
    assert names(reddit("/search", q='"one" OR two', sort="new").json()) == ["t3_1sa005", "t3_1sa001"]
    assert names(reddit("/r/halmora/search", q="so", t="day").json()) == []


def test_reddit_place_that_is_not_there(reddit):
    answer = reddit("/r/nope/new")
    assert answer.history[0].status_code == 302


def test_reddit_limit(reddit, sandbox):
    sandbox.world.reddit_limit = 1
    assert reddit("/r/halmora/new").headers["x-ratelimit-remaining"] == "0.0"
    assert reddit("/r/halmora/new").status_code == 429


# X ------------------------------------------------------------------------------------------------------------


def test_x_needs_the_token(sandbox):
    refused = requests.get(f"{sandbox.url}/2/tweets/search/recent", params={"query": "basil"}, timeout=5)
    assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")


def test_x_tells_only_what_was_asked(x):
    answer = x("/search/recent", query="from:sam #basil", max_results=10).json()
    only = answer["data"][0]
    assert set(only) == {"id", "text", "edit_history_tweet_ids"}
    assert only["id"] == snowflake(datetime.fromisoformat("2026-04-28T08:00:00"), int("b001", 36))
    assert only["text"].startswith("@nettie #basil at https://t.co/")
    assert only["text"].endswith(" &lt;3")
    assert "includes" not in answer


def test_x_expansions(x):
    answer = x(
        "/search/recent",
        query="(basil -is:retweet) OR from:nettie",
        **{"expansions": "author_id,referenced_tweets.id", "tweet.fields": "entities,public_metrics,created_at"},
    ).json()
    by_text = {post["text"].split()[0]: post for post in answer["data"]}
    assert set(by_text) == {"@sam", "RT", "@nettie", "basil!"}
    assert len(by_text["@sam"]["edit_history_tweet_ids"]) == 2
    assert by_text["@sam"]["created_at"] == "2026-04-29T08:20:00.000Z"
    assert by_text["RT"]["public_metrics"]["retweet_count"] == 3
    assert by_text["@nettie"]["entities"]["urls"][0]["expanded_url"] == "https://basil.example/?a=1&b=2"
    assert by_text["basil!"]["referenced_tweets"][0]["type"] == "quoted"
    assert [error["title"] for error in answer["errors"]] == ["Not Found Error"]
    assert {user["username"] for user in answer["includes"]["users"]} == {"sam", "nettie"}
    assert "public_metrics" not in answer["includes"]["users"][0]


def test_x_pages(x):
    everything = {"query": "basil OR from:nettie OR from:sam", "max_results": 10}
    assert x("/search/recent", **everything).json()["meta"]["result_count"] == 4
    assert "next_token" not in x("/search/recent", **everything).json()["meta"]
    assert x("/search/recent", **everything, next_token="x").status_code == 400


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"query": ""}, "query length must be between 1 and 512"),
        ({"query": "a " * 300}, "query length must be between 1 and 512"),
        ({"query": "(basil"}, "missing ')'"),
        ({"query": "basil", "max_results": 5}, "is not between 10 and 100"),
        ({"query": "basil", "start_time": "2026-04-01T00:00:00Z"}, "must be on or after 2026-04-23T00:00Z"),
        ({"query": "basil", "start_time": "soon"}, "is not an ISO 8601 time"),
        ({"query": "basil", "end_time": "2026-05-02T00:00:00Z"}, "must be before the request time"),
        (
            {"query": "basil", "start_time": "2026-04-29T00:00:00Z", "end_time": "2026-04-28T00:00:00Z"},
            "'start_time' must be before 'end_time'",
        ),
    ],
)
def test_x_refuses(x, params, message):
    answer = x("/search/recent", **params)
    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]["message"]


def test_x_all_reaches_back(x):
    answer = x("/search/all", query="basil", start_time="2006-04-01T00:00:00Z", max_results=500)
    assert answer.json()["meta"]["result_count"] == 4


def test_x_lookup_names_what_is_missing(x):
    here = snowflake(datetime.fromisoformat("2026-04-29T08:00:00"), int("b003", 36))
    answer = x("", ids=f"{here},99").json()
    assert [post["text"] for post in answer["data"]] == ["@sam basil"]
    assert [error["resource_id"] for error in answer["errors"]] == ["99"]
    assert x("", ids="").status_code == 400


def test_x_limit(x, sandbox):
    sandbox.world.x_limit = 1
    assert x("/search/recent", query="basil").headers["x-rate-limit-remaining"] == "0"
    assert (x("/search/recent", query="basil").status_code, x("", ids="1").status_code) == (429, 200)


# Control ------------------------------------------------------------------------------------------------------


def test_misbehaviour_is_told_over_http_and_hits_the_nth_request(x, sandbox):
    told = {"kind": "status", "status": 503, "path": "/2/", "nth": 2, "times": 1}
    requests.post(f"{sandbox.url}/_sandbox/misbehave", json=told, timeout=5).raise_for_status()
    assert [x("", ids="1").status_code for _ in range(3)] == [200, 503, 200]
    requests.post(f"{sandbox.url}/_sandbox/misbehave", json={"kind": "cut"}, timeout=5).raise_for_status()
    requests.delete(f"{sandbox.url}/_sandbox/misbehave", timeout=5).raise_for_status()
    assert x("", ids="1").status_code == 200


@pytest.mark.parametrize("told", [{"kind": "sulk"}, {"kind": "cut", "when": "now"}, [], "x"])
def test_misbehaviour_that_is_not_known(sandbox, told):
    answer = requests.post(f"{sandbox.url}/_sandbox/misbehave", json=told, timeout=5)
    assert answer.status_code == 400
    assert "half-json" in answer.json()["error"]


def test_cut_and_half_json_and_empty(x, sandbox):
    sandbox.world.misbehave("cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        x("", ids="1")
    sandbox.world.misbehave("half-json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        x("", ids="1").json()
    sandbox.world.misbehave("empty")
    assert x("", ids="1").content == b""


def test_clock_over_http(x, sandbox):
    answer = requests.post(f"{sandbox.url}/_sandbox/clock", json={"now": "2026-04-29T08:10:00Z"}, timeout=5)
    assert answer.json() == {"now": "2026-04-29T08:10:00Z"}
    assert x("/search/recent", query="bazil").json()["meta"]["result_count"] == 1
    assert requests.post(f"{sandbox.url}/_sandbox/clock", json={"at": 1}, timeout=5).status_code == 400


def test_requests_are_noted(x, sandbox):
    x("", ids="1")
    noted = requests.get(f"{sandbox.url}/_sandbox/requests", timeout=5).json()
    assert noted == [{"method": "GET", "path": "/2/tweets", "params": {"ids": "1"}}]


def test_a_clock_that_goes_lets_a_nightly_schedule_ask_for_yesterday() -> None:
    with serve(keeps_time=True) as running:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        asked = {"query": "basil", "end_time": f"{yesterday:%Y-%m-%dT%H:%M:%SZ}"}
        answer = requests.get(f"{running.url}/2/tweets/search/recent", params=asked, headers=BEARER, timeout=5)
    assert answer.json()["meta"]["result_count"] == 0
