"""Groups of texts that speak of the same thing, however many there are.

Texts are joined to those most alike, in meaning and in words, and the graph is cut into communities by the Leiden
algorithm: Traag, Waltman & van Eck (2019), "From Louvain to Leiden: guaranteeing well-connected communities". A
community that falls apart of itself is cut again, so that many small topics are found as well as a few large ones.
"""

from collections.abc import Sequence
from itertools import islice

import graspologic_native
import numpy as np
import numpy.typing as npt
from scipy import sparse
from threadpoolctl import threadpool_limits

from reading.topics.words import Words, read_words, stop_words

VERSION = 2
"""Raised when the same texts would come to other groups."""
MOST_NEIGHBOURS = 15
FEWEST_NEIGHBOURS = 5
FEWEST = 5
FEWEST_OF_A_THOUSAND = 1
"""Different texts that make a topic: `FEWEST`, or in many texts this many of each thousand."""
WORDS_SHARE = 0.5
"""Length of a text's vector of words beside that of its meaning, which is 1."""
WORD_DIMENSIONS = 64
MOST_WITH = 0.3
"""A word that more texts than this share have says too little."""
DIMENSIONS = 80
SOME = 2000
"""Texts, at most, from which the directions are found that matter."""
RESOLUTION = 0.5
FALLS_APART = 0.69
"""Modularity of a community cut for itself, above which it is no single topic …"""
AS_THE_WHOLE = 0.95
"""… or this share of the modularity of the whole, where all of it is less clear-cut."""
LARGE = 1000
LARGE_SHARE = 0.25
LARGE_FALLS_APART = 0.4
"""What has so many texts, and this share of all, is cut at less: nobody can act on half of everything."""
LEAST_SHARE = 0.25
"""A text belongs to a topic when this share of its neighbours, by weight, does."""
FEWEST_WORDS = 3
"""Different words that a text needs: "thank you!" is alike everywhere and about nothing."""
LIFT = 3
LEAST_COVERED = 0.1
"""This share of a topic's texts use one of the three words that most tell it: `LIFT` times as common as elsewhere."""
SEED = 1
AT_ONCE = 128
GROUP = 16

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def find_topics(texts: Sequence[str], vectors: Floats) -> Labels:
    """The topic of each text, numbered from 0 by size and then by first member; -1 where it fits nowhere.

    The same whatever the order of the texts; texts that stand twice count once. Takes memory for some 2000 × n floats.
    """
    labels = np.full(len(texts), -1, np.int64)
    words = read_words(tuple(texts))
    place_of = np.full(len(words.texts), -1)
    has_vector = np.flatnonzero(vectors.any(axis=1) & np.isfinite(vectors).all(axis=1))
    place_of[words.row_of[has_vector][::-1]] = has_vector[::-1]
    uses = words.uses()
    telling = np.flatnonzero((np.diff(uses.indptr) >= FEWEST_WORDS) & (place_of >= 0))
    if len(telling) < 2 * FEWEST:
        return labels
    uses = uses[telling]
    with threadpool_limits(1):  # more threads would add up in another order, and a last bit may move a text
        graph = _graph(_with_words(uses, vectors[place_of[telling]]))
    found = _without_chatter(_without_strays(_topics(graph), graph), uses, words)
    fewest = max(FEWEST, FEWEST_OF_A_THOUSAND * len(telling) // 1000)
    found[np.bincount(found + 1)[found + 1] < fewest] = -1
    of_row = np.full(len(words.texts), -1)
    of_row[telling] = found
    labels[has_vector] = of_row[words.row_of[has_vector]]
    return _numbered(labels, texts)


def _numbered(labels: Labels, texts: Sequence[str]) -> Labels:
    members: dict[int, list[str]] = {}
    for label, text in zip(labels.tolist(), texts, strict=True):
        members.setdefault(label, []).append(text)
    members.pop(-1, None)
    order = sorted(members, key=lambda label: (-len(members[label]), min(members[label])))
    numbers = {label: number for number, label in enumerate(order)}
    return np.array([numbers.get(label, -1) for label in labels.tolist()], np.int64)


def _with_words(uses: sparse.csr_array, vectors: Floats) -> Floats:
    """Rows of length 1 that are alike where texts mean the same and, half as much, where they use the same words."""
    parts = [vectors]
    texts_with = np.bincount(uses.indices, minlength=uses.shape[1])
    telling = uses[:, (texts_with >= 2) & (texts_with <= MOST_WITH * uses.shape[0])]
    if telling.shape[1] > 2:
        from sklearn.decomposition import TruncatedSVD  # takes seconds to import, and few texts need neither
        from sklearn.feature_extraction.text import TfidfTransformer

        weights = TfidfTransformer(sublinear_tf=True).fit_transform(telling)
        dimensions = min(WORD_DIMENSIONS, weights.shape[1] - 1)
        latent = TruncatedSVD(dimensions, n_iter=2, random_state=SEED).fit_transform(weights)
        parts.append(np.float32(WORDS_SHARE) * _unit(latent))
    joined = np.hstack(parts)
    if joined.shape[1] > DIMENSIONS:  # their neighbours hardly change and are found far faster
        some = joined[:: -(-len(joined) // SOME)]
        _, directions = np.linalg.eigh(some.T @ some)
        joined = joined @ directions[:, -DIMENSIONS:]
    return _unit(joined)


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def _graph(vectors: Floats) -> sparse.csr_array:
    """Each text joined to those nearest to it, by cosine; those that are nearest to each other twice as strongly."""
    count = len(vectors)
    near = int(np.clip(np.sqrt(count) / 2, FEWEST_NEIGHBOURS, MOST_NEIGHBOURS))
    groups = -(-count // GROUP)
    padded = np.zeros((groups * GROUP, vectors.shape[1]), np.float32)
    padded[:count] = vectors
    columns = np.empty((count, near), np.int64)
    weights = np.empty((count, near))
    memory = np.empty((min(AT_ONCE, count), len(padded)), np.float32)  # new memory each time takes half as long again
    for start in range(0, count, AT_ONCE):
        some = vectors[start : start + AT_ONCE]
        alike = np.matmul(some, padded.T, out=memory[: len(some)])
        rows = np.arange(len(alike))
        alike[rows, start + rows] = -np.inf
        alike[:, count:] = -np.inf
        best = _largest(alike, near)
        columns[start : start + AT_ONCE] = best
        weights[start : start + AT_ONCE] = np.take_along_axis(alike, best, axis=1)
    starts = np.arange(0, count * near + 1, near)
    one_way = sparse.csr_array((np.maximum(weights, 1e-3).ravel(), columns.ravel(), starts), (count, count))
    return (one_way + one_way.T).tocsr()


def _largest(rows: Floats, count: int) -> Labels:
    """The columns of the `count` largest of each row: they are in the `count` groups whose largest are largest."""
    groups = rows.shape[1] // GROUP
    if groups <= 2 * count:
        return np.argpartition(rows, -count, axis=1)[:, -count:]
    largest = rows.reshape(len(rows), GROUP, groups).max(axis=1)
    best = np.argpartition(largest, -count, axis=1)[:, -count:]
    columns = (best[:, None, :] + groups * np.arange(GROUP)[None, :, None]).reshape(len(rows), -1)
    values = np.take_along_axis(rows, columns, axis=1)
    return np.take_along_axis(columns, np.argpartition(values, -count, axis=1)[:, -count:], axis=1)


def _topics(graph: sparse.csr_array) -> Labels:
    """Communities of the graph, each cut again for as long as it falls apart."""
    found = np.full(graph.shape[0], -1, np.int64)
    whole = _communities(graph, RESOLUTION, 2)
    large = max(LARGE, LARGE_SHARE * len(whole))
    falls_apart = min(FALLS_APART, AS_THE_WHOLE * _modularity(graph, whole))
    waiting = [np.flatnonzero(whole == community) for community in range(whole.max() + 1)]
    count = 0
    while waiting:
        members = waiting.pop()
        if len(members) >= 2 * FEWEST:
            inside = graph[members][:, members].tocsr()
            parts = _communities(inside, 1.0, 1)
            if _modularity(inside, parts) > (falls_apart if len(members) < large else LARGE_FALLS_APART):
                waiting += [members[parts == part] for part in range(parts.max() + 1)]
                continue
        found[members] = count
        count += 1
    return found


def _communities(graph: sparse.csr_array, resolution: float, iterations: int) -> Labels:
    graph.sort_indices()
    count = graph.shape[0]
    _, found = graspologic_native.leiden_csr(
        graph.indptr.astype(np.int64),
        graph.indices.astype(np.int32),
        graph.data,
        count,
        resolution=resolution,
        iterations=iterations,
        seed=SEED,
    )
    return np.fromiter((found[node] for node in range(count)), np.int64, count)


def _modularity(graph: sparse.csr_array, parts: Labels) -> float:
    """Newman's modularity Q: the weight within parts, less what would fall there by chance."""
    edges = graph.tocoo()
    rows, columns = edges.coords
    within = edges.data[parts[rows] == parts[columns]].sum() / edges.data.sum()
    degrees = np.bincount(parts, graph.sum(axis=1)) / edges.data.sum()
    return float(within - (degrees**2).sum())


def _without_strays(found: Labels, graph: sparse.csr_array) -> Labels:
    """The topics without texts whose neighbours are mostly elsewhere."""
    edges = graph.tocoo()
    rows, columns = edges.coords
    own = found[rows] == found[columns]
    share = np.bincount(rows[own], edges.data[own], graph.shape[0]) / graph.sum(axis=1)
    return np.where(share >= LEAST_SHARE, found, -1)


def _without_chatter(found: Labels, uses: sparse.csr_array, words: Words) -> Labels:
    """The topics without those that no words set apart: greetings, small talk and what was left of larger ones."""
    texts_with = np.bincount(uses.indices, minlength=uses.shape[1])
    kept = found.copy()
    for topic in range(int(found.max(initial=-1)) + 1):
        members = np.flatnonzero(found == topic)
        own = uses[members]
        inside = np.bincount(own.indices, minlength=uses.shape[1])
        odds = LIFT * len(members) / max(len(found) - len(members), 1)
        stops = stop_words(words, inside)
        telling = np.flatnonzero((inside > 1) & (inside >= odds * (texts_with - inside)))
        often = telling[np.argsort(-inside[telling], kind="stable")].tolist()
        best = list(islice((place for place in often if words.folded[place] not in stops), 3))
        covered = np.diff(own[:, best].indptr).astype(np.bool_).sum()
        if covered < LEAST_COVERED * len(members):
            kept[members] = -1
    return kept
