"""How well answers agree with labels: worked out by hand, and what must hold for any answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluation import measures
from pipelines.evaluation.measures import ABSTAINED, Estimate

# Ten rows of three classes; the seventh and tenth are not answered.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
ANSWERS = np.array([0, 0, 0, 1, 1, 1, ABSTAINED, 2, 0, ABSTAINED])
MATRIX = measures.confusion(LABELS, ANSWERS, 3)
ALL = measures.tally(MATRIX)
ANSWERED = measures.tally(measures.answered_only(MATRIX))
MEASURES = (measures.accuracy, measures.macro_f1, measures.macro_recall)

# Worked by hand in Krippendorff (2011), section C: four people, twelve rows, 0 = did not say.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
    [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
]


def ratings(observers: list[list[int]], classes: int) -> np.ndarray:
    """How many people gave each row each class."""
    return np.array([[row.count(number + 1) for number in range(classes)] for row in zip(*observers, strict=True)])


# By hand -----------------------------------------------------------------------------------------------


def test_the_confusion_matrix_keeps_abstentions_in_a_column_of_their_own() -> None:
    assert MATRIX.tolist() == [[3, 1, 0, 0], [0, 2, 0, 1], [1, 0, 1, 1]]


def test_figures_over_all_rows_count_an_abstention_as_wrong() -> None:
    assert measures.accuracy(ALL) == pytest.approx(6 / 10)
    assert measures.precision(ALL) == pytest.approx([3 / 4, 2 / 3, 1])
    assert measures.recall(ALL) == pytest.approx([3 / 4, 2 / 3, 1 / 3])
    assert measures.f1(ALL) == pytest.approx([3 / 4, 2 / 3, 1 / 2])
    assert measures.macro_recall(ALL) == pytest.approx((3 / 4 + 2 / 3 + 1 / 3) / 3)
    assert measures.macro_f1(ALL) == pytest.approx((3 / 4 + 2 / 3 + 1 / 2) / 3)


def test_figures_over_the_answered_rows_leave_abstentions_out() -> None:
    assert measures.accuracy(ANSWERED) == pytest.approx(6 / 8)
    assert measures.macro_recall(ANSWERED) == pytest.approx((3 / 4 + 1 + 1 / 2) / 3)
    assert measures.macro_f1(ANSWERED) == pytest.approx((3 / 4 + 4 / 5 + 2 / 3) / 3)


def test_a_class_that_only_the_engine_uses_costs_recall_and_not_a_share_of_the_mean() -> None:
    sums = measures.tally(measures.confusion(np.array([0, 0, 1]), np.array([0, 2, 1]), 3))
    assert measures.macro_recall(sums) == pytest.approx((1 / 2 + 1) / 2)
    assert measures.macro_f1(sums) == pytest.approx((2 / 3 + 1) / 2)
    assert math.isnan(measures.recall(sums)[2])


def test_the_calibration_error_is_the_mean_gap_between_confidence_and_being_right() -> None:
    confidences = np.array([0.95, 0.95, 0.95, 0.55, 0.55])
    is_right = np.array([True, True, False, True, False])
    assert measures.calibration_error(confidences, is_right) == pytest.approx(
        3 / 5 * abs(2 / 3 - 0.95) + 2 / 5 * abs(1 / 2 - 0.55)
    )
    assert measures.calibration_error(np.array([1.0, 0.0]), np.array([True, False])) == 0


def test_alpha_is_that_of_krippendorffs_example() -> None:
    assert measures.alpha(ratings(OBSERVERS, 5)) == pytest.approx(0.743, abs=0.0005)


def test_alpha_of_two_people_is_that_of_krippendorffs_binary_example() -> None:
    meg, owen = [1, 2, 1, 1, 1, 1, 1, 1, 2, 1], [2, 2, 2, 1, 1, 2, 1, 1, 1, 1]
    assert measures.alpha(ratings([meg, owen], 2)) == pytest.approx(1 - 19 * 4 / (14 * 6))


def test_rows_that_one_person_labelled_say_nothing_of_agreement() -> None:
    once = np.array([[1, 0, 0, 0, 0]] * 50)
    assert measures.alpha(np.vstack([ratings(OBSERVERS, 5), once])) == measures.alpha(ratings(OBSERVERS, 5))


@pytest.mark.parametrize("given_ratings", [np.zeros((0, 2)), np.array([[1, 0], [0, 1]]), np.array([[2, 0], [3, 0]])])
def test_agreement_that_nobody_can_know_is_not_a_number(given_ratings: np.ndarray) -> None:
    assert math.isnan(measures.alpha(given_ratings))
    assert measures.of_ratings(given_ratings) == Estimate(None, None, None)


# Intervals ---------------------------------------------------------------------------------------------


def test_the_interval_of_a_share_is_as_wide_as_theory_says() -> None:
    labels = np.zeros(1000, np.int64)
    answers = np.where(np.arange(1000) < 700, 0, ABSTAINED)
    (estimate,) = measures.of_matrix([measures.accuracy], measures.confusion(labels, answers, 1))
    half = 1.96 * math.sqrt(0.7 * 0.3 / 1000)
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.7, 0.7 - half, 0.7 + half), abs=0.004)


def test_intervals_narrow_with_the_number_of_rows() -> None:
    small, large = (measures.of_matrix(MEASURES, MATRIX * times)[1] for times in (10, 1000))
    assert small.value == pytest.approx(large.value)
    assert (small.high - small.low) > 5 * (large.high - large.low)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    assert measures.of_matrix(MEASURES, MATRIX * 9) == measures.of_matrix(MEASURES, MATRIX * 9)
    assert measures.of_matrix(MEASURES, MATRIX * 9) != measures.of_matrix(MEASURES, MATRIX * 9, seed=7)


def test_an_interval_is_stretched_to_hold_its_figure() -> None:
    assert measures.interval(0.0, np.array([0.1, 0.1, 0.2])) == Estimate(0.0, 0.0, pytest.approx(0.195))


def test_figures_of_nothing_are_none() -> None:
    nothing = Estimate(None, None, None)
    assert measures.of_matrix(MEASURES, np.zeros((3, 4), np.int64)) == [nothing] * 3
    assert measures.of_confidences(np.array([]), np.array([], bool)) == nothing


# Any answers -------------------------------------------------------------------------------------------

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(ABSTAINED, 3)), min_size=1, max_size=60)
SURE = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


def matrix_of(rows: list[tuple[int, int]]) -> np.ndarray:
    labels, answers = np.array(rows).T
    return measures.confusion(labels, answers, 4)


@given(ROWS)
def test_figures_lie_between_0_and_1_and_in_their_interval(rows: list[tuple[int, int]]) -> None:
    for matrix in (matrix_of(rows), measures.answered_only(matrix_of(rows))):
        for found in measures.of_matrix(MEASURES, matrix):
            if matrix.any():
                assert 0 <= found.low <= found.value <= found.high <= 1
            else:
                assert found.value is None


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[tuple[int, int]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert measures.of_matrix(MEASURES, matrix_of(shuffled)) == measures.of_matrix(MEASURES, matrix_of(rows))


@given(ROWS)
def test_perfect_answers_give_1_and_no_doubt(rows: list[tuple[int, int]]) -> None:
    perfect = matrix_of([(label, label) for label, _ in rows])
    assert measures.of_matrix(MEASURES, perfect) == [Estimate(1.0, 1.0, 1.0)] * 3


@given(ROWS)
def test_keeping_back_right_answers_never_helps_over_all_rows(rows: list[tuple[int, int]]) -> None:
    silent = [
        (label, ABSTAINED if answer == label and place % 2 else answer) for place, (label, answer) in enumerate(rows)
    ]
    for measure in MEASURES:
        assert measure(measures.tally(matrix_of(silent))) <= measure(measures.tally(matrix_of(rows)))


@given(SURE, st.randoms(use_true_random=False))
def test_a_calibration_error_lies_in_its_interval_whatever_the_order(
    answers: list[tuple[float, bool]], random: object
) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)
    found, again = (
        measures.of_confidences(np.array([sure for sure, _ in rows]), np.array([right for _, right in rows]))
        for rows in (answers, shuffled)
    )
    assert found == again
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.integers(0, 2), min_size=2, max_size=40), st.integers(2, 5))
def test_people_who_agree_have_an_alpha_of_1(labels: list[int], people: int) -> None:
    agreed = people * np.eye(3, dtype=np.int64)[labels]
    found = measures.of_ratings(agreed)
    assert found == (Estimate(1.0, 1.0, 1.0) if len(set(labels)) > 1 else Estimate(None, None, None))
