"""What is read out of Hacker News' answers: whole records, and no answer that breaks the reading."""

from datetime import datetime

import pytest
from hypothesis import given

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    Deletion,
    Drift,
    Interaction,
    Mention,
    Metrics,
    Misfit,
    Page,
)
from connectors.hackernews.parse import hit_root
from tests.connectors.mangling import json_values, mangled

hackernews = CONNECTORS["hackernews"]

URL = "https://news.ycombinator.com/item?id="
STORY = {
    "objectID": "47000001",
    "created_at": "2026-04-21T08:00:00.000Z",
    "created_at_i": 1776758400,
    "_tags": ["story", "author_mira", "story_47000001", "show_hn"],
    "author": "mira",
    "title": "Show HN: A garden that doesn&#x27;t need us",
    "url": "https://halmora.example/blog",
    "story_text": None,
    "comment_text": None,
    "points": 41,
    "num_comments": 2,
    "story_id": None,
    "parent_id": None,
    "_highlightResult": {"title": {"value": "x"}},
}
COMMENT = {
    "objectID": "47000002",
    "created_at_i": 1776762000,
    "_tags": ["comment", "author_Ray", "story_47000001"],
    "author": "Ray",
    "title": None,
    "url": None,
    "story_text": None,
    "comment_text": 'It&#x27;s fine.<p>See <a href="https:&#x2F;&#x2F;plants.example&#x2F;a&#x2F;b" rel="nofollow">'
    "https:&#x2F;&#x2F;plants.ex...</a>",
    "points": None,
    "num_comments": None,
    "story_id": 47000001,
    "parent_id": 47000001,
    "children": [47000003],
}
ITEM = {
    "id": 47000002,
    "type": "comment",
    "by": "Ray",
    "parent": 47000001,
    "time": 1776762000,
    "text": "fine",
    "kids": [9],
}
TREE = {
    "id": 47000001,
    "created_at_i": 1776758400,
    "type": "story",
    "author": "mira",
    "title": "Which one?",
    "url": None,
    "text": "<p>This one?</p>",
    "points": 5,
    "parent_id": None,
    "story_id": 47000001,
    "options": [],
    "children": [
        {
            **{"id": 47000002, "created_at_i": 1776762000, "type": "comment", "author": None, "text": None},
            **{"parent_id": 47000001, "story_id": 47000001, "points": None},
            "children": [
                {
                    **{
                        "id": 47000003,
                        "created_at_i": 1776762060,
                        "type": "comment",
                        "author": "ines",
                        "text": "<p>yes</p>",
                    },
                    **{"parent_id": 47000002, "story_id": 47000001, "points": None, "children": []},
                }
            ],
        }
    ],
}


def at(text):
    return datetime.fromisoformat(f"2026-04-21T{text}")


def parsed(body, endpoint=""):
    return list(hackernews.parse(None, Page(endpoint, body)))


def hits(*found):
    return {"hits": list(found), "nbHits": len(found), "page": 0, "nbPages": 1, "hitsPerPage": 1000}


def test_a_story_and_its_comment_as_hits():
    assert parsed(hits(COMMENT, STORY)) == [
        Mention(
            *("hackernews:47000002", "hackernews", None, "comment", None),
            "It's fine.\n\nSee https://plants.example/a/b",
            *(f"{URL}47000002", "hackernews:Ray", "hackernews:47000001", "hackernews:47000001", at("09:00:00")),
        ),
        Metrics("hackernews:47000002", replies=1),
        Author("hackernews:Ray", "hackernews", "Ray"),
        Interaction("hackernews:47000002", "hackernews:Ray", "hackernews:mira", "reply"),
        Mention(
            *("hackernews:47000001", "hackernews", None, "post", "Show HN: A garden that doesn't need us"),
            "https://halmora.example/blog",
            *(f"{URL}47000001", "hackernews:mira", None, "hackernews:47000001", at("08:00:00")),
        ),
        Metrics("hackernews:47000001", replies=2, score=41),
        Author("hackernews:mira", "hackernews", "mira"),
    ]


def test_a_text_goes_before_the_link():
    [mention, *_] = parsed(hits({**STORY, "story_text": "We made <i>this</i>.<p>And that."}))
    assert mention.text == "We made this.\n\nAnd that."


def test_a_question_without_text():
    [mention, *_] = parsed(hits({**STORY, "url": "", "story_text": ""}))
    assert (mention.title, mention.text) == ("Show HN: A garden that doesn't need us", None)


@pytest.mark.parametrize(
    ("tag", "kind"), [("job", "post"), ("poll", "post"), ("story", "post"), ("comment", "comment")]
)
def test_kinds(tag, kind):
    assert parsed(hits({**STORY, "_tags": [tag]}))[0].kind == kind


def test_the_option_of_a_poll_is_no_mention():
    assert parsed(hits({**STORY, "_tags": ["pollopt"]})) == []
    assert parsed({**ITEM, "type": "pollopt", "poll": 7}) == []


def test_an_item_of_the_official_api():
    assert parsed(ITEM) == [
        Mention(
            *("hackernews:47000002", "hackernews", None, "comment", None, "fine", f"{URL}47000002", "hackernews:Ray"),
            *("hackernews:47000001", None, at("09:00:00")),
        ),
        Metrics("hackernews:47000002", replies=1),
        Author("hackernews:Ray", "hackernews", "Ray"),
    ]
    [_, metrics, _] = parsed({key: value for key, value in ITEM.items() if key != "kids"})
    assert metrics == Metrics("hackernews:47000002", replies=0)


@pytest.mark.parametrize("gone", [{"deleted": True}, {"dead": True}])
def test_a_deleted_item_has_neither_text_nor_author(gone):
    assert parsed(ITEM | gone) == [
        Mention(
            *("hackernews:47000002", "hackernews", None, "comment", None, None, f"{URL}47000002", None),
            *("hackernews:47000001", None, at("09:00:00")),
            is_deleted=True,
        )
    ]
    asked = {"asked": ["hackernews:47000002"], "answer": ITEM | gone}
    assert parsed(asked, "recheck item") == [Deletion("hackernews:47000002")]


def test_what_became_of_an_item():
    assert parsed({"asked": ["hackernews:5"], "answer": None}, "recheck item") == [Deletion("hackernews:5")]
    assert parsed({"asked": ["hackernews:47000002"], "answer": ITEM}, "recheck item") == parsed(ITEM)
    assert parsed({"asked": [], "answer": hits(STORY)}, "recheck threads") == parsed(hits(STORY))


def test_a_tree_with_a_deleted_comment_in_it():
    records = parsed(TREE)
    mentions = {record.mention_id[-1]: record for record in records if isinstance(record, Mention)}
    assert [mentions[last].is_deleted for last in "123"] == [False, True, False]
    assert [mentions[last].text for last in "123"] == ["This one?", None, "yes"]
    assert [mentions[last].parent_id for last in "123"] == [None, "hackernews:47000001", "hackernews:47000002"]
    assert {mention.root_id for mention in mentions.values()} == {"hackernews:47000001"}
    assert [record for record in records if isinstance(record, Interaction | Drift | Misfit)] == []


@pytest.mark.parametrize(
    "body", [None, 40000000, [3, 2, 1], {"items": [1], "profiles": ["mira"]}, {"message": "no"}, []]
)
def test_answers_without_posts(body):
    assert parsed(body) == []


@pytest.mark.parametrize("body", ["<html>", {"some": "thing"}, [{}], True, 1.5])
def test_what_is_no_answer_is_set_aside_whole(body):
    assert [(type(record), record.place, record.raw) for record in parsed(body)] == [(Misfit, "page", body)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("text", "is not a hit of the search"),
        ({**STORY, "objectID": "x"}, "has no readable id"),
        ({**STORY, "objectID": None}, "has no readable id"),
        ({**STORY, "created_at_i": None}, "has no readable time"),
        ({**STORY, "created_at_i": 10**15}, "has no readable time"),
        ({**STORY, "created_at_i": "soon"}, "has no readable time"),
    ],
)
def test_a_bad_hit_costs_itself(wrong, reason):
    records = parsed(hits(wrong, COMMENT))
    assert records[0] == Misfit(reason, "hits[0]", wrong)
    assert [record.mention_id for record in records if isinstance(record, Mention)] == ["hackernews:47000002"]


def test_drift_is_told_and_the_item_kept():
    records = parsed(hits({**STORY, "_tags": ["story"], "author": None}))
    assert records[:1] == [Drift("item.author")]
    assert (records[1].author_id, records[1].kind) == (None, "post")
    records = parsed({**ITEM, "type": "essay"})
    assert records[0] == Drift("item.type", "essay")
    assert records[1].kind == "comment"
    assert parsed(hits({**STORY, "_tags": None}))[0] == Drift("item.type", None)


def test_numbers_as_text_in_ids():
    [mention, *_] = parsed(hits({**COMMENT, "objectID": 47000002, "parent_id": "47000001", "story_id": "47000001"}))
    assert (mention.mention_id, mention.parent_id) == ("hackernews:47000002", "hackernews:47000001")


@pytest.mark.parametrize("value", [-5, 2.5, "3", True, [3], 10**20])
def test_a_count_that_cannot_be_read_costs_itself(value):
    mention, metrics, author = parsed(hits(STORY))
    assert parsed(hits({**STORY, "num_comments": value})) == [
        Drift("item.num_comments", value),
        mention,
        metrics._replace(replies=None),
        author,
    ]
    assert parsed({**ITEM, "type": "story", "parent": None, "descendants": value})[0] == Drift(
        "item.descendants", value
    )


@pytest.mark.parametrize(("value", "score"), [(-4, -4), (2.5, None), ("3", None), (True, None)])
def test_a_score_may_be_below_zero_and_is_a_number(value, score):
    records = parsed(hits({**STORY, "points": value}))
    assert [record for record in records if isinstance(record, Metrics)] == [
        Metrics("hackernews:47000001", replies=2, score=score)
    ]
    assert [record for record in records if isinstance(record, Drift)] == (
        [] if score else [Drift("item.points", value)]
    )


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("title", 5, {"title": None}),
        ("url", ["x"], {"text": None}),
        ("author", 7, {"author_id": None}),
        ("story_text", {}, {}),
        ("story_id", "x", {}),
        ("children", 3, {}),
    ],
)
def test_a_side_field_that_cannot_be_read_costs_itself(field, value, lost):
    records = parsed(hits({**STORY, field: value}))
    assert [record for record in records if isinstance(record, Drift)] == [Drift(f"item.{field}", value)]
    assert [record for record in records if isinstance(record, Mention)] == [parsed(hits(STORY))[0]._replace(**lost)]


def test_a_comment_claims_neither_a_parent_nor_a_root_that_it_does_not_tell():
    lost = {**COMMENT, "story_id": None, "parent_id": None}
    [mention] = [record for record in parsed(hits(lost)) if isinstance(record, Mention)]
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", None, None)
    assert hit_root(lost) is None


def test_what_answers_something_is_a_comment_though_its_type_is_unknown():
    records = parsed(hits({**COMMENT, "_tags": ["essay"]}))
    assert records[0] == Drift("item.type", ["essay"])
    assert (records[1].kind, records[1].parent_id, records[1].root_id) == (
        *("comment", "hackernews:47000001", "hackernews:47000001"),
    )


def test_a_node_whose_words_cannot_be_read_is_not_deleted():
    node = {"id": 5, "created_at_i": 1776762000, "type": "comment", "author": 7, "text": 8, "children": []}
    drifts, [mention, *_] = parsed(node)[:2], parsed(node)[2:]
    assert drifts == [Drift("item.author", 7), Drift("item.text", 8)]
    assert (mention.is_deleted, mention.text, mention.author_id) == (False, None, None)


def test_an_account_of_many_posts_comes_once():
    other = {**STORY, "objectID": "47000009", "_tags": ["story"]}
    records = parsed(hits(STORY, other, COMMENT))
    assert [record.author_id for record in records if isinstance(record, Author)] == [
        "hackernews:mira",
        "hackernews:Ray",
    ]


def test_one_id_with_two_texts_is_not_hidden():
    records = parsed(hits(STORY, {**STORY, "title": "Other words"}))
    titles = [record.title for record in records if isinstance(record, Mention)]
    assert titles == ["Show HN: A garden that doesn't need us", "Other words"]


# Wild input -----------------------------------------------------------------------------------------------------

GOOD = (hits(STORY, COMMENT), ITEM, TREE, {"asked": ["x:1"], "answer": ITEM})


@given(mangled(*GOOD, values=json_values()) | json_values())
def test_no_answer_breaks_the_reading(body):
    for record in parsed(body):
        if isinstance(record, Mention):
            assert record.mention_id.startswith("hackernews:")
            assert not record.is_deleted or (record.text, record.author_id) == (None, None)
