"""Topics keep their numbers: found again, merged, split, asleep and awake, however the days come in nights."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading.topics import identity
from reading.topics.identity import Event, Placed, Reading
from reading.topics.matching import NOWHERE, Matching, match

FIRST = date(2026, 3, 1)
DIMENSIONS = 24
AXES = {word: place for place, word in enumerate(("bags", "delays", "seats", "meals", "apps", "refunds"))}


NEAR = {"luggage": ("bags", 0.5), "baggage": ("bags", 0.2)}
"""Words that point nearly where another does, and how far they lean away; the second is its twin."""


class Words(NamedTuple):
    """What a stand-in says of a group."""

    label: str
    terms: tuple[tuple[str, float], ...]


@dataclass
class Finder:
    """Puts posts into groups by their first word; tests say which words are one group, and which are in none."""

    together: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    fewest: int = 5

    def find(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        words = [self.together.get(text.split()[0], text.split()[0]) for text in texts]
        large = sorted(word for word in set(words) - self.hidden if words.count(word) >= self.fewest)
        return np.array([large.index(word) if word in large else -1 for word in words], int)

    def describe(self, texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray) -> list[Words]:
        first = {label: text.split()[0] for text, label in reversed(list(zip(texts, labels.tolist(), strict=True)))}
        return [Words(first[label], ((first[label], 1.0), ("thing", 0.5))) for label in range(max(first) + 1)]


@pytest.fixture
def finder() -> Finder:
    return Finder()


@pytest.fixture
def start(finder: Finder) -> Callable[..., Reading]:
    """A reading that knows nothing yet."""
    return lambda **more: Reading(finder.find, finder.describe, **more)


def vectors_of(texts: Sequence[str]) -> np.ndarray:
    """Texts with the same first word point nearly the same way; a text of an unknown word points nowhere."""
    rows = np.zeros((len(texts), DIMENSIONS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        word = text.split()[0]
        near, lean = NEAR.get(word, (word, 0))
        axis = AXES.get(near)
        if axis is not None:
            row[axis] = 1
            row[-1] = lean
            row[len(AXES) + int(text.split()[1]) % (DIMENSIONS - len(AXES) - 1)] = 0.4
            row /= np.linalg.norm(row)
    return rows


def posts(**counts: int) -> list[str]:
    """So many posts on each word, one after the other."""
    return [f"{word} {number}" for word, count in counts.items() for number in range(count)]


def read(reading: Reading, day: int, texts: list[str], *, team: bool = False) -> Placed:
    """Read posts of a day; their ids are the day and their text."""
    ids = [f"{day}:{place}:{text}" for place, text in enumerate(texts)]
    shapes = np.full(len(texts), not team)
    return reading.read(FIRST + timedelta(days=day), ids, texts, vectors_of(texts), shapes)


def names(reading: Reading) -> dict[int, str]:
    return {number: topic.name for number, topic in reading.topics.items()}


def happened(reading: Reading) -> list[tuple[int, str, int, int | None]]:
    """Day, event, topic and other topic."""
    return [((event.event_date - FIRST).days, event.event, event.number, event.other) for event in reading.events]


# Finding and placing -----------------------------------------------------------------------------------


def test_topics_are_born_when_enough_posts_are_there(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=20))
    assert names(reading) == {}
    read(reading, 1, posts(bags=20, delays=25))
    assert names(reading) == {1: "bags", 2: "delays"}
    assert reading.events == [
        Event(FIRST + timedelta(days=1), 1, "born", None, None, 40),
        Event(FIRST + timedelta(days=1), 2, "born", None, None, 25),
    ]


def test_posts_read_before_a_topic_was_found_move_into_it(start: Callable[..., Reading]) -> None:
    reading = start()
    placed = read(reading, 0, posts(bags=40, delays=40))
    assert set(placed.numbers.tolist()) == {NOWHERE}
    assert np.isnan(placed.similarities).all()
    assert {number for number, _ in reading.moves.values()} == {1, 2}
    assert len(reading.moves) == 80
    assert all(0.8 < similarity <= 1 for _, similarity in reading.moves.values())


def test_a_post_goes_to_the_nearest_topic_that_reaches_it_or_to_none(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, delays=40))
    placed = read(reading, 1, ["delays 3", "meals 3", "hm 0"])
    assert placed.numbers.tolist() == [2, NOWHERE, NOWHERE]
    assert placed.similarities[0] == pytest.approx(vectors_of(["delays 3"])[0] @ reading.topics[2].centroid)
    assert (placed.shaping_count, placed.unplaced_count, placed.fit) == (2, 1, None)


def test_a_topic_that_is_found_again_keeps_number_and_name(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, delays=40))
    finder.together = {"bags": "luggage"}
    placed = read(reading, 1, posts(bags=60, delays=60))
    assert placed.fit == "all"
    assert names(reading) == {1: "bags", 2: "delays"}
    assert len(reading.events) == 2


def test_a_new_topic_is_found_among_what_fits_nowhere(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=400, delays=400))
    placed = read(reading, 1, posts(bags=20, meals=30))
    assert placed.fit == "new"
    assert happened(reading)[2:] == [(1, "born", 3, None)]
    assert names(reading)[3] == "meals"
    assert sorted(reading.moves)[-30:] == sorted(f"1:{place}:meals {place - 20}" for place in range(20, 50))


def test_the_fringe_of_a_topic_is_no_topic_of_its_own(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    read(reading, 0, posts(bags=400, delays=400))
    for topic in reading.topics.values():
        topic.reach = 0.99  # so that posts just like the others are beyond it
    assert read(reading, 1, posts(bags=40)).fit == "new"
    assert len(reading.events) == 2


def test_what_a_team_writes_is_placed_and_has_no_say(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(seats=100), team=True)
    assert (names(reading), len(reading.sample)) == ({}, 0)
    read(reading, 1, posts(bags=60))
    assert read(reading, 2, posts(bags=2), team=True).numbers.tolist() == [1, 1]
    assert reading.progress.posts == 60


def test_two_topics_never_have_the_same_name(finder: Finder) -> None:
    def describe(texts: Sequence[str], labels: np.ndarray, vectors: np.ndarray) -> list[Words]:
        return [Words("thing", (("thing", 1.0), ("other", 0.5)))] * (int(labels.max()) + 1)

    reading = Reading(finder.find, describe)
    read(reading, 0, posts(bags=30, delays=30, seats=30))
    assert names(reading) == {1: "thing", 2: "thing other", 3: "thing 3"}


# What happens to topics --------------------------------------------------------------------------------


def test_a_group_as_near_to_a_topic_as_a_twin_is_part_of_it(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, baggage=30, delays=30))
    assert names(reading) == {1: "bags", 2: "delays"}
    assert happened(reading) == [(0, "born", 1, None), (0, "born", 2, None)]
    assert {post.number for post in reading.sample if not post.text.startswith("delays")} == {1}
    read(reading, 1, posts(bags=40, baggage=40))
    assert len(happened(reading)) == 2


def test_topics_that_have_become_twins_merge_into_the_older(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, delays=40))
    middle = reading.topics[1].centroid
    reading.topics[2].centroid = identity._unit(0.3 * reading.topics[2].centroid + middle)
    reading._merge_twins(FIRST, np.array([post.number for post in reading.sample]))
    assert reading.events[2:] == [Event(FIRST, 2, "merged", 1, 1.0, 40)]
    assert reading.today(2) == 1


def test_topics_that_are_found_as_one_merge_into_the_larger(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, luggage=60))
    finder.together = {"bags": "luggage"}
    read(reading, 1, posts(luggage=60))
    assert happened(reading)[2:] == [(1, "merged", 1, 2)]
    assert (reading.topics[1].status, reading.topics[1].merged_into) == ("merged", 2)
    assert reading.today(1) == 2
    assert {post.number for post in reading.sample} == {2}
    assert (reading.events[-1].share, reading.events[-1].posts_count) == (1.0, 40)


def test_nothing_comes_to_a_topic_that_merged(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, luggage=60))
    finder.together = {"bags": "luggage"}
    read(reading, 1, posts(luggage=60))
    assert read(reading, 2, posts(bags=3, luggage=3)).numbers.tolist() == [2] * 6


def test_topics_far_from_each_other_stay_apart_though_found_as_one(
    start: Callable[..., Reading], finder: Finder
) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, delays=60))
    finder.together = {"bags": "trouble", "delays": "trouble"}
    read(reading, 1, posts(bags=30, delays=30))
    assert happened(reading)[2:] == []
    assert {(post.number, post.text.split()[0]) for post in reading.sample} == {(1, "bags"), (2, "delays")}


def test_a_part_of_a_topic_that_is_found_alone_splits_off(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    finder.together = {"bags": "trouble", "delays": "trouble"}
    read(reading, 0, posts(bags=60, delays=40))
    finder.together = {}
    read(reading, 1, posts(bags=40, delays=20))
    assert happened(reading) == [(0, "born", 1, None), (1, "split", 2, 1)]
    assert names(reading) == {1: "bags", 2: "delays"}
    assert {number for number, _ in reading.moves.values()} == {1, 2}
    assert {post.text.split()[0] for post in reading.sample if post.number == 2} == {"delays"}


def test_a_small_part_stays(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    finder.together = {"bags": "trouble", "delays": "trouble"}
    read(reading, 0, posts(bags=100, delays=8))
    finder.together = {}
    assert read(reading, 1, posts(bags=70)).fit == "all"
    assert happened(reading) == [(0, "born", 1, None)]
    assert {post.number for post in reading.sample} == {1}


def test_a_post_does_not_go_over_to_another_old_topic_that_it_is_no_nearer_to(
    start: Callable[..., Reading], finder: Finder
) -> None:
    reading = start()
    read(reading, 0, posts(bags=60, delays=60))
    before = {post.post_id: post.number for post in reading.sample}
    one_of_each = {"bags 7", "delays 9"}

    def wrong_of_two(texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        return np.array([(text.split()[0] == "bags") != (text in one_of_each) for text in texts], int)

    again = Reading(
        wrong_of_two,
        finder.describe,
        topics=list(reading.topics.values()),
        sample=reading.sample,
        progress=reading.progress,
    )
    assert read(again, 1, posts(bags=40, delays=40)).fit == "all"
    assert {post.post_id: post.number for post in again.sample if post.post_id in before} == before


def test_a_topic_that_is_not_found_again_stays_as_it_was(start: Callable[..., Reading], finder: Finder) -> None:
    reading = start()
    read(reading, 0, posts(bags=40, delays=40))
    before = deepcopy(reading.topics[2])
    finder.hidden = {"delays"}
    read(reading, 1, posts(bags=60))
    after = reading.topics[2]
    assert after.status == "active"
    assert np.array_equal(after.centroid, before.centroid)
    assert happened(reading)[2:] == []


def test_a_topic_falls_asleep_and_wakes_when_it_is_spoken_of_again(start: Callable[..., Reading]) -> None:
    reading = start(asleep_after_days=10)
    read(reading, 0, posts(bags=40, delays=40))
    read(reading, 10, posts(bags=2))
    assert happened(reading)[2:] == []
    read(reading, 11, posts(bags=2))
    assert happened(reading)[2:] == [(11, "asleep", 2, None)]
    assert read(reading, 12, posts(delays=2)).numbers.tolist() == [2, 2]
    assert reading.topics[2].status == "asleep"
    read(reading, 13, posts(delays=3))
    assert happened(reading)[3:] == [(13, "woke", 2, None)]
    assert reading.topics[2].status == "active"


def test_old_posts_that_come_late_are_placed_and_wake_nothing(start: Callable[..., Reading]) -> None:
    reading = start(asleep_after_days=10)
    read(reading, 0, posts(bags=40, delays=40))
    read(reading, 20, posts(bags=5))
    assert read(reading, 1, posts(delays=5)).numbers.tolist() == [2] * 5
    assert (reading.topics[2].status, reading.topics[2].last_seen_date) == ("asleep", FIRST + timedelta(days=1))
    assert happened(reading)[2:] == [(20, "asleep", 2, None)]
    assert reading.progress.newest_date == FIRST + timedelta(days=20)


# Bounds ------------------------------------------------------------------------------------------------


def test_the_sample_is_bounded_and_keeps_the_newest_of_what_fits_nowhere(start: Callable[..., Reading]) -> None:
    reading = start(sample_size=500)
    for day in range(10):
        read(reading, day, posts(bags=200) + [f"meals {day}", *(f"apps {number}" for number in range(4))])
    placed = [post for post in reading.sample if post.number != NOWHERE]
    assert len(placed) <= 300
    assert len(reading.sample) <= 500
    unplaced = [post.reading for post in reading.sample if post.number == NOWHERE]
    assert unplaced == sorted(unplaced)


def test_old_posts_leave_the_sample(start: Callable[..., Reading]) -> None:
    reading = start(asleep_after_days=5)
    read(reading, 0, posts(bags=80))
    read(reading, 30, posts(delays=80))
    assert {post.text.split()[0] for post in reading.sample} == {"delays"}


def test_there_are_never_more_topics_than_allowed(
    start: Callable[..., Reading], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "MOST_TOPICS", 2)
    reading = start()
    read(reading, 0, posts(bags=30, delays=30, meals=30))
    assert names(reading) == {1: "bags", 2: "delays"}
    assert {post.number for post in reading.sample if post.text.startswith("meals")} == {NOWHERE}


def test_posts_without_meaning_are_placed_nowhere_and_not_kept(start: Callable[..., Reading]) -> None:
    reading = start()
    assert read(reading, 0, ["hm 1"] * 100).numbers.tolist() == [NOWHERE] * 100
    assert (reading.sample, reading.progress.posts, reading.events) == ([], 0, [])


def test_a_day_without_posts_changes_nothing_but_the_count_of_readings(start: Callable[..., Reading]) -> None:
    reading = start()
    read(reading, 0, posts(bags=80))
    before = deepcopy((reading.topics[1].last_seen_date, len(reading.sample), reading.events))
    reading.read(FIRST, [], [], np.zeros((0, DIMENSIONS), np.float32), np.zeros(0, bool))
    assert (reading.topics[1].last_seen_date, len(reading.sample), reading.events) == before


# Nights ------------------------------------------------------------------------------------------------


def _resumed(reading: Reading, finder: Finder) -> Reading:
    """The reading as the next night finds it."""
    return Reading(
        finder.find,
        finder.describe,
        topics=deepcopy(list(reading.topics.values())),
        sample=deepcopy(reading.sample),
        progress=reading.progress,
        sample_size=500,
        asleep_after_days=3,
    )


def _walk(days: list[list[str]], is_night_end: Iterator[bool]) -> tuple[dict[str, int], list[Event], list[object]]:
    finder = Finder()
    reading = Reading(finder.find, finder.describe, sample_size=500, asleep_after_days=3)
    topics: dict[str, int] = {}
    events: list[Event] = []
    for day, texts in enumerate(days):
        placed = read(reading, day, texts)
        topics |= {f"{day}:{place}:{texts[place]}": number for place, number in enumerate(placed.numbers.tolist())}
        topics |= {post_id: number for post_id, (number, _) in reading.moves.items()}
        if next(is_night_end):
            events += reading.events
            reading = _resumed(reading, finder)
    state = [(topic.number, topic.name, topic.status, topic.reach, topic.terms) for topic in reading.topics.values()]
    return {post: reading.today(number) for post, number in topics.items()}, events + reading.events, [*state]


@given(
    days=st.lists(
        st.lists(st.tuples(st.sampled_from(sorted(AXES)), st.integers(1, 40)), max_size=4), min_size=1, max_size=8
    ),
    ends=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_days_give_the_same_topics_whichever_nights_bring_them(
    days: list[list[tuple[str, int]]], ends: list[bool]
) -> None:
    texts = [[text for word, count in day for text in posts(**{word: count})] for day in days]
    at_once = _walk(texts, iter([False] * len(days)))
    assert _walk(texts, iter(ends)) == at_once


# Matching ----------------------------------------------------------------------------------------------


def matched(before: str, groups: str) -> Matching:
    """Topics as digits, 0 for none, and groups as letters, - for none, of the same posts."""
    return match(
        np.array([int(digit) for digit in before]),
        np.array([-1 if letter == "-" else ord(letter) - ord("a") for letter in groups]),
    )


@pytest.mark.parametrize(
    ("before", "groups", "expected"),
    [
        ("", "", Matching({}, {}, {}, [])),
        ("0000", "aabb", Matching({}, {}, {}, [0, 1])),
        ("1122", "bbaa", Matching({1: 1, 0: 2}, {}, {}, [])),
        ("1111222", "aaaaaaa", Matching({0: 1}, {2: 0}, {}, [])),
        ("11111111", "aaaaabbb", Matching({0: 1}, {}, {1: 1}, [])),
        ("1111111100", "aaaaaaaabb", Matching({0: 1}, {}, {}, [1])),
        ("111222", "------", Matching({}, {}, {}, [])),
        ("11112222", "aaaabbb-", Matching({0: 1, 1: 2}, {}, {}, [])),
    ],
    ids=["nothing", "born", "renumbered", "merged", "split", "born beside", "none found", "one lost"],
)
def test_matching_says_what_became_of_each_topic(before: str, groups: str, expected: Matching) -> None:
    assert matched(before, groups) == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), max_size=60))
def test_each_group_and_each_topic_has_one_fate_at_most(pairs: list[tuple[int, int]]) -> None:
    before, groups = (np.array([pair[place] for pair in pairs], int) for place in (0, 1))
    found = match(before, groups)
    continued = list(found.continues.values())
    assert len(set(continued)) == len(continued)
    assert not set(found.merged) & set(continued)
    assert set(found.merged.values()) <= set(found.continues)
    assert set(found.split.values()) <= set(continued)
    assert not set(found.continues) & {*found.split, *found.born}
    assert not set(found.split) & set(found.born)
