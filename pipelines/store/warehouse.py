"""The warehouse: one DuckDB file, one writer at a time, its tables made from their declaration."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateColumn

from pipelines.code_version import code_version
from pipelines.errors import BusyError, EarshotError
from pipelines.store import tables
from pipelines.store.home import Home, sweep, whole_file
from pipelines.store.statements import statements

WORDS = statements(str(Path(__file__).with_name("words.py")))
"""What words mean that several steps and the marts share, as macros of schema `core`."""
MEMORY_LIMIT = "1GB"
"""Beyond this DuckDB works on disk: memory stays flat however large the warehouse is."""


@contextmanager
def open_warehouse(home: Home, *, wait_seconds: float = 600) -> Iterator[duckdb.DuckDBPyConnection]:
    """The only writing connection to the warehouse, its tables in place. `BusyError` where another run keeps it.

    From here on the marts are taken to be older than the tables: nothing is published before they are built again.
    """
    with home.only_one("warehouse", wait_seconds=wait_seconds):
        if not home.warehouse.exists():
            _make(home)
        connection = connect(home)
        try:
            create_tables(connection)
            connection.execute("delete from ops.publication")
            yield connection
        except duckdb.Error as error:
            if any(sign in str(error).lower() for sign in ("could not read enough bytes", "corrupt")):
                raise _unreadable(home, str(error)) from error
            raise
        finally:
            connection.close()


def mark_sound(warehouse: Path) -> None:
    """Say of a warehouse whose marts were just built, and hold all their tests, that it may be published as it is."""
    with duckdb.connect(warehouse) as connection:
        create_tables(connection)
        connection.execute("delete from ops.publication")
        now = datetime.now(UTC).replace(tzinfo=None)
        connection.execute(
            "insert into ops.publication by name select $1::timestamp as built_at, $2 as code_version",
            [now, code_version()],
        )


def sound_since(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the marts were built and found sound; None where anything was written since, or they were not."""
    try:
        row = connection.execute("select built_at from ops.publication").fetchone()
    except duckdb.CatalogException:  # the marts are being built, or that was broken off
        return None
    return row[0] if row else None


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that the block writes, or nothing of it."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a fault of the disk has ended the transaction by itself, and is what to tell of
            connection.rollback()
        raise


def _make(home: Home) -> None:
    """An empty warehouse, whole or not there: DuckDB leaves behind what it can't open when it is stopped in between."""
    sweep(home.root, home.warehouse.name)
    with whole_file(home.warehouse) as making, duckdb.connect(making) as connection:
        create_tables(connection)
        connection.execute("checkpoint")


def connect(home: Home) -> duckdb.DuckDBPyConnection:
    """A writing connection. `BusyError` where a program that knows nothing of our lock has the file open."""
    settings = {"memory_limit": MEMORY_LIMIT, "preserve_insertion_order": False, "autoinstall_known_extensions": False}
    try:
        return duckdb.connect(home.warehouse, config=settings)  # type: ignore[arg-type]
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise BusyError(
                f"{home.warehouse} is open in another program. Close it; to look at the tables open {home.published}, "
                "which is never locked."
            ) from error
        if "could not write" in str(error).lower():
            raise
        raise _unreadable(home, str(error)) from error


def _unreadable(home: Home, why: str) -> EarshotError:
    told = why.partition("\n")[0].rstrip("!.")
    return EarshotError(
        f"{home.warehouse} can't be read: {told}. If the file is damaged, move it away and run `earshot run` "
        "again: the warehouse is made anew from the landing folder."
    )


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that are missing and add the columns that a newer version declares. A column that it declares no
    more stays, and may be empty; a table of `core` goes, as nobody would forget in it what people ask to be forgotten.

    Keys are kept by how rows are merged, and tested with the marts: an index would cost more memory than all else.
    """
    there: dict[str, dict[str, bool]] = {}
    for table_name, column_name, may_be_null in connection.execute(_COLUMNS).fetchall():
        there.setdefault(table_name, {})[column_name] = may_be_null
    gone = {name for name in there if name.startswith(f"{tables.CORE}.")} - tables.metadata.tables.keys()
    missing = [f"drop table {name}" for name in sorted(gone)]
    for table in tables.metadata.sorted_tables:
        columns = there.get(table.fullname)
        if columns is None:
            missing.append(_definition(table))
        else:
            for column in table.columns:
                if column.name not in columns:
                    added = _column_ddl(column).removesuffix(" NOT NULL")
                    missing.append(f"alter table {table.fullname} add column {added}")
            left = [name for name, may_be_null in columns.items() if name not in table.columns and not may_be_null]
            missing += [f'alter table {table.fullname} alter column "{name}" drop not null' for name in left]
    with transaction(connection):  # or each of hundreds of statements would wait for the disk
        connection.execute(";\n".join((*missing, *(word.rstrip(";") for word in WORDS.values()))))


_COLUMNS = """
select table_schema || '.' || table_name, column_name, is_nullable = 'YES'
from information_schema.columns
"""


@lru_cache(maxsize=64)
def _definition(table: Table) -> str:
    columns = ", ".join(_column_ddl(column) for column in table.columns)
    comments = [(f"table {table.fullname}", table.comment)]
    comments += [(f"column {table.fullname}.{column.name}", column.comment) for column in table.columns]
    return ";\n".join(
        (
            f"create schema if not exists {table.schema}",
            f"create table {table.fullname} ({columns})",
            *(f"comment on {what} is {literal(comment or '')}" for what, comment in comments),
        )
    )


def _column_ddl(column: Column[Any]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # DuckDB reads PostgreSQL's types
    return str(CreateColumn(column).compile(dialect=dialect))


def literal(text: str) -> str:
    """A text as SQL writes it, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
