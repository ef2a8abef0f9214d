"""Work over several processes, of which one may be killed."""

import os
import signal

import pytest

from pipelines import parallel
from pipelines.errors import EarshotError
from pipelines.parallel import Workers


def double_unless_13(number: int) -> int:
    """A piece of work; the process that gets 13 is killed, as by a system that ran out of memory."""
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_pieces_come_back_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SMALL", 0)
    with Workers(2) as workers:
        assert list(workers.map(double_unless_13, range(10), amount=10)) == [2 * number for number in range(10)]


def test_a_worker_that_is_killed_costs_its_own_work_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "SMALL", 0)
    with Workers(2) as workers:
        with pytest.raises(EarshotError, match="A worker process was killed, most likely because memory ran out"):
            list(workers.map(double_unless_13, [1, 13, 2], amount=3))
        assert list(workers.map(double_unless_13, [1, 2], amount=2)) == [2, 4]


def test_little_work_starts_no_process() -> None:
    with Workers(2) as workers:
        assert list(workers.map(lambda number: number, [1, 2], amount=2)) == [1, 2]
