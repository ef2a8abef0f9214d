"""Counts and stars as exports write them: `1,234`, `1.2K`, `1.5E+3`, `1 234`, `N/A`. Pure.

A point is decimal and a comma groups thousands, unless the column shows the opposite (`1.234.567`, `12,5`); where it
shows both, neither is read. `N/A`, `-`, `nan`, `null`, `none` and nothing at all say that the number is not told.
"""

import math
import re
from decimal import Decimal
from typing import Any, Literal

from connectors.moment_words import plain

Decimals = Literal["point", "comma", "mixed"]
"""What stands before the decimals in a column: `mixed` where it contradicts itself."""
NOT_TOLD = frozenset({"", "-", "n/a", "na", "n.a.", "#n/a", "nan", "null", "none", "nil", r"\n"})
_UNITS = {
    **dict.fromkeys(("k", "tsd", "千", "천", "тыс"), 10**3),
    **dict.fromkeys(("万", "萬", "만"), 10**4),
    **dict.fromkeys(("m", "mio", "mln", "млн"), 10**6),
    **dict.fromkeys(("億", "亿", "억"), 10**8),
    **dict.fromkeys(("b", "bn", "mrd"), 10**9),
}
_NUMBER = re.compile(
    r"([+-]?)(?P<whole>\d{1,3}(?:([,' ])(?:\d{2}\3)*\d{3})(?:\3\d{3})*|\d{1,30})(?:\.(?P<part>\d{1,30}))?"
    r"(?:e(?P<power>[+-]?\d{1,2}))? ?(?P<unit>[^\W\d_]+)?\.?"
)
_SIGNS = re.compile(r"[.,]")
_SWAP = str.maketrans(".,", ",.")


def read_number(value: Any, decimals: Decimals | None) -> Decimal | None:
    """The number; None where the value says that there is none. `ValueError` for what can't be read."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        raise ValueError("is true or false")
    if isinstance(value, int | float | Decimal):
        if not math.isfinite(value):
            raise ValueError("is not finite")
        return Decimal(str(value))
    if not isinstance(value, str) or len(value) > 60:
        raise ValueError("is no number")
    text = plain(value).replace("٬", ",").replace("٫", ".")
    if text in NOT_TOLD:
        return None
    found = _NUMBER.fullmatch(text.translate(_SWAP) if decimals == "comma" else text)
    if not found or (decimals == "mixed" and _SIGNS.search(text)):
        raise ValueError("is no number")
    if found["unit"] and found["unit"] not in _UNITS:
        raise ValueError("is no number")
    whole = re.sub(r"\D", "", found["whole"])
    number = Decimal(f"{found[1]}{whole}.{found['part'] or 0}e{found['power'] or 0}")
    return number * _UNITS.get(found["unit"] or "", 1)


class DecimalsOfColumn:
    """Finds what stands before the decimals from one value of a column after the other."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def see(self, value: Any) -> None:
        """Take one more value of the column into account."""
        if not isinstance(value, str) or value.isdecimal() or len(value) > 60 or not _SIGNS.search(value):
            return
        text = plain(value)
        signs = _SIGNS.findall(text)
        if not signs or not text[0].isdigit():
            return
        last = signs[-1]
        behind = re.match(r"\d*", text[text.rindex(last) + 1 :])
        if len(set(signs)) > 1:
            decimal = last
        elif len(signs) > 1:
            decimal = "." if last == "," else ","
        elif (behind and len(behind[0]) != 3) or text[0] == "0":
            decimal = last
        else:
            return
        self._seen.add({".": "point", ",": "comma"}[decimal])

    @property
    def found(self) -> Decimals | None:
        """What the values so far tell."""
        if len(self._seen) > 1:
            return "mixed"
        return "comma" if "comma" in self._seen else "point" if self._seen else None
