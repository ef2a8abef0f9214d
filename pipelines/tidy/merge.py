"""Merge: what several pages of a window say of one mention becomes one row, whatever the order in which they came.

A page may leave out what another tells: a search has no parents, a listing no community. What is known anywhere stands
above NULL. Where two rows differ, a later attempt stands above an earlier one, a deletion above the words that it took,
a later edit above an earlier one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq

from connectors.contract import Window
from pipelines.store.arrow import ROW_GROUP
from pipelines.store.statements import statements

SQL = statements(__file__)

ATTEMPT_BITS, PAGE_BITS, POSITION_BITS = 11, 28, 24
"""A record's place in its window, as one number: attempt, page, position in the page."""


def place(attempt: int, page: int, position: int) -> int:
    """The `seq` of a record: where in its window it stood."""
    return attempt << (PAGE_BITS + POSITION_BITS) | page << POSITION_BITS | position


def page_of(seq: int) -> int:
    """The page of a window that a record stood in, counted over all attempts."""
    return seq >> POSITION_BITS & (1 << PAGE_BITS) - 1


class Answered(NamedTuple):
    """What could be read of the answers to one query: distinct mentions, and those of the window among them."""

    read: int = 0
    posts: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


class Clash(NamedTuple):
    """A record whose id stands on other words, too, in the same answer: nobody can tell which post it is."""

    mention_id: str
    query: str
    seq: int
    title: str | None
    text: str | None


class Merged(NamedTuple):
    """What the merging found: answers by query, and the records whose ids are no ids."""

    answered: dict[str, Answered]
    clashes: list[Clash]


def merge_mentions(folder: Path, window: Window, *, is_one_answer: bool) -> Merged:
    """Make `mentions.parquet` of a folder hold one row per mention; `superseded.parquet` gets the words of the others.

    Reads `pages.parquet`, which tells which query each page answers. Mentions whose id stands on different words in one
    answer are taken out and given as clashes. An answer is a page, or, with `is_one_answer`, all that came for a query
    in one attempt, as with a file.
    """
    mentions, superseded = folder / "mentions.parquet", folder / "superseded.parquet"
    with _database(folder) as connection:
        connection.read_parquet(str(mentions), hive_partitioning=False).create_view("tidied")
        connection.read_parquet(str(folder / "pages.parquet"), hive_partitioning=False).create_view("pages")
        connection.execute(SQL["held"])
        connection.execute(SQL["repeated"])
        connection.execute(SQL["clashes"], {"is_one_answer": is_one_answer})
        clashes = [Clash(*row) for row in connection.execute(SQL["clashing"]).fetchall()]
        span = {"start": window.start, "end": window.end}
        answered = {query: Answered(*told) for query, *told in connection.execute(SQL["answered"], span).fetchall()}
        if connection.execute("from repeated limit 1").fetchone():
            connection.execute(SQL["ranked"])
            _write(connection, SQL["merged"], mentions)
            _write(connection, SQL["superseded"], superseded)
    return Merged(answered, clashes)


@contextmanager
def _database(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that works on disk, beside the files, where that is not enough."""
    with TemporaryDirectory(prefix=".merge-", dir=folder) as spill:
        settings = {"memory_limit": "500MB", "temp_directory": spill, "autoinstall_known_extensions": False}
        with duckdb.connect(config=settings) as connection:  # type: ignore[arg-type]
            yield connection


def _write(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    """Replace a Parquet file by the rows of a query, in the file's own types."""
    making = path.with_suffix(".making")
    schema = pq.read_schema(path)
    with pq.ParquetWriter(making, schema, compression="zstd", compression_level=1) as writer:
        for batch in connection.sql(sql).to_arrow_reader(ROW_GROUP):
            writer.write_batch(batch.cast(schema))
    making.replace(path)
