"""Pages that say how to add something, followed to the letter in a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "bootstrap",
    "connectors",
    "dags",
    "docs",
    "examples",
    "pipelines",
    "query",
    "reading",
    "sandbox",
    "sql",
    "tests",
)
FILES = ("pyproject.toml", ".sqlfluff", "README.md", "CHANGELOG.md")
_NEW = re.compile(r"^`(?P<path>[\w./-]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDED = re.compile(
    r"In `(?P<path>[\w./-]+)`, to `(?P<name>\w+)`:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_IMPORTED = re.compile(
    r"In `(?P<path>[\w./-]+)`, to the imports:\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


def copy_of_the_project(folder: Path) -> Path:
    """What a person has who begins to add something."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


def follow(page: str, project: Path) -> list[Path]:
    """Write the files that a page of the docs shows, and add what it adds to lists; the files that were touched."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    touched = []
    for found in _NEW.finditer(text):
        path = project / found["path"]
        assert not path.exists(), f"{page} writes {found['path']} anew"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
        touched.append(path)
    for found in _ADDED.finditer(text):
        path = project / found["path"]
        before = path.read_text(encoding="utf-8")
        opening = re.search(rf"^{found['name']}\b[^\n]*[=][^\n]*[{{(\[]\n", before, re.MULTILINE)
        assert opening, f"{page}: {found['path']} has no list {found['name']}"
        path.write_text(before[: opening.end()] + found["text"] + before[opening.end() :], encoding="utf-8")
        touched.append(path)
    for found in _IMPORTED.finditer(text):
        path = project / found["path"]
        before = path.read_text(encoding="utf-8")
        first = re.search(r"^from (?:connectors|pipelines|query|reading)\b", before, re.MULTILINE)
        assert first, f"{page}: {found['path']} imports nothing"
        path.write_text(before[: first.start()] + found["text"] + before[first.start() :], encoding="utf-8")
        run(project, "ruff", "check", "--fix", "--select", "I", str(path))  # as an editor sorts them
    return touched


def run(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    """A Python module, run in the copy and on the copy."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=project, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )
