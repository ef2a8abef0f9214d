"""The pages of one query: what is new on each, and what they show of the window."""

from collections.abc import Hashable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from connectors.contract import Page, SchemaDrift, Window
from connectors.transport import excerpt

T = TypeVar("T")


class Tally:
    """Counts the posts of a window, each on the first page that shows it: threads repeat what listings show."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._counted: set[Hashable] = set()

    def page(
        self,
        endpoint: str,
        body: Any,
        posts: Iterable[tuple[Hashable | None, datetime | None]],
        *,
        units: int = 1,
        seen_whole_after: datetime | None = None,
    ) -> Page:
        """A page of posts, given by id and moment, None where that can't be read."""
        shown = list(posts)
        inside = {name: at for name, at in shown if name and at and at in self.window}
        new = len(inside.keys() - self._counted)
        self._counted |= inside.keys()
        first, last = min(inside.values(), default=None), max(inside.values(), default=None)
        return Page(endpoint, body, new, len(shown), first, last, units, seen_whole_after)


class Shown:
    """What the pages of a listing have shown, so that one that goes round in circles is noticed."""

    def __init__(self) -> None:
        self._seen: set[Hashable] = set()

    def add(self, names: Iterable[Hashable]) -> set[Hashable]:
        """Those of the names that no page before this one showed."""
        new = set(names) - self._seen
        self._seen |= new
        return new


def circles(where: str, *, unseen_from: datetime | None = None, unseen_to: datetime | None = None) -> SchemaDrift:
    """That the pages of a listing show again what they have shown."""
    told = f"{where}: the pages go round in circles; they show nothing new."
    return SchemaDrift(told, unseen_from=unseen_from, unseen_to=unseen_to)


def unexpected(title: str, body: Any, wanted: str, where: str = "") -> SchemaDrift:
    """That a network's answer is not what belongs there: `a page of posts`."""
    said = f"{title} answered {excerpt(body)} where {wanted} belongs; its API may have changed."
    return SchemaDrift(f"{where}: {said}" if where else said)


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """The things in lists of `size`, the last of what is left."""
    left = list(things)
    return (left[start : start + size] for start in range(0, len(left), size))
