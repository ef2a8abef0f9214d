"""What people say of posts: kept for good, once, by whoever says it; and the one answer that follows from it."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.people import labels as store
from pipelines.people.labels import QUESTIONS, Label
from pipelines.store.home import Home
from pipelines.store.warehouse import open_warehouse

NewHome = Callable[..., Home]


def at(minute: int) -> datetime:
    return datetime(2026, 3, 5, 9, minute)


def said(value: str | None, by: str = "ana", minute: int = 0, task: str = "sentiment", mention: str = "m:1") -> Label:
    return Label(mention, task, "text", by, at(minute), value)


# Answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "words", "answer"),
    [
        ("sentiment", "negative", "negative"),
        ("sentiment", " NEG ", "negative"),
        ("intent", "question, complaint", "complaint | question"),
        ("intent", "bug report|praise", "bug_report | praise"),
        ("intent", "praise praise", "praise"),
        ("intent", "none", "none"),
        ("moderation", "personal data", "personal-data"),
        ("moderation", "fine", "fine"),
        ("moderation", "Guideline:no-ads spam", "guideline:no-ads | spam"),
        ("topic", "  Lost   Luggage ", "lost luggage"),
        ("topic", "None", "none"),
        ("account", "bot repeater", "bot | repeater"),
        ("account", "nei", "neither"),
    ],
)
def test_words_stand_for_an_answer(task: str, words: str, answer: str) -> None:
    assert store.meant(task, words) == answer


@pytest.mark.parametrize(
    ("task", "words", "told"),
    [
        ("sentiment", "ne", "Expected one of positive, neutral, negative"),
        ("sentiment", "meh", "what is 'meh'"),
        ("sentiment", "", "expected one of positive"),
        ("intent", "none | praise", "expected none, or some of bug_report"),
        ("intent", "", "expected none, or some of"),
        ("moderation", "fine spam", "expected fine, or some of hate"),
        ("topic", "two\x1b[31mred", "a few words"),
        ("topic", "x" * 81, "at most 80 characters"),
    ],
)
def test_what_is_no_answer_is_told_what_was_expected(task: str, words: str, told: str) -> None:
    with pytest.raises(InputError, match=told.replace("[", r"\[")):
        store.meant(task, words)


@given(st.sampled_from(sorted(QUESTIONS)), st.text(max_size=200))
def test_any_words_are_an_answer_or_a_fault_that_can_be_mended(task: str, words: str) -> None:
    try:
        answer = store.meant(task, words)
    except InputError:
        return
    assert store.meant(task, answer) == answer
    assert answer.isprintable()


# The file ----------------------------------------------------------------------------------------------


def test_labels_come_back_as_they_were_given(new_home: NewHome) -> None:
    home = new_home()
    assert store.read(home) == []
    first, second = said("negative"), said("lost luggage – naïve 🧳", by="Zoë", minute=1, task="topic")
    store.add(home, [first])
    store.add(home, [second])
    assert store.read(home) == [first, second]
    assert len(home.labels.read_text(encoding="utf-8").splitlines()) == 2


def test_a_line_given_twice_counts_once(new_home: NewHome) -> None:
    home = new_home()
    store.add(home, [said("negative")])
    home.labels.write_bytes(home.labels.read_bytes() * 2)
    assert store.read(home) == [said("negative")]


def test_a_line_that_was_cut_off_costs_itself_alone(new_home: NewHome, caplog: pytest.LogCaptureFixture) -> None:
    home = new_home()
    store.add(home, [said("negative")])
    with home.labels.open("ab") as file:
        file.write(b'{"mention_id": "m:2", "task": "senti')
    store.add(home, [said("positive", mention="m:3")])
    with caplog.at_level(logging.WARNING):
        assert store.read(home) == [said("negative"), said("positive", mention="m:3")]
    assert "line 2 is no label" in caplog.text


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"7",
        b"\xff\xfe",
        b'{"mention_id": "m:1"}',
        json.dumps({**said("x")._asdict(), "labelled_at": "yesterday"}).encode(),
        json.dumps({**said("x")._asdict(), "labelled_at": "2026-03-05T09:00:00+02:00"}).encode(),
        json.dumps({**said("x")._asdict(), "labelled_at": "2026-03-05T09:00:00", "value": 3}).encode(),
        json.dumps({**said("x")._asdict(), "labelled_at": "2026-03-05T09:00:00", "task": "mood"}).encode(),
        json.dumps({**said("x")._asdict(), "labelled_at": "2026-03-05T09:00:00", "colour": "red"}).encode(),
        json.dumps({**said("angry")._asdict(), "labelled_at": "2026-03-05T09:00:00", "mention_id": "m:2"}).encode(),
        json.dumps(
            {**said("neutral")._asdict(), "labelled_at": "2026-03-05T09:00:00", "mention_id": "\ud800"}
        ).encode(),
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_label_is_passed_over(new_home: NewHome, line: bytes) -> None:
    home = new_home()
    store.add(home, [said("negative")])
    home.labels.write_bytes(line + b"\n" + home.labels.read_bytes())
    assert store.read(home) == [said("negative")]


def test_people_who_label_at_the_same_time_lose_nothing(new_home: NewHome) -> None:
    home = new_home()

    def judge(person: str) -> None:
        for number in range(20):
            store.add(home, [said("neutral", by=person, mention=f"m:{number}")])

    people = [threading.Thread(target=judge, args=(name,)) for name in ("ana", "bob", "caro")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(store.read(home)) == 60


# What holds --------------------------------------------------------------------------------------------


def test_the_latest_of_each_person_holds_until_it_is_taken_back() -> None:
    given_so_far = [said("negative"), said("positive", minute=1), said("neutral", by="bob")]
    assert {key[3]: label.value for key, label in store.latest(given_so_far).items()} == {
        "ana": "positive",
        "bob": "neutral",
    }
    assert [label.value for label in store.latest([*given_so_far, said(None, minute=2)]).values()] == ["neutral"]


VERDICTS = [
    ("alone", "sentiment", ["negative"], "negative"),
    ("most people", "sentiment", ["negative", "negative", "positive"], "negative"),
    ("the newest among equals", "sentiment", ["negative", "positive"], "positive"),
    ("the newest among equals, others aside", "sentiment", ["neutral", "negative", "neutral", "negative"], "negative"),
    ("each intent by itself", "intent", ["complaint", "complaint | question", "question"], "complaint | question"),
    ("an intent of one among three", "intent", ["complaint", "none", "none"], "none"),
    ("an intent of one among two, who is newer", "intent", ["none", "praise"], "praise"),
    ("an intent of one among two, who is older", "intent", ["praise", "none"], "none"),
    ("a flag", "moderation", ["fine", "spam | insult", "spam"], "spam"),
    ("fine", "moderation", ["spam", "fine"], "fine"),
    ("a topic", "topic", ["luggage", "delay", "delay"], "delay"),
    ("no topic", "topic", ["t0001", "none", "none"], "none"),
    ("no bot", "account", ["bot", "neither"], "neither"),
]


def opinions(task: str, values: list[str], mention: str = "m:1") -> list[Label]:
    """What as many people say, one after the other."""
    return [said(value, f"p{number}", number, task, mention) for number, value in enumerate(values)]


@pytest.mark.parametrize(("task", "values", "verdict"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS])
def test_where_people_differ_one_answer_holds(task: str, values: list[str], verdict: str) -> None:
    assert store.verdicts(opinions(task, values)) == {("m:1", task, "text"): verdict}


@given(
    st.lists(st.tuples(st.sampled_from(["positive", "neutral", "negative", None]), st.sampled_from("abc")), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_lines_decides_nothing(opinions: list[tuple[str | None, str]], random: object) -> None:
    given_so_far = [said(value, by, minute) for minute, (value, by) in enumerate(opinions)]
    shuffled = sorted(given_so_far, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert store.verdicts(shuffled) == store.verdicts(given_so_far)


# The warehouse -----------------------------------------------------------------------------------------


def test_a_warehouse_that_is_made_anew_has_every_label_again(new_home: NewHome) -> None:
    home = new_home()
    store.add(home, [said("negative"), said(None, minute=1), said("spam", task="moderation", minute=2)])

    def loaded() -> list[tuple[object, ...]]:
        with open_warehouse(home) as connection:
            store.load(connection, home)
            store.load(connection, home)
            return connection.execute("select * from core.labels order by labelled_at").fetchall()

    rows = [
        ("m:1", "sentiment", "text", "ana", at(0), "negative"),
        ("m:1", "sentiment", "text", "ana", at(1), None),
        ("m:1", "moderation", "text", "ana", at(2), "spam"),
    ]
    assert loaded() == rows
    home.warehouse.unlink()
    assert loaded() == rows
