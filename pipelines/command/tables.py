"""What the published file holds: shown, or written to files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.table import Table

from pipelines.command.app import DEFAULT_CONFIG, HomeOption, RawOption, UnreadConfigOption, app, out, told
from pipelines.errors import InputError
from pipelines.store.home import Home, path_or_default
from pipelines.terminal import cell, heading


class OutputFormat(StrEnum):
    """How rows are shown or written."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class FileFormat(StrEnum):
    """How tables are written."""

    csv = "csv"
    json = "json"
    parquet = "parquet"


@app.command("query")
def run_query(
    sql: Annotated[str, typer.Argument(help='What to ask, e.g. "select * from marts.brand_days limit 5".')],
    _config: UnreadConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    output: Annotated[OutputFormat, typer.Option("--format", "-f", help="How to show the rows.")] = OutputFormat.table,
    to: Annotated[Path | None, typer.Option("--out", help="Write to this file instead.")] = None,
    raw: RawOption = False,
) -> None:
    """Ask the published file with SQL. Never locks and never changes anything."""
    from pipelines.publish import export as exporting

    relation = exporting.query(Home(path_or_default(home)), sql)
    if output is OutputFormat.parquet and to is None:
        raise InputError("Parquet can't be shown on a terminal; give a file with --out.")
    if output is OutputFormat.table and to is None:
        out.print(_as_table(relation))
        return
    chosen: Any = output.value if output is not OutputFormat.table else (to.suffix[1:] if to else "csv")
    if chosen not in {"csv", "json", "parquet"}:
        raise InputError(f"--out {to}: can't tell the format. Use .csv, .json or .parquet, or say it with --format.")
    if to is not None:
        exporting.write(relation, to, chosen, raw=raw)
    else:
        exporting.write_stdout(relation, chosen, raw=raw)


def _as_table(relation: duckdb.DuckDBPyRelation) -> Table:
    shown = 200
    rows = relation.limit(shown + 1).fetchall()
    caption = f"first {shown} rows; --out FILE gives all" if len(rows) > shown else None
    table = Table(*map(heading, relation.columns), caption=caption)
    for row in rows[:shown]:
        table.add_row(*map(cell, row))
    return table


@app.command("export")
def export_tables(
    to: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    schema: Annotated[str, typer.Option(help="core, marts or ops.")] = "core",
    _config: UnreadConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    output: Annotated[FileFormat, typer.Option("--format", "-f", help="How to write them.")] = FileFormat.csv,
    raw: RawOption = False,
) -> None:
    """Write every table of a schema to a file, ordered by its key. The same tables give the same bytes."""
    from pipelines.publish import export as exporting

    for path in exporting.export(Home(path_or_default(home)), schema, to, output.value, raw=raw):
        told(str(path))
