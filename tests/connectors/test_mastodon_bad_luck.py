"""Mastodon, as a hostile server, a server of other software, or bad luck would have it."""

import json
from datetime import timedelta

import pytest

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    Deletion,
    Known,
    Mention,
    Misfit,
    Page,
    Query,
    RateLimited,
    SchemaDrift,
    SourceError,
    Truncated,
    Window,
)
from connectors.mastodon.fetch import MOST_BARREN
from connectors.mastodon.parse import id_at
from sandbox.world import CREDENTIALS
from tests.connectors.times import at

mastodon = CONNECTORS["mastodon"]

TAG = Query("#halmora", "timelines/tag/halmora")
TIMELINE = "/mastodon/api/v1/timelines"
STATUSES = "/mastodon/api/v1/statuses"


def settings(**more):
    given = {"id": "toots", "type": "mastodon", "server": "windowsill.example", "hashtags": ["halmora"], "pace": 0}
    return mastodon.Settings(**given, **more)


def status(number, **more):
    account = {"id": "1", "acct": "tove", "url": "https://windowsill.example/@tove", "followers_count": 0}
    return {
        **{"id": str(number), "uri": f"https://windowsill.example/users/tove/statuses/{number}", "content": "<p>a</p>"},
        **{"created_at": "2026-04-21T08:00:00Z", "visibility": "public", "account": account, "replies_count": 0},
        **{"url": f"https://windowsill.example/@tove/{number}", "in_reply_to_id": None, **more},
    }


def known(number):
    own = status(number)
    return Known(f"fediverse:{own['uri']}", "post", None, own["url"], None, at("21T08:00"))


@pytest.fixture
def asked(run, build, time, collect):
    """Fetch or recheck against a server that answers as it is told."""

    def make(*answers, of=None, token=CREDENTIALS["mastodon"]["access_token"], **more):
        server = run(build([]))
        for path, nth, told in answers:
            server.world.misbehave(**{"kind": "status", "status": 200, "path": path, "nth": nth, **told})
        own = settings(api=f"{server.url}/mastodon", **more)
        client = mastodon.connect(own, {"access_token": token} if token else {})
        client.clock = time.clock
        week = Window(at("20"), at("27"))
        asking = mastodon.recheck(client, own, of) if of else mastodon.fetch(client, own, TAG, week)
        return (*collect(asking), [request.path for request in server.world.requests])

    return make


def only(kind, *records):
    return [record for record in records if isinstance(record, kind)]


def read(body, endpoint="timelines/tag/halmora"):
    return list(mastodon.parse(settings(), Page(endpoint, body)))


# Fetch ------------------------------------------------------------------------------------------------


def linked(number, *statuses, following=None):
    link = f'<https://windowsill.example/x?max_id={following or number}>; rel="next"'
    return TIMELINE, number, {"body": json.dumps(list(statuses)), "headers": {"link": link}}


def test_an_id_that_holds_no_time_of_a_calendar(asked):
    pages, error, _ = asked((TIMELINE, 1, {"body": json.dumps([status("9" * 20)])}))
    assert error is None
    assert [page.posts for page in pages] == [1, 0]
    assert only(Mention, *mastodon.parse(settings(), pages[0]))[0].url == f"https://windowsill.example/@tove/{'9' * 20}"


def test_pages_that_always_lead_on_and_show_nothing_new(asked):
    pages, error, _ = asked(*(linked(number, status(7)) for number in range(1, 9)))
    assert len(pages) == 2
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to) == (at("20"), at("21T08:00"))


def at_hour(hour, **more):
    """A post that arrived and was written at an hour of 26 April, counted down from its end."""
    when = at("27") - timedelta(hours=hour)
    return status(id_at(when), created_at=f"{when.isoformat()}Z", **more)


def unlinked(number, *statuses):
    return TIMELINE, number, {"body": json.dumps(list(statuses))}


@pytest.mark.parametrize("links", [True, False], ids=["with Link", "without Link"])
@pytest.mark.parametrize(
    ("place", "flag"),
    [(0, {}), (0, {"pinned": True}), (2, {}), (5, {"pinned": True})],
    ids=["first", "first and pinned", "between", "last and pinned"],
)
def test_an_old_post_on_a_page_of_new_ones_does_not_end_the_listing(asked, links, place, flag):
    old = status(id_at(at("01")), created_at="2026-04-01T00:00:00Z", **flag)
    first, second = [at_hour(hour) for hour in range(1, 6)], [at_hour(hour) for hour in range(6, 9)]
    first.insert(place, old)
    answers = [linked(1, *first, following=second[0]["id"]), linked(2, *second, following=5)]
    pages, error, _ = asked(*(answers if links else (unlinked(1, *first), unlinked(2, *second))))
    assert error is None
    assert [page.posts for page in pages] == [5, 3, 0]
    assert [page.seen_whole_after for page in pages] == [None, at("26T21:00"), at("26T18:00")]


def test_an_old_post_at_the_end_of_a_page_that_leads_on_above_it_does_not_end_the_listing(asked):
    old = status(id_at(at("01")), created_at="2026-04-01T00:00:00Z")
    first, second = [at_hour(hour) for hour in range(1, 6)], [at_hour(hour) for hour in range(6, 9)]
    pages, error, _ = asked(linked(1, *first, old, following=second[0]["id"]), linked(2, *second, following=5))
    assert error is None
    assert [page.posts for page in pages] == [5, 3, 0]


@pytest.mark.parametrize("links", [True, False], ids=["with Link", "without Link"])
def test_a_date_in_the_future_neither_ends_a_listing_nor_makes_the_rest_count_as_seen(asked, links):
    first = [status(900, created_at="2031-01-01T00:00:00Z"), status(890, created_at="2026-04-26T20:00:00Z")]
    second = [status(880 - n, created_at=f"2026-04-25T{20 - n}:00:00Z") for n in range(3)]
    last = [status(870, created_at="2026-04-01T00:00:00Z")]
    answers = [linked(1, *first, following=890), linked(2, *second, following=878), linked(3, *last)]
    if not links:
        answers = [unlinked(1, *first), unlinked(2, *second), unlinked(3, *last)]
    pages, error, paths = asked(*answers)
    assert error is None
    assert [page.posts for page in pages] == [1, 3, 0]
    assert [page.seen_whole_after for page in pages] == [None, None, at("25T20:00")]
    assert len(paths) == 3


def test_a_server_without_links_that_does_not_heed_where_to_go_on(asked):
    pages, error, paths = asked((TIMELINE, 1, {"body": json.dumps([status(7), status(6)]), "times": None}))
    assert [page.posts for page in pages] == [2, 0]
    assert isinstance(error, SchemaDrift)
    assert (error.unseen_from, error.unseen_to, len(paths)) == (at("20"), at("21T08:00"), 2)


def test_ids_that_cannot_be_gone_on_below(asked):
    pages, error, _ = asked(unlinked(1, status(7) | {"id": 7}, status(6) | {"id": None}))
    assert len(pages) == 1
    assert isinstance(error, SchemaDrift)
    assert "doesn't say where the next page begins" in str(error)
    assert (error.unseen_from, error.unseen_to) == (at("20"), at("27"))


def test_an_empty_page_that_leads_on_is_not_the_end(asked):
    pages, error, _ = asked(linked(1, status(7)), linked(2, following=6), linked(3, status(5)), linked(4, following=3))
    assert error is None
    assert [page.posts for page in pages] == [1, 0, 1, 0]


def test_empty_pages_that_lead_on_for_ever(asked):
    pages, error, _ = asked(*(linked(number, following=100 - number) for number in range(1, 30)))
    assert len(pages) == MOST_BARREN
    assert isinstance(error, SchemaDrift)


@pytest.mark.parametrize(
    "link", ['<http://[>; rel="next"', f'<https://a.example/x?max_id={"9" * 5000}>; rel="next"'], ids=["none", "long"]
)
def test_a_link_that_cannot_be_followed(asked, link):
    later = status(id_at(at("30")), created_at="2026-04-30T00:00:00Z")
    pages, error, _ = asked((TIMELINE, 1, {"body": json.dumps([later]), "headers": {"link": link}}))
    assert [page.seen for page in pages] == ([] if "[" in link else [1, 0])
    assert isinstance(error, SchemaDrift) if "[" in link else error is None


@pytest.mark.parametrize("token", [CREDENTIALS["mastodon"]["access_token"], None])
def test_a_thread_of_sixty_replies_is_whole_for_who_is_logged_in(asked, token):
    replies = [status(100 + number, in_reply_to_id="7") for number in range(60)]
    context = {"ancestors": [], "descendants": replies}
    listing = (TIMELINE, 1, {"body": json.dumps([status(7, replies_count=60)])})
    pages, error, _ = asked(listing, (f"{STATUSES}/7/context", 1, {"body": json.dumps(context)}), token=token)
    assert sum(page.posts for page in pages) == 61
    assert error is None if token else isinstance(error, Truncated)


def test_a_limit_after_a_thread_that_failed_tells_of_both(asked):
    thread = (f"{STATUSES}/9/context", 1, {"status": 500, "times": 4})
    limit = (TIMELINE, 2, {"status": 429, "headers": {"retry-after": "900"}})
    later = status(9, replies_count=1, created_at="2026-04-26T23:00:00Z")
    _, error, _ = asked(linked(1, later, status(7), following=6), thread, limit)
    assert isinstance(error, RateLimited)
    assert (error.unseen_from, error.unseen_to) == (at("20"), at("27"))


# Recheck ----------------------------------------------------------------------------------------------


def test_what_an_answer_for_many_lacks_is_asked_for_by_itself_before_it_is_gone(asked):
    many = (STATUSES, 1, {"body": json.dumps([status(1), status(2)])})
    alone = (f"{STATUSES}/3", 1, {"body": json.dumps(status(3))})
    pages, error, paths = asked(many, alone, of=[known(number) for number in (1, 2, 3, 4)])
    assert error is None
    assert paths == [STATUSES, f"{STATUSES}/3", f"{STATUSES}/4"]
    records = [record for page in pages for record in mastodon.parse(settings(), page)]
    assert only(Deletion, *records) == [Deletion(known(4).mention_id)]
    assert len(only(Mention, *records)) == 3


@pytest.mark.parametrize("uri", [None, 5, "", "two words"])
def test_a_post_without_a_readable_uri_may_be_any_of_those_asked_for(uri):
    records = read({"asked": [known(1).mention_id, known(2).mention_id], "answer": [status(1, uri=uri), status(2)]})
    assert only(Deletion, *records) == []
    assert len(only(Misfit, *records)) == 1


def test_another_web_server_says_not_found(asked):
    gone = (STATUSES, 1, {"status": 404, "body": "<html>not found", "times": None})
    pages, error, _ = asked(gone, of=[known(1)])
    assert pages == []
    assert isinstance(error, SourceError)


# Hostile text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri", ["https://a.example/1\nfediverse:x", "https://a.example/1\x00", "https://a.example/1 2"]
)
def test_a_uri_that_is_no_name(uri):
    assert [type(record) for record in read([status(1, uri=uri)])] == [Misfit]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/\nhttps://b.example", "https:// a", 5])
def test_an_address_that_leads_nowhere(url):
    assert only(Mention, *read([status(1, url=url)]))[0].url == status(1)["uri"]
    assert only(Mention, *read([status(1, url=url, uri="tag:a.example,2017:1")]))[0].url is None


def test_a_handle_that_breaks_the_line():
    number = id_at(at("21T08:00"))
    account = status(1)["account"] | {"acct": "tove\n@evil.example"}
    assert only(Mention, *read([status(number, account=account)]))[0].url is None


# What isn't known -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hides", "followers"), [(True, None), (False, 0), (None, 0)])
def test_followers_that_are_hidden_are_not_none(hides, followers):
    account = status(1)["account"] | {"pleroma": {"hide_followers_count": hides}}
    assert only(Author, *read([status(1, account=account)]))[0].followers == followers
