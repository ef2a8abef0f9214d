"""The files connector: what comes out of a row, in every format, packing and encoding, and of which days."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    Interaction,
    Listening,
    Mention,
    Metrics,
    Misfit,
    NotYet,
    Page,
    Query,
    SourceError,
    Window,
)
from tests.connectors.exports import (
    GOOD,
    HEADER,
    MAPPED,
    MARCH_2,
    NESTED,
    as_csv,
    as_jsonl,
    as_parquet,
    mentions,
    misfits,
    pages,
    records,
    settings,
    zstd_frames,
    zstd_long,
)

files = CONNECTORS["files"]

# What comes out of a row -------------------------------------------------------------------------------


def test_a_row_with_every_column_becomes_mention_authors_interaction_and_metrics(tmp_path: Path) -> None:
    row = {
        "id": "7",
        "created_at": "2026-03-02T10:00:00Z",
        "text": "So true",
        "title": "Re: kettles",
        "url": "https://forum.example/7",
        "author": "Ann",
        "author_name": "Ann B.",
        "followers": 12,
        "community": "tea",
        "parent_id": "3",
        "root_id": "1",
        "addressed_to": "@bob",
        "lang": "en",
        "likes": 4,
        "replies": 0,
        "reposts": None,
        "quotes": 1,
        "views": 90,
        "score": -3,
    }
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps(row))
    assert records(path, network="forum") == [
        Mention(
            mention_id="forum:7",
            network="forum",
            community="tea",
            kind="comment",
            title="Re: kettles",
            text="So true",
            url="https://forum.example/7",
            author_id="forum:ann",
            parent_id="forum:3",
            root_id="forum:1",
            created_at=datetime(2026, 3, 2, 10),
            network_lang="en",
        ),
        Author("forum:ann", "forum", "Ann", "Ann B.", 12),
        Author("forum:bob", "forum", "bob"),
        Interaction("forum:7", "forum:ann", "forum:bob", "reply"),
        Metrics("forum:7", likes=4, replies=0, reposts=None, quotes=1, views=90, score=-3),
    ]


def test_a_row_with_the_least_says_nothing_that_it_does_not_know(csv_file: Callable[..., Path]) -> None:
    path = csv_file("1,2026-03-02,Nice", header="id,created_at,text")
    assert records(path) == [
        Mention("files:1", "files", None, "post", None, "Nice", None, None, None, "files:1", datetime(2026, 3, 2))
    ]


def test_rows_without_ids_get_the_same_id_again_and_different_rows_different_ones(
    csv_file: Callable[..., Path],
) -> None:
    lines = ("2026-03-02,ann,One", "2026-03-02,ann,Two", "2026-03-02,bob,One", "2026-03-02,ann,One")
    first = [mention.mention_id for mention in mentions(csv_file(*lines, header="created_at,author,text"))]
    again = [mention.mention_id for mention in mentions(csv_file(*lines[::-1], header="created_at,author,text"))]
    assert first == again[::-1]
    assert (len(set(first)), first[0]) == (3, first[3])


def test_the_language_that_a_file_tells_is_a_code_or_nothing(csv_file: Callable[..., Path]) -> None:
    told = ["en", "pt-BR", "pt_BR", "EN", "und", "qme", "zxx", "English", ""]
    path = csv_file(*(f"{n},2026-03-02,x,{lang}" for n, lang in enumerate(told)), header="id,created_at,text,lang")
    assert [mention.network_lang for mention in mentions(path)] == ["en", "pt", "pt", "en"] + [None] * 5


def test_what_a_dump_marks_as_deleted_has_no_text_and_no_author(tmp_path: Path) -> None:
    row = {"id": "1", "created_at": "2026-03-02", "text": "[deleted]", "author": "[deleted]", "score": 3}
    path = tmp_path / "dump.jsonl"
    path.write_text(json.dumps(row) + "\n" + json.dumps(row | {"id": "2", "text": "Still here"}))
    gone, kept = mentions(path, network="reddit")
    assert (gone.text, gone.author_id, gone.is_deleted) == (None, None, True)
    assert (kept.text, kept.author_id, kept.is_deleted) == ("Still here", None, False)
    assert [record for record in records(path) if isinstance(record, Author)] == []


def test_prefix_kind_and_community_of_the_settings(csv_file: Callable[..., Path]) -> None:
    path = csv_file("ab,2026-03-02,ann,Hi")
    (mention,) = mentions(path, network="reddit", id_prefix="t1_", kind="message", community="r/tea")
    assert (mention.mention_id, mention.kind, mention.community) == ("reddit:t1_ab", "message", "r/tea")


# Formats, packings, columns ----------------------------------------------------------------------------


def zstd_skippable(content: bytes) -> bytes:
    """As pzstd writes: a frame that holds no content before each frame that does; and one that is all the same byte."""
    checked = zstandard.ZstdCompressor(write_checksum=True)
    aside = b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"
    return aside + checked.compress(content) + aside + checked.compress(b"\n" * 400_000)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "zstd-2gb-window": zstd_long,
}
PACKINGS |= {"zstd-two-frames": zstd_frames, "zstd-skippable-frames": zstd_skippable}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("form", [as_csv, as_jsonl])
def test_text_formats_in_every_packing_with_mapped_and_dotted_columns(
    tmp_path: Path, form: Callable[[list[dict[str, Any]]], bytes], packing: str
) -> None:
    path = tmp_path / "export.dat"  # what it is stands in the file, not in its name
    path.write_bytes(PACKINGS[packing](form(NESTED)))
    assert [(one.mention_id, one.text, one.author_id) for one in mentions(path, columns=MAPPED)] == [
        ("files:1", "Lovely kettle", "files:ann"),
        ("files:2", "Ünïcødé 🫖", "files:bob"),
    ]


def test_parquet_with_nested_columns(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(as_parquet(NESTED))
    found = records(path, columns=MAPPED)
    assert [one for one in found if isinstance(one, Metrics)] == [
        Metrics("files:1", likes=3),
        Metrics("files:2", likes=0),
    ]
    assert [one.text for one in found if isinstance(one, Mention)] == ["Lovely kettle", "Ünïcødé 🫖"]


@pytest.mark.parametrize(
    "moments",
    [
        pa.array([datetime(2026, 3, 2, 10)], pa.timestamp("us")),
        pa.array([datetime(2026, 3, 2, 10)], pa.timestamp("ns")),
        pa.array([datetime(2026, 3, 2, 10, tzinfo=UTC)], pa.timestamp("ms", "Europe/Amsterdam")),
        pa.array([1772445600], pa.int64()),
        pa.array([1772445600.0], pa.float64()),
        pa.array([Decimal(1772445600)], pa.decimal128(20, 0)),
        pa.array([b"2026-03-02T10:00:00Z"], pa.binary()),
        pa.array(["2026-03-02T10:00:00Z"], pa.large_string()),
    ],
    ids=lambda array: str(array.type),
)
def test_parquet_times_of_any_type_fall_into_their_window(tmp_path: Path, moments: pa.Array) -> None:
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"created_at": moments, "text": ["Hi"], "id": ["1"]}), path)
    before = Window(datetime(2026, 3, 1), datetime(2026, 3, 2))
    assert [one.created_at for one in mentions(path, MARCH_2)] == [datetime(2026, 3, 2, 10)]
    assert records(path, before) == []


def test_parquet_dates_are_their_midnight(tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"created_at": [date(2026, 3, 2), date(2026, 3, 3)], "text": ["a", "b"]}), path)
    assert [(one.text, one.created_at) for one in mentions(path, MARCH_2)] == [("a", datetime(2026, 3, 2))]


def test_a_parquet_value_that_no_calendar_holds_costs_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "posts.parquet"
    moments = pa.array([1772445600_000000, 2**62, 1772445600_000000], pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"created_at": moments, "text": ["a", "b", "c"], "id": ["1", "2", "3"]}), path)
    assert [one.text for one in mentions(path)] == ["a", "c"]
    assert len(misfits(path)) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings(csv_file: Callable[..., Path], encoding: str) -> None:
    path = csv_file('1,2026-03-02,Zoë,"Café, £5"', encoding=encoding)
    assert [(one.text, one.author_id) for one in mentions(path, encoding=encoding)] == [("Café, £5", "files:zoë")]


def test_a_mark_of_utf16_is_seen_without_being_told(csv_file: Callable[..., Path]) -> None:
    assert [one.text for one in mentions(csv_file("1,2026-03-02,ann,Café 🫖", encoding="utf-16"))] == ["Café 🫖"]


def test_a_mark_before_a_quoted_header_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(b'\xef\xbb\xbf"id","created_at","text"\r\n"1","2026-03-02","Hi"\r\n')
    assert [(one.mention_id, one.text) for one in mentions(path)] == [("files:1", "Hi")]


def test_cp1252_bytes_in_a_utf8_file_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(HEADER.encode() + "\n1,2026-03-02,ann,Über 🫖\n".encode() + b"2,2026-03-02,bob,It\x92s caf\xe9\n")
    assert [one.text for one in mentions(path)] == ["Über 🫖", "It’s café"]


def test_semicolons_tabs_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    for delimiter in ";\t|":
        path.write_bytes(f"{HEADER}\r\n1,2026-03-02,ann,Hi\r\n".replace(",", delimiter).encode())
        assert [one.text for one in mentions(path, delimiter=delimiter)] == ["Hi"]


def test_a_pattern_finds_files_and_each_is_a_query_with_a_name_of_its_own(tmp_path: Path) -> None:
    for name in ("b/posts.csv", "a/posts.csv", "a/more.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    one_folder, two_folders = settings(tmp_path / "a/*.csv"), settings(tmp_path / "**/*.csv")
    assert [query.name for query in files.queries(one_folder, Listening())] == ["file more.csv", "file posts.csv"]
    assert [query.name for query in files.queries(two_folders, Listening())] == [
        "file a/more.csv",
        "file a/posts.csv",
        "file b/posts.csv",
    ]


def test_a_name_with_brackets_is_a_name(csv_file: Callable[..., Path]) -> None:
    assert len(mentions(csv_file("1,2026-03-02,ann,Hi", name="posts [final].csv"))) == 1


# Times -------------------------------------------------------------------------------------------------


def test_the_format_and_the_zone_of_the_config_decide(csv_file: Callable[..., Path]) -> None:
    path = csv_file("1,10/16/17 22:05,ann,Hi")
    assert [one.created_at for one in mentions(path, time_format="%m/%d/%y %H:%M", time_zone="America/New_York")] == [
        datetime(2017, 10, 17, 2, 5)
    ]


def test_a_date_with_two_readings_is_settled_by_the_rest_of_the_file(csv_file: Callable[..., Path]) -> None:
    path = csv_file(
        "1,03/04/2026 10:00,ann,Hi", *(f"{n},01/05/2026,ann,Hi" for n in range(2, 1500)), "9,13/04/2026,ann,Hi"
    )
    april = Window(datetime(2026, 4, 1), datetime(2026, 5, 1))
    assert [one.created_at for one in mentions(path, april)] == [datetime(2026, 4, 3, 10), datetime(2026, 4, 13)]
    assert [page.body["order"] for page in pages(path, april)] == ["day-first"]


def test_a_date_with_two_readings_that_nothing_settles_is_set_aside(csv_file: Callable[..., Path]) -> None:
    (misfit,) = misfits(csv_file("1,03/04/2026 10:00,ann,Hi", GOOD.format(2)))
    assert misfit.reason == (
        'the time can be read day first or month first; set time_format, such as time_format = "%d.%m.%Y %H:%M"'
    )


def test_days_that_a_spreadsheet_counts_are_moments_where_all_are(csv_file: Callable[..., Path]) -> None:
    (mention,) = mentions(csv_file("1,46083.5,ann,Hi"))
    assert mention.created_at == datetime(2026, 3, 2, 12)
    (misfit,) = misfits(csv_file("1,46083.5,ann,Hi", GOOD.format(2)))
    assert misfit.reason.startswith("the time is a number that is neither a date nor seconds since 1970")


def test_a_page_of_before_is_read_without_what_newer_ones_tell() -> None:
    page = Page("file a.csv", {"records": [{"line": 2, "row": {"id": 1, "created_at": "2026-03-02", "text": "Hi"}}]})
    (mention,) = files.parse(settings(), page)
    assert isinstance(mention, Mention)
    assert mention.created_at == datetime(2026, 3, 2)


def test_only_rows_of_the_window_are_taken_its_start_included_its_end_not(csv_file: Callable[..., Path]) -> None:
    moments = ["2026-03-01T23:59:59", "2026-03-02T00:00:00", "2026-03-02T23:59:59.999999", "2026-03-03T00:00:00"]
    path = csv_file(*(f"{number},{moment},ann,Hi" for number, moment in enumerate(moments)))
    (page,) = pages(path, MARCH_2)
    assert [one.mention_id for one in mentions(path, MARCH_2)] == ["files:1", "files:2"]
    assert (page.posts, page.seen, page.first_at, page.last_at) == (
        2,
        4,
        datetime(2026, 3, 2),
        datetime(2026, 3, 2, 23, 59, 59, 999999),
    )


def test_pages_hold_a_thousand_records(csv_file: Callable[..., Path]) -> None:
    path = csv_file(*(f"{number},2026-03-02,ann,Hi" for number in range(2500)))
    assert [page.posts for page in pages(path)] == [1000, 1000, 500]


# What a file can't hold yet ----------------------------------------------------------------------------


def written_on(path: Path, moment: datetime) -> Path:
    seconds = moment.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def unseen(path: Path, window: Window, pattern: Path | None = None) -> tuple[int, datetime | None, datetime | None]:
    """Posts taken, and from when to when the file said that it can't hold more."""
    chosen = settings(pattern or path)
    taken = 0
    try:
        for page in files.fetch(None, chosen, Query(f"file {path.name}", str(path)), window):
            taken += page.posts
    except NotYet as error:
        return taken, error.unseen_from, error.unseen_to
    return taken, None, None


def test_what_came_after_a_file_was_written_is_not_seen(csv_file: Callable[..., Path]) -> None:
    path = written_on(csv_file("1,2026-03-02 09:00,ann,Hi"), datetime(2026, 3, 2, 10))
    assert unseen(path, MARCH_2) == (1, datetime(2026, 3, 2, 10), MARCH_2.end)
    assert unseen(path, Window(MARCH_2.end, datetime(2026, 3, 4))) == (0, MARCH_2.end, datetime(2026, 3, 4))
    assert unseen(path, Window(datetime(2026, 3, 1), MARCH_2.start)) == (0, None, None)
    assert unseen(written_on(path, MARCH_2.end), MARCH_2) == (1, None, None)


def test_a_post_of_the_future_is_no_evidence_but_a_file_of_them_is(csv_file: Callable[..., Path]) -> None:
    lines = ["1,2026-03-02 09:00,ann,Hi", "2,2026-03-02 09:10,ann,Hi", "3,2031-01-01,ann,Hi"]
    path = written_on(csv_file(*lines), datetime(2026, 3, 2, 10))
    assert unseen(path, MARCH_2) == (2, datetime(2026, 3, 2, 10), MARCH_2.end)
    packed_without_its_time = written_on(path, datetime(1980, 1, 1))
    assert unseen(packed_without_its_time, MARCH_2) == (2, None, None)


def test_only_the_newest_of_several_files_is_asked_for_what_came_later(tmp_path: Path) -> None:
    for name, day in (("a", 2), ("b", 3)):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"{HEADER}\n1,2026-03-0{day} 09:00,ann,Hi\n")
        written_on(path, datetime(2026, 3, day, 10))
    march_3 = Window(datetime(2026, 3, 3), datetime(2026, 3, 4))
    pattern = tmp_path / "*.csv"
    assert unseen(tmp_path / "a.csv", march_3, pattern) == (0, None, None)
    assert unseen(tmp_path / "b.csv", march_3, pattern) == (1, datetime(2026, 3, 3, 10), march_3.end)


def test_a_stale_file_says_when_it_was_written_and_what_to_do(csv_file: Callable[..., Path]) -> None:
    path = written_on(csv_file("1,2026-03-01,ann,Hi"), datetime(2026, 3, 1, 10))
    with pytest.raises(NotYet) as raised:
        pages(path, MARCH_2)
    assert str(raised.value) == (
        "posts.csv was last written on 2026-03-01 at 10:00 UTC and can't hold what came later. Put a newer export in "
        "its place; if it is whole, say so by touching it (touch sets its time to now)."
    )


# A sample ----------------------------------------------------------------------------------------------


def test_a_sample_is_the_first_records_whenever_they_were_written(csv_file: Callable[..., Path]) -> None:
    path = csv_file("1,13/04/1999,ann,Hi", "2,03/04/1999,bob,Ho", "3,soon,cid,Ha", "4,2026-03-02,dan,He")
    chosen = settings(path)
    (query,) = files.queries(chosen, Listening())
    page = files.sample(chosen, query, 3)
    assert (page.posts, page.seen) == (2, 3)
    found = [record for record in files.parse(chosen, page) if isinstance(record, Mention | Misfit)]
    assert [one.created_at if isinstance(one, Mention) else one.reason[:22] for one in found] == [
        datetime(1999, 4, 13),
        datetime(1999, 4, 3),
        "the time can't be read",
    ]
    with pytest.raises(SourceError, match="has no column 'who'"):
        files.sample(settings(path, columns={"author": "who"}), query, 3)


# Settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"time_zone": "Mars/Base"}, "is no time zone"),
        ({"encoding": "klingon"}, "is no encoding"),
        ({"time_format": "%Q"}, "is no strptime format"),
        ({"delimiter": '"'}, "should match pattern"),
        ({"delimiter": ";;"}, "should match pattern"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
        ({"columns": {"txt": "body"}}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_settings_are_told_before_a_file_is_opened(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        settings(**wrong)
