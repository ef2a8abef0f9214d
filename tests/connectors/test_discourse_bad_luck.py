"""Discourse, as a forum that moved, a web server before it, or bad luck would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import (
    Deletion,
    Known,
    Mention,
    Page,
    Query,
    SchemaDrift,
    SourceError,
    Window,
)
from connectors.discourse.parse import name_of
from tests.connectors.times import at

discourse = CONNECTORS["discourse"]

SITE = "https://talk.halmora.example"
ALL = Query("all posts", "posts:")
WEEK = Window(at("20"), at("27"))


def settings(**more):
    return discourse.Settings(**{"id": "talk", "type": "discourse", "site": SITE, "pace": 0, "threads": False, **more})


def post(number, moment, **more):
    told = {"id": number, "topic_id": number, "post_number": 1, "created_at": f"{moment.isoformat()}Z"}
    return {**told, "username": "gerrit", "cooked": "<p>a</p>", "post_type": 1, "topic_slug": "a", **more}


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, query=ALL, of=()):
        server = run(build([]))
        for path, nth, told in answers:
            told = {"kind": "status", "status": 200, "path": f"/discourse/{path}", "nth": nth, **told}
            server.world.misbehave(**told)
        own = settings(api=f"{server.url}/discourse")
        client = discourse.connect(own, {})
        client.reader.clock = client.searcher.clock = time.clock
        asking = discourse.recheck(client, own, of) if of else discourse.fetch(client, own, query, WEEK)
        return (*collect(asking), server)

    return make


def listed(number, *posts):
    return "posts.json", number, {"body": json.dumps({"latest_posts": list(posts)})}


def test_a_post_that_was_moved_here_does_not_hide_that_the_next_page_failed(asked):
    first = [post(100 - n, at(f"26T{20 - n}:00")) for n in range(5)]
    first[2] |= {"created_at": "2025-01-01T00:00:00Z"}
    second = [post(90 - n, at(f"25T{20 - n}:00")) for n in range(5)]
    down = ("posts.json", 3, {"status": 500, "times": None})
    pages, error, _ = asked(listed(1, *first), listed(2, *second), down)
    assert isinstance(error, SourceError)
    assert pages[1].seen_whole_after == at("26T20:00")
    assert (error.unseen_from, error.unseen_to) == (WEEK.start, at("25T18:00"))


@pytest.mark.parametrize("place", [0, 2, 5], ids=["first", "between", "last"])
def test_an_old_post_on_a_page_of_new_ones_does_not_tell_how_far_it_came(asked, place):
    first = [post(100 - n, at(f"26T{20 - n}:00")) for n in range(6)]
    first[place] |= {"created_at": "2026-04-20T08:00:00Z"}
    down = ("posts.json", 2, {"status": 500, "times": None})
    _, error, _ = asked(listed(1, *first), down)
    assert error.unseen_from == WEEK.start
    assert error.unseen_to >= at("26T16:00")


def head(number, moment, **more):
    written = f"{moment.isoformat()}Z"
    return {"id": number, "created_at": written, "bumped_at": written, "last_posted_at": written, **more}


def topics(number, *found):
    return "c/help/7/l", number, {"body": json.dumps({"topic_list": {"topics": list(found)}})}


@pytest.mark.parametrize(
    ("place", "more"),
    [(0, {}), (0, {"pinned": True}), (2, {}), (5, {}), (0, {"pinned_globally": True})],
    ids=["first", "first and pinned", "between", "last", "pinned everywhere"],
)
def test_an_old_topic_on_a_page_of_new_ones_does_not_end_the_listing(asked, place, more):
    first = [head(100 - n, at(f"26T{20 - n}:00")) for n in range(5)]
    first.insert(place, head(1, at("01"), **more))
    second, third = [head(90, at("25T08:00"))], [head(80 - n, at("19T08:00")) for n in range(3)]
    pages, error, server = asked(
        *(topics(1, *first), topics(2, *second), topics(3, *third)), query=Query("category", "category:help/7")
    )
    assert error is None
    assert [page.seen for page in pages if page.endpoint == "topics"] == [6, 1, 3]
    asked_for = {request.path for request in server.world.requests if request.path.startswith("/discourse/t/")}
    assert asked_for == {f"/discourse/t/{number}.json" for number in (100, 99, 98, 97, 96, 90)}


def test_a_topic_bumped_in_the_future_does_not_make_the_rest_count_as_seen(asked):
    first = [head(9, at("26T08:00")) | {"bumped_at": "2031-01-01T00:00:00Z"}]
    down = ("c/help/7/l", 3, {"status": 500, "times": None})
    second = [head(8 - n, at(f"25T{20 - n}:00")) for n in range(3)]
    _, error, _ = asked(topics(1, *first), topics(2, *second), down, query=Query("category", "category:help/7"))
    assert (error.unseen_from, error.unseen_to) == (WEEK.start, at("25T20:00"))


def test_a_search_that_always_shows_the_same_page(asked):
    grouped = {"more_full_page_results": True}
    body = json.dumps({"posts": [post(7, at("26"), blurb="a")], "topics": [], "grouped_search_result": grouped})
    pages, error, _ = asked(("search.json", 1, {"body": body, "times": None}), query=Query("q", "halmora"))
    assert [page.endpoint for page in pages].count("search") == 2
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == (WEEK.start, at("26"))


@pytest.mark.parametrize(("count", "is_whole"), [(1, True), (2, False)])
def test_a_topic_that_does_not_name_its_other_posts(asked, count, is_whole):
    topic = {"post_stream": {"posts": [post(100, at("26T20:00"), topic_id=7)]}, "id": 7, "posts_count": count}
    listing = topics(1, head(7, at("26T20:00")))
    pages, error, _ = asked(
        listing, topics(2), ("t/7.json", 1, {"body": json.dumps(topic)}), query=Query("category", "category:help/7")
    )
    assert sum(page.posts for page in pages) == 1
    assert error is None if is_whole else isinstance(error, SchemaDrift)


def test_a_forum_with_an_id_beyond_all_numbers(asked):
    pages, error, server = asked(listed(1, post(int("9" * 3000), at("28T08:00"))))
    assert len(server.world.requests) < 10
    assert error is None
    assert pages[0].posts == 0


def test_topics_without_ids_are_no_empty_category(asked):
    body = json.dumps({"topic_list": {"topics": [{"id": "5"}, {"id": "6"}]}})
    _, error, _ = asked(("c/help/7/l", 1, {"body": body}), query=Query("category", "category:help/7"))
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == WEEK


# Recheck ----------------------------------------------------------------------------------------------


KNOWN = [Known(name_of(SITE, 7, 1), "post", None, None, None, at("26"))]
OURS = '{"errors": ["The requested URL or resource could not be found."], "error_type": "not_found"}'


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "body", ["<html><h1>Not Found</h1><hr>nginx", "", '{"message": "no Route matched"}', "[" * 5000]
)
def test_a_web_server_that_finds_nothing_deletes_nothing(asked, status, body):
    pages, error, _ = asked(("t/", 1, {"status": status, "body": body, "times": None}), of=KNOWN)
    assert pages == []
    assert isinstance(error, SourceError)


@pytest.mark.parametrize("status", [404, 410])
def test_a_forum_that_has_the_topic_no_longer_deletes_it(asked, status):
    pages, error, _ = asked(("t/", 1, {"status": status, "body": OURS}), of=KNOWN)
    assert error is None
    assert list(discourse.parse(settings(), pages[0])) == [Deletion(KNOWN[0].mention_id)]


@pytest.mark.parametrize("body", ["[" * 100_000, '{"errors": ' + "1" * 5000 + "}"], ids=["deep", "long"])
def test_a_refusal_that_python_cannot_read(asked, body):
    _, error, _ = asked(("site.json", 1, {"status": 403, "body": body}))
    assert "which is not from its API" in str(error)


# Hostile text -----------------------------------------------------------------------------------------


def test_a_slug_that_breaks_the_line():
    page = Page("posts", {"latest_posts": [post(1, at("26"), topic_slug="a\n[x](javascript:1)")]})
    mentions = [record for record in discourse.parse(settings(), page) if isinstance(record, Mention)]
    assert [mention.url for mention in mentions] == [None]
