"""What is learned from labels, as it is kept: labelled posts, what came of them, and which sources a model reads."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pipelines.evaluation.measures import Estimate
from reading.fingerprints import fingerprint

FOLDS = 5
FEWEST_LABELS = 100
"""Labelled posts that a source needs to be taken over: with fewer the interval is no evidence."""
FEWEST_OF_A_LANGUAGE = 50
"""Labelled posts in a language before a model that knew nothing of it reads it."""


class Example(NamedTuple):
    """A labelled post."""

    mention_id: str
    source: str
    lang: str | None
    text: str
    own: str
    """What of it the writer says in words."""
    label: str


@dataclass(frozen=True)
class Decision:
    """Whether the model reads a source, as a row of `core.models`."""

    task: str
    source: str
    engine: str
    engine_version: str
    compared_with: str
    labels_count: int
    learned_recall: float | None
    compared_recall: float | None
    difference_low: float | None
    difference_high: float | None
    is_used: bool
    why: str


@dataclass(frozen=True)
class Learnt:
    """What came of the labels of a task."""

    task: str
    labels_count: int
    """Labelled posts whose text is there, each text once."""
    why_not: str | None
    """Why there is no model; None where there is one."""
    answered_share: float | None = None
    """Share of the labelled posts in languages that the model reads which get a label; None where it isn't asked."""
    calibration_error: float | None = None
    """Expected calibration error of its labels, each by a model that has not seen the post."""
    floor: float | None = None
    decisions: tuple[Decision, ...] = ()


class Compared(NamedTuple):
    """How well a model and the engine that reads without it do on the labelled posts of a source."""

    labels_count: int
    compared_recall: float | None
    learned_recall: float | None
    difference: Estimate
    told: str = ""
    """Other figures, for people."""
    objection: str | None = None
    """What speaks against the model though its macro-recall be better."""
    unmeasured: str | None = None
    """Why nothing can be measured; None where something is."""


class Made(NamedTuple):
    """What is made of labelled posts."""

    model: dict[str, Any] | None
    """The file and how it is to be used; None where there are too few labels."""
    learnt: Learnt


def decide(
    task: str, source: str, engines: tuple[str, str, str], found: Compared, *, why_not: str | None, is_wanted: bool
) -> Decision:
    """Whether a model reads a source; `engines` are its name and version, and what it is compared with."""
    is_used, why = _verdict(found, why_not, is_wanted=is_wanted)
    return Decision(
        task,
        source,
        *engines,
        labels_count=found.labels_count,
        learned_recall=found.learned_recall,
        compared_recall=found.compared_recall,
        difference_low=found.difference.low,
        difference_high=found.difference.high,
        is_used=is_used,
        why=why,
    )


def _verdict(found: Compared, why_not: str | None, *, is_wanted: bool) -> tuple[bool, str]:
    if why_not:
        return False, why_not
    if found.labels_count < FEWEST_LABELS:
        return False, f"fewer than {FEWEST_LABELS} labelled posts of this source"
    if found.unmeasured:
        return False, found.unmeasured
    told = f"; {found.told}" if found.told else ""
    if found.difference.low is None or found.difference.low <= 0:
        return False, f"not surely better: the 95 % interval of the difference does not lie above 0{told}"
    if found.objection:
        return False, found.objection
    if not is_wanted:
        return False, "the config says learned = false"
    return True, f"better: the 95 % interval of the difference lies above 0{told}"


def languages_of(examples: Sequence[Example]) -> list[str]:
    """The languages with enough labelled posts, in alphabetical order."""
    counts = Counter(example.lang for example in examples if example.lang)
    return sorted(lang for lang, count in counts.items() if count >= FEWEST_OF_A_LANGUAGE)


def folds_of(texts: Sequence[str], given: Sequence[str]) -> np.ndarray:
    """The fold that each text is in: every label in each as often, whatever order the texts stand in."""
    order = sorted(range(len(texts)), key=lambda place: (given[place], fingerprint([texts[place]]), texts[place]))
    fold = np.zeros(len(texts), int)
    fold[order] = np.arange(len(texts)) % FOLDS
    return fold
