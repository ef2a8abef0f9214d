"""Work over several processes that keeps its order and holds only a few pieces in memory."""

import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from typing import Self, TypeVar

from pipelines.errors import EarshotError

Piece = TypeVar("Piece")
Result = TypeVar("Result")
MOST_UNSEEN = 100_000
"""Objects that a process makes before it looks for garbage; Python's own number is 2,000 or less."""
SMALL = 10_000
"""Up to so many posts the start of other processes costs more than it brings."""


class Workers:
    """Processes that are started when first needed and serve until the block ends: `with Workers(2) as workers`."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None

    def map(self, work: Callable[[Piece], Result], pieces: Iterable[Piece], amount: int) -> Iterator[Result]:
        """`work` of each piece, in the order of the pieces. `work` has to be a function that pickle can name.

        A small `amount` of posts is done in this process. Else at most twice as many pieces as workers are under way.
        `EarshotError` where a worker was killed; what is asked for after that is done by new ones.
        """
        if self._count == 1 or amount <= SMALL:
            yield from map(work, pieces)
            return
        pool = self._started()
        under_way: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                under_way.append(pool.submit(work, piece))
                if len(under_way) >= 2 * self._count:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BrokenProcessPool as error:
            self._pool = None  # it does no work any more; who comes next gets another
            raise EarshotError(
                "A worker process was killed, most likely because memory ran out. Set fewer workers in the config and "
                "run the same command again; nothing is lost or doubled."
            ) from error

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = process_pool(self._count)
        return self._pool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def process_pool(count: int) -> ProcessPoolExecutor:
    """Processes of our own that end when this one does, each with one thread for its sums."""
    for library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # read when numpy loads, so before they start
        os.environ.setdefault(library, "1")
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads (Arrow, DuckDB) may hang
    return ProcessPoolExecutor(count, mp_context=context, initializer=_prepare)


def workers_or_own(workers: Workers | None, count: int) -> AbstractContextManager[Workers]:
    """The workers that a caller lends, who keeps them, or `count` of our own for as long as the block lasts."""
    return nullcontext(workers) if workers else Workers(count)


def _prepare() -> None:
    """Make a process ready for its work."""
    # A batch is thousands of rows that live until it is written: looking through them again and again finds no garbage.
    gc.set_threshold(MOST_UNSEEN, 20, 100)
    _end_with_parent()


def _end_with_parent() -> None:
    """Make this process end when the one that started it does, however that ended: nobody would read its results."""
    parent = multiprocessing.parent_process()

    def wait_for_parent() -> None:
        if parent:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()
