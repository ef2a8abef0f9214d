"""What the Stack Exchange connector reads from answers."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values

stackexchange = CONNECTORS["stackexchange"]

SETTINGS = stackexchange.Settings(id="garden", type="stackexchange", site="gardening")
PLACE = "stackexchange:gardening/"
LINK = "https://gardening.stackexchange.com/questions/40/pale-basil"
AT = datetime(2026, 3, 2, 8)
SECONDS = 1772438400


def owner(id_=12, **more):
    return {"user_id": id_, "user_type": "registered", "display_name": "Sam &amp; Jo", "reputation": 7, **more}


def question(**more):
    return {
        **{
            "question_id": 40,
            "creation_date": SECONDS,
            "title": "Pale &quot;basil&quot;",
            "body": "<p>Why <b>pale</b>?</p>",
        },
        **{
            "tags": ["basil", "light"],
            "owner": owner(),
            "score": -1,
            "view_count": 90,
            "answer_count": 2,
            "link": LINK,
        },
        **{"content_license": "CC BY-SA 4.0", "last_activity_date": SECONDS + 60, **more},
    }


def answer(**more):
    return {
        **{"answer_id": 41, "question_id": 40, "creation_date": SECONDS, "body": "<p>Iron.</p>", "owner": owner(13)},
        **{"score": 5, "is_accepted": True, "content_license": "CC BY-SA 3.0", **more},
    }


def comment(**more):
    return {
        **{"comment_id": 7, "post_id": 41, "creation_date": SECONDS, "body": "It <i>is</i>.", "owner": owner()},
        **{"score": 2, "edited": True, "content_license": "CC BY-SA 4.0", **more},
    }


def wrapped(*items, **more):
    return {"items": list(items), "has_more": False, "quota_max": 300, "quota_remaining": 290, **more}


def parse(body, endpoint=""):
    return list(stackexchange.parse(SETTINGS, Page(endpoint, body)))


def only(kind, records):
    return [record for record in records if isinstance(record, kind)]


def mention(records):
    [found] = only(Mention, records)
    return found


# Whole records ------------------------------------------------------------------------------------------------


def test_a_question():
    assert parse(wrapped(question(last_edit_date=SECONDS + 3600))) == [
        Mention(
            *(PLACE + "40", "stackexchange", "gardening", "post", 'Pale "basil"', "Why pale?\n\n[basil] [light]", LINK),
            *(PLACE + "u/12", None, PLACE + "40", AT, datetime(2026, 3, 2, 9)),
            licence="CC BY-SA 4.0",
        ),
        Metrics(PLACE + "40", replies=2, views=90, score=-1),
        Author(PLACE + "u/12", "stackexchange", "Sam & Jo", "Sam & Jo"),
    ]


def test_an_answer_with_what_lies_beside_it():
    beside = {"40": {"question_id": 40, "owner": owner(), "link": LINK}}
    assert parse({"posts": beside, "answer": wrapped(answer())}) == [
        Mention(
            *(PLACE + "41", "stackexchange", "gardening", "comment", None, "Iron."),
            *("https://gardening.stackexchange.com/a/41", PLACE + "u/13", PLACE + "40", PLACE + "40", AT),
            licence="CC BY-SA 3.0",
        ),
        Metrics(PLACE + "41", score=5),
        Author(PLACE + "u/13", "stackexchange", "Sam & Jo", "Sam & Jo"),
        Interaction(PLACE + "41", PLACE + "u/13", PLACE + "u/12", "reply"),
    ]


def test_a_comment_with_what_lies_beside_it():
    beside = {"41": {"question_id": 40, "owner": owner(13), "link": LINK}}
    assert parse({"posts": beside, "answer": wrapped(comment())}) == [
        Mention(
            *(PLACE + "comment/7", "stackexchange", "gardening", "comment", None, "It is.", f"{LINK}#comment7_41"),
            *(PLACE + "u/12", PLACE + "41", PLACE + "40", AT),
            licence="CC BY-SA 4.0",
        ),
        Metrics(PLACE + "comment/7", score=2),
        Author(PLACE + "u/12", "stackexchange", "Sam & Jo", "Sam & Jo"),
        Interaction(PLACE + "comment/7", PLACE + "u/12", PLACE + "u/13", "reply"),
    ]


def test_what_nothing_beside_it_tells_is_not_known():
    found = mention(parse(wrapped(comment())))
    assert (found.parent_id, found.root_id, found.url) == (PLACE + "41", None, None)
    assert only(Interaction, parse(wrapped(comment()))) == []
    assert mention(parse(wrapped(answer()))).root_id == PLACE + "40"


def test_a_comment_to_somebody_else_than_the_author_of_the_post():
    beside = {"41": {"question_id": 40, "owner": owner(13), "link": LINK}}
    records = parse({"posts": beside, "answer": wrapped(comment(reply_to_user=owner(14)))})
    assert only(Interaction, records) == [Interaction(PLACE + "comment/7", PLACE + "u/12", PLACE + "u/14", "reply")]


def test_nobody_answers_themselves():
    beside = {"41": {"question_id": 40, "owner": owner(12), "link": LINK}}
    assert only(Interaction, parse({"posts": beside, "answer": wrapped(comment())})) == []


@pytest.mark.parametrize(
    "gone",
    [{"user_type": "does_not_exist", "display_name": "user12"}, owner(user_type="does_not_exist"), None, "sam", {}],
    ids=["gone", "gone with number", "none", "text", "empty"],
)
def test_an_author_who_is_gone(gone):
    records = parse(wrapped(question(owner=gone)))
    assert mention(records).author_id is None
    assert only(Author, records) == []


def test_markdown_where_there_is_no_html():
    text = mention(parse(wrapped(answer(body=None, body_markdown="a &lt; b\n\n**bold**")))).text
    assert text == "a < b\n\n**bold**"


def test_code_links_and_lines_stay():
    body = "<p>See <a href='https://x.example/a'>this</a>:</p>\n\n<pre><code>if a &lt; b:\n    go()\n</code></pre>"
    text = mention(parse(wrapped(answer(body=body)))).text
    assert text == "See this (https://x.example/a):\n\n```\nif a < b:\n    go()\n```"


def test_without_settings_the_site_is_not_known():
    found = mention(list(stackexchange.parse(None, Page("", wrapped(question())))))
    assert (found.mention_id, found.author_id, found.community) == ("stackexchange:40", "stackexchange:u/12", None)


def test_what_a_search_shows_is_no_mention():
    hit = {"item_type": "answer", "answer_id": 41, "question_id": 40, "excerpt": "Iron…", "creation_date": SECONDS}
    assert parse(wrapped(hit), "search") == parse(wrapped(hit)) == []


# Deletions ----------------------------------------------------------------------------------------------------


def test_what_was_asked_for_and_is_missing_is_gone():
    asked = [PLACE + "40", PLACE + "44"]
    records = parse({"asked": asked, "posts": {}, "answer": wrapped(question())}, "recheck questions")
    assert only(Deletion, records) == [Deletion(PLACE + "44")]
    assert mention(records).mention_id == PLACE + "40"


@pytest.mark.parametrize(
    "answer_",
    [None, {}, {"error_id": 502}, wrapped(has_more=True), {"items": []}],
    ids=["none", "empty", "refusal", "more", "unsaid"],
)
def test_an_answer_that_may_not_be_whole_deletes_nothing(answer_):
    assert only(Deletion, parse({"asked": [PLACE + "40"], "answer": answer_}, "recheck questions")) == []


# What can't be read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("text", "is no item"),
        ({"user_id": 5, "creation_date": SECONDS}, "is no question, answer or comment"),
        (question(question_id="40"), "is no question, answer or comment"),
        (question(creation_date="today"), "has no readable time"),
        (question(creation_date=10**17), "has no readable time"),
    ],
)
def test_an_item_that_can_not_be_read_costs_itself(broken, reason):
    records = parse(wrapped(broken, answer()))
    assert only(Misfit, records) == [Misfit(reason, "items[0]", broken)]
    assert mention(records).mention_id == PLACE + "41"


@pytest.mark.parametrize("body", ["text", [1], 7, None, {}, {"items": 1}])
def test_what_is_no_answer(body):
    assert parse(body) == [Misfit("is not an answer of Stack Exchange: it has no items", "page", body)]


def test_a_refusal_holds_no_posts():
    assert parse({"error_id": 502, "error_name": "throttle_violation", "error_message": "later"}) == []


@pytest.mark.parametrize(
    ("item", "drift"),
    [
        (question(body=None), Drift("question.body")),
        (answer(body=5), Drift("answer.body", 5)),
        (comment(body=""), Drift("comment.body", "")),
        (question(title=None), Drift("question.title")),
        (question(owner=owner(user_type="robot")), Drift("owner.user_type", "robot")),
    ],
)
def test_drift_is_told_and_the_item_kept(item, drift):
    records = parse(wrapped(item))
    assert only(Drift, records) == [drift]
    assert mention(records)


@pytest.mark.parametrize("found", [-5, 2.5, "7", True, [], 10**30], ids=str)
@pytest.mark.parametrize(("field", "column"), [("view_count", "views"), ("answer_count", "replies")])
def test_a_count_that_is_none_is_unknown(field, column, found):
    told, numbers, author = parse(wrapped(question()))
    assert parse(wrapped(question(**{field: found}))) == [
        told,
        numbers._replace(**{column: None}),
        author,
        Drift(f"question.{field}", found),
    ]


def test_a_score_below_zero_is_one():
    assert only(Metrics, parse(wrapped(question(score=-40))))[0].score == -40
    assert only(Drift, parse(wrapped(question(score=-40)))) == []
    assert only(Drift, parse(wrapped(question(score="many")))) == [Drift("question.score", "many")]


@pytest.mark.parametrize(
    ("field", "found", "changed"),
    [
        ("title", 5, {"title": None}),
        ("link", ["https://a.example"], {"url": None}),
        ("link", "javascript:alert(1)", {"url": None}),
        ("tags", "basil", {"text": "Why pale?"}),
        ("content_license", 4, {"licence": None}),
        ("last_edit_date", "soon", {}),
    ],
    ids=str,
)
def test_a_side_field_that_can_not_be_read_costs_itself(field, found, changed):
    told, numbers, author = parse(wrapped(question()))
    assert parse(wrapped(question(**{field: found}))) == [
        told._replace(**changed),
        numbers,
        author,
        Drift(f"question.{field}", found),
    ]


@pytest.mark.parametrize(
    ("told", "drift"),
    [
        ("sam", Drift("question.owner", "sam")),
        (owner("12"), Drift("owner.user_id", "12")),
        (owner(display_name=7), Drift("owner.display_name", 7)),
    ],
    ids=str,
)
def test_an_author_who_can_not_be_read_is_told(told, drift):
    records = parse(wrapped(question(owner=told)))
    assert only(Drift, records) == [drift]
    assert only(Author, records) == []
    assert mention(records).author_id == (PLACE + "u/12" if drift.field == "owner.display_name" else None)


def test_an_author_of_many_posts_comes_once():
    assert len(only(Author, parse(wrapped(question(), answer(owner=owner()), comment())))) == 1


def test_one_id_with_two_texts_is_not_hidden():
    records = parse(wrapped(answer(), answer(body="<p>Otherwise.</p>")))
    assert [told.text for told in only(Mention, records)] == ["Iron.", "Otherwise."]


WILD = json_values(keys=st.sampled_from([*question(), *comment(), "items", "user_id"]))


@given(st.dictionaries(st.sampled_from([*question(), *answer(), *comment(), "reply_to_user", "item_type"]), WILD), WILD)
def test_no_mangled_item_raises(changes, beside):
    for item in (question(), answer(), comment()):
        for record in parse({"posts": {"40": beside, "41": beside}, "answer": wrapped({**item, **changes})}):
            assert isinstance(record, tuple)


@given(WILD | st.dictionaries(st.sampled_from(["items", "answer", "asked", "posts", "error_id", "has_more"]), WILD))
def test_no_mangled_answer_raises(body):
    parse(body)
    parse({"answer": body, "posts": body, "asked": body})


def test_records_can_be_written_down():
    assert json.dumps(parse(wrapped(question(), answer(), comment())), default=str)
