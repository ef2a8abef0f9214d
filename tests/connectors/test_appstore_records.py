"""Apple's feed of reviews as records, in both its forms."""

import copy
from datetime import datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.appstore.parse import feed_of
from connectors.contract import Author, Drift, Mention, Metrics, Misfit, Page
from tests.connectors.mangling import json_values

appstore = CONNECTORS["appstore"]


def records(page):
    return appstore.parse(None, page)


ENTRY = {
    "author": {"uri": {"label": "https://itunes.apple.com/nl/reviews/id123"}, "name": {"label": "wilma"}, "label": ""},
    "updated": {"label": "2026-04-21T10:00:00-07:00"},
    "im:version": {"label": "4.2"},
    "im:rating": {"label": "2"},
    "id": {"label": "9000000001"},
    "title": {"label": "Hums"},
    "content": {"label": "It hums.\nA lot.", "attributes": {"type": "text"}},
    "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/nl/review?id=1"}},
    "im:voteSum": {"label": "3"},
}
APP = {"im:name": {"label": "Halmora"}, "id": {"label": "https://itunes.apple.com/nl/app/id1"}}
MENTION = Mention(
    *("appstore:9000000001", "appstore", "Halmora (NL)", "review", "Hums", "It hums.\nA lot."),
    *("https://itunes.apple.com/nl/review?id=1", "appstore:123", None, "appstore:9000000001"),
    datetime.fromisoformat("2026-04-21T17:00"),
    rating=2.0,
    product_version="4.2",
)


def page(answer):
    return Page("", {"app": "1", "name": "Halmora", "country": "nl", "answer": answer})


def as_json(*entries):
    return {"feed": {"entry": list(entries)}}


def as_xml(*inside, last=1):
    entries = "".join(f"<entry>{entry}</entry>" for entry in inside)
    link = f'<link rel="last" href="https://itunes.apple.com/nl/rss/customerreviews/page={last}/id=1/xml"/>'
    namespaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:im="http://itunes.apple.com/rss"'
    return f'<?xml version="1.0" encoding="utf-8"?><feed {namespaces}>{link}{entries}</feed>'


def xml_entry(text="It hums.\nA lot.", **without):
    parts = {
        "updated": "<updated>2026-04-21T10:00:00-07:00</updated>",
        "id": "<id>9000000001</id>",
        "title": "<title>Hums</title>",
        "content": f'<content type="text">{escape(text)}</content>',
        "rating": "<im:rating>2</im:rating>",
        "rest": "<im:voteSum>3</im:voteSum><im:version>4.2</im:version>",
        "author": "<author><name>wilma</name><uri>https://itunes.apple.com/nl/reviews/id123</uri></author>",
        "link": '<link rel="related" href="https://itunes.apple.com/nl/review?id=1"/>',
        "table": '<content type="html">&lt;table&gt;&lt;b&gt;Hums&lt;/b&gt;&lt;/table&gt;</content>',
    }
    return "".join(part for name, part in (parts | without).items())


@pytest.mark.parametrize("answer", [as_json(APP, ENTRY), as_xml("<im:name>Halmora</im:name>", xml_entry())])
def test_review_in_either_form_without_the_app_that_may_stand_before_it(answer):
    assert list(records(page(answer))) == [
        MENTION,
        Author("appstore:123", "appstore", "wilma"),
        Metrics("appstore:9000000001", likes=3),
    ]


def test_only_one_review_is_no_list():
    assert next(iter(records(page({"feed": {"entry": ENTRY}})))) == MENTION


def test_old_json_has_no_date():
    undated = {name: value for name, value in ENTRY.items() if name != "updated"}
    [misfit] = records(page(as_json(undated)))
    assert (type(misfit), misfit.place) == (Misfit, "entry[0]")
    assert "without a date" in misfit.reason


@pytest.mark.parametrize(("name", "community"), [("Halmora", "Halmora (NL)"), (None, "app 1 (NL)"), ("", "app 1 (NL)")])
def test_community_is_the_app_in_a_country(name, community):
    body = {"app": "1", "name": name, "country": "nl", "answer": as_json(ENTRY)}
    assert next(iter(appstore.parse(None, Page("", body)))).community == community


def test_author_without_a_number_is_known_by_name():
    author = {"name": {"label": "wilma"}}
    mention, author, _ = records(page(as_json(ENTRY | {"author": author})))
    assert (mention.author_id, author) == ("appstore:wilma", Author("appstore:wilma", "appstore", "wilma"))


def test_nobody_wrote_it():
    mention, _ = records(page(as_json(ENTRY | {"author": {}})))
    assert mention.author_id is None


@pytest.mark.parametrize("rating", [{"label": "0"}, {"label": "6"}, {"label": "many"}, {}, None])
def test_stars_that_are_none_are_unknown(rating):
    mention, _, _, drift = records(page(as_json(ENTRY | {"im:rating": rating})))
    assert mention == MENTION._replace(rating=None)
    assert drift == Drift("review.rating", (rating or {}).get("label"))


@pytest.mark.parametrize("found", ["-5", "2.5", "1,200", "", "9" * 30, 7, ["3"]], ids=str)
def test_votes_that_are_none_are_unknown(found):
    mention, author, _, drift = records(page(as_json(ENTRY | {"im:voteSum": {"label": found}})))
    assert (mention, author, drift) == (
        MENTION,
        Author("appstore:123", "appstore", "wilma"),
        Drift("review.voteSum", found),
    )
    assert Metrics("appstore:9000000001") in records(page(as_json(ENTRY | {"im:voteSum": {"label": found}})))


@pytest.mark.parametrize(
    ("field", "value", "changed", "drift"),
    [
        ("title", {"label": 5}, {"title": None}, Drift("review.title", 5)),
        ("content", {"label": ["a"]}, {"text": None}, Drift("review.content", ["a"])),
        ("im:version", {"label": 4.2}, {"product_version": None}, Drift("review.version", 4.2)),
        ("link", {"attributes": {"href": 5}}, {"url": None}, Drift("review.link", 5)),
        ("link", {"attributes": {"href": "/id1"}}, {"url": None}, Drift("review.link", "/id1")),
        ("im:rating", {"label": 2}, {"rating": None}, Drift("review.rating", 2)),
    ],
    ids=str,
)
def test_a_side_field_that_can_not_be_read_costs_itself(field, value, changed, drift):
    _, author, numbers = records(page(as_json(ENTRY)))
    assert list(records(page(as_json(ENTRY | {field: value})))) == [MENTION._replace(**changed), author, numbers, drift]


@pytest.mark.parametrize("name", [7, ["wilma"]], ids=str)
def test_an_author_who_can_not_be_read_is_told(name):
    author = {"uri": ENTRY["author"]["uri"], "name": {"label": name}}
    found = list(records(page(as_json(ENTRY | {"author": author}))))
    assert [found[0], *found[2:]] == [MENTION, Drift("review.author", name)]
    assert type(found[1]) is Metrics


def test_an_author_of_many_reviews_comes_once():
    body = page(as_json(ENTRY, ENTRY | {"id": {"label": "9000000002"}}))
    assert [record for record in records(body) if isinstance(record, Author)] == [
        Author("appstore:123", "appstore", "wilma")
    ]


def test_one_id_with_two_texts_is_not_hidden():
    body = page(as_json(ENTRY, ENTRY | {"content": {"label": "Otherwise"}}))
    assert [record.text for record in records(body) if isinstance(record, Mention)] == [MENTION.text, "Otherwise"]


def test_stars_alone_are_a_review_and_nothing_is_none():
    empty = {"title": {}, "content": {"label": ""}}
    [mention, *_] = records(page(as_json(ENTRY | empty)))
    assert (mention.title, mention.text, mention.rating) == (None, "", 2.0)
    [misfit] = records(page(as_json(ENTRY | empty | {"im:rating": {"label": "0"}})))
    assert misfit.reason == "is a review without words and stars"


def test_review_without_words_is_drift():
    found = list(records(page(as_xml(xml_entry(content="")))))
    assert Drift("review.content") in found
    assert found[0].text is None


def test_characters_that_xml_can_not_hold_are_left_out():
    assert next(iter(records(page(as_xml(xml_entry("It \x0bhums\x00")))))).text == "It hums"


def test_entities_are_not_followed():
    bomb = (
        '<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed xmlns="http://www.w3.org/2005/Atom">&b;</feed>'
    )
    [misfit] = records(page(bomb))
    assert (type(misfit), misfit.place) == (Misfit, "page")


def test_last_page_is_told_by_the_feed():
    assert feed_of(as_xml(last=7)).last_page == 7
    link = {"attributes": {"rel": "last", "href": "https://itunes.apple.com/nl/rss/customerreviews/page=3/id=1/json"}}
    assert feed_of({"feed": {"link": [link]}}).last_page == 3
    assert feed_of({"feed": {}}).last_page is None


def test_answer_of_the_lookup_has_no_reviews():
    assert list(records(page({"resultCount": 1, "results": [{"trackName": "Halmora"}]}))) == []


@pytest.mark.parametrize(
    "answer", [None, 7, [], {}, {"feed": 1}, "", "page depth is limited to 10", "<html><p>", "<a/>"]
)
def test_no_feed_is_set_aside_whole(answer):
    for body in (answer, page(answer).body):
        [misfit] = appstore.parse(None, Page("", body))
        assert (type(misfit), misfit.place) == (Misfit, "page")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": {}}, "without a readable id"),
        ({"id": {"label": "a b"}}, "without a readable id"),
        ({"updated": {"label": "soon"}}, "date can't be read"),
    ],
)
def test_misfit_costs_itself(change, reason):
    misfit, *rest = records(page(as_json(ENTRY | change, ENTRY)))
    assert type(misfit) is Misfit
    assert reason in misfit.reason
    assert rest[0] == MENTION


@given(st.sampled_from(sorted(ENTRY)), st.sampled_from(["", "label", "attributes"]), json_values())
def test_mangled_json_never_raises(name, inner, value):
    entry = copy.deepcopy(ENTRY)
    if inner:
        entry[name][inner] = value
    else:
        entry[name] = value
    for record in records(page(as_json(entry, ENTRY))):
        assert isinstance(record, Mention | Author | Metrics | Drift | Misfit)


@given(st.integers(0, 900), st.integers(0, 40), st.text(max_size=10))
def test_mangled_xml_never_raises(start, length, put):
    whole = as_xml(xml_entry(), xml_entry())
    list(records(page(whole[:start] + put + whole[start + length :])))


@given(json_values())
def test_anything_at_all_never_raises(body):
    list(appstore.parse(None, Page("", body)))
