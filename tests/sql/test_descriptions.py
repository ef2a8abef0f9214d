"""The contract, the descriptions and the tables say the same."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap import dictionary
from pipelines.build.step import PROJECT
from pipelines.store.tables import CORE, key_columns, tables

RowsOf = Callable[[str], list[tuple[Any, ...]]]
MARTS = sorted(path.stem for path in (PROJECT / "models/marts").glob("*.sql"))


def _contract() -> dict[str, list[str]]:
    """Mart and its columns, from the table in sql/README.md."""
    rows = re.findall(
        r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", (PROJECT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return {mart: re.sub(r"\([^)]*\)", "", columns).replace(" ", "").strip().split(",") for mart, columns in rows}


def _declared(path: Path) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return declared


def test_the_contract_names_every_mart() -> None:
    assert sorted(_contract()) == MARTS


@pytest.mark.parametrize("mart", MARTS)
def test_columns_are_those_of_the_contract_and_each_is_described(mart: str, rows_of: RowsOf) -> None:
    [declared] = _declared(PROJECT / f"models/marts/{mart}.yml")
    in_table = rows_of(
        f"select column_name, comment from duckdb_columns() where schema_name = 'marts' and table_name = '{mart}' "
        "order by column_index"
    )
    assert [name for name, _ in in_table] == _contract()[mart]
    assert in_table == [(column["name"], column["description"]) for column in declared["columns"]]
    assert declared["description"].strip()
    assert all(len(column["description"]) > 7 for column in declared["columns"])


@pytest.mark.parametrize("mart", MARTS)
def test_types_and_what_is_never_null_are_those_of_the_contract_and_of_the_dictionary(
    mart: str, rows_of: RowsOf
) -> None:
    [declared] = _declared(PROJECT / f"models/marts/{mart}.yml")
    contract = [
        (column["name"], column["data_type"].upper(), column.get("constraints") == [{"type": "not_null"}])
        for column in declared["columns"]
    ]
    in_table = rows_of(
        "select column_name, data_type, not is_nullable from duckdb_columns() "
        f"where schema_name = 'marts' and table_name = '{mart}' order by column_index"
    )
    [described] = [one for one in dictionary.marts() if one.name == mart]
    assert in_table == contract
    assert [(column.name, column.kind, column.is_never_null) for column in described.columns] == contract


def test_every_staging_view_is_described() -> None:
    declared = {model["name"]: model["description"] for model in _declared(PROJECT / "models/staging/staging.yml")}
    assert sorted(declared) == sorted(path.stem for path in (PROJECT / "models/staging").glob("*.sql"))
    assert all(declared.values())


def test_sources_are_the_tables_of_core_and_their_keys_are_tested() -> None:
    [source] = yaml.safe_load((PROJECT / "models/staging/sources.yml").read_text(encoding="utf-8"))["sources"]
    declared = {
        table["name"]: table["data_tests"][0]["one_row_per"]["arguments"]["columns"] for table in source["tables"]
    }
    assert declared == {table.name: key_columns(table) for table in tables(CORE)}
