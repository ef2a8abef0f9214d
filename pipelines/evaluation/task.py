"""What a task is that can be measured: its labels, and the engines that answer it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipelines.enrich.lens import Lens


class Example(NamedTuple):
    """What an engine gets to read: a text, or a pair of texts; the language only in tasks that read it."""

    text: str | None
    other: str | None = None
    lang: str | None = None
    among: tuple[str, ...] = ()
    """The classes of the file, in tasks that answer with one of them."""


class Answers(NamedTuple):
    """For each example the answer, and why there is none where there is none."""

    labels: list[str | None]
    reasons: list[str | None]
    confidences: list[float | None] | None = None
    """How sure the engine is of each, 0 … 1, where it tells that along with its answers."""


class Engine(NamedTuple):
    """Something that answers examples."""

    name: str
    version: Callable[[Lens], str]
    answer: Callable[[Sequence[Example], Lens], Answers]
    confidences: Callable[[Sequence[Example], Answers, Lens], list[float | None]] | None = None
    """How sure it is of each answer, 0 … 1, where that takes work of its own; no engine has to know."""


class Task(NamedTuple):
    """A question that labels answer."""

    expected: str
    """Which labels are understood, for messages."""
    classes: Callable[[set[str]], dict[str, str]]
    """The class of each of a file's labels that is understood; all are given, as some tell only beside others."""
    engines: tuple[Engine, ...]
    """The first is the one that enrich or discover runs."""
    order: tuple[str, ...] = ()
    """How classes are listed, where it is not by name."""
    reads_language: bool = False
    takes_pairs: bool = False
    answers_among: bool = False
    """Whether the answer is one of the classes that the file has."""
