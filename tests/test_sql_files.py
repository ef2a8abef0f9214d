"""SQL stands in files beside the modules that run it: no statement of more than three lines in Python, none unused."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.store.statements import statements

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ["pipelines", "connectors", "bootstrap", "reading", "dags", "sandbox", "query", "bench"]
MOST_LINES = 3
STATEMENT = re.compile(
    r"\s*(with\s+(recursive\s+)?\w+\s+as\b|select\s|insert\s+into\b|update\s+\S+\s+(as\s+\S+\s+)?set\b|delete\s+from\b"
    r"|create\s+(or\s+replace\s+)?(temp\s+|temporary\s+)?(table|view|macro|schema|index)\b|merge\s+into\b"
    r"|copy\s+\S+\s+(to|from)\b|from\s+\w+[.(]\w*|drop\s+(table|view|macro|schema)\b|alter\s+table\b)",
    re.IGNORECASE,
)
PYTHON = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
BESIDE_MODULES = [path for path in PYTHON if path.with_suffix(".sql").exists()]


def texts(tree: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Every string of a module that is no docstring, the expressions within f-strings left out."""
    passed = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    passed |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
            yield node, "".join(str(part) for part in parts)


def lines_of(node: ast.expr, text: str) -> int:
    """Lines of the text; of one that is written in several parts, those that it takes in the module."""
    written = (node.end_lineno or node.lineno) - node.lineno + 1
    return max(len(text.strip().splitlines()), 0 if "\n" in text.strip() else written)


def long_statements(source: str) -> list[int]:
    """The lines on which a long statement begins."""
    return [
        node.lineno
        for node, text in texts(ast.parse(source))
        if STATEMENT.match(text) and lines_of(node, text) > MOST_LINES
    ]


def named(path: Path) -> tuple[set[str], set[str]]:
    """What a module asks for by name, as `SQL["fresh"]`; and every string in it, which may be such a name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    asked = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "SQL"
        and isinstance(node.slice, ast.Constant)
    }
    return {str(name) for name in asked}, {text for _, text in texts(tree)}


def test_no_long_statement_stands_in_python() -> None:
    found = []
    for path in PYTHON:
        lines = long_statements(path.read_text(encoding="utf-8"))
        found += [f"{path.relative_to(ROOT)}:{line}" for line in lines]
    assert found == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('x = """\nselect a\nfrom b\nwhere c\n"""', []),
        ('x = """\nselect\n    a\nfrom b\nwhere c\n"""', [1]),
        ('f(f"""\n    update {t} set\n    a = 1\n    where b\n    and c\n""")', [1]),
        ('x = (\n    "insert into a "\n    "select b "\n    "from c "\n    "where d"\n)', [2]),
        ('def f():\n    """Select what matters.\n\n    with a as b\n    from c\n    """', []),
        ('x = """With love\nfrom\nme\nto you"""', []),
    ],
    ids=["three lines", "four lines", "f-string", "parts", "docstring", "prose"],
)
def test_what_counts_as_a_long_statement(source: str, expected: list[int]) -> None:
    assert long_statements(source) == expected


@pytest.mark.parametrize("path", BESIDE_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_the_statements_that_it_asks_for_and_no_others(path: Path) -> None:
    asked, strings = named(path)
    held = set(statements(str(path)))
    assert (asked - held, held - strings) == (set(), set())


def test_a_statement_is_found_by_its_name_with_the_comment_below_it(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- About both.\n\n-- name: one\n-- Why.\nselect 1;\n\n-- name: two\nselect 2;\n")
    assert dict(statements(str(tmp_path / "a.py"))) == {"one": "-- Why.\nselect 1;", "two": "select 2;"}


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("-- name: one\nselect 1;\n\n-- name: one\nselect 2;\n")
    with pytest.raises(ValueError, match=r"a\.sql: one stands twice"):
        statements(str(tmp_path / "a.py"))["one"]
