"""Emergence: what more people speak of than the past lets expect."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from reading.emergence import (
    DISPERSION_OF_ONE,
    SMALLEST_SHARE,
    SMOOTHING,
    Outlook,
    false_discovery_rates,
    outlook,
    stories,
)

DAYS = 28
NO_WEEKDAY = np.zeros(DAYS, dtype=bool)
MONDAYS = np.arange(DAYS) % 7 == 0


def looked_at(
    today: int, past: list[list[int]], *, volume: float = 100, volumes: list[list[float]] | None = None
) -> Outlook:
    """The outlook of one item whose past is given for each slice."""
    counts = np.array([past], dtype=np.int64)
    before = np.array(volumes) if volumes else np.full(counts.shape[1:], 100.0)
    now = np.full(len(past), volume) if volumes is None else before[:, -1]
    return outlook(np.array([today]), counts, now, before, np.zeros(counts.shape[2], dtype=bool))


def test_what_is_spoken_of_every_day_is_expected_as_often() -> None:
    steady = looked_at(5, [[5] * DAYS])
    assert steady.expected == pytest.approx([5], rel=0.01)
    assert steady.p_value > 0.4


def test_expected_follows_how_many_people_speak() -> None:
    busy = looked_at(15, [[5] * DAYS], volume=300)
    assert busy.expected == pytest.approx([15], rel=0.01)
    assert busy.p_value > 0.3


def test_what_was_never_seen_is_not_impossible() -> None:
    new = looked_at(3, [[0] * DAYS])
    assert new.expected == pytest.approx([0.5 / DAYS], rel=0.01)
    assert 1e-6 < new.p_value < 1e-2


def test_more_people_are_less_probable() -> None:
    p_values = [float(looked_at(count, [[1] * DAYS]).p_value[0]) for count in range(12)]
    assert p_values[0] == 1
    assert all(later < earlier for earlier, later in pairwise(p_values))


def test_what_comes_in_bursts_must_burst_higher() -> None:
    calm, bursts = [2] * DAYS, [0] * (DAYS - 4) + [14] * 4
    assert looked_at(14, [bursts]).p_value > 100 * looked_at(14, [calm]).p_value


def test_days_on_which_nobody_spoke_tell_nothing() -> None:
    half = DAYS // 2
    with_hole = looked_at(5, [[5] * half + [0] * half], volumes=[[100.0] * half + [0.0] * (half - 1) + [100.0]])
    assert with_hole.expected == pytest.approx([5], rel=0.1)


def test_only_the_slices_that_are_seen_today_are_expected() -> None:
    of_both = [[4] * DAYS, [0] * DAYS]
    loud, silent = [100.0] * (DAYS - 1), [100.0] * (DAYS - 1)
    only_loud = looked_at(4, of_both, volumes=[[*loud, 100.0], [*silent, 0.0]])
    only_silent = looked_at(4, of_both, volumes=[[*loud, 0.0], [*silent, 100.0]])
    assert only_loud.expected == pytest.approx([4], rel=0.1)
    assert only_silent.expected < 0.3
    assert only_silent.p_value < only_loud.p_value


def test_a_ritual_of_mondays_is_expected_on_mondays() -> None:
    mondays = np.where(MONDAYS, 20, 0)[None, None]
    volume_past, volume = np.full((1, DAYS), 100.0), np.array([100.0])
    on_monday = outlook(np.array([20]), mondays, volume, volume_past, MONDAYS)
    on_tuesday = outlook(np.array([20]), mondays, volume, volume_past, np.roll(MONDAYS, 1))
    assert on_monday.expected > 10
    assert on_tuesday.expected == pytest.approx([80 / DAYS], rel=0.01)


def test_a_day_of_the_week_never_lowers_what_is_expected() -> None:
    never_on_mondays = np.where(MONDAYS, 0, 5)[None, None]
    found = outlook(np.array([9]), never_on_mondays, np.array([100.0]), np.full((1, DAYS), 100.0), MONDAYS)
    assert found.expected == pytest.approx([5 * 24 / DAYS], rel=0.01)


def test_the_probability_is_that_of_the_negative_binomial() -> None:
    new = looked_at(4, [[0] * DAYS])
    (mean,) = new.expected
    size = 1 / (SMALLEST_SHARE * DISPERSION_OF_ONE / mean + 1 / SMOOTHING)
    assert new.p_value[0] == pytest.approx(nbinom.sf(3, size, size / (size + mean)))


@given(
    today=st.lists(st.integers(0, 10**6), min_size=1, max_size=5),
    counts=st.lists(st.integers(0, 10**6), min_size=DAYS, max_size=DAYS),
    volumes=st.lists(st.integers(0, 10**7), min_size=DAYS, max_size=DAYS),
)
def test_any_counts_give_probabilities(today: list[int], counts: list[int], volumes: list[int]) -> None:
    past = np.tile(np.array(counts), (len(today), 1, 1))
    found = outlook(np.array(today), past, np.array([50.0]), np.array([volumes], dtype=float), MONDAYS)
    assert ((found.p_value >= 0) & (found.p_value <= 1)).all()
    assert (found.expected > 0).all()


def test_items_do_not_depend_on_each_other() -> None:
    past = np.arange(3 * DAYS).reshape(3, 1, DAYS) % 5
    today, volume, volumes = np.array([1, 7, 30]), np.array([90.0]), np.full((1, DAYS), 100.0)
    together = outlook(today, past, volume, volumes, MONDAYS)
    alone = [outlook(today[[row]], past[[row]], volume, volumes, MONDAYS) for row in range(3)]
    assert together.p_value.tolist() == [float(one.p_value[0]) for one in alone]


# Many tests ---------------------------------------------------------------------------------------------


def test_false_discovery_rates_are_those_of_benjamini_and_hochberg() -> None:
    assert false_discovery_rates(np.array([0.01, 0.04, 0.03, 0.005]), 4) == pytest.approx([0.02, 0.04, 0.04, 0.02])


def test_tests_that_are_left_out_count() -> None:
    assert false_discovery_rates(np.array([0.001]), 1000) == pytest.approx([1.0])
    assert false_discovery_rates(np.array([]), 10).tolist() == []


# Stories ------------------------------------------------------------------------------------------------


def test_items_of_the_same_posts_are_one_story() -> None:
    login, loop, tin = frozenset({1, 2, 3, 4}), frozenset({2, 3, 4, 5}), frozenset({8, 9})
    assert stories([login, tin, loop]) == [0, 1, 0]


def test_an_item_may_join_through_another_of_its_story() -> None:
    assert stories([frozenset({1, 2, 3}), frozenset({2, 3, 4, 5}), frozenset({4, 5})]) == [0, 0, 0]


def test_items_with_few_posts_in_common_stay_apart() -> None:
    assert stories([frozenset({1, 2, 3}), frozenset({3, 4, 5})]) == [0, 1]
