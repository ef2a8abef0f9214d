"""What was measured, a line each, with what simpler engines or others' tools reach beside it and what is aimed at."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table


class Figure(NamedTuple):
    """One measure of one task on one set."""

    task: str
    on: str
    """The labelled set, or the posts."""
    measure: str
    """What was measured, as in macro-F1; more is better unless `less_is_better`."""
    ours: float | None
    """None where it could not be measured here."""
    beside: Sequence[tuple[str, float | None]] = ()
    """Name and score of each other engine over the same rows in the same run; None = not installed."""
    goal: float | None = None
    n: int | None = None
    answered: float | None = None
    """Share of the rows that were answered; None where that is no question."""
    texts_per_second: float | None = None
    less_is_better: bool = False
    digits: int = 3
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is reached, as shown; None where there is none, or nothing was measured."""
        if self.goal is None or self.ours is None:
            return None
        ours = round(self.ours, self.digits)
        return ours <= self.goal if self.less_is_better else ours >= self.goal


def table_of(figures: Sequence[Figure]) -> Table:
    """One table of all figures, tasks apart."""
    table = Table(
        "task",
        "set",
        "measure",
        "n",
        "answered",
        "Earshot",
        "beside it, same run",
        "goal",
        "texts/s",
        title="What the models are worth: agreement with people, and what stands beside it",
        caption="answered: share of the texts with an answer; where some have none, the score is of the others unless "
        "it says `of all`. ✓ goal reached, ✗ not reached",
    )
    last = None
    for figure in figures:
        if last is not None and figure.task != last:
            table.add_section()
        table.add_row(
            figure.task if figure.task != last else "",
            figure.on,
            figure.measure,
            "" if figure.n is None else f"{figure.n:,}",
            "" if figure.answered is None else f"{figure.answered:.0%}",
            _score(figure.ours, figure.digits) + (f" {figure.note}" if figure.note else ""),
            ", ".join(f"{name} {_score(score, figure.digits)}" for name, score in figure.beside),
            _goal(figure),
            "" if figure.texts_per_second is None else f"{figure.texts_per_second:,.0f}",
            style="bold" if figure.goal is not None else "",
        )
        last = figure.task
    return table


def _score(score: float | None, digits: int) -> str:
    return "–" if score is None else f"{score:,.{digits}f}"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    sign = {True: " ✓", False: " ✗", None: ""}[figure.is_reached]
    return f"{'≤ ' if figure.less_is_better else ''}{figure.goal:,.{figure.digits}f}{sign}"
