"""How well answers agree with the labels that people gave: pure functions on arrays, each with its formula.

A class is a number from 0; an answer of -1 is an abstention. What can't be worked out, as of no rows at all, is NaN in
arrays and None in an `Estimate`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

ABSTAINED = -1
RESAMPLES = 1000
CONFIDENCE = 0.95
SEED = 42
BINS = 10
"""Bins of equal width in which confidence is compared with being right."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap interval; all None where it can't be worked out."""

    value: float | None
    low: float | None
    high: float | None


class Tally(NamedTuple):
    """For each class the answers that are right, the rows that people labelled so, and the answers that say so.

    The last axis is the class; axes before it, if any, are resamples.
    """

    right: Array
    labelled: Array
    answered: Array


def confusion(labels: Array, answers: Array, classes: int) -> Array:
    """Rows by label, columns by answer, the last column for abstentions: shape (classes, classes + 1)."""
    columns = np.where(answers == ABSTAINED, classes, answers)
    cells = labels.astype(np.int64) * (classes + 1) + columns
    return np.bincount(cells, minlength=classes * (classes + 1)).reshape(classes, classes + 1)


def answered_only(matrix: Array) -> Array:
    """The confusion matrix of the rows that got an answer."""
    kept = matrix.copy()
    kept[:, -1] = 0
    return kept


def tally(matrix: Array) -> Tally:
    """The sums of a confusion matrix. An abstention is a row of its label that nothing was answered to."""
    return Tally(np.diagonal(matrix), matrix.sum(axis=1), matrix[:, :-1].sum(axis=0))


def tally_of_several(labels: Array, answers: Array) -> Tally:
    """The sums where any number of classes may hold: a row for each row, a column for each class."""
    return Tally((labels & answers).sum(axis=0), labels.sum(axis=0), answers.sum(axis=0))


def accuracy(sums: Tally) -> Array:
    """Right answers among all rows."""
    return _ratio(sums.right.sum(axis=-1), sums.labelled.sum(axis=-1))


def precision(sums: Tally) -> Array:
    """Of each class: the answers that are right among those that say so; NaN where none does."""
    return _ratio(sums.right, sums.answered)


def recall(sums: Tally) -> Array:
    """Of each class: the answers that are right among the rows that people labelled so; NaN where there are none."""
    return _ratio(sums.right, sums.labelled)


def f1(sums: Tally) -> Array:
    """Of each class: harmonic mean of precision and recall, 2·right / (labelled + answered).

    van Rijsbergen, C.J. (1979), "Information Retrieval", chapter 7.
    """
    return _ratio(2 * sums.right, sums.labelled + sums.answered)


def macro_f1(sums: Tally) -> Array:
    """The plain mean of the F1 of the classes that people used, so that rare ones count as much as common ones.

    The mean of the classes' F1, not the F1 of mean precision and recall: Opitz, J. & Burst, S. (2019), "Macro F1 and
    Macro F1", arXiv:1911.03347.
    """
    return _mean_of_used(f1(sums), sums)


def macro_recall(sums: Tally) -> Array:
    """The plain mean of the recall of the classes that people used; chance is 1 / classes.

    The measure of SemEval's sentiment tasks: Rosenthal, S., Farra, N. & Nakov, P. (2017), "SemEval-2017 Task 4".
    """
    return _mean_of_used(recall(sums), sums)


def _mean_of_used(figures: Array, sums: Tally) -> Array:
    used = sums.labelled > 0
    return _ratio(np.where(used, figures, 0).sum(axis=-1), used.sum(axis=-1))


def _ratio(part: Array, whole: Array) -> Array:
    ratios: Array = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return ratios


def calibration_error(confidences: Array, is_right: Array, bins: int = BINS) -> float:
    """Expected calibration error: Σ over bins of share of answers · |share that is right − mean confidence|.

    Naeini, M.P., Cooper, G.F. & Hauskrecht, M. (2015), "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI-15; bins of equal width as in Guo et al. (2017), "On Calibration of Modern Neural Networks".
    """
    if not len(confidences):
        return np.nan
    places = np.minimum((confidences * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(places, weights=is_right - confidences, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidences))


def alpha(ratings: Array) -> float:
    """Krippendorff's α of people who label the same rows, for classes without an order.

    `ratings[row, class]` is the number of people who gave the row that class; rows with fewer than two labels say
    nothing. α = 1 − observed / expected disagreement = ((n − 1)·Σ o_cc − Σ n_c(n_c − 1)) / (n(n − 1) − Σ n_c(n_c − 1)):
    1 is agreement, 0 what chance gives, below 0 people contradict each other. NaN where all labels are the same.

    Krippendorff, K. (2011), "Computing Krippendorff's Alpha-Reliability",
    https://repository.upenn.edu/asc_papers/43, section C.
    """
    return float(_alpha(*_coincidences(ratings)))


def _coincidences(ratings: Array) -> tuple[Array, Array]:
    """Σ o_cc and n_c of each row, of those with at least two labels."""
    ratings = ratings[ratings.sum(axis=1) >= 2]
    return (ratings * (ratings - 1)).sum(axis=1) / (ratings.sum(axis=1) - 1), ratings


def _alpha(agreeing: Array, counts: Array, weights: Array | None = None) -> Array:
    """α of rows that count as often as the weights say; axes of the weights before the last are resamples."""
    weights = np.ones(len(agreeing)) if weights is None else weights
    agreed, classes = weights @ agreeing, weights @ counts
    total = classes.sum(axis=-1)
    by_chance = (classes * (classes - 1)).sum(axis=-1)
    return _ratio((total - 1) * agreed - by_chance, total * (total - 1) - by_chance)


# Bootstrap ---------------------------------------------------------------------------------------------


def of_matrix(measures: Sequence[Callable[[Tally], Array]], matrix: Array, seed: int = SEED) -> list[Estimate]:
    """Measures of a confusion matrix, each with its interval over the same resamples.

    Rows drawn anew with replacement fall into the cells of the matrix as a multinomial draw does, whatever order they
    stand in.
    """
    labels, answers = np.nonzero(matrix)
    counts = matrix[labels, answers]
    if not len(counts):
        return [Estimate(None, None, None)] * len(measures)
    drawn = _draws(counts, seed)
    classes = np.arange(len(matrix))
    is_label, is_answer = labels[:, None] == classes, answers[:, None] == classes
    resampled = Tally(drawn @ (is_label & is_answer), drawn @ is_label, drawn @ is_answer)
    return [interval(float(measure(tally(matrix))), measure(resampled)) for measure in measures]


def of_difference(
    measure: Callable[[Tally], Array], labels: Array, answers: Array, others: Array, classes: int, seed: int = SEED
) -> Estimate:
    """How much higher a measure is for `answers` than for `others` to the same rows, with its interval.

    Both are resampled together, so that what both find hard does not widen the interval.
    """
    cells, counts = np.unique(np.stack([labels, answers, others]), axis=1, return_counts=True)
    if not len(labels):
        return Estimate(None, None, None)
    drawn = np.vstack([counts, _draws(counts, seed)])
    is_label, is_answer, is_other = (row[:, None] == np.arange(classes) for row in cells)
    first = measure(Tally(drawn @ (is_label & is_answer), drawn @ is_label, drawn @ is_answer))
    second = measure(Tally(drawn @ (is_label & is_other), drawn @ is_label, drawn @ is_other))
    differences = first - second
    return interval(float(differences[0]), differences[1:])


def of_difference_of_several(
    measure: Callable[[Tally], Array], labels: Array, answers: Array, others: Array, seed: int = SEED
) -> Estimate:
    """As `of_difference`, where any number of classes may hold: each argument has a row for each row, a column for each
    class, and says whether it holds.
    """
    rows = np.hstack([labels, answers, others])
    if not rows.size:
        return Estimate(None, None, None)
    cells, counts = np.unique(rows, axis=0, return_counts=True)
    drawn = np.vstack([counts, _draws(counts, seed)])
    is_label, is_answer, is_other = np.split(cells, 3, axis=1)
    first = measure(Tally(drawn @ (is_label & is_answer), drawn @ is_label, drawn @ is_answer))
    second = measure(Tally(drawn @ (is_label & is_other), drawn @ is_label, drawn @ is_other))
    differences = first - second
    return interval(float(differences[0]), differences[1:])


def of_confidences(confidences: Array, is_right: Array, bins: int = BINS, seed: int = SEED) -> Estimate:
    """The expected calibration error with its interval."""
    order = np.lexsort((is_right, confidences))  # the same rows in another order are the same draw
    confidences, is_right = confidences[order], is_right[order]
    random = np.random.default_rng(seed)
    resampled = []
    for _ in range(RESAMPLES if len(order) else 0):
        rows = random.integers(len(order), size=len(order))
        resampled.append(calibration_error(confidences[rows], is_right[rows], bins))
    return interval(calibration_error(confidences, is_right, bins), np.array(resampled))


def of_ratings(ratings: Array, seed: int = SEED) -> Estimate:
    """Krippendorff's α with its interval, over rows drawn anew; `ratings` as for `alpha`."""
    patterns, counts = np.unique(ratings[ratings.sum(axis=1) >= 2], axis=0, return_counts=True)
    if not len(counts):
        return Estimate(None, None, None)
    return interval(alpha(ratings), _alpha(*_coincidences(patterns), _draws(counts, seed)))


def interval(value: float, resampled: Array) -> Estimate:
    """The percentile interval of the resampled figures: Efron, B. & Tibshirani, R.J. (1993), "An Introduction to the
    Bootstrap", chapter 13.

    Resampling adds noise of its own, which can only raise an error of calibration: where the figure lies outside of
    the percentiles, the interval is stretched to hold it.
    """
    known = resampled[~np.isnan(resampled)]
    if np.isnan(value) or not len(known):
        return Estimate(None, None, None)
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value))


def _draws(counts: Array, seed: int) -> Array:
    """How often each cell is drawn, for each resample."""
    total = int(counts.sum())
    return np.random.default_rng(seed).multinomial(total, counts / total, size=RESAMPLES).astype(np.float64)
