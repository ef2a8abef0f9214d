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
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from connectors.contract import Listening, Network, Query, SourceSettings

NETWORK = Network(
    name="files",
    title="Files",
    page_size=1000,
    limits="none: memory holds 1,000 records at a time",
    reaches_back="as far as the file does",
    source_url="https://www.rfc-editor.org/rfc/rfc4180",
    is_exhaustive=True,
    parsed_by=("format", "network", "kind", "columns", "id_prefix", "community", "time_format", "time_zone"),
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
