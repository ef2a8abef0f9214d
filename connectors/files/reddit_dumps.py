"""Monthly dumps of Reddit: a post (`RS_…`) or comment (`RC_…`) on each line, as Reddit's API once answered it.

Read by the same rules as the API's answers, so that a post is the same mention whichever way it came.
"""

from datetime import datetime
from typing import Any

from connectors.contract import from_epoch
from connectors.reddit import parse as reddit
from connectors.reddit.parse import Found

NEEDED = frozenset({"id", "created_utc", "subreddit"})
"""Columns without which a file is no such dump."""
_LEFT = frozenset(
    (
        *("_meta", "created_utc", "edited", "hide_score", "id", "link_id", "name", "num_comments", "parent_id"),
        *("permalink", "score", "score_hidden", "subreddit"),
    )
)
"""What is left of a row that was deleted: nothing of what was said, nor who said it."""


def things(rows: list[Found]) -> list[Found]:
    """The rows as things of the API."""
    return [Found(place, _thing(row)) for place, row in rows]


def is_escaped(found: list[Found]) -> bool:
    """Whether texts are escaped: as good as always, since the dumps were asked for without `raw_json`."""
    return reddit.is_escaped(found, otherwise=True)


def looks_like_one(row: dict[str, Any]) -> bool:
    """Whether a row has what every row of a dump has."""
    return row.keys() >= NEEDED and bool(row.keys() & {"body", "selftext"})


def moment(row: dict[str, Any]) -> datetime | None:
    """When a post or comment was written; None where the row doesn't say."""
    seconds = _seconds(row.get("created_utc"))
    try:
        return from_epoch(seconds) if seconds else None
    except ValueError:
        return None


def emptied(row: dict[str, Any]) -> dict[str, Any]:
    """The row; without its words where its collector saw, on a second visit, that it had been deleted."""
    later = row.get("_meta")
    if not isinstance(later, dict) or not (later.get("was_deleted_later") is True or later.get("removal_type")):
        return row
    words = ("body",) if _kind(row) == "t1" else ("title", "selftext")
    return {**{name: row[name] for name in _LEFT & row.keys()}, **dict.fromkeys(words, "[deleted]")}


def _kind(row: dict[str, Any]) -> str:
    return "t1" if "body" in row or "link_id" in row else "t3"


def _thing(row: Any) -> Any:
    """A row as the API has it now: times as numbers, and without what was deleted since."""
    if not isinstance(row, dict):
        return row
    now = emptied(row)
    times = {name: _seconds(now.get(name)) for name in ("created_utc", "edited")}
    return {"kind": _kind(row), "data": {**now, **times}}


def _seconds(value: Any) -> float | None:
    """Seconds since 1970; old dumps hold them as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
