"""Texts that stand twice: the same words, or nearly the same.

Near doubles are found by MinHash over word pairs and locality-sensitive hashing: Leskovec, Rajaraman & Ullman, "Mining
of Massive Datasets", chapter 3.
"""

from collections.abc import Iterator
from importlib.metadata import version

import duckdb
import numpy as np
import pyarrow as pa
from rensa import RMinHash, RMinHashLSH

PERMUTATIONS = 64
BAND_ROWS = 4
THRESHOLD = 0.7
SEED = 42
FEWEST_WORDS_EXACT = 4
FEWEST_WORDS_NEAR = 8
"""Shorter texts are alike by chance: people say "same here" without copying each other."""
ENGINE = "minhash"
ENGINE_VERSION = (
    f"rensa {version('rensa')}, word pairs, {PERMUTATIONS} permutations, bands of {BAND_ROWS}, threshold {THRESHOLD}"
)
_MIX = np.uint64(0x9E3779B97F4A7C15)


def find_duplicates(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill core.duplicates anew; the number of its rows."""
    connection.execute(_WORDS, {"fewest": FEWEST_WORDS_EXACT})
    near = _near_clusters(connection)
    connection.register("near_clusters", near)
    connection.execute("delete from core.duplicates")
    connection.execute(_DUPLICATES, {"engine": ENGINE, "version": ENGINE_VERSION})
    connection.unregister("near_clusters")
    row = connection.execute("select count(*) from core.duplicates").fetchone()
    return int(row[0]) if row else 0


# Two texts say the same where only case, punctuation, links and the people addressed differ.
_WORDS = r"""
create or replace temp table distinct_words as
with
folded as (
    select
        mention_id,
        created_at,
        trim(regexp_replace(
            regexp_replace(lower(concat_ws(' ', title, text)), 'https?://\S+|@\w+', ' ', 'g'),
            '[^\pL\pN]+', ' ', 'g'
        )) as words
    from core.mentions
    where deleted_at is null and kind <> 'repost'
)
select
    mention_id,
    created_at,
    words,
    hash(words) as words_hash
from folded
where length(words) - length(replace(words, ' ', '')) + 1 >= $fewest
"""

_WORD_PAIRS = """
select
    words_hash,
    list_transform(
        range(1, len(list_words)),
        lambda place: hash(list_words[place] || ' ' || list_words[place + 1])
    ) as pairs
from (
    select
        words_hash,
        string_split(any_value(words), ' ') as list_words
    from distinct_words
    group by words_hash
)
where len(list_words) >= $fewest
order by words_hash
"""

_DUPLICATES = """
insert into core.duplicates by name
with
clustered as (
    select
        found.mention_id,
        found.created_at,
        found.words_hash,
        coalesce(near_clusters.cluster, found.words_hash) as cluster
    from distinct_words as found
    left join near_clusters on found.words_hash = near_clusters.words_hash
),
sized as (
    select
        *,
        count(*) over (partition by cluster) as cluster_size,
        first_value(mention_id) over (partition by cluster order by created_at, mention_id) as cluster_id,
        first_value(words_hash) over (partition by cluster order by created_at, mention_id) as first_words_hash
    from clustered
)
select
    mention_id,
    cluster_id,
    case when words_hash = first_words_hash then 'exact' else 'near' end as kind,
    mention_id = cluster_id as is_representative,
    $engine as engine,
    $version as engine_version
from sized
where cluster_size > 1
"""


def _near_clusters(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """`words_hash` and the smallest hash of its cluster, for every text that is nearly like another."""
    texts = connection.sql(_WORD_PAIRS, params={"fewest": FEWEST_WORDS_NEAR}).to_arrow_table().combine_chunks()
    if not texts.num_rows:
        return _clusters(np.array([], np.uint64), {})
    pairs = texts.column("pairs").combine_chunks()
    hashes, starts = pairs.values.to_numpy(), pairs.offsets.to_numpy().astype(np.uint64)
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts, PERMUTATIONS, SEED)
    index = RMinHashLSH(THRESHOLD, PERMUTATIONS, PERMUTATIONS // BAND_ROWS)
    candidates = np.flatnonzero(index.query_duplicate_flags_matrix_one_shot(digests))
    parents: dict[int, int] = {}
    for left, right in _alike(_signatures(pairs, candidates)):
        _join(parents, left, right)
    return _clusters(texts.column("words_hash").to_numpy()[candidates], parents)


def _signatures(pairs: pa.ListArray, rows: np.ndarray) -> np.ndarray:
    """The MinHash signatures of some texts: few, as most are like no other, and rows cross to Python one by one."""
    chosen = pairs.take(pa.array(rows))
    hashes, starts = chosen.values.to_numpy(), chosen.offsets.to_numpy().astype(np.uint64)
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, starts, PERMUTATIONS, SEED)
    return np.array(digests.to_rows(), dtype=np.uint32).reshape(len(rows), PERMUTATIONS)


def _clusters(ids: np.ndarray, parents: dict[int, int]) -> pa.Table:
    members = sorted(parents)
    roots = [_root(parents, member) for member in members]
    return pa.table({"words_hash": pa.array(ids[members], pa.uint64()), "cluster": pa.array(ids[roots], pa.uint64())})


def _alike(signatures: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of rows that share a band and whose estimated similarity reaches the threshold."""
    halves = np.ascontiguousarray(signatures).view(np.uint64)
    for start in range(0, PERMUTATIONS // 2, BAND_ROWS // 2):
        band = halves[:, start] * _MIX + halves[:, start + 1]  # chance meetings fail the check of similarity below
        order = np.argsort(band, kind="stable")
        same = band[order][1:] == band[order][:-1]
        left, right = order[:-1][same], order[1:][same]
        for begin in range(0, len(left), 50000):
            first, second = left[begin : begin + 50000], right[begin : begin + 50000]
            similar = (signatures[first] == signatures[second]).mean(axis=1) >= THRESHOLD
            yield from zip(first[similar].tolist(), second[similar].tolist(), strict=True)


def _root(parents: dict[int, int], member: int) -> int:
    while parents.setdefault(member, member) != member:
        parents[member] = parents[parents[member]]
        member = parents[member]
    return member


def _join(parents: dict[int, int], left: int, right: int) -> None:
    low, high = sorted((_root(parents, left), _root(parents, right)))
    parents[high] = low
