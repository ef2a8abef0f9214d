"""The published file opens in the programs that the user guide names, the oldest DuckDB among them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from pipelines.build.step import mart_names
from pipelines.publish.step import OLDEST_READER
from pipelines.store import tables
from pipelines.store.home import Home

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "user-guide.md").read_text(encoding="utf-8")
OLDEST = f"duckdb=={OLDEST_READER.removeprefix('v')}"

EVERYTHING = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
found = {}
for schema, name in connection.execute(
    "select schema_name, table_name from duckdb_tables() order by all"
).fetchall():
    rows = connection.execute(f'from {schema}."{name}" order by all')
    found[f"{schema}.{name}"] = [[str(column[:2]) for column in rows.description], repr(rows.fetchall())]
views = connection.execute("select view_name from duckdb_views() where not internal").fetchall()
comments = connection.execute(
    "select table_name, comment from duckdb_tables() union all "
    "select table_name || '.' || column_name, comment from duckdb_columns() where not internal order by all"
).fetchall()
print(json.dumps({"tables": found, "views": views, "comments": comments}))
"""


@pytest.fixture(scope="session")
def packages() -> Callable[..., Path]:
    """A folder with packages that Earshot does not need itself. It is kept, so that they are fetched once."""

    def fetched(*wanted: str) -> Path:
        folder = ROOT / ".pytest_cache" / "clients" / "-".join(wanted).replace("=", "")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not folder.exists():
                making = folder.with_name(f".{folder.name}.making")
                words = ["install", "--quiet", "--no-deps", "--upgrade", "--target", str(making), *wanted]
                done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
                if done.returncode:
                    pytest.skip(f"{' '.join(wanted)} can't be fetched here: {done.stderr.strip().splitlines()[-1]}")
                making.rename(folder)
        return folder

    return fetched


def ran(program: str, path: Path, folder: Path | None = None) -> str:
    """What a program prints that is given the file; with packages of a folder before those of the environment."""
    search = os.pathsep.join(str(place) for place in (folder, ROOT) if place)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(path)],
        env=os.environ | {"PYTHONPATH": search},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def everything(path: Path, folder: Path | None = None) -> Any:
    return json.loads(ran(EVERYTHING, path, folder))


def test_the_oldest_duckdb_reads_the_same_from_every_table_as_the_newest(
    home: Home, packages: Callable[..., Path]
) -> None:
    oldest = packages(OLDEST)
    version = ran("import duckdb; print(duckdb.__version__)", home.published, oldest)
    assert version.strip() == OLDEST.partition("==")[2]
    assert everything(home.published, oldest) == everything(home.published)


def test_every_declared_table_and_no_other_is_in_the_file(home: Home) -> None:
    found = everything(home.published)
    declared = [*tables.metadata.tables, *(f"marts.{name}" for name in mart_names())]
    assert (sorted(found["tables"]), found["views"]) == (sorted(declared), [])
    assert [name for name, comment in found["comments"] if not comment] == []


def test_pandas_reads_it(home: Home) -> None:
    program = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as db:
    mentions = db.sql("from marts.mentions").df()
print(mentions["mention_id"].nunique(), mentions["created_at"].dtype.kind)
"""
    assert ran(program, home.published) == "40 M\n"


def test_sqlalchemy_as_the_guide_opens_it_reads_it_and_sees_the_next_file(
    home: Home, tmp_path: Path, packages: Callable[..., Path]
) -> None:
    (snippet,) = re.findall(r"```python\n(from sqlalchemy.*?)```", GUIDE, re.DOTALL)
    program = f"""
import os, shutil, sys
import pandas as pd
from sqlalchemy import func, inspect, select
from pipelines.store.tables import metadata
shutil.copy(sys.argv[1], "earshot.duckdb")
{snippet}
def published_at():
    return pd.read_sql("select published_at from ops.publication", engine).iloc[0, 0]
mentions = metadata.tables["core.mentions"]
with engine.connect() as connection:
    print(connection.execute(select(func.count()).select_from(mentions)).scalar())
print([column.name for column in mentions.primary_key])
print("brand_days" in inspect(engine).get_table_names(schema="marts"))
first = published_at()
import duckdb
shutil.copy(sys.argv[1], "next.duckdb")
os.chmod("next.duckdb", 0o644)
with duckdb.connect("next.duckdb") as other:
    other.execute("update ops.publication set published_at = published_at + interval 1 day")
os.replace("next.duckdb", "earshot.duckdb")
print(published_at() - first)
"""
    clients = packages("duckdb-engine==0.17.0")
    printed = ran(f"import os\nos.chdir({str(tmp_path)!r})\n{program}", home.published, clients)
    assert printed == "40\n['mention_id']\nTrue\n1 days 00:00:00\n"


def test_adbc_reads_it(home: Home, packages: Callable[..., Path]) -> None:
    program = """
import sys
import _duckdb
from adbc_driver_manager import dbapi
keys = {"path": sys.argv[1], "access_mode": "READ_ONLY"}
with dbapi.connect(driver=_duckdb.__file__, entrypoint="duckdb_adbc_init", db_kwargs=keys) as connection:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from core.mentions")
        print(cursor.fetch_arrow_table().column(0).to_pylist())
    print(connection.adbc_get_table_schema("brands", db_schema_filter="core").names)
"""
    printed = ran(program, home.published, packages("adbc-driver-manager==1.13.0"))
    assert printed == "[40]\n['brand_id', 'name', 'is_competitor', 'query_version']\n"
