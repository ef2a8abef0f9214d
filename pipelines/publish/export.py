"""Tables out of the published file: as CSV, JSON Lines or Parquet, safe to open in a spreadsheet."""

import json
import shutil
import sys
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import duckdb
import pyarrow as pa

from pipelines.errors import InputError
from pipelines.store import tables
from pipelines.store.home import Home, whole_file
from pipelines.store.published import open_published
from pipelines.store.statements import statements
from pipelines.terminal import harmless

SQL = statements(__file__)

Format = Literal["csv", "json", "parquet"]
BATCH = 10_000
"""Rows that are in memory at once."""
_FORMULA = "^[=+@\\t\\r\\n-]"
"""A spreadsheet runs a cell that begins so (OWASP, "CSV Injection"); an apostrophe before it stops that."""


def query(home: Home, sql: str) -> duckdb.DuckDBPyRelation:
    """What a query over the published file gives; `InputError` with DuckDB's own words where it can't be run.

    It is one statement that reads: nothing else is run, whatever it would do.
    """
    connection = open_published(home)
    try:
        statements = connection.extract_statements(sql)
        kinds = [statement.type.name for statement in statements]
        if kinds != [duckdb.StatementType.SELECT.name]:
            raise InputError(
                f"Expected one query that begins with select, with, from, values, describe, summarize or show, and got "
                f"{', '.join(kinds).lower() or 'nothing'}. The published file is read-only."
            )
        return connection.sql(statements[0])
    except duckdb.Error as error:
        raise InputError(f"The query can't be run: {error}") from error


def write(relation: duckdb.DuckDBPyRelation, path: Path, file_format: Format, *, raw: bool = False) -> None:
    """Write a relation to a file, which is whole or not there. `raw` leaves cells as they are in CSV.

    A spreadsheet would run a cell that looks like a formula: it gets an apostrophe before it.
    """
    with whole_file(path) as making:
        if file_format == "json":
            _write_json_lines(relation, making)
            return
        # Where SQL of others is run, no file can be written; so another connection writes, which runs none.
        with duckdb.connect() as writer:
            rows = writer.from_arrow(_batches(relation))
            told = [
                (duckdb.ColumnExpression(name), str(kind))
                for name, kind in zip(rows.columns, relation.types, strict=True)
            ]
            if file_format == "parquet":
                rows.project(*(_in_parquet(*column) for column in told)).write_parquet(str(making), compression="zstd")
            else:
                cells = rows if raw else rows.project(*(_defused(*column) for column in told))
                cells.write_csv(str(making), header=True)


def _batches(relation: duckdb.DuckDBPyRelation) -> pa.RecordBatchReader:
    """The rows, each column under a name of its own: a query may give two columns one name."""
    batches = relation.to_arrow_reader(BATCH)
    names: list[str] = []
    for name in relation.columns:
        taken = {other.lower() for other in names}
        free = (f"{name}_{number}" for number in count(1))
        names.append(name if name.lower() not in taken else next(n for n in free if n.lower() not in taken))
    schema = pa.schema([field.with_name(name) for field, name in zip(batches.schema, names, strict=True)])
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in batches)
    )


def _in_parquet(column: duckdb.Expression, kind: str) -> duckdb.Expression:
    """Sums of integers, for which Parquet has no type, as DuckDB writes them."""
    return column.cast("DOUBLE").alias(column.get_name()) if kind in {"HUGEINT", "UHUGEINT"} else column


def _defused(column: duckdb.Expression, kind: str) -> duckdb.Expression:
    if kind != "VARCHAR":
        return column
    hostile = duckdb.FunctionExpression("regexp_matches", column, duckdb.ConstantExpression(_FORMULA))
    quoted = duckdb.FunctionExpression("concat", duckdb.ConstantExpression("'"), column)
    return duckdb.CaseExpression(hostile, quoted).otherwise(column).alias(column.get_name())


def _write_json_lines(relation: duckdb.DuckDBPyRelation, path: Path) -> None:
    """A JSON object a row: integers stay integers beside NULL, times keep their microseconds, in ISO 8601."""
    with path.open("w", encoding="utf-8") as file:
        for batch in _batches(relation):
            file.writelines(json.dumps(row, ensure_ascii=False, default=_as_text) + "\n" for row in batch.to_pylist())


def _as_text(value: Any) -> str | int:
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)  # a sum of integers, which may be larger than they are
    return value.isoformat() if isinstance(value, date) else str(value)


def export(home: Home, schema: str, folder: Path, file_format: Format, *, raw: bool = False) -> list[Path]:
    """Every table of a schema as a file, its rows in the order of its key (of all columns, where it declares none).

    The same tables give the same bytes.
    """
    connection = open_published(home)
    found = connection.execute(SQL["tables"], {"schema": schema}).fetchall()
    if not found:
        raise InputError(f"The published file has no schema {schema!r}. It has: core, marts, ops.")
    declared = {table.name: tables.key_columns(table) for table in tables.tables(schema)}
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, columns in found:
        relation = connection.table(f'"{schema}"."{name}"')
        ordered = relation.sort(*(duckdb.ColumnExpression(column) for column in declared.get(name, columns)))
        path = folder / f"{name}.{file_format}"
        write(ordered, path, file_format, raw=raw)
        written.append(path)
    return written


def write_stdout(relation: duckdb.DuckDBPyRelation, file_format: Literal["csv", "json"], *, raw: bool = False) -> None:
    """Print a relation as CSV or JSON Lines: the same bytes that `write` puts into a file.

    Only a terminal gets signs in place of what would act on it.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        write(relation, path, file_format, raw=raw)
        with path.open("rb") as rows:
            if sys.stdout.isatty():
                sys.stdout.writelines(harmless(line.decode()) for line in rows)
            else:
                shutil.copyfileobj(rows, sys.stdout.buffer)
        sys.stdout.flush()
