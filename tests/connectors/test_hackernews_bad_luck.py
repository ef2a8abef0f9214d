"""Hacker News, as a broken server or bad luck would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Page, Query, SchemaDrift, SourceError, Truncated, Window
from tests.connectors.times import at

hackernews = CONNECTORS["hackernews"]

SEARCH = "/hackernews/algolia"
WEEK = Window(at("20"), at("27"))


def hit(number, moment):
    seconds = int((moment - at("01")).total_seconds()) + 1_775_001_600
    return {"objectID": str(number), "created_at_i": seconds, "_tags": ["story"], "story_id": number, "title": "t"}


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, threads=False):
        server = run(build([]))
        for nth, told in answers:
            server.world.misbehave(**{"kind": "status", "status": 200, "path": SEARCH, "nth": nth, **told})
        own = hackernews.Settings(
            id="orange", type="hackernews", pace=0, api=f"{server.url}/hackernews", threads=threads
        )
        client = hackernews.connect(own, {})
        client.api.clock = time.clock
        pages, error = collect(hackernews.fetch(client, own, Query("search 1", "halmora"), WEEK))
        return pages, error, len(server.world.requests)

    return make


def found(*hits, total=None):
    told = {"hits": list(hits), "nbHits": len(hits) if total is None else total, "nbPages": 1}
    return {"body": json.dumps(told)}


def test_a_search_that_does_not_heed_the_span_is_not_halved_for_ever(asked):
    answer = found(hit(1, at("10T08:00")), hit(2, at("21T08:00")), total=5_000_000)
    _, error, requests = asked((1, {**answer, "times": None}))
    assert isinstance(error, SchemaDrift)
    assert requests < 5


@pytest.mark.parametrize("is_exact", [True, False])
def test_posts_that_are_counted_and_never_shown(asked, is_exact):
    counted = {"nbHits": 5, "nbPages": 1, "exhaustiveNbHits": is_exact}
    turns = [{"hits": [hit(9, at("26T23:00")), hit(7, at("22T08:00"))]}, {"hits": []}]
    pages, error, requests = asked(*((n, {"body": json.dumps(counted | turn)}) for n, turn in enumerate(turns, 1)))
    assert sum(page.posts for page in pages) == 2
    assert requests == 1 + is_exact
    if not is_exact:  # it says itself that it only guesses how many there are
        assert error is None
        return
    assert isinstance(error, Truncated)
    assert "counts 5 posts and shows 2" in str(error)
    assert (error.unseen_from, error.unseen_to) == WEEK


def test_a_listing_that_fails_after_a_thread_did_tells_of_both(asked, monkeypatch):
    monkeypatch.setattr("connectors.hackernews.fetch.CAP", 1)
    late, early = hit(9, at("26T23:00")), hit(7, at("22T08:00"))
    _, error, _ = asked(
        (1, found(late, early, total=2)),
        (2, found(late)),
        (3, {"status": 500, "times": None}),  # its thread, then the earlier half
        threads=True,
    )
    assert isinstance(error, SourceError)
    assert (error.unseen_from, error.unseen_to) == (WEEK.start, WEEK.end)


def test_a_title_with_a_character_of_endless_number_is_kept():
    body = {"hits": [hit(1, at("21T08:00")) | {"title": f"a &#{'1' * 5000};", "author": "x"}]}
    mentions = [record for record in hackernews.parse(None, Page("search", body)) if isinstance(record, Mention)]
    assert [mention.title for mention in mentions] == ["a \ufffd"]
