"""Sentiment, emotion, irony and offence as a Hugging Face model reads them; the config says what its labels mean."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from reading.classifier import Classifier, ModelError, classifier
from reading.fingerprints import fingerprint
from reading.sentiment import Post, Score, not_scored

ENGINE = "transformers"
MOODS = ("positive", "neutral", "negative")
FLAGS: dict[str, tuple[str, ...] | None] = {"emotion": None, "irony": ("irony",), "offensive": ("offensive",)}
"""Purposes besides sentiment, and what their labels may mean; emotions have any name and become `emotion:joy`."""


class Model(NamedTuple):
    """A model, what it is for, and how it is to be read. Small, and the same in every process."""

    purpose: str
    """sentiment, or a key of `FLAGS`."""
    name: str
    """Folder, or name on the Hub."""
    labels: tuple[tuple[str, str], ...]
    """Each of the model's labels and what it means here; nothing where it says nothing that is asked for."""
    min_probability: float = 0.5
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of what it reads; none for every language."""
    revision: str | None = None
    download: bool = False
    """Whether it may be fetched from the Hub where it isn't here yet."""


class Flag(NamedTuple):
    """What a model says of a text beside its mood."""

    flag: str
    """`irony`, `offensive`, or `emotion:` and its name."""
    probability: float


class Sentiment:
    """The engine of sentiment that a model is; see `reading.sentiment.Engine`."""

    name = ENGINE

    def __init__(self, model: Model) -> None:
        self._classifier, self.version = _made(model)
        self._min_probability = model.min_probability
        self.languages = frozenset(model.languages) or None
        means = dict(model.labels)
        self._columns = [
            [place for place, label in enumerate(self._classifier.labels) if means[label] == mood] for mood in MOODS
        ]

    def score(self, posts: Sequence[Post]) -> list[Score]:
        """Of each post the probability of each mood, labels of one mood added up; uncertain where the most likely one
        stays under the least probability. Labels that mean nothing here take their share away.
        """
        return [self._scored(row) for row in self._classifier.probabilities([post.own for post in posts])]

    def _scored(self, probabilities: np.ndarray) -> Score:
        if np.isnan(probabilities).any():
            return not_scored("nothing-to-read")
        moods = [round(float(probabilities[columns].sum()), 4) for columns in self._columns]
        whole = sum(moods)
        best = max(moods)
        if best < self._min_probability:
            return not_scored("uncertain")
        positive, neutral, negative = (round(mood / whole, 4) for mood in moods)
        compound = round(positive - negative, 4)
        return Score(compound, None, positive, neutral, negative, MOODS[moods.index(best)], min(best, 1.0), None)


class Flagger:
    """A model that reads emotion, irony or offence."""

    def __init__(self, model: Model) -> None:
        self._classifier, self.version = _made(model)
        self._min_probability = model.min_probability
        self._languages = frozenset(model.languages)
        prefix = "emotion:" if model.purpose == "emotion" else ""
        means = dict(model.labels)
        self._flags = [f"{prefix}{means[label]}" if means[label] else "" for label in self._classifier.labels]

    def read(self, texts: Sequence[str | None], langs: Sequence[str | None]) -> list[list[Flag]]:
        """For each text its flags: the most likely label, or each of a model whose labels don't exclude each other,
        where it reaches the least probability and means something here. None in languages that the model doesn't read.
        """
        asked = [
            place
            for place, (text, lang) in enumerate(zip(texts, langs, strict=True))
            if text and not text.isspace() and (not self._languages or lang in self._languages)
        ]
        found: list[list[Flag]] = [[] for _ in texts]
        for place, row in zip(
            asked, self._classifier.probabilities([texts[place] or "" for place in asked]), strict=True
        ):
            found[place] = self._flagged(row)
        return found

    def _flagged(self, probabilities: np.ndarray) -> list[Flag]:
        if np.isnan(probabilities).any():
            return []
        several = self._classifier.is_multi_label
        places = range(len(probabilities)) if several else [int(probabilities.argmax())]
        by_flag: dict[str, float] = {}
        for place in places:
            flag, probability = self._flags[place], float(probabilities[place])
            if flag and probability >= self._min_probability:
                by_flag[flag] = max(probability, by_flag.get(flag, 0))
        return [Flag(flag, by_flag[flag]) for flag in sorted(by_flag)]


@lru_cache(maxsize=4)
def sentiment_engine(model: Model) -> Sentiment:
    """The engine of a model, made once in each process. `ModelError` where it can't be used."""
    return Sentiment(model)


@lru_cache(maxsize=8)
def flagger(model: Model) -> Flagger:
    """The reader of a model, made once in each process. `ModelError` where it can't be used."""
    return Flagger(model)


def _made(model: Model) -> tuple[Classifier, str]:
    """The classifier of a model, its labels all told, and the engine version."""
    made = classifier(model.name, model.revision, model.download)
    untold = [label for label in made.labels if label not in dict(model.labels)]
    unknown = [label for label, _ in model.labels if label not in made.labels]
    if untold or unknown:
        raise ModelError(
            f"{model.name}: labels has to say what each label of the model means, and of no other ("
            + "; ".join(
                f"{what}: {', '.join(labels)}"
                for what, labels in (("missing", untold), ("not in it", unknown))
                if labels
            )
            + '). A label that says nothing here is given as "".'
        )
    settings = fingerprint([sorted(model.labels), model.min_probability, sorted(model.languages)])
    return made, f"{made.version}, settings {settings}"
