"""Where everything of one installation lies, and how files there come to be: whole or not at all."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from connectors.contract import Window
from pipelines.errors import BusyError, InputError


@dataclass(frozen=True)
class Home:
    """The folder that holds landing, tidy and enriched files, the warehouse, the published file and the digests."""

    root: Path

    @property
    def landing(self) -> Path:
        """Raw payloads: `landing/<source>/<window>/<attempt>/`."""
        return self.root / "landing"

    @property
    def tidy(self) -> Path:
        """Records: `tidy/<source>/<window>/*.parquet`."""
        return self.root / "tidy"

    @property
    def enriched(self) -> Path:
        """What was read from the texts: `enriched/<source>/<window>/*.parquet`."""
        return self.root / "enriched"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that one writer at a time works on."""
        return self.root / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The DuckDB file that readers open; replaced as a whole."""
        return self.root / "earshot.duckdb"

    @property
    def digests(self) -> Path:
        """`digests/<period>/digest.{html,md,json}`."""
        return self.root / "digests"

    @property
    def labels(self) -> Path:
        """What people say of posts, a line for each answer: the one file that can't be made anew."""
        return self.root / "labels" / "labels.jsonl"

    @property
    def models(self) -> Path:
        """What was learned from the labels: a model and what is known of it, by task."""
        return self.root / "models"

    @property
    def http_cache(self) -> Path:
        """Answers of networks that say whether they have changed: `http-cache/<source>/`."""
        return self.root / "http-cache"

    @property
    def runs(self) -> Path:
        """How each night went: `runs/<night>.jsonl`, a line a step."""
        return self.root / "runs"

    @property
    def logs(self) -> Path:
        """What dbt writes about its own work."""
        return self.root / "logs"

    def windows(self, stage: Path) -> list[tuple[str, Window]]:
        """The (source, window) pairs that a stage holds in full, in order of time, then source."""
        found = []
        for folder in stage.glob("*/*"):
            try:
                found.append((folder.parent.name, Window.from_name(folder.name)))
            except ValueError:  # half-written folders have names that are no window
                continue
        return sorted(found, key=lambda pair: (pair[1], pair[0]))

    @contextmanager
    def only_one(self, what: str, *, wait_seconds: float = 0) -> Iterator[None]:
        """Hold `what` against every other process; `BusyError` where another keeps it for longer than the wait."""
        self.root.mkdir(parents=True, exist_ok=True)
        with _alone(self.root / f".{what}.lock", f"the {what} of {self.root}", wait_seconds):
            yield

    @contextmanager
    def only_window(self, source_id: str, window: Window, *, wait_seconds: float = 0) -> Iterator[None]:
        """Hold what landed of a source's window against every other process, as `only_one` does."""
        folder = self.landing / source_id / window.name
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / ".lock", f"{source_id}, {window.name}, in {self.root}", wait_seconds):
            yield


@contextmanager
def _alone(lock_path: Path, what: str, wait_seconds: float) -> Iterator[None]:
    lock = FileLock(lock_path)
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise BusyError(
            f"Another Earshot run holds {what}. Wait for it to end, or stop it; a run that died holds nothing."
        ) from error
    try:
        yield
    finally:
        lock.release()


def path_or_default(given: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """The home: as given, else EARSHOT_HOME, else `.earshot` in the current folder."""
    return Path(given or environ.get("EARSHOT_HOME") or ".earshot").expanduser().resolve()


def check_writable(root: Path) -> None:
    """`InputError` where the home can't be made or written to."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe = root / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise InputError(f"The home {root} can't be written to: {error.strerror}. Give another with --home.") from error


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A new folder that takes the place of `target` when the block ends well, and leaves no trace when it doesn't.

    Whoever else makes the same folder waits.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}.{os.getpid()}.making")
    with _alone(target.with_name(f".{target.name}.lock"), str(target), wait_seconds=600):
        sweep(target.parent, target.name)
        making.mkdir()
        try:
            yield making
            replace_folder(making, target)
        finally:
            shutil.rmtree(making, ignore_errors=True)


def replace_folder(new: Path, target: Path) -> None:
    """Put `new` in the place of `target`. Killed in between, `sweep` puts the old folder back."""
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def sweep(folder: Path, name: str = "*") -> None:
    """Clear away what killed runs left half done beside `folder`'s entry `name`; only for who holds the lock on it."""
    for leftover in folder.glob(f".{name}.*.old"):
        target = folder / leftover.name[1:].rsplit(".", 2)[0]
        if not target.exists():
            leftover.rename(target)
    for leftover in (*folder.glob(f".{name}.*.old"), *folder.glob(f".{name}.*.making")):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A path to write to that becomes `target` in one step when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}.{os.getpid()}.making")
    try:
        yield making
        making.replace(target)
    finally:
        making.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`value` as sorted, readable JSON; the file is whole or not there."""
    with whole_file(path) as making:
        making.write_text(json.dumps(value, indent=1, sort_keys=True, default=str) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """What `write_json` wrote, or None where there is no such file. `InputError` where something else damaged it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise InputError(
            f"{path} is damaged ({error}). Remove the folder that holds it and run the same command again."
        ) from error
