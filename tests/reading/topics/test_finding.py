"""Groups of texts: as many as there are, the same in any order, and none of what is about nothing."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading.topics import finding
from reading.topics.embedding import embed
from reading.topics.finding import find_topics

WHO = ("my neighbour", "a colleague", "our teacher", "the old man", "my sister")
SUBJECTS = {
    "parcel": ("says the parcel arrived damaged", "is waiting for a parcel", "sent the parcel back to the shop"),
    "battery": ("has to charge the phone battery", "saw the battery drain at night", "wants a larger battery"),
    "cake": ("baked a cake with cherries", "asked for the cake recipe", "ate all of the chocolate cake"),
    "train": ("missed the train this morning", "sat in a delayed train", "bought a train ticket"),
}
TEXTS = {
    subject: [f"{who} {what}" for who, what in product(WHO, clauses)][: 15 - place]
    for place, (subject, clauses) in enumerate(SUBJECTS.items())
}
ALL = [text for texts in TEXTS.values() for text in texts]


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    return embed(ALL)


def test_each_subject_is_a_topic_numbered_by_its_size(vectors):
    labels = find_topics(ALL, vectors)

    assert labels.tolist() == [number for number, texts in enumerate(TEXTS.values()) for _ in texts]


def test_the_order_of_the_texts_does_not_matter(vectors):
    order = np.random.default_rng(3).permutation(len(ALL))

    labels = find_topics([ALL[place] for place in order], vectors[order])

    assert labels.tolist() == find_topics(ALL, vectors)[order].tolist()


def test_a_text_that_stands_often_counts_once_and_goes_with_the_others(vectors):
    texts = [*ALL, *[ALL[0]] * 40, "@you " + ALL[1] + " https://example.org"]

    labels = find_topics(texts, np.vstack([vectors, embed(texts[len(ALL) :])]))

    assert labels[: len(ALL)].tolist() == find_topics(ALL, vectors).tolist()
    assert labels[len(ALL) :].tolist() == [0] * 41


def test_a_text_whose_vector_is_no_number_is_in_no_topic_and_changes_no_other(vectors):
    broken = np.full((6, vectors.shape[1]), np.nan, np.float32)
    texts = [*ALL, *[f"she fed the ducks in the park on day {day}" for day in "abcdef"]]

    labels = find_topics(texts, np.vstack([vectors, broken]))

    assert labels.tolist() == [*find_topics(ALL, vectors).tolist(), *[-1] * 6]


@pytest.mark.parametrize("text", ["", "thank you!", "ok 👍", "https://example.org/cake"])
def test_what_is_about_nothing_is_in_no_topic(text, vectors):
    texts = [*ALL, text]

    assert find_topics(texts, np.vstack([vectors, embed([text])])).tolist()[-1] == -1


def test_small_talk_is_no_topic(vectors):
    chat = [
        f"{one} {two} {three}" for one, two, three in product(("oh", "yes"), ("well", "ok", "really"), ("you", "so"))
    ]
    texts = [*ALL, *chat]

    labels = find_topics(texts, np.vstack([vectors, embed(chat)]))

    assert labels[len(ALL) :].tolist() == [-1] * len(chat)
    assert (labels[: len(ALL)] >= 0).all()


def test_nothing_is_found_in_too_few_texts(vectors):
    assert find_topics(ALL[:4], vectors[:4]).tolist() == [-1] * 4
    assert find_topics([], np.zeros((0, 8), np.float32)).tolist() == []


def test_texts_that_share_no_word_and_no_meaning_are_left_over():
    words = [f"{a}{b}" for a, b in product("bdfgkl", "aeiou")]
    texts = [f"{word}x {word}y {word}z" for word in words]

    assert find_topics(texts, np.eye(len(texts), dtype=np.float32)).tolist() == [-1] * len(texts)


def test_japanese_is_cut_into_pairs_of_letters():
    parcels = [f"{day}に荷物が届きませんでした" for day in ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日")]
    cakes = [f"{day}にケーキを焼いて食べました" for day in ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日")]
    texts = parcels + cakes

    labels = find_topics(texts, embed(texts)).tolist()

    assert labels in ([0] * 6 + [1] * 6, [1] * 6 + [0] * 6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=60), st.integers(0, 9))
def test_any_texts_get_labels_without_gaps_the_largest_first(texts, seed):
    vectors = np.random.default_rng(seed).standard_normal((len(texts), 12)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    labels = find_topics(texts, vectors)

    sizes = np.bincount(labels[labels >= 0])
    assert len(labels) == len(texts)
    assert labels.min(initial=-1) >= -1
    assert (sizes >= finding.FEWEST).all()
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
