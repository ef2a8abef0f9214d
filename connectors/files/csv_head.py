"""Where the table of a CSV file begins and what stands between its cells, read from its first lines."""

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import NamedTuple

from connectors.files.csv_lines import csv_records

MOST_HEAD_LINES = 50
"""A report's head (who made it, when, of what) is shorter."""
_DELIMITERS = (",", ";", "\t", "|")
_SAYS_DELIMITER = re.compile(r'\ufeff?"?sep=(.)"?[\s,;]*', re.IGNORECASE)


class Table(NamedTuple):
    """The names of a table's columns, and its lines from there on, the one with the names included."""

    names: list[str]
    lines: Iterator[str]
    delimiter: str
    skipped: int
    """Lines before it."""
    broken: str | None = None
    """Why the line with the names is none."""


def table(lines: Iterator[str], delimiter: str, skip: int, lacking: Callable[[list[str]], list[str]]) -> Table | None:
    """The table that begins with a line whose names lack nothing; else the one that begins with the first line.

    A first line `sep=;` says what stands between cells; else what is configured comes first, and others are tried where
    the columns are not found with it. None where there is no line.
    """
    for _ in islice(lines, skip):
        pass
    skipped = skip
    head: list[str] = []
    for line in lines:  # blank lines before the first
        if line.strip():
            head = [line]
            break
        skipped += 1
    if not head:
        return None
    if found := _SAYS_DELIMITER.fullmatch(head[0].rstrip("\r")):
        delimiter, skipped, head = found[1], skipped + 1, []
    head += islice(lines, MOST_HEAD_LINES - len(head))
    for sign in dict.fromkeys((delimiter, *_DELIMITERS)):
        for at, line in enumerate(head):
            if sign == delimiter or sign in line:
                broken, names = _names(head[at:], sign, can_span=at == 0)
                if not broken and not lacking(names):
                    return Table(names, chain(head[at:], lines), sign, skipped + at)
    if not head:
        return None
    broken, names = _names(head, delimiter, can_span=True)
    return Table(names, chain(head, lines), delimiter, skipped, broken)


def _names(lines: list[str], delimiter: str, *, can_span: bool) -> tuple[str | None, list[str]]:
    """Why the first of the lines is none with names, and the names in it."""
    _, cells = next(csv_records(iter(lines if can_span else lines[:1]), delimiter), (1, []))
    if isinstance(cells, str):
        return cells, []
    return None, [name.strip() for name in cells]
