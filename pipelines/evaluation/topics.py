"""Measure the topics found in a file's texts against groups that people made: what `earshot evaluate topics` tells."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.errors import InputError
from reading.topics import finding
from reading.topics.embedding import embed, version
from reading.topics.finding import find_topics
from reading.topics.naming import describe

FEWEST = 60
"""Texts below which no topics are looked for."""


@dataclass(frozen=True)
class TopicEvaluation:
    """How far found topics agree with people's groups."""

    engine_version: str
    texts: int
    """Different texts that have a label."""
    groups: int
    """Of people's."""
    topics: int
    nmi: float
    """Normalised mutual information, 0 … 1, texts that are left over as one group (Strehl & Ghosh 2002)."""
    nmi_placed: float
    """The same over the texts that are in a topic."""
    left_over: float
    """Share of the texts that are in no topic."""
    texts_per_second: float
    found: tuple[tuple[str, int], ...]
    """Label and size of each topic, the largest first."""


def evaluate_topics(texts: Sequence[str | None], labels: Sequence[str | None], engine: str) -> TopicEvaluation:
    """Find topics in texts and hold them against labels; a text that stands twice counts once, by its first label.

    `InputError` where there are too few texts, or labels, or no such engine.
    """
    label_of: dict[str, str] = {}
    for text, label in zip(texts, labels, strict=True):
        if text and text.strip() and label:
            label_of.setdefault(text, label)
    if len(label_of) < FEWEST or len(set(label_of.values())) < 2:
        raise InputError(
            f"{len(label_of)} different labelled texts in {len(set(label_of.values()))} groups: expected at least "
            f"{FEWEST} in two groups or more."
        )
    distinct, truth = list(label_of), list(label_of.values())
    try:
        made = version(engine)
    except ValueError as error:
        raise InputError(f"--engine: {error}") from error
    embed(distinct[:1], engine)  # loads what it needs, which is not part of its speed
    started = time.perf_counter()
    vectors = embed(distinct, engine)
    groups = find_topics(distinct, vectors)
    topics = describe(distinct, groups, vectors)
    seconds = time.perf_counter() - started
    placed = groups >= 0
    names = np.array(truth)
    return TopicEvaluation(
        engine_version=f"{made}, groups {finding.VERSION}",
        texts=len(distinct),
        groups=len(set(truth)),
        topics=len(topics),
        nmi=_nmi(names, groups),
        nmi_placed=_nmi(names[placed], groups[placed]),
        left_over=float(1 - placed.mean()),
        texts_per_second=len(distinct) / seconds,
        found=tuple((topic.label, int((groups == number).sum())) for number, topic in enumerate(topics)),
    )


def as_text(found: TopicEvaluation) -> str:
    """What was found, for a terminal."""
    lines = [
        f"{found.texts:,} texts in {found.groups:,} groups of people's, {found.topics:,} topics found "
        f"({found.engine_version}) {found.texts_per_second:,.0f} texts/s",
        f"NMI {found.nmi:.3f}; {found.nmi_placed:.3f} without the {found.left_over:.1%} that are in no topic",
        *(f"  {size:>6,}  {label}" for label, size in found.found[:30]),
    ]
    return "\n".join(lines)


def _nmi(truth: np.ndarray, groups: np.ndarray) -> float:
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(truth, groups)) if len(truth) else 0.0
