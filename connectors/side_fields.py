"""The fields beside a post's id, moment and words: one that can't be read costs itself, not the post, and is told."""

from collections.abc import Callable
from typing import Any, TypeVar

from connectors.contract import Drift
from connectors.values import LARGEST_COUNT, mapping

T = TypeVar("T")


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

    def text(self, name: str, value: Any) -> str | None:
        """A text as it was written; None where nothing is told or it says nothing."""
        return value if self.words(name, value) is not None else None

    def flag(self, name: str, value: Any) -> bool | None:
        """Yes or no; None where nothing is told."""
        if isinstance(value, bool | None):
            return value
        self.drift(name, value)
        return None

    def entries(self, name: str, value: Any) -> list[Any] | None:
        """A list; None where nothing is told."""
        if isinstance(value, list | None):
            return value
        self.drift(name, value)
        return None

    def part(self, name: str, value: Any) -> dict[str, Any]:
        """An object; an empty one where nothing is told."""
        if value is not None and not isinstance(value, dict):
            self.drift(name, value)
        return mapping(value)

    def read(self, name: str, value: Any, reader: Callable[[Any], T | None]) -> T | None:
        """What a reader makes of the value, such as a moment or an id; None where nothing is told."""
        found = reader(value)
        if found is None and value is not None:
            self.drift(name, value)
        return found

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
