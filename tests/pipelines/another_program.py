"""Another program that works on a file of ours while we do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def somebody_writes(path: Path, *statements: str) -> Iterator["subprocess.Popen[str]"]:
    """Another program that has opened a file for writing, has run these statements, and goes on."""
    program = (
        f"import duckdb, sys\nheld = duckdb.connect({str(path)!r})\nprint('open', flush=True)\n"
        "for line in sys.stdin:\n    held.execute(line)\n    print('done', flush=True)\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], text=True, **pipes) as running:  # type: ignore[call-overload]
        try:
            assert running.stdout.readline() == "open\n"
            for statement in statements:
                tell(running, statement)
            yield running
        finally:
            running.kill()


def tell(running: "subprocess.Popen[str]", statement: str) -> None:
    assert running.stdin
    assert running.stdout
    running.stdin.write(f"{statement}\n")
    running.stdin.flush()
    assert running.stdout.readline() == "done\n"
