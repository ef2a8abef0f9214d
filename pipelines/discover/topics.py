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
from pipelines.store.statements import statements
from reading.topics.identity import Reading

SQL = statements(__file__)

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
    connection.execute(SQL["unread"], {"days": settings.days})
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
    connection.execute(SQL["follow"])
    connection.execute(SQL["typical"])
    write_topics(connection, topics, engine, settings.names)
    return unread


# Reading ----------------------------------------------------------------------------------------------


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
    connection.execute(SQL["inherit"])
    connection.execute(SQL["move"])
    connection.execute(SQL["place"], parameters)
    for name in ("placed", "moves", "heirs"):
        connection.unregister(name)


def _days(connection: duckdb.DuckDBPyConnection, engine: Engine) -> Iterator[_Day]:
    """What is unread in the order in which it was written, in pieces of one day and `AT_ONCE` posts at most.

    The pieces are the same whichever way the rows are fetched.
    """
    waiting: list[tuple[Any, ...]] = []
    start = 0
    while True:
        parameters = {"start": start, "fetched": FETCHED, "longest": LONGEST}
        rows = connection.execute(SQL["unread_texts"], parameters).fetchall()
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
