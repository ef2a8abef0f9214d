"""Peak memory of a process and all that it starts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

INTERVAL_SECONDS = 0.1


@contextmanager
def peak_memory(pid: int) -> Iterator[Callable[[], float]]:
    """Watch a process tree while the block runs; the given function then tells the peak of its memory in MB.

    Memory of their own is added up; what a process may share (libraries, files) counts once, as much as the largest
    has. The proportional set size would be exact, but each look at it walks through all pages of all processes, which
    takes a good part of a processor from what is measured.
    """
    peak = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            peak = max(peak, _tree_memory(pid))
            done.wait(INTERVAL_SECONDS)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield lambda: peak / 2**20
    finally:
        done.set()
        watcher.join()


def _tree_memory(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    own, shared = 0, [0]
    for member in tree:
        try:
            memory = member.memory_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError):
            continue
        own += memory.rss - memory.shared
        shared.append(memory.shared)
    return float(own + max(shared))
