"""Reads files: which records are of the window, and whether the file can have held it whole."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.contract import Page, Query, SourceError, Window
from connectors.files import NETWORK, Settings, found, parse, reddit_dumps
from connectors.files.formats import NumberedRow, read_rows
from connectors.files.freshness import NewestMoment, last_written, unless_held
from connectors.files.json_documents import a_document, list_in
from connectors.files.survey import NamesOfRows, Survey, Surveyor


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
    moment_of = _dump_moment if is_dump else parse.moment_reader(settings, survey.order)
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
    moment_of = _dump_moment if is_dump else parse.moment_reader(settings, survey.order)
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


def _moment_or_none(moment_of: parse.MomentReader, row: dict[str, Any]) -> datetime | None:
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
    names = parse.column_names(settings)
    surveyor = Surveyor(names, (*parse.COUNTS, "rating"))
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
    return {column for field, column in parse.column_names(settings).items() if field in needed}


def _lacking(names: list[str], settings: Settings) -> list[str]:
    return sorted(column for column in _wanted(settings) if not {column, column.split(".")[0]} & set(names))


def _check_columns(path: Path, names: list[str], settings: Settings) -> None:
    """`SourceError` where a column that is needed or named is not there, or there twice."""
    if lacking := _lacking(names, settings):
        raise _lacks(path, lacking, names, settings)
    twice = sorted(name for name in set(parse.column_names(settings).values()) if names.count(name) > 1)
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
