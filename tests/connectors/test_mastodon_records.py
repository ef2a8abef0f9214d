"""What is read out of Mastodon's answers: whole records, and no answer that breaks the reading."""

import copy
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from connectors.mastodon.parse import arrived_at, id_at
from tests.connectors.mangling import json_values

mastodon = CONNECTORS["mastodon"]

SERVER = "windowsill.example"
TOVE = {
    "id": "11001",
    "username": "Tove",
    "acct": "Tove",
    "display_name": "Tove & the chives",
    "bot": False,
    "url": "https://windowsill.example/@Tove",
    "followers_count": 311,
    "created_at": "2022-11-07T00:00:00.000Z",
}
OSKAR = {
    "id": "11002",
    "username": "oskar",
    "acct": "oskar@balkonien.example",
    "display_name": "",
    "bot": True,
    "url": "https://balkonien.example/@oskar",
    "followers_count": 1204,
    "created_at": "2019-04-30T00:00:00.000Z",
}
POST = {
    "id": id_at(datetime.fromisoformat("2026-04-21T08:00:00")),
    "created_at": "2026-04-21T08:00:00.000Z",
    "in_reply_to_id": None,
    "in_reply_to_account_id": None,
    "sensitive": False,
    "spoiler_text": "",
    "visibility": "public",
    "language": "en",
    "uri": "https://windowsill.example/users/Tove/statuses/1",
    "url": "https://windowsill.example/@Tove/1",
    "replies_count": 1,
    "reblogs_count": 2,
    "favourites_count": 3,
    "quotes_count": 4,
    "edited_at": None,
    "content": "<p>Light on.</p><p>It <b>works</b> &amp; hums</p>",
    "reblog": None,
    "account": TOVE,
    "media_attachments": [],
    "mentions": [],
    "quote": None,
    "poll": None,
}
ID = "fediverse:https://windowsill.example/users/Tove/statuses/1"
REPLY = {
    **POST,
    "id": id_at(datetime.fromisoformat("2026-04-21T09:00:05")),
    "created_at": "2026-04-21T09:00:00.000Z",
    "in_reply_to_id": POST["id"],
    "in_reply_to_account_id": "11001",
    "uri": "https://balkonien.example/users/oskar/statuses/9",
    "url": "https://balkonien.example/@oskar/9",
    "content": '<p><a class="u-url mention" href="https://w.example/@Tove">@<span>Tove</span></a> gemessen</p>',
    "language": "de",
    "edited_at": "2026-04-21T10:00:00.000Z",
    "account": OSKAR,
    "mentions": [
        {"id": "11001", "acct": "Tove", "url": "https://windowsill.example/@Tove"},
        {"id": "11003", "acct": "sel@circuit.example", "url": "https://circuit.example/@sel"},
    ],
}
REPLY_ID = "fediverse:https://balkonien.example/users/oskar/statuses/9"


def parsed(body, server=SERVER, **more):
    own = server and mastodon.Settings(id="m", type="mastodon", server=server, hashtags=["x"], **more)
    return list(mastodon.parse(own, Page("", body)))


def only(kind, body, **more):
    return [record for record in parsed(body, **more) if isinstance(record, kind)]


def test_a_post_of_the_server_itself():
    assert parsed([POST]) == [
        Author(
            *("fediverse:tove@windowsill.example", "mastodon", "Tove@windowsill.example", "Tove & the chives", 311),
            *(datetime.fromisoformat("2022-11-07"), False),
        ),
        Mention(
            *(ID, "mastodon", "windowsill.example", "post", None, "Light on.\n\nIt works & hums"),
            *("https://windowsill.example/@Tove/1", "fediverse:tove@windowsill.example", None, ID),
            datetime.fromisoformat("2026-04-21T08:00"),
            network_lang="en",
        ),
        Metrics(ID, likes=3, replies=1, reposts=2, quotes=4),
    ]


def test_an_edited_reply_from_another_server():
    found = parsed({"status": POST, "context": {"ancestors": [], "descendants": [REPLY]}})[3:]
    oskar = "fediverse:oskar@balkonien.example"
    assert found == [
        Author(oskar, "mastodon", "oskar@balkonien.example", None, 1204, datetime.fromisoformat("2019-04-30"), True),
        Mention(
            *(REPLY_ID, "mastodon", "balkonien.example", "comment", None, "@Tove gemessen"),
            *(f"https://windowsill.example/@oskar@balkonien.example/{REPLY['id']}", oskar, ID, ID),
            datetime.fromisoformat("2026-04-21T09:00"),
            datetime.fromisoformat("2026-04-21T10:00"),
            network_lang="de",
        ),
        Metrics(REPLY_ID, likes=3, replies=1, reposts=2, quotes=4),
        Interaction(REPLY_ID, oskar, "fediverse:tove@windowsill.example", "reply"),
        Interaction(REPLY_ID, oskar, "fediverse:sel@circuit.example", "mention"),
    ]


def test_a_reply_without_what_it_answers():
    [mention] = only(Mention, [REPLY])
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", None, None)
    # whom it answers is among those whom it names
    assert only(Interaction, [REPLY])[0].kind == "reply"


def test_an_answer_to_oneself_addresses_nobody():
    own = {**REPLY, "account": TOVE, "mentions": []}
    assert only(Interaction, [POST, own]) == []


def test_the_thread_of_a_reply_leads_to_its_beginning():
    last = {**REPLY, "id": "9", "uri": "https://x.example/9", "in_reply_to_id": REPLY["id"]}
    found = only(Mention, {"status": last, "context": {"ancestors": [POST, REPLY], "descendants": []}})
    assert {mention.mention_id: (mention.parent_id, mention.root_id) for mention in found} == {
        "fediverse:https://x.example/9": (REPLY_ID, ID),
        REPLY_ID: (ID, ID),
        ID: (None, ID),
    }


def test_replies_in_circles_have_no_root():
    other = {**POST, "in_reply_to_id": REPLY["id"]}
    assert [mention.root_id for mention in only(Mention, [other, REPLY])] == [None, None]


def test_server_whose_accounts_bear_another_name():
    [author] = only(Author, [POST], server="social.plants.example", domain="plants.example")
    assert author.author_id == "fediverse:tove@plants.example"


def test_without_settings_names_are_read_from_addresses():
    [author, reply_author] = only(Author, [POST, REPLY], server=None)
    assert (author.author_id, reply_author.author_id) == (
        "fediverse:tove@windowsill.example",
        "fediverse:oskar@balkonien.example",
    )
    assert only(Mention, [REPLY], server=None)[0].url == "https://balkonien.example/@oskar/9"


def test_content_warning_poll_and_pictures_are_text():
    post = {
        **POST,
        "spoiler_text": "dead plant",
        "poll": {"options": [{"title": "Bury it"}, {"title": "Soup"}]},
        "media_attachments": [{"description": "A wilted basil."}, {"description": None}],
    }
    [mention] = only(Mention, post)
    assert (mention.title, mention.text) == (
        "dead plant",
        "Light on.\n\nIt works & hums\n\n- Bury it\n- Soup\n\nA wilted basil.",
    )


def test_a_post_without_words_is_empty_not_unknown():
    assert only(Mention, {**POST, "content": ""})[0].text == ""


def test_a_boost_passes_on_words_but_not_numbers():
    boost = {**POST, "id": "77", "uri": "https://balkonien.example/users/oskar/statuses/77/activity", "reblog": POST}
    boost |= {"account": OSKAR, "url": None}
    found = parsed([boost])
    mention = next(r for r in found if isinstance(r, Mention) and r.kind == "repost")
    assert (mention.parent_id, mention.text) == (ID, "Light on.\n\nIt works & hums")
    assert [record.mention_id for record in found if isinstance(record, Metrics)] == [ID]
    assert Interaction(mention.mention_id, mention.author_id, "fediverse:tove@windowsill.example", "repost") in found


@pytest.mark.parametrize(
    "quote", [{"state": "accepted", "quoted_status": POST}, POST], ids=["as Mastodon tells it", "as forks tell it"]
)
def test_a_quote_is_told_from_its_own_words(quote):
    content = '<p class="quote-inline">RE: <a href="https://x.example/1">https://x.example/1</a></p><p>Four years.</p>'
    post = {**REPLY, "in_reply_to_id": None, "in_reply_to_account_id": None, "content": content, "quote": quote}
    post["mentions"] = []
    found = parsed([post])
    mentions = {record.mention_id: record for record in found if isinstance(record, Mention)}
    assert (mentions[REPLY_ID].kind, mentions[REPLY_ID].text) == ("quote", "Four years.")
    assert (mentions[REPLY_ID].parent_id, mentions.keys()) == (ID, {ID, REPLY_ID})
    assert [record.kind for record in found if isinstance(record, Interaction)] == ["quote"]


def test_a_quote_whose_post_is_gone():
    post = {**POST, "quote": {"state": "deleted", "quoted_status": None}}
    [mention] = only(Mention, [post])
    assert (mention.kind, mention.parent_id) == ("quote", None)
    assert only(Drift, [post]) == []


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_what_is_not_for_everybody_is_not_kept(visibility):
    assert parsed([{**POST, "visibility": visibility}]) == []
    quoting = {**REPLY, "quote": {"state": "accepted", "quoted_status": {**POST, "visibility": visibility}}}
    assert [mention.mention_id for mention in only(Mention, [quoting])] == [REPLY_ID]


def test_unlisted_posts_are_kept():
    assert [mention.mention_id for mention in only(Mention, [{**POST, "visibility": "unlisted"}])] == [ID]


@pytest.mark.parametrize("visibility", ["local", None, 3])
def test_who_may_see_it_is_not_known(visibility):
    assert parsed([{**POST, "visibility": visibility}]) == [Drift("post.visibility", visibility)]


def test_fields_that_are_missing_or_new():
    found = parsed([{**POST, "content": None, "account": None, "quote": {"state": "lent", "quoted_status": None}}])
    assert [record for record in found if isinstance(record, Drift)] == [
        Drift("post.content", None),
        Drift("post.account", None),
        Drift("post.quote.state", "lent"),
    ]
    [mention] = [record for record in found if isinstance(record, Mention)]
    assert (mention.text, mention.author_id, mention.community) == (None, None, None)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"uri": None}, "has no uri, so it can't be told from other posts"),
        ({"created_at": "yesterday"}, "has no created_at that can be read"),
    ],
)
def test_a_post_that_cannot_be_read_costs_itself(wrong, reason):
    broken = {**POST, **wrong}
    found = parsed([broken, REPLY, 5])
    assert [r for r in found if isinstance(r, Misfit)] == [
        Misfit(reason, "[0]", broken),
        Misfit("is not a post", "[2]", 5),
    ]
    assert [r.mention_id for r in found if isinstance(r, Mention)] == [REPLY_ID]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("favourites_count", "likes"),
        ("replies_count", "replies"),
        ("reblogs_count", "reposts"),
        ("quotes_count", "quotes"),
    ],
)
@pytest.mark.parametrize("value", [-5, 2.5, "3", True, [3], 10**20])
def test_a_count_that_cannot_be_read_costs_itself(field, name, value):
    found = parsed([{**POST, field: value}])
    assert found == [
        Drift(f"post.{field}", value),
        *parsed([POST])[:2],
        only(Metrics, [POST])[0]._replace(**{name: None}),
    ]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("spoiler_text", 7, {}),
        ("language", ["en"], {"network_lang": None}),
        ("edited_at", "yesterday", {}),
        ("url", 9, {"url": POST["uri"]}),
        ("url", "javascript:alert(1)", {"url": POST["uri"]}),
        ("content", {"html": "x"}, {"text": None}),
        ("mentions", "tove", {}),
        ("media_attachments", 3, {}),
        ("poll", "yes", {}),
    ],
)
def test_a_side_field_that_cannot_be_read_costs_itself(field, value, lost):
    author, mention, metrics = parsed([POST])
    assert parsed([{**POST, field: value}]) == [
        Drift(f"post.{field}", value),
        author,
        mention._replace(**lost),
        metrics,
    ]


@pytest.mark.parametrize("account", [None, "tove", [], {}, {**TOVE, "acct": 5}, {**TOVE, "acct": ""}])
def test_an_account_that_cannot_be_read_costs_itself(account):
    _, mention, metrics = parsed([POST])
    assert parsed([{**POST, "account": account}]) == [
        Drift("post.account", account),
        mention._replace(author_id=None, community=None),
        metrics,
    ]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("display_name", 5, "name"),
        ("followers_count", -1, "followers"),
        ("created_at", "once", "account_created_at"),
        ("bot", "no", "is_bot"),
    ],
)
def test_a_field_of_an_account_that_cannot_be_read_costs_itself(field, value, lost):
    author, *rest = parsed([POST])
    found = parsed([{**POST, "account": {**TOVE, field: value}}])
    assert found == [Drift(f"author.{field}", value), author._replace(**{lost: None}), *rest]


def test_what_a_server_does_not_tell_is_no_drift():
    bare = {name: POST[name] for name in ("id", "created_at", "uri", "visibility", "content")}
    bare |= {"account": {"acct": "Tove"}, "language": None, "url": None, "edited_at": None, "favourites_count": None}
    assert parsed([bare]) == [
        Author("fediverse:tove@windowsill.example", "mastodon", "Tove@windowsill.example"),
        only(Mention, [POST])[0]._replace(url=POST["uri"], network_lang=None),
        Metrics(ID),
    ]


def test_an_account_of_many_posts_comes_once_in_its_fullest_version():
    short = {name: TOVE[name] for name in ("id", "acct", "url")}
    other = {**POST, "id": "9", "uri": "https://windowsill.example/users/Tove/statuses/2", "account": short}
    for page in ([POST, other, other], [other, POST], [other, other, POST]):
        assert only(Author, page) == only(Author, [POST])
        assert len(only(Mention, page)) == 2


def test_one_id_with_two_texts_is_not_hidden():
    later = {**POST, "content": "<p>Light off.</p>", "edited_at": "2026-04-21T12:00:00.000Z"}
    for page in ([POST, later, POST], [later, POST, later]):
        assert sorted((m.mention_id, m.text) for m in only(Mention, page)) == [
            (ID, "Light off."),
            (ID, "Light on.\n\nIt works & hums"),
        ]


@pytest.mark.parametrize("name", ["quote", "reblog"])
def test_a_post_inside_another_that_cannot_be_read_costs_itself(name):
    broken = {**POST, "uri": None}
    inside = {"state": "accepted", "quoted_status": broken} if name == "quote" else broken
    found = parsed([{**REPLY, name: inside}])
    assert [record for record in found if isinstance(record, Misfit)] == [
        Misfit("has no uri, so it can't be told from other posts", f"[0].{name}", broken)
    ]
    assert [record.mention_id for record in found if isinstance(record, Mention)] == [REPLY_ID]


def test_an_address_that_is_no_web_address_is_not_passed_on():
    assert only(Mention, [{**POST, "url": "javascript:alert(1)"}])[0].url == POST["uri"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"accounts": [], "statuses": [POST], "hashtags": []}, [ID]),
        ({"ancestors": [POST], "descendants": [REPLY]}, [ID, REPLY_ID]),
        ([{"id": "1", "type": "mention", "status": POST}, {"id": "2", "type": "follow"}], [ID]),
        (POST, [ID]),
        ([POST, POST], [ID]),
        ([], []),
        ({"error": "Record not found"}, []),
    ],
)
def test_answers_are_told_apart_by_their_shape(body, found):
    assert [mention.mention_id for mention in only(Mention, body)] == found
    assert only(Misfit, body) == []


@pytest.mark.parametrize("body", [None, "<html>", 7, {}, {"posts": [POST]}])
def test_what_is_no_answer_is_set_aside_whole(body):
    assert parsed(body) == [Misfit("is not an answer of Mastodon's API: it holds no posts", "page", body)]


def test_recheck_tells_what_is_gone():
    found = parsed({"asked": [ID, REPLY_ID], "answer": [{**POST, "favourites_count": 30}]})
    assert [record for record in found if isinstance(record, Deletion)] == [Deletion(REPLY_ID)]
    assert [record.likes for record in found if isinstance(record, Metrics)] == [30]
    assert parsed({"asked": [ID], "answer": None}) == [Deletion(ID)]


def test_ids_tell_when_a_post_arrived():
    assert arrived_at(REPLY) == datetime.fromisoformat("2026-04-21T09:00:05")
    assert arrived_at({**REPLY, "id": "01HZX5T8J9"}) is None
    assert arrived_at({**REPLY, "id": "592187231235739648"}) is None
    assert arrived_at({**REPLY, "id": "512"}) is None


ANYTHING = json_values(keys=st.sampled_from([*POST, "state"]))


@given(
    st.dictionaries(st.sampled_from([*POST]), ANYTHING, max_size=4), st.dictionaries(st.sampled_from([*TOVE]), ANYTHING)
)
def test_mangled_answers_never_raise(post, account):
    mangled = {**copy.deepcopy(REPLY), "account": {**OSKAR, **account}, **post}
    found = parsed({"status": mangled, "context": {"ancestors": [POST, mangled], "descendants": [mangled]}})
    assert ID in {record.mention_id for record in found if isinstance(record, Mention)}
    assert all(record.created_at.tzinfo is None for record in found if isinstance(record, Mention))


@given(ANYTHING)
def test_any_body_gives_records(body):
    assert all(isinstance(record, tuple) for record in parsed(body))
