"""Names of topics: the words that set them apart, as people write them, and posts that are typical."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading.topics.naming import describe

PARCELS = [
    "The parcel from Berlin was damaged",
    "my parcel came from Berlin and it was damaged",
    "@shop the parcel is damaged, it says Berlin https://example.org/parcel",
    "parcels parcels everywhere",
]
SUPPORT = [
    "the customer service never answers",
    "I called the customer service twice",
    "customer service is slow to answer",
    "is there a customer service for this, it answers",
]


def topics(*groups: list[str]):
    texts = [text for group in groups for text in group]
    labels = np.array([number for number, group in enumerate(groups) for _ in group], np.int64)
    return describe(texts, labels, np.eye(len(texts), dtype=np.float32))


def words_of(label: str) -> list[str]:
    return label.replace(",", "").split()


def test_a_topic_is_named_by_the_words_that_set_it_apart():
    parcels, support = topics(PARCELS, SUPPORT)

    assert sorted(words_of(parcels.label)) == ["Berlin", "damaged", "parcel"]
    assert (parcels.number, parcels.size) == (0, 4)
    assert "customer service" in support.label


def test_terms_come_with_their_weight_the_heaviest_first():
    parcels, support = topics(PARCELS, SUPPORT)

    words, weights = zip(*support.terms, strict=True)
    assert set(words[:2]) == {"customer", "service"}
    assert list(weights) == sorted(weights, reverse=True)
    assert all(weight > 0 for _, weight in parcels.terms)


@pytest.mark.parametrize("word", ["the", "shop", "https", "example.org", "@shop", "is"])
def test_stop_words_names_and_links_are_no_terms(word):
    parcels, _ = topics(PARCELS, SUPPORT)

    assert word not in [term for term, _ in parcels.terms]


@pytest.mark.parametrize(
    ("posts", "stops"),
    [
        (
            ["der Koffer ist nicht da", "die Koffer und der Flughafen", "ich bin am Flughafen, der Koffer"],
            {"der", "ist"},
        ),
        (["la maleta no está en el avión", "el avión y la maleta", "perdí la maleta del avión"], {"la", "el"}),
        (["le colis est dans la boîte", "le colis et la boîte", "où est le colis, la boîte"], {"le", "la", "est"}),
    ],
    ids=["German", "Spanish", "French"],
)
def test_stop_words_of_other_languages_are_no_terms(posts, stops):
    first, _ = topics(posts, SUPPORT)

    assert stops.isdisjoint(term for term, _ in first.terms)
    assert len(words_of(first.label)) == 2


def test_a_word_with_the_stem_of_another_is_not_said_twice():
    posts = ["delayed flight, delays at night", "a flight delay at night", "the delay, delayed: flight flights night"]

    (topic,) = topics(posts)

    assert sum(word.startswith("delay") for word in words_of(topic.label)) == 1
    assert sum(word.startswith("flight") for word in words_of(topic.label)) == 1


def test_a_name_keeps_its_capitals_and_the_start_of_a_sentence_does_not_give_any():
    posts = ["Batteries of the iPhone drain", "my iPhone: Batteries drain", "bad batteries drain an iPhone"]

    (topic,) = topics(posts)

    assert sorted(words_of(topic.label)) == ["batteries", "drain", "iPhone"]


def test_verbs_stand_in_a_name_only_where_nouns_are_missing():
    posts = [f"we appreciate the {what} of the crew and I appreciate it" for what in ("help", "kindness", "patience")]
    posts += ["they appreciate a crew", "you appreciate her patience", "I appreciate my help"]

    (topic,) = topics(posts)

    assert "appreciate" in [term for term, _ in topic.terms]
    assert "appreciate" not in words_of(topic.label)


def test_a_brand_that_all_topics_name_is_in_no_name():
    things = (("pump", "hose"), ("boiler", "flame"), ("heater", "switch"), ("cooler", "blade"))
    groups = [
        [f"the Wren {thing}, the {part}: {what}" for what in ("broke", "burst", "stopped")] for thing, part in things
    ]

    assert [sorted(words_of(topic.label)) for topic in topics(*groups)] == [sorted(pair) for pair in things]


def test_a_name_has_no_version_or_number_and_no_word_that_is_part_of_another():
    posts = ["superbowl bowl 4.0 1920x1080 snacks", "bowl superbowl 4.0 1920x1080 snacks"]
    posts += ["snacks: superbowl, 4.0, bowl, 1920x1080"]

    (topic,) = topics(posts)

    assert words_of(topic.label) in (["bowl", "snacks"], ["superbowl", "snacks"], ["snacks", "superbowl"])


def test_a_phrase_does_not_reach_over_a_comma():
    posts = ["lost luggage, refund please", "luggage, refund: both", "my luggage, refund"]

    (topic,) = topics(posts)

    assert "luggage refund" not in topic.label


def test_topics_of_the_same_words_have_different_labels():
    labels = [topic.label for topic in topics(SUPPORT, SUPPORT, SUPPORT, PARCELS)]

    assert len({frozenset(words_of(label.casefold())) for label in labels}) == 4


def test_typical_posts_are_the_nearest_to_the_middle_each_text_once():
    texts = ["a far one", "the middle", "@you the middle", "nearly", "near", "the other topic"]
    angles = np.array([1.2, 0, 0, 0.2, 0.1, 3])
    vectors = np.c_[np.cos(angles), np.sin(angles)].astype(np.float32)

    first, second = describe(texts, np.array([0, 0, 0, 0, 0, 1]), vectors)

    assert [texts[place] for place in first.typical] == ["nearly", "near", "@you the middle"]
    assert second.typical == (5,)


def test_texts_outside_have_no_say():
    labels = np.array([0] * 4 + [-1] * 4)
    (topic,) = describe(PARCELS + SUPPORT, labels, np.eye(8, dtype=np.float32))

    assert topic == topics(PARCELS)[0]


def test_no_topics_have_no_names():
    assert describe(PARCELS, np.full(4, -1), np.eye(4, dtype=np.float32)) == []


def test_a_topic_without_words_of_its_own_is_called_by_its_number():
    nameless, _ = topics(["it is", "is it", "it was"], SUPPORT)

    assert nameless.label == "topic 1"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.integers(-1, 3)), max_size=40))
def test_any_texts_get_unlike_labels_of_one_to_four_words(posts):
    texts = [text for text, _ in posts]
    labels = np.array([label for _, label in posts], np.int64)

    found = describe(texts, labels, np.ones((len(posts), 2), np.float32))

    assert len(found) == labels.max(initial=-1) + 1
    assert len({topic.label for topic in found}) == len(found)
    assert all(1 <= len(words_of(topic.label)) <= 4 for topic in found)
