"""What a load of 20,000 posts costs in an empty warehouse and in one of two million mentions."""

import shutil
import statistics
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from bench.corpus import Corpus
from connectors.contract import Window
from pipelines.config.settings import load_config
from pipelines.enrich.step import enrich
from pipelines.load.step import load
from pipelines.pull.step import pull
from pipelines.store.home import Home
from pipelines.tidy.step import tidy

POSTS = 20_000
MENTIONS = 2_000_000
TIMES = 5


def load_ratio(folder: Path, warehouse: Path, posts: Corpus) -> tuple[float, float]:
    """Median seconds of a load into an empty warehouse and into a copy of `warehouse` grown to two million mentions."""
    night = folder / "night.parquet"
    largest = max(posts.files, key=lambda path: pq.read_metadata(path).num_rows)
    table = pq.read_table(largest).slice(0, POSTS)
    table = table.set_column(table.column_names.index("id"), "id", [[f"new-{number}" for number in range(len(table))]])
    pq.write_table(table, night)
    config_path = folder / "night.toml"
    head = posts.config.read_text(encoding="utf-8").partition("[[sources]]")[0]
    config_path.write_text(
        f'{head}\n[[sources]]\nid = "night"\ntype = "files"\npath = "{night}"\nlanguage = "en"\n', encoding="utf-8"
    )
    config = load_config(config_path)
    home = Home(folder / "growth")
    window = config.default_window() or Window.from_name("20000101T0000--20260101T0000")
    pull(home, config, "night", window, {})
    tidy(home, config, "night", window)
    enrich(home, config, "night", window)
    grown = folder / "grown.duckdb"
    shutil.copyfile(warehouse, grown)
    _grow(grown)
    empty_seconds, grown_seconds = [], []
    for _ in range(TIMES):
        home.warehouse.unlink(missing_ok=True)
        empty_seconds.append(_seconds(home, config))
        shutil.copyfile(grown, home.warehouse)
        grown_seconds.append(_seconds(home, config))
    return statistics.median(empty_seconds), statistics.median(grown_seconds)


def _seconds(home: Home, config: object) -> float:
    started = time.perf_counter()
    load(home, config)  # type: ignore[arg-type]
    return time.perf_counter() - started


def _grow(warehouse: Path) -> None:
    """Say everything again under other ids, until there are two million mentions."""
    with duckdb.connect(warehouse, config={"memory_limit": "2GB", "preserve_insertion_order": False}) as connection:
        row = connection.execute("select count(*) from core.mentions").fetchone()
        times = -(-MENTIONS // max(row[0] if row else 1, 1)) - 1
        for table in ("mentions", "mention_metrics", "sentiment", "brand_mentions", "mention_themes", "interactions"):
            connection.execute(f"create temp table once as from core.{table}")
            for number in range(times):
                connection.execute(
                    f"insert into core.{table} select * replace (mention_id || ':' || ? as mention_id) from once",  # noqa: S608
                    [number],
                )
            connection.execute("drop table once")
        connection.execute("checkpoint")
