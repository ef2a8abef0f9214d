"""What became of posts on X: the connector asks the sandbox server through the real tweepy."""

import copy
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import (
    CredentialsError,
    Deletion,
    Known,
    Listening,
    Mention,
    Metrics,
    Misfit,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Window,
)
from connectors.searching import searches
from connectors.x import search_syntax
from query.parsing import parse as parsed
from sandbox.community import Community
from sandbox.server import Sandbox
from sandbox.world import BEARER_TOKEN
from sandbox.x_posts import post_id
from tests.connectors.mangling import json_values

x = CONNECTORS["x"]

CREDENTIALS = {"bearer_token": BEARER_TOKEN}
NOON = datetime.fromisoformat("2026-04-21T12:00:00")
Post = dict[str, Any]


def settings(**more: Any) -> x.Settings:
    return x.Settings(**{"id": "bird", "type": "x", **more})


def known(mention_id: str) -> Known:
    return Known(mention_id, "post", None, None, None, NOON)


def recheck(server: Sandbox, ids: list[str], token: str = BEARER_TOKEN) -> Iterator[Page]:
    own = settings(api=server.url)
    return x.recheck(x.connect(own, {"bearer_token": token}), own, [known(id_) for id_ in ids])


def mention_id(whole: Community, name: str) -> str:
    return f"x:{post_id(whole.by_id[name])}"


@pytest.fixture
def tweets(line: Callable[..., Post]) -> Callable[..., list[Post]]:
    """So many posts on X, a minute apart."""

    def make(count: int, **more: Any) -> list[Post]:
        own = {"net": "x", "place": "x", "reposts": 2, "views": 900, **more}
        return [line(f"a{n:03}", NOON + timedelta(minutes=n), "sam", f"halmora {n}", **own) for n in range(count)]

    return make


# Re-check ---------------------------------------------------------------------------------------------


def test_deleted_edited_and_kept_posts_as_they_are_now(run, build, tweets):
    posts = tweets(3)
    posts[0] |= {"deleted_at": "2026-04-22T09:00:00Z", "removed_by": "author"}
    posts[1] |= {"edited": {"at": "2026-04-21T12:20:00Z", "before": "halmroa"}}
    whole = build(posts)
    ids = [mention_id(whole, post["id"]) for post in posts]
    server = run(whole)
    pages = list(recheck(server, ids))
    assert [(page.endpoint, page.posts, page.seen, page.body["asked"]) for page in pages] == [("recheck", 0, 2, ids)]
    records = list(x.parse(settings(), pages[0]))
    assert [record for record in records if isinstance(record, Deletion)] == [Deletion(ids[0])]
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert list(found) == ids[1:]
    assert (found[ids[1]].text, found[ids[1]].edited_at) == ("halmora 1", datetime(2026, 4, 21, 12, 20))
    assert found[ids[1]].created_at == NOON + timedelta(minutes=1)
    assert [record.views for record in records if isinstance(record, Metrics)] == [900, 900]


def test_an_edit_that_comes_between_keeps_the_first_id(run, build, tweets, week, collect):
    posts = [tweets(1)[0] | {"edited": {"at": "2026-04-21T12:20:00Z", "before": "halmroa"}}]
    whole = build(posts)
    server = run(whole, now=NOON + timedelta(minutes=10))
    own = settings(api=server.url, search="all")
    before, _ = collect(
        x.fetch(x.connect(own, CREDENTIALS), own, Query("q", "halmroa"), Window(week.start, server.world.now))
    )
    server.world.now = week.end
    after = list(recheck(server, [mention_id(whole, "a000")]))
    told = [record for page in [*before, *after] for record in x.parse(own, page) if isinstance(record, Mention)]
    assert [(mention.mention_id, mention.text) for mention in told] == [
        (mention_id(whole, "a000"), "halmroa"),
        (mention_id(whole, "a000"), "halmora 0"),
    ]


def test_a_hundred_posts_a_call(run, build, tweets):
    whole = build(tweets(230))
    server = run(whole)
    pages = list(recheck(server, [f"x:{post_id(post)}" for post in whole.posts]))
    assert [page.seen for page in pages] == [100, 100, 30]
    asked = [request.params["ids"].split(",") for request in server.world.requests]
    assert [id_ for ids in asked for id_ in ids] == [post_id(post) for post in whole.posts]


def test_nothing_known_asks_nothing(run, build):
    server = run(build([]))
    assert list(recheck(server, [])) == []
    assert list(server.world.requests) == []


def problem(id_: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"resource_id": id_, "parameter": "ids", "type": f"https://api.twitter.com/2/problems/{kind}", **more}


@pytest.mark.parametrize(
    ("told", "gone"),
    [
        (problem("1", "resource-not-found"), [Deletion("x:1")]),
        (problem("1", "not-authorized-for-resource"), [Deletion("x:1")]),
        (problem("1", "operational-disconnect"), []),
        (problem("9", "resource-not-found"), []),
        (problem("1", "resource-not-found", parameter="referenced_tweets.id"), []),
        ("nonsense", []),
    ],
    ids=["deleted", "protected or suspended", "trouble", "not asked for", "what a post refers to", "nonsense"],
)
def test_what_x_says_of_a_post_that_it_does_not_show(told, gone):
    page = Page("recheck", {"asked": ["x:1", "x:2"], "answer": {"errors": [told]}})
    assert list(x.parse(settings(), page)) == gone


def test_a_post_of_which_nothing_is_said_is_not_gone():
    assert list(x.parse(settings(), Page("recheck", {"asked": ["x:1"], "answer": {"data": []}}))) == []


def test_a_failure_costs_its_hundred(run, build, tweets, collect):
    whole = build(tweets(230))
    server = run(whole)
    server.world.misbehave("half-json", "/2/tweets", nth=2)
    pages, error = collect(recheck(server, [f"x:{post_id(post)}" for post in whole.posts]))
    assert [page.seen for page in pages] == [100, 30]
    assert type(error) is SchemaDrift


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"kind": "status", "status": 200, "body": '{"title": "x"}'}, SchemaDrift),
        ({"kind": "status", "status": 200, "body": '{"data": {}}'}, SchemaDrift),
        ({"kind": "status", "status": 404}, SourceError),
        ({"kind": "status", "status": 503}, SourceError),
        ({"kind": "html"}, SchemaDrift),
        ({"kind": "cut"}, SourceError),
        ({"kind": "status", "status": 401}, CredentialsError),
        ({"kind": "status", "status": 429}, RateLimited),
    ],
    ids=str,
)
def test_a_failure_is_no_deletion(run, build, tweets, collect, wrong, kind):
    whole = build(tweets(1))
    server = run(whole)
    server.world.misbehave(**wrong, path="/2/tweets", times=None)
    pages, error = collect(recheck(server, [mention_id(whole, "a000")]))
    assert pages == []
    assert type(error) is kind
    assert error.__context__ is None  # tweepy's error holds the request with its headers


def test_a_rate_limit_ends_it_at_once(run, build, tweets, collect):
    whole = build(tweets(230))
    server = run(whole, x_limit=1)
    pages, error = collect(recheck(server, [f"x:{post_id(post)}" for post in whole.posts]))
    assert [page.seen for page in pages] == [100]
    assert isinstance(error, RateLimited)
    assert len(server.world.requests) == 2


def test_no_secret_in_any_log_or_error(run, build, tweets, collect, caplog):
    caplog.set_level(logging.DEBUG)
    server = run(build(tweets(1)))
    _, error = collect(recheck(server, ["x:1"], token="another-secret-token"))
    seen = caplog.text + "".join(traceback.format_exception(error))
    assert isinstance(error, CredentialsError)
    assert "another-secret-token" not in seen


ANYTHING = json_values(
    st.sampled_from(["x:1", "ids"]), keys=st.sampled_from(["asked", "answer", "errors", "data", "type", "resource_id"])
)


@given(ANYTHING, ANYTHING)
def test_any_answer_is_read_without_raising(asked, answer):
    body = {"asked": asked, "answer": answer}
    before = copy.deepcopy(body)
    records = list(x.parse(settings(), Page("recheck", body)))
    assert all(isinstance(record, Mention | Metrics | Deletion | Misfit | tuple) for record in records)
    assert body == before


# Canary and searches ----------------------------------------------------------------------------------


def test_the_canary_finds_something_and_asks_for_little(run, build, line, week, collect):
    posts = [
        line(f"a{n:03}", NOON + timedelta(minutes=n), "sam", "and you?", net="x", place="x", reposts=0, views=0)
        for n in range(30)
    ]
    server = run(build(posts), now=week.end)
    own = settings(api=server.url)
    page = next(x.fetch(x.connect(own, CREDENTIALS), own, x.NETWORK.canary, week))
    assert (page.seen, server.world.requests[0].params["max_results"]) == (10, "10")


@pytest.mark.parametrize(
    ("query", "searched"),
    [
        ("halmora", "halmora -is:retweet"),
        ('halmora OR "sunrise mode"', '(halmora OR "sunrise mode") -is:retweet'),
        ("halmora -tillwick", "halmora -tillwick -is:retweet"),
        ("halmora lang:nl", "halmora -is:retweet"),
        ("halmora type:comment", "halmora is:reply -is:retweet"),
        ("halmora type:quote", "halmora -is:retweet"),
        ("#halmora @halmora_help", "#halmora @halmora_help -is:retweet"),
        ("site:halmora.example", 'url:"halmora.example" -is:retweet'),
        ("halm*  pump", "pump -is:retweet"),
    ],
)
def test_a_query_in_the_words_of_x(query, searched):
    asked = searches(Listening(queries=(("halmora", parsed(query)),)), search_syntax(settings()))
    assert [search.text for search in asked] == [searched]


def test_a_search_of_everything_is_longer_and_may_hold_reposts():
    assert search_syntax(settings(search="all", reposts=True)) == replace(
        x.NETWORK.search_syntax, longest=1024, ending=""
    )


def test_team_accounts_are_searched_beside_the_brands(run, build, line, week, collect, mentions):
    own = {"net": "x", "place": "x", "reposts": 0, "views": 0}
    posts = [
        line("a001", NOON, "sam", "my halmora hums", **own),
        line("a002", NOON + timedelta(minutes=5), "halmora", "we hear you", **own),
        line("a003", NOON + timedelta(minutes=9), "nettie", "tomatoes", **own),
    ]
    whole = build(posts)
    server = run(whole, now=week.end)
    asked = settings(api=server.url)
    listening = Listening(queries=(("halmora", parsed("halmora")),), team=(("halmora", "halmora"),))
    (search,) = searches(listening, search_syntax(asked))
    pages, error = collect(x.fetch(x.connect(asked, CREDENTIALS), asked, search, week))
    assert error is None
    assert set(mentions(x, pages)) == {mention_id(whole, "a001"), mention_id(whole, "a002")}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("halmora type:comment", {"a002"}),
        ("halmora site:shop.example", {"a003"}),
        ("halmora -hums", {"a002", "a003"}),
        ("author:sam OR author:nettie", {"a001", "a003"}),
    ],
)
def test_a_query_finds_on_x_what_it_says(run, build, line, week, collect, query, found):
    own = {"net": "x", "place": "x", "reposts": 0, "views": 0}
    posts = [
        line("a001", NOON, "sam", "my halmora hums", **own),
        line("a002", NOON + timedelta(minutes=5), "halmora", "halmora hears you", to="a001", **own),
        line("a003", NOON + timedelta(minutes=9), "nettie", "halmora at https://shop.example/one", **own),
    ]
    whole = build(posts)
    server = run(whole, now=week.end)
    asked = settings(api=server.url)
    (search,) = searches(Listening(queries=(("halmora", parsed(query)),)), search_syntax(asked))
    pages, error = collect(x.fetch(x.connect(asked, CREDENTIALS), asked, search, week))
    assert error is None
    answers = [post["id"] for post in posts if mention_id(whole, post["id"]) in _asked_for(pages)]
    assert set(answers) == found


def _asked_for(pages: list[Page]) -> set[str]:
    """What a search found, without the posts that these refer to."""
    return {f"x:{post['edit_history_tweet_ids'][0]}" for page in pages for post in page.body.get("data", ())}
