"""How many posts a second are compared for duplicates, and what a night costs among all that is there."""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.discover.duplicates import find_duplicates
from pipelines.store.statements import statements
from pipelines.store.warehouse import MEMORY_LIMIT, create_tables

SQL = statements(__file__)

NIGHT = 20_000


class Rates(NamedTuple):
    """What finding duplicates costs."""

    posts: int
    duplicates: int
    """Mentions that stand more than once."""
    posts_per_second: float
    """Where all of them are new."""
    night_seconds: float
    """Where `NIGHT` of them are new."""


def duplicate_rows(posts_folder: Path) -> Rates:
    """Measure on the posts of a folder's Parquet and CSV files that have a `text`, in a warehouse of their own."""
    with tempfile.TemporaryDirectory(prefix="earshot-duplicates-") as folder:
        settings = {"memory_limit": MEMORY_LIMIT, "preserve_insertion_order": False}
        with duckdb.connect(Path(folder) / "warehouse.duckdb", config=settings) as connection:  # type: ignore[arg-type]
            create_tables(connection)
            for path in sorted(posts_folder.iterdir()):
                if path.suffix in (".parquet", ".csv"):
                    _add(connection, path)
            duplicates, seconds = _found(connection)
            connection.execute(SQL["forget_a_night"], {"night": NIGHT})
            _, night = _found(connection)
            ((posts,),) = connection.execute("select count(*) from core.mentions").fetchall()
    return Rates(posts, duplicates, posts / seconds, night)


def _found(connection: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    started = time.perf_counter()
    count = find_duplicates(connection)
    return count, time.perf_counter() - started


def _add(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Each row of a file as a mention of its own."""
    read = connection.read_parquet if path.suffix == ".parquet" else connection.read_csv
    posts = read(str(path))
    if "text" in posts.columns:
        author = "author::varchar" if "author" in posts.columns else "null::varchar"
        posts.project(f"text, {author} as author").create_view("posts", replace=True)
        connection.execute(SQL["as_mentions"], {"name": path.stem})
