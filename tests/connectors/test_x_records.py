"""What X's answers are read as. Pure: no server."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Interaction, Mention, Metrics, Misfit, Page
from connectors.x.parse import snowflake_time
from tests.connectors.mangling import json_values, mangled

x = CONNECTORS["x"]

SAM, HALMORA, NETTIE = "1001", "1002", "1003"
FIRST, ANSWER, REPOST = "2046300000000000001", "2046400000000000002", "2046500000000000003"
MOMENT = datetime.fromisoformat("2026-04-21T08:00:07")
COUNTS = {"retweet_count": 4, "reply_count": 1, "like_count": 9, "quote_count": 2, "impression_count": 700}


def user(id_, handle, **more):
    return {"id": id_, "username": handle, "name": handle.title(), **more}


def post(id_=FIRST, text="halmora", author=SAM, **more):
    told = {"author_id": author, "conversation_id": FIRST, "created_at": "2026-04-21T08:00:07.000Z", "lang": "en"}
    return {"id": id_, "text": text, "edit_history_tweet_ids": [id_], **told, "public_metrics": COUNTS, **more}


def records(body):
    return list(x.parse(None, Page("recent", body)))


def only(body, kind):
    return [record for record in records(body) if isinstance(record, kind)]


def page(*posts, users=(), tweets=()):
    return {
        "data": list(posts),
        "includes": {"users": list(users), "tweets": list(tweets)},
        "meta": {"result_count": 1},
    }


PAGE = page(
    post(
        ANSWER,
        "@sam @nettie see &lt;https://t.co/abc&gt;",
        HALMORA,
        in_reply_to_user_id=SAM,
        referenced_tweets=[{"type": "replied_to", "id": FIRST}],
        entities={
            "mentions": [{"username": "sam", "id": SAM}, {"username": "nettie"}],
            "urls": [{"url": "https://t.co/abc", "expanded_url": "https://a.example/?b&copy=1"}],
        },
    ),
    users=[
        user(HALMORA, "halmora", public_metrics={"followers_count": 8100}, created_at="2019-05-01T00:00:00.000Z"),
        user(NETTIE, "nettie"),
    ],
    tweets=[post()],
)


def test_answer_as_rows():
    assert records(PAGE) == [
        Author(f"x:{HALMORA}", "x", "halmora", "Halmora", 8100, datetime.fromisoformat("2019-05-01")),
        Author(f"x:{NETTIE}", "x", "nettie", "Nettie"),
        Mention(
            *(f"x:{ANSWER}", "x", None, "comment", None, "@sam @nettie see <https://a.example/?b&copy=1>"),
            *(f"https://x.com/halmora/status/{ANSWER}", f"x:{HALMORA}", f"x:{FIRST}", f"x:{FIRST}", MOMENT),
            network_lang="en",
        ),
        Metrics(f"x:{ANSWER}", likes=9, replies=1, reposts=4, quotes=2, views=700),
        Interaction(f"x:{ANSWER}", f"x:{HALMORA}", f"x:{SAM}", "reply"),
        Interaction(f"x:{ANSWER}", f"x:{HALMORA}", f"x:{NETTIE}", "mention"),
        Mention(
            *(f"x:{FIRST}", "x", None, "post", None, "halmora", f"https://x.com/i/status/{FIRST}", f"x:{SAM}"),
            *(None, f"x:{FIRST}", MOMENT),
            network_lang="en",
        ),
        Metrics(f"x:{FIRST}", likes=9, replies=1, reposts=4, quotes=2, views=700),
    ]


def test_repost_says_all_that_it_passes_on_and_counts_nothing():
    original = post(text="the whole of what was said &amp; meant")
    repost = post(REPOST, "RT @sam: the whole o…", NETTIE, referenced_tweets=[{"type": "retweeted", "id": FIRST}])
    found = records(page(repost, tweets=[original]))
    mention = found[0]
    assert (mention.kind, mention.text, mention.parent_id) == (
        "repost",
        "the whole of what was said & meant",
        f"x:{FIRST}",
    )
    assert Interaction(f"x:{REPOST}", f"x:{NETTIE}", f"x:{SAM}", "repost") in found
    assert [record.mention_id for record in found if isinstance(record, Metrics)] == [f"x:{FIRST}"]
    assert only(page(repost), Mention)[0].text == "RT @sam: the whole o…"


def test_quote():
    quote = post(ANSWER, "look", NETTIE, referenced_tweets=[{"type": "quoted", "id": FIRST}])
    found = records(page(quote, tweets=[post()]))
    assert (found[0].kind, found[0].parent_id) == ("quote", f"x:{FIRST}")
    assert Interaction(f"x:{ANSWER}", f"x:{NETTIE}", f"x:{SAM}", "quote") in found


def test_long_post_is_whole():
    long = {"text": "all of https://t.co/xyz", "entities": {"urls": [{"url": "https://t.co/xyz", "expanded_url": "u"}]}}
    assert only(page(post(text="all…", note_tweet=long)), Mention)[0].text == "all of u"


def test_short_link_that_starts_another():
    links = [{"url": "https://t.co/ab", "expanded_url": "one"}, {"url": "https://t.co/abc", "expanded_url": "two"}]
    text = "https://t.co/abc https://t.co/ab https://t.co/zz"
    assert only(page(post(text=text, entities={"urls": links})), Mention)[0].text == "two one https://t.co/zz"


def test_edit_updates_the_same_mention():
    versions = ["2046300000000000001", "2046302500000000001"]
    old, new = (post(id_, f"version {id_[4:6]}", edit_history_tweet_ids=versions) for id_ in versions)
    new["created_at"] = "2026-04-21T08:10:03.000Z"
    answer = post(ANSWER, "ok", HALMORA, referenced_tweets=[{"type": "replied_to", "id": versions[1]}])
    answer["conversation_id"] = versions[1]
    found = only(page(new, answer, tweets=[old, new]), Mention)
    assert [mention.mention_id for mention in found] == [f"x:{versions[0]}", f"x:{ANSWER}"]
    edited = found[0]
    assert (edited.text, edited.created_at) == (new["text"], snowflake_time(int(versions[0])))
    assert edited.edited_at == datetime.fromisoformat("2026-04-21T08:10:03")
    assert (found[1].parent_id, found[1].root_id) == (f"x:{versions[0]}", f"x:{versions[0]}")


def test_time_from_the_id_where_created_at_is_not_told():
    minimal = {"id": "1212092628029698048", "text": "id and text only"}
    assert only({"data": [minimal]}, Mention)[0].created_at == datetime.fromisoformat("2019-12-31T19:26:16")


def test_id_from_before_ids_held_their_time():
    old = {"id": "29700859246", "text": "2010"}
    assert records({"data": [old]}) == [
        Misfit("has no created_at, so its time can't be told; its id is too old to hold it", "data[0]", old)
    ]


@pytest.mark.parametrize(
    ("told", "kept"),
    [("en", "en"), ("und", None), ("zxx", None), ("qme", None), ("iw", "he"), ("in", "id"), (None, None), (7, None)],
)
def test_language(told, kept):
    assert only(page(post(lang=told)), Mention)[0].network_lang == kept


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"title": "Not Found Error"}]},
        {"meta": {"result_count": 0}},
        {"title": "Unauthorized", "detail": "Unauthorized", "status": 401},
        {"data": [{"start": "2026-01-01T00:00:00Z", "tweet_count": 3}], "meta": {"total_tweet_count": 3}},
        {"id": "1", "action": "delete", "reason": "suspended"},
        {"data": {"id": "1", "type": "tweets", "upload_url": "https://u.example"}},
    ],
    ids=["only errors", "nothing found", "refusal", "counts", "compliance line", "compliance job"],
)
def test_answers_without_posts(body):
    assert records(body) == []


def test_withheld_neighbours_are_no_failure():
    body = page(post()) | {"errors": [{"title": "Authorization Error", "resource_id": "9"}]}
    assert [type(record) for record in records(body)] == [Mention, Metrics]


def test_lookup_of_one_post():
    assert len(only({"data": post()}, Mention)) == 1


@pytest.mark.parametrize("body", [None, "", "<html>", 7, [], [post()], {}, {"posts": []}])
def test_page_of_another_shape_is_one_misfit(body):
    assert [(type(record), record.place, record.raw) for record in records(body)] == [(Misfit, "page", body)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "is not a post"),
        ({"text": "no id"}, "has no readable id"),
        (post(id_=7), "has no readable id"),
        (post("5", text=None), "has no text"),
    ],
)
def test_bad_post_costs_only_itself(bad, reason):
    body = page(post(), bad, post(ANSWER))
    assert only(body, Misfit) == [Misfit(reason, "data[1]", bad)]
    assert len(only(body, Mention)) == 2


@pytest.mark.parametrize(
    ("account", "drift"),
    [
        ({"id": NETTIE}, Drift("user.username")),
        ({"id": NETTIE, "username": 7}, Drift("user.username", 7)),
        ({"id": 5, "username": "nettie"}, Drift("user.id", 5)),
        ("nettie", Drift("user", "nettie")),
    ],
    ids=str,
)
def test_bad_account_costs_only_itself(account, drift):
    found = records(page(post(), users=[user(SAM, "sam"), account]))
    assert found[1] == drift
    assert found[2].url == f"https://x.com/sam/status/{FIRST}"
    assert only(page(post(), users=[account]), Misfit) == []


@pytest.mark.parametrize(
    ("more", "changed"),
    [
        ({"name": 5}, {"name": None}),
        ({"public_metrics": {"followers_count": -1}}, {"followers": None}),
        ({"public_metrics": [3]}, {"followers": None}),
        ({"created_at": "once"}, {"account_created_at": None}),
    ],
    ids=str,
)
def test_a_side_field_of_an_account_costs_itself(more, changed):
    whole = {"public_metrics": {"followers_count": 8}, "created_at": "2019-05-01T00:00:00.000Z"}
    [author] = only(page(users=[user(SAM, "sam", **whole)]), Author)
    [(field, found)] = more.items()
    if isinstance(found, dict):
        [(field, found)] = found.items()
    assert records(page(users=[user(SAM, "sam", **{**whole, **more})])) == [
        author._replace(**changed),
        Drift(f"user.{field}", found),
    ]


@pytest.mark.parametrize("found", [-5, 2.5, "7", True, [], 10**30], ids=str)
@pytest.mark.parametrize(("field", "column"), [("like_count", "likes"), ("impression_count", "views")])
def test_a_count_that_is_none_is_unknown(field, column, found):
    mention, numbers = records(page(post()))
    assert records(page(post(public_metrics=COUNTS | {field: found}))) == [
        mention,
        numbers._replace(**{column: None}),
        Drift(f"post.{field}", found),
    ]


@pytest.mark.parametrize(
    ("field", "found", "changed"),
    [
        ("author_id", 1001, {"author_id": None}),
        ("conversation_id", 5, {"root_id": None}),
        ("lang", ["en"], {"network_lang": None}),
        ("created_at", "soon", {"created_at": snowflake_time(int(FIRST))}),
        ("referenced_tweets", "replied_to", {}),
        ("edit_history_tweet_ids", FIRST, {}),
    ],
)
def test_a_side_field_that_can_not_be_read_costs_itself(field, found, changed):
    mention, numbers = records(page(post()))
    assert records(page(post(**{field: found}))) == [
        mention._replace(**changed),
        numbers,
        Drift(f"post.{field}", found),
    ]


@pytest.mark.parametrize("more", [{"entities": 5}, {"note_tweet": "long"}])
def test_odd_part_leaves_the_post(more):
    assert only(page(post(**more)), Mention)[0].text == "halmora"


def test_an_author_who_is_told_twice_comes_once_in_full():
    whole = user(SAM, "sam", public_metrics={"followers_count": 8})
    for users in ([whole, user(SAM, "sam")], [user(SAM, "sam"), whole]):
        assert only(page(users=users), Author) == [Author(f"x:{SAM}", "x", "sam", "Sam", 8)]


def test_one_id_with_two_texts_is_not_hidden():
    found = only(page(post(), tweets=[post(text="otherwise"), post()]), Mention)
    assert [(mention.mention_id, mention.text) for mention in found] == [
        (f"x:{FIRST}", "halmora"),
        (f"x:{FIRST}", "otherwise"),
    ]


def test_an_answer_to_what_is_not_told_is_a_comment():
    [mention, _] = records(page(post(ANSWER, conversation_id=FIRST)))
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", None, f"x:{FIRST}")


def test_who_begins_with_a_handle_answers_no_post():
    [mention, _] = records(page(post(text="@nettie look", in_reply_to_user_id=NETTIE)))
    assert (mention.kind, mention.parent_id, mention.root_id) == ("post", None, f"x:{FIRST}")


# Whatever comes -------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["data", "includes", "users", "tweets", "id", "text", "type", "entities", "urls"]) | st.text()
ANYTHING = json_values(st.just(FIRST), keys=KEYS, most=25)
RECORDS = Mention | Author | Metrics | Interaction | Drift | Misfit


@given(ANYTHING)
def test_any_json_is_read_without_raising(body):
    assert all(isinstance(record, RECORDS) for record in records(body))


@given(mangled(PAGE, values=ANYTHING))
def test_any_change_to_a_page_is_read_without_raising(body):
    found = records(body)
    assert all(isinstance(record, RECORDS) for record in found)
    json.dumps([record.raw for record in found if isinstance(record, Misfit)])
