"""Tables out of the published file: as CSV, JSON Lines or Parquet, safe to open in a spreadsheet."""

import json
import shutil
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import duckdb

from pipelines import tables
from pipelines.errors import InputError
from pipelines.home import Home, whole_file

Format = Literal["csv", "json", "parquet"]
_FORMULA = "^[=+@\\t\\r\\n-]"
"""A spreadsheet runs a cell that begins so (OWASP, "CSV Injection"); an apostrophe before it stops that."""


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """A reading connection to `earshot.duckdb`; `InputError` where there is none yet."""
    if not home.published.exists():
        raise InputError(f"There is no {home.published} yet. Run `earshot run` first, or give another --home.")
    return duckdb.connect(home.published, read_only=True, config={"autoinstall_known_extensions": False})


def query(home: Home, sql: str) -> duckdb.DuckDBPyRelation:
    """What a query over the published file gives; `InputError` with DuckDB's own words where it can't be run."""
    connection = open_published(home)
    try:
        relation = connection.sql(sql)
    except duckdb.Error as error:
        raise InputError(f"The query can't be run: {error}") from error
    if relation is None:
        raise InputError("The query gives no rows. Only queries can be run here; the published file is read-only.")
    return relation


def write(relation: duckdb.DuckDBPyRelation, path: Path, file_format: Format, *, raw: bool = False) -> None:
    """Write a relation to a file, which is whole or not there. `raw` leaves cells as they are in CSV."""
    with whole_file(path) as making:
        if file_format == "parquet":
            relation.write_parquet(str(making), compression="zstd")
        elif file_format == "json":
            _write_json_lines(relation, making)
        else:
            (relation if raw else defused(relation)).write_csv(str(making), header=True)


def _write_json_lines(relation: duckdb.DuckDBPyRelation, path: Path) -> None:
    """A JSON object a row: integers stay integers beside NULL, times keep their microseconds, in ISO 8601."""
    with path.open("w", encoding="utf-8") as file:
        for batch in relation.to_arrow_reader(10_000):
            file.writelines(json.dumps(row, ensure_ascii=False, default=_as_text) + "\n" for row in batch.to_pylist())


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def defused(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """The same relation with an apostrophe before every text that a spreadsheet would take for a formula."""
    columns = []
    for name, kind in zip(relation.columns, relation.types, strict=True):
        column = duckdb.ColumnExpression(name)
        if str(kind) == "VARCHAR":
            hostile = duckdb.FunctionExpression("regexp_matches", column, duckdb.ConstantExpression(_FORMULA))
            quoted = duckdb.FunctionExpression("concat", duckdb.ConstantExpression("'"), column)
            column = duckdb.CaseExpression(hostile, quoted).otherwise(column)
        columns.append(column.alias(name))
    return relation.project(*columns)


def export(home: Home, schema: str, folder: Path, file_format: Format, *, raw: bool = False) -> list[Path]:
    """Every table of a schema as a file, its rows in the order of its key (of all columns, where it declares none).

    The same tables give the same bytes.
    """
    connection = open_published(home)
    found = connection.execute(
        "select table_name, list(column_name order by ordinal_position) from information_schema.columns "
        "where table_schema = ? group by all order by table_name",
        [schema],
    ).fetchall()
    if not found:
        raise InputError(f"The published file has no schema {schema!r}. It has: core, marts, ops, staging.")
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
    """Print a relation as CSV or JSON Lines: the same bytes that `write` puts into a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        write(relation, path, file_format, raw=raw)
        with path.open("rb") as rows:
            shutil.copyfileobj(rows, sys.stdout.buffer)
        sys.stdout.flush()
