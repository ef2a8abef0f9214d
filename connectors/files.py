"""Files: CSV, JSON Lines and Parquet, plain or compressed with gzip or zstd, of any size and with any columns.

What a file is, is read from its first bytes and not from its name. A record without a readable time or text is kept and
ends in quarantine; only records of the window are taken.
"""

import glob
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from connectors.file_formats import NumberedRow, read_rows

NETWORK = Network(
    name="files",
    title="Files",
    page_size=1000,
    limits="none: memory holds 1,000 records at a time",
    reaches_back="as far as the file does",
    source_url="https://www.rfc-editor.org/rfc/rfc4180",
)
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


def read_records(path: Path, settings: Settings) -> Iterator[NumberedRow]:
    """Line or row number and the record, or the reason why it is none.

    `SourceError` where the file is missing, of another kind, damaged, or lacks a column that the settings name.
    """
    return read_rows(path, settings.encoding, settings.delimiter, lambda names: _check_columns(path, names, settings))


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
