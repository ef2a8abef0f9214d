"""The files connector: what is broken costs itself, and what can't be read is told."""

import csv
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import (
    Listening,
    Mention,
    Misfit,
    Page,
    SourceError,
)
from connectors.files import Columns
from connectors.files.fetch import read_records
from tests.connectors.exports import (
    ALL_TIME,
    GOOD,
    HEADER,
    MAPPED,
    NESTED,
    as_csv,
    as_jsonl,
    as_parquet,
    mentions,
    misfits,
    pages,
    records,
    refusal,
    settings,
    zstd_frames,
)
from tests.connectors.mangling import json_values

files = CONNECTORS["files"]

# Broken rows cost themselves ---------------------------------------------------------------------------


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
    assert [type(record).__name__ for record in records(path)] == ["Mention", "Author", "Mention"]


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
    found = [content for _, content in read_records(path, settings())]
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
        st.dictionaries(st.sampled_from(sorted(Columns.model_fields)), json_values(), max_size=6),
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
        for _, content in read_records(path, settings())
    )
    for sign in "abé":
        assert taken.count(sign) == "".join(lines).count(sign)


@given(json_values())
def test_parse_never_raises_whatever_a_page_holds(body: Any) -> None:
    list(files.parse(settings(), Page("file posts.csv", body)))
    list(files.parse(settings(), Page("file posts.csv", {"records": body})))
    list(files.parse(settings(), Page("file posts.csv", {"records": [body]})))
