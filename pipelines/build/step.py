"""Build: make the marts of schema `marts` from `core` and check them, by way of dbt."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.errors import InputError, MartsFailed
from pipelines.store.warehouse import mark_sound

log = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parents[2] / "sql"
"""The dbt project; the package is installed in place, so it lies beside this folder."""

_BROKEN = frozenset({"error", "fail", "runtime error"})


def build(warehouse: Path, log_folder: Path) -> None:
    """Build and test the marts in a warehouse that no other connection holds.

    `MartsFailed` names each mart that could not be built and each test that does not hold, with the file to look
    at; marts built before the first fault are already replaced by then. So the project takes the mark off by which
    `publish` knows a sound warehouse, and it is set here when everything held. Checks of severity warn go to the log
    only.
    `log_folder` gets dbt's own log and compiled SQL; the same folder next time makes dbt start faster.
    """
    if not warehouse.is_file():
        raise InputError(f"There is no warehouse at {warehouse}. Load something first: earshot load.")
    log_folder.mkdir(parents=True, exist_ok=True)
    outcome = _build(warehouse.resolve(), log_folder.resolve())
    results = list(getattr(outcome.result, "results", None) or ())
    faults = [_fault(result) for result in results if result.status in _BROKEN]
    if faults or not outcome.success:
        raise MartsFailed(_message(faults, outcome.exception, log_folder))
    mark_sound(warehouse)
    for result in results:
        if result.status == "warn":
            log.warning("build: %s", _fault(result))


def mart_names() -> list[str]:
    """The marts of the project, in alphabetical order."""
    return sorted(path.stem for path in (PROJECT / "models" / "marts").glob("*.sql"))


_prepared: dict[tuple[Path, Path], Any] = {}
"""What `prepare` read of the project, for the next build by this process."""


def prepare(warehouse: Path, log_folder: Path) -> None:
    """Import dbt and read the project, which takes seconds and needs no warehouse, so that `build` starts faster."""
    log_folder.mkdir(parents=True, exist_ok=True)
    warehouse, log_folder = warehouse.resolve(), log_folder.resolve()
    outcome = _dbt("parse", warehouse, log_folder)
    if outcome.success:
        _prepared[warehouse, log_folder] = outcome.result


def _build(warehouse: Path, log_folder: Path) -> Any:
    """What `dbt build` answers; the warehouse is closed again afterwards."""
    return _dbt("build", warehouse, log_folder, _prepared.pop((warehouse, log_folder), None))


def _dbt(command: str, warehouse: Path, log_folder: Path, manifest: Any = None) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # dbt takes seconds to import
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner
    from dbt_common.events.event_manager_client import cleanup_event_logger

    arguments = [
        command,
        f"--project-dir={PROJECT}",
        f"--profiles-dir={PROJECT}",
        f"--target-path={log_folder / 'dbt'}",
        f"--log-path={log_folder}",
        "--log-level=none",
        "--log-level-file=warn",
        "--no-use-colors-file",
        "--quiet",
        "--no-write-json",
    ]
    try:
        with _environment("EARSHOT_WAREHOUSE", str(warehouse)):
            return dbtRunner(manifest=manifest).invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        reset_adapters()  # type: ignore[no-untyped-call]
        cleanup_event_logger()
        dbt_log = logging.getLogger("file_log")
        for handler in list(dbt_log.handlers):  # dbt leaves its file open
            dbt_log.removeHandler(handler)
            handler.close()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment, and put back what was there."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _fault(result: Any) -> str:
    """One line on a mart or test: its name, what is wrong, where to look."""
    node = result.node
    where = f"Look at sql/{node.original_file_path}"
    if result.status == "runtime error" or result.failures is None:
        return f"{node.resource_type} {node.name} could not be run: {_one_line(result.message)}. {where}."
    rows = "1 row breaks" if result.failures == 1 else f"{result.failures:,} rows break"
    return f"test {node.name}: {rows} it. {where}; the query that finds them is {node.compiled_path}."


def _one_line(message: str | None) -> str:
    """What dbt says, without the macros that it came through."""
    told = (message or "dbt gave no reason").partition("> in macro")[0]
    return " ".join(told.split())[:500].rstrip(".")


def _message(faults: list[str], exception: BaseException | None, log_folder: Path) -> str:
    if not faults:
        faults = [f"dbt could not start: {_one_line(str(exception) if exception else None)}."]
    lines = "\n".join(f"  {fault}" for fault in faults)
    return (
        f"The marts are not sound, so they must not be published; dbt's own words are in {log_folder}/dbt.log.\n{lines}"
    )
