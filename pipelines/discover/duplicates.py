"""Texts that stand twice: the same words, or nearly the same.

What was found out about a text is kept in `ops.text_keys` and `ops.text_bands`: a night costs what is new in it, and a
cluster that is found again keeps its id.
"""

from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.store.statements import statements
from reading import minhash
from reading.minhash import BANDS, LONGEST_TIMES, are_alike, bands_of

SQL = statements(__file__)

FEWEST_WORDS_EXACT = 4
FEWEST_WORDS_NEAR = 8
"""Shorter texts are alike by chance: people say "same here" without copying each other."""
LETTERS_OF_A_WORD = 5
"""Where words are not spaced, or are long, so many letters count as one."""
LONGEST = 5_000
"""Letters of a text that are compared with what is nearly like it."""
MOST_IN_FULL = 8
"""In a band of more texts each is compared with so many of them: a thousand of a kind would be half a million pairs."""
BATCH = 2048
PAGE = 50 * BATCH
PORTION = 2_000_000
"""Bands that are looked at together: some 300 MB."""
ENGINE = minhash.ENGINE
VERSION = 2
"""Raised when the same texts would be compared another way."""
ENGINE_VERSION = f"{VERSION}, {minhash.ENGINE_VERSION}, {FEWEST_WORDS_EXACT} and {FEWEST_WORDS_NEAR} words"
_KEYS_VERSION = f"{ENGINE_VERSION}, {LONGEST} letters, DuckDB {duckdb.__version__}"
"""Changes with all that the kept hashes depend on: DuckDB's may be others in its next version."""


def find_duplicates(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring core.duplicates up to date with core.mentions; the number of its rows."""
    if connection.execute(_OTHER_ENGINE, {"version": _KEYS_VERSION}).fetchall():
        connection.execute("delete from ops.text_keys")
        connection.execute("delete from ops.text_bands")
    for name in ("said_words", "words_count", "live", "gone", "changed", "forget_keys", "forget_bands"):
        connection.execute(SQL[name])
    connection.execute(SQL["fresh"], {"letters": LETTERS_OF_A_WORD, "fewest": FEWEST_WORDS_EXACT})
    connection.execute(SQL["kept_keys"], {"version": _KEYS_VERSION})
    _band_fresh_texts(connection)
    for name in ("disturbed", "open_texts", "groups"):
        connection.execute(SQL[name])
    _register(connection, "edges", ("left_hash", "right_hash"), _alike(connection))
    edges = connection.execute(SQL["edges_of_groups"]).fetchall()
    _register(connection, "roots", ("one_group", "root"), _joined(edges))
    for name in ("clustered", "named", "spreads"):
        connection.execute(SQL[name])
    connection.execute("delete from core.duplicates")
    connection.execute(SQL["duplicates"], {"engine": ENGINE, "version": ENGINE_VERSION})
    for name in ("edges", "roots"):
        connection.unregister(name)
    for name in _TEMPORARY:
        connection.execute(f"drop table {name}")
    return _count(connection, "core.duplicates")


_TEMPORARY = (
    *("live", "gone", "changed", "fresh", "disturbed", "open_texts", "groups", "pairs"),
    *("clustered", "named", "spreads"),
)

_OTHER_ENGINE = "select 1 from ops.text_keys where engine_version <> $version limit 1"

# Bands ----------------------------------------------------------------------------------------------------

_A_PAGE_OF_THEM = "select words_hash, words from new_texts where place >= $start and place < $stop"


def _band_fresh_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the bands of texts that were not seen before."""
    parameters = {"letters": LETTERS_OF_A_WORD, "fewest": FEWEST_WORDS_NEAR, "longest": LONGEST}
    connection.execute(SQL["new_texts"], parameters)
    for start in range(0, _count(connection, "new_texts"), PAGE):
        page = connection.sql(_A_PAGE_OF_THEM, params={"start": start, "stop": start + PAGE}).to_arrow_table()
        bands = [bands_of(batch.column("words").to_pylist()) for batch in page.to_batches(BATCH)]
        hashes = np.repeat(page.column("words_hash").to_numpy(), BANDS)
        connection.register("banded", pa.table({"words_hash": hashes, "band_hash": np.concatenate(bands).ravel()}))
        connection.execute("insert into ops.text_bands select words_hash, band_hash from banded")
        connection.unregister("banded")
    connection.execute("drop table new_texts")


# Pairs ----------------------------------------------------------------------------------------------------


def _alike(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Pairs of texts, at least one of them open, that are nearly the same."""
    connection.execute("create or replace temp table pairs (left_hash bigint, right_hash bigint)")
    portions = 1 + _count(connection, "open_texts") * BANDS // PORTION
    for portion in range(portions):
        connection.execute(SQL["pairs"], {"portions": portions, "portion": portion, "most": MOST_IN_FULL})
    found = []
    rows = connection.execute(SQL["pairs_of_texts"], {"longest": LONGEST, "times": LONGEST_TIMES})
    while some := rows.fetchmany(BATCH):
        found += [(left, right) for left, right, one, other in some if are_alike(one, other)]
    return found


def _joined(edges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each end of an edge, and the smallest of all that it is connected with."""
    parents: dict[int, int] = {}
    for left, right in edges:
        low, high = sorted((_root(parents, left), _root(parents, right)))
        parents[high] = low
    return [(member, _root(parents, member)) for member in list(parents)]


def _root(parents: dict[int, int], member: int) -> int:
    while parents.setdefault(member, member) != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count,),) = connection.execute(f"select count(*) from {table}").fetchall()  # noqa: S608
    return int(count)


def _register(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, str], pairs: list[tuple[int, int]]
) -> None:
    left, right = (pa.array([pair[side] for pair in pairs], pa.int64()) for side in (0, 1))
    connection.register(name, pa.table([left, right], names=list(columns)))
