"""What `earshot evaluate` found, as tables for a terminal."""

from collections.abc import Iterator

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from pipelines.evaluation.evaluate import Evaluation, Group, Report
from pipelines.evaluation.measures import Estimate
from pipelines.terminal import cell, heading

MOST_GROUPS = 30
MOST_CLASSES = 12
"""More columns than this don't fit on a terminal; --json has them all."""


def as_tables(found: Evaluation) -> Iterator[Text | Table]:
    """The parts of an evaluation in the order in which they are read."""
    yield Text(_headline(found))
    yield _figures(found.overall)
    yield _classes(found.overall)
    if len(found.overall.classes) <= MOST_CLASSES:
        yield _confusion(found.overall)
    for column in dict.fromkeys(group.column for group in found.groups):
        yield _groups(column, [group for group in found.groups if group.column == column])
    if people := found.agreement:
        yield Text(
            f"people: Krippendorff's α {shown(people.alpha)} over {people.rows:,} rows with at least two labels "
            f"({', '.join(people.columns)}); {people.disputed:,} rows without a majority were not measured on"
        )


def shown(estimate: Estimate | None) -> str:
    """A figure and its interval; a dash where nobody can know."""
    if estimate is None or estimate.value is None or estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.value:.3f} {_short(estimate.low)}–{_short(estimate.high)}"


def _short(figure: float) -> str:
    return f"{figure:.3f}".replace("0.", ".", 1)


def _headline(found: Evaluation) -> str:
    overall = found.overall
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in overall.abstained.items())
    left_out = [
        f"{rows:,} {why}"
        for why, rows in (
            ("without a label", found.unlabelled),
            ("that could not be read", found.unread),
            ("on which people differ", found.agreement.disputed if found.agreement else 0),
        )
        if rows
    ]
    speed = "" if found.texts_per_second is None else f"{found.texts_per_second:,.0f} texts/s"
    lines = [
        f"{found.task} of {found.file}, {found.engine} ({found.engine_version}) {speed}".rstrip(),
        f"{overall.n:,} labelled rows, {overall.answered:,} answered"
        + (f", {overall.n - overall.answered:,} not: {reasons}" if reasons else ""),
    ]
    return "\n".join([*lines, *([f"left out: {', '.join(left_out)}"] if left_out else [])])


def _figures(report: Report) -> Table:
    table = Table(
        *("", "of the answered", "of all, no answer counts as wrong"),
        box=SIMPLE,
        caption="behind each figure: its 95 % bootstrap interval",
    )
    answered, over_all = report.over_answered, report.over_all
    table.add_row("accuracy", shown(answered.accuracy), shown(over_all.accuracy))
    table.add_row("macro-F1", shown(answered.macro_f1), shown(over_all.macro_f1))
    table.add_row("macro-recall", shown(answered.macro_recall), shown(over_all.macro_recall))
    if report.calibration_error:
        table.add_row("calibration error", shown(report.calibration_error), "")
    return table


def _classes(report: Report) -> Table:
    columns = ("label", "people", "engine", "precision", "recall", "F1")
    caption = "rows by people's label and by the engine's; recall and F1 over all rows"
    table = Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0), caption=caption)
    for found in report.classes:
        table.add_row(
            cell(found.label),
            f"{found.labelled:,}",
            f"{found.answered:,}",
            *map(shown, (found.precision, found.recall, found.f1)),
        )
    return table


def _confusion(report: Report) -> Table:
    names = [found.label for found in report.classes]
    rows = {(told.label, told.answer): told.rows for told in report.confusion}
    table = Table("people say ↓, the engine →", *map(heading, names), "no answer", box=SIMPLE)
    for found in report.classes:
        if found.labelled:
            counts = [rows.get((found.label, answer), 0) for answer in (*names, None)]
            table.add_row(cell(found.label), *(f"{count:,}" for count in counts))
    return table


def _groups(column: str, groups: list[Group]) -> Table:
    left = len(groups) - MOST_GROUPS
    columns = (heading(column), "n", "answered", "macro-F1 of the answered", "macro-F1 of all")
    table = Table(*columns, box=SIMPLE, caption=f"and {left:,} more; --json has them all" if left > 0 else None)
    for group in groups[:MOST_GROUPS]:
        report = group.report
        table.add_row(
            cell(group.value),
            f"{report.n:,}",
            f"{report.answered / report.n:.0%}",
            *map(shown, (report.over_answered.macro_f1, report.over_all.macro_f1)),
        )
    return table
