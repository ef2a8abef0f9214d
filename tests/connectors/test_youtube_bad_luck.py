"""YouTube, as bad luck would have it."""

import json

import pytest

from connectors import CONNECTORS
from connectors.contract import Deletion, Known, Mention, Page, Query, SourceError, Window
from connectors.youtube.api import MOST_GAPS
from sandbox.world import YOUTUBE_KEY
from tests.connectors.times import at

youtube = CONNECTORS["youtube"]

WEEK = Window(at("20"), at("27"))
CHANNEL = "UC" + "a" * 22


def video(number):
    snippet = {"publishedAt": "2026-04-21T08:00:00Z", "title": "t", "description": "", "channelId": CHANNEL}
    return {"kind": "youtube#video", "id": f"video{number:06}", "snippet": snippet | {"channelTitle": "c"}}


def comment(number):
    snippet = {"publishedAt": "2026-04-21T08:00:00Z", "updatedAt": "2026-04-21T08:00:00Z", "textOriginal": "a"}
    return {"kind": "youtube#comment", "id": f"comment{number}", "snippet": snippet | {"likeCount": 0}}


def known(item):
    kind = "post" if item["kind"] == "youtube#video" else "comment"
    return Known(f"youtube:{item['id']}", kind, None, None, None, at("21T08:00"))


def listed(*items, token=None):
    told = {"kind": "youtube#ListResponse", "items": list(items)}
    return {"body": json.dumps(told | ({"nextPageToken": token} if token else {}))}


@pytest.fixture
def asked(run, build, time, collect):
    def make(*answers, of=(), query=None, **more):
        server = run(build([]))
        for what, nth, told in answers:
            told = {"kind": "status", "status": 200, "path": f"/youtube/youtube/v3/{what}", "nth": nth, **told}
            server.world.misbehave(**told)
        given = {"id": "tube", "type": "youtube", "pace": 0, "api": f"{server.url}/youtube"}
        own = youtube.Settings(**given, **more)
        client = youtube.connect(own, {"api_key": YOUTUBE_KEY})
        client.clock = time.clock
        asking = youtube.fetch(client, own, query, WEEK) if query else youtube.recheck(client, own, of)
        pages, error = collect(asking)
        return pages, error, [record for page in pages for record in youtube.parse(own, page)]

    return make


def gone(records):
    return [record.mention_id for record in records if isinstance(record, Deletion)]


# Fetch ------------------------------------------------------------------------------------------------


@pytest.fixture
def uploads(asked):
    def make(*answers):
        lists = {"contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}
        channel = {"kind": "youtube#channel", "id": CHANNEL, "snippet": {"title": "c"}} | lists
        query = Query("channel", f"channel/{CHANNEL}")
        more = {"channels": (CHANNEL,), "threads": False}
        return asked(("channels", 1, listed(channel)), *answers, query=query, **more)

    return make


def entry(number):
    told = {"videoId": video(number)["id"], "videoPublishedAt": "2026-04-21T08:00:00Z"}
    return {"kind": "youtube#playlistItem", "contentDetails": told}


def test_an_empty_page_of_uploads_is_not_the_last(uploads):
    lists = [listed(entry(1), token="a"), listed(token="b"), listed(entry(2))]
    videos = ("videos", 1, listed(video(1), video(2)))
    pages, error, records = uploads(*(("playlistItems", n, told) for n, told in enumerate(lists, 1)), videos)
    assert error is None
    assert [page.seen for page in pages if page.endpoint == "playlistItems"] == [1, 0, 1]
    assert {record.mention_id for record in records if isinstance(record, Mention)} == {
        known(video(1)).mention_id,
        known(video(2)).mention_id,
    }


def test_empty_pages_that_always_lead_on(uploads):
    pages, error, _ = uploads(*(("playlistItems", n, listed(token=f"t{n}")) for n in range(1, 30)))
    assert error is None
    assert sum(page.endpoint == "playlistItems" for page in pages) == MOST_GAPS


def test_an_empty_page_of_comments_is_not_the_last(asked):
    def thread(number):
        snippet = {"topLevelComment": comment(number), "totalReplyCount": 0, "videoId": video(1)["id"]}
        return {"kind": "youtube#commentThread", "id": f"comment{number}", "snippet": snippet}

    lists = [listed(thread(1), token="a"), listed(token="b"), listed(thread(2))]
    answers = [("commentThreads", n, told) for n, told in enumerate(lists, 1)]
    named = video(1)["id"]
    query = Query("video", f"video/{named}")
    _, error, records = asked(("videos", 1, listed(video(1))), *answers, query=query, videos=(named,), search=False)
    assert error is None
    assert (
        len({record.mention_id for record in records if isinstance(record, Mention) and record.kind == "comment"}) == 2
    )


# Recheck ----------------------------------------------------------------------------------------------


def test_an_empty_answer_deletes_nothing_before_it_came_twice(asked):
    of = [known(video(1))]
    _, error, records = asked(("videos", 1, listed()), ("videos", 2, listed(video(1))), of=of)
    assert (error, gone(records)) == (None, [])
    _, error, records = asked(("videos", 1, listed()), ("videos", 2, listed()), of=of)
    assert (error, gone(records)) == (None, [of[0].mention_id])


@pytest.mark.parametrize("id_", [None, 5, "", "a b"])
def test_an_item_without_a_readable_id_may_be_any_of_those_asked_for(asked, id_):
    of = [known(video(1)), known(video(2))]
    _, error, records = asked(("videos", 1, listed(video(1) | {"id": id_}, video(2))), of=of)
    assert error is None
    assert gone(records) == []


def test_a_lookup_that_fails_costs_its_own_posts_only(asked):
    down = {"status": 500, "times": 4}
    pages, error, records = asked(
        ("videos", 1, down), ("comments", 1, listed(comment(1))), of=[known(video(1)), known(comment(1))]
    )
    assert isinstance(error, SourceError)
    assert [page.endpoint for page in pages] == ["recheck/comments"]
    assert gone(records) == []
    assert known(comment(1)).mention_id in {record.mention_id for record in records if isinstance(record, Mention)}


def test_a_title_with_a_character_of_endless_number_is_kept():
    item = video(1) | {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": video(1)["id"]}}
    item["snippet"] = item["snippet"] | {"title": f"&#{'1' * 5000};"}
    page = Page("search", {"kind": "youtube#searchListResponse", "items": [item]})
    assert [record.title for record in youtube.parse(None, page) if isinstance(record, Mention)] == ["\ufffd"]
