"""Landing: what was received stays, in the order in which it came, and damage is told."""

import json
import math
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import RateLimited, Window
from pipelines.config.settings import Config
from pipelines.errors import BusyError, InputError, SourceFailed
from pipelines.pull.landing import COMPLETE, PAGES, attempts, encode, read_lines, window_folder
from pipelines.store.home import Home
from tests.pipelines import steps

files = CONNECTORS["files"]

March = Callable[[int, int], Window]


def lands(home: Home, window: Window) -> list[str]:
    """The texts that lie in a window's landing folder, in order."""
    rows = [
        row["row"]["text"]
        for line in read_lines(home, "forum", window)
        for row in line.page()[0].body["records"]
        if "row" in row
    ]
    return [text[:4] for text in rows]


def names(home: Home, window: Window) -> list[str]:
    return [attempt.name for attempt in attempts(window_folder(home, "forum", window))]


def all_in(folder: Path) -> list[str]:
    """What lies in a window's folder, half-made things too; only the lock stays for ever."""
    return [entry.name for entry in folder.iterdir() if entry.name != ".lock"]


@pytest.fixture
def config(shop: Path, configure: Callable[..., Config]) -> Config:
    return configure()


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def answers_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forum's server gives one page and then wants to be left alone."""
    whole = files.fetch

    def fetch(*asked: object) -> object:
        yield from whole(*asked)
        raise RateLimited("Too many requests.", until=datetime(2026, 3, 4, 1))

    monkeypatch.setattr(files, "fetch", fetch)


def test_a_pull_lands_what_was_said_with_a_manifest(config: Config, home: Home, march: March) -> None:
    path = steps.pull(home, config, "forum", march(1, 2), {})
    manifest = json.loads(path.read_text())
    assert path == home.landing / "forum" / "20260301T0000--20260302T0000" / COMPLETE / "manifest.json"
    assert lands(home, march(1, 2)) == ["Wren", "Too ", "Sorr"]
    assert manifest["coverage"] == [
        {
            "query": "file posts.jsonl",
            "brand_ids": None,
            "status": "ok",
            "reason": None,
            "calls_count": 1,
            "posts_count": 3,
            "seen_count": 9,
            "units_count": 1,
            "first_post_at": "2026-03-01 09:00:00",
            "last_post_at": "2026-03-01 12:00:00",
            "unseen_from": None,
            "unseen_to": None,
            "whole_after": None,
            "can_resume": False,
            "retry_at": None,
            "is_permanent": False,
        }
    ]


def test_the_fingerprint_changes_when_a_text_is_edited_and_only_then(
    config: Config, home: Home, march: March, posts: list[dict[str, object]], write_posts: Callable[..., Path]
) -> None:
    def fingerprint() -> str:
        return str(json.loads(steps.pull(home, config, "forum", march(1, 2), {}).read_text())["fingerprint"])

    first = fingerprint()
    assert fingerprint() == first
    posts[0]["text"] = "Wren tea is dreadful"
    write_posts(posts)
    assert fingerprint() != first


@pytest.mark.usefixtures("answers_cut_short")
def test_what_was_received_before_a_failure_lands_and_the_source_is_named(
    config: Config, home: Home, march: March
) -> None:
    for number in (1, 2):
        with pytest.raises(SourceFailed, match=r"forum, 2026-03-01 00:00 to .* Ask again after 2026-03-04 01:00 UTC\."):
            steps.pull(home, config, "forum", march(1, 2), {})
        assert len(names(home, march(1, 2))) == number
    assert names(home, march(1, 2)) == ["partial-001", "partial-002"]
    assert lands(home, march(1, 2)) == ["Wren", "Too ", "Sorr"] * 2


def test_a_complete_answer_takes_the_place_of_all_partial_ones(
    config: Config, home: Home, march: March, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    with monkeypatch.context():
        request.getfixturevalue("answers_cut_short")
        with pytest.raises(SourceFailed):
            steps.pull(home, config, "forum", march(1, 2), {})
    monkeypatch.undo()
    steps.pull(home, config, "forum", march(1, 2), {})
    assert names(home, march(1, 2)) == [COMPLETE]


def test_a_partial_answer_after_a_complete_one_is_read_after_it(
    config: Config, home: Home, march: March, request: pytest.FixtureRequest
) -> None:
    steps.pull(home, config, "forum", march(1, 2), {})
    request.getfixturevalue("answers_cut_short")
    with pytest.raises(SourceFailed):
        steps.pull(home, config, "forum", march(1, 2), {})
    assert names(home, march(1, 2)) == [COMPLETE, "partial-001"]


def test_only_one_pull_of_a_window_runs_at_a_time(config: Config, home: Home, march: March) -> None:
    held = home.only_window("forum", march(1, 2))
    with held, pytest.raises(BusyError, match="Another Earshot run holds forum, 20260301T0000--20260302T0000, in"):
        steps.pull(home, config, "forum", march(1, 2), {})


def test_a_pull_killed_between_two_renames_loses_nothing(config: Config, home: Home, march: March) -> None:
    folder = steps.pull(home, config, "forum", march(1, 2), {}).parent
    folder.rename(folder.with_name(f".{COMPLETE}.4711.old"))
    assert lands(home, march(1, 2)) == ["Wren", "Too ", "Sorr"]
    steps.pull(home, config, "forum", march(1, 2), {})
    assert all_in(folder.parent) == [COMPLETE]


def test_what_a_killed_pull_left_half_done_is_not_read_and_goes(config: Config, home: Home, march: March) -> None:
    folder = steps.pull(home, config, "forum", march(1, 2), {}).parent
    shutil.copytree(folder, folder.with_name(".attempt.4711.making"))
    assert names(home, march(1, 2)) == [COMPLETE]
    steps.pull(home, config, "forum", march(1, 2), {})
    assert all_in(folder.parent) == [COMPLETE]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(b"\0" * 100),
        lambda path: path.write_bytes(zstandard.compress(b'{"endpoint": "f", "bo')),
        lambda path: path.write_bytes(zstandard.compress(b"")),
        lambda path: path.unlink(),
        lambda path: path.with_name("manifest.json").write_text('{"source": "for'),
    ],
    ids=["cut off", "zeros", "cut line", "no page", "gone", "manifest"],
)
def test_damaged_landing_files_are_told_and_pulling_again_mends_them(
    config: Config, home: Home, march: March, damage: Callable[[Path], object]
) -> None:
    steps.pull(home, config, "forum", march(1, 2), {})
    damage(window_folder(home, "forum", march(1, 2)) / COMPLETE / PAGES)
    with pytest.raises(InputError, match=r"is damaged"):
        steps.tidy(home, config, "forum", march(1, 2))
    shutil.rmtree(window_folder(home, "forum", march(1, 2)) / COMPLETE)
    steps.pull(home, config, "forum", march(1, 2), {})
    steps.tidy(home, config, "forum", march(1, 2))


def deep(levels: int) -> object:
    value: object = "bottom"
    for _ in range(levels):
        value = {"in": [value]}
    return value


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("half \ud83d", "half \ufffd"),
        ({"\ud83d": 1, 2: b"caf\xc3\xa9"}, {"\ufffd": 1, "2": "café"}),
        ([2**70, -(2**70)], [str(2**70), str(-(2**70))]),
        (math.nan, None),
        (datetime(2026, 3, 1, 10), "2026-03-01T10:00:00"),
        ("nul \0", "nul \0"),
    ],
)
def test_anything_can_land(value: object, kept: object) -> None:
    assert orjson.loads(encode(value)) == kept


@pytest.mark.parametrize("levels", [120, 130, 400])
def test_endless_nesting_is_cut_and_lands(levels: int) -> None:
    assert orjson.loads(encode({"text": "Hi", "more": deep(levels)}))["text"] == "Hi"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_what_json_can_hold_comes_back_equal(value: object) -> None:
    def fits(one: object) -> bool:
        if isinstance(one, list):
            return all(map(fits, one))
        return not isinstance(one, int) or -(2**63) <= one < 2**64

    if fits(value):
        assert orjson.loads(encode(value)) == value
