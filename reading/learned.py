"""Sentiment as a home's own people see it: a linear model of their labels, on words, letters and VADER's numbers."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reading import vader
from reading.fingerprints import fingerprint
from reading.linear import LinearModel
from reading.sentiment import Engine, EngineOf, Post, Score, not_scored

NAME = "learned"
CLASSES = ("positive", "neutral", "negative")
VADER_NUMBERS = 4
SHARE_OF_VADER = 0.3
SHARE_OF_EMBEDDING = 0.03
"""How much a number counts beside the words, which together have length 1; chosen on labelled complaints."""
VERSION = 1
"""Raised when the same model would read the same post another way."""


class Trained(NamedTuple):
    """A model in a file, and how it is to be used."""

    path: str
    version: str
    """Hash of the model."""
    floor: float
    """It gives no label that it holds for less likely than this to be right."""
    languages: tuple[str, ...]
    """ISO 639-1 codes of what it has seen enough of."""
    priors: tuple[float, ...]
    """How common each of `CLASSES` was in what it has seen."""
    lexicon: vader.Lexicon = ()
    """Valences above VADER's own, in the numbers that it reads."""
    embedding: str | None = None
    """Version of the sentence embedding that it reads, too, where it reads one."""

    @property
    def fingerprint(self) -> str:
        """What decides what it says, wherever the file lies."""
        return fingerprint([VERSION, *self[1:]])


def shares_of(numbers: np.ndarray) -> list[float]:
    """How much each of the numbers counts beside the words; those of an embedding are many."""
    return [SHARE_OF_VADER] * VADER_NUMBERS + [SHARE_OF_EMBEDDING] * (numbers.shape[1] - VADER_NUMBERS)


def numbers_of(
    texts: Sequence[str], langs: Sequence[str | None], lexicon: vader.Lexicon, *, embeds: bool
) -> np.ndarray:
    """What the model reads of each text beside its words: VADER's compound and three shares, 0 where VADER does not
    read the language; then the sentence embedding, where it `embeds`.
    """
    analyzer = vader.analyzer(lexicon)
    said = np.zeros((len(texts), VADER_NUMBERS))
    for row, (text, lang) in enumerate(zip(texts, langs, strict=True)):
        if lang is None or lang in vader.LANGUAGES:
            scores = analyzer.polarity_scores(text)
            said[row] = scores["compound"], scores["pos"], scores["neu"], scores["neg"]
    if not embeds:
        return said
    from reading.topics.embedding import embed  # takes a while to load, and few homes ask for it

    return np.hstack([said, embed(texts)])


class Learned:
    """The engine. Its label is the class that is likelier than usual by the greatest factor, so that rare ones are
    found; its confidence is the probability that this label is right.
    """

    name = NAME

    def __init__(self, trained: Trained) -> None:
        self._trained = trained
        self._model = LinearModel.from_file(Path(trained.path))
        self.version = trained.fingerprint
        self.languages: frozenset[str] | None = frozenset(trained.languages)

    def score(self, posts: Sequence[Post]) -> list[Score]:
        """A score for each post; `uncertain` where the label would be less likely right than the floor."""
        texts = [post.own for post in posts]
        langs = [post.lang for post in posts]
        numbers = numbers_of(texts, langs, self._trained.lexicon, embeds=self._trained.embedding is not None)
        probabilities = self._model.probabilities(texts, numbers)
        return scored(probabilities, self._trained.priors, self._trained.floor)


def answers_of(probabilities: np.ndarray, priors: Sequence[float]) -> np.ndarray:
    """The class (a number) of each text that is likelier than usual by the greatest factor.

    That is the answer of the greatest expected macro-recall: Menon, A. et al. (2013), "On the Statistical Consistency
    of Algorithms for Binary Classification under Class Imbalance", ICML.
    """
    return np.asarray((probabilities / np.asarray(priors)).argmax(axis=1))


def scored(probabilities: np.ndarray, priors: Sequence[float], floor: float) -> list[Score]:
    """What probabilities, a row for each text, say of the texts. The compound is that of classes taken as equally
    common, as the label is: a positive label has none below 0.
    """
    answers = answers_of(probabilities, priors)
    confidences = probabilities[np.arange(len(answers)), answers]
    likelier = probabilities / np.asarray(priors)
    compounds = (likelier[:, 0] - likelier[:, 2]) / likelier.sum(axis=1)
    rounded = (numbers.round(4).tolist() for numbers in (confidences, compounds, probabilities))
    rows = zip(answers.tolist(), *rounded, strict=True)
    return [
        Score(compound, None, positive, neutral, negative, CLASSES[answer], sure, None)
        if sure >= floor
        else not_scored("uncertain")
        for answer, sure, compound, (positive, neutral, negative) in rows
    ]


@lru_cache(maxsize=4)
def engine(trained: Trained) -> Engine:
    """The engine of a model, loaded once in each process."""
    return Learned(trained)


def above(engine_of: EngineOf, trained: Trained | None) -> EngineOf:
    """The learned engine in the languages that it has seen enough of, the others in all else."""
    if trained is None:
        return engine_of
    languages, learned = frozenset(trained.languages), engine(trained)
    return lambda lang: learned if lang in languages else engine_of(lang)
