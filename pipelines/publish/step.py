"""Publish: the warehouse becomes the file that readers open, in one step: they never meet a lock or half a file."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.build.step import mart_names
from pipelines.errors import InputError, NotSound
from pipelines.store import runs, tables
from pipelines.store.home import Home, sweep
from pipelines.store.statements import statements
from pipelines.store.warehouse import WORDS, connect, literal, sound_since, transaction

SQL = statements(__file__)

log = logging.getLogger(__name__)
OLDEST_READER = "v1.4.0"
"""The oldest DuckDB that can open the file: programs that embed it are slow to follow."""


def publish(home: Home) -> Path:
    """Write `earshot.duckdb` anew and put it in place by one atomic rename; readers keep what they opened.

    It holds the tables that `core`, `ops` and the marts declare, and nothing that was ever deleted from them.
    `NotSound` where the warehouse is not as the tests of the marts found it.
    """
    if not home.warehouse.exists():
        raise InputError(f"There is no warehouse in {home.root}. Run `earshot run` first.")
    with home.only_one("warehouse", wait_seconds=600):
        sweep(home.root, home.published.name)
        connection = connect(home)
        try:
            if sound_since(connection) is None:
                raise NotSound(
                    f"{home.warehouse} was written to since its marts were last built and tested, or their tests "
                    f"failed; {home.published} stays as it is. Run `earshot build`, then `earshot publish`."
                )
            runs.load(connection, home)
            with _new_file(home.published) as making:
                _write(connection, making)
        finally:
            connection.close()
    return home.published


@contextmanager
def _new_file(published: Path) -> Iterator[Path]:
    """A path to write to that becomes the published file when the block ends well: read-only, no log beside it."""
    folder = published.with_name(f".{published.name}.{os.getpid()}.making")
    folder.mkdir()
    making = folder / published.name
    try:
        yield making
        making.chmod(making.stat().st_mode & 0o444)
        # Before the rename: no reader can open a file beside which lies the log of another.
        changes = published.with_name(f"{published.name}.wal")
        if changes.exists():
            changes.unlink(missing_ok=True)
            log.warning("publish: somebody wrote into %s; what they wrote is gone. Open it read-only.", published)
        making.replace(published)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"attach {literal(str(path))} as published (storage_version '{OLDEST_READER}')")
    with transaction(connection):  # or each of a thousand statements would wait for the disk
        for schema, names in _PUBLISHED.items():
            connection.execute(f"create schema published.{schema}")
            comments = dict(connection.execute(SQL["tables"], [schema]).fetchall())
            columns = defaultdict(list)
            for name, *column in connection.execute(SQL["columns"], [schema]).fetchall():
                columns[name].append(_Column(*column))
            for name in sorted(comments.keys() & names()):
                connection.execute(_copy(schema, name, comments[name], columns[name]))
        for word in WORDS.values():
            connection.execute(word.replace("macro core.", "macro published.core.", 1))
        now = datetime.now(UTC).replace(tzinfo=None)
        connection.execute("update published.ops.publication set published_at = $1", [now])
    connection.execute("detach published")


_PUBLISHED: dict[str, Callable[[], list[str]]] = {
    tables.CORE: lambda: [table.name for table in tables.tables(tables.CORE)],
    "marts": mart_names,
    tables.OPS: lambda: [table.name for table in tables.tables(tables.OPS)],
}
"""What readers get, by schema: no views that only the marts need, no table that an older version left behind."""


class _Column(NamedTuple):
    name: str
    kind: str
    is_nullable: bool
    comment: str | None


def _copy(schema: str, name: str, comment: str | None, columns: list[_Column]) -> str:
    """SQL for a table with its comments. It gets no index on its key, which would make the file four times as large."""
    declared = tables.metadata.tables.get(f"{schema}.{name}")
    if declared is not None:
        found = {column.name: column for column in columns}
        columns = [found[column.name] for column in declared.columns]
    full_name = f'published.{schema}."{name}"'
    defined = ", ".join(f'"{c.name}" {c.kind}{"" if c.is_nullable else " not null"}' for c in columns)
    listed = ", ".join(f'"{column.name}"' for column in columns)
    comments = [(f"table {full_name}", comment)]
    comments += [(f'column {full_name}."{column.name}"', column.comment) for column in columns]
    return ";\n".join(
        (
            f"create table {full_name} ({defined})",
            f'insert into {full_name} select {listed} from {schema}."{name}"',  # noqa: S608  # our names
            *(f"comment on {what} is {literal(comment or '')}" for what, comment in comments),
        )
    )
