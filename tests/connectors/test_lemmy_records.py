"""What is read out of a Lemmy server's answers: whole records, and no answer that breaks the reading."""

from datetime import datetime

import pytest
from hypothesis import given

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values, mangled

lemmy = CONNECTORS["lemmy"]

POST = {
    "post": {
        "id": 180,
        "name": "Which garden & why?",
        "body": "Halmora **One** or [that](https://plants.example)?\n\n> quoted",
        "url": "https://plants.example/a",
        "removed": False,
        "deleted": False,
        "locked": False,
        "published": "2026-04-21T08:00:00.254290",
        "updated": "2026-04-21T09:00:00.000000Z",
        "ap_id": "https://leafy.example/post/180",
        "local": True,
    },
    "creator": {
        "id": 14,
        "name": "Mira_G",
        "display_name": "Mira 🌿",
        "published": "2023-06-12T22:09:11.363420Z",
        "actor_id": "https://leafy.example/u/Mira_G",
        "bot_account": False,
    },
    "community": {"id": 29, "name": "counter_gardens", "actor_id": "https://leafy.example/c/counter_gardens"},
    "counts": {"post_id": 180, "comments": 7, "score": -1, "upvotes": 1, "downvotes": 2},
}
COMMENT = {
    "comment": {
        "id": 900,
        "content": "Ask [@mira_g@leafy.example](https://leafy.example/u/mira_g) or [@tom](https://leafy.example/u/tom@soil.example)",
        "removed": False,
        "deleted": False,
        "published": "2026-04-21T10:00:00.5Z",
        "ap_id": "https://social.example/users/toot/statuses/77",
        "path": "0.900",
    },
    "creator": {"id": 20, "name": "toot", "actor_id": "https://social.example/users/toot", "bot_account": True},
    "post": POST["post"],
    "community": POST["community"],
    "counts": {"comment_id": 900, "score": 4, "child_count": 1},
}
BELOW = {
    **COMMENT,
    "comment": {
        **{"id": 901, "content": "yes", "removed": False, "deleted": False, "published": "2026-04-21T11:00:00Z"},
        **{"ap_id": "https://leafy.example/comment/901", "path": "0.900.901"},
    },
    "creator": POST["creator"],
}
MIRA, TOOT, TOM = (f"fediverse:{name}" for name in ("mira_g@leafy.example", "toot@social.example", "tom@soil.example"))
POST_ID = "fediverse:https://leafy.example/post/180"
COMMENT_ID = "fediverse:https://social.example/users/toot/statuses/77"
PLACE = "!counter_gardens@leafy.example"


def at(text):
    return datetime.fromisoformat(f"2026-04-21T{text}")


def parsed(body, settings=None):
    return list(lemmy.parse(settings, Page("", body)))


def changed(view, kind, **more):
    return {**view, kind: {**view[kind], **more}}


def test_a_post():
    assert parsed({"posts": [POST]}) == [
        Mention(
            *(POST_ID, "lemmy", PLACE, "post", "Which garden & why?"),
            "Halmora **One** or [that](https://plants.example)?\n\n> quoted",
            *("https://leafy.example/post/180", MIRA, None, POST_ID, at("08:00:00.254290"), at("09:00:00")),
        ),
        Metrics(POST_ID, replies=7, score=-1),
        Author(
            *(MIRA, "lemmy", "Mira_G@leafy.example", "Mira 🌿", None),
            datetime.fromisoformat("2023-06-12T22:09:11.363420"),
            is_bot=False,
        ),
    ]


def test_a_comment_from_another_network_that_names_people():
    assert parsed({"comments": [COMMENT]}) == [
        Mention(
            *(COMMENT_ID, "lemmy", PLACE, "comment", None, COMMENT["comment"]["content"]),
            *("https://social.example/users/toot/statuses/77", TOOT, POST_ID, POST_ID, at("10:00:00.5")),
        ),
        Metrics(COMMENT_ID, replies=1, score=4),
        Author(TOOT, "lemmy", "toot@social.example", is_bot=True),
        Interaction(COMMENT_ID, TOOT, MIRA, "mention"),
        Interaction(COMMENT_ID, TOOT, TOM, "mention"),
    ]


def test_who_is_answered_is_known_from_the_page_or_from_beside_it():
    both = parsed({"posts": [POST], "comments": [COMMENT, BELOW]})
    assert Interaction(COMMENT_ID, TOOT, MIRA, "reply") in both
    assert Interaction("fediverse:https://leafy.example/comment/901", MIRA, TOOT, "reply") in both
    beside = {"posts": {}, "comments": {"900": [COMMENT_ID, TOOT]}}
    [mention, *rest] = parsed({"answer": {"comments": [BELOW]}, "above": beside})
    assert mention.parent_id == COMMENT_ID
    assert Interaction(mention.mention_id, MIRA, TOOT, "reply") in rest
    alone = parsed({"comments": [BELOW]})
    assert (alone[0].parent_id, alone[0].root_id) == (None, POST_ID)
    assert not [record for record in alone if isinstance(record, Interaction)]


def test_the_address_is_the_one_where_the_team_can_answer():
    own = lemmy.Settings(id="l", type="lemmy", site="https://other.example", search=True)
    [mention, *_] = parsed({"comments": [COMMENT]}, own)
    assert (mention.mention_id, mention.url) == (COMMENT_ID, "https://other.example/comment/900")


def test_a_link_without_words_is_its_text():
    view = changed(POST, "post", body=None)
    assert parsed({"posts": [view]})[0].text == "https://plants.example/a"


@pytest.mark.parametrize("flag", ["deleted", "removed"])
def test_what_was_taken_down_keeps_neither_text_nor_author(flag):
    view = changed(COMMENT, "comment", **{flag: True})
    assert parsed({"comments": [view]}) == [
        Mention(
            *(COMMENT_ID, "lemmy", PLACE, "comment", None, None, "https://social.example/users/toot/statuses/77", None),
            *(POST_ID, POST_ID, at("10:00:00.5")),
            is_deleted=True,
        )
    ]
    assert parsed({"asked": [COMMENT_ID], "answer": {"comment_view": view}, "above": {}}) == [Deletion(COMMENT_ID)]


def test_what_became_of_a_post():
    assert parsed({"asked": [POST_ID], "answer": None, "above": {}}) == [Deletion(POST_ID)]
    answer = {"post_view": POST, "community_view": {}, "moderators": [], "cross_posts": []}
    assert parsed({"asked": [POST_ID], "answer": answer, "above": {}}) == parsed({"posts": [POST]})


@pytest.mark.parametrize(
    "body",
    [
        {"post_view": POST},
        {"type_": "Posts", "posts": [POST], "comments": [], "communities": [], "users": []},
        {"post": POST},
        POST,
    ],
    ids=["one post", "a search", "an address resolved", "a view alone"],
)
def test_the_same_post_in_other_answers(body):
    assert parsed(body) == parsed({"posts": [POST]})


def test_views_of_api_v4():
    post = {
        **{"id": 180, "name": "Which?", "body": "Halmora?", "removed": False, "deleted": False},
        **{"published_at": "2026-04-21T08:00:00.25Z", "updated_at": "2026-04-21T09:00:00Z", "comments": 7, "score": 2},
        "ap_id": "https://leafy.example/post/180",
    }
    comment = {
        **{
            "id": 900,
            "content": "yes",
            "removed": False,
            "deleted": False,
            "path": "0.900",
            "score": 1,
            "child_count": 0,
        },
        **{"published_at": "2026-04-21T10:00:00Z", "ap_id": "https://leafy.example/comment/900"},
    }
    creator = {"name": "Mira_G", "ap_id": "https://leafy.example/u/Mira_G", "published_at": "2023-06-12T22:00:00Z"}
    around = {
        "creator": creator,
        "community": {"name": "counter_gardens", "ap_id": "https://leafy.example/c/counter_gardens"},
    }
    found = [{"type_": "post", "post": post, **around}, {"type_": "community", "community": {}}]
    found.append({"type_": "comment", "comment": comment, "post": post, **around})
    records = parsed({"items": found, "next_page": None})
    mentions = [record for record in records if isinstance(record, Mention)]
    assert [(mention.kind, mention.created_at, mention.edited_at) for mention in mentions] == [
        ("post", at("08:00:00.25"), at("09:00:00")),
        ("comment", at("10:00:00"), None),
    ]
    assert {(mention.author_id, mention.community) for mention in mentions} == {(MIRA, PLACE)}
    assert [record for record in records if isinstance(record, Metrics)] == [
        Metrics(POST_ID, replies=7, score=2),
        Metrics("fediverse:https://leafy.example/comment/900", replies=0, score=1),
    ]
    assert [record for record in records if isinstance(record, Drift | Misfit)] == []


@pytest.mark.parametrize("body", [{"error": "couldnt_find_post"}, {"posts": []}, {"communities": []}, {"comments": []}])
def test_answers_without_posts(body):
    assert parsed(body) == []


@pytest.mark.parametrize("body", ["<html>", {"some": "thing"}, [], None, 3])
def test_what_is_no_answer_is_set_aside_whole(body):
    assert parsed(body) == [Misfit("is not an answer of Lemmy's API", "page", body)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("text", "is not a view of a post or comment"),
        (changed(POST, "post", ap_id=None), "has no readable ap_id, so that it can't be told from others"),
        (
            changed(POST, "post", ap_id="javascript:alert(1)"),
            "has no readable ap_id, so that it can't be told from others",
        ),
        (changed(POST, "post", published="soon"), "has no readable time of writing"),
        (changed(POST, "post", published=None), "has no readable time of writing"),
    ],
)
def test_a_bad_view_costs_itself(wrong, reason):
    records = parsed({"posts": [wrong, POST]})
    assert records[0] == Misfit(reason, "posts[0]", wrong)
    assert records[1:] == parsed({"posts": [POST]})


def test_drift_is_told_and_the_post_kept():
    bare = {key: value for key, value in POST.items() if key not in ("creator", "counts")}
    bare["post"] = {key: value for key, value in POST["post"].items() if key != "removed"}
    records = parsed({"posts": [bare]})
    assert [record for record in records if isinstance(record, Drift)] == [
        Drift("post.removed"),
        Drift("post.creator"),
        Drift("post.counts.score"),
    ]
    [mention] = [record for record in records if isinstance(record, Mention)]
    assert (mention.title, mention.author_id) == ("Which garden & why?", None)


@pytest.mark.parametrize("value", [-5, 2.5, "3", True, [3], 10**20])
@pytest.mark.parametrize(("view", "field"), [(POST, "comments"), (COMMENT, "child_count")], ids=["post", "comment"])
def test_a_count_that_cannot_be_read_costs_itself(view, field, value):
    kind = "comment" if "comment" in view else "post"
    mention, metrics, *rest = parsed({"posts": [view]})
    assert parsed({"posts": [changed(view, "counts", **{field: value})]}) == [
        Drift(f"{kind}.counts.{field}", value),
        mention,
        metrics._replace(replies=None),
        *rest,
    ]


@pytest.mark.parametrize("value", [2.5, "3", True, -(10**20)])
def test_a_score_may_be_below_zero_and_is_a_number(value):
    mention, metrics, *rest = parsed({"posts": [POST]})
    assert metrics.score == -1
    assert parsed({"posts": [changed(POST, "counts", score=value)]}) == [
        Drift("post.counts.score", value),
        mention,
        metrics._replace(score=None),
        *rest,
    ]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("name", ["t"], {"title": None}),
        ("name", None, {"title": None}),
        ("body", 5, {"text": "https://plants.example/a"}),
        ("url", {}, {}),
        ("updated", "yesterday", {"edited_at": None}),
    ],
)
def test_a_side_field_that_cannot_be_read_costs_itself(field, value, lost):
    mention, *rest = parsed({"posts": [POST]})
    found = parsed({"posts": [changed(POST, "post", **{field: value})]})
    assert found == [Drift(f"post.{field}", value), mention._replace(**lost), *rest]


@pytest.mark.parametrize("path", [None, 7, "900", "0.x"])
def test_a_comment_that_does_not_tell_what_it_answers_answers_nothing_known(path):
    [drift, mention, *_] = parsed({"comments": [changed(COMMENT, "comment", path=path)]})
    assert drift == Drift("comment.path", path)
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", None, POST_ID)


@pytest.mark.parametrize(
    "creator", [None, "mira", {}, {"name": "Mira_G"}, {"name": 5, "actor_id": "https://a.example"}]
)
def test_an_account_that_cannot_be_read_costs_itself(creator):
    mention, metrics, _ = parsed({"posts": [POST]})
    view = {**POST, "creator": creator}
    assert parsed({"posts": [view]}) == [Drift("post.creator", creator), mention._replace(author_id=None), metrics]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [("display_name", 5, "name"), ("published", "once", "account_created_at"), ("bot_account", "no", "is_bot")],
)
def test_a_field_of_an_account_that_cannot_be_read_costs_itself(field, value, lost):
    *rest, author = parsed({"posts": [POST]})
    found = parsed({"posts": [changed(POST, "creator", **{field: value})]})
    assert found == [Drift(f"author.{field}", value), *rest, author._replace(**{lost: None})]


@pytest.mark.parametrize("community", [None, "plants", {"name": "plants"}])
def test_a_community_that_cannot_be_read_costs_itself(community):
    mention, *rest = parsed({"posts": [POST]})
    found = parsed({"posts": [{**POST, "community": community}]})
    assert found == [Drift("post.community", community), mention._replace(community=None), *rest]


def test_what_a_server_does_not_tell_is_no_drift():
    bare = {name: POST["post"][name] for name in ("id", "name", "removed", "deleted", "published", "ap_id")}
    creator = {name: POST["creator"][name] for name in ("name", "actor_id")}
    assert parsed({"posts": [{**POST, "post": bare, "creator": creator, "counts": {"score": 1}}]}) == [
        parsed({"posts": [POST]})[0]._replace(text=None, edited_at=None),
        Metrics(POST_ID, score=1),
        Author(MIRA, "lemmy", "Mira_G@leafy.example"),
    ]


def test_an_account_of_many_posts_comes_once_in_its_fullest_version():
    short = changed(POST, "post", id=181, ap_id="https://leafy.example/post/181")
    short["creator"] = {name: POST["creator"][name] for name in ("name", "actor_id")}
    for page in ([POST, short], [short, POST], [short, POST, short]):
        records = parsed({"posts": page})
        assert [record for record in records if isinstance(record, Author)] == [parsed({"posts": [POST]})[-1]]


def test_one_id_with_two_texts_is_not_hidden():
    later = changed(POST, "post", body="Other words", updated="2026-04-21T12:00:00Z")
    mentions = [record for record in parsed({"posts": [POST, later]}) if isinstance(record, Mention)]
    assert [mention.text for mention in mentions] == [POST["post"]["body"], "Other words"]


# Wild input -----------------------------------------------------------------------------------------------------

GOOD = (
    {"posts": [POST], "comments": [COMMENT, BELOW]},
    {"post_view": POST},
    {"asked": [COMMENT_ID], "answer": {"comment_view": COMMENT}, "above": {"posts": {"180": [POST_ID, MIRA]}}},
)


@given(mangled(*GOOD, values=json_values()) | json_values())
def test_no_answer_breaks_the_reading(body):
    for record in parsed(body):
        if isinstance(record, Mention):
            assert record.mention_id.startswith("fediverse:http")
            assert not record.is_deleted or (record.text, record.author_id) == (None, None)
