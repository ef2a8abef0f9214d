"""What labels are worth: engines learned from some of a labelled set, judged on the rest of it.

Run as `python -m bench.learning [embedding]`. Nothing that is learned here is kept.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq

from pipelines.evaluation import measures
from pipelines.learn.intents import macro_recall
from pipelines.learn.sentiment import priors_of, train
from reading import engines, intent, sentiment
from reading.learned import CLASSES, answers_of, numbers_of
from reading.prose import own_words
from reading.vader import Lexicon

ROOT = Path(__file__).parents[1]
FEW = 500
SEEDS_OF_FEW = 5
SEEDS_OF_MOST = 2
FEW_INTENTS = 300
SEEDS_OF_INTENTS = 3


class LearnedRow(NamedTuple):
    """How well an engine does that was learned from a part of a set, on the rest; mean over seeds."""

    labelled_set: str
    what: str
    measure: str
    score: float
    compared_with: str
    baseline: float
    """What the other engine reaches on the same rests."""
    goal: float | None
    calibration_error: float


class LabelledSet(NamedTuple):
    """A file, the goals for 500 labels and for four fifths, and names of brands that VADER takes for praise."""

    name: str
    goal_of_few: float | None = None
    goal_of_most: float | None = None
    lexicon: Lexicon = ()


SETS = (
    LabelledSet("us_airline", 0.68, 0.80, (("united", 0.0),)),
    LabelledSet("senti4sd_stackoverflow"),
    LabelledSet("goemotions_reddit"),
)


def learned_rows(folder: Path, *, embeds: bool = False) -> list[LearnedRow]:
    """The rows for the sets that are in the folder of labelled sets."""
    rows = []
    for name, goal_of_few, goal_of_most, lexicon in SETS:
        path = folder / "sentiment" / f"{name}.parquet"
        if not path.is_file():
            continue
        columns = pq.read_table(path, columns=["text", "label"]).to_pydict()
        texts = [own_words(text) or text for text in columns["text"]]
        numbers = numbers_of(texts, ["en"] * len(texts), lexicon, embeds=embeds)
        of_vader = _answers_of_vader(texts, lexicon)
        beside = "words, VADER and an embedding" if embeds else "words and VADER"
        sizes = [(FEW, SEEDS_OF_FEW, goal_of_few)]
        sizes += [(len(texts) * 4 // 5, SEEDS_OF_MOST, goal_of_most)] if goal_of_most else []
        for size, seeds, goal in sizes:
            judged = [_judged(texts, columns["label"], numbers, of_vader, size, seed) for seed in range(seeds)]
            score, baseline, error = np.mean(judged, axis=0).tolist()
            what = f"{size:,} labels: {beside}"
            rows.append(LearnedRow(name, what, "macro-recall", score, "VADER", baseline, goal, error))
    return rows


def _answers_of_vader(texts: list[str], lexicon: Lexicon) -> np.ndarray:
    scores = sentiment.read(texts, ["en"] * len(texts), lambda _: engines.engine("vader", lexicon))
    return np.array([measures.ABSTAINED if score.label is None else CLASSES.index(score.label) for score in scores])


def _judged(
    texts: list[str], given: list[str], numbers: np.ndarray, of_vader: np.ndarray, size: int, seed: int
) -> tuple[float, float, float]:
    """Macro-recall of the learned engine and of VADER on what was not learned from, and the calibration error."""
    order = np.random.default_rng(seed).permutation(len(texts)).tolist()
    inside, outside = order[:size], order[size:]
    model = train([texts[place] for place in inside], [given[place] for place in inside], numbers[inside])
    probabilities = model.probabilities([texts[place] for place in outside], numbers[outside])
    answers = answers_of(probabilities, priors_of([given[place] for place in inside]))
    truth = np.array([CLASSES.index(given[place]) for place in outside])
    confidences = probabilities[np.arange(len(answers)), answers]
    error = measures.calibration_error(confidences, answers == truth)
    return _recall(truth, answers), _recall(truth, of_vader[outside]), error


def _recall(truth: np.ndarray, answers: np.ndarray) -> float:
    return float(measures.macro_recall(measures.tally(measures.confusion(truth, answers, len(CLASSES)))))


INTENT_SETS = {
    "app_reviews_playstore": {"bug report": "bug_report", "feature request": "request"},
    "nlbse24_issues": {"bug": "bug_report", "feature": "request", "question": "question"},
}
"""What the labels of a set are here; the others are none of our intents."""


def intent_rows(folder: Path) -> list[LearnedRow]:
    """The rows for the sets of intents that are in the folder: the examples and some labels, the examples alone."""
    rows = []
    for name, meant in INTENT_SETS.items():
        path = folder / "intent" / f"{name}.parquet"
        if not path.is_file():
            continue
        columns = pq.read_table(path, columns=["text", "label"]).to_pydict()
        wants = [meant.get(label, intent.OTHER) for label in columns["label"]]
        judged = [_judged_intents(columns["text"], wants, seed) for seed in range(SEEDS_OF_INTENTS)]
        recall, recall_before, f1, f1_before, error = np.mean(judged, axis=0).tolist()
        what = f"{FEW_INTENTS:,} labels: examples, words and cues"
        for measure, score, baseline in (("macro-recall", recall, recall_before), ("macro-F1", f1, f1_before)):
            rows.append(LearnedRow(name, what, measure, score, "examples", baseline, None, error))
    return rows


def _judged_intents(texts: list[str], wants: list[str], seed: int) -> tuple[float, float, float, float, float]:
    """Macro-recall and macro-F1, each of what was learned and of the examples alone, on what was not learned from; and
    the calibration error of all yes and no. Macro-recall is that of `pipelines.learning.intents`.
    """
    order = np.random.default_rng(seed).permutation(len(texts)).tolist()
    inside, outside = order[:FEW_INTENTS], order[FEW_INTENTS:]
    learned = intent.train([texts[place] for place in inside], [frozenset([wants[place]]) for place in inside])
    rest, langs = [texts[place] for place in outside], ["en"] * len(outside)
    used = [intent.INTENTS.index(name) for name in sorted(set(wants) - {intent.OTHER})]
    truth = np.array([[wants[place] == intent.INTENTS[column] for column in used] for place in outside])
    told = [intent.wanted(rest, langs, model)[:, used] for model in (learned, intent.model())]
    recalls = [macro_recall(truth, answers) for answers in told]
    f1s = [float(measures.macro_f1(measures.tally_of_several(truth, answers))) for answers in told]
    likely = intent.probabilities(rest, learned)[:, used].ravel()
    is_right = np.where(likely >= 0.5, truth.ravel(), ~truth.ravel())
    error = measures.calibration_error(np.maximum(likely, 1 - likely), is_right)
    return recalls[0], recalls[1], f1s[0], f1s[1], error


def main() -> int:
    """Print the rows."""
    folder = Path(os.environ.get("EARSHOT_EVAL", ROOT.parent / "shared" / "eval"))
    for row in [*learned_rows(folder, embeds="embedding" in sys.argv[1:]), *intent_rows(folder)]:
        goal = "" if row.goal is None else f"  goal {row.goal:.2f}"
        print(
            f"{row.labelled_set:24} {row.what:44} {row.measure:12} {row.score:.3f}  "
            f"{row.compared_with} {row.baseline:.3f}  "
            f"ECE {row.calibration_error:.3f}{goal}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
