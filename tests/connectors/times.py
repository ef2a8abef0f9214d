"""The time in tests of the connectors: moments of April 2026, posts one after the other, a clock that stands still."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from connectors.contract import Window
from connectors.http_api import Clock


def at(text: str) -> datetime:
    """A moment of April 2026, from its day on: `at("21T08:30")`."""
    return datetime.fromisoformat(f"2026-04-{text}")


WEEK = Window(at("20"), at("27"))
NOW = at("28")
"""When the tests take place: a day after the week that they ask for."""


def series(count: int, end: datetime = WEEK.end, **apart: float) -> Iterator[tuple[int, str, datetime]]:
    """Number, id and time of so many posts that stand so far apart, the last so far before the end; ids sort as times.

    `series(2, minutes=1)` gives `(0, "a000", 23:58)` and `(1, "a001", 23:59)`.
    """
    for number in range(count):
        yield number, f"{'abcdefghij'[number // 1000]}{number % 1000:03}", end - timedelta(**apart) * (count - number)


class Time:
    """A time that only waiting moves. `waits` are the seconds of every wait."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)
