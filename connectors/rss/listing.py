"""Since when a feed's listing is whole, told from the moments of its entries and the order that they stand in.

A listing shows the newest of what there is, and beside them what was pinned, misdated or dated ahead. Only entries
that stand in the listing's order, within its rhythm, say how far back it reaches. Where that can't be told, the answer
errs towards later: what might be missing counts as unseen.
"""

import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

FEWEST_OLDEST_FIRST = 5
"""Entries that must rise in time before a feed counts as one that lists its oldest first."""
FEWEST_OF_A_RHYTHM = 3
"""Entries that show how far apart they usually stand; fewer tell of no rhythm."""
BREAK = 10
"""A pause so many times as long as any between newer entries parts a listing from what is pinned below it."""
BREAK_AMONG_STRAYS = 2
"""The same where other entries stand out of order, so that more are to be expected."""
QUIET_FOR = timedelta(days=14)
QUIET_TIMES = 3
QUIET_WITHOUT_RHYTHM = timedelta(days=30)
"""What counts as the longest silence of a feed with fewer than three entries."""
_ANY_DAY = datetime(2000, 1, 1)


class Shown(NamedTuple):
    """An entry, as far as the listing is concerned."""

    name: str
    written_at: datetime
    changed_at: datetime
    is_pinned: bool = False
    """Whether it says itself that it is."""


class Listing(NamedTuple):
    """What a feed's order says."""

    regular: dict[str, datetime]
    """Entries that stand where their moment belongs, by name, and the moment that orders them."""
    below: dict[str, datetime]
    """Few more below them, after a pause so long that they may only have been pinned there."""
    whole_from: datetime | None
    """All that was written from then on is shown; None where nothing can be said."""
    is_ordered: bool
    """Whether its entries stand in an order of time at all."""
    newest_at: datetime | None
    """When an entry was last written or changed."""
    longest_silence: timedelta
    """Between two entries that were written one after the other."""

    def goes_on_from(self, before: "Listing") -> bool:
        """Whether a regular entry of an earlier visit is still there as it was, so that nothing between was missed.

        Below a long pause it has to be the one that was the newest then.
        """
        newest = max(before.regular.values(), default=None)
        return any(before.regular.get(name) == at for name, at in self.regular.items()) or any(
            before.regular.get(name) == at == newest for name, at in self.below.items()
        )

    def quiet_since(self, until: datetime) -> datetime | None:
        """The newest entry's moment, where a feed has been silent for so long by then that it may have stopped.

        That is for more than 14 days, and for more than three times its longest silence among the entries shown.
        """
        if self.newest_at is None:
            return None
        is_quiet = until - self.newest_at > max(QUIET_FOR, QUIET_TIMES * self.longest_silence)
        return self.newest_at if is_quiet else None


def listing(shown: Sequence[Shown], until: datetime) -> Listing:
    """What entries, in the order of the feed, say at a time. Those dated later, and the pinned, say nothing."""
    told = [entry for entry in shown if max(entry.written_at, entry.changed_at) <= until and not entry.is_pinned]
    newest = max((entry.changed_at for entry in told), default=None)
    found = list(_ordered(told)) or list(_nearly_ordered(told))
    if not found:
        at = max((entry.written_at for entry in told), default=None)
        written = sorted(entry.written_at for entry in told)
        return Listing({}, {}, at, not told, newest, _longest_silence(written))
    fewest = min(order.strays for order in found)
    least = [order for order in found if order.strays == fewest]
    order = max(least, key=lambda order: order.whole_from)
    written = sorted(entry.written_at for entry in told if entry.name in order.regular)
    silence = _longest_silence(written)
    return Listing(order.regular, order.below, min(order.whole_from, until), True, newest, silence)


class _Order(NamedTuple):
    """An order that entries may stand in."""

    strays: int
    """Entries that don't."""
    regular: dict[str, datetime]
    below: dict[str, datetime]
    slack: timedelta = timedelta()
    """How far apart two may stand the wrong way round."""

    @property
    def whole_from(self) -> datetime:
        moments = list(self.regular.values())
        return min(_whole_from(moments) + self.slack, max(_whole_from(moments), max(moments)))


def _ordered(told: Sequence[Shown]) -> Iterator[_Order]:
    """The orders that most entries stand in exactly: by when they were written or changed, newest first or last."""
    for moments in _moments(told):
        for is_newest_first in (True, False):
            places = range(len(told)) if is_newest_first else range(len(told) - 1, -1, -1)
            kept = [places[number] for number in _falling([moments[place] for place in places])]
            if is_newest_first or len(kept) >= FEWEST_OLDEST_FIRST:
                yield from _if_order(told, moments, kept)


def _nearly_ordered(told: Sequence[Shown]) -> Iterator[_Order]:
    """The same, newest first, where neighbours stand the wrong way round, as scheduled posts do, and joined feeds."""
    for moments in _moments(told):
        pauses = sorted(later - earlier for earlier, later in itertools.pairwise(sorted(moments)))
        slack = 3 * pauses[len(pauses) // 2] if pauses else timedelta()
        newest_below = list(itertools.accumulate(reversed(moments), max))[::-1]
        kept = [place for place, moment in enumerate(moments) if newest_below[place] - moment <= slack]
        for order in _if_order(told, moments, kept):
            yield order._replace(slack=slack)


def _moments(told: Sequence[Shown]) -> tuple[list[datetime], list[datetime]]:
    return [entry.written_at for entry in told], [entry.changed_at for entry in told]


def _if_order(told: Sequence[Shown], moments: Sequence[datetime], kept: list[int]) -> Iterator[_Order]:
    """The order of the entries at these places, unless it leaves out too many or is the same moment for all."""
    most_strays = min(max(3, len(told) // 5), (len(told) - 1) // 2)
    strays = len(told) - len(kept)
    if not kept or strays > most_strays:
        return
    if len({moments[place] for place in kept}) == 1 < len({entry.written_at for entry in told}):
        return  # such as that of the answer
    kept = sorted(kept, key=lambda place: moments[place], reverse=True)
    end = _until_break([moments[place] for place in kept], most_strays, has_strays=strays > 0)
    regular, below = ({told[place].name: moments[place] for place in part} for part in (kept[:end], kept[end:]))
    yield _Order(strays, regular, below)


def _falling(moments: Sequence[datetime]) -> list[int]:
    """Places of the longest run that never rises, what stands between left out; of several the one that ends newest."""
    ends: list[float] = []  # for each length, minus the newest moment that a run of it ends with
    last: list[int] = []
    before: list[int | None] = []
    for place, moment in enumerate(moments):
        value = (_ANY_DAY - moment).total_seconds()
        length = bisect_right(ends, value)
        before.append(last[length - 1] if length else None)
        if length == len(ends):
            ends.append(value)
            last.append(place)
        else:
            ends[length], last[length] = value, place
    run: list[int] = []
    at = last[-1] if last else None
    while at is not None:
        run.append(at)
        at = before[at]
    return run[::-1]


def _until_break(moments: Sequence[datetime], most_below: int, *, has_strays: bool) -> int:
    """How many moments, the newest first, stand above a pause that few others lie below and that dwarfs all above."""
    factor = BREAK_AMONG_STRAYS if has_strays else BREAK
    longest = timedelta()
    for number in range(1, len(moments)):
        pause = moments[number - 1] - moments[number]
        if number >= FEWEST_OF_A_RHYTHM and len(moments) - number <= most_below and pause > factor * longest:
            return number
        longest = max(longest, pause)
    return len(moments)


def _whole_from(moments: Sequence[datetime]) -> datetime:
    """The oldest moment of a listing, or the next where others that the listing cuts off may share it."""
    counts = Counter(moments)
    first, *later = sorted(counts)
    if all(at.time() == time() for at in counts):  # days rather than moments
        return first + timedelta(days=1)
    return first if counts[first] == 1 else later[0] if later else first + timedelta(seconds=1)


def _longest_silence(written: Sequence[datetime]) -> timedelta:
    if len(written) < FEWEST_OF_A_RHYTHM:
        return QUIET_WITHOUT_RHYTHM
    return max(later - earlier for earlier, later in itertools.pairwise(written))
