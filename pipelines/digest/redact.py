"""What was deleted where it was said goes from the digests that quote it, too."""

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipelines.digest.frozen import FORMAT, Frozen, Quote
from pipelines.digest.sections import ORDER, section
from pipelines.store.published import open_file

GONE = "(deleted since)"
"""What stands in place of a post that is gone."""


def redacted(published: Path, written: Path) -> Frozen | None:
    """A digest, from its JSON file, without the words and authors of posts that the published file knows to be gone.

    None where it quotes no such post, or was written by a version whose JSON means something else.
    """
    content = json.loads(written.read_text(encoding="utf-8"))
    if content.get("format") != FORMAT:
        return None
    frozen = _read(_with_moments(content))
    quoted = {quote.mention_id for quote in _quotes(frozen) if quote.text != GONE}
    with open_file(published) as connection:
        rows = connection.execute(
            "select distinct mention_id from marts.mentions "
            "where deleted_at is not null and list_contains($ids, mention_id)",
            {"ids": sorted(quoted)},
        ).fetchall()
    gone = {mention_id for (mention_id,) in rows}
    return _without(frozen, gone) if gone else None


def _read(content: dict[str, Any]) -> Frozen:
    """A digest from its JSON, in which the parts of all sections stand side by side."""
    data = {name: section(name).Data for name in ORDER}
    told = {name: TypeAdapter(kind).validate_python(content) for name, kind in data.items() if _is_told(kind, content)}
    return replace(TypeAdapter(Frozen).validate_python({**content, "sections": {}}), sections=told)


def _is_told(kind: type[Any], content: dict[str, Any]) -> bool:
    """Whether a digest holds anything of a section: digests stay as long as they are kept, and sections are added."""
    return any(field.name in content for field in fields(kind) if field.name != "searches")


def _quotes(value: Any) -> list[Quote]:
    """Every post that a part of a digest quotes."""
    if isinstance(value, Quote):
        return [value]
    if isinstance(value, list | dict):
        return [quote for entry in _entries(value) for quote in _quotes(entry)]
    if is_dataclass(value):
        return [quote for field in fields(value) for quote in _quotes(getattr(value, field.name))]
    return []


def _entries(value: list[Any] | dict[str, Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def _without(value: Any, gone: set[str]) -> Any:
    if isinstance(value, Quote):
        if value.mention_id not in gone:
            return value
        return replace(value, title=None, text=GONE, is_shortened=False, url=None, author=None, author_name=None)
    if isinstance(value, list):
        return [_without(entry, gone) for entry in value]
    if isinstance(value, dict):
        return {name: _without(entry, gone) for name, entry in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _without(getattr(value, field.name), gone) for field in fields(value)})
    return value


def _with_moments(value: Any) -> Any:
    """JSON's moments, which end in Z, as the digest keeps them: UTC without a zone."""
    if isinstance(value, dict):
        return {key: _with_moments(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_with_moments(entry) for entry in value]
    if isinstance(value, str) and len(value) == len("2026-03-01T00:00:00Z") and value.endswith("Z"):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return value
    return value
