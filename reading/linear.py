"""A linear text classifier whose every word weighs the same wherever it stands, so that each is looked at once.

A text is the words, word pairs and letter sequences within words that it holds, each once, weighted by rarity (idf:
Spärck Jones 1972); words and letters are each brought to length 1. Logistic regression on these, with probabilities
calibrated on folds it was not trained on (Platt 1999).
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version as installed
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from reading.feature_space import FEWEST, GRAMS, Floats, Group, Space, letter_sequences
from reading.fingerprints import fingerprint
from reading.tokens import Look, Tokens, features_of, tokenize, written_words

VERSION = 1
"""Raised when the same examples would make another model."""
FOLDS = 5
MOST_REMEMBERED = 200_000
"""Words that are remembered at a time."""
DENSE_SHARE = 0.3
"""How much a number about a text counts beside its words."""
Dense = np.ndarray | None
"""Numbers about each text that are not read from its words, one row a text."""


@dataclass(frozen=True)
class LinearModel:
    """What was learned from examples. The same text always gets the same numbers, whatever stands beside it."""

    classes: tuple[str, ...]
    exclusive: bool
    """Whether one class holds for each text; else any number of them."""
    version: str
    """Hash of the examples, and of what made the model of them."""
    words: Group
    pairs: Group
    """Named by the numbers of both words: `12 7`."""
    letters: Group
    dense: Floats
    """Weight of each number about a text, by class."""
    dense_scale: Floats
    """Mean and spread of each number."""
    intercept: Floats
    calibration: Floats
    """Factor and shift of each class's score that make probabilities of scores."""
    _rows: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _rows_by_look: dict[Look, int] = field(default_factory=dict, repr=False, compare=False)
    """A quarter of the words that are written look like others to the model: they differ in case, or are links."""
    _memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def scores(self, texts: Sequence[str] | Tokens, dense: Dense = None) -> Floats:
        """The score of each text (row) for each class (column), all classes taken as equally common."""
        tokens = texts if isinstance(texts, Tokens) else tokenize(texts)
        count = len(tokens.starts) - 1
        rows = self._look_up(tokens.words)
        distinct = _distinct(tokens.owners * np.int64(len(tokens.words)) + tokens.ids)
        owners, words = np.divmod(distinct, len(tokens.words) or 1)
        sums = _sum_by(owners, rows[words], self._memory["weights"], count)
        classes = len(self.classes)
        word_part, letter_part = sums[:, :classes], sums[:, classes : 2 * classes]
        pair_owners, pair_places = self._pairs_of(tokens, rows)
        word_part += _sum_by(pair_owners, pair_places, self.pairs.weights, count)
        squares = sums[:, -2] + np.bincount(pair_owners, self.pairs.squares[pair_places], minlength=count)
        found = _scaled(word_part, squares) + _scaled(letter_part, sums[:, -1]) + self.intercept
        if len(self.dense):
            if dense is None or dense.shape != (count, len(self.dense)):
                raise ValueError(f"the model reads {len(self.dense)} numbers about each of {count} texts")
            found += ((dense - self.dense_scale[0]) / self.dense_scale[1]) @ self.dense
        return found  # type: ignore[no-any-return]

    def probabilities(self, texts: Sequence[str] | Tokens, dense: Dense = None) -> Floats:
        """How likely each class is for each text; rows sum to 1 where classes exclude each other."""
        return self.calibrated(self.scores(texts, dense))

    def calibrated(self, scores: Floats) -> Floats:
        """The probabilities that scores stand for."""
        return _calibrated(scores, self.calibration, self.exclusive)

    def evidence(self, text: str, label: str, most: int = 3) -> tuple[str, ...]:
        """The words of a text, as written, that speak most for a class, the strongest first."""
        column = self.classes.index(label)
        tokens = tokenize([text])
        rows = self._look_up(tokens.words)
        weights = self._memory["weights"][rows]
        classes = len(self.classes)
        norms = np.sqrt(np.maximum(weights[:, -2:].sum(axis=0), 1e-9))
        spoken = weights[:, column] / norms[0] + weights[:, classes + column] / norms[1]
        owners, places = self._pairs_of(tokens, rows, want_positions=True)
        for position, place in zip(owners, places, strict=True):
            for word in tokens.ids[position : position + 2]:
                spoken[word] += self.pairs.weights[place, column] / norms[0] / 2
        by_word = dict(zip(tokens.words, spoken.tolist(), strict=True))
        mine = {word: by_word[word] for word in dict.fromkeys(written_words(text)) if by_word[word] > 0}
        return tuple(
            sorted((word for word in mine if word[0].isalnum() or len(mine) == 1), key=lambda w: -mine[w])[:most]
        )

    def _look_up(self, words: list[str]) -> np.ndarray:
        """The row of each word in what is remembered, where unknown ones are put first."""
        if not self._memory or len(self._rows) + len(words) > MOST_REMEMBERED:
            self._rows.clear()
            self._rows_by_look.clear()
            # in double precision, as sums of single come out another way wherever the words stand in another order
            self._memory["weights"] = np.zeros((1024, 2 * len(self.classes) + 2))
            self._memory["numbers"] = np.full(1024, -1, np.int64)
        new = [word for word in words if word not in self._rows]
        if new:
            self._remember(new)
        return np.fromiter(map(self._rows.__getitem__, words), np.int64, len(words))

    def _remember(self, words: list[str]) -> None:
        """Work out the weights of words, all at once."""
        look_of = [features_of(word) for word in words]
        looks = [look for look in dict.fromkeys(look_of) if look not in self._rows_by_look]
        first, classes = len(self._rows_by_look), len(self.classes)
        end = first + len(looks)
        self._rows_by_look.update(zip(looks, range(first, end), strict=True))
        self._rows.update(zip(words, map(self._rows_by_look.__getitem__, look_of), strict=True))
        while end > len(self._memory["weights"]):
            self._memory["weights"] = np.concatenate([self._memory["weights"], np.zeros_like(self._memory["weights"])])
            self._memory["numbers"] = np.concatenate(
                [self._memory["numbers"], np.full_like(self._memory["numbers"], -1)]
            )
        known, letters = self.words.places, self.letters.places
        named = [[known[name] for name in names if name in known] for names, _ in looks]
        spelled = [[letters[gram] for gram in letter_sequences(spelling) if gram in letters] for _, spelling in looks]
        weights = self._memory["weights"][first:end]
        for group, places, columns, square in (
            (self.words, named, slice(0, classes), -2),
            (self.letters, spelled, slice(classes, 2 * classes), -1),
        ):
            owners = np.repeat(np.arange(len(looks)), [len(row) for row in places])
            flat = np.fromiter(chain.from_iterable(places), np.int64, len(owners))
            weights[:, columns] = _sum_by(owners, flat, group.weights, len(looks))
            weights[:, square] = np.bincount(owners, group.squares[flat], minlength=len(looks))
        self._memory["numbers"][first:end] = [known.get(names[0], -1) for names, _ in looks]

    def _pairs_of(
        self, tokens: Tokens, rows: np.ndarray, *, want_positions: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Text (or position) and place of each word pair that the model knows, each once a text."""
        keys, order = self._pair_keys
        numbers = self._memory["numbers"][rows[tokens.ids]]
        owners = tokens.owners
        together = (owners[1:] == owners[:-1]) & (numbers[1:] >= 0) & (numbers[:-1] >= 0)
        positions = np.flatnonzero(together)
        asked = numbers[positions] * len(self.words.places) + numbers[positions + 1]
        found = np.searchsorted(keys, asked)
        is_known = np.zeros(len(asked), bool)
        inside = found < len(keys)
        is_known[inside] = keys[found[inside]] == asked[inside]
        positions, places = positions[is_known], order[found[is_known]]
        if want_positions:
            return positions, places
        size = np.int64(len(keys) or 1)
        distinct = _distinct(owners[positions] * size + places)
        pair_owners, pair_places = np.divmod(distinct, size)
        return pair_owners, pair_places

    @cached_property
    def _pair_keys(self) -> tuple[np.ndarray, np.ndarray]:
        """Every pair as one number, ascending, and its place."""
        keys = np.zeros(len(self.pairs.places), np.int64)
        for pair, place in self.pairs.places.items():
            first, second = pair.split(" ")
            keys[place] = int(first) * len(self.words.places) + int(second)
        order = np.argsort(keys)
        return keys[order], order

    def to_bytes(self) -> bytes:
        """The model as an .npz file of plain arrays."""
        groups = {"words": self.words, "pairs": self.pairs, "letters": self.letters}
        arrays: dict[str, np.ndarray] = {
            "classes": np.array(self.classes),
            "exclusive": np.array(self.exclusive),
            "version": np.array(self.version),
            "dense": self.dense,
            "dense_scale": self.dense_scale,
            "intercept": self.intercept,
            "calibration": self.calibration,
        }
        for name, group in groups.items():
            arrays[f"{name}_names"] = np.frombuffer("\n".join(group.places).encode(), np.uint8)
            arrays[f"{name}_weights"] = group.weights
            arrays[f"{name}_squares"] = group.squares
        held = io.BytesIO()
        np.savez_compressed(held, **arrays)  # type: ignore[arg-type]
        return held.getvalue()

    @classmethod
    def from_file(cls, path: Path) -> "LinearModel":
        """The model in a file that `to_bytes` made; `ValueError`, `OSError` or `KeyError` where it holds none."""
        with np.load(path, allow_pickle=False) as arrays:
            groups: dict[str, Any] = {}
            for name in ("words", "pairs", "letters"):
                names = arrays[f"{name}_names"].tobytes().decode()
                places = {found: place for place, found in enumerate(names.split("\n") if names else ())}
                groups[name] = Group(places, arrays[f"{name}_weights"], arrays[f"{name}_squares"])
            return cls(
                classes=tuple(arrays["classes"].tolist()),
                exclusive=bool(arrays["exclusive"]),
                version=str(arrays["version"]),
                dense=arrays["dense"],
                dense_scale=arrays["dense_scale"],
                intercept=arrays["intercept"],
                calibration=arrays["calibration"],
                **groups,
            )


def train(
    texts: Sequence[str],
    labels: Sequence[str] | Sequence[Iterable[str]],
    *,
    classes: Sequence[str],
    exclusive: bool,
    dense: Dense = None,
    dense_shares: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
    strength: float = 1.0,
    seed: int = 0,
) -> LinearModel:
    """Learn from texts with their labels: a class each where they exclude each other, else any number of classes.

    `dense_shares` is how much each number about a text counts beside its words, `DENSE_SHARE` where it isn't told.
    `weights` is how many times each example counts, once where it isn't told.
    `strength` is the inverse of the regularisation (C of scikit-learn). The same examples in another order make the
    same model. `ValueError` where a class has no example, or every text is one.
    """
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts have {len(labels)} labels: expected one for each")
    given = [(label,) if isinstance(label, str) else tuple(sorted(label)) for label in labels]
    counted = np.ones(len(texts)) if weights is None else np.array(weights, np.float64)
    order = sorted(range(len(texts)), key=lambda place: (texts[place], given[place], counted[place]))
    texts, given, counted = [texts[place] for place in order], [given[place] for place in order], counted[order]
    truth = np.array([[name in found for name in classes] for found in given], bool).reshape(-1, len(classes))
    alone = [name for name, count in zip(classes, truth.sum(axis=0), strict=True) if not 0 < count < len(texts)]
    if alone:
        raise ValueError(f"nothing to tell {alone[0]!r} by: expected texts with and texts without it")
    numbers = np.zeros((len(texts), 0)) if dense is None else np.asarray(dense, np.float64)[order]
    scale = np.stack([numbers.mean(axis=0), numbers.std(axis=0) + 1e-9])
    shares = np.full(numbers.shape[1], DENSE_SHARE) if dense_shares is None else np.array(dense_shares, np.float64)
    space = Space(texts)
    matrix = sparse.hstack([space.matrix, sparse.csr_matrix((numbers - scale[0]) / scale[1] * shares)]).tocsr()
    learned, intercept = _fit(matrix, truth, counted, exclusive, strength)
    held_out = _held_out(matrix, truth, counted, exclusive, strength, seed)
    calibration = _fit_calibration(held_out, truth, counted, exclusive)
    told = [] if weights is None else [counted.tolist()]
    made = [VERSION, GRAMS, FEWEST, FOLDS, strength, seed, exclusive, list(classes), installed("scikit-learn")]
    return LinearModel(
        classes=tuple(classes),
        exclusive=exclusive,
        version=fingerprint([made, texts, given, numbers.tolist(), shares.tolist(), *told]),
        **space.groups(learned),
        dense=learned[space.matrix.shape[1] :] * shares[:, None],
        dense_scale=scale,
        intercept=intercept,
        calibration=calibration,
    )


# Learning ----------------------------------------------------------------------------------------------


def _fit(
    matrix: sparse.csr_matrix, truth: np.ndarray, counted: Floats, exclusive: bool, strength: float
) -> tuple[Floats, Floats]:
    """Weights (features by classes) and intercepts."""
    from sklearn.linear_model import LogisticRegression  # takes a second to import, and only learning needs it
    from threadpoolctl import threadpool_limits

    def fitted(target: np.ndarray) -> tuple[Floats, Floats]:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=300, tol=1e-3)
        model.fit(matrix, target, sample_weight=counted)
        return model.coef_.T, model.intercept_

    with threadpool_limits(1):  # sums in one order, so that every machine learns the same
        if exclusive and truth.shape[1] > 2:
            return fitted(truth.argmax(axis=1))
        columns = [fitted(truth[:, column]) for column in range(truth.shape[1])]
    return np.hstack([weights for weights, _ in columns]), np.concatenate([intercept for _, intercept in columns])


def _folds(truth: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows held out and rows learned from, in folds that each hold every class as far as there are enough."""
    draw = np.random.default_rng(seed).permutation(len(truth))
    kinds = [row.tobytes() for row in truth]
    order = sorted(draw.tolist(), key=lambda place: kinds[place])
    fold = np.zeros(len(truth), int)
    fold[order] = np.arange(len(truth)) % FOLDS
    return [(np.flatnonzero(fold == number), np.flatnonzero(fold != number)) for number in range(FOLDS)]


def _held_out(
    matrix: sparse.csr_matrix, truth: np.ndarray, counted: Floats, exclusive: bool, strength: float, seed: int
) -> Floats:
    """Scores of each row by weights that were learned without it."""
    scores = np.zeros(truth.shape)
    for fold, inside in _folds(truth, seed):
        if len(fold) and (truth[inside].sum(axis=0) > 0).all() and (truth[inside].sum(axis=0) < len(inside)).all():
            weights, intercept = _fit(matrix[inside], truth[inside], counted[inside], exclusive, strength)
            scores[fold] = matrix[fold] @ weights + intercept
    return scores


def _fit_calibration(scores: Floats, truth: np.ndarray, counted: Floats, exclusive: bool) -> Floats:
    """Factors (first row) and shifts (second) of the scores that make what came true most likely."""
    from scipy.optimize import minimize

    classes = truth.shape[1]

    def unlikelihood(parameters: Floats) -> float:
        told = _calibrated(scores, parameters.reshape(2, classes), exclusive)
        likely = np.where(truth, told, 1.0 if exclusive else 1 - told)
        surprise = (-np.log(np.maximum(likely, 1e-12)) * counted[:, None]).sum() / counted.sum()
        # a little pull towards factor 1 keeps few examples from making it infinite
        return float(surprise + 0.001 * ((parameters[:classes] - 1) ** 2).sum())

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    return np.asarray(minimize(unlikelihood, start, method="L-BFGS-B").x, np.float64).reshape(2, classes)


def _calibrated(scores: Floats, calibration: Floats, exclusive: bool) -> Floats:
    moved = np.clip(scores * calibration[0] + calibration[1], -60, 60)
    if not exclusive:
        return np.asarray(1 / (1 + np.exp(-moved)))
    likely = np.exp(moved - moved.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


# Sums --------------------------------------------------------------------------------------------------


def _sum_by(owners: np.ndarray, places: np.ndarray, table: Floats, count: int) -> Floats:
    """For each owner the sum of the rows of the table at its places; owners ascend."""
    starts = np.searchsorted(owners, np.arange(count + 1))
    held = sparse.csr_matrix((np.ones(len(places), table.dtype), places, starts), shape=(count, len(table)))
    return np.asarray(held @ table, np.float64)


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """Each different number, ascending; several times as fast as np.unique on what is nearly in order."""
    ordered = np.sort(numbers, kind="stable")
    return ordered[np.r_[True, ordered[1:] != ordered[:-1]]] if len(ordered) else ordered


def _scaled(part: Floats, squares: Floats) -> Floats:
    return np.asarray(part / np.sqrt(np.maximum(squares, 1e-9))[:, None])
