"""What the answers of Bluesky's API hold, as records."""

import string
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.bluesky.parse import moment
from connectors.contract import Author, Deletion, Drift, Interaction, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values, mangled

bluesky = CONNECTORS["bluesky"]

SAM, MIRA, LOTTE = (f"did:plc:{letter * 24}" for letter in "sml")
FIRST = f"at://{SAM}/app.bsky.feed.post/3first"
SECOND = f"at://{MIRA}/app.bsky.feed.post/3second"


def view(uri=FIRST, text="The pump hums.", record=None, **more):
    did = uri.split("/")[2]
    author = {"did": did, "handle": f"{did[8]}.example", "displayName": "", "labels": []}
    written = {"$type": "app.bsky.feed.post", "createdAt": "2026-04-21T08:00:00.000Z", "text": text, **(record or {})}
    return {
        **{"uri": uri, "cid": "bafy", "author": author, "record": written, "indexedAt": "2026-04-21T08:00:01.000Z"},
        **{"likeCount": 4, "replyCount": 3, "repostCount": 2, "quoteCount": 1, "labels": []},
        **more,
    }


def quoted(uri=FIRST, **more):
    """A post as it stands inside the one that quotes it."""
    whole = view(uri, **more)
    return {"$type": "app.bsky.embed.record#viewRecord", "value": whole.pop("record"), **whole}


def records(body, settings=None):
    return list(bluesky.parse(settings, Page("", body)))


def of(kind, body, settings=None):
    return [record for record in records(body, settings) if isinstance(record, kind)]


def text_of(text, **record):
    [mention] = of(Mention, {"posts": [view(text=text, record=record)]})
    return mention.text


def facet(text, part, **feature):
    start = len(text[: text.index(part)].encode())
    name = next(iter(feature))
    kind = {"uri": "link", "did": "mention", "tag": "tag"}[name]
    return {
        "index": {"byteStart": start, "byteEnd": start + len(part.encode())},
        "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}],
    }


# Posts ----------------------------------------------------------------------------------------------------------


def test_post():
    post = view(record={"langs": ["en-GB"]})
    post["author"] |= {"displayName": "Sam", "createdAt": "2023-05-01T10:00:00.123Z"}
    assert records({"posts": [post]}) == [
        Author(
            f"bluesky:{SAM}", "bluesky", "s.example", "Sam", None, datetime.fromisoformat("2023-05-01T10:00:00.123")
        ),
        Mention(
            *(f"bluesky:{FIRST}", "bluesky", None, "post", None, "The pump hums."),
            *(f"https://bsky.app/profile/{SAM}/post/3first", f"bluesky:{SAM}", None, f"bluesky:{FIRST}"),
            datetime.fromisoformat("2026-04-21T08:00:00"),
            network_lang="en",
        ),
        Metrics(f"bluesky:{FIRST}", likes=4, replies=3, reposts=2, quotes=1),
    ]


def test_answer_that_quotes_and_names_addresses_each_person_once():
    text = "@m.example @l.example look"
    answer = view(
        f"at://{SAM}/app.bsky.feed.post/3third",
        text,
        record={
            "reply": {"root": {"uri": FIRST}, "parent": {"uri": SECOND}},
            "embed": {"$type": "app.bsky.embed.record", "record": {"uri": FIRST, "cid": "bafy"}},
            "facets": [facet(text, "@m.example", did=MIRA), facet(text, "@l.example", did=LOTTE)],
        },
    )
    [mention] = of(Mention, {"posts": [answer]})
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", f"bluesky:{SECOND}", f"bluesky:{FIRST}")
    assert [(one.to_author_id, one.kind) for one in of(Interaction, {"posts": [answer]})] == [
        (f"bluesky:{MIRA}", "reply"),
        (f"bluesky:{LOTTE}", "mention"),
    ]


@pytest.mark.parametrize("with_media", [False, True])
def test_quoted_post_is_a_mention_of_its_own(with_media):
    seen = {"$type": "app.bsky.embed.record#view", "record": quoted()}
    written = {"$type": "app.bsky.embed.record", "record": {"uri": FIRST, "cid": "bafy"}}
    if with_media:
        seen = {"$type": "app.bsky.embed.recordWithMedia#view", "record": seen, "media": {}}
        written = {
            "$type": "app.bsky.embed.recordWithMedia",
            "record": written,
            "media": {"images": [{"alt": "a pump"}]},
        }
    mentions = of(Mention, {"posts": [view(SECOND, "this", {"embed": written}, embed=seen)]})
    assert [(m.mention_id, m.kind, m.parent_id, m.text) for m in mentions] == [
        (f"bluesky:{SECOND}", "quote", f"bluesky:{FIRST}", "this\n\n[a pump]" if with_media else "this"),
        (f"bluesky:{FIRST}", "post", None, "The pump hums."),
    ]


def test_post_that_comes_whole_and_quoted_keeps_the_numbers_of_the_whole():
    embed = {"$type": "app.bsky.embed.record#view", "record": {**quoted(), "likeCount": None}}
    found = of(Metrics, {"posts": [view(SECOND, embed=embed), view()]})
    assert [(numbers.mention_id, numbers.likes) for numbers in found] == [
        (f"bluesky:{SECOND}", 4),
        (f"bluesky:{FIRST}", 4),
    ]


@pytest.mark.parametrize("kind", ["viewBlocked", "viewDetached", "viewNotFound"])
def test_quoted_post_that_is_not_shown(kind):
    gone = {"$type": f"app.bsky.embed.record#{kind}", "uri": FIRST}
    found = records({"posts": [view(SECOND, embed={"$type": "app.bsky.embed.record#view", "record": gone})]})
    assert [record for record in found if isinstance(record, Deletion | Misfit | Drift)] == (
        [Deletion(f"bluesky:{FIRST}")] if kind == "viewNotFound" else []
    )


def test_quoted_list_is_no_post():
    other = {"$type": "app.bsky.graph.defs#listView", "uri": f"at://{SAM}/app.bsky.graph.list/3list", "name": "Herbs"}
    written = {"$type": "app.bsky.embed.record", "record": {"uri": other["uri"], "cid": "bafy"}}
    body = {"posts": [view(record={"embed": written}, embed={"$type": "app.bsky.embed.record#view", "record": other})]}
    assert [mention.kind for mention in of(Mention, body)] == ["post"]
    assert of((Misfit, Drift), body) == []


@pytest.mark.parametrize(
    ("created", "indexed", "expected"),
    [
        ("2026-04-21T08:00:00.000Z", "2026-04-21T08:00:01Z", "2026-04-21T08:00:00"),
        ("2026-04-21T03:00:00-05:00", "2026-04-21T08:00:01Z", "2026-04-21T08:00:00"),
        ("2019-01-01T00:00:00Z", "2026-04-21T08:00:01Z", "2019-01-01T00:00:00"),
        ("2031-01-01T00:00:00Z", "2026-04-21T08:00:01Z", "2026-04-21T08:00:01"),
        ("once upon a time", "2026-04-21T08:00:01Z", "2026-04-21T08:00:01"),
        (None, "2026-04-21T08:00:01Z", "2026-04-21T08:00:01"),
        ("2026-04-21T08:00:00Z", None, "2026-04-21T08:00:00"),
        (None, None, None),
    ],
)
def test_time_is_the_authors_but_not_after_it_was_seen(created, indexed, expected):
    post = view(record={"createdAt": created}, indexedAt=indexed)
    assert moment(post) == (datetime.fromisoformat(expected) if expected else None)


@pytest.mark.parametrize(
    ("langs", "expected"),
    [(["pt-BR"], "pt"), (["en", "en-US"], "en"), (["en", "de"], None), ([], None), (None, None), ("en", None)],
)
def test_language_is_told_where_there_is_one(langs, expected):
    [mention] = of(Mention, {"posts": [view(record={"langs": langs})]})
    assert mention.network_lang == expected


def test_account_whose_handle_leads_nowhere_is_named_by_its_did():
    post = view()
    post["author"] |= {"handle": "handle.invalid", "labels": [{"val": "bot", "src": SAM}]}
    [author] = of(Author, {"posts": [post]})
    assert (author.handle, author.is_bot) == (SAM, True)


def test_profiles_tell_how_many_follow():
    profile = {"did": SAM, "handle": "s.example", "displayName": "Sam", "followersCount": 12}
    assert records({"profiles": [profile, {"handle": "m.example"}]}) == [
        Author(f"bluesky:{SAM}", "bluesky", "s.example", "Sam", 12),
        Misfit("is an account without a readable did", "profiles[1]", {"handle": "m.example"}),
    ]


# Texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part", "link", "expected"),
    [
        (
            "see pics.example/a/lo... 🌱",
            "pics.example/a/lo...",
            "https://pics.example/a/long",
            "see https://pics.example/a/long 🌱",
        ),
        ("🌱 é pics.example", "pics.example", "http://www.pics.example/", "🌱 é http://www.pics.example/"),
        ("https://pics.example/a", "https://pics.example/a", "https://pics.example/a", "https://pics.example/a"),
        ("read it here!", "here", "https://pics.example/a", "read it here (https://pics.example/a)!"),
        ("bank.example", "bank.example", "https://evil.example", "bank.example (https://evil.example)"),
        ("click", "click", "javascript:alert(1)", "click"),
    ],
)
def test_links_are_shown_in_full(text, part, link, expected):
    assert text_of(text, facets=[facet(text, part, uri=link)]) == expected


@pytest.mark.parametrize(("start", "end"), [(0, 2), (1, 4), (5, 3), (-1, 4), (0, 99), (0, 0), ("0", 4)])
def test_facet_that_fits_nowhere_is_passed_over(start, end):
    link = {"index": {"byteStart": start, "byteEnd": end}, "features": [{"uri": "https://pics.example"}]}
    assert text_of("🌱 basil", facets=[link]) == "🌱 basil"


def test_of_two_facets_on_the_same_words_one_counts():
    text = "here and there"
    links = [facet(text, "here and", uri="https://a.example"), facet(text, "and there", uri="https://b.example")]
    assert text_of(text, facets=links) == "here and there (https://b.example)"


@pytest.mark.parametrize(
    ("embed", "expected"),
    [
        ({"images": [{"alt": "a pump"}, {"alt": ""}, {"alt": " a lamp\n"}]}, "Look\n\n[a pump]\n\n[a lamp]"),
        ({"video": {}, "alt": "a humming pump"}, "Look\n\n[a humming pump]"),
        (
            {"external": {"uri": "https://a.example/1", "title": "Pumps, tested", "description": "long"}},
            "Look\n\nPumps, tested\n\nhttps://a.example/1",
        ),
        ({"external": {"uri": "javascript:alert(1)", "title": "", "description": ""}}, "Look"),
        ({"media": {"images": [{"alt": "a pump"}]}, "record": {}}, "Look\n\n[a pump]"),
        ({"images": "none", "external": []}, "Look"),
    ],
)
def test_pictures_and_cards_belong_to_the_text(embed, expected):
    assert text_of("Look", embed=embed) == expected


def test_link_of_a_card_that_stands_in_the_text_comes_once():
    text = "Pumps, tested: a.example/1"
    card = {"external": {"uri": "https://a.example/1", "title": "Pumps, tested"}}
    assert text_of(text, embed=card, facets=[facet(text, "a.example/1", uri="https://a.example/1")]) == (
        "Pumps, tested: https://a.example/1"
    )


def test_picture_without_words_says_nothing():
    assert text_of("", embed={"images": [{"alt": ""}]}) == ""


# Threads, feeds, rechecks ---------------------------------------------------------------------------------------


def test_thread_is_read_up_and_down():
    def node(post, **more):
        return {"$type": "app.bsky.feed.defs#threadViewPost", "post": post, **more}

    above = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": FIRST, "notFound": True}
    blocked = {
        "$type": "app.bsky.feed.defs#blockedPost",
        "uri": f"at://{LOTTE}/app.bsky.feed.post/3no",
        "blocked": True,
    }
    below = view(f"at://{LOTTE}/app.bsky.feed.post/3below")
    thread = node(view(SECOND), parent=above, replies=[node(below), blocked])
    found = records({"thread": thread})
    assert [record.mention_id for record in found if isinstance(record, Mention)] == [
        f"bluesky:{SECOND}",
        f"bluesky:{below['uri']}",
    ]
    assert [record for record in found if isinstance(record, Deletion | Misfit)] == [Deletion(f"bluesky:{FIRST}")]


def test_feed_holds_what_its_posts_answer_and_what_they_pass_on():
    answer = view(SECOND, record={"reply": {"root": {"uri": FIRST}, "parent": {"uri": FIRST}}})
    around = {"$type": "app.bsky.feed.defs#postView", **view()}
    passed_on = view(f"at://{LOTTE}/app.bsky.feed.post/3other")
    reason = {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": view(SECOND)["author"],
        "indexedAt": "2026-04-22T08:00:00Z",
    }
    body = {
        "feed": [{"post": answer, "reply": {"root": around, "parent": around}}, {"post": passed_on, "reason": reason}]
    }
    assert [mention.kind for mention in of(Mention, body)] == ["comment", "post", "post"]
    assert of(Misfit, body) == []


def test_recheck_tells_what_is_gone():
    body = {"asked": [f"bluesky:{FIRST}", f"bluesky:{SECOND}"], "answer": {"posts": [view(SECOND)]}}
    found = records(body)
    assert [record for record in found if isinstance(record, Deletion)] == [Deletion(f"bluesky:{FIRST}")]
    assert [record.mention_id for record in found if isinstance(record, Mention)] == [f"bluesky:{SECOND}"]


def test_recheck_does_not_delete_what_cannot_be_read():
    body = {"asked": [f"bluesky:{FIRST}"], "answer": {"posts": [{**view(), "record": None}]}}
    assert of(Deletion, body) == []
    body = {
        "asked": [f"bluesky:{FIRST}"],
        "answer": {"posts": [{"address": FIRST, **view(SECOND)}, {"address": FIRST}]},
    }
    assert of(Deletion, body) == []
    assert of(Misfit, {"asked": [f"bluesky:{FIRST}"], "answer": "down"}) != []
    assert of(Deletion, {"asked": [f"bluesky:{FIRST}"], "answer": {"error": "UpstreamFailure"}}) == []


def test_label_that_was_taken_back_does_not_count():
    labels = [{"val": "!hide", "neg": True}, {"val": "graphic-media"}]
    assert len(of(Mention, {"posts": [view(labels=labels)]})) == 1


# What can't be read ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("post", "reason"),
    [
        ("a post", "is not a post"),
        ({**view(), "uri": "https://bsky.app/1"}, "has no readable uri"),
        ({**view(), "record": None}, "has no record, so its words are unknown"),
        (view(text=None), "has no text"),
        (
            view(record={"createdAt": "?"}, indexedAt=None),
            "has neither a readable createdAt nor an indexedAt, so its time can't be told",
        ),
    ],
)
def test_unreadable_post_costs_itself(post, reason):
    found = records({"posts": [post, view(SECOND)]})
    assert [record for record in found if isinstance(record, Misfit)] == [Misfit(reason, "posts[0]", post)]
    assert [record.mention_id for record in found if isinstance(record, Mention)] == [f"bluesky:{SECOND}"]


def test_missing_fields_are_told_and_the_post_is_kept():
    post = view(embed={"$type": "app.bsky.embed.hologram#view"})
    del post["indexedAt"], post["author"]
    found = records({"posts": [post]})
    assert [record for record in found if isinstance(record, Drift)] == [
        Drift("post.indexedAt"),
        Drift("post.author"),
        Drift("post.embed", "app.bsky.embed.hologram#view"),
    ]
    assert [record.author_id for record in found if isinstance(record, Mention)] == [f"bluesky:{SAM}"]


@pytest.mark.parametrize(
    ("field", "name"),
    [("likeCount", "likes"), ("replyCount", "replies"), ("repostCount", "reposts"), ("quoteCount", "quotes")],
)
@pytest.mark.parametrize("value", [-5, 2.5, "3", True, [3], 10**20])
def test_a_count_that_cannot_be_read_costs_itself(field, name, value):
    author, mention, metrics = records({"posts": [view()]})
    assert records({"posts": [view() | {field: value}]}) == [
        Drift(f"post.{field}", value),
        author,
        mention,
        metrics._replace(**{name: None}),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("langs", "en"), ("facets", {"a": 1}), ("createdAt", "once"), ("createdAt", None)],
)
def test_a_side_field_of_a_record_that_cannot_be_read_costs_itself(field, value):
    author, mention, metrics = records({"posts": [view()]})
    moment = mention.created_at if field != "createdAt" else datetime.fromisoformat(view()["indexedAt"][:19])
    assert records({"posts": [view(record={field: value})]}) == [
        Drift(f"post.{field}", value),
        author,
        mention._replace(created_at=moment),
        metrics,
    ]


@pytest.mark.parametrize("account", [None, "sam", {}, {"did": 5}, {"handle": "s.example"}])
def test_an_account_that_cannot_be_read_costs_itself(account):
    _, mention, metrics = records({"posts": [view()]})
    assert records({"posts": [view() | {"author": account}]}) == [Drift("post.author", account), mention, metrics]


@pytest.mark.parametrize(
    ("field", "value", "lost"),
    [
        ("handle", 5, {"handle": SAM}),
        ("displayName", ["S"], {}),
        ("createdAt", "once", {}),
        ("followersCount", -1, {}),
    ],
)
def test_a_field_of_an_account_that_cannot_be_read_costs_itself(field, value, lost):
    author, *rest = records({"posts": [view()]})
    post = view()
    post["author"] = {**post["author"], field: value}
    assert records({"posts": [post]}) == [Drift(f"author.{field}", value), author._replace(**lost), *rest]


def test_words_that_cannot_be_read_cost_themselves_where_there_is_something_else():
    post = view(text=7, record={"embed": {"images": [{"alt": "a pump"}]}})
    found = records({"posts": [post]})
    assert found[0] == Drift("post.text", 7)
    assert [record.text for record in found if isinstance(record, Mention)] == ["[a pump]"]


@pytest.mark.parametrize(
    ("reply", "drifts", "parent", "root"),
    [
        ({"parent": {"uri": SECOND}}, [Drift("post.reply.root", None)], SECOND, None),
        ({"root": {"uri": FIRST}, "parent": 5}, [Drift("post.reply.parent", 5)], None, FIRST),
        (5, [Drift("post.reply.root", 5), Drift("post.reply.parent", 5)], None, None),
    ],
    ids=["no root", "no parent", "neither"],
)
def test_an_answer_claims_neither_a_parent_nor_a_root_that_it_does_not_tell(reply, drifts, parent, root):
    body = {"posts": [view(f"at://{SAM}/app.bsky.feed.post/3third", record={"reply": reply})]}
    [mention] = of(Mention, body)
    names = [name and f"bluesky:{name}" for name in (parent, root)]
    assert (mention.kind, mention.parent_id, mention.root_id) == ("comment", *names)
    assert of(Drift, body) == drifts


def test_an_account_of_many_posts_comes_once_in_its_fullest_version():
    full = view(SECOND)
    full["author"] = {**view()["author"], "displayName": "Sam", "createdAt": "2023-05-01T10:00:00Z"}
    other = view(f"at://{SAM}/app.bsky.feed.post/3third")
    full["uri"] = f"at://{SAM}/app.bsky.feed.post/3second"
    for page in ([view(), full, other], [full, view(), other], [other, view(), full]):
        [author] = of(Author, {"posts": page})
        assert author == Author(
            f"bluesky:{SAM}", "bluesky", "s.example", "Sam", None, datetime.fromisoformat("2023-05-01T10:00")
        )


def test_one_id_with_two_texts_is_not_hidden():
    body = {"posts": [view(), view(text="Other words"), view()]}
    assert [mention.text for mention in of(Mention, body)] == ["The pump hums.", "Other words"]


def test_a_post_that_is_shown_is_not_gone_where_something_else_stands_in_its_place():
    gone = {"$type": "app.bsky.feed.defs#notFoundPost", "uri": FIRST, "notFound": True}
    answer = view(SECOND, record={"reply": {"root": {"uri": FIRST}, "parent": {"uri": FIRST}}})
    items = [{"post": answer, "reply": {"root": gone, "parent": gone}}, {"post": view()}]
    for feed in (items, items[::-1]):
        assert of(Deletion, {"feed": feed}) == []
        assert len(of(Mention, {"feed": feed})) == 2


@pytest.mark.parametrize("body", [None, "down", 7, [], {"hits": []}])
def test_what_is_no_answer_is_set_aside_whole(body):
    assert [(type(record), record.place) for record in records(body)] == [(Misfit, "page")]


@pytest.mark.parametrize(
    "body", [{"error": "InvalidRequest", "message": "no"}, {"did": SAM}, {"feeds": []}, {"posts": []}]
)
def test_answers_without_posts(body):
    assert records(body) == []


WHOLE: dict[str, Any] = {
    "thread": {
        "post": view(
            SECOND,
            "see pics.example",
            {
                "reply": {"root": {"uri": FIRST}, "parent": {"uri": FIRST}},
                "facets": [facet("see pics.example", "pics.example", uri="https://pics.example/1")],
                "embed": {"images": [{"alt": "a pump"}]},
                "langs": ["en"],
            },
            embed={"$type": "app.bsky.embed.record#view", "record": quoted(f"at://{LOTTE}/app.bsky.feed.post/3q")},
        ),
        "parent": {"post": view()},
        "replies": [{"post": view(f"at://{LOTTE}/app.bsky.feed.post/3r")}],
    },
    "feed": [{"post": view(), "reply": {"root": view(), "parent": view()}, "reason": {"indexedAt": "x"}}],
    "posts": [view()],
    "profiles": [view()["author"]],
}
ANYTHING = json_values(
    st.text(string.printable + "🌱\ud800", max_size=9), keys=st.sampled_from(["uri", "record", "text"]), most=4
)


@given(mangled(WHOLE, values=ANYTHING))
def test_mangled_answer_never_raises(body):
    for record in records(body):
        assert not isinstance(record, Mention) or record.mention_id.startswith("bluesky:at://did:")
