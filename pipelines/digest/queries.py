"""Questions to the published file: SQL from the folders of the sections, values bound, and the same statement to run
again by hand.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from pipelines.digest.text import clean

FOLDER = Path(__file__).parent
Row = dict[str, Any]


class Asker:
    """Asks by the name of a `.sql` file of a section, or of this folder, and remembers each statement under the name
    of what it answers.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, **always: Any) -> None:
        self._connection = connection
        self._always = always
        self._networks = _networks(connection)
        self.asked: dict[str, str] = {}

    def ask(self, name: str, *, as_name: str = "", **values: Any) -> list[Row]:
        """The rows that the query gives, each by column name. A row with a `network` also gets what is known of that:
        `network_title` and `handle_prefix`.
        """
        sql = _sql(name)
        known = self._always | values
        bound = {parameter: known[parameter] for parameter in _parameters(sql)}
        self.asked[as_name or name] = with_values(sql, bound)
        cursor = self._connection.execute(sql, bound)
        columns = [column[0] for column in cursor.description or []]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        if "network" in columns:
            for row in rows:
                row["network_title"], row["handle_prefix"] = self._networks.get(row["network"], (row["network"], ""))
        return rows


def _networks(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, str]]:
    """Title and prefix of handles by network; nothing where the file is of a version that did not tell."""
    try:
        rows = connection.execute("select network, title, handle_prefix from core.networks").fetchall()
    except duckdb.CatalogException:
        return {}
    return {network: (title, prefix) for network, title, prefix in rows}


def with_values(sql: str, values: Mapping[str, Any]) -> str:
    """The statement with its parameters replaced by literals, for a person to run."""
    return re.sub(r"\$([a-z_]+)", lambda match: literal(values[match[1]]), sql)


def literal(value: Any) -> str:
    """A value as DuckDB reads it in a statement."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        return f"timestamp '{value:%Y-%m-%d %H:%M:%S}'"
    if isinstance(value, date):
        return f"date '{value:%Y-%m-%d}'"
    if isinstance(value, str):
        return "'" + clean(value).replace("'", "''") + "'"
    if isinstance(value, Sequence):
        return "[" + ", ".join(literal(item) for item in value) + "]" + ("" if value else "::varchar[]")
    raise TypeError(f"{value!r} can't be written into a statement")


@cache
def _sql(name: str) -> str:
    [path] = [*FOLDER.glob(f"{name}.sql"), *FOLDER.glob(f"sections/*/{name}.sql")]
    return path.read_text(encoding="utf-8").strip()


@cache
def _parameters(sql: str) -> tuple[str, ...]:
    return tuple(sorted(set(re.findall(r"\$([a-z_]+)", sql))))
