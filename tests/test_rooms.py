"""The house: which room may know which. What comes later in the flow knows what came before, never the reverse."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOOR = ["query", "connectors", "reading", "pipelines"]
"""Packages, each of which may know those before it."""
ROOMS = [
    *("errors", "code_version", "terminal", "parallel"),
    *("store", "config", "pull", "tidy", "enrich", "people", "load", "discover", "evaluation", "learn"),
    *("build", "publish", "digest", "night", "run", "command"),
]
"""Rooms and modules of `pipelines`, each of which may know those before it."""
NETWORKS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/__init__.py"))
NAMES = [name for name in NETWORKS if name not in ("files", "mail", "x")]
NAMES += ["Hacker News", "Stack Exchange", "App Store", "Fediverse"]


def modules(package: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


def imported(text: str) -> Iterator[list[str]]:
    """The dotted names that a module imports, in parts."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ([*node.module.split("."), alias.name] for alias in node.names)


@pytest.mark.parametrize("package", FLOOR)
def test_no_package_knows_one_above_it(package: str) -> None:
    above = {*FLOOR[FLOOR.index(package) + 1 :], "dags", "sandbox", "bench", "bootstrap", "tests"}
    found = {(path.name, parts[0]) for path, text in modules(package) for parts in imported(text) if parts[0] in above}
    assert found == set()


def test_every_room_has_its_place() -> None:
    there = {path.stem for path in (ROOT / "pipelines").iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert there == set(ROOMS)


def test_no_room_knows_one_that_comes_later() -> None:
    found = set()
    for path, text in modules("pipelines"):
        room = path.relative_to(ROOT / "pipelines").parts[0].removesuffix(".py")
        for parts in imported(text):
            is_room = parts[0] == "pipelines" and len(parts) > 1 and parts[1] in ROOMS
            if room in ROOMS and is_room and ROOMS.index(parts[1]) > ROOMS.index(room):
                found.add((room, parts[1]))
    assert found == set()


@pytest.mark.parametrize("package", ["query", "reading", "pipelines", "dags", "sql", "bootstrap"])
def test_no_network_is_named_outside_its_package(package: str) -> None:
    """What others need to know of a network is declared by it, and stands in `core.networks`."""
    named = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in NAMES), re.IGNORECASE)
    found = []
    for path in sorted((ROOT / package).rglob("*")):
        if path.suffix in (".py", ".sql", ".jinja") and "target" not in path.parts:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if named.search(line) and not is_an_example(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def is_an_example(line: str) -> bool:
    """Whether a line only shows what an id or a handle looks like: `reddit:t1_abc`; or is a pattern of links."""
    return bool(re.search(r"\b\w+:[\w_]+[`'\"., ]|[\w]+\\\.com|Twitter Accounts", line))
