"""The YouTube connector against the sandbox server, over real HTTP."""

import json
import logging
import traceback
from datetime import datetime, timedelta

import pytest
import requests
from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    CredentialsError,
    Deletion,
    Drift,
    Interaction,
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
    Truncated,
    Window,
)
from connectors.http_api import Clock, Refused
from connectors.youtube.api import meaning
from query.parsing import parse as parse_query
from sandbox import youtube_api
from sandbox.world import YOUTUBE_KEY
from sandbox.youtube_api import channel_id, comment_id, video_id
from tests.connectors.recorded import FOLDER
from tests.connectors.times import Time, at, series
from tests.connectors.trouble import NO_JSON, PAGES, trouble_id

youtube = CONNECTORS["youtube"]

CREDENTIALS = {"api_key": YOUTUBE_KEY}
HALMORA = Query("search 1", "halmora")
PLACE = {"net": "youtube", "place": "@halmora"}
AFTER = at("27")
V3 = "/youtube/youtube/v3"


def settings(**more):
    return youtube.Settings(**{"id": "tube", "type": "youtube", "pace": 0, **more})


def connected(server, **more):
    own = settings(api=f"{server.url}/youtube", **more)
    client = youtube.connect(own, CREDENTIALS)
    client.clock = Time(AFTER).clock
    return client, own


def fetched(server, window, collect, query=HALMORA, **more):
    client, own = connected(server, **more)
    return collect(youtube.fetch(client, own, query, window))


def asked(server, what):
    return [request.params for request in server.world.requests if request.path == f"{V3}/{what}"]


def seen_from(pages):
    return [(page.endpoint, page.posts, page.seen) for page in pages]


def records(pages, *kinds):
    return [record for page in pages for record in youtube.parse(None, page) if isinstance(record, kinds)]


@pytest.fixture
def people():
    """Who is on YouTube."""
    names = {"halmora": ("Halmora", 20500), "nettie": ("Balcony Nettie", 212000), "sam": ("Sam", None)}
    return [
        {"net": "youtube", "handle": handle, "name": name, "followers": followers, "since": "2020-01-31", "bio": None}
        | {"role": None}
        for handle, (name, followers) in names.items()
    ]


@pytest.fixture
def video(line):
    def make(id_, moment, title="Halmora, eight weeks on", text="About the Halmora Loft.", **more):
        return line(id_, moment, "halmora", text, **{"title": title, **PLACE, "views": 900, **more})

    return make


@pytest.fixture
def comment(line):
    def make(id_, moment, to, text="nice", by="sam", **more):
        return line(id_, moment, by, text, to=to, **{**PLACE, **more})

    return make


@pytest.fixture
def talk(video, comment):
    """A video of before the week and one of the week, with comments on both."""
    return [
        video("a001", at("12T10:00")),
        comment("a002", at("13T10:00"), "a001", "before the week"),
        comment("a003", at("21T08:00"), "a001", "It hums <3\nat night & by day", by="nettie"),
        comment("a004", at("21T09:00"), "a003", "Which one is it? – Mira", by="halmora"),
        comment("a005", at("21T09:30"), "a004", "@halmora the Loft", by="nettie"),
        video("b001", at("22T10:00"), "Sunrise & <silence> with Halmora"),
        comment("b002", at("23T10:00"), "b001", "first!", edited={"at": "2026-04-23T11:00:00Z", "before": "frist!"}),
        comment("b003", at("23T12:00"), "b001", "gone", deleted_at="2026-04-24T00:00:00Z", removed_by="author"),
        video("c001", at("23T10:00"), "Something else", text="Not about them."),
    ]


@pytest.fixture
def crowd(video, comment):
    """A video with so many comments, a minute apart, the last a minute before the week ends."""

    def make(count, week):
        moments = series(count, week.end, minutes=1)
        posts = [comment(f"b{number:03}", moment, "a001", f"comment {number}") for number, _, moment in moments]
        return [video("a001", week.start), *posts]

    return make


# Settings and queries -----------------------------------------------------------------------------------------


def test_queries_are_channels_videos_and_searches():
    own = settings(
        channels=("https://www.youtube.com/@halmora/videos", "@HALMORA", "youtube.com/channel/UC" + "a" * 22),
        videos=(
            "https://youtu.be/abcdefghijk?t=3",
            "https://www.youtube.com/watch?v=abcdefghijk&list=1",
            "ABCDEFGHIJK",
        ),
    )
    listening = Listening(queries=(("halmora", parse_query('halmora OR "sunrise mode" OR #basil')),))
    assert youtube.queries(own, listening) == [
        Query("channel @halmora", "channel/@halmora"),
        Query(f"channel UC{'a' * 22}", f"channel/UC{'a' * 22}"),
        Query("video abcdefghijk", "video/abcdefghijk"),
        Query("video ABCDEFGHIJK", "video/ABCDEFGHIJK"),
        Query('search 1: halmora|"sunrise mode"|#basil', 'halmora|"sunrise mode"|#basil', ("halmora",)),
    ]
    assert youtube.queries(settings(search=False, videos=("abcdefghijk",)), listening) == [
        Query("video abcdefghijk", "video/abcdefghijk")
    ]


def test_search_leaves_out_what_it_would_exclude_too_much_by():
    listening = Listening(queries=(("halmora", parse_query("(halmora OR tillwick) AND pump NOT school")),))
    assert [query.text for query in youtube.queries(settings(), listening)] == ["halmora|tillwick pump"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": False},
        {"channels": ("halmora",)},
        {"videos": ("short",)},
        {"watch_days": 400},
        {"channels": ("UC1",)},
    ],
)
def test_settings_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_connect_names_what_is_missing():
    with pytest.raises(CredentialsError, match="EARSHOT_TUBE_API_KEY"):
        youtube.connect(settings(), {})


# Fetch --------------------------------------------------------------------------------------------------------


def test_fetch_a_search_with_all_that_is_said_below_its_videos(run, build, talk, week, collect, mentions):
    whole = build(talk)
    server = run(whole, now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert seen_from(pages) == [
        ("search", 1, 2),
        ("videos", 0, 2),
        ("channels", 0, 0),
        ("commentThreads", 1, 1),
        ("commentThreads", 3, 4),
    ]
    old, new = (video_id(whole.by_id[name]) for name in ("a001", "b001"))
    ids = {post.id: comment_id(server.world, post) for post in whole.posts if post.to}
    halmora, nettie, sam = (f"youtube:{channel_id(account)}" for account in whole.accounts)
    top = f"youtube:{ids['a003']}"

    def said(name, text, author, above, moment, *, video, edited_at=None):
        link = f"https://www.youtube.com/watch?v={video}&lc={ids[name]}"
        place = (f"youtube:{ids[name]}", "youtube", "Halmora", "comment", None, text, link, author)
        return Mention(*place, above, f"youtube:{video}", moment, edited_at)

    def shown(video, title, moment):
        return Mention(
            *(f"youtube:{video}", "youtube", "Halmora", "post", title, "About the Halmora Loft."),
            *(f"https://www.youtube.com/watch?v={video}", halmora, None, f"youtube:{video}", moment),
            network_lang="en",
        )

    found = mentions(youtube, pages)
    assert sorted(found.values(), key=lambda mention: mention.created_at) == [
        shown(old, "Halmora, eight weeks on", at("12T10:00")),
        said("a002", "before the week", sam, f"youtube:{old}", at("13T10:00"), video=old),
        said("a003", "It hums <3\nat night & by day", nettie, f"youtube:{old}", at("21T08:00"), video=old),
        said("a004", "Which one is it? – Mira", halmora, top, at("21T09:00"), video=old),
        said("a005", "@halmora the Loft", nettie, top, at("21T09:30"), video=old),
        shown(new, "Sunrise & <silence> with Halmora", at("22T10:00")),
        said("b002", "first!", sam, f"youtube:{new}", at("23T10:00"), video=new, edited_at=at("23T11:00")),
    ]
    assert set(records(pages, Interaction)) == {
        Interaction(f"youtube:{ids['a002']}", sam, halmora, "reply"),
        Interaction(top, nettie, halmora, "reply"),
        Interaction(f"youtube:{ids['a004']}", halmora, nettie, "reply"),
        # the API doesn't tell which answer is answered, but the handle in it does
        Interaction(f"youtube:{ids['a005']}", nettie, halmora, "mention"),
        Interaction(f"youtube:{ids['b002']}", sam, halmora, "reply"),
    }
    assert set(records(pages, Author)) == {
        Author(halmora, "youtube", "halmora", "Halmora", 20500, datetime.fromisoformat("2020-01-31")),
        *(
            Author(author, "youtube", handle)
            for author, handle in ((halmora, "halmora"), (nettie, "nettie"), (sam, "sam"))
        ),
    }
    assert Metrics(f"youtube:{old}", likes=3, replies=4, views=900) in records(pages, Metrics)
    assert Metrics(top, likes=3, replies=2) in records(pages, Metrics)
    assert records(pages, Misfit, Drift) == []


def test_fetch_asks_for_the_days_that_are_watched(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    fetched(server, week, collect, watch_days=7)
    assert asked(server, "search") == [
        {
            **{"part": "snippet", "type": "video", "order": "date", "safeSearch": "none", "maxResults": "50"},
            **{"publishedAfter": "2026-04-13T00:00:00Z", "publishedBefore": "2026-04-27T00:00:00Z", "q": "halmora"},
        }
    ]


def test_fetch_without_threads(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    pages, error = fetched(server, week, collect, threads=False)
    assert error is None
    assert seen_from(pages) == [("search", 1, 1), ("videos", 0, 1), ("channels", 0, 0)]
    assert asked(server, "search")[0]["publishedAfter"] == "2026-04-20T00:00:00Z"


def test_fetch_a_channel_until_its_videos_are_older_than_the_horizon(
    run, build, video, comment, week, collect, mentions
):
    times = [week.end - timedelta(days=number) for number in range(1, 121)]
    posts = [video(f"a{number:03}", moment, f"video {number}") for number, moment in enumerate(times)]
    server = run(build([*posts, comment("b001", at("21T10:00"), "a009")]), now=AFTER)
    pages, error = fetched(server, week, collect, query=Query("c", "channel/@halmora"), channels=("@halmora",))
    assert error is None
    assert seen_from(pages) == [
        *(("channels", 0, 1), ("playlistItems", 7, 50), ("playlistItems", 0, 50), ("videos", 0, 21)),
        ("commentThreads", 1, 1),
    ]
    assert len(mentions(youtube, pages)) == 22
    assert asked(server, "channels") == [{"part": "snippet,statistics,contentDetails", "forHandle": "@halmora"}]
    assert not asked(server, "search")


def test_fetch_a_channel_by_id_that_has_no_videos(run, build, week, collect, people):
    whole = build([])
    pages, error = fetched(
        run(whole, now=AFTER),
        week,
        collect,
        query=Query("c", f"channel/{channel_id(whole.accounts[2])}"),
        channels=(channel_id(whole.accounts[2]),),
    )
    assert error is None
    assert seen_from(pages) == [("channels", 0, 1)]  # it is there, and so its being empty is an answer
    # who hides the number of subscribers has an unknown one, not none
    assert [author.followers for author in records(pages, Author)] == [None]


def test_fetch_a_channel_that_is_not_there(run, build, week, collect):
    server = run(build([]), now=AFTER)
    pages, error = fetched(server, week, collect, query=Query("c", "channel/@nobody"), channels=("@nobody",))
    assert seen_from(pages) == [("channels", 0, 0)]
    assert "no channel @nobody" in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_a_named_video_of_long_ago(run, build, video, comment, week, collect):
    whole = build([video("a001", at("01T10:00")), comment("a002", at("21T10:00"), "a001")])
    name = video_id(whole.by_id["a001"])
    pages, error = fetched(
        run(whole, now=AFTER), week, collect, query=Query("v", f"video/{name}"), videos=(name,), watch_days=1
    )
    assert error is None
    assert seen_from(pages) == [("videos", 0, 1), ("channels", 0, 0), ("commentThreads", 1, 1)]


def test_fetch_a_named_video_that_is_not_there(run, build, week, collect):
    _, error = fetched(run(build([])), week, collect, query=Query("v", "video/abcdefghijk"), videos=("abcdefghijk",))
    assert type(error) is SourceError
    assert "no video abcdefghijk" in str(error)


def test_fetch_pages_to_the_last(run, build, crowd, week, collect, mentions):
    server = run(build(crowd(250, week)), now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    threads = [page for page in pages if page.endpoint == "commentThreads"]
    assert [(page.posts, page.seen) for page in threads] == [(100, 100), (100, 100), (50, 50)]
    assert len(mentions(youtube, pages)) == 251
    tokens = [params.get("pageToken") for params in asked(server, "commentThreads")]
    assert tokens == [None, *(page.body["answer"]["nextPageToken"] for page in threads[:2])]
    assert (threads[2].first_at, threads[0].last_at) == (
        week.end - timedelta(minutes=250),
        week.end - timedelta(minutes=1),
    )
    assert {page.units for page in pages} == {1}


def test_fetch_stops_at_threads_that_are_older_than_the_horizon(run, build, video, comment, week, collect):
    posts = [comment(f"b{n:03}", at("01T10:00") + timedelta(minutes=n), "a001") for n in range(250)]
    whole = build([video("a001", at("01T09:00")), *posts])
    name = video_id(whole.by_id["a001"])
    query = Query("v", f"video/{name}")
    pages, error = fetched(run(whole, now=AFTER), week, collect, query=query, videos=(name,))
    assert error is None
    assert seen_from(pages)[2:] == [("commentThreads", 0, 100)]


def test_fetch_all_answers_of_a_thread_that_carries_only_some(run, build, video, comment, week, collect, mentions):
    answers = [comment(f"b{n:03}", at("21T10:00") + timedelta(minutes=n), "a002", f"answer {n}") for n in range(130)]
    whole = build([video("a001", at("12T10:00")), comment("a002", at("13T10:00"), "a001", by="nettie"), *answers])
    server = run(whole, now=AFTER)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert seen_from(pages)[3:] == [("commentThreads", 5, 6), ("comments", 100, 100), ("comments", 25, 30)]
    found = mentions(youtube, pages)
    assert len(found) == 132
    opening = comment_id(server.world, whole.by_id["a002"])
    assert {params["parentId"] for params in asked(server, "comments")} == {opening}
    last = found[f"youtube:{comment_id(server.world, whole.by_id['b129'])}"]
    assert (last.parent_id, last.root_id, last.community) == (
        f"youtube:{opening}",
        f"youtube:{video_id(whole.by_id['a001'])}",
        "Halmora",
    )
    nettie, sam = (f"youtube:{channel_id(account)}" for account in whole.accounts[1:])
    assert Interaction(last.mention_id, sam, nettie, "reply") in records(pages, Interaction)


def test_fetch_reads_the_comments_on_a_video_once_in_a_run(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    client, own = connected(server, channels=("@halmora",))
    for query in (HALMORA, Query("c", "channel/@halmora")):
        assert collect(youtube.fetch(client, own, query, week))[1] is None
    # c001, which only the channel has, has no comments, as its number of them tells
    assert len(asked(server, "commentThreads")) == 2
    following = Window(week.end, week.end + timedelta(days=7))
    assert collect(youtube.fetch(client, own, HALMORA, following))[1] is None
    assert len(asked(server, "commentThreads")) == 3


def test_fetch_comments_that_are_turned_off(run, build, talk, week, collect):
    off = [post | {"more": {"comments": "off"}} if post["id"] == "a001" else post for post in talk]
    pages, error = fetched(run(build(off), now=AFTER), week, collect)
    assert error is None
    assert seen_from(pages)[3:] == [("commentThreads", 1, 1), ("commentThreads", 0, 0)]
    assert list(youtube.parse(None, pages[-1])) == []
    assert pages[-1].body["answer"]["error"]["errors"][0]["reason"] == "commentsDisabled"


def test_fetch_nothing_found(run, build, week, collect):
    pages, error = fetched(run(build([]), now=AFTER), week, collect)
    assert error is None
    assert seen_from(pages) == [("search", 0, 0)]


def test_canary_finds_a_video(run, build, video, week, collect):
    server = run(build([video("a001", at("21T10:00"), "How I began", text="")]), now=AFTER)
    pages, _ = fetched(server, week, collect, query=youtube.NETWORK.canary)
    assert pages[0].seen == 1


def test_fetch_search_ends_near_500(run, build, video, week, collect):
    times = [week.end - timedelta(minutes=number) for number in range(1, 551)]
    server = run(build([video(f"a{number:03}", moment) for number, moment in enumerate(times)]), now=AFTER)
    pages, error = fetched(server, week, collect, threads=False)
    assert sum(page.posts for page in pages) == 500
    assert len(asked(server, "search")) == 10
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=498))


@pytest.fixture
def _pages_are_not_named(monkeypatch):
    monkeypatch.setattr(youtube_api, "NAMES_THE_NEXT_PAGE", False)


@pytest.mark.usefixtures("_pages_are_not_named")
def test_fetch_a_search_that_names_no_next_page(run, build, video, week, collect):
    times = [week.end - timedelta(minutes=number) for number in range(1, 121)]
    server = run(build([video(f"a{number:03}", moment) for number, moment in enumerate(times)]), now=AFTER)
    pages, error = fetched(server, week, collect, threads=False)
    assert sum(page.posts for page in pages) == 50
    assert isinstance(error, Truncated)
    assert "search names no next page after 50 of 120" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=48))


@pytest.mark.usefixtures("_pages_are_not_named")
def test_fetch_a_channel_whose_list_names_no_next_page(run, build, video, week, collect):
    times = [week.end - timedelta(hours=number) for number in range(1, 121)]
    server = run(build([video(f"a{number:03}", moment) for number, moment in enumerate(times)]), now=AFTER)
    pages, error = fetched(server, week, collect, query=Query("c", "channel/@halmora"), channels=("@halmora",))
    assert seen_from(pages)[:2] == [("channels", 0, 1), ("playlistItems", 50, 50)]
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == week


@pytest.mark.usefixtures("_pages_are_not_named")
def test_fetch_comments_that_name_no_next_page(run, build, crowd, week, collect):
    pages, error = fetched(run(build(crowd(250, week)), now=AFTER), week, collect)
    assert [page.posts for page in pages if page.endpoint == "commentThreads"] == [100]
    assert isinstance(error, Truncated)
    assert "commentThreads names no next page after 100 of 250" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=98))


@pytest.mark.usefixtures("_pages_are_not_named")
def test_fetch_answers_that_name_no_next_page(run, build, video, comment, week, collect):
    answers = [comment(f"b{n:03}", at("22T10:00") + timedelta(minutes=n), "a002", f"answer {n}") for n in range(130)]
    talk = [video("a001", at("21T10:00")), comment("a002", at("22T09:00"), "a001"), *answers]
    pages, error = fetched(run(build(talk), now=AFTER), week, collect)
    assert [page.seen for page in pages if page.endpoint == "comments"] == [100]
    assert isinstance(error, Truncated)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_a_full_page_that_holds_all_that_is_counted(run, build, crowd, week, collect):
    pages, error = fetched(run(build(crowd(100, week)), now=AFTER), week, collect)
    assert error is None
    assert [page.posts for page in pages if page.endpoint == "commentThreads"] == [100]


def threads_at(moments, token):
    def thread(moment):
        times = dict.fromkeys(("publishedAt", "updatedAt"), f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        said = {"textOriginal": "a", "likeCount": 0, **times}
        comment = {"kind": "youtube#comment", "id": f"Ug{moment:%d%H%M}", "snippet": said}
        snippet = {"topLevelComment": comment, "totalReplyCount": 0}
        return {"kind": "youtube#commentThread", "id": comment["id"], "snippet": snippet}

    told = {"kind": "youtube#commentThreadListResponse", "nextPageToken": token}
    return json.dumps({**told, "items": [thread(moment) for moment in moments]})


OLD, FUTURE = at("01T00:00") - timedelta(days=90), at("30T00:00") + timedelta(days=900)


@pytest.mark.parametrize(
    ("odd", "place"), [(OLD, 0), (OLD, 4), (FUTURE, 0), (FUTURE, 4)], ids=["pinned", "old", "future", "future at last"]
)
def test_fetch_one_comment_out_of_order_does_not_tell_how_far_they_have_been_read(
    run, build, crowd, week, collect, odd, place
):
    server = run(build(crowd(1, week)), now=AFTER)
    first = [at(f"26T{hour}:00") for hour in (20, 19, 18, 17)]
    first.insert(place, odd)
    second = [at(f"25T{hour}:00") for hour in (20, 19, 18)]
    for nth, body in enumerate((threads_at(first, "a"), threads_at(second, "b")), 1):
        server.world.misbehave("status", f"{V3}/commentThreads", nth=nth, status=200, body=body)
    server.world.misbehave("status", f"{V3}/commentThreads", nth=3, times=None, status=500)
    pages, error = fetched(server, week, collect)
    assert [(page.posts, page.seen) for page in pages if page.endpoint == "commentThreads"] == [(4, 5), (3, 3)]
    assert "is in trouble (500)" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, at("25T20:00"))


def test_fetch_answers_whose_number_can_not_be_read_are_asked_for(run, build, week, crowd, collect):
    server = run(build(crowd(1, week)), now=AFTER)
    thread = json.loads(threads_at([at("26T20:00")], None))
    thread["items"][0]["snippet"]["totalReplyCount"] = "some"
    server.world.misbehave("status", f"{V3}/commentThreads", status=200, body=json.dumps(thread))
    pages, error = fetched(server, week, collect)
    assert error is None
    assert [params["parentId"] for params in asked(server, "comments")] == ["Ug262000"]
    assert Drift("commentThread.totalReplyCount", "some") in records(pages, Drift)


def test_windows_that_overlap_give_the_same_ids(run, build, crowd, week, collect, mentions):
    server = run(build(crowd(30, week)), now=AFTER)
    later = Window(week.start + timedelta(days=3), week.end)
    one, other = (mentions(youtube, fetched(server, window, collect)[0]) for window in (week, later))
    assert one == other


def test_window_end_is_exclusive(run, build, video, comment, collect):
    posts = [video("a001", at("20T10:00")), *(comment(f"a00{n}", at(f"2{n - 1}T00:00"), "a001") for n in (2, 3))]
    server = run(build([*posts, video("b001", at("22T00:00"))]), now=AFTER)
    pages, _ = fetched(server, Window(at("21T00:00"), at("22T00:00")), collect)
    # publishedBefore is not exclusive; what it lets in is stored, but not counted
    assert seen_from(pages) == [("search", 0, 2), ("videos", 0, 2), ("channels", 0, 0), ("commentThreads", 1, 2)]


# Fetch: what goes wrong ---------------------------------------------------------------------------------------


def test_fetch_connection_cut_on_page_3(run, build, crowd, week, collect, mentions):
    server = run(build(crowd(250, week)), now=AFTER)
    server.world.misbehave("cut", path=f"{V3}/commentThreads", nth=3, times=4)
    pages, error = fetched(server, week, collect)
    assert [page.posts for page in pages if page.endpoint == "commentThreads"] == [100, 100]
    assert "failed or was cut" in str(error)
    assert (error.unseen_from, error.unseen_to) == (week.start, week.end - timedelta(minutes=198))
    again, error = fetched(server, week, collect)
    assert error is None
    assert [page.body for page in again[: len(pages)]] == [page.body for page in pages]
    assert len(mentions(youtube, again)) == 251


def test_fetch_thread_that_fails_costs_itself(run, build, talk, week, collect, mentions):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", path=f"{V3}/commentThreads", status=500, times=4)
    pages, error = fetched(server, week, collect)
    new = video_id(server.world.community.by_id["b001"])
    assert f"comments on video {new}: YouTube is in trouble (500)" in str(error)
    assert seen_from(pages)[3:] == [("commentThreads", 3, 4)]
    assert len(mentions(youtube, pages)) == 6


def test_fetch_video_that_goes_meanwhile_is_no_failure(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    gone = json.dumps({"error": {"code": 404, "errors": [{"reason": "videoNotFound"}]}})
    server.world.misbehave("status", path=f"{V3}/commentThreads", status=404, body=gone)
    pages, error = fetched(server, week, collect)
    assert error is None
    assert seen_from(pages)[3:] == [("commentThreads", 3, 4)]


@pytest.mark.parametrize("what", ["playlistItems", "commentThreads"])
@pytest.mark.parametrize("page", ["HTML", "a gateway", "nothing"])
def test_fetch_what_a_proxy_does_not_find_is_missing_and_said(run, build, talk, week, collect, page, what):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", path=f"{V3}/{what}", status=404, body=PAGES[page].decode(), times=None)
    channel = Query("channel @halmora", "channel/@halmora")
    _, error = fetched(server, week, collect, query=channel, channels=["@halmora"])
    assert "which is not from its API" in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_repeats_what_failed_for_a_moment(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", status=503, times=2)
    assert fetched(server, week, collect)[1] is None


@pytest.mark.parametrize(
    ("wrong", "kind", "says"),
    [
        *NO_JSON,
        ({"kind": "status", "status": 200, "body": "[1]"}, SchemaDrift, "where a list of search belongs"),
        ({"kind": "status", "status": 200, "body": '{"items": [{}]}'}, SchemaDrift, "where a list of search belongs"),
        (
            {"kind": "status", "status": 200, "body": '{"kind": "", "items": [1]}'},
            SchemaDrift,
            "list of search belongs",
        ),
        ({"kind": "status", "status": 302, "headers": {"location": "/elsewhere"}}, SourceError, "round in circles"),
        ({"kind": "status", "status": 500}, SourceError, "is in trouble (500)"),
        ({"kind": "status", "status": 401}, CredentialsError, "refused the credentials"),
        ({"kind": "status", "status": 403, "body": '{"error": {"message": "no"}}'}, CredentialsError, "check what we"),
        ({"kind": "status", "status": 400, "body": '{"error": {"message": "bad q"}}'}, SourceError, "bad q"),
        ({"kind": "stall", "seconds": 1}, SourceError, "did not answer in time"),
    ],
    ids=trouble_id,
)
def test_fetch_bad_answer_says_what_came(run, build, talk, week, collect, wrong, kind, says):
    server = run(build(talk), now=AFTER)
    server.world.misbehave(**wrong, times=None)
    pages, error = fetched(server, week, collect)
    assert pages == []
    assert type(error) is kind
    assert says in str(error)
    assert (error.unseen_from, error.unseen_to) == week


def test_fetch_pages_that_go_round_in_circles(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    body = {"kind": "youtube#searchListResponse", "nextPageToken": "CAUQAA"}
    body["items"] = [{"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": "abcdefghijk"}}]
    server.world.misbehave("status", path=f"{V3}/search", status=200, body=json.dumps(body), times=None)
    _, error = fetched(server, week, collect)
    assert isinstance(error, SchemaDrift)
    assert "round in circles" in str(error)


def test_fetch_empty_pages_of_a_search_are_not_followed(run, build, week, collect):
    server = run(build([]), now=AFTER)
    body = {"kind": "youtube#searchListResponse", "nextPageToken": "CAUQAA", "items": []}
    server.world.misbehave("status", path=f"{V3}/search", status=200, body=json.dumps(body), times=None)
    assert fetched(server, week, collect)[1] is None
    assert len(asked(server, "search")) == 1


def test_fetch_wrong_key(run, build, talk, week, collect):
    own = settings(api=f"{run(build(talk)).url}/youtube")
    _, error = collect(youtube.fetch(youtube.connect(own, {"api_key": "AIza-wrong"}), own, HALMORA, week))
    assert isinstance(error, CredentialsError)
    assert "refused the API key" in str(error)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-04-27T06:59:59", "2026-04-27T07:00"),
        ("2026-04-27T07:00:00", "2026-04-28T07:00"),
        ("2026-01-31T20:00:00", "2026-02-01T08:00"),
        ("2026-03-08T09:00:00", "2026-03-09T07:00"),  # the clocks go forward on that day
    ],
)
def test_quota_lasts_until_midnight_in_california(run, build, talk, week, collect, now, until):
    server = run(build(talk), now=AFTER, youtube_units=2)
    client, own = connected(server)
    waits = []
    client.clock = Clock(lambda: datetime.fromisoformat(now), waits.append)
    pages, error = collect(youtube.fetch(client, own, HALMORA, week))
    assert [page.endpoint for page in pages] == ["search", "videos", "channels"]
    assert isinstance(error, RateLimited)
    # a second before midnight is worth waiting for
    assert (error.until, bool(waits)) == (datetime.fromisoformat(until), "06:59:59" in now)


def test_search_beyond_the_days_quota_leaves_the_comments(run, build, video, comment, week, collect):
    posts = [video(f"a{n:03}", week.start + timedelta(hours=n)) for n in range(60)]
    server = run(build([*posts, comment("b001", at("26T10:00"), "a059")]), now=AFTER, youtube_searches=1)
    pages, error = fetched(server, week, collect)
    assert seen_from(pages) == [("search", 50, 50), ("videos", 0, 50), ("channels", 0, 0), ("commentThreads", 1, 1)]
    assert isinstance(error, RateLimited)
    assert error.until == datetime.fromisoformat("2026-04-27T07:00")
    assert (error.unseen_from, error.unseen_to) == (week.start, week.start + timedelta(hours=12))


def test_too_fast_is_waited_for(run, build, talk, week, collect):
    server = run(build(talk), now=AFTER)
    body = json.dumps({"error": {"message": "slow down", "errors": [{"reason": "rateLimitExceeded"}]}})
    server.world.misbehave("status", path=f"{V3}/videos", status=403, body=body)
    client, own = connected(server)
    time = Time(AFTER)
    client.clock = time.clock
    assert collect(youtube.fetch(client, own, HALMORA, week))[1] is None
    assert time.waits == [60]


@pytest.mark.parametrize(("asked_for", "is_waited_for"), [("7", True), ("3600", False)])
def test_retry_after_is_obeyed(run, build, talk, week, collect, asked_for, is_waited_for):
    server = run(build(talk), now=AFTER)
    server.world.misbehave("status", path=f"{V3}/videos", status=429, headers={"retry-after": asked_for})
    client, own = connected(server)
    time = Time(AFTER)
    client.clock = time.clock
    _, error = collect(youtube.fetch(client, own, HALMORA, week))
    assert time.waits == ([7] if is_waited_for else [])
    assert is_waited_for or (type(error), error.until) == (RateLimited, AFTER + timedelta(hours=1))


def test_no_secret_in_any_log_error_address_or_repr(run, build, talk, week, collect, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")
    server = run(build(talk), now=AFTER)
    client, own = connected(server)
    _, good = collect(youtube.fetch(client, own, HALMORA, week))
    body = json.dumps({"error": {"message": f"key {YOUTUBE_KEY} may not", "errors": []}})
    server.world.misbehave("status", status=403, body=body, times=None)
    _, error = collect(youtube.fetch(client, own, HALMORA, week))
    logging.getLogger("urllib3.connectionpool").debug("header %s", f"X-Goog-Api-Key: {YOUTUBE_KEY}")
    sent = [value for request in server.world.requests for value in request.params.values()]
    seen = caplog.text + repr(client) + repr(own) + "".join(traceback.format_exception(error)) + "".join(sent)
    assert good is None
    assert "urllib3" in seen
    assert "key [secret] may not" in seen
    assert YOUTUBE_KEY not in seen


# Refusals -----------------------------------------------------------------------------------------------------


def refusal(status, body):
    answer = requests.Response()
    answer.status_code, answer._content = status, body.encode()
    return answer


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("400_key_invalid", CredentialsError),
        ("400_missing_parameter", Refused),
        ("401_auth_error", CredentialsError),
        ("403_forbidden", Refused),
    ],
)
def test_recorded_refusal_means(run, build, name, kind):
    path = FOLDER / "youtube" / "errors" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no recorded refusals in {FOLDER}; set EARSHOT_RECORDED to a folder that has some")
    server = run(build([]))
    server.world.misbehave("status", status=int(name[:3]), body=path.read_text(encoding="utf-8"))
    client, _ = connected(server)
    with pytest.raises(SourceError) as caught:
        client.list("videos", id="abcdefghijk")
    assert type(caught.value) is kind
    assert len(server.world.requests) == 1


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"details": [{"reason": "API_KEY_INVALID"}], "message": "API key expired."}, CredentialsError),
        ({"errors": [{"reason": "accessNotConfigured"}]}, CredentialsError),
        ({"errors": [{"reason": "quotaExceeded"}]}, RateLimited),
        ({"errors": [{"reason": "processingFailure"}]}, type(None)),
        ({"errors": "none"}, type(None)),
        ({"errors": [None]}, type(None)),
        ([], type(None)),
    ],
)
def test_refusal_means(told, kind):
    assert type(meaning(refusal(403, json.dumps({"error": told})), AFTER)) is kind


def test_refusal_that_is_no_json_means_what_http_says():
    assert meaning(refusal(502, "<html>"), AFTER) is None


# Looking again ------------------------------------------------------------------------------------------------


def known_of(found):
    return [
        Known(one.mention_id, one.kind, one.community, one.url, one.root_id, one.created_at) for one in found.values()
    ]


def test_recheck_finds_edits_numbers_and_deletions(run, build, talk, week, collect, mentions):
    changes = {
        "a001": {"likes": 40},
        "a005": {"edited": {"at": "2026-04-28T10:00:00Z", "before": "@halmora the Loft"}, "text": "@halmora the One"},
        "b001": {"deleted_at": "2026-04-28T10:00:00Z", "removed_by": "author"},
    }
    whole = build([post | changes.get(post["id"], {}) for post in talk])
    server = run(whole, now=AFTER)
    before = mentions(youtube, fetched(server, week, collect)[0])
    server.world.now = at("29T00:00")
    server.world.requests.clear()
    client, own = connected(server)
    pages, error = collect(youtube.recheck(client, own, known_of(before)))
    assert error is None
    assert [(page.endpoint, page.seen, page.posts) for page in pages] == [
        ("recheck/videos", 2, 0),
        ("recheck/comments", 5, 0),
    ]
    ids = {post.id: f"youtube:{comment_id(server.world, post)}" for post in whole.posts if post.to}
    old, new = (f"youtube:{video_id(whole.by_id[name])}" for name in ("a001", "b001"))
    # with a video all that was said below it goes
    assert records(pages, Deletion) == [Deletion(new), Deletion(ids["b002"])]
    after = mentions(youtube, pages)
    edited = before[ids["a005"]]._replace(text="@halmora the One", edited_at=at("28T10:00"))
    assert after == {
        name: edited if name == ids["a005"] else mention
        for name, mention in before.items()
        if name not in (new, ids["b002"])
    }
    assert Metrics(old, likes=40, replies=4, views=900) in records(pages, Metrics)
    assert [len(params["id"].split(",")) for params in asked(server, "comments")] == [5]


def test_recheck_asks_for_fifty_at_a_time(run, build, crowd, week, collect, mentions):
    server = run(build(crowd(120, week)), now=AFTER)
    known = known_of(mentions(youtube, fetched(server, week, collect)[0]))
    server.world.requests.clear()
    client, own = connected(server)
    pages, error = collect(youtube.recheck(client, own, known))
    assert error is None
    assert [(page.endpoint, page.seen) for page in pages] == [
        ("recheck/videos", 1),
        *(("recheck/comments", count) for count in (50, 50, 20)),
    ]
    assert len(server.world.requests) == 4
    assert records(pages, Deletion) == []


def test_recheck_that_fails_deletes_nothing(run, build, talk, week, collect, mentions):
    server = run(build(talk), now=AFTER)
    known = known_of(mentions(youtube, fetched(server, week, collect)[0]))
    server.world.misbehave("status", path=f"{V3}/comments", status=500, times=None)
    client, own = connected(server)
    pages, error = collect(youtube.recheck(client, own, known))
    assert [page.endpoint for page in pages] == ["recheck/videos"]
    assert "in trouble (500)" in str(error)
    assert records(pages, Deletion) == []


def test_recheck_answer_with_another_page_deletes_nothing():
    answer = {"kind": "youtube#commentListResponse", "nextPageToken": "x", "items": []}
    page = Page("recheck/comments", {"asked": ["youtube:1"], "known": {}, "answer": answer})
    assert list(youtube.parse(None, page)) == []
