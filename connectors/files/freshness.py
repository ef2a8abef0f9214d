"""Whether a file can hold what was written in a window: not before it was itself written."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from connectors.contract import NotYet, Window

_CLOCKS_DIFFER = timedelta(days=1)
"""A file may hold moments of up to a day after its own: zones are taken for one another, clocks go wrong."""


class Written(NamedTuple):
    """The newest of some files, and when it was last written, in UTC."""

    path: Path
    at: datetime


def last_written(paths: Iterable[str | Path]) -> Written | None:
    """The newest of the files; None where none of them is there."""
    found = []
    for path in map(Path, paths):
        try:
            found.append(Written(path, datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)))
        except OSError:
            continue
    return max(found, key=lambda written: (written.at, written.path), default=None)


class NewestMoment:
    """The newest of the moments that a file holds, as far as they are to be believed.

    A post of the future, a typing error or an event that somebody announced, is no evidence that a file reaches so far.
    Where most of a file is newer than the file, its own time is not to be believed instead.
    """

    def __init__(self, written: datetime) -> None:
        self._limit = written + _CLOCKS_DIFFER
        self._believable: datetime | None = None
        self._newest: datetime | None = None
        self._later = self._all = 0

    def see(self, moment: datetime) -> None:
        """Take one more moment into account."""
        self._all += 1
        if moment > self._limit:
            self._later += 1
            self._newest = max(self._newest or moment, moment)
        else:
            self._believable = max(self._believable or moment, moment)

    @property
    def moment(self) -> datetime | None:
        """The newest so far; None where there is none."""
        return self._newest if self._later * 2 > self._all else self._believable


def unless_held(written: Written, newest: datetime | None, window: Window) -> None:
    """`NotYet` where neither the file nor a moment in it is as late as the end of the window."""
    reached = max(written.at, newest or written.at)
    if reached >= window.end:
        return
    raise NotYet(
        f"{written.path.name} was last written on {written.at:%Y-%m-%d at %H:%M} UTC and can't hold what came later. "
        "Put a newer export in its place; if it is whole, say so by touching it (touch sets its time to now).",
        unseen_from=max(reached, window.start),
        unseen_to=window.end,
    )
