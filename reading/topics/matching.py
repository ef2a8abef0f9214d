"""What became of topics: groups of posts before and after, matched by the posts that they share.

One to one by the Hungarian method, and what is left over by where its larger part went: Greene, Doyle & Cunningham
(2010), "Tracking the evolution of communities in dynamic social networks".
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

NOWHERE = 0
"""In place of a topic's number: fits none."""
OVERLAP = 0.5
"""Groups are the same topic when they share this part of the smaller one."""
SPLIT_SHARE = 0.15
"""A part of a topic becomes one of its own when it is at least this large."""

Ints = npt.NDArray[np.int64]


class Matching(NamedTuple):
    """What became of topics: labels of groups, numbers of topics."""

    continues: dict[int, int]
    """Group and the topic that it is."""
    merged: dict[int, int]
    """Topic and the group, which is another topic, that it went into."""
    split: dict[int, int]
    """Group and the topic that it came from."""
    born: list[int]
    """Groups of posts that were in no topic, or in many."""


def match(before: Ints, groups: Ints) -> Matching:
    """What became of the topics of posts, `NOWHERE` for none, in the groups of the same posts, -1 for none."""
    numbers, rows = np.unique(before[before != NOWHERE], return_inverse=True)
    labels, columns = np.unique(groups[groups >= 0], return_inverse=True)
    row_of, column_of = np.full(len(before), -1), np.full(len(groups), -1)
    row_of[before != NOWHERE], column_of[groups >= 0] = rows, columns
    both = (row_of >= 0) & (column_of >= 0)
    shared = np.zeros((len(numbers), len(labels)), np.int64)
    np.add.at(shared, (row_of[both], column_of[both]), 1)
    sizes, group_sizes = np.bincount(rows, minlength=len(numbers)), np.bincount(columns, minlength=len(labels))
    found = Matching({}, {}, {}, [])
    if shared.size:
        jaccard = shared / (sizes[:, None] + group_sizes[None, :] - shared)
        for row, column in zip(*linear_sum_assignment(jaccard, maximize=True), strict=True):
            if shared[row, column] >= max(OVERLAP * min(sizes[row], group_sizes[column]), 1):
                found.continues[int(labels[column])] = int(numbers[row])
    kept = set(found.continues.values())
    for row, number in enumerate(numbers.tolist()):
        if number not in kept and len(labels):
            column = int(shared[row].argmax())
            if shared[row, column] >= OVERLAP * sizes[row] and int(labels[column]) in found.continues:
                found.merged[number] = int(labels[column])
    for column, label in enumerate(labels.tolist()):
        if label in found.continues:
            continue
        row = int(shared[:, column].argmax()) if len(numbers) else -1
        if row < 0 or shared[row, column] < OVERLAP * group_sizes[column]:
            found.born.append(label)
        elif (number := int(numbers[row])) not in kept and number not in found.merged:
            found.continues[label] = number
            kept.add(number)
        elif number in kept and shared[row, column] >= SPLIT_SHARE * sizes[row]:
            found.split[label] = number
    return found
