"""What `earshot learn` found, as tables for a terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from pipelines.learn.decisions import Decision, Learnt
from pipelines.terminal import cell

MEASURES = {
    "sentiment": "macro-recall",
    "intent": "macro-recall of each intent that 10 posts or more have, with it and without; chance is 0.5",
}
"""What is measured, by task."""


def as_tables(learnt: Learnt) -> Iterator[Text | Table]:
    """The parts of what was learned in the order in which they are read."""
    if learnt.floor is not None and learnt.answered_share is not None and learnt.calibration_error is not None:
        limit = (
            f"where that is at least {learnt.floor:.0%} likely to be right" if learnt.floor else "however unsure it is"
        )
        yield Text(
            f"It gives a label {limit}: to {learnt.answered_share:.0%} of the labelled posts that it reads. How likely "
            f"it takes its labels to be right is wrong by {learnt.calibration_error:.3f} on average (ECE)."
        )
    if not learnt.decisions:
        return
    table = Table(
        *("source", "labelled", "learned", "compared with", "difference", "reads the source", "why"),
        box=SIMPLE,
        caption=f"{MEASURES[learnt.task]}, each post judged by a model that has not seen it, no answer is wrong; "
        "difference: its 95 % bootstrap interval",
    )
    for decision in learnt.decisions:
        table.add_row(
            cell(decision.source),
            f"{decision.labels_count:,}",
            _figure(decision.learned_recall),
            _figure(decision.compared_recall),
            _interval(decision),
            cell(decision.engine if decision.is_used else decision.compared_with),
            cell(decision.why),
        )
    yield table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(decision: Decision) -> str:
    if decision.difference_low is None or decision.difference_high is None:
        return "–"
    return f"{decision.difference_low:+.3f} to {decision.difference_high:+.3f}"
