"""What Reddit's answers are read as. Pure: no server."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values, mangled

reddit = CONNECTORS["reddit"]

NEW_YEAR = datetime.fromisoformat("2026-01-01")
EPOCH = 1767225600.0


def records(body):
    return list(reddit.parse(None, Page("r/halmora/new", body)))


def only(body, kind):
    return [record for record in records(body) if isinstance(record, kind)]


def listing(*children):
    return {"kind": "Listing", "data": {"children": list(children), "after": None}}


def post(**more):
    content = {"id": "p1", "name": "t3_p1", "subreddit": "Halmora", "author": "Ines", "title": "Pods", "selftext": "Hi"}
    numbers = {"created_utc": EPOCH, "edited": False, "score": -2, "num_comments": 1, "likes": True}
    place = {"permalink": "/r/Halmora/comments/p1/pods/", "url": "https://www.reddit.com/r/Halmora/comments/p1/pods/"}
    return {"kind": "t3", "data": {**content, **numbers, **place, "is_self": True, **more}}


def comment(id_="c1", parent="t3_p1", replies="", **more):
    content = {"id": id_, "name": f"t1_{id_}", "subreddit": "Halmora", "author": "gerrit", "body": "Nice"}
    numbers = {"created_utc": EPOCH + 60, "edited": EPOCH + 120, "score": 5, "num_comments": 99}
    links = {"link_id": "t3_p1", "parent_id": parent, "permalink": f"/r/Halmora/comments/p1/pods/{id_}/"}
    return {"kind": "t1", "data": {**content, **numbers, **links, "replies": replies, **more}}


def more_stub(*children):
    return {"kind": "more", "data": {"count": len(children), "children": list(children), "parent_id": "t1_c1"}}


TREE = [listing(post()), listing(comment(replies=listing(comment("c2", "t1_c1", author="Ines"), more_stub("c3"))))]


def test_comment_tree_as_rows():
    assert records(TREE) == [
        Mention(
            *("reddit:t3_p1", "reddit", "r/Halmora", "post", "Pods", "Hi"),
            *("https://www.reddit.com/r/Halmora/comments/p1/pods/", "reddit:ines", None, "reddit:t3_p1", NEW_YEAR),
        ),
        Author("reddit:ines", "reddit", "Ines"),
        Metrics("reddit:t3_p1", replies=1, score=-2),
        Mention(
            *("reddit:t1_c1", "reddit", "r/Halmora", "comment", None, "Nice"),
            *("https://www.reddit.com/r/Halmora/comments/p1/pods/c1/", "reddit:gerrit", "reddit:t3_p1", "reddit:t3_p1"),
            *(datetime.fromisoformat("2026-01-01T00:01"), datetime.fromisoformat("2026-01-01T00:02")),
        ),
        Author("reddit:gerrit", "reddit", "gerrit"),
        Metrics("reddit:t1_c1", score=5),  # num_comments of a comment is its post's
        Interaction("reddit:t1_c1", "reddit:gerrit", "reddit:ines", "reply"),
        Mention(
            *("reddit:t1_c2", "reddit", "r/Halmora", "comment", None, "Nice"),
            *("https://www.reddit.com/r/Halmora/comments/p1/pods/c2/", "reddit:ines", "reddit:t1_c1", "reddit:t3_p1"),
            *(datetime.fromisoformat("2026-01-01T00:01"), datetime.fromisoformat("2026-01-01T00:02")),
        ),
        Metrics("reddit:t1_c2", score=5),
        Interaction("reddit:t1_c2", "reddit:ines", "reddit:gerrit", "reply"),
    ]


def test_answer_of_morechildren():
    body = {"json": {"errors": [], "data": {"things": [comment("c7"), more_stub("c8")]}}}
    assert [mention.mention_id for mention in only(body, Mention)] == ["reddit:t1_c7"]
    assert only(body, Misfit) == []


def test_reply_to_the_posts_author_in_a_listing_of_comments():
    assert only(listing(comment(link_author="Mira")), Interaction) == [
        Interaction("reddit:t1_c1", "reddit:gerrit", "reddit:mira", "reply")
    ]


def test_nobody_replies_to_themselves():
    assert only([listing(post()), listing(comment(author="Ines"))], Interaction) == []


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"selftext": ""}, ""),
        ({"selftext": "", "is_self": False, "url": "https://a.example/x?y=1&z=2"}, "https://a.example/x?y=1&z=2"),
        (
            {"selftext": "", "is_self": False, "url": "/r/other/comments/q/"},
            "https://www.reddit.com/r/other/comments/q/",
        ),
        ({"selftext": "look", "is_self": False, "url": "https://a.example/"}, "look"),
        ({"selftext": "a &amp; b"}, "a &amp; b"),
        ({"selftext": "a &lt; b", "selftext_html": "&lt;p&gt;a &amp;lt; b&lt;/p&gt;"}, "a < b"),
    ],
    ids=["no text", "link", "link inside", "text and link", "typed entity", "answer without raw_json"],
)
def test_text_of_a_post(more, text):
    assert only(listing(post(**more)), Mention)[0].text == text


@pytest.mark.parametrize(
    "gone",
    [
        post(author="[deleted]", selftext="[deleted]", title="[deleted by user]"),
        post(selftext="[removed]", removed_by_category="moderator"),
        post(selftext="", removed_by_category="deleted", author="[deleted]"),
        comment(author="[deleted]", body="[deleted]"),
        comment(body="[ Removed by Reddit ]"),
    ],
)
def test_deleted_keeps_nothing_of_what_was_said(gone):
    mention = only(listing(gone), Mention)[0]
    assert (mention.is_deleted, mention.title, mention.text, mention.author_id) == (True, None, None, None)
    assert only(listing(gone), Author) == []


def test_account_deleted_but_words_left():
    mention = only(listing(comment(author="[deleted]")), Mention)[0]
    assert (mention.is_deleted, mention.text, mention.author_id) == (False, "Nice", None)


def test_hidden_score_is_not_known():
    assert only(listing(comment(score_hidden=True)), Metrics) == [Metrics("reddit:t1_c1")]


def test_crosspost_passes_on_its_origin():
    body = listing(post(crosspost_parent_list=[post(author="Mira")["data"]], is_self=False, selftext=""))
    assert only(body, Interaction) == [Interaction("reddit:t3_p1", "reddit:ines", "reddit:mira", "repost")]
    assert len(only(body, Mention)) == 1


@pytest.mark.parametrize("edited", [False, True, None, 0, "yes", float("nan"), 1e300])
def test_edited_without_a_time(edited):
    assert only(listing(comment(edited=edited)), Mention)[0].edited_at is None


@pytest.mark.parametrize(
    "body",
    [{"message": "Forbidden", "error": 403}, {"error": 404}, {"access_token": "x"}, listing(), listing(more_stub())],
)
def test_answers_without_posts(body):
    assert records(body) == []


@pytest.mark.parametrize("body", [None, "", "<html>", 7, [], {}, {"posts": []}, ["a"]])
def test_page_of_another_shape_is_one_misfit(body):
    assert records(body) == [Misfit("is not a listing, a comment tree or an answer of morechildren", "page", body)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "is not a thing with kind and data"),
        ({"kind": "t9", "data": {}}, "has a kind that Reddit doesn't document"),
        ({"kind": "t1"}, "has no data"),
        (comment(name="t1_Ü", id=None), "has no readable id"),
        (comment(created_utc=None), "has no created_utc, so its time can't be told"),
        (comment(body=None), "is a comment without a body"),
        (post(title=None, selftext=None), "is a post without title and text"),
        ({"kind": "Listing", "data": None}, "is a listing without a list of children"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_record_costs_only_itself(bad, reason):
    body = listing(post(), bad, comment())
    assert only(body, Misfit) == [Misfit(reason, "children[1]", bad)]
    assert len(only(body, Mention)) == 2


@pytest.mark.parametrize(
    ("field", "found", "changed"),
    [
        ("num_comments", -1, {"replies": None}),
        ("num_comments", 2.5, {"replies": None}),
        ("num_comments", "7", {"replies": None}),
        ("num_comments", True, {"replies": None}),
        ("score", "many", {"score": None}),
        ("score", 10**30, {"score": None}),
        ("author", None, {"author_id": None}),
        ("author", {"name": "Ines"}, {"author_id": None}),
        ("subreddit", 7, {"community": None}),
        ("title", ["Pods"], {"title": None}),
        ("selftext", {"a": 1}, {"text": None}),
        ("permalink", 5, {"url": "https://www.reddit.com/r/Halmora/comments/p1/"}),
        ("permalink", "https://a.example/", {"url": "https://www.reddit.com/r/Halmora/comments/p1/"}),
        ("edited", "yesterday", {}),
    ],
    ids=str,
)
def test_a_side_field_that_can_not_be_read_costs_itself(field, found, changed):
    mention, author, numbers = records(listing(post()))
    read = records(listing(post(**{field: found})))
    if "author_id" in changed:
        author = None
    if changed.keys() & numbers._asdict().keys():
        numbers = numbers._replace(**changed)
    else:
        mention = mention._replace(**changed)
    expected = [mention, author, numbers, Drift(f"post.{field}", found)]
    assert read == [record for record in expected if record]


@pytest.mark.parametrize("found", ["t3-p1", 7, {}])
@pytest.mark.parametrize(("field", "lost"), [("parent_id", "parent_id"), ("link_id", "root_id")])
def test_a_thread_that_can_not_be_told_is_not_known(field, lost, found):
    body = listing(comment(**{field: found}))
    assert only(body, Mention) == [only(listing(comment()), Mention)[0]._replace(**{lost: None})]
    assert only(body, Drift) == [Drift(f"comment.{field}", found)]


def test_a_score_below_zero_is_one():
    assert only(listing(post(score=-40)), Metrics) == [Metrics("reddit:t3_p1", replies=1, score=-40)]
    assert only(listing(post(score=-40)), Drift) == []


def test_a_post_with_a_link_alone_is_kept():
    body = listing(post(title=None, selftext=None, is_self=False, url="https://a.example/"))
    assert [(mention.title, mention.text) for mention in only(body, Mention)] == [(None, "https://a.example/")]


def test_an_author_of_many_posts_comes_once():
    body = listing(post(), post(id="p2", name="t3_p2"), comment(author="INES"))
    assert [author.author_id for author in only(body, Author)] == ["reddit:ines"]


def test_one_id_with_two_texts_is_not_hidden():
    body = listing(comment(), comment(body="Otherwise"))
    assert [(mention.mention_id, mention.text) for mention in only(body, Mention)] == [
        ("reddit:t1_c1", "Nice"),
        ("reddit:t1_c1", "Otherwise"),
    ]


def test_place_of_a_misfit_in_a_tree():
    tree = [listing(post()), listing(comment(replies=listing(comment("c2", created_utc="soon"))))]
    assert only(tree, Misfit)[0].place == "[1].children[0].replies.children[0]"


def test_thread_deeper_than_python_recurses():
    thread = ""
    for number in range(3000, 0, -1):
        thread = listing(comment(f"c{number}", replies=thread))
    assert len(only([listing(post()), thread], Mention)) == 3001


# Whatever comes ---------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["kind", "data", "children", "replies", "json", "things", "id", "name", "body"]) | st.text()
ANYTHING = json_values(keys=KEYS, most=25)
RECORDS = Mention | Author | Metrics | Interaction | Drift | Misfit


@given(ANYTHING)
def test_any_json_is_read_without_raising(body):
    assert all(isinstance(record, RECORDS) for record in records(body))


@given(mangled(TREE, values=ANYTHING))
def test_any_change_to_a_tree_is_read_without_raising(tree):
    found = records(tree)
    assert all(isinstance(record, RECORDS) for record in found)
    json.dumps([record.raw for record in found if isinstance(record, Misfit)])
