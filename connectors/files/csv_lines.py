"""CSV that recovers: one broken line costs itself and not the rest of the file.

The standard reader takes a quote that is never closed as the start of a cell that ends with the file. Here a record
that does not come out well is given up as one line, and reading goes on with the next.
"""

import csv
from collections import deque
from collections.abc import Iterator

LONGEST_CELL = 64 * 2**20
MOST_LINES = 100_000
MOST_CHARACTERS = 16 * 2**20
"""A record of more is taken for a quote that was never closed."""


def csv_records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells of each record, or the reason why the line is none. The first record sets the width."""
    csv.field_size_limit(LONGEST_CELL)
    waiting: deque[str] = deque()
    number = 0
    width: int | None = None
    while True:
        taken = _record_lines(lines, waiting)
        if not taken:
            return
        cells = _cells(taken, delimiter)
        if len(taken) > 1 and (isinstance(cells, str) or (width is not None and len(cells) != width)):
            waiting.extendleft(reversed(taken[1:]))
            taken = taken[:1]
            cells = _cells(taken, delimiter)
        if isinstance(cells, str):
            yield number + 1, f"{cells}: {taken[0][:2000]}"
        elif cells:
            width = width or len(cells)
            yield number + 1, cells
        number += len(taken)


def _record_lines(lines: Iterator[str], waiting: deque[str]) -> list[str]:
    """The lines of the next record: up to where its quotes are even, the end of the file, or too much of it."""
    taken: list[str] = []
    quotes = characters = 0
    while len(taken) < MOST_LINES and characters < MOST_CHARACTERS:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            break
        taken.append(line)
        characters += len(line)
        quotes += line.count('"')
        if quotes % 2 == 0:
            break
    return taken


def _cells(taken: list[str], delimiter: str) -> list[str] | str:
    """The cells of one record, or why the lines don't make exactly one.

    Over several lines only what is well formed is one record: a lenient reader would join two broken lines, and all
    that stands between them, to one cell. Within a line stray quotes are taken as they are.
    """
    text = [line + "\n" for line in taken[:-1]] + [taken[-1].removesuffix("\r")]
    if any('\\"' in line for line in taken) and (cells := _cells_with_backslashes(text, delimiter)):
        return cells
    has_open_quote = sum(line.count('"') for line in taken) % 2 == 1
    try:
        rows = list(csv.reader(text, delimiter=delimiter, strict=len(taken) > 1 or has_open_quote))
    except csv.Error as error:
        return "has a quote that is not closed" if has_open_quote else f"can't be split into cells ({error})"
    if len(rows) > 1:
        return "is more than one record"
    return rows[0] if rows else []


def _cells_with_backslashes(text: list[str], delimiter: str) -> list[str] | None:
    """Cells whose inner quotes are written \\", as some databases do; None where the line is sound without that."""
    try:
        list(csv.reader(text, delimiter=delimiter, strict=True))
    except csv.Error:
        try:
            rows = list(csv.reader(text, delimiter=delimiter, strict=True, doublequote=False, escapechar="\\"))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None
    return None
