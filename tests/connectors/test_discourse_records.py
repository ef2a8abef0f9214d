"""What the Discourse connector reads from answers."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values

discourse = CONNECTORS["discourse"]

SITE = "https://forum.example/talk"
SETTINGS = discourse.Settings(id="talk", type="discourse", site=SITE)
PLACE = "discourse:forum.example/talk/"


def post(**more):
    return {
        **{"id": 501, "topic_id": 40, "post_number": 1, "post_type": 1, "username": "Sam", "name": "Sam S."},
        **{"created_at": "2026-03-02T07:41:09.250Z", "updated_at": "2026-03-02T09:00:00.000Z", "version": 1},
        **{"cooked": "<p>Good <b>morning</b></p>", "topic_slug": "good-morning", "user_id": 12, "reads": 9},
        **{"reply_count": 2, "reply_to_post_number": None, "actions_summary": [{"id": 2, "count": 4}], **more},
    }


def newest(*posts):
    return {"latest_posts": list(posts)}


def topic(*posts, **more):
    return {"post_stream": {"posts": list(posts), "stream": []}, "id": 40, "title": "Good morning", **more}


def parse(body, endpoint=""):
    return list(discourse.parse(SETTINGS, Page(endpoint, body)))


def only(kind, records):
    return [record for record in records if isinstance(record, kind)]


def mention(records):
    [found] = only(Mention, records)
    return found


# Whole records ------------------------------------------------------------------------------------------------


def test_a_post_of_the_newest_posts():
    body = {
        "categories": {"7": "help/lamps"},
        "answer": newest(post(topic_title="Good & morning", category_id=7, posts_count=6)),
    }
    assert parse(body) == [
        Mention(
            *(PLACE + "t/40/1", "discourse", "forum.example/talk/help/lamps", "post", "Good & morning", "Good morning"),
            *(f"{SITE}/t/good-morning/40/1", PLACE + "u/sam", None, PLACE + "t/40/1"),
            datetime(2026, 3, 2, 7, 41, 9, 250_000),
        ),
        Metrics(PLACE + "t/40/1", likes=4, replies=5),
        Author(PLACE + "u/sam", "discourse", "Sam", "Sam S."),
    ]


def test_an_answer_in_a_topic_that_knows_more_than_its_posts():
    answer = post(id=502, post_number=3, reply_to_post_number=2, reply_to_user={"username": "Ann"})
    records = parse({"categories": {"7": "help"}, "topic": {"category_id": 7}, "answer": topic(answer)})
    assert records == [
        Mention(
            *(PLACE + "t/40/3", "discourse", "forum.example/talk/help", "comment", None, "Good morning"),
            *(f"{SITE}/t/good-morning/40/3", PLACE + "u/sam", PLACE + "t/40/2", PLACE + "t/40/1"),
            datetime(2026, 3, 2, 7, 41, 9, 250_000),
        ),
        Metrics(PLACE + "t/40/3", likes=4, replies=2, views=9),
        Author(PLACE + "u/sam", "discourse", "Sam", "Sam S."),
        Interaction(PLACE + "t/40/3", PLACE + "u/sam", PLACE + "u/ann", "reply"),
    ]


def test_the_same_post_has_the_same_id_in_every_answer():
    bodies = [newest(post()), topic(post()), post(), {"posts": [post()], "topics": []}]
    assert {mention(parse(body)).mention_id for body in bodies} == {PLACE + "t/40/1"}


def test_views_and_replies_of_an_opening_post_are_those_of_its_topic():
    assert only(Metrics, parse(topic(post(), posts_count=6, views=300))) == [
        Metrics(PLACE + "t/40/1", likes=4, replies=5, views=300)
    ]


@pytest.mark.parametrize(
    ("told", "likes"),
    [
        ({"actions_summary": []}, 0),
        ({"actions_summary": [{"id": 3, "count": 9}]}, 0),
        ({"actions_summary": [{"id": 2, "hidden": False}]}, None),
        ({"actions_summary": None, "like_count": 3}, 3),
        ({"actions_summary": None}, None),
    ],
)
def test_likes(told, likes):
    assert only(Metrics, parse(newest(post(**told))))[0].likes == likes


def test_who_answers_names_and_quotes_whom():
    cooked = (
        '<aside class="quote no-group" data-username="Bo" data-post="1"><blockquote><p>as '
        '<a class="mention" href="/u/cleo">@cleo</a> said</p></blockquote></aside>'
        '<p><a class="mention" href="/talk/u/ann">@Ann</a> and <a class="mention" href="/u/sam">@sam</a></p>'
    )
    records = parse(topic(post(username="Dee"), post(id=502, post_number=2, cooked=cooked)))
    assert only(Interaction, records) == [
        Interaction(PLACE + "t/40/2", PLACE + "u/sam", PLACE + "u/dee", "reply"),
        Interaction(PLACE + "t/40/2", PLACE + "u/sam", PLACE + "u/ann", "mention"),
        Interaction(PLACE + "t/40/2", PLACE + "u/sam", PLACE + "u/bo", "quote"),
    ]


def test_who_opened_the_topic_is_answered_where_the_answer_is_to_nobody_else():
    rest = topic(post(id=502, post_number=31), details={"created_by": {"username": "Dee"}})
    assert only(Interaction, parse(rest)) == [Interaction(PLACE + "t/40/31", PLACE + "u/sam", PLACE + "u/dee", "reply")]


@pytest.mark.parametrize(("version", "edited"), [(2, datetime(2026, 3, 2, 9)), (1, None), (None, None)])
def test_an_edit(version, edited):
    assert mention(parse(newest(post(version=version)))).edited_at == edited


def test_an_old_forum_in_another_zone():
    found = mention(parse(newest(post(created_at="2014-03-02T07:41:09-05:00"))))
    assert found.created_at == datetime(2014, 3, 2, 12, 41, 9)


def test_text_keeps_lines_links_emoji_and_code_and_no_notes_below_pictures():
    cooked = (
        '<p>Look<br>here 🌱: <a href="https://x.example/a">this</a></p><pre><code>a &lt; b\n</code></pre>'
        '<div class="lightbox-wrapper"><a class="lightbox" href="https://x.example/p.jpg">'
        '<img alt="my basil" src="p.jpg"><div class="meta"><span class="filename">p.jpg</span>'
        '<span class="informations">1920×1080 120 KB</span></div></a></div>'
    )
    text = mention(parse(newest(post(cooked=cooked)))).text
    assert text is not None
    assert text.startswith("Look\nhere 🌱: this (https://x.example/a)\n\n```\na < b\n```\n\nmy basil")
    assert "120 KB" not in text


@pytest.mark.parametrize(
    ("told", "deleted_at"),
    [
        ({"deleted_at": "2026-03-05T00:00:00Z"}, datetime(2026, 3, 5)),
        ({"user_deleted": True, "cooked": "<p>(post deleted by author)</p>"}, None),
        ({"hidden": True, "cooked": "<p>This post was flagged</p>"}, None),
    ],
    ids=["deleted", "deleted by its author", "hidden"],
)
def test_what_was_taken_down_keeps_neither_text_nor_author(told, deleted_at):
    records = parse(newest(post(topic_title="t", **told)))
    [found] = records
    assert (found.is_deleted, found.deleted_at) == (True, deleted_at)
    assert (found.title, found.text, found.author_id) == (None, None, None)


def test_posts_of_a_deleted_topic_are_deleted():
    found = mention(parse(topic(post(), deleted_at="2026-03-05T00:00:00Z")))
    assert (found.deleted_at, found.text) == (datetime(2026, 3, 5), None)


def test_an_author_who_is_gone():
    records = parse(newest(post(username=None, name=None, user_id=None)))
    assert mention(records).author_id is None
    assert only(Author, records) == only(Drift, records) == []


def test_the_forum_itself_is_a_bot():
    assert only(Author, parse(newest(post(username="system", user_id=-1))))[0].is_bot is True


def test_without_settings_nothing_is_said_of_the_forum():
    found = mention(list(discourse.parse(None, Page("", newest(post())))))
    assert (found.mention_id, found.author_id, found.url) == ("discourse:t/40/1", "discourse:u/sam", None)


# What is left out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        newest(post(post_type=3, action_code="closed.enabled")),
        newest(post(post_type=4)),
        topic(post(), archetype="private_message"),
        {"posts": [post()], "topics": [{"id": 40, "archetype": "private_message"}]},
        {"topic_list": {"topics": [{"id": 40, "title": "t"}]}},
        {"category_list": {"categories": []}},
        {"user_actions": []},
        {"errors": ["no"], "error_type": "not_found"},
    ],
    ids=["small action", "whisper", "message", "message found", "topics", "categories", "actions", "refusal"],
)
def test_what_is_no_mention(body):
    assert parse(body) == []


def test_a_moderators_post_is_a_post():
    assert mention(parse(newest(post(post_type=2)))).text == "Good morning"


def test_a_search_leads_to_posts_and_says_the_start_of_them():
    hit = {name: post()[name] for name in ("id", "topic_id", "post_number", "username", "name", "created_at")}
    body = {"posts": [{**hit, "blurb": "Good mor…", "like_count": 1}], "topics": [{"id": 40, "title": "Good morning"}]}
    assert parse(body, "search") == []
    found = mention(parse(body))
    assert (found.title, found.text) == ("Good morning", "Good mor…")


def test_what_was_asked_for_and_is_gone():
    asked = [PLACE + "t/40/1", PLACE + "t/40/2"]
    assert parse({"asked": asked, "answer": None}, "recheck topic") == [Deletion(asked[0]), Deletion(asked[1])]
    again = parse({"asked": asked[:1], "answer": topic(post())}, "recheck topic")
    assert (mention(again).text, only(Deletion, again)) == ("Good morning", [])


# What can't be read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("text", "has no readable fields"),
        (post(post_number="one"), "has no readable topic and number"),
        (post(topic_id=None), "has no readable topic and number"),
        (post(created_at="yesterday"), "has no readable time"),
        (post(created_at=None), "has no readable time"),
    ],
)
def test_a_post_that_can_not_be_read_costs_itself(broken, reason):
    records = parse(newest(broken, post()))
    assert only(Misfit, records) == [Misfit(reason, "latest_posts[0]", broken)]
    assert mention(records).mention_id == PLACE + "t/40/1"


@pytest.mark.parametrize("body", ["<rss></rss>", [1], 7, None, {}, {"question_id": 1}])
def test_what_is_no_answer_of_a_forum(body):
    assert parse(body) == [Misfit("is not an answer of Discourse's JSON API", "page", body)]


@pytest.mark.parametrize(
    ("more", "without", "drift"),
    [
        ({"post_type": 9}, None, Drift("post.post_type", 9)),
        ({}, "post_type", Drift("post.post_type")),
        ({}, "cooked", Drift("post.cooked")),
        ({}, "username", Drift("post.username")),
    ],
)
def test_drift_is_told_and_the_post_kept(more, without, drift):
    records = parse(newest({name: value for name, value in post(**more).items() if name != without}))
    assert only(Drift, records) == [drift]
    assert mention(records).mention_id == PLACE + "t/40/1"


LATER = {"id": 502, "post_number": 3, "reply_to_post_number": 2}


@pytest.mark.parametrize("value", [-5, 2.5, "3", True, [3], 10**20])
@pytest.mark.parametrize(
    ("more", "field", "lost"),
    [
        ({}, "posts_count", "replies"),
        (LATER, "reply_count", "replies"),
        (LATER, "reads", "views"),
        ({"actions_summary": None}, "like_count", "likes"),
    ],
)
def test_a_count_that_cannot_be_read_costs_itself(value, more, field, lost):
    before, after = parse(newest(post(**more))), parse(newest(post(**{**more, field: value})))
    assert after == [
        Drift(f"post.{field}", value),
        *(record._replace(**{lost: None}) if isinstance(record, Metrics) else record for record in before),
    ]


@pytest.mark.parametrize("value", [-4, "4", 1.5])
def test_likes_that_cannot_be_read_cost_themselves(value):
    records = parse(newest(post(actions_summary=[{"id": 2, "count": value}])))
    assert only(Drift, records) == [Drift("post.likes", value)]
    assert only(Metrics, records) == [Metrics(PLACE + "t/40/1")]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("topic_title", 5, {"title": None}),
        ("cooked", ["<p>a</p>"], {"text": None}),
        ("updated_at", "yesterday", {}),
        ("version", "two", {}),
        ("hidden", "no", {}),
        ("user_deleted", 0, {}),
        ("actions_summary", {"2": 4}, {}),
        ("category_id", "help", {}),
    ],
)
def test_a_side_field_that_cannot_be_read_costs_itself(field, value, lost):
    records = parse(newest(post(**{"topic_title": "Good morning", field: value})))
    assert only(Drift, records) == [Drift(f"post.{field}", value)]
    assert mention(records) == mention(parse(newest(post(topic_title="Good morning"))))._replace(**lost)


@pytest.mark.parametrize("username", [5, ["Sam"], {}])
def test_an_account_that_cannot_be_read_costs_itself(username):
    found, metrics, _ = parse(newest(post()))
    assert parse(newest(post(username=username))) == [
        Drift("post.username", username),
        found._replace(author_id=None),
        metrics,
    ]


@pytest.mark.parametrize(("field", "value", "lost"), [("name", 5, {"name": None}), ("user_id", "12", {})])
def test_a_field_of_an_account_that_cannot_be_read_costs_itself(field, value, lost):
    *rest, author = parse(newest(post()))
    assert parse(newest(post(**{field: value}))) == [Drift(f"author.{field}", value), *rest, author._replace(**lost)]


def test_a_post_deleted_at_a_moment_that_cannot_be_read_is_deleted():
    drift, found = parse(newest(post(deleted_at="yesterday")))
    assert drift == Drift("post.deleted_at", "yesterday")
    assert (found.is_deleted, found.deleted_at, found.text, found.author_id) == (True, None, None, None)


@pytest.mark.parametrize(
    ("told", "parent"),
    [({"reply_to_post_number": None}, "t/40/1"), ({"reply_to_post_number": 2}, "t/40/2"), ({}, None)],
    ids=["the opening post", "another", "not told"],
)
def test_an_answer_claims_no_parent_that_it_does_not_tell(told, parent):
    answer = {name: value for name, value in post(post_number=3).items() if name != "reply_to_post_number"}
    found = mention(parse(newest({**answer, **told})))
    assert (found.kind, found.parent_id, found.root_id) == ("comment", parent and PLACE + parent, PLACE + "t/40/1")


def test_an_answer_to_what_cannot_be_read_answers_nothing_known():
    records = parse(newest(post(post_number=3, reply_to_post_number="two", reply_to_user=None)))
    assert only(Drift, records) == [Drift("post.reply_to_post_number", "two")]
    assert mention(records).parent_id is None


def test_what_a_forum_does_not_tell_is_no_drift():
    told = ("id", "topic_id", "post_number", "post_type", "username", "created_at", "cooked")
    bare = {name: post()[name] for name in told} | {"name": None, "user_id": None, "category_id": None}
    found = parse(newest(bare))
    assert found == [
        mention(found),
        Metrics(PLACE + "t/40/1"),
        Author(PLACE + "u/sam", "discourse", "Sam"),
    ]


def test_an_account_of_many_posts_comes_once_in_its_fullest_version():
    short = post(id=502, post_number=2, name=None)
    for page in ([post(), short, short], [short, post(), short]):
        assert only(Author, parse(newest(*page))) == [Author(PLACE + "u/sam", "discourse", "Sam", "Sam S.")]


def test_one_id_with_two_texts_is_not_hidden():
    found = only(Mention, parse(newest(post(), post(cooked="<p>Other words</p>"))))
    assert [one.text for one in found] == ["Good morning", "Other words"]


WILD = json_values(keys=st.sampled_from([*post(), "posts"]))


@given(st.dictionaries(st.sampled_from([*post(), "topic_title", "reply_to_user", "hidden", "deleted_at"]), WILD), WILD)
def test_no_mangled_post_raises(changes, head):
    for body in (
        newest({**post(), **changes}),
        topic(post(**changes)),
        {"answer": topic(post(**changes)), "topic": head},
    ):
        for record in parse(body):
            assert isinstance(record, tuple)


@given(
    WILD | st.dictionaries(st.sampled_from(["post_stream", "latest_posts", "posts", "topics", "answer", "asked"]), WILD)
)
def test_no_mangled_answer_raises(body):
    parse(body)
    parse({"answer": body, "categories": body, "topic": body})


@pytest.mark.parametrize(
    "part", ['<div class="meta">', "<aside ", '<aside class="quote', '<a class="mention" href="/u/']
)
def test_hostile_markup_takes_no_longer_than_its_length(part):
    assert mention(parse(newest(post(cooked=part * 200_000))))


def test_records_can_be_written_down():
    assert json.dumps(parse(newest(post())), default=str)
