"""Topics: what people speak of, found in their posts, night after night under the same ids.

A night reads its own posts only; what was learned before them is in `topic_memory`.
"""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.config.settings import TopicSettings
from pipelines.discover.topic_memory import (
    LONGEST,
    Engine,
    engine_of,
    insert,
    is_of_another,
    known_progress,
    known_sample,
    known_topics,
    start_over,
    topic_id,
    write_events,
    write_sample,
    write_topics,
)
from pipelines.store import tables
from reading.topics.identity import Reading

AT_ONCE = 4096
"""Posts of a day that are read at once."""
FETCHED = 16384


def read_topics(connection: duckdb.DuckDBPyConnection, settings: TopicSettings, engine: Engine | None = None) -> int:
    """Bring every post of the newest `settings.days` days that was not read yet to a topic, or to none; their number.

    To be called in a transaction, when core.duplicates is up to date. With nothing new it changes nothing, but for
    names that the config gives.
    """
    engine = engine or engine_of(settings)
    topics = known_topics(connection)
    if is_of_another(connection, engine):
        topics = start_over(connection, topics, engine)
    connection.execute(_UNREAD, {"days": settings.days})
    row = connection.execute("select count(*) from unread").fetchone()
    unread = int(row[0]) if row else 0
    if unread:
        progress = known_progress(connection)
        reading = Reading(
            engine.find,
            engine.describe,
            topics=topics,
            sample=known_sample(connection, engine),
            progress=progress,
            sample_size=settings.sample_size,
            asleep_after_days=settings.asleep_after_days,
        )
        _read_on(connection, reading, engine)
        write_sample(connection, reading)
        write_events(connection, reading, engine)
        topics = list(reading.topics.values())
    connection.execute(_FOLLOW)
    connection.execute(_TYPICAL)
    write_topics(connection, topics, engine, settings.names)
    return unread


# Reading ----------------------------------------------------------------------------------------------

# Which post stands for a cluster of duplicates may change with later posts; which one said something first does not.
_UNREAD = """
create or replace temp table unread as
with
arrived as (
    select
        mentions.mention_id,
        mentions.created_at,
        coalesce(authors.is_team, false) as is_team
    from core.mentions as mentions
    anti join core.mention_topics as known on mentions.mention_id = known.mention_id
    left join core.authors as authors on mentions.author_id = authors.author_id
    where
        mentions.deleted_at is null
        and mentions.kind <> 'repost'
        and coalesce(mentions.title, mentions.text) is not null
        and mentions.created_at > (select max(created_at) from core.mentions) - to_days($days)
),
hashes as (
    select distinct keys.words_hash
    from ops.text_keys as keys
    semi join arrived on keys.mention_id = arrived.mention_id
    where keys.words_hash is not null
),
copies as (
    select keys.mention_id
    from ops.text_keys as keys
    semi join hashes on keys.words_hash = hashes.words_hash
    inner join core.mentions as mentions on keys.mention_id = mentions.mention_id
    qualify row_number() over (partition by keys.words_hash order by mentions.created_at, mentions.mention_id) > 1
)
select
    arrived.mention_id,
    arrived.created_at,
    row_number() over (order by arrived.created_at, arrived.mention_id) as place,
    not arrived.is_team and copies.mention_id is null as shapes
from arrived
left join copies on arrived.mention_id = copies.mention_id
"""
_UNREAD_TEXTS = """
select
    unread.mention_id,
    unread.created_at::date as day_date,
    left(concat_ws(chr(10) || chr(10), mentions.title, mentions.text), $longest) as text,
    unread.shapes
from unread
inner join core.mentions as mentions on unread.mention_id = mentions.mention_id
where unread.place > $start and unread.place <= $start + $fetched
order by unread.place
"""


class _Day(NamedTuple):
    """Posts of a day, or some of them."""

    day_date: date
    mention_ids: list[str]
    texts: list[str]
    shapes: np.ndarray
    vectors: np.ndarray


def _read_on(connection: duckdb.DuckDBPyConnection, reading: Reading, engine: Engine) -> None:
    """Read what is unread, day by day, and write down where it went."""
    placed: list[pa.Table] = []
    readings: list[tuple[Any, ...]] = []
    for day in _days(connection, engine):
        found = reading.read(day.day_date, day.mention_ids, day.texts, day.vectors, day.shapes)
        progress = reading.progress
        readings.append(
            (
                progress.readings,
                day.day_date,
                progress.newest_date,
                found.shaping_count,
                found.unplaced_count,
                found.fit,
                *engine[:2],
            )
        )
        placed.append(
            pa.table(
                {
                    "mention_id": day.mention_ids,
                    "number": found.numbers,
                    "similarity": pa.array(found.similarities, pa.float64(), from_pandas=True),
                }
            )
        )
    insert(connection, tables.topic_readings, readings)
    moves = pa.table(
        {
            "mention_id": pa.array(list(reading.moves), pa.string()),
            "number": pa.array([reading.today(number) for number, _ in reading.moves.values()], pa.int64()),
            "similarity": pa.array([similarity for _, similarity in reading.moves.values()], pa.float64()),
        }
    )
    ids = {number: topic_id(reading.today(number)) for number in reading.topics}
    heirs = pa.table(
        {
            "number": pa.array(list(ids), pa.int64()),
            "topic_id": pa.array([topic_id(number) for number in ids], pa.string()),
            "heir_id": pa.array(list(ids.values()), pa.string()),
        }
    )
    parameters = {"engine": engine.name, "version": engine.version}
    for name, rows in (("placed", pa.concat_tables(placed)), ("moves", moves), ("heirs", heirs)):
        connection.register(name, rows)
    connection.execute(_INHERIT)
    connection.execute(_MOVE)
    connection.execute(_PLACE, parameters)
    for name in ("placed", "moves", "heirs"):
        connection.unregister(name)


_INHERIT = """
update core.mention_topics as held set topic_id = heirs.heir_id
from heirs
where held.topic_id = heirs.topic_id and heirs.heir_id <> heirs.topic_id
"""
_MOVE = """
update core.mention_topics as held set
    topic_id = heirs.topic_id,
    similarity = moves.similarity
from moves inner join heirs on moves.number = heirs.number
where held.mention_id = moves.mention_id
"""
_PLACE = """
insert into core.mention_topics by name
select
    placed.mention_id,
    heirs.heir_id as topic_id,
    coalesce(moves.similarity, placed.similarity) as similarity,
    false as is_typical,
    $engine as engine,
    $version as engine_version
from placed
left join moves on placed.mention_id = moves.mention_id
left join heirs on coalesce(moves.number, placed.number) = heirs.number
"""


def _days(connection: duckdb.DuckDBPyConnection, engine: Engine) -> Iterator[_Day]:
    """What is unread in the order in which it was written, in pieces of one day and `AT_ONCE` posts at most.

    The pieces are the same whichever way the rows are fetched.
    """
    waiting: list[tuple[Any, ...]] = []
    start = 0
    while True:
        parameters = {"start": start, "fetched": FETCHED, "longest": LONGEST}
        rows = connection.execute(_UNREAD_TEXTS, parameters).fetchall()
        start += FETCHED
        vectors = engine.embed([row[2] for row in rows], engine.name)
        waiting += [(*row, vector) for row, vector in zip(rows, vectors, strict=True)]
        pieces = _pieces(waiting)
        waiting = pieces.pop() if rows and pieces else []
        for piece in pieces:
            ids, days, texts, shapes, piece_vectors = zip(*piece, strict=True)
            yield _Day(days[0], list(ids), list(texts), np.array(shapes), np.stack(piece_vectors))
        if not rows:
            return


def _pieces(rows: list[tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    pieces = []
    for _, same_day in groupby(rows, key=lambda row: row[1]):
        of_day = list(same_day)
        pieces += [of_day[start : start + AT_ONCE] for start in range(0, len(of_day), AT_ONCE)]
    return pieces


# Duplicates and typical posts -------------------------------------------------------------------------

# What stands twice is in one topic.
_FOLLOW = """
update core.mention_topics as held set
    topic_id = led.topic_id,
    similarity = led.similarity
from core.duplicates as followers
inner join core.mention_topics as led on followers.cluster_id = led.mention_id
where
    held.mention_id = followers.mention_id
    and not followers.is_representative
    and (held.topic_id is distinct from led.topic_id or held.similarity is distinct from led.similarity)
"""
# Short texts are often the same: of those that read alike the first in the order of ids is shown.
_TYPICAL = """
update core.mention_topics as held set is_typical = not held.is_typical
from (
    with
    nearest as (
        select
            topic_id,
            unnest(max(struct_pack(similarity := similarity, mention_id := mention_id), 30), recursive := true)
        from core.mention_topics
        where
            topic_id is not null
            and mention_id not in (select mention_id from core.duplicates where not is_representative)
        group by topic_id
    ),
    different as (
        select
            nearest.topic_id,
            nearest.mention_id,
            nearest.similarity
        from nearest
        inner join core.mentions as mentions on nearest.mention_id = mentions.mention_id
        left join core.authors as authors on mentions.author_id = authors.author_id
        where not coalesce(authors.is_team, false)
        qualify row_number() over (
            partition by nearest.topic_id, lower(concat_ws(' ', mentions.title, mentions.text))
            order by nearest.similarity desc, nearest.mention_id
        ) = 1
    ),
    typical as (
        select mention_id
        from different
        qualify row_number() over (partition by topic_id order by similarity desc, mention_id) <= 3
    )
    select placed.mention_id
    from core.mention_topics as placed
    left join typical on placed.mention_id = typical.mention_id
    where placed.is_typical <> (typical.mention_id is not null)
) as changed
where held.mention_id = changed.mention_id
"""
