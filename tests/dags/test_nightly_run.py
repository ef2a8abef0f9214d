"""Whole nights through Airflow's own task runner, against the sandbox server."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.transport import variable
from pipelines.config.settings import connector_of, load_config
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


def test_a_source_that_fails_or_cannot_be_read_turns_the_run_red_and_the_others_arrive(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARSHOT_X_BEARER_TOKEN", "wrong")
    config = tmp_path / "sandbox.toml"
    text = config.read_text(encoding="utf-8")
    assert 'created_at = "opened"' in text
    config.write_text(text.replace('created_at = "opened"', 'created_at = "ticket"'), encoding="utf-8")
    run = night(**WEEK)
    assert run.state == "failed"
    unsuccessful = {task: state for task, state in states(run).items() if state != "success"}
    assert unsuccessful == {
        "pull x": "failed",
        "tidy helpdesk": "failed",
        "every_source_answered": "upstream_failed",
    }
    assert set(mentions_by_network(tmp_path / "home")) == (NETWORKS | {"mail"}) - {"x"}
