"""What the tests of the files connector share: files that somebody exported, and what is read of them."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from connectors import CONNECTORS
from connectors.contract import (
    Listening,
    Mention,
    Misfit,
    Page,
    Record,
    SourceError,
    Window,
)

files = CONNECTORS["files"]

ALL_TIME = Window(datetime.min, datetime(2026, 6, 1))
"""Ends before the files of these tests are written."""
MARCH_2 = Window(datetime(2026, 3, 2), datetime(2026, 3, 3))
HEADER = "id,created_at,author,text"
GOOD = "{},2026-03-02,ann,Fine"
"""A row below the header, to be given its id."""
NESTED = [
    {"key": "1", "when": "2026-03-02T10:00:00Z", "body": "Lovely kettle", "user": {"name": "ann"}, "n": {"up": 3}},
    {"key": "2", "when": "2026-03-02T11:00:00Z", "body": "Ünïcødé 🫖", "user": {"name": "bob"}, "n": {"up": 0}},
]
MAPPED = {"id": "key", "created_at": "when", "text": "body", "author": "user.name", "likes": "n.up"}


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
