"""Topic discovery on labelled sets, beside BERTopic on the same vectors where that is installed.

Run alone with `python -m bench.topics FOLDER`. BERTopic is no part of Earshot: `pip install --no-deps bertopic` and
`pip install umap-learn hdbscan plotly pandas tqdm pyyaml` bring it without torch, as it is given its vectors.
"""

import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from itertools import combinations
from math import log
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import normalized_mutual_info_score

from reading.topics.embedding import DEFAULT, embed, version
from reading.topics.finding import find_topics
from reading.topics.naming import describe

GOALS = {"tweet89": 0.88, "octis_bbc_news": 0.70, "octis_m10": None, "agnews_8000": None}
"""Each set with the NMI that is aimed at, where one is; on every set also what BERTopic reaches."""
TOP_WORDS = 10
WARM_UP = 5000
"""Texts that are run once before the time is taken."""


class TopicRow(NamedTuple):
    """One engine on one set."""

    on: str
    engine: str
    texts: int
    topics: int
    nmi: float
    """Normalised mutual information with people's labels; texts that are left over count as one group."""
    nmi_placed: float
    """The same without the texts that are left over."""
    coherence: float
    """Mean NPMI of the pairs of a topic's ten words, by the texts in which they stand together; -1 … 1."""
    diversity: float
    """Share of the topics' ten words that are no other topic's."""
    left_over: float
    """Share of the texts that are in no topic."""
    seconds: float
    """Of one processor, to find and name the topics; without the vectors, which are the same for all."""
    goal: float | None


class Found(NamedTuple):
    """What an engine says: a label for each text, -1 for none, and the words of each topic."""

    labels: np.ndarray
    words: list[list[str]]


Engine = Callable[[list[str], np.ndarray], Found]


def topic_rows(folder: Path) -> list[TopicRow]:
    """Ours and BERTopic's on every set of the folder that is there; ours alone where BERTopic is not installed."""
    rows = []
    for name, goal in GOALS.items():
        path = folder / f"{name}.parquet"
        if not path.is_file():
            continue
        table = pq.read_table(path, columns=["text", "label"])
        label_of = dict(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))
        texts = list(label_of)
        vectors = embed(texts)
        for engine, run in engines():
            rows.append(_row(name, engine, run, texts, vectors, [str(label) for label in label_of.values()], goal))
    return rows


def engines() -> list[tuple[str, Engine]]:
    """Name and function of each engine that can run here."""
    ours = (f"Earshot, {version(DEFAULT)}", _earshot)
    name = bertopic_version()
    return [ours, (name, _bertopic)] if name else [ours]


def bertopic_version() -> str | None:
    """BERTopic's name and version; None where it is not installed."""
    try:
        return f"BERTopic {installed('bertopic')}"
    except PackageNotFoundError:
        return None


def _row(
    name: str, engine: str, run: Engine, texts: list[str], vectors: np.ndarray, labels: list[str], goal: float | None
) -> TopicRow:
    # what is loaded or compiled once is no part of the time; so many texts bring BERTopic to all that it compiles, and
    # without the first they are not the same texts, whose words would be known already
    run(texts[1:WARM_UP], vectors[1:WARM_UP])
    started = time.process_time()
    found = run(texts, vectors)
    seconds = time.process_time() - started
    placed = found.labels >= 0
    return TopicRow(
        name,
        engine,
        len(texts),
        len(found.words),
        float(normalized_mutual_info_score(labels, found.labels)),
        float(normalized_mutual_info_score(np.array(labels)[placed], found.labels[placed])) if placed.any() else 0.0,
        coherence(found.words, texts),
        diversity(found.words),
        float((~placed).mean()),
        seconds,
        goal,
    )


def _earshot(texts: list[str], vectors: np.ndarray) -> Found:
    labels = find_topics(texts, vectors)
    return Found(labels, [[word for word, _ in topic.terms] for topic in describe(texts, labels, vectors)])


def _bertopic(texts: list[str], vectors: np.ndarray) -> Found:
    from bertopic import BERTopic
    from umap import UMAP

    # its own defaults, of which only the seed is fixed; English stop words kept out of the words, as its guide advises
    model: Any = BERTopic(
        umap_model=UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=1),
        vectorizer_model=CountVectorizer(stop_words="english"),
    )
    labels, _ = model.fit_transform(texts, embeddings=vectors)
    topics = sorted(topic for topic in model.get_topics() if topic >= 0)
    return Found(np.array(labels), [[word for word, _ in model.get_topic(topic)] for topic in topics])


def coherence(topics: Sequence[Sequence[str]], texts: Sequence[str]) -> float:
    """Mean normalised pointwise mutual information of word pairs: Bouma (2009); a pair never seen together is -1."""
    words = sorted({word for topic in topics for word in topic[:TOP_WORDS]})
    if not words:
        return 0.0
    counts = CountVectorizer(vocabulary=words, binary=True, token_pattern=r"\b\w[\w'+#.-]*\b").fit_transform(texts)  # noqa: S106
    together = (counts.T @ counts).toarray() / len(texts)
    place = {word: number for number, word in enumerate(words)}
    means = []
    for topic in topics:
        values = []
        for left, right in combinations([place[word] for word in topic[:TOP_WORDS]], 2):
            both = together[left, right]
            if both == 0:
                values.append(-1.0)
            elif both < 1:
                values.append(log(both / (together[left, left] * together[right, right])) / -log(both))
        means += [float(np.mean(values))] if values else []
    return float(np.mean(means)) if means else 0.0


def diversity(topics: Sequence[Sequence[str]]) -> float:
    """Share of different words among all topics' words: Dieng, Ruiz & Blei (2020)."""
    words = [word for topic in topics for word in topic[:TOP_WORDS]]
    return len(set(words)) / len(words) if words else 0.0


def table_of(rows: Sequence[TopicRow]) -> Table:
    """The rows as a table for people."""
    table = Table(
        *("set", "engine", "topics", "NMI", "NMI placed", "NPMI", "diversity", "left over", "seconds", "goal"),
        title="Topics found without being told how many",
        caption="NMI: left-over texts count as one group; seconds: of one processor, without the vectors",
    )
    for row in rows:
        table.add_row(
            row.on,
            row.engine,
            str(row.topics),
            *(f"{value:.3f}" for value in (row.nmi, row.nmi_placed, row.coherence, row.diversity)),
            f"{row.left_over:.1%}",
            f"{row.seconds:.1f}",
            "" if row.goal is None else f"{row.goal:.2f}",
        )
    return table


if __name__ == "__main__":
    console = Console(highlight=False)
    console.print(table_of(topic_rows(Path(sys.argv[1]))))
    if bertopic_version() is None:
        console.print("BERTopic is not installed: nothing stands beside.")
