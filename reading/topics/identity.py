"""Topics that keep their identity: posts are read day by day, and a topic that is found again keeps its number.

The reading is a fold over the days on which posts were written. So it comes out the same whether each night brings one
day or one night brings them all, and a day costs what it holds: its posts go to the nearest topic that reaches them,
and a bounded sample of earlier posts is looked at again for what is new, what merged and what split.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from reading.topics.matching import NOWHERE, Ints, Matching, match

VERSION = 2
"""Raised when the same posts would come to other topics."""
SAMPLE = 4000
UNPLACED_SHARE = 0.4
"""The part of the sample that is for posts without a topic, the newest of them."""
MOST_TOPICS = 200
"""So many topics are active at most; what is found beyond has to wait."""

FIRST_FIT = 60
"""So many posts have to be there before topics are looked for."""
GROWTH = 0.25
"""All topics are fitted anew when this share of all posts came since …"""
MOST_POSTS_BETWEEN_FITS = 8000
"""… or so many."""
FEWEST_UNPLACED = 30
"""New topics are looked for when so many more posts fit nowhere …"""
NEW_UNPLACED = 0.2
"""… and this share of those in the sample that do; among the newest of them, as many as `LATEST_UNPLACED`."""
LATEST_UNPLACED = 600

STEP = 0.5
"""How far a topic that is found again moves towards where it was found."""
BEYOND_REACH = 0.1
"""A topic reaches as far as its posts in the sample do, all but this share of them."""
FRINGE = 0.8
"""Posts that are this near to a topic, measured by how near they are to each other, are no topic beside it."""
COHERENCE = 0.5
"""Posts that fit nowhere become a topic when they are as near to each other as in this quantile of the topics."""
TWINS = 0.94
"""Topics whose centroids are this near are one: the younger merges into the older, or is not born at all."""
WAKES = 3
"""Posts of one reading that wake a topic."""

Floats = npt.NDArray[np.float32]
Find = Callable[[Sequence[str], Floats], npt.NDArray[Any]]
"""Groups of posts from their texts and unit vectors: a label for each, -1 for a post that is in none."""
Describe = Callable[[Sequence[str], Ints, Floats], Sequence[Any]]
"""For each group, in the order of the labels, something with a `label` and `terms`, pairs of word and weight."""
Status = Literal["active", "asleep", "merged"]


@dataclass(slots=True)
class Topic:
    """A topic as the reading knows it."""

    number: int
    centroid: Floats
    """Mean direction of its posts, of length 1."""
    reach: float
    """The least cosine similarity to the centroid with which a post belongs to it."""
    born_date: date
    last_seen_date: date
    status: Status = "active"
    merged_into: int | None = None
    name: str = ""
    terms: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class SampledPost:
    """A post that the next fit looks at."""

    post_id: str
    text: str
    vector: Floats
    number: int
    """Of its topic, or `NOWHERE`."""
    reading: int
    """Number of the reading that brought it."""
    kept_from: date
    """The newest day that was known when it was read."""


class Event(NamedTuple):
    """What happened to a topic: born, split (off from `other`), merged (into `other`), asleep or woke."""

    event_date: date
    number: int
    event: Literal["born", "split", "merged", "asleep", "woke"]
    other: int | None
    share: float | None
    """The part of the topic split, or merged, that went over; of its posts in the sample."""
    posts_count: int
    """Posts that the event rests on: those in the sample that went over, or those of the day that woke it."""


class Progress(NamedTuple):
    """How far the reading has come."""

    readings: int = 0
    posts: int = 0
    posts_since_fit: int = 0
    unplaced_since_fit: int = 0
    """Posts that fit nowhere since topics were last looked for, among all or among those that fit nowhere."""
    newest_date: date = date.min


NOTHING_READ = Progress()


class Placed(NamedTuple):
    """Where the posts of one reading went at first; `Reading.moves` and merged topics tell where they are now."""

    numbers: Ints
    similarities: Floats
    """Cosine similarity to the topic's centroid; NaN for a post that fits nowhere."""
    shaping_count: int
    """Posts that had a say in what is a topic."""
    unplaced_count: int
    """Those of them that fit nowhere."""
    fit: Literal["all", "new"] | None
    """What was looked at again after them."""


class Reading:
    """Topics and a sample of their posts, ready for the next day's."""

    def __init__(
        self,
        find: Find,
        describe: Describe,
        *,
        topics: Sequence[Topic] = (),
        sample: Sequence[SampledPost] = (),
        progress: Progress = NOTHING_READ,
        sample_size: int = SAMPLE,
        asleep_after_days: int = 30,
    ) -> None:
        self._find, self._describe = find, describe
        self._most_unplaced = int(sample_size * UNPLACED_SHARE)
        self._most_placed = sample_size - self._most_unplaced
        self._asleep_after = timedelta(days=asleep_after_days)
        self.topics = {topic.number: topic for topic in topics}
        self.sample = list(sample)
        """In the order in which they were read."""
        self.progress = progress
        self.moves: dict[str, tuple[int, float]] = {}
        """Topic and similarity of posts that have another topic since they were placed."""
        self.events: list[Event] = []

    def read(
        self, day: date, post_ids: Sequence[str], texts: Sequence[str], vectors: Floats, shapes: npt.NDArray[np.bool_]
    ) -> Placed:
        """Place posts of one day. Those that `shapes` leaves out are placed like all and have no say in what is one."""
        numbers, similarities = self._place(vectors)
        shaping = np.flatnonzero(shapes & vectors.any(axis=1))
        unplaced = int((numbers[shaping] == NOWHERE).sum())
        before = self.progress
        self.progress = Progress(
            before.readings + 1,
            before.posts + len(shaping),
            before.posts_since_fit + len(shaping),
            before.unplaced_since_fit + unplaced,
            max(before.newest_date, day),
        )
        self._see(day, numbers)
        self._keep(post_ids, texts, vectors, numbers, shaping)
        fit = self._due()
        if fit:
            self._fit(day, fit)
        self._let_sleep()
        similarities = np.where(numbers == NOWHERE, np.float32(np.nan), similarities)
        return Placed(numbers, similarities, len(shaping), unplaced, fit)

    def today(self, number: int) -> int:
        """The topic that a topic has become part of, itself if it is none."""
        while number in self.topics and (into := self.topics[number].merged_into) is not None:
            number = into
        return number

    # Each day -----------------------------------------------------------------------------------------

    def _place(self, vectors: Floats) -> tuple[Ints, Floats]:
        """For each post the nearest of the topics that reach it, and how near it is."""
        alive = self._alive()
        if not alive or not len(vectors):
            return np.full(len(vectors), NOWHERE), np.full(len(vectors), np.nan, np.float32)
        similarities = vectors @ np.stack([topic.centroid for topic in alive]).T
        similarities[similarities < np.array([topic.reach for topic in alive], np.float32)] = -np.inf
        nearest = similarities.argmax(axis=1)
        best = similarities[np.arange(len(vectors)), nearest]
        numbers = np.array([topic.number for topic in alive])[nearest]
        return np.where(np.isfinite(best), numbers, NOWHERE), best

    def _alive(self) -> list[Topic]:
        """The topics that posts may go to: the active, and of those asleep as many as there is room for."""
        standing = [topic for topic in self.topics.values() if topic.status != "merged"]
        standing.sort(key=lambda topic: (topic.status, -topic.last_seen_date.toordinal(), topic.number))
        return sorted(standing[: 2 * MOST_TOPICS], key=lambda topic: topic.number)

    def _see(self, day: date, numbers: Ints) -> None:
        for number, count in sorted(Counter(numbers.tolist()).items()):
            if number == NOWHERE:
                continue
            topic = self.topics[number]
            topic.last_seen_date = max(topic.last_seen_date, day)
            is_awake = self.progress.newest_date - topic.last_seen_date <= self._asleep_after
            if topic.status == "asleep" and count >= WAKES and is_awake:
                topic.status = "active"
                self.events.append(Event(day, number, "woke", None, None, count))

    def _let_sleep(self) -> None:
        newest = self.progress.newest_date
        for topic in self.topics.values():
            if topic.status == "active" and newest - topic.last_seen_date > self._asleep_after:
                topic.status = "asleep"
                self.events.append(Event(newest, topic.number, "asleep", None, None, 0))

    def _keep(
        self, post_ids: Sequence[str], texts: Sequence[str], vectors: Floats, numbers: Ints, shaping: Ints
    ) -> None:
        """Take posts into the sample, and let go those beyond its size: the oldest unplaced, of the others by hash."""
        number, newest = self.progress.readings, self.progress.newest_date
        for place in shaping.tolist():
            self.sample.append(
                SampledPost(post_ids[place], texts[place], vectors[place].copy(), int(numbers[place]), number, newest)
            )
        placed = [post for post in self.sample if post.number != NOWHERE]
        unplaced = len(self.sample) - len(placed)
        if len(placed) <= self._most_placed and unplaced <= self._most_unplaced:
            return
        chosen = {post.post_id for post in sorted(placed, key=_rank)[: self._most_placed]}
        skipped = max(unplaced - self._most_unplaced, 0)
        kept: list[SampledPost] = []
        for post in self.sample:
            if post.number != NOWHERE:
                kept += [post] if post.post_id in chosen else []
            elif skipped:
                skipped -= 1
            else:
                kept.append(post)
        self.sample = kept

    # Looking again ------------------------------------------------------------------------------------

    def _due(self) -> Literal["all", "new"] | None:
        progress = self.progress
        if progress.posts_since_fit >= max(FIRST_FIT, min(GROWTH * progress.posts, MOST_POSTS_BETWEEN_FITS)):
            return "all"
        unplaced = sum(post.number == NOWHERE for post in self.sample)
        if self.topics and progress.unplaced_since_fit >= max(FEWEST_UNPLACED, NEW_UNPLACED * unplaced):
            return "new"
        return None

    def _fit(self, day: date, what: Literal["all", "new"]) -> None:
        """Find groups in the sample, or among its posts that fit nowhere, and see which topics they are."""
        newest = self.progress.newest_date
        self.sample = [post for post in self.sample if newest - post.kept_from <= self._asleep_after]
        self.progress = self.progress._replace(unplaced_since_fit=0)
        if what == "all":
            self.progress = self.progress._replace(posts_since_fit=0)
        if not self.sample:
            return
        vectors = np.stack([post.vector for post in self.sample])
        before = np.array([post.number for post in self.sample])
        groups = self._groups(vectors, before, what)
        matching = match(before, groups)
        self._keep_apart(matching, groups, vectors, before)
        numbers_of = self._take_over(day, matching, groups, vectors, before)
        now = self._settled(before, groups, matching, numbers_of, vectors)
        nearest, _ = self._place(vectors)
        now = np.where(now == NOWHERE, nearest, now)
        self._move(now, vectors)
        self._name(now, set(numbers_of.values()), vectors)

    def _groups(self, vectors: Floats, before: Ints, what: Literal["all", "new"]) -> Ints:
        """A label for each post of the sample, -1 for none."""
        looked_at = np.arange(len(before)) if what == "all" else np.flatnonzero(before == NOWHERE)[-LATEST_UNPLACED:]
        groups = np.full(len(before), -1)
        groups[looked_at] = self._find([self.sample[place].text for place in looked_at], vectors[looked_at])
        if what == "new":
            self._drop_loose(groups, vectors, before)
        return groups

    def _drop_loose(self, groups: Ints, vectors: Floats, before: Ints) -> None:
        """Unmake groups that hang together less than topics do, or are the fringe of one."""
        alive = self._alive()
        centroids = np.stack([topic.centroid for topic in alive])
        inside = [
            float((vectors[before == topic.number] @ topic.centroid).mean())
            for topic in alive
            if (before == topic.number).any()
        ]
        least = np.quantile(inside, COHERENCE) if inside else 0.0
        for group in np.unique(groups[groups >= 0]):
            members = vectors[groups == group]
            nearness = float((members @ _unit(members.mean(axis=0))).mean())
            if nearness < least or float((members @ centroids.T).mean(axis=0).max()) > FRINGE * nearness:
                groups[groups == group] = -1

    def _keep_apart(self, matching: Matching, groups: Ints, vectors: Floats, before: Ints) -> None:
        """Leave a topic as it is whose posts are nearer to each other than to the rest of what it would merge into."""
        for number, group in sorted(matching.merged.items()):
            is_of_topic = before == number
            others = vectors[(groups == group) & ~is_of_topic]
            to_others = float((vectors[is_of_topic] @ _unit(others.mean(axis=0))).mean())
            if to_others < FRINGE * float((vectors[is_of_topic] @ self.topics[number].centroid).mean()):
                del matching.merged[number]
                groups[is_of_topic] = -1

    def _take_over(self, day: date, matching: Matching, groups: Ints, vectors: Floats, before: Ints) -> dict[int, int]:
        """Let the matching come true; the topic of each group that is one."""
        numbers_of = dict(matching.continues)
        for group, number in matching.continues.items():
            topic, members = self.topics[number], vectors[groups == group]
            topic.centroid = _unit((1 - STEP) * topic.centroid + STEP * _unit(members.mean(axis=0)))
            topic.reach = _reach(members, topic.centroid)
        room = MOST_TOPICS - sum(topic.status == "active" for topic in self.topics.values())
        for group in sorted([*matching.split, *matching.born]):
            members = vectors[groups == group]
            twin = self._twin(middle(members)[0])
            if twin != NOWHERE:
                numbers_of[group] = twin
                continue
            if room <= 0:
                continue
            room -= 1
            number = max(self.topics, default=NOWHERE) + 1
            self.topics[number] = Topic(number, *middle(members), day, day)
            numbers_of[group] = number
            parent = matching.split.get(group)
            share = None if parent is None else float((groups[before == parent] == group).mean())
            kind: Literal["born", "split"] = "born" if parent is None else "split"
            self.events.append(Event(day, number, kind, parent, share, len(members)))
        for number, group in sorted(matching.merged.items()):
            topic, into = self.topics[number], matching.continues[group]
            topic.status, topic.merged_into = "merged", into
            went_over = groups[before == number] == group
            self.events.append(Event(day, number, "merged", into, float(went_over.mean()), int(went_over.sum())))
            heir = self.topics[into]
            heir.last_seen_date = max(heir.last_seen_date, topic.last_seen_date)
        self._merge_twins(day, before)
        return {group: self.today(number) for group, number in numbers_of.items()}

    def _twin(self, centroid: Floats, before: int | None = None) -> int:
        """The oldest active topic, of those with a number before another's, that is as near as a twin; or `NOWHERE`."""
        active = (topic for topic in self.topics.values() if topic.status == "active")
        return min(
            (
                topic.number
                for topic in active
                if (before is None or topic.number < before) and float(topic.centroid @ centroid) >= TWINS
            ),
            default=NOWHERE,
        )

    def _merge_twins(self, day: date, before: Ints) -> None:
        for number, topic in sorted(self.topics.items()):
            if topic.status == "active" and (into := self._twin(topic.centroid, number)) != NOWHERE:
                topic.status, topic.merged_into = "merged", into
                self.events.append(Event(day, number, "merged", into, 1.0, int((before == number).sum())))
                heir = self.topics[into]
                heir.last_seen_date = max(heir.last_seen_date, topic.last_seen_date)

    def _settled(
        self, before: Ints, groups: Ints, matching: Matching, numbers_of: dict[int, int], vectors: Floats
    ) -> Ints:
        """The topic of each post after a fit: that of its group.

        But a post stays where it is when its topic was found again, its group is another old one, and it is no nearer
        to that: else posts on the border would go to and fro.
        """
        now = np.array([self.today(number) for number in before.tolist()])
        nearness = np.full(len(now), -1.0)
        for number in np.unique(now[now != NOWHERE]).tolist():
            nearness[now == number] = vectors[now == number] @ self.topics[number].centroid
        is_found_again = np.isin(now, list(matching.continues.values()))
        for group, number in numbers_of.items():
            joins = groups == group
            if group in matching.continues:
                joins &= ~(is_found_again & (nearness >= vectors @ self.topics[number].centroid))
            now[joins] = number
        return now

    def _move(self, now: Ints, vectors: Floats) -> None:
        for place, (post, number) in enumerate(zip(self.sample, now.tolist(), strict=True)):
            if number != self.today(post.number):
                self.moves[post.post_id] = (number, float(vectors[place] @ self.topics[number].centroid))
            post.number = number

    def _name(self, now: Ints, found: set[int], vectors: Floats) -> None:
        """Name the topics that have no name yet, and say of all that were found which words set them apart."""
        there, labels = np.unique(now[now != NOWHERE], return_inverse=True)
        label_of = np.full(len(now), -1)
        label_of[now != NOWHERE] = labels
        if not found:
            return
        described = self._describe([post.text for post in self.sample], label_of, vectors)
        for number, words in zip(there.tolist(), described, strict=True):
            topic = self.topics[number]
            if number in found or not topic.name:
                topic.terms = tuple(words.terms)
                topic.name = topic.name or self._free_name(words.label, topic)

    def _free_name(self, name: str, topic: Topic) -> str:
        """A name whose words no other topic has: with a word more, or with its number; without any words that alone."""
        if not topic.terms:
            return f"topic {topic.number}"
        taken = {_same_name(other.name) for other in self.topics.values()}
        words = [word for word, _ in topic.terms if word.casefold() not in name.casefold()]
        longer = (f"{name} {word}".strip() for word in words)
        return next(choice for choice in (name, *longer, f"{name} {topic.number}") if _same_name(choice) not in taken)


def _same_name(name: str) -> frozenset[str]:
    """The same for names of the same words in another order."""
    return frozenset(name.casefold().replace(",", " ").split())


def middle(members: Floats) -> tuple[Floats, float]:
    """Centroid and reach of a topic from the vectors of its posts; of vectors of zeros one that reaches nothing."""
    centroid = _unit(members.mean(axis=0))
    return centroid, _reach(members, centroid) if centroid.any() else 2.0


def _unit(vector: Floats) -> Floats:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)


def _reach(members: Floats, centroid: Floats) -> float:
    return float(np.quantile(members @ centroid, BEYOND_REACH))


def _rank(post: SampledPost) -> tuple[int, str]:
    """Order by which posts stay in the sample: by chance, and the same each time."""
    return zlib.crc32(post.post_id.encode()), post.post_id
