"""What is known of topics from night to night, as it lies in the warehouse.

`core.topics` has the centroids, `ops.topic_samples` the posts that are looked at again, `ops.topic_readings` how far
the reading has come. The texts of the sample are turned into vectors anew each night, so the vector of a post that is
gone is nowhere.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from sqlalchemy import Table

from pipelines.config.settings import TopicSettings
from pipelines.store import tables
from pipelines.store.statements import statements
from reading.topics import finding, identity
from reading.topics.embedding import embed
from reading.topics.embedding import version as embedding_version
from reading.topics.finding import find_topics
from reading.topics.identity import Progress, Reading, SampledPost, Topic
from reading.topics.matching import NOWHERE
from reading.topics.naming import describe

SQL = statements(__file__)

LONGEST = 2000
"""Characters of a post that are read."""
SEEDS = 50
"""Posts from which a topic is made anew when another engine takes over."""

Embed = Callable[[Sequence[str], str], np.ndarray]


class Engine(NamedTuple):
    """What turns texts into vectors, and vectors into topics."""

    name: str
    version: str
    embed: Embed = embed
    find: identity.Find = find_topics
    describe: identity.Describe = describe


def engine_of(settings: TopicSettings) -> Engine:
    """The engine of a config; topics of another version are not comparable and are read anew."""
    version = f"{embedding_version(settings.engine)}, groups {finding.VERSION}, reading {identity.VERSION}"
    return Engine(settings.engine, version)


def topic_id(number: int) -> str:
    """The id of a topic: `t0012`."""
    return f"t{number:04}"


def _number(topic: str) -> int:
    return int(topic.removeprefix("t"))


def known_topics(connection: duckdb.DuckDBPyConnection) -> list[Topic]:
    """Every topic that was ever found, in the order of their numbers."""
    terms: dict[str, list[tuple[str, float]]] = {}
    for topic, term, weight in connection.execute(
        "select topic_id, term, weight from core.topic_terms order by topic_id, rank"
    ).fetchall():
        terms.setdefault(topic, []).append((term, weight))
    rows = connection.execute(SQL["topics"]).fetchall()
    return [
        Topic(
            _number(topic),
            np.array(centroid, np.float32),
            reach,
            born_date,
            last_seen_date,
            status,
            None if merged_into is None else _number(merged_into),
            name,
            tuple(terms.get(topic, ())),
        )
        for topic, centroid, reach, born_date, last_seen_date, status, merged_into, name in rows
    ]


def known_progress(connection: duckdb.DuckDBPyConnection) -> Progress:
    """How far the reading has come."""
    row = connection.execute(SQL["progress"]).fetchone()
    if not row or row[4] is None:
        return identity.NOTHING_READ
    readings, posts, posts_since_fit, unplaced_since_fit, newest_date = row
    return Progress(readings, posts, posts_since_fit, unplaced_since_fit, newest_date)


def known_sample(connection: duckdb.DuckDBPyConnection, engine: Engine) -> list[SampledPost]:
    """The posts that the next fit looks at, as far as they still stand as they were read."""
    rows = connection.execute(SQL["sample"], {"longest": LONGEST}).fetchall()
    vectors = engine.embed([row[1] for row in rows], engine.name)
    return [
        SampledPost(mention_id, text, vector, NOWHERE if topic is None else _number(topic), number, kept_from)
        for (mention_id, text, topic, number, kept_from), vector in zip(rows, vectors, strict=True)
    ]


# Writing ----------------------------------------------------------------------------------------------


def insert(connection: duckdb.DuckDBPyConnection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Append rows with all columns of a table, in their order."""
    if rows:
        names = [column.name for column in table.columns]
        columns = [pa.array(column) for column in zip(*rows, strict=True)]
        connection.register("inserted", pa.table(columns, names=names))
        connection.execute(f"insert into {table.fullname} by name select * from inserted")  # noqa: S608
        connection.unregister("inserted")


def write_sample(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """Keep the sample for the next night."""
    connection.execute("delete from ops.topic_samples")
    rows = [
        (post.post_id, post.reading, None if post.number == NOWHERE else topic_id(post.number))
        for post in reading.sample
    ]
    insert(connection, tables.topic_samples, rows)


def write_events(connection: duckdb.DuckDBPyConnection, reading: Reading, engine: Engine) -> None:
    """Append what happened to topics."""
    rows = [
        (topic_id(number), event_date, event, None if other is None else topic_id(other), share, count, *engine[:2])
        for event_date, number, event, other, share, count in reading.events
    ]
    insert(connection, tables.topic_events, rows)


def write_topics(
    connection: duckdb.DuckDBPyConnection, topics: Sequence[Topic], engine: Engine, names: dict[str, str]
) -> None:
    """Every topic as it is now, with the names that the config gives, and its terms."""
    counted = connection.execute("select topic_id, count(*) from core.mention_topics group by all").fetchall()
    counts: dict[str | None, int] = dict(counted)
    rows, terms = [], []
    for topic in topics:
        key = topic_id(topic.number)
        rows.append(
            (
                key,
                names.get(key, topic.name),
                topic.name,
                "config" if key in names else "model",
                topic.status,
                None if topic.merged_into is None else topic_id(topic.merged_into),
                topic.born_date,
                topic.last_seen_date,
                counts.get(key, 0),
                topic.reach,
                topic.centroid,
                *engine[:2],
            )
        )
        for rank, (term, weight) in enumerate(topic.terms, start=1):
            terms.append((key, term, rank, weight, *engine[:2]))
    connection.execute("delete from core.topics")
    connection.execute("delete from core.topic_terms")
    insert(connection, tables.topics, rows)
    insert(connection, tables.topic_terms, terms)


# Another engine ---------------------------------------------------------------------------------------


def is_of_another(connection: duckdb.DuckDBPyConnection, engine: Engine) -> bool:
    """Whether what is known was read by another engine."""
    row = connection.execute(
        "select count(*) from ops.topic_readings where (engine, engine_version) <> ($1, $2)",
        [engine.name, engine.version],
    ).fetchone()
    return bool(row and row[0])


def start_over(connection: duckdb.DuckDBPyConnection, topics: list[Topic], engine: Engine) -> list[Topic]:
    """The same topics, where they are now: in the vectors of the posts most similar to each. All posts become unread.

    A topic of which no post stands any more is reached by none.
    """
    seeds: dict[str, list[str]] = {}
    for topic, text in connection.execute(SQL["seeds"], {"seeds": SEEDS, "longest": LONGEST}).fetchall():
        seeds.setdefault(topic, []).append(text)
    nowhere = np.zeros_like(engine.embed([""], engine.name)[0])
    for topic in topics:
        texts = seeds.get(topic_id(topic.number))
        vectors = engine.embed(texts, engine.name) if texts else nowhere[None, :]
        topic.centroid, topic.reach = identity.middle(vectors)
    for table in ("core.mention_topics", "ops.topic_readings", "ops.topic_samples"):
        connection.execute(f"delete from {table}")  # noqa: S608  # a table of ours
    connection.execute("delete from core.topic_events where event in ('asleep', 'woke')")
    return topics
