"""The fields beside a post's id, moment and words: one that can't be read costs itself, not the post, and is told."""

from typing import Any

from connectors.contract import Drift

LARGEST_COUNT = 2**63 - 1
"""What a column of the tables holds."""


class SideFields:
    """Reads the side fields of one record. What stands there and can't be read becomes None and a `Drift`."""

    def __init__(self, record: str) -> None:
        self.record = record
        """Kind of record, as the drifts name it: `post`, `author`."""
        self.drifts: list[Drift] = []

    def count(self, name: str, value: Any) -> int | None:
        """A number of 0 or more; None where nothing is told."""
        return self._number(name, value, 0)

    def score(self, name: str, value: Any) -> int | None:
        """A number that may be below 0; None where nothing is told."""
        return self._number(name, value, -LARGEST_COUNT)

    def words(self, name: str, value: Any) -> str | None:
        """A text without space around it; None where nothing is told or it says nothing."""
        if value is None:
            return None
        if not isinstance(value, str):
            self.drift(name, value)
            return None
        return value.strip() or None

    def drift(self, name: str, value: Any) -> None:
        """Note that a field holds what can't be read."""
        self.drifts.append(Drift(f"{self.record}.{name}", value))

    def _number(self, name: str, value: Any, least: int) -> int | None:
        if value is None:
            return None
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if not is_whole or isinstance(value, bool) or not least <= value <= LARGEST_COUNT:
            self.drift(name, value)
            return None
        return int(value)
