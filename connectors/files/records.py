"""What the rows of a file hold, as records. Pure: nothing here opens a file."""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from connectors.contract import Author, Interaction, Mention, Metrics, Misfit, Page, Record, from_epoch, utc
from connectors.files import reddit_dumps
from connectors.reddit import records as reddit_records

if TYPE_CHECKING:
    from connectors.files import Settings

MomentReader = Callable[[dict[str, Any]], datetime | None]
GONE = frozenset({"[deleted]", "[removed]"})
"""What exports from Reddit hold where a text or an author was."""
COUNTS = ("followers", "likes", "replies", "reposts", "quotes", "views", "score")
_NAMES = re.compile(r"[\s,;]+")


class _Reader(NamedTuple):
    """The settings in the form in which a row is read: only the columns that a page has at all."""

    names: dict[str, str]
    texts: list[str]
    counts: list[str]
    settings: "Settings"
    moment_of: "MomentReader"


def records(settings: "Settings", page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the rows; a row that can't be read is a `Misfit`."""
    rows = page.body.get("records") if isinstance(page.body, dict) else None
    if not isinstance(rows, list):
        yield Misfit("is not a page of file records", "page", page.body)
        return
    if settings.format == "reddit-dump":
        yield from _dump_records(page.endpoint, rows)
        return
    names = _names_on_page(rows, settings)
    counts = [field for field in names if field in COUNTS]
    texts = [field for field in names if field not in {*COUNTS, "created_at"}]
    reader = _Reader(names, texts, counts, settings, moment_reader(settings))
    for position, row in enumerate(rows):
        misfit = _no_row(page.endpoint, position, row)
        if misfit:
            yield misfit
            continue
        try:
            yield from _row_records(row["row"], reader)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Misfit(str(error), _place(page.endpoint, row), row.get("row"))


def _dump_records(endpoint: str, rows: list[Any]) -> Iterator[Record]:
    """The records of a dump's rows, as the API's answers give them."""
    found = []
    for position, row in enumerate(rows):
        misfit = _no_row(endpoint, position, row)
        if misfit:
            yield misfit
        else:
            found.append(reddit_records.Found(_place(endpoint, row), row.get("row")))
    things = reddit_dumps.things(found)
    yield from reddit_records.of_things(things, reddit_dumps.is_escaped(things))


def _no_row(endpoint: str, position: int, row: Any) -> Misfit | None:
    """Why an entry of a page holds no row; None where it holds one."""
    if not isinstance(row, dict):
        return Misfit("is not a file record", f"records[{position}]", row)
    if "broken" in row:
        return Misfit(str(row["broken"]).partition(": ")[0], _place(endpoint, row), row["broken"])
    return None


def _place(endpoint: str, row: dict[str, Any]) -> str:
    return f"{endpoint}, line {row.get('line')}"


def column_names(settings: "Settings") -> dict[str, str]:
    """What each of our fields is called in the file."""
    return {field: getattr(settings.columns, field) or field for field in type(settings.columns).model_fields}


def _names_on_page(records: list[Any], settings: "Settings") -> dict[str, str]:
    """What each of our fields is called, without those that no row of the page has."""
    rows = [record["row"] for record in records if isinstance(record, dict) and isinstance(record.get("row"), dict)]
    there = set().union(*rows)
    return {field: name for field, name in column_names(settings).items() if {name, name.split(".")[0]} & there}


def _row_records(row: dict[str, Any], reader: _Reader) -> list[Record]:
    """The records of one row; `ValueError` says why there are none."""
    settings = reader.settings
    network = settings.network
    created_at = reader.moment_of(row)
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


def moment_reader(settings: "Settings") -> MomentReader:
    """A function that tells when a row says that it was written, in UTC; None where that can't be read."""
    name = settings.columns.created_at or "created_at"
    time_format, time_zone = settings.time_format, settings.time_zone

    def moment(row: dict[str, Any]) -> datetime | None:
        try:
            return read_moment(value_at(row, name), time_format, time_zone)
        except (TypeError, ValueError, OverflowError):
            return None

    return moment


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
