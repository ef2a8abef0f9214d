"""Lemmy, as a hostile server of the federation or bad luck would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Misfit, Page, Query, SourceError, Window
from tests.connectors.times import at

lemmy = CONNECTORS["lemmy"]

WEEK = Window(at("20"), at("27"))
HOME = "https://leafy.example"


def view(number, moment, **more):
    community = {"name": "counter_gardens", "actor_id": f"{HOME}/c/counter_gardens"}
    told = {"id": number, "ap_id": f"{HOME}/post/{number}", "published": f"{moment.isoformat()}Z", "name": "t"}
    return {
        **{"post": {**told, "deleted": False, "removed": False}, "community": community},
        **{
            "creator": {"name": "gerrit", "actor_id": f"{HOME}/u/gerrit"},
            "counts": {"comments": 1, "score": 1},
            **more,
        },
    }


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, threads=True):
        server = run(build([]))
        for path, nth, told in answers:
            told = {"kind": "status", "status": 200, "path": f"/lemmy/api/v3/{path}", "nth": nth, **told}
            server.world.misbehave(**told)
        own = lemmy.Settings(
            **{"id": "leafy", "type": "lemmy", "site": HOME, "communities": ("counter_gardens",), "pace": 0},
            threads=threads,
            api=f"{server.url}/lemmy",
        )
        client = lemmy.connect(own, {})
        client.api.clock = time.clock
        return collect(lemmy.fetch(client, own, Query("!c", "!counter_gardens"), WEEK))

    return make


def test_a_listing_that_fails_after_a_thread_did_tells_of_both(asked):
    posts = ("post/list", 1, {"body": '{"posts": []}'})
    comment = view(9, at("26T23:00")) | {"comment": {"id": 1, "ap_id": f"{HOME}/comment/1", "path": "0.1"}}
    comment["comment"]["published"] = "2026-04-26T23:00:00Z"
    old = json.loads(json.dumps(comment))
    old["comment"] |= {"id": 2, "ap_id": f"{HOME}/comment/2", "path": "0.2", "published": "2026-04-22T08:00:00Z"}
    old["post"]["id"] = 8
    _, error = asked(
        posts,
        ("comment/list", 1, {"body": json.dumps({"comments": [comment, old]})}),
        ("post", 2, {"status": 500, "times": None}),
        ("comment/list", 2, {"status": 404, "body": '{"error": "couldnt_find_community"}', "times": None}),
    )
    assert isinstance(error, SourceError)
    assert (error.unseen_from, error.unseen_to) == (WEEK.start, WEEK.end)


PINNED = {"featured_community": True}


@pytest.mark.parametrize(
    ("place", "flags"),
    [(0, {}), (0, PINNED), (2, {}), (5, {}), (5, PINNED)],
    ids=["first", "first and pinned", "between", "last", "last and pinned"],
)
@pytest.mark.parametrize("cursor", ["Pff", None], ids=["cursor", "no cursor"])
def test_an_old_post_on_a_page_of_new_ones_does_not_end_the_listing(asked, place, flags, cursor):
    first = [view(90 - n, at(f"26T{20 - n}:00")) for n in range(5)]
    old = view(1, at("01T08:00"))
    old["post"] |= flags
    first.insert(place, old)
    answers = [
        ("post/list", number, {"body": json.dumps({"posts": posts, **({"next_page": cursor} if cursor else {})})})
        for number, posts in enumerate((first, [view(80, at("25T08:00"))], []), 1)
    ]
    pages, error = asked(*answers, ("comment/list", 1, {"body": '{"comments": []}'}), threads=False)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "post/list"] == [5, 1, 0]


def comment(number, moment):
    own = {"id": number, "ap_id": f"{HOME}/comment/{number}", "path": f"0.{number}", "content": "c"}
    own |= {"published": f"{moment.isoformat()}Z", "deleted": False, "removed": False}
    return view(9, at("21T08:00")) | {"comment": own}


def test_a_date_in_the_future_does_not_make_the_rest_count_as_seen(asked):
    future = comment(9, at("21T08:00"))
    future["comment"]["published"] = "2031-01-01T00:00:00Z"
    turns = [
        [future],
        [comment(8 - n, at(f"26T{20 - n}:00")) for n in range(4)],
        [comment(4 - n, at(f"19T{20 - n}:00")) for n in range(3)],
    ]
    answers = [
        ("comment/list", number, {"body": json.dumps({"comments": views})}) for number, views in enumerate(turns, 1)
    ]
    pages, error = asked(("post/list", 1, {"body": '{"posts": []}'}), *answers, threads=False)
    assert error is None
    assert [(page.posts, page.seen_whole_after) for page in pages if page.endpoint == "comment/list"] == [
        (0, None),
        (4, None),
        (0, at("26T19:00")),
    ]


def test_a_view_that_does_not_tell_its_community_costs_itself(asked):
    views = [view(9, at("22T23:00")), view(8, at("22T22:00"), community=None)]
    listing = ("post/list", 1, {"body": json.dumps({"posts": views})})
    ends = [("post/list", 2, {"body": '{"posts": []}'}), ("comment/list", 1, {"body": '{"comments": []}'})]
    pages, error = asked(listing, *ends, threads=False)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "post/list"] == [2, 0]


@pytest.mark.parametrize("uri", [f"{HOME}/post/1\nfediverse:x", f"{HOME}/post/1\x00", f"{HOME}/a b", "javascript:x"])
def test_an_id_that_is_no_address(uri):
    one = view(1, at("22T23:00"))
    one["post"]["ap_id"] = uri
    records = list(lemmy.parse(None, Page("post/list", {"posts": [one]})))
    assert [record for record in records if isinstance(record, Mention)] == []
    assert isinstance(records[-1], Misfit)


def test_a_refusal_that_python_cannot_read(asked):
    refusal = {"status": 400, "body": '{"error": ' + "1" * 5000 + "}", "times": None}
    _, error = asked(("post/list", 1, refusal))
    assert "which is not from its API" in str(error)
