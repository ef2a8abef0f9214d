"""What a writer wants: complaint, question, request, bug report and so on, as far as a text shows it.

A linear model (see `reading.linear`) learned from the examples in `seeds/intents`, which were written for it, and the
cues of `reading.intent_cues`. No rule is better than what is learned: "ends in a question mark or begins with a
question word" is one of the cues. Posts that a home's own people labelled may be learned from beside the examples.
"""

import os
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reading import linear
from reading.fingerprints import fingerprint
from reading.intent_cues import SHARE, SIGNS, SILENT, WORDS, Cues, cues, have_sign, kinds
from reading.linear import LinearModel
from reading.tokens import Tokens, features_of, tokenize

ENGINE = "seeds"
LEARNED = "learned"
"""The engine that has learned from labels, too."""
VERSION = 1
"""Raised when the same examples would make another model, or the same text be read another way."""
SEEDS = Path(__file__).with_name("seeds") / "intents"
BUILT = SEEDS.parent
"""Where `make` leaves the model."""
LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
"""ISO 639-1 codes of the languages that the examples are written in."""
OTHER = "other"
THRESHOLDS = {
    "bug_report": 0.2,
    "churn_risk": 0.7,
    "complaint": 0.35,
    "other": 0.5,
    "praise": 0.4,
    "purchase_intent": 0.7,
    "question": 0.25,
    "request": 0.15,
    "spam": 0.7,
    "story": 0.7,
}
"""From which probability an intent holds: for what reviews and issues are full of, where F1 is about its best on such;
what is rare among posts has to be surer, and is missed more often than it is made up.
"""
INTENTS = tuple(THRESHOLDS)
FEWEST_KNOWN = 1 / 3
"""Share of its words that must stand in the examples where nobody knows a text's language."""
WITHOUT_SIGN = {"churn_risk": 0.25, "purchase_intent": 0.25, "request": 0.8, "story": 0.25}
"""The highest probability of an intent where the text holds none of its `SIGNS`: on posts of communities that
the examples are not from, hardly any of those was right. Requests are so many that one may hold, but is never sure.
"""
MOST_EVIDENCE = 3
STRENGTH = 2.0
"""Inverse of the regularisation; chosen, as `SHARE` is, on posts that the examples are not from."""
WEIGHT_OF_LABELS = 10.0
"""How many examples a labelled post counts for; of 1, 3, 10 and 30 on two sets 10 brings nearly all there is."""
_COMMON = 16.0
"""Squared rarity of a word that every twentieth example holds: "the" is no evidence, whatever it weighs."""


class Seed(NamedTuple):
    """An example: a text, what its writer wants, and the language."""

    text: str
    intents: frozenset[str]
    lang: str


class Intent(NamedTuple):
    """One thing that a writer wants."""

    name: str
    probability: float
    """0 … 1, three digits; calibrated on the examples."""
    evidence: tuple[str, ...]
    """The words that speak most for it, as written, the strongest first; empty where no single word does."""


class Trained(NamedTuple):
    """A model of the examples and of labelled posts, in a file."""

    path: str
    version: str
    """Hash of the model."""
    languages: tuple[str, ...]
    """ISO 639-1 codes of what it has seen enough of."""

    @property
    def fingerprint(self) -> str:
        """What decides what it says, wherever the file lies."""
        return fingerprint([engine_version(), *self[1:]])


class Engine(NamedTuple):
    """A model, and what is told of it beside its answers."""

    name: str
    version: str
    model: LinearModel
    languages: frozenset[str]

    def read(self, texts: Sequence[str] | Tokens, langs: Sequence[str | None]) -> list[tuple[Intent, ...]]:
        """What the writer of each text wants, see `read`."""
        return read(texts, langs, self.model, None if self.name == ENGINE else self.languages)


def engine(folder: Path | None = None, trained: Trained | None = None) -> Engine:
    """What reads intents: the model of the examples, kept in a folder, or the one that was trained on labels, too."""
    if trained is None:
        return Engine(ENGINE, engine_version(), model(folder), LANGUAGES)
    learned = LinearModel.from_file(Path(trained.path))
    return Engine(LEARNED, trained.fingerprint, learned, frozenset(trained.languages))


def seeds() -> list[Seed]:
    """The examples, file after file; `ValueError` names a file that can't be read."""
    found = []
    for path in sorted(SEEDS.glob("*.toml")):
        try:
            blocks = tomllib.loads(path.read_text(encoding="utf-8"))["examples"]
            for block in blocks:
                intents = frozenset(block["intents"])
                if not intents or intents - set(INTENTS):
                    raise ValueError(f"intents {sorted(intents)}: expected some of {', '.join(INTENTS)}")
                found += [Seed(text, intents, block.get("lang", "en")) for text in block["texts"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}. Expected [[examples]] with intents, texts and lang.") from error
    return found


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Hash of the examples, and of all that makes the model of them; told without making it."""
    files = [path.read_text(encoding="utf-8") for path in (*sorted(SEEDS.glob("*.toml")), WORDS)]
    return fingerprint(
        [VERSION, linear.VERSION, SHARE, STRENGTH, SIGNS, WITHOUT_SIGN, THRESHOLDS, version("scikit-learn"), files]
    )


@lru_cache(maxsize=2)
def model(folder: Path | None = None) -> LinearModel:
    """The model that `make` left beside the examples, else the one in the folder; there it is learned in a few seconds
    where the folder does not hold it yet.

    Without either it is kept for this process alone.
    """
    name = f"intent-{engine_version()}.npz"
    for path in (BUILT / name, *([folder / name] if folder else [])):
        if zipfile.is_zipfile(path):  # there, and whole
            return LinearModel.from_file(path)
    made = _learned()
    if folder:
        _keep(made, folder / name)
    return made


def build() -> None:
    """Learn the model and leave it beside the examples, so that no home has to."""
    path = BUILT / f"intent-{engine_version()}.npz"
    if not zipfile.is_zipfile(path):
        for old in BUILT.glob("intent-*.npz"):
            old.unlink()
        _keep(_learned(), path)


def _keep(made: LinearModel, path: Path) -> None:
    """Write the model whole or not at all."""
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".intent-", delete=False) as file:
        file.write(made.to_bytes())
    Path(file.name).chmod(0o644)  # whoever runs a night may read it
    os.replace(file.name, path)  # noqa: PTH105


@lru_cache(maxsize=1)
def _learned() -> LinearModel:
    return train()


def train(labelled: Sequence[str] = (), wants: Sequence[frozenset[str]] = ()) -> LinearModel:
    """The model of the examples and of labelled texts with what their writers want, `other` where that is nothing.

    A labelled text counts for `WEIGHT_OF_LABELS` examples: people who speak of their own posts know better.
    """
    examples = seeds()
    texts = [*(seed.text for seed in examples), *labelled]
    numbers = cues(tokenize(texts)).numbers
    return linear.train(
        texts,
        [*(seed.intents for seed in examples), *wants],
        classes=INTENTS,
        exclusive=False,
        dense=numbers,
        dense_shares=[SHARE] * numbers.shape[1],
        weights=[1.0] * len(examples) + [WEIGHT_OF_LABELS] * len(labelled) if labelled else None,
        strength=STRENGTH,
    )


def probabilities(
    texts: Sequence[str] | Tokens, learned: LinearModel, languages: frozenset[str] | None = None
) -> np.ndarray:
    """How likely each of `INTENTS` (columns) is for each text (row), to three digits.

    `languages` are those of a model that has learned from labels, too, and whose people know better than any sign.
    """
    tokens = texts if isinstance(texts, Tokens) else tokenize(texts)
    return _probabilities(tokens, cues(tokens), learned, languages)


def _probabilities(tokens: Tokens, found: Cues, learned: LinearModel, languages: frozenset[str] | None) -> np.ndarray:
    likely = learned.probabilities(tokens, found.numbers)
    for name in SIGNS if languages is None else ():
        likely[:, INTENTS.index(name)] = np.minimum(
            likely[:, INTENTS.index(name)], np.where(have_sign(found, name), 1.0, WITHOUT_SIGN[name])
        )
    return np.round(likely, 3)


def readable(
    tokens: Tokens, langs: Sequence[str | None], learned: LinearModel, languages: frozenset[str] = LANGUAGES
) -> np.ndarray:
    """Which texts the model can read: those with words of a language it knows.

    Nobody knows the language of many a short text. Those are read where the examples hold a third of the words; where
    they hold all of them, it does not matter which language a detector takes it for.
    """
    names, is_word = _names(tokens, learned)
    starts = tokens.starts[:-1]
    if not len(starts):
        return np.zeros(0, bool)
    counted = np.stack([is_word, is_word & (names >= 0)]).astype(np.int64)[:, tokens.ids]
    words, known = np.add.reduceat(counted, starts, axis=1)
    in_language = np.fromiter((lang in languages for lang in langs), bool, len(langs))
    untold = np.fromiter((lang is None for lang in langs), bool, len(langs))
    return np.asarray((words > 0) & (in_language | (known == words) | (untold & (known >= FEWEST_KNOWN * words))))


def _names(tokens: Tokens, learned: LinearModel) -> tuple[np.ndarray, np.ndarray]:
    """For each different word its place among those of the model, -1 where there is none, and whether it is a word."""
    words = _words(learned)
    found = np.fromiter(map(words.__getitem__, tokens.words), np.int64, len(tokens.words))
    return (found >> 1) - 1, (found & 1).astype(bool)


class _Words(dict[str, int]):
    """Word as it stands in a text → its place among those of the model plus 1, times 2, plus 1 if it is a word."""

    def __init__(self, places: dict[str, int]) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, word: str) -> int:
        if len(self) >= linear.MOST_REMEMBERED:
            self.clear()
        name = features_of(word)[0][0]
        is_word = word[0].isalnum() and not word.isdigit() and name != "<link>"
        found = self[word] = (self._places.get(name, -1) + 1) * 2 + is_word
        return found


_WORDS: dict[str, _Words] = {}


def _words(learned: LinearModel) -> _Words:
    if learned.version not in _WORDS:
        _WORDS.clear()
        _WORDS[learned.version] = _Words(learned.words.places)
    return _WORDS[learned.version]


def wanted(
    texts: Sequence[str],
    langs: Sequence[str | None],
    learned: LinearModel,
    languages: frozenset[str] | None = None,
) -> np.ndarray:
    """Which of `INTENTS` (columns) `read` tells of each text (row)."""
    tokens = tokenize(texts)
    return _holds(tokens, probabilities(tokens, learned, languages), langs, learned, languages or LANGUAGES)


def _holds(
    tokens: Tokens,
    likely: np.ndarray,
    langs: Sequence[str | None],
    learned: LinearModel,
    languages: frozenset[str],
) -> np.ndarray:
    thresholds = np.array([THRESHOLDS[name] for name in INTENTS])
    holds = (likely >= thresholds) & readable(tokens, langs, learned, languages)[:, None]
    other = INTENTS.index(OTHER)
    holds[:, other] &= ~holds[:, np.arange(len(INTENTS)) != other].any(axis=1)
    return np.asarray(holds)


def read(
    texts: Sequence[str] | Tokens,
    langs: Sequence[str | None],
    learned: LinearModel,
    languages: frozenset[str] | None = None,
) -> list[tuple[Intent, ...]]:
    """What the writer of each text wants, the likeliest first; nothing where the model can't tell.

    `other` says that none of the rest holds, and stands alone. What stands beside a text does not change its answer.
    `languages` are those of a model that has learned from labels, too.
    """
    tokens = texts if isinstance(texts, Tokens) else tokenize(texts)
    found = cues(tokens)
    likely = _probabilities(tokens, found, learned, languages)
    owners, columns = np.nonzero(_holds(tokens, likely, langs, learned, languages or LANGUAGES))
    evidence = _evidence(tokens, found, owners, columns, learned)
    answers: list[list[Intent]] = [[] for _ in range(len(likely))]
    chances = likely[owners, columns].tolist()
    for owner, column, chance, words in zip(owners.tolist(), columns.tolist(), chances, evidence, strict=True):
        answers[owner].append(Intent(INTENTS[column], chance, words))
    return [tuple(sorted(answer, key=lambda intent: (-intent.probability, intent.name))) for answer in answers]


def _evidence(
    tokens: Tokens, found: Cues, owners: np.ndarray, columns: np.ndarray, learned: LinearModel
) -> list[tuple[str, ...]]:
    """For each text (owner) and intent (column) the words that speak for it; none speaks for `other`."""
    if not len(owners):
        return []
    names, is_word = _names(tokens, learned)
    squares = np.where(names >= 0, learned.words.squares[names], 0.0)
    spoken = np.where((squares >= _COMMON)[:, None], learned.words.weights[names], 0.0)
    named = kinds()
    worth = learned.dense[: len(named)] / learned.dense_scale[1][: len(named), None]
    worth[[kind in SILENT for kind in named]] = 0.0
    by_kind = found.word_kinds @ worth
    lengths = np.sqrt(np.maximum(np.add.reduceat(squares[tokens.ids], tokens.starts[:-1]), 1e-9))
    counts = np.diff(tokens.starts)[owners]
    begins = np.cumsum(counts) - counts
    ids = tokens.ids[np.arange(int(counts.sum())) + np.repeat(tokens.starts[:-1][owners] - begins, counts)]
    column = np.repeat(columns, counts)
    weights = spoken[ids, column] / np.repeat(lengths[owners], counts) + by_kind[ids, column]
    if "?" in tokens.words:
        is_word[tokens.words.index("?")] = True  # the one mark that says something to people
    usable = is_word[ids] & (column != INTENTS.index(OTHER))
    weights = np.where(usable, weights, 0.0)
    said: list[list[str]] = [[] for _ in owners]
    for _ in range(MOST_EVIDENCE):
        best = np.maximum.reduceat(weights, begins)
        places = np.flatnonzero((weights == np.repeat(best, counts)) & (weights > 0))
        rows = np.searchsorted(begins, places, side="right") - 1
        first = np.r_[True, rows[1:] != rows[:-1]] if len(rows) else np.zeros(0, bool)
        chosen = np.full(len(owners), -1, np.int64)
        chosen[rows[first]] = ids[places[first]]
        for row, word in zip(rows[first].tolist(), ids[places[first]].tolist(), strict=True):
            said[row].append(tokens.words[word])
        weights[ids == np.repeat(chosen, counts)] = 0.0
    return [tuple(words) for words in said]


if __name__ == "__main__":
    build()
