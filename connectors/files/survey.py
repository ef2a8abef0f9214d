"""What only the whole of a file tells, found in one pass before anything is taken from it.

How its dates and numbers are written, whether a spreadsheet rounded its ids, and, where rows bring their own names,
which columns there are. All rows are read, so that one file gives one answer night for night; nothing is kept of them.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, get_args

from connectors.contract import SourceError
from connectors.files.numbers import Decimals, DecimalsOfColumn
from connectors.moments import Order, OrderOfColumn

IDS = ("id", "parent_id", "root_id")
LARGEST_EXACT = 2**53
"""Above it a float skips whole numbers."""
SPREADSHEET_DIGITS = 15
FLOAT_DIGITS = 17
_POWER = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+\d{1,3}")
_FLOAT = re.compile(r"\d+\.0")
ROWS_NAMED = 1000
NAMES_SHOWN = 30
FEW = 10
"""One in so many ids may be rounded before the whole column is not to be believed."""
ENOUGH_ROWS = 100
"""Fewer rows may well lack what a row may lack, such as a parent."""


class Survey(NamedTuple):
    """What was found, as far as it differs from what goes without saying."""

    order: Order | None = None
    decimals: Mapping[str, Decimals] = {}
    """By our fields."""
    floats: tuple[str, ...] = ()
    """Our fields whose ids are whole numbers with `.0` behind, as programs write columns with gaps."""

    def in_page(self) -> dict[str, Any]:
        """What a page says of it."""
        told = {"order": self.order, "decimals": dict(self.decimals), "floats": list(self.floats)}
        return {key: value for key, value in told.items() if value}

    @classmethod
    def of_page(cls, body: Mapping[str, Any]) -> "Survey":
        """What a page says of it; a page of before says nothing."""
        order, decimals, floats = body.get("order"), body.get("decimals"), body.get("floats")
        return cls(
            order if order in get_args(Order) else None,
            {str(field): one for field, one in decimals.items() if one in get_args(Decimals)}
            if isinstance(decimals, dict)
            else {},
            tuple(map(str, floats)) if isinstance(floats, list) else (),
        )


class Surveyor:
    """Takes one row after the other and says what they tell together."""

    def __init__(self, names: Mapping[str, str], counts: Iterable[str]) -> None:
        self._order = OrderOfColumn()
        self._ids = {field: _Ids() for field in IDS}
        self._decimals = {field: DecimalsOfColumn() for field in counts}
        self._names = names
        seen_by: dict[str, OrderOfColumn | _Ids | DecimalsOfColumn] = {"created_at": self._order}
        self._columns = [(names[field], column) for field, column in (seen_by | self._ids | self._decimals).items()]

    def see(self, row: dict[str, Any]) -> None:
        """Take one more row into account."""
        for name, seen_by in self._columns:
            if name in row:
                value = row[name]
            elif "." in name:
                value = value_at(row, name)
            else:
                continue
            if value is not None and value != "":
                seen_by.see(value)

    def found(self, path: Path) -> Survey:
        """The survey. `SourceError` where a column of ids was rounded."""
        for field, ids in self._ids.items():
            if example := ids.rounded:
                raise SourceError(
                    f"{path.name}, column {self._names[field]!r}: a spreadsheet or a program rounded these numbers, "
                    f"such as {example!r:.40}, so that different posts may share one id. Export again "
                    "without opening the file in a spreadsheet, or import that column there as text."
                )
        return Survey(
            self._order.found,
            {field: decimals.found for field, decimals in self._decimals.items() if decimals.found},
            tuple(field for field, ids in self._ids.items() if ids.are_floats),
        )


class _Ids:
    """What the ids of one column have in common."""

    def __init__(self) -> None:
        self._seen = self._certain = 0
        self._example: Any = None
        self._long = self._exact_15 = self._exact_17 = self._digits_15 = self._digits_17 = 0
        self._all_15 = self._all_17 = True
        self._all_floats: bool | None = None

    def see(self, value: Any) -> None:
        self._seen += 1
        if value.__class__ is str:
            if len(value) < 16 and value.isalnum():
                self._all_floats = False
                return
            text = value.strip()
            if text.isalnum():
                self._all_floats = False
            else:
                is_float = _FLOAT.fullmatch(text) is not None
                self._all_floats = is_float and self._all_floats is not False
                if is_float:
                    text = text[:-2]
                elif is_rounded(text):
                    self._see_certain(value)
        elif is_rounded(value):
            self._see_certain(value)
            return
        else:
            text = str(value) if isinstance(value, int) else ""
        if len(text) > SPREADSHEET_DIGITS and text.isascii() and text.isdigit():
            self._see_long(text)

    def _see_certain(self, value: Any) -> None:
        self._certain += 1
        if self._certain == 1:
            self._example = value

    def _see_long(self, digits: str) -> None:
        self._long += 1
        if digits[-1] != "0":  # as nearly all end
            self._all_15 = self._all_17 = False
            return
        zeros = len(digits) - len(digits.rstrip("0"))
        beyond_15, beyond_17 = len(digits) - SPREADSHEET_DIGITS, max(0, len(digits) - FLOAT_DIGITS)
        self._all_15 = self._all_15 and zeros >= beyond_15
        self._all_17 = self._all_17 and 0 < beyond_17 <= zeros and int(Decimal(repr(float(digits)))) == int(digits)
        self._exact_15 += zeros == beyond_15
        self._exact_17 += zeros == beyond_17
        self._digits_15 += beyond_15
        self._digits_17 += beyond_17
        self._example = self._example or digits

    @property
    def rounded(self) -> Any:
        """An example, where the column was rounded; None where it wasn't. A few rounded ids cost only their rows.

        Whole numbers of 16 digits and more that all end in zeros from where a spreadsheet or a float ends: six such
        digits in all come by chance once in a million. Numbers with more zeros than that are round by nature.
        """
        if self._certain * FEW > self._seen:
            return self._example
        by_spreadsheet = self._all_15 and self._digits_15 >= 6 and self._exact_15 * 2 >= self._long
        by_float = self._all_17 and self._digits_17 >= 10 and self._exact_17 * 2 >= self._long
        return self._example if by_spreadsheet or by_float else None

    @property
    def are_floats(self) -> bool:
        return self._all_floats is True


def is_rounded(value: Any) -> bool:
    """Whether an id is a number that lacks digits: `1.29403E+18`, a float that can't tell it from the next."""
    if isinstance(value, str):
        return _POWER.fullmatch(value.strip()) is not None
    return isinstance(value, float) and not abs(value) < LARGEST_EXACT


def value_at(row: dict[str, Any], name: str) -> Any:
    """What a row holds under a name, or under a path of names with dots between them; None where it holds nothing."""
    if name in row or "." not in name:
        return row.get(name)
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


class NamesOfRows:
    """The names that rows bring themselves, as in JSON Lines."""

    def __init__(self, needed: Iterable[str], named: Iterable[str]) -> None:
        self._needed, self._named = set(needed), set(named)
        self._there: dict[str, None] = {}
        self._rows = 0
        self.first: dict[str, Any] = {}
        """The first row."""

    def see(self, row: dict[str, Any]) -> None:
        """Take one more row into account."""
        self._rows += 1
        self.first = self.first or row
        if self._needed:
            self._needed = {name for name in self._needed if not _has(row, name)}
        if self._named:
            self._named = {name for name in self._named if not _has(row, name)}
        if self._rows <= ROWS_NAMED and len(self._there) < NAMES_SHOWN * 4:
            self._there.update(dict.fromkeys(_paths(row)))

    @property
    def has_rows(self) -> bool:
        """Whether there was a row."""
        return self._rows > 0

    @property
    def lacking(self) -> list[str]:
        """Needed names that no row has; the others that the config names too, where there are rows enough to tell."""
        if not self._rows:
            return []
        return sorted(self._needed | (self._named if self._rows >= ENOUGH_ROWS else set()))

    @property
    def there(self) -> list[str]:
        """The names of the first rows, with dots into what they hold."""
        return list(self._there)


def _has(row: dict[str, Any], name: str) -> bool:
    if name in row:
        return True
    value: Any = row
    for part in name.split("."):
        if value is None:
            return True  # what it would hold can't be told
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return True


def _paths(row: dict[str, Any], depth: int = 3) -> list[str]:
    paths: list[str] = []
    for name, value in row.items():
        if isinstance(value, dict) and value and depth > 1:
            paths += [f"{name}.{inner}" for inner in _paths(value, depth - 1)]
        else:
            paths.append(name)
    return paths
