"""Emergence: what is spoken of by more people today than its own past lets expect.

Counts of people are taken for Gamma-Poisson distributed: a rate that is not quite known (Gamma), and a count that
varies more than chance alone would have it (negative binomial): Gelman et al., "Bayesian Data Analysis", chapter 2.
The share of false discoveries among all that is tested on a day is held as by Benjamini & Hochberg (1995). As in
Noufaily et al. (2013), "An improved algorithm for outbreak detection in multiple surveillance systems", the past leaves
out the last days, so that an outbreak doesn't become its own past.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

ENGINE = "gamma-poisson"
VERSION = "1"
SMOOTHING = 0.5
"""Counts added to a past, so that what was never seen is not impossible."""
LEAST_EXPECTED = 1e-9
SLICE_WEIGHT = 50.0
"""People for whom the rate over all slices stands in, where a slice has few of its own."""
DISPERSION_OF_ONE = 1.0
"""Overdispersion of what one person a day speaks of; rarer things come in larger bursts, in proportion."""
DISPERSION_DAYS = 7.0
"""Days of past that this experience counts for beside what was seen."""
SMALLEST_SHARE = 0.25
"""Of that experience the overdispersion never falls below: calm days may be luck."""
OVERLAP = 0.5
"""Share of what lies behind an item that has to lie in a story already for the item to be part of it."""

Counts = NDArray[np.int64]
Numbers = NDArray[np.float64]


class Outlook(NamedTuple):
    """What the past lets expect of some items, each an array with one number an item."""

    expected: Numbers
    """People that the past lets expect today; more than 0."""
    p_value: Numbers
    """Probability of as many people or more."""


def outlook(
    today: Counts, past: Counts, volume_today: Numbers, volume_past: Numbers, is_same_weekday: NDArray[np.bool_]
) -> Outlook:
    """What to expect of items today, and how probable their counts then are.

    `today` (items) are people who speak of an item, `past` (items × slices × days) those of earlier days, and
    `volume_today` (slices) and `volume_past` (slices × days) people who speak of anything. A slice is a part of the
    community with habits of its own: where only one of two is seen today, only that one's rates count. Days without
    people tell nothing, neither for an item nor against it.
    """
    volumes = volume_past.sum(axis=1)
    volume = max(float(volumes.sum()), 1.0)
    in_slices = past.sum(axis=2) + SMOOTHING * volumes / volume
    seen = past.sum(axis=(1, 2)) + SMOOTHING
    rates = (in_slices + SLICE_WEIGHT * seen[:, None] / volume) / (volumes + SLICE_WEIGHT)
    usual = rates @ volume_past
    counts = past.sum(axis=1)
    expected = np.maximum(rates @ volume_today * _weekday_factor(counts, usual, is_same_weekday), LEAST_EXPECTED)
    dispersion = _dispersion(counts, usual, expected)
    size = 1 / (dispersion + 1 / seen)
    p_value = np.where(
        today > 0, betainc(np.maximum(today, 1), np.maximum(size, LEAST_EXPECTED), expected / (expected + size)), 1.0
    )
    return Outlook(expected, p_value)


def _weekday_factor(counts: Counts, usual: Numbers, is_same_weekday: NDArray[np.bool_]) -> Numbers:
    """How much more an item is spoken of on this weekday; 1 where it is not, as no weekday is to raise alarms."""
    weight = usual.mean(axis=1) + SMOOTHING
    same = counts[:, is_same_weekday].sum(axis=1)
    expected = usual[:, is_same_weekday].sum(axis=1)
    factor: Numbers = np.maximum((same + weight) / (expected + weight), 1.0)
    return factor


def _dispersion(counts: Counts, usual: Numbers, expected: Numbers) -> Numbers:
    """Variance beyond chance as a part of the squared mean: by moments, held to what is usual for so rare an item."""
    experience = DISPERSION_OF_ONE / expected
    mean = usual.mean(axis=1)
    beyond = ((counts - usual) ** 2 - usual).sum(axis=1)
    squares = (usual**2).sum(axis=1) + DISPERSION_DAYS * mean**2
    found = (beyond + DISPERSION_DAYS * experience * mean**2) / np.maximum(squares, np.finfo(float).tiny)
    bounded: Numbers = np.maximum(found, SMALLEST_SHARE * experience)
    return bounded


def false_discovery_rates(p_values: Numbers, tests: int) -> Numbers:
    """The q-value of each p-value (Benjamini & Hochberg 1995) among `tests`, of which those left out count as 1."""
    order = np.argsort(p_values, kind="stable")
    raised = p_values[order] * tests / np.arange(1, len(order) + 1)
    q_values = np.empty(len(order))
    q_values[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return q_values


def stories(behind: Sequence[frozenset[int]]) -> list[int]:
    """For each item, strongest first, the place of the item that leads its story.

    What lies behind an item are its posts, or who wrote them when. An item belongs to the first story that holds half
    of that; else it opens one of its own.
    """
    leads: list[int] = []
    told: list[tuple[int, set[int]]] = []
    for place, own in enumerate(behind):
        for lead, together in told:
            if len(own & together) >= OVERLAP * len(own):
                together |= own
                leads.append(lead)
                break
        else:
            told.append((place, set(own)))
            leads.append(place)
    return leads
