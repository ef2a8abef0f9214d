"""YouTube's answers as records: what a page holds, and what is done about what it shouldn't hold."""

from datetime import datetime

import pytest
from hypothesis import given

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values, mangled

OWNER, READER = "UC" + "o" * 22, "UC" + "r" * 22
youtube = CONNECTORS["youtube"]

VIDEO = "abcdefghijk"


def answer(kind, *items):
    return {"kind": f"youtube#{kind}ListResponse", "items": list(items)}


def video(**snippet):
    own = {"publishedAt": "2026-04-21T10:00:00Z", "channelId": OWNER, "channelTitle": "Halmora", "title": "Basil & co"}
    return {
        **{"kind": "youtube#video", "id": VIDEO, "snippet": {**own, "description": "Eight weeks.", **snippet}},
        "statistics": {"viewCount": "1200", "likeCount": "31", "commentCount": "4"},
    }


def comment(name="Ug1", **snippet):
    own = {
        "authorDisplayName": "@reader",
        "authorChannelId": {"value": READER},
        "textDisplay": "a &lt; b",
        "likeCount": 2,
    }
    times = {"publishedAt": "2026-04-21T11:00:00.000Z", "updatedAt": "2026-04-21T11:00:00.000Z"}
    return {"kind": "youtube#comment", "id": name, "snippet": {**own, **times, "textOriginal": "a < b", **snippet}}


def thread(opening, *answers, **snippet):
    own = {"videoId": VIDEO, "topLevelComment": opening, "totalReplyCount": len(answers)}
    carried = {"replies": {"comments": list(answers)}} if answers else {}
    return {"kind": "youtube#commentThread", "id": opening["id"], "snippet": {**own, **snippet}, **carried}


def read(body, *kinds):
    return [record for record in youtube.parse(None, Page("", body)) if not kinds or isinstance(record, kinds)]


def only(body, kind):
    [found] = read(body, kind)
    return found


def without(item, name):
    return {**item, "snippet": {key: value for key, value in item["snippet"].items() if key != name}}


def test_video():
    assert read(answer("video", video(defaultLanguage="nl-NL"))) == [
        Mention(
            *(f"youtube:{VIDEO}", "youtube", "Halmora", "post", "Basil & co", "Eight weeks."),
            *(f"https://www.youtube.com/watch?v={VIDEO}", f"youtube:{OWNER}", None, f"youtube:{VIDEO}"),
            datetime.fromisoformat("2026-04-21T10:00"),
            network_lang="nl",
        ),
        Metrics(f"youtube:{VIDEO}", likes=31, replies=4, views=1200),
    ]


def test_video_that_hides_its_likes_and_has_its_comments_turned_off():
    shown = video() | {"statistics": {"viewCount": "7"}}
    assert only(answer("video", shown), Metrics) == Metrics(f"youtube:{VIDEO}", views=7)


def test_search_result_is_unescaped_and_without_numbers():
    found = video(title="Basil &amp; &#39;co&#39;") | {
        "kind": "youtube#searchResult",
        "id": {"kind": "youtube#video", "videoId": VIDEO},
    }
    del found["statistics"]
    [mention] = read(answer("search", found))
    assert (mention.mention_id, mention.title) == (f"youtube:{VIDEO}", "Basil & 'co'")
    assert mention.text is None  # a description that may be cut short is not what was written


def test_search_result_that_is_a_channel_is_passed_over():
    found = video() | {"kind": "youtube#searchResult", "id": {"kind": "youtube#channel", "channelId": OWNER}}
    assert read(answer("search", found)) == []


def test_thread_with_an_answer():
    reply = comment("Ug1.2", authorDisplayName="Mira", authorChannelId={"value": OWNER}, textOriginal="@Reader, yes")
    body = answer("commentThread", thread(comment(updatedAt="2026-04-21T11:05:00Z"), reply))
    moment = datetime.fromisoformat("2026-04-21T11:00")
    link = f"https://www.youtube.com/watch?v={VIDEO}&lc="
    # a recorded answer doesn't say under whose video it stands; one of ours does
    assert read(body, Mention, Author, Metrics, Interaction) == [
        Mention(
            *("youtube:Ug1", "youtube", None, "comment", None, "a < b", f"{link}Ug1", f"youtube:{READER}"),
            *(f"youtube:{VIDEO}", f"youtube:{VIDEO}", moment, datetime.fromisoformat("2026-04-21T11:05")),
        ),
        Author(f"youtube:{READER}", "youtube", "reader"),
        Metrics("youtube:Ug1", likes=2, replies=1),
        Mention(
            *("youtube:Ug1.2", "youtube", None, "comment", None, "@Reader, yes", f"{link}Ug1.2", f"youtube:{OWNER}"),
            *("youtube:Ug1", f"youtube:{VIDEO}", moment),
        ),
        Author(f"youtube:{OWNER}", "youtube", "Mira", "Mira"),
        Metrics("youtube:Ug1.2", likes=2),
        Interaction("youtube:Ug1.2", f"youtube:{OWNER}", f"youtube:{READER}", "reply"),
    ]


def test_comment_beside_its_video_says_where_it_stands():
    beside = {"video": {"id": VIDEO, "channelId": OWNER, "channelTitle": "Halmora"}}
    body = {**beside, "answer": answer("commentThread", thread(without(comment(), "videoId")))}
    mention = only(body, Mention)
    assert (mention.community, mention.root_id) == ("Halmora", f"youtube:{VIDEO}")
    assert read(body, Interaction) == [
        Interaction("youtube:Ug1", f"youtube:{READER}", f"youtube:{OWNER}", "reply"),
    ]


def test_comment_without_an_author_whose_account_is_gone():
    body = answer("comment", without(comment(), "authorChannelId"))
    assert only(body, Mention).author_id is None
    assert read(body, Author, Interaction) == []


@pytest.mark.parametrize(("beside", "text"), [({}, "a < b\nc"), ({"video": {}}, "a &lt; b<br>c")])
def test_comment_that_only_shows_its_text(beside, text):
    """YouTube shows HTML unless asked for plain text, as we do."""
    shown = without(comment(textDisplay="a &lt; b<br>c"), "textOriginal")
    body = answer("comment", shown)
    assert only({**beside, "answer": body} if beside else body, Mention).text == text


def test_looked_up_comment_knows_its_video_from_before():
    body = {
        **{"asked": ["youtube:Ug1", "youtube:Ug9"], "known": {"Ug1": {"video": VIDEO, "community": "Halmora"}}},
        "answer": answer("comment", comment()),
    }
    mention = only(body, Mention)
    assert (mention.community, mention.root_id, mention.parent_id) == (
        "Halmora",
        f"youtube:{VIDEO}",
        f"youtube:{VIDEO}",
    )
    assert read(body, Deletion, Interaction) == [Deletion("youtube:Ug9")]


@pytest.mark.parametrize(
    ("statistics", "handle", "followers"),
    [
        ({"subscriberCount": "20500", "hiddenSubscriberCount": False}, "halmora", 20500),
        ({"hiddenSubscriberCount": True, "subscriberCount": "0"}, "halmora", None),
        ({}, None, None),
    ],
)
def test_channel(statistics, handle, followers):
    snippet = {"title": "Halmora", "publishedAt": "2020-01-31T00:00:00Z", "customUrl": handle and f"@{handle}"}
    item = {"kind": "youtube#channel", "id": OWNER, "snippet": snippet, "statistics": statistics}
    assert read(answer("channel", item)) == [
        Author(
            *(f"youtube:{OWNER}", "youtube", handle or "Halmora", "Halmora", followers),
            datetime.fromisoformat("2020-01-31"),
        )
    ]


@pytest.mark.parametrize(
    ("body", "drift"),
    [
        (answer("video", video(liveBroadcastContent="rerun")), Drift("video.liveBroadcastContent", "rerun")),
        (answer("video", without(video(), "channelTitle")), Drift("video.channelTitle")),
        (answer("video", video() | {"statistics": {}}), Drift("video.viewCount")),
        (answer("comment", comment(updatedAt="soon")), Drift("comment.updatedAt", "soon")),
        (answer("comment", without(comment(), "likeCount")), Drift("comment.likeCount")),
        (
            answer("commentThread", without(thread(comment()), "totalReplyCount")),
            Drift("commentThread.totalReplyCount"),
        ),
    ],
)
def test_drift_keeps_the_record(body, drift):
    assert read(body, Drift) == [drift]
    assert len(read(body, Mention)) == 1


@pytest.mark.parametrize("found", [-5, "-5", 2.5, "1,200", True, [], "9" * 30], ids=str)
@pytest.mark.parametrize(
    ("field", "column"), [("viewCount", "views"), ("likeCount", "likes"), ("commentCount", "replies")]
)
def test_a_count_that_is_none_is_unknown(field, column, found):
    shown = video()
    mention, numbers = read(answer("video", shown))
    assert read(answer("video", shown | {"statistics": shown["statistics"] | {field: found}})) == [
        mention,
        numbers._replace(**{column: None}),
        Drift(f"video.{field}", found),
    ]


@pytest.mark.parametrize(
    ("field", "found", "changed"),
    [
        ("channelId", ["UC"], {"author_id": None}),
        ("channelId", "U C", {"author_id": None}),
        ("channelTitle", 7, {"community": None}),
        ("title", None, {"title": None}),
        ("title", {"en": "a"}, {"title": None}),
        ("description", 5, {"text": None}),
        ("defaultLanguage", 5, {}),
        ("defaultLanguage", "English", {}),
        ("liveBroadcastContent", [], {}),
    ],
    ids=str,
)
def test_a_side_field_of_a_video_costs_itself(field, found, changed):
    mention, numbers = read(answer("video", video()))
    assert read(answer("video", video(**{field: found}))) == [
        mention._replace(**changed),
        numbers,
        Drift(f"video.{field}", found),
    ]


@pytest.mark.parametrize(
    ("field", "found", "changed"),
    [
        ("authorChannelId", "UC", {"author_id": None}),
        ("authorChannelId", {"value": 5}, {"author_id": None}),
        ("authorDisplayName", 5, {}),
        ("videoId", 5, {}),
        ("likeCount", -1, {"likes": None}),
        ("likeCount", "12", {"likes": 12}),
        ("updatedAt", "soon", {}),
    ],
    ids=str,
)
def test_a_side_field_of_a_comment_costs_itself(field, found, changed):
    mention, author, numbers = read(answer("comment", comment()))
    if "author_id" in changed or field == "authorDisplayName":
        author = None
    if "likes" in changed:
        numbers = numbers._replace(**changed)
    else:
        mention = mention._replace(**changed)
    drift = None if changed == {"likes": 12} else Drift(f"comment.{field}", found)
    expected = [mention, author, numbers, drift]
    assert read(answer("comment", comment(**{field: found}))) == [record for record in expected if record]


@pytest.mark.parametrize(
    ("change", "drift"),
    [
        ({"snippet": {}}, Drift("channel.title")),
        ({"snippet": {"title": 5}}, Drift("channel.title", 5)),
        ({"id": 7}, Drift("channel.id", 7)),
    ],
    ids=str,
)
def test_a_channel_that_can_not_be_read_is_no_post(change, drift):
    item = {"kind": "youtube#channel", "id": OWNER, "snippet": {"title": "Halmora"}}
    assert read(answer("channel", item | change)) == [drift]


def test_an_author_of_many_comments_comes_once():
    body = answer("comment", comment(), comment("Ug2", authorDisplayName="Reader"), comment("Ug3"))
    assert len(read(body, Author)) == 1


def test_one_id_with_two_texts_is_not_hidden():
    body = answer("comment", comment(), comment(textOriginal="otherwise"))
    assert [mention.text for mention in read(body, Mention)] == ["a < b", "otherwise"]


def test_an_answer_that_does_not_say_what_it_answers_hangs_where_it_stands():
    [_, mention] = read(answer("commentThread", thread(comment(), comment("Ux9"))), Mention)
    assert (mention.parent_id, mention.root_id) == ("youtube:Ug1", f"youtube:{VIDEO}")
    beside = {"video": {"id": VIDEO}, "parent": {"id": "Ug1", "author": OWNER}}
    assert only({**beside, "answer": answer("comment", comment("Ux9"))}, Mention) == mention


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 403, "message": "no", "errors": [{"reason": "quotaExceeded"}]}},
        {"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 0}},
        answer("playlistItem", {"kind": "youtube#playlistItem", "id": "x", "contentDetails": {}}),
    ],
)
def test_known_and_without_posts(body):
    assert read(body) == []


@pytest.mark.parametrize("body", [None, "<html>", [], {}, {"kind": "x"}, {"kind": "youtube#video", "items": None}])
def test_no_answer_is_set_aside_whole(body):
    [misfit] = read(body)
    assert (type(misfit), misfit.place) == (Misfit, "page")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (7, "is not an item"),
        ({"kind": "youtube#caption"}, "is of a kind"),
        (video() | {"id": None}, "no readable id"),
        (without(video(), "publishedAt"), "no publishedAt"),
        (video(publishedAt="yesterday"), "no publishedAt"),
        (without(without(comment(), "textOriginal"), "textDisplay"), "without a text"),
        (thread(comment()) | {"snippet": {}}, "no readable id"),
        (without(without(video(), "title"), "description"), "without title and description"),
    ],
)
def test_misfit_costs_itself(item, reason):
    found = read({"kind": "youtube#listResponse", "items": [item, video()]}, Mention, Misfit)
    assert [type(record) for record in found] == [Misfit, Mention]
    assert reason in found[0].reason
    assert found[0].place.startswith("items[0]")


WHOLE = {
    **{"video": {"id": VIDEO, "channelId": OWNER}, "parent": {"id": "Ug1", "author": READER}},
    **{"asked": ["youtube:Ug1"], "known": {"Ug1": {"video": VIDEO, "community": "Halmora"}}},
    "answer": answer("any", video(), thread(comment(), comment("Ug1.2")), comment("Ug3")),
}


@given(mangled(WHOLE, values=json_values()))
def test_mangled_answers_never_raise(body):
    for record in read(body):
        assert isinstance(record, Mention | Author | Metrics | Interaction | Deletion | Drift | Misfit)
        assert not isinstance(record, Mention) or isinstance(record.text, str | None)


@given(json_values())
def test_anything_at_all_never_raises(body):
    read(body)
