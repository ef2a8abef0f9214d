"""How far a listing has been read, where single entries may stand out of order: pinned ones, or future-dated ones."""

from collections.abc import Sequence
from datetime import datetime

_LAST = 3
"""So many entries at a page's end have to agree: one alone may be pinned or bear a wrong time."""


def come_down(reached: datetime, times: Sequence[datetime | None]) -> datetime:
    """Down to when a list that shows the newest first has been read, after one more page with these times, in the
    page's order. `reached` is what it was before that page; None is a time that can't be read.
    """
    last = [at for at in times if at is not None][-_LAST:]
    return min(reached, max(last, default=reached))


def come_up(reached: datetime, times: Sequence[datetime | None]) -> datetime:
    """The same of a list that shows the oldest first: up to when it has been read."""
    last = [at for at in times if at is not None][-_LAST:]
    return max(reached, min(last, default=reached))
