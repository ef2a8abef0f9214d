"""The files connector: what exports look like once spreadsheets, suites and people were at them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import (
    Drift,
    Mention,
    Metrics,
)
from connectors.files.mojibake import mended
from tests.connectors.exports import (
    HEADER,
    as_jsonl,
    as_parquet,
    mentions,
    misfits,
    records,
    refusal,
)

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
