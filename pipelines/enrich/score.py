"""Score any file: language, sentiment and themes of a column of texts, without a warehouse."""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.contract import SourceError
from connectors.files import Columns, Settings
from connectors.files.fetch import read_records
from connectors.files.survey import value_at
from pipelines.enrich.lens import Lens
from pipelines.enrich.step import READ, read_batch
from pipelines.errors import InputError
from pipelines.pull.landing import encode
from pipelines.store.home import whole_file
from pipelines.tidy.step import clean

ADDED = ("lang", "sentiment_label", "sentiment_compound", "sentiment_reason", "themes")
"""Columns put behind those of the file; `themes` separated by ` | `. A column of the file with one of these names is
kept as `original_lang` and so on."""
BATCH = 4096
Row = dict[str, Any]


def score_file(
    path: Path, text_column: str, out: Path, lens: Lens, advance: Callable[[int], None] = lambda _: None
) -> tuple[int, int]:
    """Write the file's rows with the `ADDED` columns to `out` (.csv, .jsonl or .parquet).

    Returns the number of rows scored and of records that could not be read; these are left out.
    """
    writers = {".csv": _write_csv, ".jsonl": _write_jsonl, ".parquet": _write_parquet}
    if out.suffix not in writers:
        raise InputError(f"--out {out.name}: can't tell the format. Use .csv, .jsonl or .parquet.")
    if out.exists() and path.exists() and out.samefile(path):
        raise InputError(f"--out {out} is the file to score itself. Give another, so that what you have stays.")
    settings = Settings(
        id="score", type="files", path=str(path), columns=Columns(text=text_column, created_at=text_column)
    )
    counts = [0, 0]
    try:
        kinds = _kinds(path, text_column, settings)
        with whole_file(out) as making:
            writers[out.suffix](making, kinds, _scored(path, text_column, settings, lens, counts, advance))
    except SourceError as error:
        raise InputError(str(error)) from error
    return counts[0], counts[1]


def _kinds(path: Path, text_column: str, settings: Settings) -> dict[str, set[type]]:
    """The file's columns in order, each with the kinds of value it holds; in JSON Lines any row may bring another."""
    kinds: dict[str, set[type]] = {}
    has_text, row = False, None
    for _, row in read_records(path, settings):
        if isinstance(row, dict):
            for name, value in row.items():
                kinds.setdefault(name, set()).add(type(value))
            has_text = has_text or value_at(row, text_column) is not None
    if row is not None and not has_text:
        raise InputError(f"--text {text_column}: no row of {path.name} has it. It has: {', '.join(list(kinds)[:30])}.")
    return kinds


def _scored(
    path: Path,
    text_column: str,
    settings: Settings,
    lens: Lens,
    counts: list[int],
    advance: Callable[[int], None],
) -> Iterator[list[Row]]:
    """The file's rows in batches, each row with its scores."""
    records = read_records(path, settings)
    while batch := list(islice(records, BATCH)):
        rows = [content for _, content in batch if isinstance(content, dict)]
        counts[0] += len(rows)
        counts[1] += len(batch) - len(rows)
        texts = [value_at(row, text_column) for row in rows]
        read = read_batch(_as_mentions([None if text is None else clean(str(text)) for text in texts]), lens)
        themes: dict[int, list[str]] = {}
        for theme in read["mention_themes"].select(["seq", "theme_id"]).to_pylist():
            themes.setdefault(theme["seq"], []).append(theme["theme_id"])
        languages = read["languages"].column("lang").to_pylist()
        scores = [row for row in read["sentiment"].to_pylist() if row["target"] == "text"]
        scored = []
        for number, (row, lang, score) in enumerate(zip(rows, languages, scores, strict=True)):
            values = (
                lang,
                score["label"],
                score["compound"],
                score["reason"],
                " | ".join(themes.get(number, ())) or None,
            )
            scored.append({_kept(name): value for name, value in row.items()} | dict(zip(ADDED, values, strict=True)))
        advance(len(rows))
        yield scored


def _kept(name: str) -> str:
    return f"original_{name}" if name in ADDED else name


def _as_mentions(texts: list[str | None]) -> pa.RecordBatch:
    """Texts in the form in which enrich reads mentions."""
    nothing: list[str | None] = [None] * len(texts)
    numbers = list(range(len(texts)))
    said = {"text": texts, "seq": numbers, "mention_id": [str(number) for number in numbers]}
    said |= {"network": ["file"] * len(texts), "kind": ["post"] * len(texts)}
    kinds = pa.schema([pa.field(name, pa.int64() if name == "seq" else pa.string()) for name in READ])
    return pa.RecordBatch.from_pydict({name: said.get(name, nothing) for name in READ}, schema=kinds)


def _write_csv(path: Path, kinds: dict[str, set[type]], batches: Iterator[list[Row]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*map(_kept, kinds), *ADDED])
        writer.writeheader()
        for rows in batches:
            writer.writerows({name: _defused(value) for name, value in row.items()} for row in rows)


def _defused(value: Any) -> Any:
    """A cell that a spreadsheet won't take for a formula."""
    text = _as_text(value) if isinstance(value, dict | list | str) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _write_jsonl(path: Path, kinds: dict[str, set[type]], batches: Iterator[list[Row]]) -> None:  # noqa: ARG001
    with path.open("wb") as file:
        for rows in batches:
            file.writelines(encode(row) + b"\n" for row in rows)


def _write_parquet(path: Path, kinds: dict[str, set[type]], batches: Iterator[list[Row]]) -> None:
    types = {_kept(name): _arrow_type(seen - {type(None)}) for name, seen in kinds.items()}
    types |= {name: pa.string() for name in ADDED} | {"sentiment_compound": pa.float64()}
    schema = pa.schema(list(types.items()))
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in batches:
            columns = [
                pa.array([row.get(name) if kind != pa.string() else _as_text(row.get(name)) for row in rows], kind)
                for name, kind in types.items()
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _arrow_type(kinds: set[type]) -> pa.DataType:
    """The type of a column that holds these kinds of value: text wherever they differ or nest."""
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {float} or kinds == {int, float}:
        return pa.float64()
    if kinds and all(issubclass(kind, datetime) for kind in kinds):
        return pa.timestamp("us")
    return pa.int64() if kinds == {int} else pa.string()


def _as_text(value: Any) -> str | None:
    """A value as text that a file can hold."""
    if value is None:
        return None
    return encode(value).decode() if isinstance(value, dict | list) else clean(str(value))
