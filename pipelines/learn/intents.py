"""Learn intents from the labels: the model of the examples and the labelled posts, and the sources where it is better.

How good it is, is macro-recall where each intent is a question of its own that is answered yes or no: the mean over the
intents that people used of the recall of the posts with it and the recall of those without. Chance is 0.5, and who sees
an intent everywhere gets no more.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from pipelines.config.settings import Config
from pipelines.enrich.learned import intents_from
from pipelines.evaluation import measures
from pipelines.evaluation.measures import Estimate
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
from pipelines.people.labels import QUESTIONS, SEPARATOR
from pipelines.store.home import Home, whole_file
from reading import intent

VERSION = 1
"""Raised when the same labels would give another model or another decision."""
TASK = "intent"
NOTHING = "none"
"""The answer of people that the engine calls `other`."""
UNASKED = tuple(name for name in intent.INTENTS if name not in (*QUESTIONS[TASK].choices, intent.OTHER))
"""What people are not asked for: spam is a matter of moderation. Of that the model of the examples is believed."""
FEWEST_OF_AN_INTENT = 10
"""Labelled posts with an intent before it is measured: two for each fold."""


def is_label(value: str) -> bool:
    """Whether something can be learned from an answer."""
    return wants_of(value) <= set(intent.INTENTS)


def wants_of(value: str) -> frozenset[str]:
    """The intents that an answer of people names."""
    return frozenset(intent.OTHER if name == NOTHING else name for name in value.split(SEPARATOR))


def made_with(config: Config) -> list[object]:
    """What decides, beside the labels and their posts, what is made of them."""
    code: list[object] = [VERSION, intent.engine_version(), intent.WEIGHT_OF_LABELS, FOLDS, FEWEST_LABELS]
    code += [FEWEST_OF_A_LANGUAGE, FEWEST_OF_AN_INTENT]
    return [code, config.intents.learned, sorted(source.id for source in config.sources)]


def make(home: Home, config: Config, examples: list[Example]) -> Made:
    """What is learned from the examples; the model lies in the home."""
    languages = intent.LANGUAGES | set(languages_of(examples))
    seen = [place for place, example in enumerate(examples) if example.lang is None or example.lang in languages]
    why_not = _too_few([examples[place] for place in seen])
    truth = _holding([example.label for example in examples])
    compared = np.zeros(truth.shape, bool)
    if examples:
        texts, langs = [example.text for example in examples], [example.lang for example in examples]
        compared = intent.wanted(texts, langs, intent.model(home.models))
    learned = compared.copy()
    engine_version, model = "", None
    if not why_not:
        mine = [examples[place] for place in seen]
        wants = [_with_unasked(examples[place].label, compared[place]) for place in seen]
        learned[seen] = judged_unseen(mine, wants, languages)
        trained = intent.train([example.text for example in mine], wants)
        file = f"intent-learned-{trained.version}.npz"
        with whole_file(home.models / file) as making:
            making.write_bytes(trained.to_bytes())
        model = {"file": file, "version": trained.version, "languages": sorted(languages)}
        model |= {"examples": intent.engine_version()}
        engine_version = intents_from(home, model).fingerprint
    decisions: list[Decision] = []
    for source in sorted({example.source for example in examples} & {source.id for source in config.sources}):
        rows = [place for place, example in enumerate(examples) if example.source == source]
        found = _compared(truth[rows], learned[rows], compared[rows], why_not)
        named = (intent.LEARNED, engine_version, f"{intent.ENGINE} {intent.engine_version()}")
        decisions.append(decide(TASK, source, named, found, why_not=why_not, is_wanted=config.intents.learned))
    return Made(model, Learnt(TASK, len(examples), why_not, decisions=tuple(decisions)))


def _too_few(examples: Sequence[Example]) -> str | None:
    """Why no model can be made of the examples; None where one can."""
    counts = Counter(name for example in examples for name in wants_of(example.label) if name != intent.OTHER)
    if any(count >= FEWEST_OF_AN_INTENT for count in counts.values()):
        return None
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no intent"
    return f"labelled so far: {told}; a model needs {FEWEST_OF_AN_INTENT} posts of at least one intent"


def _with_unasked(value: str, told: np.ndarray) -> frozenset[str]:
    """What people say of a post, and what the model of the examples tells of it that people are not asked for."""
    unasked = {name for name in UNASKED if told[intent.INTENTS.index(name)]}
    return wants_of(value) - {intent.OTHER} | unasked or frozenset({intent.OTHER})


def judged_unseen(
    examples: Sequence[Example], wants: Sequence[frozenset[str]], languages: frozenset[str]
) -> np.ndarray:
    """Which of `reading.intent.INTENTS` (columns) hold for each post (row), as a model says that learned from the seeds
    and what is wanted in four fifths of the posts, this one not among them.
    """
    texts = [example.text for example in examples]
    fold = folds_of(texts, [example.label for example in examples])
    told = np.zeros((len(examples), len(intent.INTENTS)), bool)
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold != number).tolist(), np.flatnonzero(fold == number).tolist()
        model = intent.train([texts[place] for place in inside], [wants[place] for place in inside])
        langs = [examples[place].lang for place in outside]
        told[outside] = intent.wanted([texts[place] for place in outside], langs, model, languages)
    return told


def _holding(given: Sequence[str]) -> np.ndarray:
    """Which of `reading.intent.INTENTS` (columns) each answer (row) names."""
    wants = [wants_of(value) for value in given]
    return np.array([[name in found for name in intent.INTENTS] for found in wants], bool).reshape(
        -1, len(intent.INTENTS)
    )


def _compared(truth: np.ndarray, learned: np.ndarray, compared: np.ndarray, why_not: str | None) -> Compared:
    """How well both do on the posts of a source. Only intents that people found often enough in it are measured."""
    is_intent = np.array([name != intent.OTHER for name in intent.INTENTS])
    used = is_intent & (truth.sum(axis=0) >= FEWEST_OF_AN_INTENT)
    unmeasured = None if used.any() else f"no intent has {FEWEST_OF_AN_INTENT} labelled posts of this source"
    if unmeasured:
        return Compared(len(truth), None, None, Estimate(None, None, None), unmeasured=unmeasured)
    truth, learned, compared = truth[:, used], learned[:, used], compared[:, used]
    before = macro_recall(truth, compared)
    if why_not:
        return Compared(len(truth), before, None, Estimate(None, None, None))
    difference = measures.of_difference_of_several(
        measures.macro_recall, _yes_and_no(truth), _yes_and_no(learned), _yes_and_no(compared)
    )
    f1, f1_before = _macro_f1(truth, learned), _macro_f1(truth, compared)
    told = f"macro-F1 {f1:.3f} against {f1_before:.3f}"
    objection = f"more is found, but too much that is not there: {told}" if f1 < f1_before else None
    return Compared(len(truth), before, macro_recall(truth, learned), difference, told, objection)


# Figures -----------------------------------------------------------------------------------------------


def macro_recall(truth: np.ndarray, told: np.ndarray) -> float:
    """Mean over intents (columns) of the recall of posts (rows) with it and of those without."""
    return float(measures.macro_recall(measures.tally_of_several(_yes_and_no(truth), _yes_and_no(told))))


def _macro_f1(truth: np.ndarray, told: np.ndarray) -> float:
    return float(measures.macro_f1(measures.tally_of_several(truth, told)))


def _yes_and_no(holds: np.ndarray) -> np.ndarray:
    return np.hstack([holds, ~holds])
