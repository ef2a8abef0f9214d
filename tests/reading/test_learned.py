"""The engine that is made of labels: its languages, its silence, and where it stands."""

from pathlib import Path

import numpy as np
import pytest

from reading import engines, linear, sentiment
from reading.learned import CLASSES, Trained, above, engine, numbers_of, scored, shares_of

TEXTS = [f"{start} {thing}" for thing in ("mug", "bowl", "jar", "lid") for start in ("crawled", "glassy", "fired a")]
LABELS = ["negative", "positive", "neutral"] * 4


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """A model of what potters mean, in a file."""
    numbers = numbers_of(TEXTS, ["en"] * 12, (), embeds=False)
    model = linear.train(TEXTS, LABELS, classes=CLASSES, exclusive=True, dense=numbers, dense_shares=shares_of(numbers))
    path = tmp_path / "model.npz"
    path.write_bytes(model.to_bytes())
    return Trained(str(path), model.version, 0.0, ("en",), (1 / 3, 1 / 3, 1 / 3))


def test_it_says_what_it_has_learned(trained: Trained) -> None:
    scores = sentiment.read(
        ["the vase crawled", "a glassy vase", "I fired a vase"], ["en"] * 3, lambda _: engine(trained)
    )
    assert [score.label for score in scores] == ["negative", "positive", "neutral"]
    for score in scores:
        assert score.positive is not None
        assert score.neutral is not None
        assert score.negative is not None
        assert score.compound == pytest.approx(score.positive - score.negative, abs=1e-3)
        assert score.positive + score.neutral + score.negative == pytest.approx(1, abs=1e-3)
        assert (score.plain_compound, score.reason) == (None, None)


def test_the_same_post_gets_the_same_score_whatever_stands_beside_it(trained: Trained) -> None:
    texts = ["the vase crawled", "a glassy vase", "I fired a vase"]
    together = sentiment.read(texts, ["en"] * 3, lambda _: engine(trained))
    alone = [sentiment.read([text], ["en"], lambda _: engine(trained))[0] for text in reversed(texts)]
    assert together == alone[::-1]


def test_languages_that_it_has_not_seen_stay_with_the_others(trained: Trained) -> None:
    engine_of = above(engines.chosen("vader", {}), trained)
    assert [engine_of(lang).name for lang in ("en", "de", None)] == ["learned", "vader", "vader"]
    assert above(engines.chosen("vader", {}), None)("en").name == "vader"


def test_below_the_floor_it_says_nothing() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.3, 0.4, 0.3]])
    sure, unsure = scored(probabilities, (1 / 3, 1 / 3, 1 / 3), 0.45)
    assert (sure.label, sure.confidence, sure.compound) == ("positive", 0.8, 0.7)
    assert unsure == sentiment.not_scored("uncertain")


def test_a_rare_class_is_answered_where_it_is_likelier_than_usual() -> None:
    probabilities = np.array([[0.3, 0.1, 0.6], [0.1, 0.1, 0.8]])
    rare, common = scored(probabilities, (0.1, 0.1, 0.8), 0.0)
    assert (rare.label, rare.confidence, rare.compound) == ("positive", 0.3, 0.4737)
    assert (rare.positive, rare.neutral, rare.negative) == (0.3, 0.1, 0.6)
    assert (common.label, common.confidence) == ("positive", 0.1)
    assert scored(probabilities, (1 / 3, 1 / 3, 1 / 3), 0.0)[1].label == "negative"


def test_the_fingerprint_is_of_what_it_says_and_not_of_where_it_lies(trained: Trained) -> None:
    assert trained._replace(path="/elsewhere").fingerprint == trained.fingerprint
    assert trained._replace(floor=0.4).fingerprint != trained.fingerprint
    assert trained._replace(languages=("en", "de")).fingerprint != trained.fingerprint


def test_vaders_numbers_are_there_where_vader_reads_the_language() -> None:
    numbers = numbers_of(["great", "great", "😀"], ["en", "de", None], (), embeds=False)
    assert numbers[0, 0] == pytest.approx(0.6249)
    assert numbers[1].tolist() == [0, 0, 0, 0]
    assert numbers[2, 0] > 0
    assert numbers_of(["great"], ["en"], (("great", 0.0),), embeds=False)[0, 0] == 0
