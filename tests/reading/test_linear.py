"""The linear classifier: the same text gets the same numbers wherever it stands, and the words that decide are told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reading import linear
from reading.feature_space import LETTERS_SHARE, Space
from reading.linear import LinearModel, train

PRAISE = ["I love this app", "great work, love it", "lovely and great update", "such a great release, I love it"]
BUGS = ["the app crashes on start", "it crashes when I save", "save button crashes", "crashes on every start"]
ASKS = ["how do I save a file?", "where is the save button?", "how can I start it?", "where do I start?"]
TEXTS = (*PRAISE, *BUGS, *ASKS)
LABELS = ("praise",) * 4 + ("bug",) * 4 + ("question",) * 4
CLASSES = ("bug", "praise", "question")


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train(TEXTS, LABELS, classes=CLASSES, exclusive=True)


def test_new_texts_are_told_by_the_words_they_share_with_the_examples(model: LinearModel) -> None:
    texts = ["love the update", "where is the file?", "it crashes"]
    assert [CLASSES[best] for best in model.scores(texts).argmax(axis=1)] == ["praise", "question", "bug"]


def test_words_that_were_never_seen_are_told_by_their_letters(model: LinearModel) -> None:
    assert CLASSES[int(model.scores(["crashings"]).argmax())] == "bug"


def test_probabilities_of_classes_that_exclude_each_other_sum_to_1(model: LinearModel) -> None:
    assert np.allclose(model.probabilities(["love it", "", "zzz"]).sum(axis=1), 1)


def test_several_classes_may_hold_where_they_do_not_exclude_each_other() -> None:
    texts = [*TEXTS, "I love it but it crashes", "great, but save crashes on start", "nothing to see", "a plain remark"]
    labels = [*({label} for label in LABELS), {"praise", "bug"}, {"praise", "bug"}, set[str](), set[str]()]
    both = train(texts, labels, classes=CLASSES, exclusive=False)
    told = both.probabilities(["love it, great, but it crashes when I save"])[0]
    assert told[CLASSES.index("bug")] > told[CLASSES.index("question")]
    assert told[CLASSES.index("praise")] > told[CLASSES.index("question")]


def test_the_order_of_the_examples_makes_no_difference(model: LinearModel) -> None:
    turned = train(TEXTS[::-1], LABELS[::-1], classes=CLASSES, exclusive=True)
    assert turned.version == model.version
    assert np.array_equal(turned.scores(TEXTS), model.scores(TEXTS))


def test_other_examples_make_another_version(model: LinearModel) -> None:
    assert train((*TEXTS, "more"), (*LABELS, "bug"), classes=CLASSES, exclusive=True).version != model.version


def test_scores_are_those_of_the_weights_that_were_learned(model: LinearModel) -> None:
    """What is looked up word by word is what a product of matrices says."""
    space = Space(sorted(TEXTS))
    weights = np.vstack([model.words.weights, model.pairs.weights, model.letters.weights])
    rarity = np.sqrt(np.concatenate([space.words.squares, space.pairs.squares, space.letters.squares]))
    rarity[-len(space.letters.squares) :] *= LETTERS_SHARE
    expected = space.matrix @ (weights / rarity[:, None]) + model.intercept
    assert np.allclose(model.scores(sorted(TEXTS)), expected, atol=1e-4)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=60) | st.sampled_from(TEXTS), max_size=12))
def test_a_text_gets_the_same_numbers_alone_and_among_others(model: LinearModel, texts: list[str]) -> None:
    together = model.probabilities(texts)
    for row, text in zip(together, texts, strict=True):
        assert np.allclose(model.probabilities([text])[0], row, atol=1e-12, rtol=0)


def test_words_that_look_alike_have_the_same_numbers_and_are_remembered_once(model: LinearModel) -> None:
    texts = ["crashes see https://a.example", "Crashes See www.b.example", "crashes see https://c.example"]
    known = len(model._rows_by_look)
    scores = model.scores(texts)
    assert np.allclose(scores, scores[0], atol=1e-12, rtol=0)
    assert len(model._rows_by_look) <= known + 6  # both words, the link, and the marks of start, end and size


def test_a_full_memory_changes_no_answer(model: LinearModel, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"word{number} crashes and love" for number in range(50)]
    expected = model.scores(texts)
    monkeypatch.setattr(linear, "MOST_REMEMBERED", 10)
    assert np.allclose(np.vstack([model.scores([text]) for text in texts]), expected)


def test_a_model_read_from_its_file_is_the_same(model: LinearModel, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(model.to_bytes())
    read = LinearModel.from_file(path)
    assert (read.classes, read.exclusive, read.version) == (model.classes, model.exclusive, model.version)
    assert np.allclose(read.scores(TEXTS), model.scores(TEXTS))


def test_the_words_that_decided_are_told_as_they_were_written(model: LinearModel) -> None:
    assert model.evidence("Well, it CRASHES again", "bug")[0] == "CRASHES"


def test_evidence_stands_in_the_text(model: LinearModel) -> None:
    text = "How do I love the save button?"
    assert all(word in text for label in CLASSES for word in model.evidence(text, label))


def test_numbers_beside_the_words_count() -> None:
    dense = np.array([[1.0]] * 4 + [[-1.0]] * 4 + [[0.0]] * 4)
    model = train(TEXTS, LABELS, classes=CLASSES, exclusive=True, dense=dense)
    low, high = model.probabilities(["zzz", "zzz"], np.array([[-1.0], [1.0]]))
    assert high[CLASSES.index("praise")] > low[CLASSES.index("praise")]
    with pytest.raises(ValueError, match="reads 1 numbers about each of 1 texts"):
        model.scores(["zzz"])


def test_an_example_may_count_for_several() -> None:
    texts, labels = [*TEXTS, "odd thing"] * 2, [*LABELS, "praise", *LABELS, "question"]
    weights = [1.0] * len(TEXTS) + [3.0] + [1.0] * (len(TEXTS) + 1)
    praise = CLASSES.index("praise")
    once = train(texts, labels, classes=CLASSES, exclusive=True)
    thrice = train(texts, labels, classes=CLASSES, exclusive=True, weights=weights)
    backwards = train(texts[::-1], labels[::-1], classes=CLASSES, exclusive=True, weights=weights[::-1])
    assert thrice.probabilities(["odd thing"])[0, praise] > once.probabilities(["odd thing"])[0, praise]
    assert thrice.version == backwards.version != once.version
    even = train(texts, labels, classes=CLASSES, exclusive=True, weights=[1.0] * len(texts))
    assert np.array_equal(even.probabilities(TEXTS), once.probabilities(TEXTS))


def test_a_class_without_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to tell 'story' by"):
        train(TEXTS, LABELS, classes=(*CLASSES, "story"), exclusive=True)


def test_numbers_count_as_told() -> None:
    """A number that tells praise, beside words that tell nothing: what it counts for is all that is learned."""
    labels = ["praise", "question"] * 20
    number = np.array([[1.0], [-1.0]] * 20)
    scores = [
        train(
            ["same"] * 40, labels, classes=("praise", "question"), exclusive=False, dense=number, dense_shares=[share]
        ).scores(["same"] * 40, number)
        for share in (0.01, 1.0)
    ]
    assert np.abs(scores[0]).max() < 0.1 < 1 < np.abs(scores[1]).min()
