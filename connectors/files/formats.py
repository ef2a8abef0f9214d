"""Rows out of files: CSV, JSON Lines and Parquet, plain or packed, told apart by their first bytes.

A row that can't be read costs itself: the reason stands in its place.
"""

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson
import pyarrow
import pyarrow.parquet

from connectors.contract import SourceError
from connectors.files.csv_head import table
from connectors.files.csv_lines import csv_records
from connectors.files.json_documents import json_document
from connectors.files.packed_files import HEAD, opened, other_kind, unpacked

NumberedRow = tuple[int, dict[str, Any] | str]
"""Number of a line or row, from 1, and what it holds, or why it can't be read."""
LONGEST_LINE = 64 * 2**20
"""A line of more bytes is no record; memory would not hold what some files call one line."""
PARQUET_BATCH = 1000


class Layout(NamedTuple):
    """What is known of a file before it is opened."""

    encoding: str
    delimiter: str
    skip: int
    lacking: Callable[[list[str]], list[str]]


def read_rows(
    path: Path,
    encoding: str,
    delimiter: str,
    check_columns: Callable[[list[str]], None],
    *,
    skip: int = 0,
    lacking: Callable[[list[str]], list[str]] = lambda names: [],  # noqa: ARG005
) -> Iterator[NumberedRow]:
    """Line or row number and the row, or the reason why it is none.

    `check_columns` gets the names of the columns where a file has them. A CSV file's names stand in the first line
    after `skip` that lacks nothing. `SourceError` where the file is missing, of another kind or damaged.
    """
    with opened(path) as file:
        yield from _rows(file, path, Layout(encoding, delimiter, skip, lacking), check_columns)


def _rows(
    file: IO[bytes], path: Path, layout: Layout, check_columns: Callable[[list[str]], None]
) -> Iterator[NumberedRow]:
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"PAR1"):
        yield from _parquet_rows(path, check_columns)
        return
    stream, head = unpacked(file, head)
    if what := other_kind(head):
        raise SourceError(f"{path.name} is {what}. Expected CSV, JSON Lines or Parquet: unpack or export it.")
    blocks: Iterator[bytes] = iter(lambda: stream.read(1 << 20), b"")
    encoding = _wide_encoding(head) or layout.encoding
    if "\n".encode(encoding) != b"\n":  # lines can be told apart only once they are text
        blocks, head = _as_utf8(blocks, encoding), head.decode(encoding, "ignore").encode("utf-8", "replace")
        encoding = "utf-8"
    if b"\r" in head and b"\n" not in head:
        blocks = (block.replace(b"\r", b"\n") for block in blocks)
        head = head.replace(b"\r", b"\n")
    first = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if document := json_document(first, is_whole=len(head) < HEAD):
        raise SourceError(f"{path.name} is {document}")
    if first.startswith(b"{"):
        yield from _json_rows(_lines(blocks, path), encoding)
    elif head or path.name.endswith((".csv", ".csv.gz", ".csv.zst")):
        texts = (_decoded(line, encoding) for line in _without_mark(_lines(blocks, path)))
        yield from _csv_rows(texts, path, layout, check_columns)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16, where a mark says so or every other byte is zero, as in no other text of letters."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None if head.startswith(codecs.BOM_UTF32_LE) else "utf-16"
    even, odd = head[: HEAD // 2 * 2 : 2], head[1 : HEAD // 2 * 2 : 2]
    if len(odd) >= 8 and odd.count(0) > len(odd) * 0.7 and even.count(0) == 0:
        return "utf-16-le"
    if len(odd) >= 8 and even.count(0) > len(even) * 0.7 and odd.count(0) == 0:
        return "utf-16-be"
    return None


def _as_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8, without the mark that says which way round its bytes stood."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _lines(blocks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Lines without their end. A zstd stream can't iterate itself, so that blocks are cut here."""
    rest = bytearray()
    for block in blocks:
        first, *others = block.split(b"\n")
        rest += first
        if others:
            yield bytes(rest)
            yield from others[:-1]
            rest = bytearray(others[-1])
        if len(rest) > LONGEST_LINE:
            raise SourceError(
                f"{path.name} has a line of more than {LONGEST_LINE >> 20} MB. Expected CSV, JSON Lines or Parquet; "
                "what stands before that line was taken."
            )
    if rest:
        yield bytes(rest)


def _json_rows(lines: Iterator[bytes], encoding: str) -> Iterator[NumberedRow]:
    for number, line in enumerate(lines, start=1):
        stripped = line.removeprefix(codecs.BOM_UTF8).strip()
        if not stripped:
            continue
        try:
            content = _json(stripped, encoding)
        except (ValueError, RecursionError) as error:
            yield number, f"is not JSON ({error}): {_shown(stripped)}"
            continue
        yield number, content if isinstance(content, dict) else f"is not a JSON object: {_shown(stripped)}"


def _json(line: bytes, encoding: str) -> Any:
    """What a line holds. What orjson refuses (half an emoji, control characters, cp1252) the slower reader takes."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(_decoded(line, encoding), strict=False)


def _csv_rows(
    lines: Iterator[str], path: Path, layout: Layout, check_columns: Callable[[list[str]], None]
) -> Iterator[NumberedRow]:
    found = table(lines, layout.delimiter, layout.skip, layout.lacking)
    if found is None:
        raise SourceError(f"{path.name} is empty. Expected at least a line with the names of the columns.")
    if found.broken:
        raise SourceError(
            f"{path.name}, line {found.skipped + 1}: the line with the columns' names {found.broken[:500]}"
        )
    check_columns(found.names)
    records = csv_records(found.lines, found.delimiter)
    next(records)
    width = len(found.names)
    named = max((at for at, name in enumerate(found.names, start=1) if name), default=0)
    for number, cells in records:
        line = found.skipped + number
        if isinstance(cells, str):
            yield line, cells
        elif len(cells) == width:
            yield line, dict(zip(found.names, cells, strict=True))
        elif len(cells) >= named and not any(cells[width:]):  # what is too many and empty comes of a last delimiter
            yield line, dict(zip(found.names, cells + [""] * (width - len(cells)), strict=False))
        elif cells:
            yield line, f"has {len(cells)} cells, the header has {width}: {_shown(found.delimiter.join(cells))}"


def _without_mark(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same lines, the first without the byte order mark that Excel puts before it."""
    yield next(lines, b"").removeprefix(codecs.BOM_UTF8)
    yield from lines


def _decoded(line: bytes, encoding: str) -> str:
    """A line as text. What is no UTF-8 is most likely an old Windows export."""
    try:
        return line.decode(encoding)
    except UnicodeError:
        return line.decode("cp1252", "replace")


def _parquet_rows(path: Path, check_columns: Callable[[list[str]], None]) -> Iterator[NumberedRow]:
    file = pyarrow.parquet.ParquetFile(path)
    check_columns(file.schema_arrow.names)
    number = 0
    for batch in file.iter_batches(PARQUET_BATCH):
        for row in _python_rows(batch):
            number += 1
            yield number, row


def _python_rows(batch: pyarrow.RecordBatch) -> Iterator[dict[str, Any] | str]:
    """The rows of a batch; one that Python can't hold (the year 20000, bytes that are no text) costs itself."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        for position in range(batch.num_rows):
            try:
                yield from batch.slice(position, 1).to_pylist()
            except (ValueError, OverflowError) as error:
                yield f"holds a value that can't be read ({error})"


def _shown(raw: str | bytes) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return text if len(text) <= 2000 else text[:2000] + "…"
