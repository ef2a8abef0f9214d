"""Tidy: pages become rows that every table can hold; what can't be read goes to quarantine, and counts add up."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Page, Record, Window
from connectors.files import parse as files_parse
from pipelines.config.settings import Config
from pipelines.store.home import Home
from pipelines.tidy.step import SHARED_ID, clean, unread
from tests.pipelines import steps

files = CONNECTORS["files"]

March = Callable[[int, int], Window]


def rows(folder: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    read = pq.read_table(folder / f"{table}.parquet").select(list(columns))
    return list(zip(*(column.to_pylist() for column in read.columns), strict=True))


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def tidied(
    write_posts: Callable[..., Path], configure: Callable[..., Config], home: Home, march: March
) -> Callable[..., Path]:
    """Pull and tidy some posts of the first of March."""

    def tidied(posts: list[Any]) -> Path:
        write_posts(posts)
        steps.pull(home, configure(), "forum", march(1, 2), {})
        return steps.tidy(home, configure(), "forum", march(1, 2))

    return tidied


def test_every_record_is_a_mention_or_in_quarantine(tidied: Callable[..., Path], posts: list[Any]) -> None:
    folder = tidied([posts[0], "{broken", posts[1], {"id": "x", "text": "No time"}, posts[2]])
    assert rows(folder, "mentions", "mention_id") == [("forum:1",), ("forum:2",), ("forum:3",)]
    assert rows(folder, "quarantine", "reason", "place", "excerpt", "landing_path") == [
        (
            "is not JSON (Expecting property name enclosed in double quotes",
            "line 1, file posts.jsonl, line 2",
            "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)): {broken",
            "landing/forum/20260301T0000--20260302T0000/complete/pages.jsonl.zst",
        ),
        (
            "the time is missing",
            "line 1, file posts.jsonl, line 4",
            '{"id":"x","text":"No time"}',
            "landing/forum/20260301T0000--20260302T0000/complete/pages.jsonl.zst",
        ),
    ]


def test_ids_stay_the_same_in_every_table_when_they_are_cleaned(tidied: Callable[..., Path], posts: list[Any]) -> None:
    posts[0] |= {"id": "a\0\x9b1", "author": "an\x1bn", "addressed_to": "b\x07ob", "community": "te\0a"}
    folder = tidied(posts[:1])
    assert rows(folder, "mentions", "mention_id", "author_id", "community") == [("forum:a1", "forum:ann", "tea")]
    assert rows(folder, "authors", "author_id", "handle") == [("forum:ann", "ann"), ("forum:bob", "bob")]
    assert rows(folder, "metrics", "mention_id") == [("forum:a1",)]
    assert rows(folder, "interactions", "mention_id", "from_author_id", "to_author_id") == [
        ("forum:a1", "forum:ann", "forum:bob")
    ]


def test_hostile_texts_are_kept_but_for_what_no_file_can_hold(tidied: Callable[..., Path], posts: list[Any]) -> None:
    texts = ["\u202eevil\u202c", "<script>", "=cmd()", "nul\0\x1b[31m", "two\nlines\tand a tab", "\U0001f9d1\u200d🚀"]
    texts += ["x" * 2_000_000]
    folder = tidied([posts[0] | {"id": str(number), "text": text} for number, text in enumerate(texts)])
    assert [text for (text,) in rows(folder, "mentions", "text")] == [*texts[:3], "nul[31m", *texts[4:]]


def test_a_window_is_tidied_once_and_again_when_its_answers_change(
    tidied: Callable[..., Path], posts: list[Any]
) -> None:
    made = (tidied(posts) / "manifest.json").stat().st_mtime_ns
    assert (tidied(posts) / "manifest.json").stat().st_mtime_ns == made
    posts[0]["text"] = "Wren tea is dreadful"
    assert rows(tidied(posts), "mentions", "text")[0] == ("Wren tea is dreadful",)


def test_coverage_says_ok_once_a_query_was_answered_in_full(
    tidied: Callable[..., Path], posts: list[Any], home: Home, march: March, configure: Callable[..., Config]
) -> None:
    folder = tidied(posts)
    complete = home.landing / "forum" / march(1, 2).name / "complete"
    later = complete.with_name("partial-001")
    later.mkdir()
    for name in ("pages.jsonl.zst", "manifest.json"):
        (later / name).write_bytes((complete / name).read_bytes().replace(b'"ok"', b'"failed"'))
    steps.tidy(home, configure(("workers = 1", "workers = 2")), "forum", march(1, 2))
    assert [status for (status,) in rows(folder, "coverage", "status")] == ["ok"]
    assert rows(folder, "coverage", "first_post_at")[0] == (datetime(2026, 3, 1, 9),)


def test_a_source_that_never_answered_is_tidied_to_nothing(
    home: Home, configure: Callable[..., Config], march: March
) -> None:
    folder = steps.tidy(home, configure(), "forum", march(1, 2))
    assert rows(folder, "mentions", "mention_id") == []


def test_nothing_is_called_empty_where_something_could_not_be_read(
    tidied: Callable[..., Path], posts: list[Any], home: Home, march: March
) -> None:
    told = ("status", "posts_count", "quarantined_count", "is_complete")
    old = posts[8] | {"created_at": "2026-02-01T09:00:00"}
    assert rows(tidied([old]), "coverage", *told) == [("verified-empty", 0, 0, True)]
    assert rows(tidied([old, old | {"id": "8"}, "{broken"]), "coverage", *told) == [("schema-drift", 0, 1, False)]
    assert unread(home, "forum", march(1, 2)) is None
    assert rows(tidied(["{broken", "{broken too", posts[0]]), "coverage", *told) == [("failed", 1, 2, False)]
    assert "file posts.jsonl: 2 of 3 records can't be read: 2 × " in str(unread(home, "forum", march(1, 2)))


def test_one_unreadable_record_in_twenty_leaves_a_window_comparable(
    tidied: Callable[..., Path], posts: list[Any]
) -> None:
    many = [posts[0] | {"id": str(number)} for number in range(19)]
    assert rows(tidied([*many, "{broken"]), "coverage", "status", "is_complete") == [("schema-drift", True)]
    assert rows(tidied([*many[1:], "{broken"]), "coverage", "status", "is_complete") == [("schema-drift", False)]


def test_a_page_that_breaks_the_reader_is_set_aside_and_told(
    tidied: Callable[..., Path], posts: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = files_parse.parse

    def parse(settings: Any, page: Page) -> Iterator[Record]:
        yield from itertools.islice(read(settings, page), 1)
        raise KeyError("a shape that nobody thought of")

    monkeypatch.setattr(files_parse, "parse", parse)
    folder = tidied(posts)
    assert rows(folder, "mentions", "mention_id") == [("forum:1",)]
    reason = "the page can't be read to its end (KeyError); please report it"
    assert rows(folder, "quarantine", "reason", "place") == [(reason, "line 1, page")]
    assert rows(folder, "coverage", "status", "is_complete") == [("schema-drift", False)]


def test_one_id_on_two_texts_is_set_aside_and_told(tidied: Callable[..., Path], posts: list[Any]) -> None:
    rounded = [post | {"id": "1.29403E+18-ish"} for post in posts[:3]]
    folder = tidied([*rounded, posts[3] | {"created_at": posts[0]["created_at"]}])
    assert rows(folder, "mentions", "mention_id") == [("forum:4",)]
    assert rows(folder, "quarantine", "reason", "place") == [(SHARED_ID, "line 1, forum:1.29403E+18-ish")] * 3
    assert rows(folder, "coverage", "status", "posts_count", "quarantined_count") == [("failed", 1, 3)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (None, None),
        ("", ""),
        ("plain", "plain"),
        ("nul\0 bell\x07 escape\x1b delete\x7f csi\x9b", "nul bell escape delete csi"),
        ("tab\t line\n feed\r next\x85", "tab\t line\n feed\r next\x85"),
        ("half \ud83d and \udc00", "half \ufffd and \ufffd"),
        ("whole \ud83d\ude00", "whole 😀"),
        ("\u202eбиди\u202c ❤️ 茶", "\u202eбиди\u202c ❤️ 茶"),
    ],
)
def test_clean(written: str | None, kept: str | None) -> None:
    assert clean(written) == kept


@given(st.text(st.characters()))
def test_clean_text_can_be_stored_and_is_clean(text: str) -> None:
    once = clean(text)
    assert once is not None
    once.encode("utf-8")
    assert clean(once) == once
