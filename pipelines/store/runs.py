"""How the nights went, step by step: a line each beside the home's data, and in `ops.runs` of the published file."""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from connectors.contract import Window
from pipelines.code_version import code_version
from pipelines.store import tables
from pipelines.store.arrow import arrow_schema, to_batch
from pipelines.store.home import Home

LONGEST_ERROR = 2000
_MOMENTS = ("window_start", "window_end", "started_at")


class Run(NamedTuple):
    """A step of a night that was done, or failed; a row of `ops.runs`."""

    run_id: str
    night: str
    step: str
    source: str | None
    window_start: datetime | None
    window_end: datetime | None
    started_at: datetime
    seconds: float
    status: str
    posts_count: int | None
    error: str | None
    code_version: str

    @classmethod
    def of(
        cls,
        night: str,
        step: str,
        source_id: str,
        window: Window | None,
        started_at: datetime,
        seconds: float,
        posts: int,
        error: BaseException | None,
    ) -> "Run":
        """The row of a step; `error` is what it ended with."""
        return cls(
            ":".join(filter(None, (night, step, source_id, f"{started_at:%Y%m%dT%H%M%S%f}"))),
            night,
            step,
            source_id or None,
            window.start if window else None,
            window.end if window else None,
            started_at,
            round(seconds, 3),
            "failed" if error else "ok",
            posts or None,
            f"{type(error).__name__}: {error}"[:LONGEST_ERROR] if error else None,
            code_version(),
        )


def note(home: Home, run: Run) -> None:
    """Keep how a step went. Steps of one night that end at the same moment wait for each other."""
    with home.only_one("runs", wait_seconds=60):
        home.runs.mkdir(exist_ok=True)
        with (home.runs / f"{run.night}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(run._asdict(), default=str) + "\n")


def read(home: Home, since: datetime | None = None) -> list[Run]:
    """What was noted, in order of time; of files that were not written to after `since`, nothing."""
    files = [path for path in home.runs.glob("*.jsonl") if since is None or _changed_at(path) >= since]
    return _read(files)


def read_last(home: Home) -> list[Run]:
    """What was noted of the night that was worked on last."""
    newest = max(home.runs.glob("*.jsonl"), key=_changed_at, default=None)
    return _read([newest]) if newest else []


def _changed_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _read(files: Iterable[Path]) -> list[Run]:
    found = []
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError, TypeError, KeyError):  # a line that was broken off
                told = json.loads(line)
                moments = {name: told[name] and datetime.fromisoformat(told[name]) for name in _MOMENTS}
                found.append(Run(**(told | moments)))
    return sorted(found, key=lambda run: run.started_at)


def load(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Bring what was noted since the last time into `ops.runs`."""
    ((newest,),) = connection.execute("select max(started_at) from ops.runs").fetchall()
    runs = read(home, newest)
    if runs:
        noted = to_batch(runs, arrow_schema(tables.runs, Run._fields))
        connection.register("noted", noted)
        connection.execute("insert into ops.runs by name from noted anti join ops.runs using (run_id)")
        connection.unregister("noted")
