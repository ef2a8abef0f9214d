"""Whole nights through Airflow's own task runner, against the sandbox server."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.contract import Window
from connectors.files import parse as files_parse
from connectors.transport import variable
from pipelines.command.app import progress
from pipelines.config.settings import connector_of, load_config
from pipelines.enrich import step as enrich_step
from pipelines.run import run_night
from pipelines.store import runs
from pipelines.store.home import Home
from pipelines.tidy import step as tidy_step
from sandbox import world
from sandbox.community import NETWORKS
from sandbox.server import Sandbox, serve

# warnings inside Airflow are not ours to heed
pytestmark = [pytest.mark.airflow_run, pytest.mark.filterwarnings("ignore")]

ROOT = Path(__file__).resolve().parents[2]
WEEK = {"start": "2026-04-20", "end": "2026-04-27"}

Night = Callable[..., Any]
"""Run `nightly` for a window; returns Airflow's record of the run."""


@pytest.fixture(scope="module")
def airflow_database() -> None:
    from airflow import settings
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb

    settings.configure_orm()
    initdb()
    Pool.create_or_update_pool("earshot_warehouse", slots=1, description="", include_deferred=False)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve() as running:
        yield running


@pytest.fixture
def night(
    airflow_database: None, sandbox: Sandbox, dagbag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Night:
    text = (ROOT / "examples" / "sandbox.toml").read_text(encoding="utf-8")
    text = re.sub(r"http://127\.0\.0\.1:\d+", sandbox.url, text)
    config = tmp_path / "sandbox.toml"
    config.write_text(text.replace("../sandbox/", f"{ROOT}/sandbox/"), encoding="utf-8")
    monkeypatch.setenv("EARSHOT_CONFIG", str(config))
    monkeypatch.setenv("EARSHOT_HOME", str(tmp_path / "home"))
    for source in load_config(config).sources:
        for name, value in world.CREDENTIALS.get(connector_of(source).NETWORK.name, {}).items():
            monkeypatch.setenv(variable(source, name), value)
    for step in dagbag.dags["earshot_nightly"].tasks:
        monkeypatch.setattr(step, "retries", 0)
    return lambda **window: dagbag.dags["earshot_nightly"].test(logical_date=None, run_conf=window)


def states(run: Any) -> dict[str, str]:
    """The state of each task, mapped ones by source."""
    return {
        " ".join(filter(None, (task.task_id.removeprefix("source."), task.rendered_map_index))): str(task.state)
        for task in run.get_task_instances()
    }


def mentions_by_network(home: Path) -> dict[str, int]:
    with closing(duckdb.connect(home / "earshot.duckdb", read_only=True)) as published:
        return dict(published.execute("select network, count(*) from core.mentions group by all").fetchall())


def published_untils() -> list[str]:
    """What the digest DAG was told, newest first."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        return [event.extra["until"] for event in session.query(AssetEvent).order_by(AssetEvent.id.desc())]


def test_every_source_arrives(night: Night, tmp_path: Path) -> None:
    run = night(**WEEK)
    assert run.state == "success"
    assert set(states(run).values()) == {"success"}
    assert set(mentions_by_network(tmp_path / "home")) == NETWORKS | {"helpdesk", "mail"}
    assert published_untils()[0] == "2026-04-27T00:00:00"


# Sources that fail half-way ---------------------------------------------------------------------------

SOURCES = ("calm", "enrich-dies", "landed-dies", "parse-dies", "pull-dies", "unreadable")


@pytest.fixture
def files_night(night: Night, tmp_path: Path) -> Night:
    """A night on six files."""
    entries = "".join(f'\n[[sources]]\nid = "{name}"\ntype = "files"\npath = "{name}.csv"\n' for name in SOURCES)
    brand = '[[brands]]\nid = "halmora"\nname = "Halmora"\nterms = ["halmora"]\n'
    (tmp_path / "sandbox.toml").write_text(brand + entries, encoding="utf-8")
    for name in SOURCES:
        rows = "".join(f"{name}{n},2026-04-2{n}T10:00:00Z,The Halmora is great,sam\n" for n in range(1, 4))
        (tmp_path / f"{name}.csv").write_text(f"id,created_at,text,author\n{rows}", encoding="utf-8")
    return night


@pytest.fixture
def bad_times(files_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All files but one come to grief, each in another way."""
    (tmp_path / "pull-dies.csv").unlink()
    times = (tmp_path / "unreadable.csv").read_text(encoding="utf-8").replace("2026-04-2", "some day, ")
    (tmp_path / "unreadable.csv").write_text(times, encoding="utf-8")
    tidy, enrich, parse = tidy_step.tidy, enrich_step.enrich, files_parse.parse

    def damaged(home: Home, config: Any, source_id: str, window: Window, *more: Any) -> Any:
        if source_id == "landed-dies":
            for pages in home.landing.glob("landed-dies/*/*/*.zst"):
                pages.write_bytes(b"no more")
        return tidy(home, config, source_id, window, *more)

    def dying(home: Home, config: Any, source_id: str, window: Window, *more: Any) -> Any:
        if source_id == "enrich-dies":
            raise MemoryError("the model did not fit")
        return enrich(home, config, source_id, window, *more)

    def choking(settings: Any, page: Any) -> Iterator[Any]:
        if settings.id == "parse-dies":
            raise RuntimeError("a shape that nobody thought of")
        yield from parse(settings, page)

    monkeypatch.setattr(tidy_step, "tidy", damaged)
    monkeypatch.setattr(enrich_step, "enrich", dying)
    monkeypatch.setattr(files_parse, "parse", choking)


def mentions_by_source(home: Path) -> dict[str, int]:
    with closing(duckdb.connect(home / "earshot.duckdb", read_only=True)) as published:
        return dict(published.execute("select source, count(*) from core.mentions group by all").fetchall())


@pytest.mark.usefixtures("bad_times")
def test_whatever_befalls_a_source_in_any_step_costs_itself(files_night: Night, tmp_path: Path) -> None:
    run = files_night(**WEEK)
    assert run.state == "failed"
    assert {task: state for task, state in states(run).items() if state != "success"} == {
        "pull pull-dies": "failed",
        "tidy unreadable": "failed",
        "tidy landed-dies": "failed",
        "tidy parse-dies": "failed",
        "enrich enrich-dies": "failed",
        "every_source_answered": "upstream_failed",
    }
    assert mentions_by_source(tmp_path / "home") == {"calm": 3}


@pytest.mark.usefixtures("bad_times")
def test_the_command_fares_as_the_dag_does(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    span = {"since": datetime(2026, 4, 20), "until": datetime(2026, 4, 27)}
    done = run_night(home, load_config(tmp_path / "sandbox.toml"), progress, **span)
    assert sorted(re.split("[:,]", failure)[0] for failure in done.failures) == sorted(set(SOURCES) - {"calm"})
    assert mentions_by_source(home.root) == {"calm": 3}


def test_workers_with_different_homes_end_red_with_the_cause(
    files_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk import get_current_context

    def on_another_machine(path: Path) -> Any:
        """Each task reads its config first; those that hold the warehouse are worked on elsewhere."""
        pool = get_current_context()["task"].pool
        monkeypatch.setenv("EARSHOT_HOME", str(tmp_path / ("another" if pool == "earshot_warehouse" else "home")))
        return load_config(path)

    monkeypatch.setattr("pipelines.config.settings.load_config", on_another_machine)
    run = files_night(**WEEK)
    assert run.state == "failed"
    assert states(run)["enrich calm"] == "success"
    assert (states(run)["load"], states(run)["publish"]) == ("failed", "upstream_failed")
    assert not (tmp_path / "another" / "earshot.duckdb").exists()
    [told] = runs.read_last(Home(tmp_path / "another"))
    assert re.search(
        r"load: what `enrich` made of calm, .* is not in .*/another\. Give every worker the same home", told.error
    )
