"""What the rows of a file hold, as records. Pure: nothing here opens a file."""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from connectors.contract import Author, Interaction, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.files import Settings, reddit_dumps
from connectors.files.mojibake import mended
from connectors.files.numbers import read_number
from connectors.files.survey import IDS, LARGEST_EXACT, Survey, is_rounded, value_at
from connectors.moments import MISSING, OTHER_FORMAT, OTHER_YEAR, SHARED_ZONE, Order, UnreadableMoment, read_moment
from connectors.reddit import parse as reddit
from connectors.side_fields import SideFields

MomentReader = Callable[[dict[str, Any]], datetime]
GONE = frozenset({"[deleted]", "[removed]"})
"""What exports from Reddit hold where a text or an author was."""
COUNTS = ("followers", "likes", "replies", "reposts", "quotes", "views", "score")
WORDS = ("text", "title", "url", "author", "author_name", "community", "addressed_to", "lang", "product_version")
REVIEW_COLUMNS = {"rating": "Star Rating", "product_version": "App Version Name"}
"""What Google Play's console calls them, in a file of reviews that nobody has named them for."""
_NAMES = re.compile(r"[\s,;]+")
_SET_A_FORMAT = '; set time_format, such as time_format = "%d.%m.%Y %H:%M"'
_EMPTY = frozenset({"", "nan", "null", "none", "n/a", "#n/a", "nat"})


class _Reader(NamedTuple):
    """The settings in the form in which a row is read: only the columns that a page has at all."""

    names: dict[str, str]
    words: list[str]
    counts: list[str]
    settings: Settings
    survey: Survey
    moment_of: MomentReader


def parse(settings: Settings, page: Page) -> Iterator[Record]:
    """Mentions, authors, metrics and interactions of the rows; a row that can't be read is a `Misfit`."""
    rows = page.body.get("records") if isinstance(page.body, dict) else None
    if not isinstance(rows, list):
        yield Misfit("is not a page of file records", "page", page.body)
        return
    if settings.format == "reddit-dump":
        yield from _dump_records(page.endpoint, rows)
        return
    survey = Survey.of_page(page.body)
    names = _names_on_page(rows, settings)
    counts = [field for field in names if field in COUNTS]
    words = [field for field in names if field in WORDS]
    reader = _Reader(names, words, counts, settings, survey, moment_reader(settings, survey.order))
    for position, row in enumerate(rows):
        misfit = _no_row(page.endpoint, position, row)
        if misfit:
            yield misfit
            continue
        try:
            yield from _row_records(row["row"], reader)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            yield Misfit(str(error), _place(page.endpoint, row), row.get("row"))


def _dump_records(endpoint: str, rows: list[Any]) -> Iterator[Record]:
    """The records of a dump's rows, as the API's answers give them."""
    found = []
    for position, row in enumerate(rows):
        misfit = _no_row(endpoint, position, row)
        if misfit:
            yield misfit
        else:
            found.append(reddit.Found(_place(endpoint, row), row.get("row")))
    things = reddit_dumps.things(found)
    yield from reddit.of_things(things, reddit_dumps.is_escaped(things))


def _no_row(endpoint: str, position: int, row: Any) -> Misfit | None:
    """Why an entry of a page holds no row; None where it holds one."""
    if not isinstance(row, dict):
        return Misfit("is not a file record", f"records[{position}]", row)
    if "broken" in row:
        return Misfit(str(row["broken"]).partition(": ")[0], _place(endpoint, row), row["broken"])
    return None


def _place(endpoint: str, row: dict[str, Any]) -> str:
    return f"{endpoint}, line {row.get('line')}"


def column_names(settings: Settings) -> dict[str, str]:
    """What each of our fields is called in the file."""
    return {field: getattr(settings.columns, field) or field for field in type(settings.columns).model_fields}


def _names_on_page(records: list[Any], settings: Settings) -> dict[str, str]:
    """What each of our fields is called, without those that no row of the page has."""
    rows = [record["row"] for record in records if isinstance(record, dict) and isinstance(record.get("row"), dict)]
    there = set().union(*rows)
    names = column_names(settings)
    if settings.kind == "review":
        for field, name in REVIEW_COLUMNS.items():
            if getattr(settings.columns, field) is None and field not in there:
                names[field] = name
    return {field: name for field, name in names.items() if {name, name.split(".")[0]} & there}


def _row_records(row: dict[str, Any], reader: _Reader) -> list[Record]:
    """The records of one row; `ValueError` says why there are none."""
    settings = reader.settings
    network = settings.network
    created_at = reader.moment_of(row)
    sides = SideFields("post")
    told = _told(row, reader, sides)
    own_id, parent, root = (_id(row, field, reader, sides) for field in IDS)
    has_parent = parent is not None or any(drift.field == "post.parent_id" for drift in sides.drifts)
    text, title = told.get("text"), told.get("title")
    rating = _rating(row, reader, sides)
    if text is None and title is None and rating is None:
        raise ValueError("has neither text nor title" + (" nor rating" if settings.kind == "review" else ""))
    handle = told.get("author")
    is_deleted = text in GONE
    text, handle = None if is_deleted else text, None if handle in GONE else handle
    own_id = own_id or _made_id(handle, created_at, text or title or "")
    mention_id = f"{network}:{settings.id_prefix}{own_id}"
    author_id = account_id(network, handle) if handle else None
    records: list[Record] = [
        Mention(
            mention_id,
            network,
            told.get("community") or settings.community,
            "comment" if has_parent and settings.kind == "post" else settings.kind,
            title,
            text,
            _address(told.get("url"), sides),
            author_id,
            f"{network}:{parent}" if parent else None,
            f"{network}:{root}" if root else (None if has_parent else mention_id),
            created_at,
            is_deleted=is_deleted,
            network_lang=_language(told.get("lang"), sides),
            rating=rating,
            product_version=told.get("product_version"),
        )
    ]
    counts: dict[str, int | None] = {field: _count(row, field, reader, sides) for field in reader.counts}
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
    return records + list(sides.drifts)


def account_id(network: str, handle: str) -> str:
    """The id of an account that is known by its handle only."""
    return f"{network}:{handle.lower()}"


def _made_id(handle: str | None, created_at: datetime, text: str) -> str:
    """An id for a row that has none: the same row gets the same one again."""
    return hashlib.sha256(f"{handle}\0{created_at}\0{text}".encode("utf-8", "replace")).hexdigest()[:16]


def _id(row: dict[str, Any], field: str, reader: _Reader, sides: SideFields) -> str | None:
    """An id as text; None where the row has none. `ValueError` where the post's own can't be one."""
    if field not in reader.names:
        return None
    name = reader.names[field]
    value = value_at(row, name)
    if isinstance(value, bool | dict | list) or is_rounded(value):
        if field == "id":
            why = "was rounded, so that different posts may share it" if is_rounded(value) else "is no id"
            raise ValueError(f"what {name!r} holds {why}")
        sides.drift(field, value)
        return None
    text = _as_text(value)
    if field in reader.survey.floats:
        text = text.removesuffix(".0")
    return None if text.casefold() in _EMPTY and field != "id" else text or None


def _as_text(value: Any) -> str:
    """A value as text without space around it. A whole number is written without decimals, however it is stored."""
    if value is None or value != value:
        return ""
    if isinstance(value, float | Decimal) and -LARGEST_EXACT < value < LARGEST_EXACT and value == int(value):
        return str(int(value))
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)).strip()


def _told(row: dict[str, Any], reader: _Reader, sides: SideFields) -> dict[str, str]:
    """The words that a row holds, by our fields, without those that are empty."""
    told = {}
    for field in reader.words:
        value = value_at(row, reader.names[field])
        if value is None:
            continue
        if isinstance(value, list) and field in {"text", "title"}:
            value = _joined(value)
        if isinstance(value, bool | dict | list) or (field == "author" and is_rounded(value)):
            sides.drift(field, value)
            continue
        text = mended(_as_text(value))
        if text:
            told[field] = text
    return told


def _joined(parts: list[Any]) -> str | list[Any]:
    """A text that is told in parts, as chats do for links and names; the list itself where it is something else."""
    found = [part.get("text") if isinstance(part, dict) else part for part in parts]
    texts = [text for text in found if isinstance(text, str)]
    return "".join(texts) if len(texts) == len(parts) else parts


def _address(told: str | None, sides: SideFields) -> str | None:
    if told is not None and web_address(told) is None:
        sides.drift("url", told)
    return web_address(told)


def _language(told: str | None, sides: SideFields) -> str | None:
    """The code in 'en', 'pt-BR' or 'pt_BR'; None for words and for the codes that say that nobody knows."""
    if told is None or told.casefold() in _EMPTY:
        return None
    code = re.match(r"[a-z]{2,3}(?=[-_]|$)", told.lower())
    if code is None:
        sides.drift("lang", told)
    return None if code is None or re.fullmatch(r"und|zxx|art|q[a-t][a-z]", code[0]) else code[0]


def _count(row: dict[str, Any], field: str, reader: _Reader, sides: SideFields) -> int | None:
    value = value_at(row, reader.names[field])
    number = _number(field, value, reader, sides)
    if number is None:
        return None
    if number != int(number):
        sides.drift(field, value)
        return None
    return sides.score(field, int(number)) if field == "score" else sides.count(field, int(number))


def _rating(row: dict[str, Any], reader: _Reader, sides: SideFields) -> float | None:
    """Stars from 1 to 5; None where there are none."""
    if "rating" not in reader.names:
        return None
    value = value_at(row, reader.names["rating"])
    number = _number("rating", value, reader, sides)
    if number is not None and not 1 <= number <= 5:
        sides.drift("rating", value)
        return None
    return None if number is None else float(number)


def _number(field: str, value: Any, reader: _Reader, sides: SideFields) -> Decimal | None:
    try:
        return read_number(value, reader.survey.decimals.get(field))
    except (ValueError, ArithmeticError):
        sides.drift(field, value)
        return None


def moment_reader(settings: Settings, order: Order | None) -> MomentReader:
    """A function that tells when a row says that it was written, in UTC; `ValueError` says why it doesn't."""
    name = settings.columns.created_at or "created_at"
    time_format, time_zone = settings.time_format, settings.time_zone

    def moment(row: dict[str, Any]) -> datetime:
        try:
            return read_moment(value_at(row, name), time_zone=time_zone, time_format=time_format, order=order)
        except UnreadableMoment as error:
            why = str(error)
            told = {MISSING, SHARED_ZONE, OTHER_YEAR}
            if why == OTHER_FORMAT:
                raise ValueError(f"{why} of the config, {time_format!r}") from error
            raise ValueError(why if why in told else why + _SET_A_FORMAT) from error

    return moment
