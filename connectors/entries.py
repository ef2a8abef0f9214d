"""The entries of an answer, each read by itself: one that can't be read costs itself, not its page."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from connectors.contract import Misfit, Record

T = TypeVar("T")


class UnreadableError(Exception):
    """Why an entry is set aside, as a sentence about it goes on: `has no readable id`."""


def read_each(
    entries: Iterable[tuple[str, T]],
    read: Callable[[T], Iterable[Record]],
    raw: Callable[[T], Any] = lambda entry: entry,
) -> Iterator[Record]:
    """The records that `read` finds in each entry, which comes with its place in the page. One for which it raises
    becomes a `Misfit`, told as `raw` gives it.
    """
    for place, entry in entries:
        try:
            yield from list(read(entry))  # all that an entry gives, or nothing of it
        except UnreadableError as reason:
            yield Misfit(str(reason), place, raw(entry))
        except Exception as error:  # a shape that nobody thought of
            yield Misfit(f"can't be read ({type(error).__name__})", place, raw(entry))


def placed(name: str, entries: Iterable[T]) -> Iterator[tuple[str, T]]:
    """The entries of a list with their places: `posts[0]`, `posts[1]`."""
    return ((f"{name}[{number}]", entry) for number, entry in enumerate(entries))
