"""`build()` as a step: what it leaves behind, and what it says when the marts are not sound."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.build.step import build
from pipelines.errors import InputError, MartsFailed


def _count(warehouse: Path, table: str) -> int:
    with duckdb.connect(warehouse, read_only=True) as connection:
        return connection.execute(f"select count(*) from {table}").fetchall()[0][0]  # type: ignore[no-any-return]


def test_an_empty_warehouse_gives_empty_marts_in_silence(
    empty_warehouse: Path, logs: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_WAREHOUSE", "somewhere else")
    build(empty_warehouse, logs)
    assert capfd.readouterr() == ("", "")
    assert os.environ["EARSHOT_WAREHOUSE"] == "somewhere else"
    assert _count(empty_warehouse, "marts.mentions") == 0
    assert [path.name for path in empty_warehouse.parent.iterdir()] == ["warehouse.duckdb"]


def test_another_process_can_open_the_warehouse_afterwards(modelled: Path) -> None:
    program = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('checkpoint')"
    subprocess.run([sys.executable, "-c", program, modelled], check=True)


def test_views_hold_in_a_copy_of_another_name(modelled: Path, tmp_path: Path) -> None:
    published = tmp_path / "earshot.duckdb"
    published.write_bytes(modelled.read_bytes())
    assert _count(published, "staging.stg_mentions") == 26


def test_marts_and_staging_land_in_schemas_of_that_name_and_nothing_is_left_over(modelled: Path) -> None:
    with duckdb.connect(modelled, read_only=True) as connection:
        there = connection.execute(
            "select table_schema, table_type, list(table_name order by table_name) from information_schema.tables "
            "where table_schema not in ('core', 'ops') group by all order by all"
        ).fetchall()
    marts = sorted(path.stem for path in Path("sql/models/marts").glob("*.sql"))
    views = sorted(path.stem for path in Path("sql/models/staging").glob("*.sql"))
    assert there == [("marts", "BASE TABLE", marts), ("staging", "VIEW", views)]


def test_a_failing_test_is_named_and_a_weak_one_only_logged(
    community: Path, logs: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(community) as connection:
        connection.execute("update core.mentions set kind = 'riddle' where mention_id in ('x:1', 'x:3')")
    with pytest.raises(MartsFailed) as failure:
        build(community, logs)
    compiled = logs / "dbt/compiled/earshot/models/marts/mentions.yml/mentions_kind_is_known.sql"
    [fault] = str(failure.value).splitlines()[1:]
    assert fault == (
        "  test mentions_kind_is_known: 1 row breaks it. "
        f"Look at sql/models/marts/mentions.yml; the query that finds them is {compiled}."
    )
    assert compiled.is_file()
    assert capfd.readouterr().out == ""

    with duckdb.connect(community) as connection:
        connection.execute("update core.mentions set kind = 'post' where kind = 'riddle'")
    with caplog.at_level(logging.WARNING, logger="pipelines.build.step"):
        build(community, logs)
    assert [message.partition(";")[0] for message in caplog.messages] == [
        "build: test brand_days_brands_are_listed: 1 row breaks it. Look at sql/models/marts/brand_days.yml"
    ]


def test_all_faults_are_named(community: Path, logs: Path) -> None:
    with duckdb.connect(community) as connection:
        connection.execute("insert into core.mention_metrics select * from core.mention_metrics limit 1")
        connection.execute("alter table core.themes rename column name to title")
    with pytest.raises(MartsFailed) as failure:
        build(community, logs)
    view, key = sorted(str(failure.value).splitlines()[1:])
    assert view.startswith("  model stg_themes could not be run: ")
    assert view.endswith("Look at sql/models/staging/stg_themes.sql.")
    assert key.startswith("  test core_mention_metrics_one_row_per_key: 1 row breaks it. Look at sql/models/")


def test_a_mart_that_breaks_its_contract_is_named_with_the_column_and_not_replaced(community: Path, logs: Path) -> None:
    build(community, logs)
    with duckdb.connect(community) as connection:
        connection.execute("alter table core.models alter labels_count type double")
        connection.execute("alter table core.brand_queries alter query drop not null")
        connection.execute("insert into core.brand_queries values ('halmora', 'h1', null, '2026-03-01', '2026-03-04')")
    with pytest.raises(MartsFailed) as failure:
        build(community, logs)
    never_null, types = sorted(str(failure.value).splitlines()[1:])
    assert never_null.startswith("  model brand_queries could not be run: ")
    assert "NOT NULL constraint failed" in never_null
    assert never_null.endswith(".query. Look at sql/models/marts/brand_queries.sql.")
    assert types.startswith("  model models could not be run: ")
    assert types.endswith(
        "| labels_count | DOUBLE | BIGINT | data type mismatch |. Look at sql/models/marts/models.sql."
    )
    assert _count(community, "marts.brand_queries") == 0


def test_a_warehouse_that_is_no_database_is_refused(tmp_path: Path, logs: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    warehouse.write_text("this is no database\n" * 100)
    with pytest.raises(MartsFailed, match="not a valid DuckDB database file"):
        build(warehouse, logs)


def test_a_warehouse_that_is_not_there_is_not_made(tmp_path: Path, logs: Path) -> None:
    with pytest.raises(InputError, match="earshot load"):
        build(tmp_path / "warehouse.duckdb", logs)
    assert list(tmp_path.iterdir()) == []
