"""`make run`: one night through Airflow on the sandbox community, from nothing to the digest.

Ends with code 0 where every source answered and the digest stands, 1 where the run was red, 130 after Ctrl-C.
"""

import json
import os
import sys
import time
import urllib.error
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from bootstrap.local_airflow import ROOT, LocalAirflow, StartError, ended_by_signals, free_port, is_free
from connectors.transport import variable
from pipelines.config.settings import connector_of, load_config
from sandbox import world

CONFIG = ROOT / "examples" / "sandbox.toml"
HOME = ROOT / ".earshot" / "sandbox"
SANDBOX_PORT = 8765
"""Where examples/sandbox.toml looks for the networks."""

FIRST_DAY, DAY_AFTER_LAST = "2026-03-02", "2026-05-01"
"""The 60 days that the sandbox community speaks of."""

FINISHED = {"success", "failed", "upstream_failed", "skipped", "removed"}
MARKS = {
    "success": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "upstream_failed": "[red]–[/]",
    "up_for_retry": "[yellow]↻[/]",
}

console = Console(highlight=False)


def main() -> int:
    """Run the night and tell how it went; every process that was started is stopped."""
    if not is_free(SANDBOX_PORT):
        console.print(
            f"Port {SANDBOX_PORT}, where the sandbox listens, is taken. Stop what listens there and try again."
        )
        return 1
    airflow = LocalAirflow(CONFIG, HOME, port=free_port(), schedule="never")
    try:
        with ended_by_signals():
            return _night(airflow)
    except (StartError, urllib.error.URLError) as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    finally:
        airflow.stop()


def _night(airflow: LocalAirflow) -> int:
    started = time.monotonic()
    with console.status("Starting the sandbox and Airflow"):
        airflow.environ |= sandbox_credentials()
        airflow.processes.start(
            "sandbox", ["python", "-m", "sandbox.server", "--port", str(SANDBOX_PORT)], airflow.environ
        )
        airflow.start()
    console.print(f"Airflow is up after {time.monotonic() - started:.0f} s")
    _give_up_interrupted_runs(airflow)
    window = {"start": FIRST_DAY, "end": DAY_AFTER_LAST}
    nightly = airflow.ask("POST", "/dags/earshot_nightly/dagRuns", {"logical_date": None, "conf": window})["dag_run_id"]
    console.print(f"earshot_nightly, {FIRST_DAY} to {DAY_AFTER_LAST}")
    states = follow(airflow, "earshot_nightly", nightly)
    digest, written = None, {}
    if states.get("publish") == "success":
        with console.status("digest"):
            airflow.processes.wait_until(lambda: _digest_run(airflow, nightly) is not None, "The digest's start", 60)
        digest = _digest_run(airflow, nightly)
        console.print("digest")
        written = follow(airflow, "earshot_digest", str(digest))
    is_green = bool(written) and {*states.values(), *written.values()} == {"success"}
    _tell(airflow, digest if set(written.values()) == {"success"} else None)
    took = f"{time.monotonic() - started:.0f} s"
    if is_green:
        console.print(f"[green]Done in {took}.[/]")
        return 0
    console.print(f"[red]The night is red, after {took}.[/] The logs: {_short(airflow.home / 'logs')}")
    return 1


def sandbox_credentials() -> dict[str, str]:
    """What the sandbox accepts, for each of its sources, in place of any real credentials in the environment."""
    return {
        variable(source, name): value
        for source in load_config(CONFIG).sources
        for name, value in world.CREDENTIALS.get(connector_of(source).NETWORK.name, {}).items()
    }


def follow(airflow: LocalAirflow, dag_id: str, run_id: str) -> dict[str, str]:
    """Show each task of a run when it is finished; returns the states of all, by task and source, at the end."""
    run = f"/dags/{dag_id}/dagRuns/{run_id}"
    shown: set[tuple[str, int, str]] = set()
    with console.status(dag_id) as status:
        while True:
            airflow.processes.check()
            try:
                is_over = airflow.ask("GET", run)["state"] in FINISHED
                tasks = airflow.ask("GET", f"{run}/taskInstances?limit=1000")["task_instances"]
            except TimeoutError:  # a busy machine answers late; one whose server has ended is found by `check`
                continue
            for task in sorted(tasks, key=lambda task: task["end_date"] or ""):
                attempt = (_name(task), task["try_number"], task["state"])
                if task["state"] in FINISHED | {"up_for_retry"} and attempt not in shown:
                    shown.add(attempt)
                    console.print(_line(airflow, task))
            running = [_name(task) for task in tasks if task["state"] == "running"]
            status.update(", ".join(running) or dag_id)
            if is_over:
                return {_name(task): task["state"] for task in tasks}
            time.sleep(0.3)


def _name(task: dict[str, Any]) -> str:
    """`pull talk`: the step, and the source or period that a mapped task is for."""
    step, index = task["task_id"].removeprefix("source."), task["map_index"]
    if index < 0:
        return str(step)
    # Airflow forgets the name while a task waits to be tried again
    known = _source_ids() if task["task_id"].startswith("source.") else ()
    return f"{step} {task['rendered_map_index'] or (known[index] if index < len(known) else index)}"


@cache
def _source_ids() -> tuple[str, ...]:
    return tuple(source.id for source in load_config(CONFIG).sources)


def _line(airflow: LocalAirflow, task: dict[str, Any]) -> str:
    seconds = f"{task['duration']:6.1f} s" if task["duration"] else " " * 8
    reason = f"  [red]{escape(_reason(airflow, task))}[/]" if task["state"] in {"failed", "up_for_retry"} else ""
    return f"  {MARKS.get(task['state'], '·')} {_name(task):32}{seconds}{reason}"


def _reason(airflow: LocalAirflow, task: dict[str, Any]) -> str:
    """The message of the error that a task ended with, from its log."""
    place = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
    try:
        entries = airflow.ask("GET", f"{place}/logs/{task['try_number']}?map_index={task['map_index']}")["content"]
    except urllib.error.HTTPError:
        return "its log can't be read"
    errors = [error for entry in entries if isinstance(entry, dict) for error in entry.get("error_detail") or ()]
    return f"{errors[-1]['exc_type']}: {errors[-1]['exc_value']}" if errors else "its log has the reason"


def _give_up_interrupted_runs(airflow: LocalAirflow) -> None:
    """A run that was stopped half-way would go on first, and only one of nightly may be active."""
    for dag_id in ("earshot_nightly", "earshot_digest"):
        for run in airflow.ask("GET", f"/dags/{dag_id}/dagRuns?state=running&state=queued")["dag_runs"]:
            airflow.ask("PATCH", f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}", {"state": "failed"})


def _digest_run(airflow: LocalAirflow, nightly: str) -> str | None:
    """The run of digest that the publication of a nightly run has set off; None as long as there is none."""
    # the events of a run that is still queued can't be asked for
    started = "state=running&state=success&state=failed"
    for run in airflow.ask("GET", f"/dags/earshot_digest/dagRuns?order_by=-run_after&limit=5&{started}")["dag_runs"]:
        asked = f"/dags/earshot_digest/dagRuns/{run['dag_run_id']}/upstreamAssetEvents"
        events = airflow.ask("GET", asked)["asset_events"]
        if any(event["source_run_id"] == nightly for event in events):
            return str(run["dag_run_id"])
    return None


def _tell(airflow: LocalAirflow, digest_run: str | None) -> None:
    """Print the headline and where the results are."""
    if digest_run:
        xcom = f"/dags/earshot_digest/dagRuns/{digest_run}/taskInstances/write/xcomEntries/return_value?map_index=0"
        html = Path(airflow.ask("GET", xcom)["value"])
        headline = json.loads(html.with_suffix(".json").read_text(encoding="utf-8"))["headline"]
        lines = [headline] if isinstance(headline, str) else headline
        console.print("", *(f"[bold]{escape(line)}[/]" for line in lines), "", sep="\n")
        console.print(f"digest          {_short(html)}")
    if (HOME / "earshot.duckdb").is_file():
        console.print(f"earshot.duckdb  {_short(HOME / 'earshot.duckdb')}")


def _short(path: Path) -> str:
    """The path as seen from where the user stands."""
    return os.path.relpath(path)


if __name__ == "__main__":
    sys.exit(main())
