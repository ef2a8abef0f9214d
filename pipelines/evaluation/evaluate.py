"""Measure what the models say against labels that people gave, in any file; what `earshot evaluate` reports.

An abstention is never an answer: figures stand once over the answered rows and once over all, where it counts as wrong.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from connectors.contract import SourceError
from connectors.files.formats import read_rows
from connectors.files.survey import value_at
from pipelines.enrich.lens import Lens
from pipelines.errors import InputError
from pipelines.evaluation import measures
from pipelines.evaluation.measures import Estimate
from pipelines.evaluation.task import Answers, Engine, Example, Task
from pipelines.evaluation.tasks import TASKS
from pipelines.tidy.step import clean
from reading import language

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Figures:
    """How well the answers agree with the labels, over some rows."""

    accuracy: Estimate
    macro_f1: Estimate
    macro_recall: Estimate


@dataclass(frozen=True)
class ClassFigures:
    """One class over all rows; an abstention is a row that was not found."""

    label: str
    labelled: int
    answered: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Cell:
    """Rows with a label of people's and an answer of the engine's; None is an abstention."""

    label: str
    answer: str | None
    rows: int


@dataclass(frozen=True)
class Report:
    """All that is measured over some labelled rows."""

    n: int
    answered: int
    abstained: dict[str, int]
    """Rows by the reason why there is no answer, the commonest first."""
    over_answered: Figures
    over_all: Figures
    classes: tuple[ClassFigures, ...]
    confusion: tuple[Cell, ...]
    calibration_error: Estimate | None
    """None where the engine has no confidence."""


@dataclass(frozen=True)
class Group:
    """The rows that hold a value in a column; None for those that hold nothing there."""

    column: str
    value: str | None
    report: Report


@dataclass(frozen=True)
class Agreement:
    """How far people agree among themselves: Krippendorff's α of the label columns."""

    columns: tuple[str, ...]
    rows: int
    """Rows with at least two labels."""
    disputed: int
    """Rows without a label that more people gave than any other; they are not measured on."""
    alpha: Estimate


@dataclass(frozen=True)
class Evaluation:
    """What an engine is worth on a labelled file."""

    task: str
    engine: str
    engine_version: str
    file: str
    rows: int
    unread: int
    """Records of the file that could not be read."""
    unlabelled: int
    texts_per_second: float | None
    """Of the engine alone, one process, without the time in which it loads."""
    overall: Report
    groups: tuple[Group, ...]
    agreement: Agreement | None


@dataclass(frozen=True)
class Columns:
    """Which column holds what; `other` is the second text of a pair."""

    text: str
    labels: tuple[str, ...]
    other: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    example: Example
    labels: tuple[str | None, ...]
    groups: tuple[str | None, ...]


def evaluate(
    path: Path,
    task_name: str,
    columns: Columns,
    lens: Lens,
    *,
    engine: str | Engine | None = None,
    mapping: dict[str, str] | None = None,
    advance: Advance = lambda _: None,
) -> Evaluation:
    """Answer every labelled row of a file and measure the answers.

    `engine` is one of the task's by name (the first where it is None), or one that is only to be compared with.
    `mapping` says what labels of the file mean; "" leaves their rows out. `InputError` where the file, a column, a
    label, the task or the engine can't be used.
    """
    task = _chosen("task", task_name, TASKS)
    name, chosen = _engine(task, engine)
    _check(task_name, task, columns, lens)
    rows, unread = _read(path, columns, advance)
    classes = _meanings(rows, task, columns, mapping or {})
    labels = [_most_given(tuple(classes[label] for label in row.labels if label)) for row in rows]
    agreement = _agreement(rows, classes, columns) if len(columns.labels) > 1 else None
    kept = [(row, label) for row, label in zip(rows, labels, strict=True) if label is not None]
    if not kept:
        raise InputError(f"--label {' '.join(columns.labels)}: no row of {path.name} has a label to measure on.")
    examples = [row.example for row, _ in kept]
    if task.reads_language:
        examples = _with_language(examples, lens)
    if task.answers_among:
        among = tuple(sorted({label for _, label in kept}))
        examples = [example._replace(among=among) for example in examples]
    chosen.answer(examples[:1], lens)  # loads what it needs, which is not part of its speed
    started = time.perf_counter()
    answers = chosen.answer(examples, lens)
    seconds = time.perf_counter() - started
    confidences = chosen.confidences(examples, answers, lens) if chosen.confidences else answers.confidences
    truth = [label for _, label in kept]
    measured = partial(_report, task, truth, answers, confidences)
    return Evaluation(
        task=task_name,
        engine=name,
        engine_version=chosen.version(lens),
        file=path.name,
        rows=len(rows),
        unread=unread,
        unlabelled=sum(not any(classes[label] for label in row.labels if label) for row in rows),
        texts_per_second=len(examples) * (2 if task.takes_pairs else 1) / seconds if seconds else None,
        overall=measured(range(len(kept))),
        groups=tuple(
            Group(column, value, measured(places))
            for number, column in enumerate(columns.groups)
            for value, places in _places([row.groups[number] for row, _ in kept])
        ),
        agreement=agreement,
    )


def labelled_texts(path: Path, columns: Columns, advance: Advance = lambda _: None) -> tuple[list[str], list[str]]:
    """The labelled texts of a file, and the label that most people gave each; `InputError` as in `evaluate`."""
    rows, _ = _read(path, columns, advance)
    labelled = [(row.example.text, _most_given(row.labels)) for row in rows]
    kept = [(text, label) for text, label in labelled if text and label]
    return [text for text, _ in kept], [label for _, label in kept]


def read_mapping(words: Sequence[str]) -> dict[str, str]:
    """`old=new` as given on the command line; `InputError` for words of another form."""
    mapping = {}
    for word in words:
        old, sign, new = word.rpartition("=")
        if not sign or not old.strip():
            raise InputError(f"--map {word}: expected OLD=NEW, e.g. --map LABEL_2=positive; OLD= leaves its rows out.")
        mapping[old.strip().casefold()] = new.strip()
    return mapping


# Reading -----------------------------------------------------------------------------------------------


def _chosen(what: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise InputError(f"There is no {what} {name!r}. There is: {', '.join(known)}.")
    return known[name]


def _engine(task: Task, engine: str | Engine | None) -> tuple[str, Engine]:
    if isinstance(engine, Engine):
        return engine.name, engine
    by_name = {known.name: known for known in task.engines}
    name = engine or task.engines[0].name
    return name, _chosen("engine", name, by_name)


def _check(task_name: str, task: Task, columns: Columns, lens: Lens) -> None:
    if task.takes_pairs and not columns.other:
        raise InputError(f"{task_name} is measured on pairs of texts: name the column of the second with --other.")
    if columns.other and not task.takes_pairs:
        raise InputError(f"--other {columns.other}: {task_name} reads one text a row. Leave it out.")
    if lens.language_of_short_posts and not task.reads_language:
        raise InputError(f"--language {lens.language_of_short_posts}: {task_name} is told by the text alone.")


def _read(path: Path, columns: Columns, advance: Advance) -> tuple[list[_Row], int]:
    """The rows of a file, and how many records can't be read."""
    options = {"--text": (columns.text,), "--label": columns.labels, "--group": columns.groups}
    options["--other"] = (columns.other,) if columns.other else ()
    wanted = {column: option for option, named in options.items() for column in named}
    there: dict[str, None] = {}
    rows, unread = [], 0
    try:
        for _, record in read_rows(path, "utf-8", ",", lambda names: there.update(dict.fromkeys(names))):
            if isinstance(record, str):
                unread += 1
                continue
            there.update(dict.fromkeys(record))
            for column in [column for column in wanted if column in record or value_at(record, column) is not None]:
                del wanted[column]
            rows.append(_row(record, columns))
            advance(1)
    except SourceError as error:
        raise InputError(str(error)) from error
    for column, option in wanted.items():
        if column not in there:
            names = ", ".join(f"{name!r:.60}" for name in list(there)[:30]) or "no columns"
            raise InputError(f"{option} {column}: no row of {path.name} has it. It has: {names}.")
    return rows, unread


def _row(record: dict[str, Any], columns: Columns) -> _Row:
    other = _words(value_at(record, columns.other)) if columns.other else None
    return _Row(
        Example(_words(value_at(record, columns.text)), other),
        tuple(_value(value_at(record, column)) for column in columns.labels),
        tuple(_value(value_at(record, column)) for column in columns.groups),
    )


def _words(value: Any) -> str | None:
    """A text, as enrich reads it."""
    return None if value is None or _is_nan(value) else clean(str(value))


def _value(value: Any) -> str | None:
    """A label or value of a group as text; None where there is none. 1.0 is what pandas makes of 1 beside a gap."""
    if value is None or _is_nan(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (clean(str(value)) or "").strip() or None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _meanings(rows: list[_Row], task: Task, columns: Columns, mapping: dict[str, str]) -> dict[str, str | None]:
    """What each label of the file means; None for those that are left out."""
    found = {label for row in rows for label in row.labels if label}
    mapped = {label: mapping.get(label.casefold(), label) for label in found}
    known = task.classes({label for label in mapped.values() if label})
    unknown = sorted({label for label in mapped.values() if label and label not in known})
    if unknown:
        shown = ", ".join(f"{label!r:.40}" for label in unknown[:10]) + (", …" if len(unknown) > 10 else "")
        raise InputError(
            f"--label {' '.join(columns.labels)}: what is {shown}? Expected {task.expected}. "
            f"Say it with --map {unknown[0]:.40}=…, or with --map {unknown[0]:.40}= leave such rows out."
        )
    return {label: known[new] if new else None for label, new in mapped.items()}


def _most_given(labels: tuple[str | None, ...]) -> str | None:
    """The label that more people gave than any other; None where there is none."""
    (first, most), (_, next_most) = [*Counter(label for label in labels if label).most_common(2), *[("", 0)] * 2][:2]
    return first if most > next_most else None


def _agreement(rows: list[_Row], classes: dict[str, str | None], columns: Columns) -> Agreement:
    given = [[meant for label in row.labels if label and (meant := classes[label])] for row in rows]
    numbers = {label: number for number, label in enumerate(sorted({label for labels in given for label in labels}))}
    ratings = np.zeros((len(rows), len(numbers)), np.int64)
    for row, labels in enumerate(given):
        for label in labels:
            ratings[row, numbers[label]] += 1
    return Agreement(
        columns.labels,
        sum(len(labels) >= 2 for labels in given),
        sum(bool(labels) and _most_given(tuple(labels)) is None for labels in given),
        measures.of_ratings(ratings),
    )


def _with_language(examples: list[Example], lens: Lens) -> list[Example]:
    """The examples with their language, told as enrich tells it."""
    told = language.detector(lens.languages).detect([example.text or "" for example in examples])
    return [
        example._replace(lang=lang or lens.language_of_short_posts)
        for example, (lang, _) in zip(examples, told, strict=True)
    ]


# Measuring ---------------------------------------------------------------------------------------------


def _places(values: list[str | None]) -> list[tuple[str | None, list[int]]]:
    """Each value with the places where it stands, the commonest first."""
    places: dict[str | None, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    return sorted(places.items(), key=lambda found: (-len(found[1]), found[0] or ""))


def _report(
    task: Task, labels: list[str], answers: Answers, confidences: list[float | None] | None, places: Sequence[int]
) -> Report:
    """What is measured over the rows at some places."""
    used = {labels[place] for place in places} | {answer for place in places if (answer := answers.labels[place])}
    names = sorted(used, key=lambda label: (task.order.index(label) if label in task.order else 0, label))
    number = {label: place for place, label in enumerate(names)}
    truth = np.array([number[labels[place]] for place in places], np.int64)
    given = [answers.labels[place] for place in places]
    told = np.array([measures.ABSTAINED if label is None else number[label] for label in given], np.int64)
    matrix = measures.confusion(truth, told, len(names))
    reasons = Counter(answers.reasons[place] or "unknown" for place in places if answers.labels[place] is None)
    return Report(
        n=len(truth),
        answered=len(truth) - sum(reasons.values()),
        abstained=dict(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))),
        over_answered=_figures(measures.answered_only(matrix)),
        over_all=_figures(matrix),
        classes=_class_figures(names, matrix),
        confusion=tuple(
            Cell(names[row], names[column] if column < len(names) else None, int(matrix[row, column]))
            for row, column in np.argwhere(matrix)
        ),
        calibration_error=_calibration_error(truth == told, [confidences[place] for place in places])
        if confidences
        else None,
    )


def _figures(matrix: measures.Array) -> Figures:
    return Figures(*measures.of_matrix((measures.accuracy, measures.macro_f1, measures.macro_recall), matrix))


def _class_figures(names: list[str], matrix: measures.Array) -> tuple[ClassFigures, ...]:
    sums = measures.tally(matrix)
    kinds = (measures.precision, measures.recall, measures.f1)
    asked = [partial(_of_class, kind, number) for number in range(len(names)) for kind in kinds]
    estimates = measures.of_matrix(asked, matrix)
    return tuple(
        ClassFigures(
            name, int(sums.labelled[number]), int(sums.answered[number]), *estimates[number * 3 : number * 3 + 3]
        )
        for number, name in enumerate(names)
    )


def _of_class(measure: Callable[[measures.Tally], measures.Array], number: int, sums: measures.Tally) -> measures.Array:
    figures: measures.Array = measure(measures.Tally(*(part[..., [number]] for part in sums)))
    return figures[..., 0]


def _calibration_error(is_right: measures.Array, confidences: list[float | None]) -> Estimate:
    told = [place for place, sure in enumerate(confidences) if sure is not None and not math.isnan(sure)]
    return measures.of_confidences(np.array([confidences[place] for place in told], np.float64), is_right[told])
