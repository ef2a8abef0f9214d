"""Answers that the real networks gave, and where to find them.

They stay outside the repository, in the folder that EARSHOT_RECORDED names. Any folder of that shape will do: one
folder a network, answers in .json, .jsonl or as text, refusals in `errors/`, and, where there is one, a manifest.csv
with the number of posts in each answer.
"""

import csv
import functools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Misfit, Record

FOLDER = Path(os.environ.get("EARSHOT_RECORDED") or Path(__file__).parents[2].parent / "shared" / "recorded")


def misfits(records: list[Record]) -> list[tuple[str, str]]:
    return [(record.place, record.reason) for record in records if isinstance(record, Misfit)]


def bodies(path: Path) -> list[Any]:
    """The answers in a file as a client hands them on; what isn't JSON stays text."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    try:
        return [json.loads(text)]
    except ValueError:
        return [text]


def recorded(network: str) -> list[Any]:
    """The files of a network as parameters of a test, or one case that says why there are none."""
    found = [
        pytest.param(path, id=path.relative_to(FOLDER).as_posix())
        for path in sorted((FOLDER / network).rglob("*"))
        if path.is_file() and not path.name.endswith(".headers.json")
    ]
    nothing = pytest.mark.skip(
        reason=f"no recorded answers of {network} in {FOLDER}; set EARSHOT_RECORDED to a folder that has some"
    )
    return found or [pytest.param(FOLDER, marks=nothing, id="nothing recorded")]


@functools.cache
def _items() -> dict[str, int]:
    manifest = FOLDER / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: int(row["items"]) for row in csv.DictReader(lines)}


def items_in(path: Path) -> int | None:
    """Number of posts in an answer, as far as the manifest tells."""
    return _items().get(path.relative_to(FOLDER).as_posix())


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value, for counts that owe nothing to a connector."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)
