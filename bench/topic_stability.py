"""Do topics keep their ids? The same posts read night after night, and all in one night, compared post by post."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import normalized_mutual_info_score

from pipelines.config.settings import TopicSettings
from pipelines.discover.duplicates import find_duplicates
from pipelines.discover.topic_memory import Engine, engine_of
from pipelines.discover.topics import read_topics
from pipelines.store.statements import statements
from pipelines.store.warehouse import create_tables, transaction

SQL = statements(__file__)

MOST_POSTS = 30_000
"""Of a longer file the first so many are read."""
SINGLE_FIT = 6000
PARTS = 10


class Stability(NamedTuple):
    """How two readings of the same posts agree."""

    name: str
    posts: int
    nights: int
    topics: int
    same_id: float
    """Share of all posts that have the same topic id, or none, night by night and all at once."""
    same_topic: float
    """The same where the ids of the two readings are matched one to one first, so that they agree most."""
    kept_id: float
    """Share of the posts with a topic that still have the topic that they came to in their own night."""
    like_single_fit: float
    """Normalised mutual information with one fit that knows no nights, over posts that it puts into a group."""
    nmi: float | None = None
    """Normalised mutual information with people's labels, where there are any."""
    nmi_single_fit: float | None = None


class Posts(NamedTuple):
    """Posts in the order in which they were written, and the nights that bring them."""

    texts: list[str]
    times: list[datetime]
    nights: list[int]
    labels: list[str] | None = None


def stability_rows(folder: Path, labelled: Path | None = None) -> list[Stability]:
    """Airlines day by day, a chat month by month and labelled posts in ten parts, as far as the files are there."""
    rows = []
    if (folder / "airlines.csv").is_file():
        options = pyarrow.csv.ParseOptions(newlines_in_values=True)
        rows.append(
            stability(
                "airlines, by day", _posts(pyarrow.csv.read_csv(folder / "airlines.csv", parse_options=options), "day")
            )
        )
    if (folder / "zig_irc.parquet").is_file():
        rows.append(stability("zig_irc, by month", _posts(pq.read_table(folder / "zig_irc.parquet"), "month")))
    if labelled and labelled.is_file():
        table = pq.read_table(labelled)
        texts, labels = table["text"].to_pylist(), [str(label) for label in table["label"].to_pylist()]
        nights = [place * PARTS // len(texts) for place in range(len(texts))]
        times = [datetime(2020, 1, 1) + timedelta(days=night, seconds=place) for place, night in enumerate(nights)]
        rows.append(stability(f"{labelled.stem}, in ten parts", Posts(texts, times, nights, labels)))
    return rows


def _posts(table: pa.Table, night: str) -> Posts:
    table = table.sort_by("created_at").slice(0, MOST_POSTS)
    times = [moment.replace(tzinfo=None) for moment in table["created_at"].to_pylist()]
    starts = [moment.toordinal() if night == "day" else 12 * moment.year + moment.month for moment in times]
    order = {start: number for number, start in enumerate(sorted(set(starts)))}
    return Posts([text or "" for text in table["text"].to_pylist()], times, [order[start] for start in starts])


def stability(name: str, posts: Posts) -> Stability:
    """Read posts twice and compare."""
    settings = TopicSettings(days=3660)
    by_night, first = _read(posts, posts.nights, settings, _remembering(engine_of(settings)))
    engine = _remembering(engine_of(settings))
    at_once, _ = _read(posts, [0] * len(posts.texts), settings, engine)
    has_topic = by_night != ""
    chosen = np.arange(len(posts.texts))[:: max(1, len(posts.texts) // SINGLE_FIT)]
    texts = [posts.texts[place] for place in chosen]
    groups = np.asarray(engine.find(texts, engine.embed(texts, engine.name)))
    grouped = groups >= 0
    labels = None if posts.labels is None else np.array(posts.labels)
    return Stability(
        name=name,
        posts=len(posts.texts),
        nights=len(set(posts.nights)),
        topics=len(set(by_night[has_topic])),
        same_id=float((by_night == at_once).mean()),
        same_topic=_agreement(by_night, at_once),
        kept_id=float((by_night == first)[has_topic & (first != "")].mean()),
        like_single_fit=float(normalized_mutual_info_score(by_night[chosen][grouped], groups[grouped])),
        nmi=None if labels is None else float(normalized_mutual_info_score(labels, by_night)),
        nmi_single_fit=None if labels is None else float(normalized_mutual_info_score(labels[chosen], groups)),
    )


def _agreement(left: np.ndarray, right: np.ndarray) -> float:
    """Share of posts that agree under the best one-to-one matching of the labels; no topic matches no topic only."""
    rows, row_of = np.unique(left, return_inverse=True)
    columns, column_of = np.unique(right, return_inverse=True)
    counts = np.zeros((len(rows), len(columns)))
    np.add.at(counts, (row_of, column_of), 1)
    none = counts[rows == "", :][:, columns == ""].sum()
    named = counts[rows != "", :][:, columns != ""]
    return float((none + named[linear_sum_assignment(named, maximize=True)].sum()) / len(left))


def _remembering(engine: Engine) -> Engine:
    """The engine, which embeds no text twice in a reading; another reading may round otherwise, as nights do."""
    known: dict[str, np.ndarray] = {}

    def embed(texts: Sequence[str], name: str) -> np.ndarray:
        new = sorted({text for text in texts if text not in known} | {""} - known.keys())
        known.update(zip(new, engine.embed(new, name), strict=True))
        return np.stack([known[text] for text in texts]) if texts else np.zeros((0, len(known[""])), np.float32)

    return engine._replace(embed=embed)


def _read(
    posts: Posts, nights: Sequence[int], settings: TopicSettings, engine: Engine
) -> tuple[np.ndarray, np.ndarray]:
    """The topic of each post at the end, and at the end of the night that brought it; "" where it has none."""
    ids = [f"post:{place:07}" for place in range(len(posts.texts))]
    night_of = np.array(nights)
    first = np.full(len(ids), "", dtype=object)
    found: dict[str, str] = {}
    with duckdb.connect() as connection:
        create_tables(connection)
        for night in sorted(set(nights)):
            places = np.flatnonzero(night_of == night)
            with transaction(connection):
                _load(connection, posts, ids, places)
                find_duplicates(connection)
                read_topics(connection, settings, engine)
            found = dict(
                connection.execute(
                    "select mention_id, topic_id from core.mention_topics where topic_id is not null"
                ).fetchall()
            )
            first[places] = [found.get(ids[place], "") for place in places]
    return np.array([found.get(mention_id, "") for mention_id in ids], dtype=object), first


def _load(connection: duckdb.DuckDBPyConnection, posts: Posts, ids: list[str], places: np.ndarray) -> None:
    arriving = pa.table(
        {
            "mention_id": [ids[place] for place in places],
            "text": [posts.texts[place] or None for place in places],
            "created_at": pa.array([posts.times[place] for place in places], pa.timestamp("us")),
        }
    )
    connection.register("arriving", arriving)
    connection.execute(SQL["mentions"])
    connection.unregister("arriving")


def shown(rows: Sequence[Stability]) -> Table:
    """The rows as people read them."""
    columns = (
        "posts",
        "posts",
        "nights",
        "topics",
        "same id",
        "same topic",
        "kept id",
        "like one fit",
        "NMI",
        "NMI, one fit",
    )
    table = Table("topics night by night and at once", *columns[1:])
    for row in rows:
        figures = [*row[4:8], row.nmi, row.nmi_single_fit]
        table.add_row(
            row.name,
            f"{row.posts:,}",
            str(row.nights),
            str(row.topics),
            *("–" if figure is None else f"{figure:.3f}" for figure in figures),
        )
    return table


if __name__ == "__main__":
    Console(highlight=False).print(
        shown(stability_rows(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
    )
