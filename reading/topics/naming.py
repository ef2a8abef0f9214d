"""What a topic is called: the words that set it apart, a short label and posts that are typical of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import log1p
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reading.topics.embedding import readable
from reading.topics.words import UNSPACED, count_words, folded, stop_words, words_in

TERMS = 10
TYPICAL = 3
LABEL_PARTS = 3
MOST_LABEL_WORDS = 4
LIKELY = 50
"""So many of the heaviest words may be in a label."""
FEWEST_POSTS = 2
"""Posts of a topic that use a word, for it to be one of the topic's."""
FIRM = 0.4
"""Two words are a phrase when this share of the posts with the more common one have them side by side."""
SAME_STEM = 0.55
"""Two words have the same stem when they begin alike for this share of the longer one, and for three letters."""


_ENDS = frozenset(".!?:。！？")


class Topic(NamedTuple):
    """One topic as people see it."""

    number: int
    """Its label in what `find_topics` returned."""
    size: int
    """Texts in it."""
    label: str
    """Two to four words, unlike those of the other topics."""
    terms: tuple[tuple[str, float], ...]
    """Its words, each with its c-TF-IDF weight, the heaviest first."""
    typical: tuple[int, ...]
    """Places of up to three texts that are nearest to its middle."""


def describe(texts: Sequence[str], labels: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> list[Topic]:
    """Every topic from 0 to the highest of `labels`, in this order; texts labelled -1 have no say.

    c-TF-IDF as in Grootendorst, M. (2022), "BERTopic: Neural topic modeling with a class-based TF-IDF procedure":
    a word's share of the topic's words × ln(1 + words of a topic on average / uses of the word). A word counts once
    in each text, and each text once, so that nobody makes a topic's name by saying a thing often.
    """
    count = int(labels.max(initial=-1)) + 1
    written = [_written(texts, np.flatnonzero(labels == number)) for number in range(count)]
    weights = _weights([count_words([[word.folded for word in post] for post in posts]) for posts in written])
    topics: list[Topic] = []
    taken: set[frozenset[str]] = set()
    for number, (posts, weight) in enumerate(zip(written, weights, strict=True)):
        heaviest = sorted(weight, key=lambda word: (-weight[word], word))
        label = _free(_labels(posts, heaviest), taken, number)
        taken.add(_key(label))
        members = np.flatnonzero(labels == number)
        terms = tuple((word, weight[word]) for word in heaviest[:TERMS])
        topics.append(Topic(number, len(members), label, terms, _typical(texts, members, vectors)))
    return topics


class _Word(NamedTuple):
    folded: str
    written: str
    is_first: bool
    """Of its sentence, where a capital says nothing."""


def _written(texts: Sequence[str], members: npt.NDArray[np.int64]) -> list[list[_Word]]:
    """The words of the different texts of a topic."""
    distinct = sorted({readable(texts[place]) for place in members.tolist()})
    return [list(_words(text)) for text in distinct]


def _words(text: str) -> Iterator[_Word]:
    is_first = True
    end = 0
    for found in words_in(text):
        between = text[end : found.start()]
        is_first = is_first or (between != " " and not _ENDS.isdisjoint(between))
        yield _Word(folded(found[0]), found[0], is_first)
        is_first, end = False, found.end()


def _weights(counts: list[Counter[str]]) -> list[dict[str, float]]:
    """The c-TF-IDF weight of each word of each topic that is no stop word."""
    uses: Counter[str] = Counter()
    for words in counts:
        uses.update(words)
    average = uses.total() / max(len(counts), 1)
    weights = []
    for words in counts:
        stops = stop_words(words)
        total = words.total()
        weights.append(
            {
                word: count / total * log1p(average / uses[word])
                for word, count in words.items()
                if count >= FEWEST_POSTS and len(word) > 1 and word not in stops
            }
        )
    return weights


def _typical(texts: Sequence[str], members: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> tuple[int, ...]:
    """The texts nearest to the middle, each text once; of those equally near the first in the alphabet."""
    nearness = vectors[members] @ vectors[members].sum(axis=0)
    first: dict[str, int] = {}
    for _, text, place in sorted(
        (-round(float(near), 4), texts[place], place) for near, place in zip(nearness, members.tolist(), strict=True)
    ):
        first.setdefault(readable(text).casefold(), place)
        if len(first) == TYPICAL:
            break
    return tuple(first.values())


# Labels -----------------------------------------------------------------------------------------------


def _labels(posts: list[list[_Word]], heaviest: list[str]) -> Iterator[str]:
    """Labels for a topic, the best first: its heaviest words or phrases, none with the stem of another."""
    likely = frozenset(heaviest[:LIKELY])
    written = _as_written(posts, likely)
    phrases = _phrases(posts, likely)
    parts: list[list[str]] = []
    used: list[str] = []
    for word in heaviest[:LIKELY]:
        if any(_same_stem(word, other) for other in used):
            continue
        part = phrases.get(word, [word])
        if any(_same_stem(one, other) for one in part for other in used):
            part = [word]
        parts.append(part)
        used += part
        if len(used) > 2 * MOST_LABEL_WORDS:
            break
    for skipped in range(max(len(parts) - 1, 1)):
        chosen: list[list[str]] = parts[:1]
        for part in parts[1 + skipped :]:
            if len(chosen) < LABEL_PARTS and sum(map(len, chosen)) + len(part) <= MOST_LABEL_WORDS:
                chosen = [*chosen, part]
        if sum(map(len, chosen)) > 1:
            yield ", ".join(_spoken(part, written) for part in chosen)
    if parts:
        yield _spoken(parts[0], written)


def _spoken(part: list[str], written: dict[str, str]) -> str:
    words = [written[word] for word in part]
    return "".join(words) if all(re.match(f"[{UNSPACED}]", word) for word in words) else " ".join(words)


def _free(labels: Iterable[str], taken: set[frozenset[str]], number: int) -> str:
    """The first label of two words at least whose words are not another topic's; else one with the topic's number."""
    last = "topic"
    for label in labels:
        last = label
        if len(_key(label)) > 1 and _key(label) not in taken:
            return label
    return f"{last} {number + 1}"


def _key(label: str) -> frozenset[str]:
    return frozenset(label.casefold().replace(",", "").split())


def _as_written(posts: list[list[_Word]], likely: frozenset[str]) -> dict[str, str]:
    """How each word is mostly written; where it begins a sentence only if it stands nowhere else."""
    inside: dict[str, Counter[str]] = {}
    first: dict[str, Counter[str]] = {}
    for post in posts:
        for word in post:
            if word[0] not in likely:
                continue
            (first if word.is_first else inside).setdefault(word.folded, Counter())[word.written] += 1
    return {
        folded: max(forms.items(), key=lambda form: (form[1], form[0].islower(), form[0]))[0]
        for folded, forms in {**first, **inside}.items()
    }


def _phrases(posts: list[list[_Word]], likely: frozenset[str]) -> dict[str, list[str]]:
    """For each word the pair of words that it mostly stands in, if it is one the topic's words make firmly."""
    pairs = Counter(
        pair
        for post in posts
        for pair in {(left[0], right[0]) for left, right in pairwise(post) if not right[2]}
        if pair[0] in likely and pair[1] in likely
    )
    counts = count_words([[word.folded for word in post] for post in posts])
    phrases: dict[str, list[str]] = {}
    for (left, right), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        if count >= FEWEST_POSTS and count >= FIRM * max(counts[left], counts[right]) and not _same_stem(left, right):
            phrases.setdefault(left, [left, right])
            phrases.setdefault(right, [left, right])
    return phrases


def _same_stem(left: str, right: str) -> bool:
    longer, shorter = max(len(left), len(right)), min(len(left), len(right))
    alike = next((place for place in range(shorter) if left[place] != right[place]), shorter)
    return left == right or (alike >= 3 and alike >= SAME_STEM * longer)
