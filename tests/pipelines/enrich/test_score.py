"""`earshot score`: language, sentiment and themes for the rows of any file."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.config.settings import LanguageSettings
from pipelines.enrich.lens import Lens
from pipelines.enrich.score import ADDED, score_file
from pipelines.errors import InputError
from query.parsing import parse
from reading.engines import engine
from reading.sentiment import read as read_sentiment

LENS = Lens((), (("price", parse("cheap OR price*")), ("tea", parse("tea"))), LanguageSettings().expected, None, ())
ROWS = 10_000
TEXTS = [
    ("The tea is wonderful and cheap", "en", "positive", None, "price | tea"),
    ("Das ist leider sehr langsam geworden", "de", None, "language:de", None),
    ("ok", None, None, "unknown-language", None),
    ("", None, None, "no-text", None),
    ("=SUM(A1) is an awful price", "en", "negative", None, "price"),
]


def rows() -> list[dict[str, Any]]:
    return [{"number": number, "words": TEXTS[number % 5][0]} for number in range(ROWS)]


def as_csv(path: Path) -> None:
    with gzip.open(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["number", "words"])
        writer.writeheader()
        writer.writerows(rows())


def as_jsonl(path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))


def as_parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(rows()), path)


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        {name: value or None for name, value in row.items()}
        for row in csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))
    ]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("write", [as_csv, as_jsonl, as_parquet])
def test_ten_thousand_rows_of_every_format_into_every_format(
    tmp_path: Path, write: Callable[[Path], None], suffix: str
) -> None:
    write(tmp_path / "texts")
    counted: list[int] = []
    found = score_file(tmp_path / "texts", "words", tmp_path / f"scored{suffix}", LENS, counted.append)
    assert (found, sum(counted)) == ((ROWS, 0), ROWS)
    scored = read(tmp_path / f"scored{suffix}")
    assert [int(row["number"]) for row in scored] == list(range(ROWS))
    for row, (text, lang, label, reason, themes) in zip(scored[-5:], TEXTS, strict=True):
        shown = f"'{text}" if suffix == ".csv" and text.startswith("=") else text
        compound = None if row["sentiment_compound"] is None else float(row["sentiment_compound"])
        assert row["words"] in ((shown,) if text else ("", None))
        assert tuple(row[name] for name in ADDED if name != "sentiment_compound") == (lang, label, reason, themes)
        (said,) = read_sentiment([text], [lang], lambda _: engine("vader"))
        assert compound == said.compound


def test_a_column_that_only_later_rows_have_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    late = {"words": "tea", "extra": {"deep": [1]}, "mixed": 1, "flag": True, "part": 0.5}
    path.write_text("".join(json.dumps(row) + "\n" for row in [{"words": "tea", "mixed": "a"}] * 5000 + [late]))
    for suffix in (".csv", ".jsonl", ".parquet"):
        score_file(path, "words", tmp_path / f"scored{suffix}", LENS)
    assert list(read(tmp_path / "scored.csv")[0]) == ["words", "mixed", "extra", "flag", "part", *ADDED]
    last = read(tmp_path / "scored.parquet")[-1]
    assert {name: last[name] for name in late} == late | {"extra": '{"deep":[1]}', "mixed": "1"}
    assert read(tmp_path / "scored.csv")[-1]["extra"] == '{"deep":[1]}'
    assert read(tmp_path / "scored.jsonl")[-1]["extra"] == {"deep": [1]}


def test_a_column_of_the_file_called_like_one_of_ours_is_kept_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("lang,words\nxx,The tea is wonderful\n")
    score_file(path, "words", tmp_path / "scored.csv", LENS)
    (row,) = read(tmp_path / "scored.csv")
    assert (row["original_lang"], row["lang"]) == ("xx", "en")


def test_times_of_parquet_stay_times(tmp_path: Path) -> None:
    path = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"at": [datetime(2026, 3, 1, 10, 0, 0, 5)], "words": ["tea"]}), path)
    score_file(path, "words", tmp_path / "scored.parquet", LENS)
    assert read(tmp_path / "scored.parquet")[0]["at"] == datetime(2026, 3, 1, 10, 0, 0, 5)


def test_lines_that_cannot_be_read_are_counted_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"words": "tea"}\n{"words": \n[]\n{"words": "half \\ud83d"}\n')
    assert score_file(path, "words", tmp_path / "scored.jsonl", LENS) == (2, 2)
    assert [row["words"] for row in read(tmp_path / "scored.jsonl")] == ["tea", "half \ufffd"]


def test_nested_text_is_found_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"post": {"body": "The tea is wonderful"}}\n')
    score_file(path, "post.body", tmp_path / "scored.jsonl", LENS)
    assert read(tmp_path / "scored.jsonl")[0]["themes"] == "tea"


@pytest.mark.parametrize(
    ("content", "out", "told"),
    [
        (b"words\ntea\n", "scored.xlsx", r"can't tell the format\. Use \.csv, \.jsonl or \.parquet"),
        (b"words\ntea\n", "texts", "can't tell the format"),
        (b"words\ntea\n", "texts.csv", "is the file to score itself"),
        (b"body\ntea\n", "scored.csv", "has no column 'words'. It has: 'body'"),
        (b'{"body": "tea"}\n', "scored.csv", r"--text words: no row of texts.csv has it\. It has: body"),
        (b"", "scored.csv", "texts.csv is empty"),
        (b"PK\x03\x04", "scored.csv", "is a ZIP archive"),
        (gzip.compress(b"words\n" + bytes(range(128, 256)) * 99)[:-9], "scored.csv", "is cut off or damaged"),
        (b"PAR1", "scored.csv", "is cut off or damaged"),
        (None, "scored.csv", "texts.csv: No such file or directory"),
    ],
)
def test_what_cannot_be_scored_is_told_and_leaves_no_file(
    tmp_path: Path, content: bytes | None, out: str, told: str
) -> None:
    path = tmp_path / "texts.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        score_file(path, "words", tmp_path / out, LENS)
    assert [entry.name for entry in tmp_path.iterdir()] == ([] if content is None else ["texts.csv"])


def test_the_command(tmp_path: Path, shop: Path, earshot: Callable[..., Any]) -> None:
    (tmp_path / "texts.csv").write_text("words\nThe parcel arrived broken\nok\n")
    words = ("score", tmp_path / "texts.csv", "--text", "words", "--out", tmp_path / "scored.csv")
    done = earshot(*words, "-c", shop, "--language", "en")
    assert (done.returncode, done.stdout) == (0, "2 rows scored, 0 could not be read\n")
    assert [(row["lang"], row["themes"]) for row in read(tmp_path / "scored.csv")] == [("en", "delivery"), ("en", None)]
    assert earshot("score", tmp_path / "nowhere.csv", "--text", "words", "--out", tmp_path / "x.csv").returncode == 2
