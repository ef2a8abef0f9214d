"""Learn sentiment from the labels: the model, its floor, and the sources where it beats the config's engine."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipelines.config.settings import Config
from pipelines.enrich.learned import trained_from
from pipelines.enrich.lens import lens_of
from pipelines.evaluation import measures
from pipelines.evaluation.measures import ABSTAINED, Estimate
from pipelines.learn.decisions import (
    FEWEST_LABELS,
    FEWEST_OF_A_LANGUAGE,
    FOLDS,
    Compared,
    Decision,
    Example,
    Learnt,
    Made,
    decide,
    folds_of,
    languages_of,
)
from pipelines.store.home import Home, whole_file
from reading import engines, linear, sentiment
from reading.learned import CLASSES, NAME, answers_of, numbers_of, scored, shares_of
from reading.learned import VERSION as READER_VERSION

VERSION = 1
"""Raised when the same labels would give another model or another decision."""
TASK = "sentiment"
STRENGTH = 1.0
"""Inverse of the regularisation; of 1 and 3 the better one on complaints about airlines, see docs/models.md."""
FEWEST_OF_A_CLASS = 10
"""Labels of each kind before a model is made: two for each fold."""
FLOORS = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2)
"""What an answer's probability may have to reach, the strictest first."""
COST_OF_SILENCE = 0.01
"""Macro-recall over all posts that answers below the floor may have been worth."""


def is_label(value: str) -> bool:
    """Whether something can be learned from an answer."""
    return value in CLASSES


def made_with(config: Config) -> list[object]:
    """What decides, beside the labels and their posts, what is made of them."""
    lens = lens_of(config)
    compared = [[source.id, lens_of(config, None, source.id).sentiment_engine_versions] for source in config.sources]
    code: list[object] = [VERSION, READER_VERSION, linear.VERSION, FOLDS, STRENGTH, FEWEST_LABELS, FEWEST_OF_A_LANGUAGE]
    code += [FEWEST_OF_A_CLASS, FLOORS, COST_OF_SILENCE]
    return [code, [lens.lexicon, config.sentiment.learned, _embedding(config)], sorted(compared)]


def _embedding(config: Config) -> str | None:
    """Version of the sentence embedding that the model reads, where the config wants one."""
    if not config.sentiment.embedding:
        return None
    from reading.topics.embedding import version

    return version()


def _too_few(examples: Sequence[Example]) -> str | None:
    """Why no model can be made of the examples; None where one can."""
    counts = Counter(example.label for example in examples)
    lacking = [name for name in CLASSES if counts[name] < FEWEST_OF_A_CLASS]
    if not lacking:
        return None
    told = ", ".join(f"{counts[name]} {name}" for name in lacking)
    where = f"in languages with {FEWEST_OF_A_LANGUAGE} labels"
    return f"labelled so far {where}: {told}; a model needs {FEWEST_OF_A_CLASS} of each"


def make(home: Home, config: Config, examples: list[Example]) -> Made:
    """What is learned from the examples; the model lies in the home."""
    languages = languages_of(examples)
    seen = [example for example in examples if example.lang in languages]
    why_not = _too_few(seen)
    lexicon = lens_of(config).lexicon
    answers: dict[str, str | None] = {}
    engine_version, model = "", None
    share = error = floor = None
    if not why_not:
        texts = [example.own for example in seen]
        numbers = numbers_of(texts, [example.lang for example in seen], lexicon, embeds=config.sentiment.embedding)
        given = [example.label for example in seen]
        trial = judged_unseen(texts, given, numbers)
        floor = choose_floor(trial, given)
        trained = train(texts, given, numbers)
        file = f"{TASK}-{trained.version}.npz"
        with whole_file(home.models / file) as making:
            making.write_bytes(trained.to_bytes())
        told = [score.label for score in scored(trial, priors_of(given), floor)]
        answers = dict(zip([example.mention_id for example in seen], told, strict=True))
        model = {"file": file, "version": trained.version, "floor": floor, "languages": languages}
        model |= {"lexicon": lexicon, "embedding": _embedding(config), "priors": priors_of(given)}
        engine_version = trained_from(home, model).fingerprint
        share = sum(answer is not None for answer in told) / len(told)
        error = calibration_error_of(trial, given, floor)
    decisions = tuple(
        _decide(config, source, examples, answers, engine_version, why_not)
        for source in sorted({example.source for example in examples} & {source.id for source in config.sources})
    )
    return Made(model, Learnt(TASK, len(examples), why_not, share, error, floor, decisions))


# Trying it out -----------------------------------------------------------------------------------------

Trial = np.ndarray
"""Probabilities of texts (rows) for each class by models that have not seen them."""


def train(texts: Sequence[str], given: Sequence[str], numbers: np.ndarray) -> linear.LinearModel:
    """The model of some labelled texts, with the numbers that stand beside the words."""
    shares = shares_of(numbers)
    return linear.train(
        texts, given, classes=CLASSES, exclusive=True, dense=numbers, dense_shares=shares, strength=STRENGTH
    )


def judged_unseen(texts: Sequence[str], given: Sequence[str], numbers: np.ndarray) -> Trial:
    """What models that learned from four fifths of the texts say of the last fifth, for each fifth."""
    fold = folds_of(texts, given)
    probabilities = np.zeros((len(texts), len(CLASSES)))
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold != number).tolist(), np.flatnonzero(fold == number).tolist()
        model = train([texts[place] for place in inside], [given[place] for place in inside], numbers[inside])
        probabilities[outside] = model.probabilities([texts[place] for place in outside], numbers[outside])
    return probabilities


def priors_of(given: Sequence[str]) -> list[float]:
    """How common each class is."""
    counts = Counter(given)
    return [counts[name] / len(given) for name in CLASSES]


def choose_floor(trial: Trial, given: Sequence[str]) -> float:
    """The strictest floor that costs little: what is answered below it is mostly wrong, and macro-recall over all falls
    by `COST_OF_SILENCE` at most. 0 where every answer is worth giving.
    """
    truth = _numbers(given)
    answers = answers_of(trial, priors_of(given))
    confidences = trial[np.arange(len(answers)), answers]
    whole = _recall(truth, answers)
    for floor in FLOORS:
        below = confidences < floor
        is_mostly_wrong = not below.any() or (answers == truth)[below].mean() < 0.5
        if is_mostly_wrong and whole - _recall(truth, np.where(below, ABSTAINED, answers)) <= COST_OF_SILENCE:
            return floor
    return 0.0


def calibration_error_of(trial: Trial, given: Sequence[str], floor: float) -> float:
    """Expected calibration error of the labels at or above the floor."""
    answers = answers_of(trial, priors_of(given))
    confidences = trial[np.arange(len(answers)), answers]
    told = confidences >= floor
    return measures.calibration_error(confidences[told], (answers == _numbers(given))[told])


def _numbers(names: Sequence[str | None]) -> np.ndarray:
    return np.array([ABSTAINED if name is None else CLASSES.index(name) for name in names], np.int64)


def _recall(truth: np.ndarray, answers: np.ndarray) -> float:
    return float(measures.macro_recall(measures.tally(measures.confusion(truth, answers, len(CLASSES)))))


# Taking over -------------------------------------------------------------------------------------------


def _decide(
    config: Config,
    source: str,
    examples: Sequence[Example],
    answers: dict[str, str | None],
    engine_version: str,
    why_not: str | None,
) -> Decision:
    """Whether the model reads a source. In languages that it has seen too little of, the config's engine reads on."""
    mine = [example for example in examples if example.source == source]
    lens = lens_of(config, config.source(source).language, source)
    engine_of = engines.chosen(lens.sentiment_engine, dict(lens.sentiment_engines), lens.lexicon, lens.classifiers)
    scores = sentiment.read([example.text for example in mine], [example.lang for example in mine], engine_of)
    truth = _numbers([example.label for example in mine])
    compared = _numbers([score.label for score in scores])
    learned = _numbers(
        [answers.get(example.mention_id, score.label) for example, score in zip(mine, scores, strict=True)]
    )
    difference = Estimate(None, None, None)
    if not why_not:
        difference = measures.of_difference(measures.macro_recall, truth, learned, compared, len(CLASSES))
    found = Compared(len(mine), _recall(truth, compared), None if why_not else _recall(truth, learned), difference)
    named = (NAME, engine_version, " | ".join(lens.sentiment_engine_versions))
    return decide(TASK, source, named, found, why_not=why_not, is_wanted=config.sentiment.learned)
