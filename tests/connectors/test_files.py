"""The files connector: every format, packing, encoding and fault that an export can have."""

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import files
from connectors.contract import (
    Author,
    Drift,
    Interaction,
    Listening,
    Mention,
    Metrics,
    Misfit,
    NotYet,
    Page,
    Query,
    Record,
    SourceError,
    Window,
)
from connectors.files.mojibake import mended
from tests.connectors.mangling import json_values

ALL_TIME = Window(datetime.min, datetime(2026, 6, 1))
"""Ends before the files of these tests are written."""
MARCH_2 = Window(datetime(2026, 3, 2), datetime(2026, 3, 3))
HEADER = "id,created_at,author,text"


def settings(path: object = "posts", **more: Any) -> files.Settings:
    return files.Settings(id="exports", type="files", path=str(path), **more)


def pages(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Page]:
    chosen = settings(path, **more)
    return [page for query in files.queries(chosen, Listening()) for page in files.fetch(None, chosen, query, window)]


def records(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Record]:
    chosen = settings(path, **more)
    return [record for page in pages(path, window, **more) for record in files.parse(chosen, page)]


def mentions(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Mention]:
    return [record for record in records(path, window, **more) if isinstance(record, Mention)]


def misfits(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Misfit]:
    return [record for record in records(path, window, **more) if isinstance(record, Misfit)]


def refusal(path: Path, **more: Any) -> str:
    with pytest.raises(SourceError) as raised:
        pages(path, **more)
    return str(raised.value)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """A CSV file of these lines below the usual header."""

    def write(*lines: str, header: str = HEADER, name: str = "posts.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join((header, *lines, "")).encode(encoding, "surrogatepass"))
        return path

    return write


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

NESTED = [
    {"key": "1", "when": "2026-03-02T10:00:00Z", "body": "Lovely kettle", "user": {"name": "ann"}, "n": {"up": 3}},
    {"key": "2", "when": "2026-03-02T11:00:00Z", "body": "Ünïcødé 🫖", "user": {"name": "bob"}, "n": {"up": 0}},
]
MAPPED = {"id": "key", "created_at": "when", "text": "body", "author": "user.name", "likes": "n.up"}


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow(["key", "when", "body", "user.name", "n.up"])
    writer.writerows([row["key"], row["when"], row["body"], row["user"]["name"], row["n"]["up"]] for row in rows)
    return sink.getvalue().encode()


def zstd_long(content: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(content)


def zstd_frames(content: bytes) -> bytes:
    half = len(content) // 2
    return zstandard.compress(content[:half]) + zstandard.compress(content[half:])


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


# What an export can look like --------------------------------------------------------------------------

ROW = "1;2026-03-02;ann;Hi"
SEMICOLONS = HEADER.replace(",", ";")


@pytest.mark.parametrize(
    "content",
    {
        "first line sep": f"sep=;\r\n{SEMICOLONS}\r\n{ROW}\r\n",
        "first line sep, quoted, with a mark": f'\ufeff"sep=;"\n{SEMICOLONS}\n{ROW}\n',
        "another delimiter": f"{SEMICOLONS}\n{ROW}\n",
        "a report's head": f"Report:;Posts\r\nFrom:;2026\r\n\r\n{SEMICOLONS}\r\n{ROW}\r\n",
        "a head with commas": f"Report:,Posts\nMade by, and for, ann\n{SEMICOLONS}\n{ROW}\n",
        "a last delimiter": f"{SEMICOLONS};\n{ROW};\n",
        "a last delimiter in the rows": f"{SEMICOLONS}\n{ROW};;\n",
        "a last delimiter in the header": f"{SEMICOLONS};\n{ROW}\n",
        "old line ends": f"{SEMICOLONS}\r{ROW}\r",
    }.values(),
)
def test_shapes_that_spreadsheets_and_suites_write(tmp_path: Path, content: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(content, encoding="utf-8", newline="")
    assert misfits(path) == []
    (found,) = mentions(path)
    assert (found.mention_id, found.text, found.author_id) == (
        "files:1",
        "Hi",
        "files:ann",
    )


def test_lines_that_the_config_skips(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(f"{HEADER}\n9,2026-03-02,ann,Old\n{HEADER}\n1,2026-03-02,ann,Hi\n")
    assert [one.text for one in mentions(path, skip=2)] == ["Hi"]
    (misfit,) = misfits(csv_file_with(path, f"Head\n{HEADER}\n1,,ann,Hi\n"))
    assert misfit.place == "file posts.csv, line 3"


def csv_file_with(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_seen(csv_file: Callable[..., Path], encoding: str) -> None:
    assert [one.text for one in mentions(csv_file("1,2026-03-02,ann,Café", encoding=encoding))] == ["Café"]


def test_quotes_with_backslashes_are_read_where_nothing_else_is_sound(csv_file: Callable[..., Path]) -> None:
    path = csv_file(r'1,2026-03-02,ann,"say \"hi\", ann"', r'2,2026-03-02,ann,"C:\"', '3,2026-03-02,ann,"a ""b"" c"')
    assert [one.text for one in mentions(path)] == ['say "hi", ann', "C:\\", 'a "b" c']


def test_a_column_that_is_there_twice_is_told(csv_file: Callable[..., Path]) -> None:
    path = csv_file("2026-03-02,a,b", header="created_at,text,text")
    assert refusal(path) == "posts.csv has more than one column 'text'. Rename all but one."


ROUNDED = {
    "powers": ["1.29403E+18", "1.29404E+18"],
    "powers with a comma": ["1,29403E+18"],
    "fifteen digits and zeros": ["1294031234567890000", "1294031234567910000"],
}
GOOD_ROW = "{},2026-03-02,Fine"


@pytest.mark.parametrize("ids", ROUNDED.values(), ids=ROUNDED)
@pytest.mark.parametrize("column", ["id", "parent_id", "root_id"])
def test_ids_that_a_spreadsheet_rounded_refuse_the_file(
    csv_file: Callable[..., Path], ids: list[str], column: str
) -> None:
    lines = [f'"{one}",2026-03-02,Hi {n}' for n, one in enumerate(ids)]
    told = refusal(csv_file(*(GOOD_ROW.format(n) for n in range(3)), *lines, header=f"{column},created_at,text"))
    assert told.startswith(
        f"posts.csv, column '{column}': a spreadsheet or a program rounded these numbers, such as '1"
    )


def test_a_few_ids_that_were_rounded_cost_their_rows(csv_file: Callable[..., Path]) -> None:
    lines = [f"{n},2026-03-02,Hi,{n + 1}" for n in range(30)]
    path = csv_file(
        *lines, "7.02608E+17,2026-03-02,Ho,", "99,2026-03-02,Ha,7.02608E+17", header="id,created_at,text,parent_id"
    )
    assert [one.reason for one in misfits(path)] == [
        "what 'id' holds was rounded, so that different posts may share it"
    ]
    assert len(mentions(path)) == 31
    last = mentions(path)[-1]
    assert (last.kind, last.parent_id, last.root_id) == ("comment", None, None)
    assert drifts(path) == [("post.parent_id", "7.02608E+17")]


def test_ids_that_a_float_rounded_refuse_the_file(tmp_path: Path) -> None:
    rows = [{"id": 1294031234567891234.0 + n * 1e6, "created_at": "2026-03-02", "text": "Hi"} for n in range(3)]
    for name, content in (("a.jsonl", as_jsonl(rows)), ("a.parquet", as_parquet(rows))):
        (tmp_path / name).write_bytes(content)
        assert f"{name}, column 'id': a spreadsheet or a program rounded these numbers" in refusal(tmp_path / name)
    kept = [int(Decimal(repr(1294031234567891234.0 + n * 777_777_777))) for n in range(12)]
    (tmp_path / "b.jsonl").write_bytes(as_jsonl([row | {"id": one} for row in rows[:1] for one in kept]))
    assert "rounded these numbers" in refusal(tmp_path / "b.jsonl")


@pytest.mark.parametrize(
    "ids",
    [
        ["1294031234567891234", "1294031234567895678"],
        ["1772452800000000000", "1772452860000000000", "1772452920000000000"],  # nanoseconds of whole minutes
        ["20260302100000000", "20260302100500000"],
        ["1294031234567890000"],
        ["1e5", "2e7", "deadbeef"],
    ],
)
def test_long_and_odd_ids_that_nobody_rounded_are_kept(csv_file: Callable[..., Path], ids: list[str]) -> None:
    path = csv_file(*(f"{one},2026-03-02,ann,Hi" for one in ids))
    assert [mention.mention_id for mention in mentions(path)] == [f"files:{one}" for one in ids]


def test_ids_that_a_program_wrote_with_a_point_are_those_without(csv_file: Callable[..., Path], tmp_path: Path) -> None:
    path = csv_file("1,2026-03-02,a,", "2,2026-03-02,b,1.0", header="id,created_at,text,parent_id")
    assert [(one.mention_id, one.parent_id, one.root_id) for one in mentions(path)] == [
        ("files:1", None, "files:1"),
        ("files:2", "files:1", None),
    ]
    path = csv_file("1.0,2026-03-02,a", "1.2,2026-03-02,b", header="id,created_at,text")
    assert [one.mention_id for one in mentions(path)] == ["files:1.0", "files:1.2"]


def drifts(path: Path, **more: Any) -> list[tuple[str, Any]]:
    return [(one.field, one.found) for one in records(path, **more) if isinstance(one, Drift)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("12", 12), ("1,234", 1234), ("1,234,567", 1234567), ("1.2K", 1200), ("3.4M", 3_400_000), ("3.0", 3)),
        *(("1.5E+3", 1500), ("1 234", 1234), ("1\u202f234", 1234), ("1'234", 1234), ("+7", 7), ("1.2万", 12000)),
        *(("١٢٣", 123), ("12,34,567", 1234567), ("N/A", None), ("-", None), ("—", None), ("nan", None), ("null", None)),
    ],
)
def test_counts_as_people_write_them(csv_file: Callable[..., Path], written: str, meant: int | None) -> None:
    path = csv_file(f'1,2026-03-02,Hi,"{written}",5', header="id,created_at,text,likes,views")
    found = [record for record in records(path) if isinstance(record, Metrics | Drift)]
    assert found == [Metrics("files:1", likes=meant, views=5)]


@pytest.mark.parametrize("written", ["12.7", "1.234", "many", "12%", "-5", "1,2,3", ">100", "1e30", "9" * 40])
def test_a_count_that_cant_be_read_costs_itself(csv_file: Callable[..., Path], written: str) -> None:
    path = csv_file(f'1,2026-03-02,Hi,"{written}",5,-3', header="id,created_at,text,likes,views,score")
    (mention,) = mentions(path)
    assert mention.text == "Hi"
    assert [one for one in records(path) if isinstance(one, Metrics)] == [Metrics("files:1", views=5, score=-3)]
    assert [field for field, _ in drifts(path)] == ["post.likes"]


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        (["1.234", "1.234.567"], [1234, 1234567]),
        (["1.234", "1,2K"], [1234, 1200]),
        (["1,234", "12.5K"], [1234, 12500]),
        (["1,234", "1,5K", "2.5K", "3"], [None, None, None, 3]),
    ],
)
def test_a_column_settles_what_its_points_and_commas_mean(
    csv_file: Callable[..., Path], column: list[str], meant: list[int | None]
) -> None:
    lines = [f'{n},2026-03-02,Hi,1,"{one}"' for n, one in enumerate(column)]
    path = csv_file(*lines, header="id,created_at,text,views,likes")
    assert [one.likes for one in records(path) if isinstance(one, Metrics)] == meant


def test_side_fields_that_cant_be_read_cost_themselves(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "created_at": "2026-03-02",
        "text": "Hi",
        "title": [1, 2],
        "author": {"name": "ann"},
        "lang": "English",
        "url": "javascript:alert(1)",
        "followers": "lots",
        "likes": True,
    }
    path = tmp_path / "posts.jsonl"
    path.write_bytes(as_jsonl([row]))
    assert records(path)[0] == Mention(
        "files:1", "files", None, "post", None, "Hi", None, None, None, "files:1", datetime(2026, 3, 2)
    )
    assert sorted(field for field, _ in drifts(path)) == [
        *("post.author", "post.followers", "post.lang", "post.likes", "post.title", "post.url")
    ]


def test_an_author_that_a_spreadsheet_rounded_is_nobody(csv_file: Callable[..., Path]) -> None:
    path = csv_file("1,2026-03-02,7.15E+17,Hi")
    assert [one.author_id for one in mentions(path)] == [None]
    assert drifts(path) == [("post.author", "7.15E+17")]


def test_reviews_have_stars_and_a_version_and_may_have_no_words(csv_file: Callable[..., Path]) -> None:
    lines = ("a,2026-03-02,Bad,1,4.1.2", "b,2026-03-02,,5,", "c,2026-03-02,,,4", "d,2026-03-02,Odd,9,")
    path = csv_file(*lines, header="id,created_at,text,stars,version", encoding="utf-16")
    chosen: dict[str, Any] = {"kind": "review", "columns": {"rating": "stars", "product_version": "version"}}
    assert [(one.text, one.rating, one.product_version) for one in mentions(path, **chosen)] == [
        ("Bad", 1.0, "4.1.2"),
        (None, 5.0, None),
        ("Odd", None, None),
    ]
    assert [one.reason for one in misfits(path, **chosen)] == ["has neither text nor title nor rating"]
    assert drifts(path, **chosen) == [("post.rating", "9")]


def test_texts_that_were_read_as_latin1_once_too_often_are_mended(tmp_path: Path) -> None:
    texts = [
        "g\u00c3\u00a9nial \u00f0\u009f\u0098\u008d",
        "caf\u00e9",
        "Zo\u00c3\u00ab",
        "itâ€™s",
        'why "Ã©"?',
        "TOUCHÉ…",
    ]
    path = tmp_path / "posts.jsonl"
    path.write_bytes(as_jsonl([{"id": n, "created_at": "2026-03-02", "text": text} for n, text in enumerate(texts)]))
    assert [one.text for one in mentions(path)] == ["génial 😍", "café", "Zoë", "it’s", 'why "Ã©"?', "TOUCHÉ…"]


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_broken_is_mended_or_left_and_never_made_another_text(text: str) -> None:
    broken = text.encode().decode("latin-1")
    assert mended(broken) in {broken, text}


def test_a_text_in_parts_is_one_text(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    parts = ["see ", {"type": "link", "text": "https://kettle.example"}, " for more"]
    path.write_bytes(as_jsonl([{"id": 1, "created_at": "2026-03-02", "text": parts}]))
    assert [one.text for one in mentions(path)] == ["see https://kettle.example for more"]


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


# Broken rows cost themselves ---------------------------------------------------------------------------

GOOD = "{},2026-03-02,ann,Fine"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2,2026-03-02,ann,"never closed', "has a quote that is not closed"),
        ("2,2026-03-02,ann", "has 3 cells, the header has 4"),
        ("2,2026-03-02,ann,Hi,there", "has 5 cells, the header has 4"),
        ("   ", "has 1 cells, the header has 4"),
        ("2,the day before,ann,Hi", "the time can't be read; set time_format, such as"),
        ("2,,ann,Hi", "the time is missing"),
        ("2,2026-03-02,ann,", "has neither text nor title"),
        ("2,2026-03-02,ann,  ", "has neither text nor title"),
        ("2,2026-03-02,ann,Hi\rthere", "can't be split into cells (new-line character seen in unquoted field"),
    ],
)
def test_a_broken_line_is_set_aside_and_the_lines_around_it_arrive(
    csv_file: Callable[..., Path], line: str, reason: str
) -> None:
    path = csv_file(GOOD.format(1), line, *(GOOD.format(number) for number in range(3, 9)))
    assert [one.mention_id for one in mentions(path)] == ["files:1", *(f"files:{number}" for number in range(3, 9))]
    (misfit,) = misfits(path)
    assert (misfit.reason[: len(reason)], misfit.place) == (reason, "file posts.csv, line 3")


def test_two_unclosed_quotes_do_not_swallow_what_stands_between_them(csv_file: Callable[..., Path]) -> None:
    broken = '{},2026-03-02,ann,"never closed'
    path = csv_file(broken.format(1), GOOD.format(2), GOOD.format(3), broken.format(4), GOOD.format(5))
    assert [one.mention_id for one in mentions(path)] == ["files:2", "files:3", "files:5"]
    assert [misfit.place for misfit in misfits(path)] == ["file posts.csv, line 2", "file posts.csv, line 5"]


def test_quotes_in_the_middle_of_a_cell_are_text(csv_file: Callable[..., Path]) -> None:
    path = csv_file('1,2026-03-02,ann,a 5" screen', '2,2026-03-02,ann,say "hi"', '3,2026-03-02,ann,"two\nlines ""q"""')
    assert [one.text for one in mentions(path)] == ['a 5" screen', 'say "hi"', 'two\nlines "q"']


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 2, "created_at": "2026-0', "is not JSON"),
        ("[1, 2]", "is not a JSON object"),
        ("null", "is not a JSON object"),
        ('{"id": 2, "text": "Hi"}', "the time is missing"),
        ('{"id": 2, "created_at": "2026-03-02", "text": {"a": 1}}', "has neither text nor title"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_broken_json_line_is_set_aside_and_the_lines_around_it_arrive(tmp_path: Path, line: str, reason: str) -> None:
    good = '{{"id": {}, "created_at": "2026-03-02", "text": "Fine"}}'
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join((good.format(1), line, "", good.format(3))))
    assert [one.mention_id for one in mentions(path)] == ["files:1", "files:3"]
    (misfit,) = misfits(path)
    assert (misfit.reason[: len(reason)], misfit.place) == (reason, "file posts.jsonl, line 2")


def test_half_an_emoji_control_characters_and_cp1252_in_json_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b'{"id": 1, "created_at": "2026-03-02", "text": "half \\ud83d"}\n'
        b'{"id": 2, "created_at": "2026-03-02", "text": "nul \x00"}\n'
        b'{"id": 3, "created_at": "2026-03-02", "text": "caf\xe9"}\n'
    )
    assert [one.text for one in mentions(path)] == ["half \ud83d", "nul \x00", "café"]


def test_hostile_texts_arrive_as_they_were_written(csv_file: Callable[..., Path]) -> None:
    texts = ["nul \x00 here", "\u202eevil\u202c", "<script>alert(1)</script>", "=cmd()", "a\u200bb", "\U0001f9d1‍🚀"]
    path = csv_file(*(f'{number},2026-03-02,ann,"{text}"' for number, text in enumerate(texts)))
    assert [one.text for one in mentions(path)] == texts


@pytest.mark.parametrize("text", ["x" * 2_000_000, "line\n" * 60_000, '""' * 500_000], ids=["long", "lines", "quotes"])
def test_a_post_of_two_megabytes_arrives_whole(csv_file: Callable[..., Path], text: str) -> None:
    path = csv_file(f'1,2026-03-02,ann,"{text}"', GOOD.format(2))
    assert [one.text for one in mentions(path)] == [text.replace('""', '"').strip(), "Fine"]


def test_blank_lines_are_nothing(csv_file: Callable[..., Path]) -> None:
    path = csv_file("", GOOD.format(1), "", "\r", GOOD.format(2), "")
    assert [type(record).__name__ for record in records(path)] == ["Mention", "Author"] * 2


def test_a_header_after_many_blank_lines_is_found(csv_file: Callable[..., Path]) -> None:
    path = csv_file(GOOD.format(1), header="\n" * 5000 + HEADER)
    assert len(mentions(path)) == 1


# Files that can't be read ------------------------------------------------------------------------------


def test_a_file_with_a_header_only_holds_nothing(csv_file: Callable[..., Path]) -> None:
    assert pages(csv_file()) == []


def test_an_empty_json_lines_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.touch()
    assert pages(path) == []


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf", b" " * 9000])
def test_an_empty_csv_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(content)
    told = refusal(path)
    assert told.startswith("posts.csv ")
    assert "is empty. Expected at least" in told or "has no column" in told


@pytest.mark.parametrize("rows", [1, 150])
def test_a_column_that_no_json_line_has_is_named_beside_those_that_are_there(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_text('{"id": 1, "made": {"at": "2026-03-02"}, "text": "Hi"}\n' * rows)
    assert refusal(path, columns={"created_at": "createdAt"}) == (
        "posts.jsonl has no column 'createdAt'. It has: 'id', 'made.at', 'text'. "
        "Say in the config, under columns of source 'exports', which column holds what."
    )
    mapped = {"created_at": "made.at", "author": "wrtier"}
    if rows > 100:  # fewer may well lack what a row may lack
        assert "has no column 'wrtier'" in refusal(path, columns=mapped)
    else:
        assert len(mentions(path, columns=mapped)) == 1


def test_a_missing_column_is_named_beside_those_that_are_there(csv_file: Callable[..., Path]) -> None:
    assert refusal(csv_file("1,x", header="id,body"), columns={"author": "who"}) == (
        "posts.csv has no column 'created_at', 'text', 'who'. It has: 'id', 'body'. "
        "Say in the config, under columns of source 'exports', which column holds what."
    )


def test_a_web_page_named_csv_is_told_in_few_words(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("<!DOCTYPE html><html>" + "<p>Sign in, please, to go on</p>" * 10_000)
    told = refusal(path)
    assert told.startswith("posts.csv has no column 'created_at', 'text'. It has: '<!DOCTYPE html>")
    assert len(told) < 3000


def zip_archive(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("posts.csv", content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (zip_archive(b"id,text\n"), "is a ZIP archive"),
        (gzip.compress(zip_archive(b"id,text\n")), "is a ZIP archive"),
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"SQLite format 3\0", "is an SQLite database"),
        (b'[{"id": 1}]', "is one JSON array. Expected JSON Lines"),
        (b'{\n "name": "talk",\n "messages": [\n  {\n   "id": 1', "is one JSON document. Expected JSON Lines"),
        (b'{"name": "talk", "messages": [{"id": 1}]}', "is one JSON document. Expected JSON Lines"),
        (b'window.My.posts.part0 = [ {"id": 1} ]', "is a script with JSON in it"),
        (gzip.compress(as_csv(NESTED))[:-10], "is cut off or damaged"),
        (gzip.compress(os.urandom(0) + as_csv(NESTED))[:12] + b"garbage", "is cut off or damaged"),
        (zstandard.compress(as_csv(NESTED))[:8] + b"garbage", "is cut off or damaged"),
        (zstandard.compress(as_csv(NESTED))[:-5], "is cut off or damaged"),
        (zstd_frames(as_csv(NESTED) * 9)[:-60], "is cut off or damaged"),
        (zstandard.compress(as_csv(NESTED)) + b"\x28\xb5\x2f\xfd", "is cut off or damaged"),
        (as_parquet(NESTED)[:-20], "is cut off or damaged"),
        (b"PAR1", "is cut off or damaged"),
    ],
    ids=[
        "zip",
        "gzipped-zip",
        "pdf",
        "sqlite",
        "json-array",
        "json-document",
        "json-document-on-a-line",
        "script",
        "cut-gzip",
        "bad-gzip",
        "bad-zstd",
        "cut-zstd",
        "cut-second-frame",
        "cut-frame-header",
        "cut-parquet",
        "PAR1",
    ],
)
def test_a_file_of_another_kind_or_damaged_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(content)
    assert refusal(path, columns=MAPPED).startswith(f"posts.csv {told}")


def test_what_stands_before_a_cut_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl.gz"
    rows = [{"id": n, "created_at": "2026-03-02", "text": f"{n * 7919 % 10007} says hello"} for n in range(5000)]
    path.write_bytes(gzip.compress(as_jsonl(rows))[:-5000])
    chosen = settings(path)
    (query,) = files.queries(chosen, Listening())
    taken: list[int] = []
    with pytest.raises(SourceError, match="is cut off or damaged"):
        taken.extend(page.posts for page in files.fetch(None, chosen, query, ALL_TIME))
    assert taken == [] or sum(taken) < 5000


def test_a_missing_file_a_folder_and_a_file_under_a_file(csv_file: Callable[..., Path], tmp_path: Path) -> None:
    path = csv_file()
    for wrong, told in (
        (tmp_path / "nowhere.csv", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (path / "below.csv", "Not a directory"),
    ):
        assert refusal(wrong) == f"{wrong.name}: {told}. Check the path in the config: {wrong}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(csv_file: Callable[..., Path]) -> None:
    path = csv_file()
    path.chmod(0)
    assert refusal(path) == f"posts.csv: Permission denied. Check the path in the config: {path}"


def test_a_line_that_memory_would_not_hold_ends_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.files.formats.LONGEST_LINE", 2 << 20)
    path = tmp_path / "posts.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n{GOOD.format(1)}\n".encode() + b"\0" * (8 << 20)))
    assert refusal(path).startswith("posts.csv.gz has a line of more than 2 MB.")


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


# Anything at all ---------------------------------------------------------------------------------------

cells = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), max_size=12)))
@example([["a\rb"], ["\r\n"], ['"'], ["\n"], [""]])
def test_rows_that_the_standard_writer_wrote_come_back_equal(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    names = ["created_at", "text", "c", "d"][: max(2, len(rows[0]) if rows else 2)]
    rows = [[*row, *[""] * (len(names) - len(row))] for row in rows]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    found = [content for _, content in files.read_records(path, settings())]
    assert found == [dict(zip(names, row, strict=True)) for row in rows]


def page_counts(path: Path) -> tuple[int, int]:
    """Mentions and misfits of a file; a file that can't be read is one refusal and nothing else."""
    try:
        found = records(path)
    except SourceError:
        return (0, 0)
    return sum(isinstance(one, Mention) for one in found), sum(isinstance(one, Misfit) for one in found)


starts = st.sampled_from(
    [b"", b"created_at,text\n", b"created_at,text\n2026-03-02,", b"{", b'{"text": ', b"[", b"\xff\xfe", b"\xef\xbb\xbf"]
    + [b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", as_parquet(NESTED)[:200], gzip.compress(b"created_at,text\n,")[:20]]
)


@given(starts, st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "posts.csv"
    path.write_bytes(start + rest)
    page_counts(path)


@given(st.data())
def test_no_damage_to_a_parquet_file_raises_anything_but_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(as_parquet([{"created_at": datetime(2026, 3, 2), "text": "x", "id": 1}]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("bytes") / "posts.parquet"
    path.write_bytes(content)
    page_counts(path)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted(files.Columns.model_fields)), json_values(), max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_every_json_object_is_a_mention_or_a_misfit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    chosen = settings(path)
    found = [
        record for row in rows for record in files.parse(chosen, Page("f", {"records": [{"line": 1, "row": row}]}))
    ]
    assert sum(isinstance(one, Mention | Misfit) for one in found) == len(rows)
    page_counts(path)


@given(st.lists(st.text(st.sampled_from('ab,"\r é\0'), max_size=12), max_size=12))
@example(['a,"b', "c,d", 'e,"f'])
def test_every_line_of_any_csv_is_a_row_a_misfit_or_blank(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "posts.csv"
    path.write_text("\n".join(("created_at,text", *lines)), encoding="utf-8", newline="")
    taken = "".join(
        content.partition(": ")[2] if isinstance(content, str) else "".join(content.values())
        for _, content in files.read_records(path, settings())
    )
    for sign in "abé":
        assert taken.count(sign) == "".join(lines).count(sign)


@given(json_values())
def test_parse_never_raises_whatever_a_page_holds(body: Any) -> None:
    list(files.parse(settings(), Page("file posts.csv", body)))
    list(files.parse(settings(), Page("file posts.csv", {"records": body})))
    list(files.parse(settings(), Page("file posts.csv", {"records": [body]})))
