"""Answers that the real networks gave, read by the connectors: every post a mention, or set aside for a good reason.

They stay outside the repository, in the folder that EARSHOT_RECORDED names. Any folder of that shape will do: one
folder a network, answers in .json, .jsonl or as text, refusals in `errors/`, and, where there is one, a manifest.csv
with the number of posts in each answer.
"""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import reddit, x
from connectors.contract import Mention, Misfit, Page, Record

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


def check_reddit(path: Path, records: list[Record], items: int | None) -> None:
    """Every comment and post of an answer is one mention, in order, none twice."""
    found = [record.mention_id for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert len(set(found)) == len(found)
    assert items is None or len(found) == items, f"{path} holds {items} posts"


def check_x(path: Path, records: list[Record], items: int | None) -> None:
    """Every post that was asked for is a mention; the posts that these refer to come on top."""
    found = {record.mention_id: record for record in records if isinstance(record, Mention)}
    assert misfits(records) == []
    posts = [post for body in bodies(path) for post in _asked_for(body)]
    for post in posts:
        mention = found[f"x:{post.get('edit_history_tweet_ids', [post['id']])[0]}"]
        assert mention.text, "a post without words"
        assert (
            "created_at" not in post
            or mention.edited_at
            or post["created_at"].startswith(mention.created_at.isoformat(timespec="seconds"))
        )
    assert items is None or len(posts) == items, f"{path} holds {items} posts"


def _asked_for(body: Any) -> list[dict[str, Any]]:
    data = body.get("data", []) if isinstance(body, dict) else []
    return [post for post in ([data] if isinstance(data, dict) else data) if "text" in post]


def check_refusal(path: Path, records: list[Record]) -> None:
    """A refusal holds no posts. What isn't even JSON is set aside whole."""
    found = [(type(record), record.place) for record in records if isinstance(record, Misfit)]
    assert found == ([] if path.suffix == ".json" else [(Misfit, "page")])
    assert len(found) == len(records)


CHECKS: dict[str, tuple[Any, Callable[[Path, list[Record], int | None], None]]] = {
    "reddit": (reddit, check_reddit),
    "x": (x, check_x),
}
"""Folder → the connector that reads it and what must hold for each of its files."""


def recorded() -> list[Any]:
    """The files to check, or one case that says why there are none."""
    found = [
        pytest.param(network, path, id=path.relative_to(FOLDER).as_posix())
        for network in CHECKS
        for path in sorted((FOLDER / network).rglob("*"))
        if path.is_file() and not path.name.endswith(".headers.json")
    ]
    nothing = pytest.mark.skip(
        reason=f"no recorded answers in {FOLDER}; set EARSHOT_RECORDED to a folder that has some"
    )
    return found or [pytest.param("", FOLDER, marks=nothing, id="nothing recorded")]


@pytest.fixture(scope="module")
def items() -> dict[str, int]:
    """Number of posts in each answer, as far as the manifest tells."""
    manifest = FOLDER / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(encoding="utf-8", newline="") as lines:
        return {row["path"]: int(row["items"]) for row in csv.DictReader(lines)}


@pytest.mark.parametrize(("network", "path"), recorded())
def test_recorded_answer(network: str, path: Path, items: dict[str, int]) -> None:
    connector, check = CHECKS[network]
    records = [record for body in bodies(path) for record in connector.parse(None, Page("", body))]
    if path.parent.name == "errors":
        check_refusal(path, records)
    else:
        check(path, records, items.get(path.relative_to(FOLDER).as_posix()))
