"""The two generated pages are what the code says today, and they leave nothing out."""

from pathlib import Path

import duckdb
import pytest

from bootstrap import dictionary
from connectors import CONNECTORS
from pipelines.store.home import Home

SCHEMAS = {"marts": dictionary.marts(), "core": dictionary.declared("core"), "ops": dictionary.declared("ops")}


@pytest.mark.parametrize("path", dictionary.pages(), ids=lambda path: path.name)
def test_committed_page_is_what_make_docs_writes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == dictionary.pages()[path], "run `make docs`"


def test_every_network_has_a_page_and_no_other_page_is_there() -> None:
    there = {path.name for path in (dictionary.DOCS / "networks").glob("*.md")}
    assert there == {f"{name}.md" for name in CONNECTORS} | {"README.md"}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_table_and_column_is_described(schema: str) -> None:
    tables = SCHEMAS[schema]
    assert tables
    silent = [table.name for table in tables if not table.meaning]
    silent += [f"{table.name}.{column.name}" for table in tables for column in table.columns if not column.meaning]
    assert silent == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_table_has_a_key(schema: str) -> None:
    assert [table.name for table in SCHEMAS[schema] if not any(column.is_key for column in table.columns)] == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_names_and_types_are_those_of_the_published_file(home: Home, schema: str) -> None:
    with duckdb.connect(home.published, read_only=True) as connection:
        published = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = ?", [schema]
        ).fetchall()
    written = {(table.name, column.name, column.kind) for table in SCHEMAS[schema] for column in table.columns}
    assert written == set(published)


def test_every_key_of_the_config_has_a_meaning() -> None:
    silent = [
        f"{section.title}: {key.name}" for section in dictionary.sections() for key in section.keys if not key.meaning
    ]
    assert silent == []


def test_every_meaning_that_is_kept_apart_belongs_to_a_key() -> None:
    page = dictionary.configuration()
    assert [meaning for meaning in dictionary._MEANINGS.values() if meaning not in page] == []


def test_page_without_marker_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md lacks the line"):
        dictionary._introduction(page)


def test_cells_cannot_break_the_table() -> None:
    assert list(dictionary._table(("name", "never", "meaning"), [("a", "", "b | c")])) == [
        "| name | meaning |",
        "|---|---|",
        "| a | b \\| c |",
    ]
