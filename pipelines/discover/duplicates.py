"""Texts that stand twice: the same words, or nearly the same.

What was found out about a text is kept in `ops.text_keys` and `ops.text_bands`: a night costs what is new in it, and a
cluster that is found again keeps its id.
"""

from collections.abc import Iterable

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.discover.spread import SPREADS
from reading import minhash
from reading.minhash import BANDS, LONGEST_TIMES, are_alike, bands_of

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
    for statement in _FORGET_WHAT_CHANGED:
        connection.execute(statement)
    connection.execute(_FRESH, {"fewest": FEWEST_WORDS_EXACT})
    connection.execute(_REMEMBER, {"version": _KEYS_VERSION})
    _band_fresh_texts(connection)
    for statement in (_DISTURBED, _OPEN, _GROUPS):
        connection.execute(statement)
    _register(connection, "edges", ("left_hash", "right_hash"), _alike(connection))
    _register(connection, "roots", ("one_group", "root"), _joined(connection.execute(_EDGES_OF_GROUPS).fetchall()))
    for statement in (_CLUSTERED, _NAMED, SPREADS, "delete from core.duplicates"):
        connection.execute(statement)
    connection.execute(_DUPLICATES, {"engine": ENGINE, "version": ENGINE_VERSION})
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

# What was kept --------------------------------------------------------------------------------------------

# Two texts say the same where only case, punctuation, links and the people addressed differ.
_WORDS = r"""
trim(regexp_replace(
    regexp_replace(lower(concat_ws(' ', title, text)), 'https?://\S+|@\w+', ' ', 'g'),
    '[^\pL\pM\pN]+', ' ', 'g'
))
"""
_LENGTH = f"greatest(length(words) - length(replace(words, ' ', '')) + 1, length(words) // {LETTERS_OF_A_WORD})"

_FORGET_WHAT_CHANGED = (
    """
    create or replace temp table live as
    select mention_id, (hash(concat_ws(chr(0), title, text)) >> 1)::bigint as text_hash
    from core.mentions
    where deleted_at is null and kind <> 'repost'
    """,
    """
    create or replace temp table gone as
    select keys.mention_id, keys.words_hash
    from ops.text_keys as keys
    anti join live on keys.mention_id = live.mention_id and keys.text_hash = live.text_hash
    """,
    """
    create or replace temp table changed as
    select mention_id from gone semi join live using (mention_id)
    """,
    "delete from ops.text_keys where mention_id in (select mention_id from gone)",
    """
    delete from ops.text_bands
    where words_hash in (
        select words_hash from gone
        anti join ops.text_keys as keys using (words_hash)
    )
    """,
)

_FRESH = f"""
create or replace temp table fresh as
select
    mention_id,
    text_hash,
    case when {_LENGTH} >= $fewest then words end as words,
    case when {_LENGTH} >= $fewest then (hash(words) >> 1)::bigint end as words_hash
from (
    select mentions.mention_id, live.text_hash, {_WORDS} as words
    from live
    inner join core.mentions as mentions on live.mention_id = mentions.mention_id
    anti join ops.text_keys as keys on live.mention_id = keys.mention_id
)
"""  # noqa: S608  # only constants of this module

_REMEMBER = """
insert into ops.text_keys by name
select mention_id, text_hash, words_hash, $version as engine_version from fresh
"""

# Bands ----------------------------------------------------------------------------------------------------

_NEW_TEXTS = f"""
create or replace temp table new_texts as
select *, row_number() over () - 1 as place
from (
    select words_hash, left(any_value(words), {LONGEST}) as words
    from fresh
    where {_LENGTH} >= $fewest and words_hash not in (select words_hash from ops.text_bands)
    group by words_hash
)
"""  # noqa: S608

_A_PAGE_OF_THEM = "select words_hash, words from new_texts where place >= $start and place < $stop"


def _band_fresh_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep the bands of texts that were not seen before."""
    connection.execute(_NEW_TEXTS, {"fewest": FEWEST_WORDS_NEAR})
    for start in range(0, _count(connection, "new_texts"), PAGE):
        page = connection.sql(_A_PAGE_OF_THEM, params={"start": start, "stop": start + PAGE}).to_arrow_table()
        bands = [bands_of(batch.column("words").to_pylist()) for batch in page.to_batches(BATCH)]
        hashes = np.repeat(page.column("words_hash").to_numpy(), BANDS)
        connection.register("banded", pa.table({"words_hash": hashes, "band_hash": np.concatenate(bands).ravel()}))
        connection.execute("insert into ops.text_bands select words_hash, band_hash from banded")
        connection.unregister("banded")
    connection.execute("drop table new_texts")


# Pairs ----------------------------------------------------------------------------------------------------

# A cluster that lost a mention may have fallen apart: its others are looked at as if they were new.
_DISTURBED = """
create or replace temp table disturbed as
select cluster_id
from core.duplicates
anti join ops.text_keys as keys using (mention_id)
union
select cluster_id
from core.duplicates
semi join fresh using (mention_id)
"""

_OPEN = """
create or replace temp table open_texts as
select words_hash from fresh where words_hash is not null
union
select keys.words_hash
from core.duplicates as duplicates
semi join disturbed on duplicates.cluster_id = disturbed.cluster_id
inner join ops.text_keys as keys on duplicates.mention_id = keys.mention_id
where keys.words_hash is not null
"""

# Clusters that lost nobody stay together.
_GROUPS = """
create or replace temp table groups as
select
    words_hash,
    min(words_hash) over (partition by cluster_id) as one_group
from (
    select distinct duplicates.cluster_id, keys.words_hash
    from core.duplicates as duplicates
    anti join disturbed on duplicates.cluster_id = disturbed.cluster_id
    inner join ops.text_keys as keys on duplicates.mention_id = keys.mention_id
)
"""

# Of the two texts of a pair the first is the one that is compared with many. Bands are looked at in portions, so that
# millions of them fit into memory.
_PAIRS = f"""
insert into pairs
with
portion as (
    select band_hash, words_hash
    from ops.text_bands
    where abs(band_hash % $portions) = $portion
),
touched as (
    select band_hash
    from portion
    where band_hash in (select band_hash from portion semi join open_texts using (words_hash))
    group by band_hash
    having count(*) > 1
),
members as (
    select
        portion.band_hash,
        portion.words_hash,
        portion.words_hash in (select words_hash from open_texts) as is_open
    from portion
    semi join touched on portion.band_hash = touched.band_hash
),
hubs as (
    select *
    from members
    qualify row_number() over (partition by band_hash order by words_hash) <= {MOST_IN_FULL}
)
select distinct hubs.words_hash as left_hash, members.words_hash as right_hash
from members
inner join hubs on members.band_hash = hubs.band_hash and hubs.words_hash < members.words_hash
where members.is_open or hubs.is_open
"""  # noqa: S608

_PAIRS_OF_TEXTS = f"""
with
distinct_pairs as (
    select distinct left_hash, right_hash from pairs
),
wanted as (
    select left_hash as words_hash from pairs
    union
    select right_hash as words_hash from pairs
),
speakers as (
    select words_hash, min(mention_id) as mention_id
    from ops.text_keys
    semi join wanted using (words_hash)
    group by words_hash
),
texts as (
    select speakers.words_hash, left({_WORDS}, {LONGEST}) as words
    from speakers
    inner join core.mentions as mentions on speakers.mention_id = mentions.mention_id
)
select left_hash, right_hash, one.words, other.words
from distinct_pairs
inner join texts as one on left_hash = one.words_hash
inner join texts as other on right_hash = other.words_hash
where
    length(one.words) <= {LONGEST_TIMES} * length(other.words)
    and length(other.words) <= {LONGEST_TIMES} * length(one.words)
order by left_hash, right_hash
"""  # noqa: S608


def _alike(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Pairs of texts, at least one of them open, that are nearly the same."""
    connection.execute("create or replace temp table pairs (left_hash bigint, right_hash bigint)")
    portions = 1 + _count(connection, "open_texts") * BANDS // PORTION
    for portion in range(portions):
        connection.execute(_PAIRS, {"portions": portions, "portion": portion})
    found = []
    rows = connection.execute(_PAIRS_OF_TEXTS)
    while some := rows.fetchmany(BATCH):
        found += [(left, right) for left, right, one, other in some if are_alike(one, other)]
    return found


_EDGES_OF_GROUPS = """
select distinct
    coalesce(one.one_group, edges.left_hash) as left_group,
    coalesce(other.one_group, edges.right_hash) as right_group
from edges
left join groups as one on edges.left_hash = one.words_hash
left join groups as other on edges.right_hash = other.words_hash
"""


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


# Clusters -------------------------------------------------------------------------------------------------

_CLUSTERED = """
create or replace temp table clustered as
with
placed as (
    select
        keys.mention_id,
        keys.words_hash,
        coalesce(roots.root, groups.one_group, keys.words_hash) as cluster
    from ops.text_keys as keys
    left join groups on keys.words_hash = groups.words_hash
    left join roots on coalesce(groups.one_group, keys.words_hash) = roots.one_group
    where keys.words_hash is not null
),
several as (
    select cluster from placed group by cluster having count(*) > 1
)
select
    placed.*,
    mentions.network,
    mentions.source,
    mentions.author_id,
    mentions.url,
    mentions.text,
    mentions.created_at,
    mentions.first_seen_at,
    first_value(placed.words_hash) over earliest as first_words_hash,
    row_number() over earliest = 1 as is_representative
from placed
semi join several on placed.cluster = several.cluster
inner join core.mentions as mentions on placed.mention_id = mentions.mention_id
window earliest as (partition by placed.cluster order by mentions.created_at, placed.mention_id)
"""

# A cluster keeps its id as long as any of those in it were in it before and still say the same. Where it falls apart,
# the part with the mention that it is called after keeps the id, else the largest. Where clusters meet, the id of the
# mention seen first holds. A new cluster is called after the one of it that was seen first and gave its id to no other.
_NAMED = """
create or replace temp table named as
with
claims as (
    select
        clustered.cluster,
        held.cluster_id,
        bool_or(clustered.mention_id = held.cluster_id) as has_namesake,
        count(*) as members_count
    from core.duplicates as held
    inner join clustered on held.mention_id = clustered.mention_id
    anti join changed on held.mention_id = changed.mention_id
    group by all
),
won as (
    select cluster, cluster_id
    from claims
    qualify row_number() over (
        partition by cluster_id order by has_namesake desc, members_count desc, cluster
    ) = 1
),
kept as (
    select won.cluster, won.cluster_id
    from won
    left join core.mentions as namesake on won.cluster_id = namesake.mention_id
    qualify row_number() over (
        partition by won.cluster
        order by namesake.first_seen_at nulls last, namesake.created_at nulls last, won.cluster_id
    ) = 1
),
new as (
    select
        clustered.cluster,
        coalesce(
            arg_min(clustered.mention_id, (clustered.first_seen_at, clustered.created_at, clustered.mention_id))
                filter (kept.cluster_id is null),
            min(clustered.mention_id) || '+' || max(clustered.mention_id)
        ) as cluster_id
    from clustered
    left join kept on clustered.mention_id = kept.cluster_id
    where clustered.cluster not in (select cluster from kept)
    group by clustered.cluster
)
select cluster, cluster_id from kept
union all
select cluster, cluster_id from new
"""

_DUPLICATES = """
insert into core.duplicates by name
select
    clustered.mention_id,
    named.cluster_id,
    case when clustered.words_hash = clustered.first_words_hash then 'exact' else 'near' end as kind,
    clustered.is_representative,
    spreads.spread,
    $engine as engine,
    $version as engine_version
from clustered
inner join named on clustered.cluster = named.cluster
inner join spreads on clustered.cluster = spreads.cluster
"""
