"""Inputs of the shapes that real exports, feeds and mailboxes have: each post arrives whole, or is set aside and told.

The inputs lie outside the repository, in the folder that EARSHOT_CASES names: one folder a case, with its config.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest

from connectors.contract import Window
from pipelines.config.settings import load_config
from pipelines.errors import SourceFailed
from pipelines.store.home import Home
from pipelines.tidy.step import unread
from tests.pipelines import steps

CASES = Path(os.environ.get("EARSHOT_CASES") or Path(__file__).parents[2].parent / "shared" / "cases")
MARCH = Window(datetime(2026, 3, 1), datetime(2026, 3, 8))

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"no cases in {CASES}; set EARSHOT_CASES to their folder")


class Outcome(NamedTuple):
    """What became of a case."""

    mentions: list[dict[str, Any]]
    metrics: dict[str, dict[str, Any]]
    authors: dict[str, dict[str, Any]]
    quarantine: list[dict[str, Any]]
    coverage: list[dict[str, Any]]
    failure: str | None


Read = Callable[..., Outcome]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Pull and tidy a case, as a night does."""

    def read(case: str, *changes: tuple[str, str], window: Window = MARCH) -> Outcome:
        folder = tmp_path / case
        shutil.copytree(CASES / case, folder)
        path = folder / "earshot.toml"
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        config, home = load_config(path), Home(folder / "home")
        (source,) = config.sources
        failure: SourceFailed | None = None
        try:
            steps.pull(home, config, source.id, window, {})
        except SourceFailed as failed:
            failure = failed
        tidied = steps.tidy(home, config, source.id, window)
        failure = failure or unread(home, source.id, window)
        rows = {
            name: pq.read_table(tidied / f"{name}.parquet").to_pylist()
            for name in ("mentions", "metrics", "authors", "quarantine", "coverage")
        }
        return Outcome(
            rows["mentions"],
            {row["mention_id"]: row for row in rows["metrics"]},
            {row["author_id"]: row for row in rows["authors"]},
            rows["quarantine"],
            rows["coverage"],
            str(failure) if failure else None,
        )

    return read


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server that hands out a folder's files."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *told: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def moments(outcome: Outcome) -> dict[str, str]:
    return {row["mention_id"].rpartition(":")[2]: f"{row['created_at']:%m-%d %H:%M:%S}" for row in outcome.mentions}


def test_times_that_end_in_utc(read: Read) -> None:
    outcome = read("csv-no-time-readable")
    assert {row["mention_id"]: row["created_at"] for row in outcome.mentions} == {
        "reddit:t1_k1aa01": datetime(2026, 3, 2, 12, 33, 20),
        "reddit:t1_k1aa02": datetime(2026, 3, 2, 13, 1, 2),
        "reddit:t1_k1aa03": datetime(2026, 3, 3, 9),
    }
    assert outcome.failure is None


def test_times_that_nobody_can_read_fail_the_source(read: Read) -> None:
    outcome = read("csv-no-time-readable", ('created_at = "date"', 'created_at = "subreddit"'))
    assert (outcome.mentions, [row["status"] for row in outcome.coverage]) == ([], ["failed"])
    assert "3 of 3 records can't be read: 3 × " in str(outcome.failure)
    assert "time_format" in str(outcome.failure)


def test_nine_spellings_of_a_moment(read: Read) -> None:
    outcome = read("csv-spellings-of-times")
    assert moments(outcome) == {
        **{"1": "03-02 10:00:00", "2": "03-02 13:33:20", "3": "03-02 23:15:00", "4": "03-02 21:30:00"},
        **{"5": "03-01 23:30:00", "6": "03-02 12:33:00", "7": "03-02 12:33:20", "8": "03-02 12:33:20"},
        "9": "03-02 12:33:20",
    }
    assert outcome.failure is None


def test_ids_that_a_spreadsheet_rounded(read: Read) -> None:
    outcome = read("csv-rounded-ids")
    assert outcome.mentions == []
    told = f"{outcome.failure} {[row['reason'] for row in outcome.coverage]}"
    assert ("'id'" in told or " id " in told, "round" in told) == (True, True), told


def test_counts_cost_themselves(read: Read) -> None:
    outcome = read("csv-counts")
    likes = {row["mention_id"]: outcome.metrics[row["mention_id"]]["likes"] for row in outcome.mentions}
    assert len(likes) == 10
    told = {number: likes[f"panel:{number}"] for number in range(1, 11)}
    assert told[10] in (None, 1234)
    assert told | {10: None} == {
        **{1: 12, 2: 1234, 3: 1200, 4: None, 5: None, 6: None, 7: 3, 8: 1500, 9: None, 10: None}
    }
    (row,) = outcome.coverage
    assert (row["status"], row["is_complete"], "likes" in row["reason"]) == ("schema-drift", True, True)


def test_a_first_line_that_names_the_delimiter(read: Read) -> None:
    outcome = read("csv-sep-line")
    assert [(row["mention_id"], row["text"]) for row in outcome.mentions] == [("panel:1", "Velmo lamp one")]


def test_a_report_head_before_the_columns(read: Read) -> None:
    outcome = read("csv-preamble")
    assert [(row["text"], row["author_id"], row["created_at"]) for row in outcome.mentions] == [
        ("Velmo lamp one", "panel:ada", datetime(2026, 3, 2, 10))
    ]


def test_reviews_with_stars(read: Read) -> None:
    columns = 'title = "Review Title", rating = "Star Rating", product_version = "App Version Name" }'
    outcome = read("csv-reviews-with-stars", ('title = "Review Title" }', columns))
    found = sorted((row["rating"], row["product_version"], row["text"]) for row in outcome.mentions if row["text"])
    assert found == [(1.0, "4.1.2", "Velmo app logs me out"), (5.0, "4.1.2", "Velmo läuft prima")]
    assert [(row["rating"], row["text"]) for row in outcome.mentions if not row["text"]] == [(3.0, None)]


@pytest.mark.parametrize("case", ["json-chat-export", "js-archive"])
def test_another_kind_of_file_is_read_or_refused_and_never_empty(read: Read, case: str) -> None:
    outcome = read(case)
    if not outcome.mentions:
        assert [row["status"] for row in outcome.coverage] == ["failed"]
        assert outcome.failure is not None


def test_a_mistyped_column_is_named_beside_those_there_are(read: Read) -> None:
    outcome = read("jsonl-wrong-column")
    assert outcome.mentions == []
    assert all(name in str(outcome.failure) for name in ("createdAt", "body", "created", "text", "id"))


def test_text_that_was_decoded_once_too_often(read: Read) -> None:
    outcome = read("jsonl-mojibake", ('text = "data.comment"', 'text = "data.comment", author = "data.author"'))
    assert sorted(str(row["text"]) for row in outcome.mentions) == ["Velmo café lamp", "Velmo lamp is génial 😍"]
    assert sorted(row["handle"] for row in outcome.authors.values()) == ["Ada Zoë", "Bo"]


def test_a_digest_of_a_mailing_list_is_the_posts_in_it(read: Read) -> None:
    outcome = read("mbox-digest")
    told = ("mention_id", "title", "text", "parent_id", "created_at")
    assert sorted(tuple(row[name] for name in told) for row in outcome.mentions) == [
        ("mail:11@garden.example", "Velmo lamp hums", "My Velmo lamp hums all night.", None, datetime(2026, 3, 2, 8)),
        (
            *("mail:12@garden.example", "Re: Velmo lamp hums", "Mine is silent."),
            *("mail:11@garden.example", datetime(2026, 3, 2, 9)),
        ),
    ]
    assert sorted(str(author["name"]) for author in outcome.authors.values()) == ["Ada Example", "Bo Example"]


def feed(read: Read, case: str, file: str, address: str, window: Window = MARCH) -> Outcome:
    """A feed's case, its file served where the config's address leads."""
    with served(CASES / case) as server:
        return read(case, (f'feeds = ["{address}"]', f'feeds = ["{server}/{file}"]'), window=window)


@pytest.mark.parametrize("file", ["feed-no.xml", "feed-yes.xml"])
def test_a_pinned_entry_does_not_make_a_feed_whole(read: Read, file: str) -> None:
    outcome = feed(read, "feed-pinned-entry", file, "https://forum.example/r/lamps/.rss")
    (row,) = outcome.coverage
    assert (row["status"], row["unseen_from"], row["unseen_to"]) == (
        "truncated",
        MARCH.start,
        datetime(2026, 3, 7, 12),
    )
    assert row["posts_count"] == 24


def test_thirty_spellings_of_a_moment_in_a_feed(read: Read) -> None:
    year = Window(datetime(2026, 1, 1), datetime(2026, 12, 1))
    outcome = feed(read, "feed-spellings-of-times", "feed.xml", "https://blog.example/feed", year)
    wrong = {}
    for row in outcome.mentions:
        right = str(row["text"]).partition("right: ")[2]
        found = f"{row['created_at']:%-d %b %H:%M:%S}"
        day, _, time = right.rpartition(" ") if ":" in right else (right, "", "00:00")
        if found != f"{day or '2 Mar'} {time if time.count(':') == 2 else f'{time}:00'}":
            wrong[row["title"]] = (right, found)
    assert wrong == {}
    assert len(outcome.mentions) + len(outcome.quarantine) == 30
    (row,) = outcome.coverage
    assert f"{len(outcome.quarantine)} of 30 records can't be read" in row["reason"]


def test_every_case_has_a_test() -> None:
    written = Path(__file__).read_text(encoding="utf-8")
    assert [case.name for case in CASES.iterdir() if case.is_dir() and json.dumps(case.name) not in written] == []
