"""Files: CSV, JSON Lines and Parquet, plain or compressed with gzip or zstd, of any size and with any columns.

What a file is, is read from its first bytes and not from its name. A record without a readable time or text is kept and
ends in quarantine; only records of the window are taken.
"""

import codecs
import glob
import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import pyarrow
import pyarrow.parquet
import zstandard
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from connectors.contract import (
    Author,
    Interaction,
    Listening,
    Mention,
    Metrics,
    Misfit,
    Network,
    Page,
    Query,
    Record,
    SourceError,
    SourceSettings,
    Window,
    from_epoch,
    utc,
)
from connectors.csv_lines import csv_records

NETWORK = Network(
    name="files",
    title="Files",
    page_size=1000,
    limits="none: memory holds 1,000 records at a time",
    reaches_back="as far as the file does",
    source_url="https://www.rfc-editor.org/rfc/rfc4180",
)
ZSTD_LONGEST_WINDOW = 2**31
"""Reddit's monthly dumps are packed with a window of 2 GB; readers have to allow it."""
LONGEST_LINE = 64 * 2**20
"""A line of more bytes is no record; memory would not hold what some files call one line."""

GONE = frozenset({"[deleted]", "[removed]"})
"""What Reddit's dumps hold where a text or an author was."""


class Columns(BaseModel):
    """Which column holds what. A name that is not given means itself; dots reach into nested JSON: `user.name`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None
    created_at: str | None = None
    text: str | None = None
    title: str | None = None
    url: str | None = None
    author: str | None = None
    author_name: str | None = None
    followers: str | None = None
    community: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    addressed_to: str | None = None
    lang: str | None = None
    likes: str | None = None
    replies: str | None = None
    reposts: str | None = None
    quotes: str | None = None
    views: str | None = None
    score: str | None = None


class Settings(SourceSettings):
    """A `[[sources]]` entry of type files."""

    type: Literal["files"]
    path: str = Field(description="file or pattern such as 'exports/*.csv', relative to the config")
    network: str = Field(
        "files", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="where the posts come from: x, irc"
    )
    kind: Literal["post", "message", "review"] = "post"
    columns: Columns = Columns()
    id_prefix: str = Field("", description="put before each id, such as 't1_' for Reddit comments")
    community: str | None = Field(None, description="community of all records, where no column says it")
    delimiter: str = Field(",", pattern=r'^[^"\r\n]$', description="one character, such as ',', ';' or a tab")
    encoding: str = "utf-8"
    time_format: str | None = Field(
        None, description="strptime format, where times are not ISO 8601, RFC 2822 or epoch"
    )
    time_zone: str = Field("UTC", description="zone of times that name none")

    @field_validator("path")
    @classmethod
    def _relative_to_the_config(cls, path: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder")
        return str(Path(folder) / Path(path).expanduser()) if folder else path

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is no time zone; write one such as 'UTC' or 'Europe/Amsterdam'") from error
        return zone

    @field_validator("time_format")
    @classmethod
    def _reads_what_it_writes(cls, time_format: str | None) -> str | None:
        try:
            datetime.strptime(datetime(2024, 12, 31).strftime(time_format), time_format) if time_format else None
        except (ValueError, re.error) as error:
            raise ValueError(f"is no strptime format ({error}); write one such as '%m/%d/%y %H:%M'") from error
        return time_format

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "a\n".encode(encoding).decode(encoding)
        except (LookupError, UnicodeError) as error:
            raise ValueError("is no encoding; write one such as 'utf-8' or 'cp1252'") from error
        return encoding


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001
    """One query a file that the pattern finds; the pattern itself where it finds none."""
    paths = sorted(glob.glob(settings.path, recursive=True)) or [settings.path]  # noqa: PTH207 - patterns may be absolute
    names = [Path(path).name for path in paths]
    if len(set(names)) < len(names):
        folder = os.path.commonpath(paths)
        names = [Path(path).relative_to(folder).as_posix() for path in paths]
    return [Query(f"file {name}", path) for name, path in zip(names, paths, strict=True)]


def connect(settings: Settings, credentials: Mapping[str, str]) -> None:
    """Nothing: files need no client."""


def fetch(client: None, settings: Settings, query: Query, window: Window) -> Iterator[Page]:  # noqa: ARG001
    """Pages of up to 1,000 records of the window, each with its line or row number.

    A record that can't be read as one is passed on as `broken` with the reason. `SourceError` where the file is
    missing, of another kind, cut off, or lacks a column that the settings name.
    """
    path = Path(query.text)
    endpoint = query.name
    records: list[dict[str, Any]] = []
    page = _PageStart()
    try:
        for line, content in read_records(path, settings):
            if isinstance(content, str):
                records.append({"line": line, "broken": content})
            else:
                page.seen += 1
                moment = _moment_of(content, settings)
                if moment is None:
                    records.append({"line": line, "row": content})
                elif moment in window:
                    records.append({"line": line, "row": content})
                    page.add(moment)
            if len(records) == NETWORK.page_size:
                yield page.close(endpoint, records)
                records, page = [], _PageStart()
    except SourceError:
        if records:
            yield page.close(endpoint, records)
        raise
    if records or page.seen:
        yield page.close(endpoint, records)


class _PageStart:
    """What a page holds so far."""

    def __init__(self) -> None:
        self.posts = self.seen = 0
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, moment: datetime) -> None:
        self.posts += 1
        self.first = min(self.first or moment, moment)
        self.last = max(self.last or moment, moment)

    def close(self, endpoint: str, records: list[dict[str, Any]]) -> Page:
        return Page(endpoint, {"records": records}, self.posts, self.seen, self.first, self.last)


# Reading -----------------------------------------------------------------------------------------------

HEAD = 4096
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive (or an Excel workbook)",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"SQLite format 3": "an SQLite database",
    b"\x89PNG": "a picture",
}


def read_records(path: Path, settings: Settings) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line or row number and the record, or the reason why it is none.

    `SourceError` where the file is missing, of another kind, damaged, or lacks a column that the settings name.
    """
    try:
        with path.open("rb") as file:
            yield from _rows(file, path, settings)
    except gzip.BadGzipFile as error:  # an OSError too, but not one of the path
        raise _damaged(path, error) from error
    except OSError as error:
        if error.errno is None:
            raise _damaged(path, error) from error
        raise SourceError(f"{path.name}: {error.strerror}. Check the path in the config: {path}") from error
    except (EOFError, zlib.error, zstandard.ZstdError, pyarrow.ArrowException) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} is cut off or damaged ({error}). What could be read was taken; give the whole file."
    )


def _rows(file: IO[bytes], path: Path, settings: Settings) -> Iterator[tuple[int, dict[str, Any] | str]]:
    head = file.read(HEAD)
    file.seek(0)
    if head.startswith(b"PAR1"):
        yield from _parquet_rows(path, settings)
        return
    stream, head = _unpacked(file, head)
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise SourceError(f"{path.name} is {what}. Expected CSV, JSON Lines or Parquet: unpack or export it.")
    blocks: Iterator[bytes] = iter(lambda: stream.read(1 << 20), b"")
    encoding, is_wide = settings.encoding, "\n".encode(settings.encoding) != b"\n"
    if not is_wide and head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, is_wide = "utf-16", True
    if is_wide:  # lines can be told apart only once they are text
        blocks, encoding, head = _as_utf8(blocks, encoding), "utf-8", head.decode(encoding, "ignore").encode()
    first = head.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first == b"{":
        yield from _json_rows(_lines(blocks, path), encoding)
    elif first == b"[":
        raise SourceError(f"{path.name} is one JSON array. Expected JSON Lines: an object on each line (jq -c '.[]').")
    elif head or path.name.endswith((".csv", ".csv.gz", ".csv.zst")):
        yield from _csv_rows(_lines(blocks, path), encoding, path, settings)


def _as_utf8(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8, without the mark that says which way round its bytes stood."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _unpacked(file: IO[bytes], head: bytes) -> tuple[IO[bytes], bytes]:
    """The stream of plain bytes, and the first of them."""
    if head.startswith(b"\x1f\x8b"):
        opened: Any = lambda: gzip.GzipFile(fileobj=file)  # noqa: E731
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_LONGEST_WINDOW)
        opened = lambda: unpacker.stream_reader(file, read_across_frames=True)  # noqa: E731
    else:
        return file, head
    head = opened().read(HEAD)
    file.seek(0)
    return opened(), head


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


def _json_rows(lines: Iterator[bytes], encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
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
    lines: Iterator[bytes], encoding: str, path: Path, settings: Settings
) -> Iterator[tuple[int, dict[str, Any] | str]]:
    texts = (_decoded(line, encoding) for line in _without_mark(lines))
    records = csv_records(texts, settings.delimiter)
    number, header = next(records, (1, []))
    if isinstance(header, str):
        raise SourceError(f"{path.name}, line {number}: the line with the columns' names {header[:500]}")
    if not header:
        raise SourceError(f"{path.name} is empty. Expected at least a line with the names of the columns.")
    names = [name.strip() for name in header]
    _check_columns(path, names, settings)
    width = len(names)
    for number, cells in records:
        if isinstance(cells, str):
            yield number, cells
        elif len(cells) == width:
            yield number, dict(zip(names, cells, strict=True))
        elif cells:
            yield number, f"has {len(cells)} cells, the header has {width}: {_shown(settings.delimiter.join(cells))}"


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


def _parquet_rows(path: Path, settings: Settings) -> Iterator[tuple[int, dict[str, Any] | str]]:
    file = pyarrow.parquet.ParquetFile(path)
    _check_columns(path, file.schema_arrow.names, settings)
    number = 0
    for batch in file.iter_batches(NETWORK.page_size):
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


def _column_names(settings: Settings) -> dict[str, str]:
    """What each of our fields is called in the file."""
    return {field: getattr(settings.columns, field) or field for field in Columns.model_fields}


def _check_columns(path: Path, names: list[str], settings: Settings) -> None:
    """`SourceError` where a column that is needed or named is not there."""
    needed = {"created_at", "text"} | settings.columns.model_fields_set
    wanted = {column for field, column in _column_names(settings).items() if field in needed}
    lacking = sorted(column for column in wanted if not {column, column.split(".")[0]} & set(names))
    if lacking:
        there = ", ".join(f"{name!r:.60}" for name in names[:30]) + (", …" if len(names) > 30 else "")
        raise SourceError(
            f"{path.name} has no column {', '.join(map(repr, lacking))}. It has: {there}. "
            f"Say in the config, under columns of source {settings.id!r}, which column holds what."
        )


# Parsing ----------------------------------------------------------------------------------------------


COUNTS = ("followers", "likes", "replies", "reposts", "quotes", "views", "score")
_NAMES = re.compile(r"[\s,;]+")


class _Reader(NamedTuple):
    """The settings in the form in which a row is read: only the columns that a page has at all."""

    names: dict[str, str]
    texts: list[str]
    counts: list[str]
    settings: Settings


def parse(settings: Settings, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the rows; a row that can't be read is a `Misfit`."""
    records = page.body.get("records") if isinstance(page.body, dict) else None
    if not isinstance(records, list):
        yield Misfit("is not a page of file records", "page", page.body)
        return
    names = _names_on_page(records, settings)
    counts = [field for field in names if field in COUNTS]
    texts = [field for field in names if field not in {*COUNTS, "created_at"}]
    reader = _Reader(names, texts, counts, settings)
    for position, record in enumerate(records):
        if not isinstance(record, dict):
            yield Misfit("is not a file record", f"records[{position}]", record)
            continue
        place = f"{page.endpoint}, line {record.get('line')}"
        if "broken" in record:
            yield Misfit(str(record["broken"]).partition(": ")[0], place, record["broken"])
            continue
        try:
            yield from _row_records(record["row"], reader)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Misfit(str(error), place, record.get("row"))


def _names_on_page(records: list[Any], settings: Settings) -> dict[str, str]:
    """What each of our fields is called, without those that no row of the page has."""
    rows = [record["row"] for record in records if isinstance(record, dict) and isinstance(record.get("row"), dict)]
    there = set().union(*rows)
    return {field: name for field, name in _column_names(settings).items() if {name, name.split(".")[0]} & there}


def _row_records(row: dict[str, Any], reader: _Reader) -> list[Record]:
    """The records of one row; `ValueError` says why there are none."""
    settings = reader.settings
    network = settings.network
    created_at = _moment_of(row, settings)
    if created_at is None:
        name = settings.columns.created_at or "created_at"
        raise ValueError(f"time {value_at(row, name)!r:.60} can't be read")
    told = _told(row, reader)
    text, title = told.get("text"), told.get("title")
    if text is None and title is None:
        raise ValueError("has neither text nor title")
    handle = told.get("author")
    is_deleted = text in GONE
    text, handle = None if is_deleted else text, None if handle in GONE else handle
    own_id = told.get("id") or _made_id(handle, created_at, text or title or "")
    mention_id = f"{network}:{settings.id_prefix}{own_id}"
    author_id = account_id(network, handle) if handle else None
    parent, root = told.get("parent_id"), told.get("root_id")
    records: list[Record] = [
        Mention(
            mention_id,
            network,
            told.get("community") or settings.community,
            "comment" if parent and settings.kind == "post" else settings.kind,
            title,
            text,
            told.get("url"),
            author_id,
            f"{network}:{parent}" if parent else None,
            f"{network}:{root}" if root else (None if parent else mention_id),
            created_at,
            is_deleted=is_deleted,
            network_lang=_language(told.get("lang")),
        )
    ]
    counts = {field: _count(row, reader.names[field]) for field in reader.counts}
    followers = counts.pop("followers", None)
    if handle and author_id:
        records.append(Author(author_id, network, handle, told.get("author_name"), followers))
        for name in _NAMES.split(told.get("addressed_to", "")):
            if name:
                to_id = account_id(network, name.lstrip("@"))
                records.append(Author(to_id, network, name.lstrip("@")))
                records.append(Interaction(mention_id, author_id, to_id, "reply" if parent else "mention"))
    if any(count is not None for count in counts.values()):
        records.append(Metrics(mention_id, **counts))
    return records


def account_id(network: str, handle: str) -> str:
    """The id of an account that is known by its handle only."""
    return f"{network}:{handle.lower()}"


def _made_id(handle: str | None, created_at: datetime, text: str) -> str:
    """An id for a row that has none: the same row gets the same one again."""
    return hashlib.sha256(f"{handle}\0{created_at}\0{text}".encode("utf-8", "replace")).hexdigest()[:16]


def value_at(row: dict[str, Any], name: str) -> Any:
    """What a row holds under a name, or under a path of names with dots between them; None where it holds nothing."""
    if name in row or "." not in name:
        return row.get(name)
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _told(row: dict[str, Any], reader: _Reader) -> dict[str, str]:
    """The texts that a row holds, by our fields, without those that are empty."""
    told = {}
    for field in reader.texts:
        name = reader.names[field]
        value = value_at(row, name)
        if value is None:
            continue
        if isinstance(value, dict | list):
            raise ValueError(f"{name} holds a {type(value).__name__}, expected text")
        text = (value if isinstance(value, str) else str(value)).strip()
        if text:
            told[field] = text
    return told


def _language(told: str | None) -> str | None:
    """The code in 'en', 'pt-BR' or 'pt_BR'; None for words and for the codes that say that nobody knows."""
    code = re.match(r"[a-z]{2,3}(?=[-_]|$)", (told or "").lower())
    return None if code is None or re.fullmatch(r"und|zxx|art|q[a-t][a-z]", code[0]) else code[0]


def _count(row: dict[str, Any], name: str) -> int | None:
    value = value_at(row, name)
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = int(float(value)) if isinstance(value, str) and "." in value else int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is {value!r:.60}, expected a whole number") from error
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{name} is {value!r:.60}, too large for a count")
    return number


def _moment_of(row: dict[str, Any], settings: Settings) -> datetime | None:
    """When a row says that it was written, in UTC; None where that can't be read."""
    name = settings.columns.created_at or "created_at"
    try:
        return read_moment(value_at(row, name), settings.time_format, settings.time_zone)
    except (TypeError, ValueError, OverflowError):
        return None


def read_moment(value: Any, time_format: str | None, time_zone: str) -> datetime:
    """A time as ISO 8601, RFC 2822, epoch seconds or milliseconds, or in `time_format`; `ValueError` for others."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        moment = from_epoch(value if abs(value) < 1e11 else value / 1000).replace(tzinfo=UTC)
    else:  # a Parquet column of dates, decimals or bytes says the same as its text, which is what landing keeps
        text = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()
        moment = datetime.strptime(text, time_format) if time_format else _guessed_moment(text)
    if moment.tzinfo is None and time_zone != "UTC":
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    return utc(moment)


def _guessed_moment(value: str) -> datetime:
    if re.fullmatch(r"-?\d{9,13}(\.\d+)?", value):
        return read_moment(float(value), None, "UTC").replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return parsedate_to_datetime(value)
