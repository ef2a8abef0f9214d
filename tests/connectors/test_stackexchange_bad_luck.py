"""Stack Exchange, as bad luck or strangers' text would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import Deletion, Known, Mention, Misfit, Page, Query, SourceError, Window
from tests.connectors.times import at

stackexchange = CONNECTORS["stackexchange"]

WEEK = Window(at("20"), at("27"))
QUESTIONS = "/stackexchange/questions"


def settings(**more):
    return stackexchange.Settings(**{"id": "garden", "type": "stackexchange", "site": "gardening", "pace": 0, **more})


def question(number, **more):
    told = {"question_id": number, "creation_date": 1_776_758_400, "title": "t", "body": "<p>a</p>", "tags": ["a"]}
    return {**told, "link": f"https://gardening.stackexchange.com/q/{number}", **more}


def known(number):
    return Known(f"stackexchange:gardening/{number}", "post", None, None, None, at("21T08:00"))


@pytest.fixture
def rechecked(run, build, time, collect):
    def make(*answers, of):
        server = run(build([]))
        for nth, told in answers:
            server.world.misbehave(**{"kind": "status", "status": 200, "path": QUESTIONS, "nth": nth, **told})
        own = settings(api=f"{server.url}/stackexchange")
        client = stackexchange.connect(own, {})
        client.clock = time.clock
        pages, error = collect(stackexchange.recheck(client, own, of))
        return pages, error, [record for page in pages for record in stackexchange.parse(own, page)]

    return make


def found(*items):
    return {"body": json.dumps({"items": list(items), "has_more": False, "quota_remaining": 99})}


def gone(records):
    return [record.mention_id for record in records if isinstance(record, Deletion)]


def test_an_empty_answer_deletes_nothing_before_it_came_twice(rechecked):
    _, error, records = rechecked((1, found()), (2, found(question(1))), of=[known(1)])
    assert (error, gone(records)) == (None, [])
    _, error, records = rechecked((1, found()), (2, found()), of=[known(1)])
    assert (error, gone(records)) == (None, [known(1).mention_id])


@pytest.mark.parametrize("id_", [None, "1", -1])
def test_an_item_without_a_readable_id_may_be_any_of_those_asked_for(rechecked, id_):
    _, error, records = rechecked((1, found(question(id_), question(2))), of=[known(1), known(2)])
    assert error is None
    assert gone(records) == []
    assert len([record for record in records if isinstance(record, Misfit)]) == 1


@pytest.mark.parametrize("body", ["[" * 100_000, '{"error_id": ' + "1" * 5000 + "}"], ids=["deep", "long"])
def test_a_refusal_that_python_cannot_read(rechecked, body):
    pages, error, _ = rechecked((1, {"status": 400, "body": body, "times": None}), of=[known(1)])
    assert pages == []
    assert "which is not from its API" in str(error)


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a.example/\nb", "https:// a", "/q/1"])
def test_an_address_that_leads_nowhere(link):
    question_and_answer = [
        ({"items": [question(1, link=link)], "has_more": False}, {}),
        ({"items": [question(1) | {"answer_id": 2, "link": None}], "has_more": False}, {"1": {"link": link}}),
    ]
    for answer, posts in question_and_answer:
        records = list(stackexchange.parse(settings(), Page("questions", {"answer": answer, "posts": posts})))
        assert [record.url for record in records if isinstance(record, Mention)] == [None]


def test_one_bad_thread_does_not_end_the_search(run, build, time, collect):
    server = run(build([]))
    hits = {"items": [question(1) | {"item_type": "question"}], "has_more": False}
    server.world.misbehave("status", path="/stackexchange/search", status=200, body=json.dumps(hits))
    server.world.misbehave("status", path=QUESTIONS, status=200, body='{"items": ' + "1" * 5000 + "}")
    own = settings(api=f"{server.url}/stackexchange")
    client = stackexchange.connect(own, {})
    client.clock = time.clock
    pages, error = collect(stackexchange.fetch(client, own, Query("search 1", "halmora"), WEEK))
    assert len(pages) == 3
    assert isinstance(error, SourceError)
    assert "where JSON belongs" in str(error)
