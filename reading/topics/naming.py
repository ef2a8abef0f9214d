"""What a topic is called: the words that set it apart, a short label and posts that are typical of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from threadpoolctl import threadpool_limits

from reading.topics.embedding import readable
from reading.topics.words import UNSPACED, Words, read_words, stop_words, verbs

TERMS = 10
TYPICAL = 3
LABEL_PARTS = 3
FEWEST_LABEL_WORDS = 2
MOST_LABEL_WORDS = 4
LIKELY = 30
"""So many of the heaviest words may be in a label."""
FEWEST_POSTS = 2
"""Posts of a topic that use a word, for it to be one of the topic's."""
FIRM = 0.3
"""Two words are a phrase when this share of the posts with the more common one have them side by side."""
OWN = 1.5
"""A word in a label is so many times as common in the topic as in the others: not the brand that all of them name."""
SAME_STEM = 0.55
"""Two words have the same stem when they begin alike for this share of the longer one, and for three letters."""
PART_OF = 4
"""Letters that say a word again when another begins or ends with them: bowl after superbowl."""

Ints = npt.NDArray[np.int64]


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


def describe(texts: Sequence[str], labels: Ints, vectors: npt.NDArray[np.float32]) -> list[Topic]:
    """Every topic from 0 to the highest of `labels`, in this order; texts labelled -1 have no say.

    c-TF-IDF as in Grootendorst, M. (2022), "BERTopic: Neural topic modeling with a class-based TF-IDF procedure":
    a word's share of the topic's words × ln(1 + words of a topic on average / uses of the word). A word counts once
    in each text, and each text once, so that nobody makes a topic's name by saying a thing often.
    """
    count = int(labels.max(initial=-1)) + 1
    if not count:
        return []
    words = read_words(tuple(texts))
    inside = np.unique(labels[labels >= 0] * len(words.texts) + words.row_of[labels >= 0])
    topic, row = np.divmod(inside, len(words.texts))
    belongs = sparse.csr_array((np.ones(len(row), np.int32), (topic, row)), (count, len(words.texts)))
    counts: Ints = (belongs @ (words.uses() > 0).astype(np.int32)).toarray()
    weights = _weights(counts, words)
    members = [np.flatnonzero(labels == number) for number in range(count)]
    with threadpool_limits(1):  # more threads would add up in another order
        typical = [_typical(texts, own, vectors) for own in members]
    topics: list[Topic] = []
    taken: set[frozenset[str]] = set()
    for number, (weight, likely) in enumerate(
        zip(weights, _likely(words, counts, belongs.sum(axis=1), weights), strict=True)
    ):
        label = _free(_labels(_parts(words, row[topic == number], counts[number], likely)), taken, number)
        taken.add(_key(label))
        terms = tuple((words.folded[place], value) for place, value in islice(weight.items(), TERMS))
        topics.append(Topic(number, len(members[number]), label, terms, typical[number]))
    return topics


def _weights(counts: Ints, words: Words) -> list[dict[int, float]]:
    """The c-TF-IDF weight of each word of each topic that is no stop word, the heaviest first."""
    uses = counts.sum(axis=0)
    average = uses.sum() / len(counts)
    weights = []
    for own in counts:
        stops = stop_words(words, own)
        often = np.flatnonzero(own >= FEWEST_POSTS)
        values = own[often] / max(own.sum(), 1) * np.log1p(average / uses[often])
        weight: dict[int, float] = {
            place: value
            for place, value in zip(often.tolist(), values.tolist(), strict=True)
            if len(words.folded[place]) > 1 and words.folded[place] not in stops
        }
        heaviest = sorted((-value, words.folded[place], place) for place, value in weight.items())
        weights.append({place: -value for value, _, place in heaviest})
    return weights


def _typical(texts: Sequence[str], members: Ints, vectors: npt.NDArray[np.float32]) -> tuple[int, ...]:
    """The texts nearest to the middle, each text once; of those equally near the first in the alphabet."""
    nearness = (vectors[members] @ vectors[members].sum(axis=0)).round(4)
    first: dict[str, int] = {}
    for near in np.unique(nearness)[::-1].tolist():
        for place in sorted(members[nearness == near].tolist(), key=lambda place: (texts[place], place)):
            first.setdefault(readable(texts[place]).casefold(), place)
            if len(first) == TYPICAL:
                return tuple(first.values())
    return tuple(first.values())


# Labels -----------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A word or a phrase that may stand in a label."""

    folded: tuple[str, ...]
    spoken: str
    """As it is mostly written."""


def _likely(words: Words, counts: Ints, sizes: Ints, weights: Sequence[dict[int, float]]) -> Iterator[list[int]]:
    """For each topic the words that a label may have, the best first: the heaviest that are its own, verbs last."""
    uses = counts.sum(axis=0)
    is_verb = verbs(words)
    for own, size, weight in zip(counts, sizes.tolist(), weights, strict=True):
        odds = OWN * size / max(int(sizes.sum()) - size, 1)
        places = np.array(list(weight), np.int64)
        is_own = own[places] >= odds * (uses[places] - own[places])
        best = places[is_own][:LIKELY]
        best = best[np.argsort(is_verb[best], kind="stable")]
        yield [*best.tolist(), *places[~is_own][: max(FEWEST_LABEL_WORDS - len(best), 0)].tolist()]


def _parts(words: Words, rows: Ints, own: Ints, likely: list[int]) -> list[_Part]:
    """The words, the likeliest first, or the phrase that each mostly stands in; none with the stem of another."""
    starts = np.searchsorted(words.rows, np.stack([rows, rows + 1]))
    at = np.concatenate([np.arange(start, end) for start, end in starts.T.tolist()]) if len(rows) else rows
    is_likely = np.zeros(len(words.folded), np.bool_)
    is_likely[likely] = True
    at = at[is_likely[words.words[at]]]
    said = list(
        zip(
            words.words[at].tolist(),
            words.written[at].tolist(),
            words.rows[at].tolist(),
            words.begins_sentence[at].tolist(),
            strict=True,
        )
    )
    follows = np.flatnonzero(np.diff(at) == 1)
    pairs = [(said[place], said[place + 1]) for place in follows.tolist()]
    pairs = [(left, right) for left, right in pairs if left[2] == right[2] and not right[3]]
    together = Counter((left, right) for left, right, _ in {(left[0], right[0], left[2]) for left, right in pairs})
    phrases: dict[int, tuple[int, int]] = {}
    for pair, count in sorted(together.items(), key=lambda item: (-item[1], [words.folded[one] for one in item[0]])):
        if count >= max(FEWEST_POSTS, FIRM * max(int(own[one]) for one in pair)) and not _same_stem(
            *(words.folded[one] for one in pair)
        ):
            for one in pair:
                phrases.setdefault(one, pair)
    chosen: list[tuple[int, ...]] = []
    used: list[str] = []
    for word in likely:
        for part in (phrases.get(word, (word,)), (word,)):
            folded = [words.folded[one] for one in part]
            if not any(_same_stem(one, other) for one in [*folded, "".join(folded)] for other in used):
                chosen.append(part)
                used += [*folded, "".join(folded)] if len(part) > 1 else folded
                break
        if len(chosen) > 2 * MOST_LABEL_WORDS:
            break
    written: dict[tuple[int, ...], list[tuple[bool, tuple[int, ...]]]] = {part: [] for part in chosen}
    for word, form, _, is_first in said:
        if (word,) in written:
            written[word,].append((is_first, (form,)))
    for left, right in pairs:
        if (left[0], right[0]) in written:
            written[left[0], right[0]].append((left[3], (left[1], right[1])))
    return [
        _Part(tuple(words.folded[one] for one in part), _spoken(forms, words.forms)) for part, forms in written.items()
    ]


def _spoken(forms: list[tuple[bool, tuple[int, ...]]], written: Sequence[str]) -> str:
    """How something is mostly written; where it begins a sentence only if it stands nowhere else."""
    inside = [form for is_first, form in forms if not is_first] or [form for _, form in forms]
    counted = Counter(tuple(written[one] for one in form) for form in inside)
    form, _ = max(counted.items(), key=lambda item: (item[1], " ".join(item[0]).islower(), item[0]))
    return ("" if all(re.match(f"[{UNSPACED}]", word) for word in form) else " ").join(form)


def _labels(parts: list[_Part]) -> Iterator[str]:
    """Labels from parts, the best first."""
    for skipped in range(max(len(parts) - 1, 1)):
        chosen = parts[:1]
        for part in parts[1 + skipped :]:
            if len(chosen) < LABEL_PARTS and sum(len(one.folded) for one in [*chosen, part]) <= MOST_LABEL_WORDS:
                chosen = [*chosen, part]
        if sum(len(part.folded) for part in chosen) >= FEWEST_LABEL_WORDS:
            yield ", ".join(part.spoken for part in chosen)
    if parts:
        yield parts[0].spoken


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


def _same_stem(left: str, right: str) -> bool:
    shorter, longer = sorted((left.replace("-", ""), right.replace("-", "")), key=len)
    if shorter == longer or (len(shorter) >= PART_OF and (longer.startswith(shorter) or longer.endswith(shorter))):
        return True
    alike = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    return alike >= 3 and alike >= SAME_STEM * len(longer)
