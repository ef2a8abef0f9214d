"""What stands in an answer, as what it should be: strangers' JSON holds anything anywhere."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.contract import from_epoch, utc

LARGEST_COUNT = 2**63 - 1
"""What a column of the tables holds."""


def mapping(value: Any) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def part(value: Any, name: str) -> dict[str, Any]:
    """The object that stands in an object under that name; an empty one where none does."""
    return mapping(mapping(value).get(name))


def entries(value: Any) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def whole(value: Any, least: int = 0) -> int | None:
    """A number that counts or names something; None for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and least <= value <= LARGEST_COUNT else None


def iso_moment(value: Any) -> datetime | None:
    """A moment as ISO 8601 writes it, in UTC, which is meant too where no zone is told; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=None) if moment.tzinfo is UTC else utc(moment)
    except (ValueError, OverflowError):
        return None


def epoch_moment(value: Any) -> datetime | None:
    """A moment as seconds since 1970, whole or with a fraction, in UTC; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return from_epoch(value)
    except ValueError:
        return None


def opened(body: Any) -> tuple[Any, Mapping[str, Any]]:
    """The answer in a page's body, and what `fetch` put beside it: `{"answer": …, "asked": …}`. A body without is all
    answer.
    """
    return (body["answer"], body) if isinstance(body, dict) and "answer" in body else (body, {})


def asked(beside: Mapping[str, Any]) -> list[str] | None:
    """The ids of the mentions whose fate a page was asked for; None where it wasn't asked for any."""
    ids = beside.get("asked")
    return [name for name in ids if isinstance(name, str)] if isinstance(ids, list) else None
