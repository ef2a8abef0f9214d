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
        connection.execute(_HELD)
        connection.execute(_REPEATED)
        connection.execute(_CLASHES, {"is_one_answer": is_one_answer})
        clashes = [Clash(*row) for row in connection.execute(_CLASHING).fetchall()]
        span = {"start": window.start, "end": window.end}
        answered = {query: Answered(*told) for query, *told in connection.execute(_ANSWERED, span).fetchall()}
        if connection.execute("from repeated limit 1").fetchone():
            connection.execute(_RANKED)
            _write(connection, _MERGED, mentions)
            _write(connection, _SUPERSEDED, superseded)
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


_HELD = """
create temp view held as
select
    tidied.*,
    pages.query,
    tidied.seq >> 52 as attempt
from tidied
inner join pages on tidied.seq >> 24 = pages.seq >> 24
"""
_REPEATED = """
create temp table repeated as
select mention_id from held group by mention_id having count(*) > 1
"""
_CLASHES = """
create temp table clashes as
select distinct mention_id
from held semi join repeated using (mention_id)
where deleted_at is null
group by mention_id, edited_at, query, case when $is_one_answer then attempt else seq >> 24 end
having count(distinct title) > 1 or count(distinct text) > 1
"""
_CLASHING = """
select mention_id, query, seq, title, text from held semi join clashes using (mention_id) order by seq
"""
_ANSWERED = """
select
    query,
    count(distinct mention_id),
    count(distinct mention_id) filter (where created_at >= $start and created_at < $end),
    min(created_at) filter (where created_at >= $start and created_at < $end),
    max(created_at) filter (where created_at >= $start and created_at < $end)
from held anti join clashes using (mention_id)
group by query
"""
# The order of no two rows may hang on where they stood: all that tells them apart decides, their place last of all.
_RANKED = """
create temp table ranked as
select
    *,
    row_number() over (
        partition by mention_id
        order by
            attempt desc,
            deleted_at is not null desc,
            greatest(created_at, edited_at) desc,
            query = 'recheck' desc,
            query desc,
            length(text) desc nulls last,
            text desc nulls last,
            title desc nulls last,
            parent_id desc nulls last,
            root_id desc nulls last,
            community desc nulls last,
            url desc nulls last,
            author_id desc nulls last,
            (kind, network_lang, rating, product_version, licence) desc,
            seq
    ) as rank
from held semi join repeated using (mention_id) anti join clashes using (mention_id)
"""
_MERGED = """
select
    mention_id,
    arg_min(network, rank) as network,
    arg_min(community, rank) as community,
    coalesce(arg_min(kind, rank) filter (where parent_id is not null), arg_min(kind, rank)) as kind,
    case when arg_min(deleted_at is null, rank) then arg_min(title, rank) end as title,
    case when arg_min(deleted_at is null, rank) then arg_min(text, rank) end as text,
    arg_min(url, rank) as url,
    case when arg_min(deleted_at is null, rank) then arg_min(author_id, rank) end as author_id,
    arg_min(parent_id, rank) as parent_id,
    coalesce(
        arg_min(root_id, rank) filter (where root_id <> mention_id),
        case when count(parent_id) = 0 then arg_min(root_id, rank) end
    ) as root_id,
    min(created_at) as created_at,
    coalesce(max(edited_at), case when max(created_at) > min(created_at) then max(created_at) end) as edited_at,
    case when not arg_min(deleted_at is null, rank) then min(deleted_at) end as deleted_at,
    arg_min(network_lang, rank) as network_lang,
    arg_min(rating, rank) as rating,
    arg_min(product_version, rank) as product_version,
    arg_min(licence, rank) as licence,
    arg_min(seq, rank) as seq
from ranked
group by mention_id
union all by name
select tidied.* from tidied anti join repeated using (mention_id)
order by seq
"""
_SUPERSEDED = """
select mention_id, title, text, seq from ranked where rank > 1 order by seq
"""
