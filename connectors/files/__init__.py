"""Files: CSV, JSON Lines and Parquet, plain or compressed with gzip or zstd, of any size and with any columns.

What a file is, is read from its first bytes and not from its name. It is read twice: once for what only the whole of it
tells (whether 03/04 is March or April, whether a spreadsheet rounded the ids), then for its records. A record without a
readable time or text is kept and ends in quarantine; only records of the window are taken. A day that ends after the
file was last written counts as not seen. Monthly dumps of Reddit are read as Reddit's own answers are, with
`format = "reddit-dump"`.
"""

import glob
import os
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from connectors.contract import Listening, Network, Page, Query, Record, SourceError, SourceSettings, Window
from connectors.files import records as file_records
from connectors.files import reddit_dumps
from connectors.files.formats import NumberedRow, read_rows
from connectors.files.freshness import NewestMoment, last_written, unless_held
from connectors.files.json_documents import a_document, list_in
from connectors.files.survey import NamesOfRows, Survey, Surveyor

NETWORK = Network(
    name="files",
    title="Files",
    page_size=1000,
    limits="none: memory holds 1,000 records at a time",
    reaches_back="as far as the file does",
    source_url="https://www.rfc-editor.org/rfc/rfc4180",
    is_exhaustive=True,
    setup="""
1. Put the files where Earshot may read them, and name them in the config: `path = "exports/*.csv"`. A new file that the
   pattern finds is read by the next run.
2. Say which column holds what, where the names differ: `columns = { created_at = "Date", text = "Body" }`. A column
   that is missing is named beside those that are there.
3. Give `network` the name of the place that the posts come from: it becomes the first part of every id.
4. For a monthly dump of Reddit (`RC_2026-03.zst`, `RS_2026-03.zst`), `format = "reddit-dump"` says all of that.
""",
    cannot=(
        "Edits, deletions and numbers of later: a file says what it said when it was written. A new file with the same "
        "ids brings them up to date.",
        "Excel workbooks, ZIP archives and JSON documents: export CSV, unpack, or write an object on each line; the "
        "error says how.",
        "Ids that a spreadsheet rounded (`1.29403E+18`): the file is refused, since different posts may share one.",
        "A time with two readings (03/04/2026), unless another row of the file or a weekday settles it: the row is set "
        "aside, and `time_format` reads it.",
    ),
)


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
    rating: str | None = None
    product_version: str | None = None


def _relative_to_the_config(path: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder")
    return str(Path(folder) / Path(path).expanduser()) if folder else path


ConfigPath = Annotated[str, AfterValidator(_relative_to_the_config)]
"""A path or pattern of the config, relative to the folder that the config lies in."""


class Settings(SourceSettings):
    """A `[[sources]]` entry of type files."""

    type: Literal["files"]
    path: ConfigPath = Field(description="file or pattern such as 'exports/*.csv', relative to the config")
    format: Literal["columns", "reddit-dump"] = Field(
        "columns", description="'reddit-dump' for monthly dumps of Reddit, which need neither network nor columns"
    )
    network: str = Field(
        "files", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="where the posts come from: x, irc"
    )
    kind: Literal["post", "message", "review"] = "post"
    columns: Columns = Columns()
    id_prefix: str = Field("", description="put before each id, such as 't1_' for Reddit comments")
    community: str | None = Field(None, description="community of all records, where no column says it")
    delimiter: str = Field(
        ",",
        pattern=r'^[^"\r\n]$',
        description="one character, such as ',', ';' or a tab; found by itself where the columns are not there with it",
    )
    skip: int = Field(
        0, ge=0, le=1000, description="lines before the one with the columns' names, such as a report's head"
    )
    encoding: str = "utf-8"
    time_format: str | None = Field(None, description="strptime format of times that are not read by themselves")
    time_zone: str = Field("UTC", description="zone of times that name none")

    @model_validator(mode="before")
    @classmethod
    def _a_dump_says_the_rest(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("format") != "reddit-dump":
            return given
        needless = sorted(given.keys() & {"columns", "community", "id_prefix", "kind", "time_format", "time_zone"})
        needless += ["network"] if given.get("network", "reddit") != "reddit" else []
        if needless:
            raise ValueError(f'a "reddit-dump" says that itself; take {", ".join(needless)} out')
        return {**given, "network": "reddit"}

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
    return one_each(found(settings.path))


def found(pattern: str) -> list[str]:
    """The files that a pattern finds, by name; the pattern itself where it finds none."""
    return sorted(glob.glob(pattern, recursive=True)) or [pattern]  # noqa: PTH207 - patterns may be absolute


def one_each(paths: list[str]) -> list[Query]:
    """A query for each file, with as much of its path in the name as tells them apart."""
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
    missing, of another kind, cut off, lacks a column that the settings name, or has ids that were rounded; `NotYet`
    where the newest file that the pattern finds was written before the window's end.
    """
    path = Path(query.text)
    endpoint = query.name
    is_dump = settings.format == "reddit-dump"
    written = last_written([path])
    newest = NewestMoment(written.at if written else window.end)
    survey = Survey() if is_dump else _survey(path, settings, None)
    moment_of = _dump_moment if is_dump else file_records.moment_reader(settings, survey.order)
    page = _PageStart(survey)
    try:
        for line, content in read_records(path, settings):
            if isinstance(content, str):
                page.records.append({"line": line, "broken": content})
            else:
                page.seen += 1
                moment = _moment_or_none(moment_of, content)
                content = reddit_dumps.emptied(content) if is_dump else content  # deleted words are not kept at all
                if moment is None:
                    _hint_at_dump(path, content, settings)
                    page.records.append({"line": line, "row": content})
                else:
                    newest.see(moment)
                    if moment in window:
                        page.records.append({"line": line, "row": content})
                        page.add(moment)
            if len(page.records) == NETWORK.page_size:
                yield page.close(endpoint)
                page = _PageStart(survey)
    except SourceError:
        if page.records:
            yield page.close(endpoint)
        raise
    if page.records or page.seen:
        yield page.close(endpoint)
    newest_file = last_written(found(settings.path))
    if written and newest_file and newest_file.path == path:  # older exports beside it are what they are
        unless_held(written, newest.moment, window)


def sample(settings: Settings, query: Query, size: int) -> Page:
    """The first `size` records of a file, whenever they were written; `SourceError` as `fetch` raises it.

    What only the whole file tells is found in its first 20,000 records here.
    """
    path = Path(query.text)
    is_dump = settings.format == "reddit-dump"
    survey = Survey() if is_dump else _survey(path, settings, 20_000)
    moment_of = _dump_moment if is_dump else file_records.moment_reader(settings, survey.order)
    page = _PageStart(survey)
    for line, content in islice(read_records(path, settings), size):
        if isinstance(content, str):
            page.records.append({"line": line, "broken": content})
            continue
        page.seen += 1
        page.records.append({"line": line, "row": reddit_dumps.emptied(content) if is_dump else content})
        if moment := _moment_or_none(moment_of, content):
            page.add(moment)
        else:
            _hint_at_dump(path, content, settings)
    return page.close(query.name)


def _moment_or_none(moment_of: file_records.MomentReader, row: dict[str, Any]) -> datetime | None:
    try:
        return moment_of(row)
    except ValueError:
        return None


def _dump_moment(row: dict[str, Any]) -> datetime:
    moment = reddit_dumps.moment(row)
    if moment is None:
        raise ValueError("says no time")
    return moment


def _survey(path: Path, settings: Settings, most: int | None) -> Survey:
    """What the first `most` records, or all, tell together. `SourceError` where their columns or ids can't be used.

    Damage further on is not told here: what stands before it is taken first.
    """
    names = file_records.column_names(settings)
    surveyor = Surveyor(names, (*file_records.COUNTS, "rating"))
    needed = {names["created_at"], names["text"]}
    in_rows = NamesOfRows(needed, _wanted(settings) - needed)
    try:
        for _, row in islice(read_records(path, settings), most):
            if isinstance(row, dict):
                surveyor.see(row)
                in_rows.see(row)
    except SourceError:
        if not in_rows.has_rows:
            raise
    if in_rows.lacking:
        _hint_at_dump(path, in_rows.first, settings)
        _hint_at_document(path, in_rows.first)
        raise _lacks(path, in_rows.lacking, in_rows.there, settings)
    return surveyor.found(path)


class _PageStart:
    """What a page holds so far."""

    def __init__(self, survey: Survey) -> None:
        self.records: list[dict[str, Any]] = []
        self.posts = self.seen = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._survey = survey

    def add(self, moment: datetime) -> None:
        self.posts += 1
        self.first = min(self.first or moment, moment)
        self.last = max(self.last or moment, moment)

    def close(self, endpoint: str) -> Page:
        body = {"records": self.records, **self._survey.in_page()}
        return Page(endpoint, body, self.posts, self.seen, self.first, self.last)


def read_records(path: Path, settings: Settings) -> Iterator[NumberedRow]:
    """Line or row number and the record, or the reason why it is none.

    `SourceError` where the file is missing, of another kind, damaged, or lacks a column that the settings name.
    """
    return read_rows(
        path,
        settings.encoding,
        settings.delimiter,
        lambda names: _check_columns(path, names, settings),
        skip=settings.skip,
        lacking=lambda names: _lacking(names, settings),
    )


def _wanted(settings: Settings) -> set[str]:
    """The columns that are needed or named."""
    if settings.format == "reddit-dump":
        return set(reddit_dumps.NEEDED)
    needed = {"created_at", "text"} | settings.columns.model_fields_set
    return {column for field, column in file_records.column_names(settings).items() if field in needed}


def _lacking(names: list[str], settings: Settings) -> list[str]:
    return sorted(column for column in _wanted(settings) if not {column, column.split(".")[0]} & set(names))


def _check_columns(path: Path, names: list[str], settings: Settings) -> None:
    """`SourceError` where a column that is needed or named is not there, or there twice."""
    if lacking := _lacking(names, settings):
        raise _lacks(path, lacking, names, settings)
    twice = sorted(name for name in set(file_records.column_names(settings).values()) if names.count(name) > 1)
    if twice:
        raise SourceError(f"{path.name} has more than one column {', '.join(map(repr, twice))}. Rename all but one.")


def _lacks(path: Path, lacking: list[str], names: list[str], settings: Settings) -> SourceError:
    there = ", ".join(f"{name!r:.60}" for name in names[:30]) + (", …" if len(names) > 30 else "")
    return SourceError(
        f"{path.name} has no column {', '.join(map(repr, lacking))}. It has: {there}. "
        f"Say in the config, under columns of source {settings.id!r}, which column holds what."
    )


def _hint_at_dump(path: Path, row: dict[str, Any], settings: Settings) -> None:
    """`SourceError` where a row without a readable time is one of a dump that nobody said to be one."""
    if settings.format == "columns" and not settings.columns.model_fields_set and reddit_dumps.looks_like_one(row):
        raise SourceError(
            f"{path.name} looks like a monthly dump of Reddit. Say so in the config of source {settings.id!r}: "
            'format = "reddit-dump", without network and columns.'
        )


def _hint_at_document(path: Path, row: dict[str, Any]) -> None:
    """`SourceError` where what stands on the first line is a whole document."""
    if name := list_in(row):
        raise SourceError(f"{path.name} is {a_document(name)}")


def parse(settings: Settings, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the rows; a row that can't be read is a `Misfit`."""
    return file_records.records(settings, page)
