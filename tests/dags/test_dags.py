"""What the scheduler is told: which DAGs there are, when they run, and what waits for what."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import DAGS

GRAPH = {
    # task: (waits for, trigger rule, pool, retries)
    "learn": (set(), "all_success", "default_pool", 2),
    "sources": ({"learn"}, "all_done", "default_pool", 2),
    "source.pull": ({"sources"}, "all_success", "default_pool", 2),
    "source.tidy": ({"sources", "source.pull"}, "all_done", "default_pool", 2),
    "source.enrich": ({"sources", "source.tidy"}, "all_done", "default_pool", 2),
    "every_source_answered": (
        {"learn", "source.pull", "source.tidy", "source.enrich"},
        "all_success",
        "default_pool",
        0,
    ),
    "load": ({"source.enrich"}, "all_done_min_one_success", "earshot_warehouse", 2),
    "discover": ({"load"}, "all_success", "earshot_warehouse", 2),
    "build": ({"discover"}, "all_success", "earshot_warehouse", 2),
    "publish": ({"build"}, "all_success", "earshot_warehouse", 2),
}


def test_dags_are_these_and_import_without_errors(dagbag: Any) -> None:
    assert dagbag.import_errors == {}
    assert set(dagbag.dags) == {"earshot_nightly", "earshot_digest"}


@pytest.mark.parametrize("dag_id", ["earshot_nightly", "earshot_digest"])
def test_dag_is_documented_tagged_and_never_catches_up(dagbag: Any, dag_id: str) -> None:
    dag = dagbag.dags[dag_id]
    assert dag.tags == {"earshot"}
    assert dag.owner == "earshot"
    assert dag.doc_md
    assert dag.catchup is False
    assert [task.task_id for task in dag.tasks if not task.doc_md] == []


def test_nightly_graph(dagbag: Any) -> None:
    dag = dagbag.dags["earshot_nightly"]
    graph = {
        task.task_id: (task.upstream_task_ids, task.trigger_rule.value, task.pool, task.retries) for task in dag.tasks
    }
    assert graph == GRAPH


def test_nightly_runs_once_at_a_time(dagbag: Any) -> None:
    assert dagbag.dags["earshot_nightly"].max_active_runs == 1


def test_nightly_intervals_meet_without_gap(dagbag: Any) -> None:
    from airflow.serialization.encoders import coerce_to_core_timetable

    timetable = coerce_to_core_timetable(dagbag.dags["earshot_nightly"].timetable)
    first, second = (
        timetable.infer_manual_data_interval(run_after=datetime(2026, 3, day, 12, tzinfo=UTC)) for day in (3, 4)
    )
    assert first.start == datetime(2026, 3, 2, 3, tzinfo=UTC)
    assert first.end - first.start == timedelta(days=1)
    assert second.start == first.end


@pytest.mark.parametrize("task_id", [task_id for task_id, told in GRAPH.items() if told[3]])
def test_every_step_waits_longer_each_time(dagbag: Any, task_id: str) -> None:
    step = dagbag.dags["earshot_nightly"].get_task(task_id)
    assert step.retry_exponential_backoff
    assert step.retry_delay == timedelta(minutes=2)


def test_every_source_can_turn_the_run_red(dagbag: Any) -> None:
    """The state of a run is that of its leaves, and one of them waits for every step of every source."""
    leaves = {task.task_id for task in dagbag.dags["earshot_nightly"].leaves}
    assert leaves == {"every_source_answered", "publish"}


def test_digest_follows_the_publication(dagbag: Any) -> None:
    (published,) = dagbag.dags["earshot_nightly"].get_task("publish").outlets
    assert published.name == "earshot_published"
    assert dagbag.dags["earshot_digest"].timetable.asset_condition.objects == (published,)


def test_the_file_works_in_somebody_elses_folder_of_dags(tmp_path: Path) -> None:
    """Copied into a folder below others, beside DAGs that are not ours; Earshot itself is installed."""
    folder = tmp_path / "dags" / "marketing" / "listening"
    folder.mkdir(parents=True)
    shutil.copy(DAGS / "earshot_dags.py", folder)
    program = f"""
import sys
sys.path = [place for place in sys.path if place not in ("", {str(DAGS.parent)!r})] + [{str(DAGS.parent)!r}]
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({str(tmp_path / "dags")!r})
print(bag.import_errors, sorted(bag.dags))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["{} ['earshot_digest', 'earshot_nightly']"], done.stderr
