"""Texts as rows of numbers: the words, word pairs and letter sequences within words that they hold.

Each counts by its rarity (idf: Spärck Jones 1972), and the words and the letters of a text are each brought to about
length 1. Whatever a word brings does not depend on the words around it, so that models can look it up word by word.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from reading.tokens import features_of, tokenize

GRAMS = (2, 5)
"""Shortest and longest sequence of letters within a word, its edges among them."""
FEWEST = 2
"""Examples that have to hold a word, pair or sequence for it to count."""
LETTERS_SHARE = 0.5
"""How much the letters of a text count beside its words."""
Floats = np.ndarray


class Group(NamedTuple):
    """Features of one kind, each with its weight by class, by rarity already, and the square of that rarity."""

    places: dict[str, int]
    weights: Floats
    squares: Floats


class Space:
    """The features of examples, and the examples as rows of them."""

    def __init__(self, texts: Sequence[str]) -> None:
        tokens = tokenize(texts)
        names = [features_of(word) for word in tokens.words]
        in_texts = [
            sorted(set(tokens.ids[start:end])) for start, end in zip(tokens.starts, tokens.starts[1:], strict=False)
        ]
        spelled = [Counter(letter_sequences(spelling)) for _, spelling in names]
        count = len(texts)
        self.words = _frequent(({name for word in row for name in names[word][0]} for row in in_texts), count)
        self.letters = _frequent(({gram for word in row for gram in spelled[word]} for row in in_texts), count)
        number = [self.words.places.get(found[0], -1) for found, _ in names]
        paired = [
            {
                f"{number[first]} {number[second]}"
                for first, second in pairwise(row)
                if number[first] >= 0 and number[second] >= 0
            }
            for row in (
                tokens.ids[start:end].tolist() for start, end in zip(tokens.starts, tokens.starts[1:], strict=False)
            )
        ]
        self.pairs = _frequent(paired, count)
        word_rows = [_counted((name for word in row for name in names[word][0]), self.words.places) for row in in_texts]
        pair_rows = [_counted(sorted(row), self.pairs.places) for row in paired]
        letter_rows = [Counter[int]() for _ in in_texts]
        for found, row in zip(letter_rows, in_texts, strict=True):
            for word in row:
                for gram, times in spelled[word].items():
                    if gram in self.letters.places:
                        found[self.letters.places[gram]] += times
        # Lengths as `LinearModel.scores` has them: of the words one by one, so that each can be looked up by itself.
        word_squares = np.array([sum(self._word_square(names[word][0]) for word in row) for row in in_texts])
        word_squares += np.array([sum(float(self.pairs.squares[place]) for place in row) for row in pair_rows])
        letter_squares = np.array([sum(self._letter_square(spelled[word]) for word in row) for row in in_texts])
        self.matrix = sparse.hstack(
            [
                _rows(word_rows, self.words, word_squares),
                _rows(pair_rows, self.pairs, word_squares),
                _rows(letter_rows, self.letters, letter_squares) * LETTERS_SHARE,
            ]
        ).tocsr()

    def _word_square(self, names: tuple[str, ...]) -> float:
        return sum(float(self.words.squares[self.words.places[name]]) for name in names if name in self.words.places)

    def _letter_square(self, grams: Counter[str]) -> float:
        places = self.letters.places
        return sum(times * float(self.letters.squares[places[gram]]) for gram, times in grams.items() if gram in places)

    def groups(self, weights: Floats) -> dict[str, Any]:
        """The groups with what was learned: rows of `weights` are features, columns classes."""
        made, start = {}, 0
        for name, group in (("words", self.words), ("pairs", self.pairs), ("letters", self.letters)):
            end = start + len(group.places)
            rarity = np.sqrt(group.squares)[:, None] * (LETTERS_SHARE if group is self.letters else 1)
            made[name] = group._replace(
                weights=(weights[start:end] * rarity).astype(np.float32), squares=group.squares.astype(np.float32)
            )
            start = end
        return made


def letter_sequences(spelling: str) -> list[str]:
    """Every sequence of letters of a word between its edges."""
    if not spelling:
        return []
    edged = f"<{spelling}>"
    low, high = GRAMS
    return [edged[at : at + size] for size in range(low, high + 1) for at in range(len(edged) - size + 1)]


def _frequent(rows: Iterable[Iterable[str]], count: int) -> Group:
    """The features that enough rows hold, by name."""
    found: Counter[str] = Counter()
    for row in rows:
        found.update(row)
    kept = sorted(name for name, rows_with in found.items() if rows_with >= FEWEST)
    rarity = np.array([np.log((1 + count) / (1 + found[name])) + 1 for name in kept])
    return Group({name: place for place, name in enumerate(kept)}, np.zeros((len(kept), 0)), rarity**2)


def _counted(names: Iterable[str], places: dict[str, int]) -> Counter[int]:
    return Counter(places[name] for name in names if name in places)


def _rows(rows: list[Counter[int]], group: Group, squares: Floats) -> sparse.csr_matrix:
    rarity = np.sqrt(group.squares)
    lengths = np.sqrt(np.maximum(squares, 1e-9))
    starts = np.cumsum([0, *(len(row) for row in rows)])
    places = np.fromiter((place for row in rows for place in row), np.int64, int(starts[-1]))
    times = np.fromiter((count for row in rows for count in row.values()), np.float64, int(starts[-1]))
    values = times * rarity[places] / np.repeat(lengths, np.diff(starts))
    return sparse.csr_matrix((values, places, starts), shape=(len(rows), len(group.places)))
