"""Earshot in Airflow: each night what was said the day before, from every source, into earshot.duckdb; then the digest.

The steps, their order and the rule for what fails are those of `pipelines.night`; each task is one call of it. This
file works in any folder of DAGs: it needs Earshot installed beside Airflow, EARSHOT_CONFIG and EARSHOT_HOME.
"""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    Asset,
    BaseHook,
    CronDataIntervalTimetable,
    Param,
    TriggerRule,
    chain,
    conf,
    dag,
    get_current_context,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowRescheduleException

from pipelines.night import DIGEST, LOAD, PUBLISH, PULL, STEPS

if TYPE_CHECKING:  # imported by the tasks that need them: this file is parsed again and again
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connectors.contract import SourceSettings, Window
    from pipelines.config.settings import Config
    from pipelines.night import Done, Step
    from pipelines.store.home import Home

log = logging.getLogger(__name__)

PUBLISHED = Asset("earshot_published")
"""A new earshot.duckdb. The event's extra holds `until`, the end of the window that it was made for."""
POOL = "earshot_warehouse"
"""A pool of one slot: DuckDB has one writer, whichever run of whichever DAG it belongs to."""
SCHEDULE = conf.get("earshot", "nightly_schedule", fallback="0 3 * * *")
"""A daily hour in UTC as a cron expression, or `never`. At 03:00 the networks' own counters have settled."""
LONGEST_WAIT = timedelta(hours=2)
"""A night waits for so long for a network that says when it may be asked again."""

SOURCE_GROUP = "source"
HANDED = "handed"
"""Key of what a task hands to the next: window and fingerprint, never data."""
DEFAULTS = {
    "owner": "earshot",
    "retries": 2,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
    "execution_timeout": timedelta(hours=6),
}


def day_param(description: str) -> Param:
    """A field of the trigger form that holds a day or nothing."""
    return Param(None, type=["null", "string"], format="date", description=description)


@dag(
    schedule=None if SCHEDULE == "never" else CronDataIntervalTimetable(SCHEDULE, timezone="UTC"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    params={
        "start": day_param("first day, UTC; leave both empty for the day before"),
        "end": day_param("the day after the last, UTC"),
    },
    default_args=DEFAULTS,
    tags=["earshot"],
    doc_md="""
Every night: what was said the day before, from every source, into earshot.duckdb.

Each source is pulled, tidied and enriched on its own, side by side. A source that fails turns the run red
(`every_source_answered`), and the others still arrive. `load` to `publish` hold the warehouse, one at a time. All steps
may run again: the same window gives the same tables.

Trigger by hand with `start` and `end`, or fill a longer gap with `airflow backfill create --dag-id earshot_nightly`.
""",
)
def earshot_nightly() -> None:
    @task(trigger_rule=TriggerRule.ALL_DONE)
    def sources() -> list[str]:
        """The ids of the config's sources."""
        with faults():
            return [source.id for source in config().sources]

    @task(retries=0)
    def every_source_answered() -> None:
        """Green only where every source went all the way: a leaf of the DAG, so that the run is red otherwise."""

    every_source, source_ids = every_source_answered(), sources()
    before = [task_of(step)() for step in STEPS[: STEPS.index(PULL)]]
    after = [task_of(step)() for step in STEPS[STEPS.index(LOAD) :]]

    @task_group(group_id=SOURCE_GROUP)
    def source(source_id: str) -> None:
        steps = [task_of(step)(source_id=source_id) for step in STEPS if step.of_source]
        chain(*steps)
        chain(steps, every_source)

    chain(*before, source_ids)
    chain(before, every_source)
    chain(source.expand(source_id=source_ids), *after)


@dag(
    schedule=[PUBLISHED],
    catchup=False,
    params={"until": day_param("the day after the period's last, UTC; for a digest by hand")},
    default_args=DEFAULTS,
    tags=["earshot"],
    doc_md="""
After every publication: the digest of the period that ends where the new data ends.

Reads `until` from the event of the asset `earshot_published`; several publications since the last run give a digest
each. Trigger by hand with `until` to make one again.
""",
)
def earshot_digest() -> None:
    # a mapped task takes no documentation from its docstring
    @task(map_index_template="{{ task.op_kwargs['until'] }}", doc_md="Write HTML, Markdown and JSON of a period.")
    def write(until: str) -> str:
        """Return the path of the HTML."""
        from connectors.contract import Window

        end = datetime.fromisoformat(until)
        with faults():
            return str(done(DIGEST, window=Window(end, end)).result.html)

    @task
    def periods() -> list[str]:
        """Where the periods to write about end."""
        from pipelines.errors import InputError

        context = get_current_context()
        if by_hand := context["params"].get("until"):
            return [by_hand]
        if ends := untils(context["triggering_asset_events"].get(PUBLISHED, [])):
            return [end.isoformat() for end in ends]
        with faults():
            raise InputError("Nothing was published that this run could be for: trigger it with until.")

    write.expand(until=periods())


# Tasks ------------------------------------------------------------------------------------------------


def task_of(step: Step) -> Any:
    """The task of a step, which hands on to the next what it made, even where it failed half-way."""
    rule = TriggerRule.ALL_SUCCESS
    if step.of_source and step is not PULL:  # a source that failed half-way has made the other half
        rule = TriggerRule.ALL_DONE
    elif step is LOAD:
        rule = TriggerRule.ALL_DONE_MIN_ONE_SUCCESS

    known: dict[str, Any] = {"task_id": step.name, "doc_md": step.does, "trigger_rule": rule}
    if step.holds_warehouse:
        known["pool"] = POOL
    if step.of_source:
        known["map_index_template"] = "{{ task.op_kwargs['source_id'] }}"
    if step is PUBLISH:
        known["outlets"] = [PUBLISHED]

    def work(source_id: str = "") -> Any:
        context = get_current_context()
        with faults():
            result = done(step, window=window(context), source_id=source_id).result
        if step is PUBLISH:
            context["outlet_events"][PUBLISHED].extra = {"until": window(context).end.isoformat()}
        return result if isinstance(result, int) else str(result) if result else None

    make: Callable[..., Any] = task(**known)
    return make(work)


def done(step: Step, *, window: Window, source_id: str = "") -> Done:
    """Do a step for the run that this process works for."""
    from pipelines.night import Work, do, handed_on, night_name

    context = get_current_context()
    settings = config()
    work = Work(
        night_name(context["run_id"]),
        home(),
        settings,
        now(),
        window,
        source_id,
        credentials(settings.source(source_id)) if step is PULL else {},
        handed=_handed(context, step),
    )
    try:
        return do(step, work)
    finally:
        if handed := handed_on(step, work):
            context["ti"].xcom_push(HANDED, list(handed))


def _handed(context: Mapping[str, Any], step: Step) -> list[Any] | None:
    """What the tasks of the step before handed on; None where that is none of a source's."""
    from pipelines.night import Handed

    before = STEPS[STEPS.index(step) - 1] if step in STEPS[1:] else None
    if before is None or not before.of_source:
        return None
    ti = context["ti"]
    places = [ti.map_index] if step.of_source else list(range(len(ti.xcom_pull(task_ids="sources") or ())))
    told = ti.xcom_pull(task_ids=f"{SOURCE_GROUP}.{before.name}", key=HANDED, map_indexes=places)
    return [Handed(*one) for one in told or () if one]


@contextmanager
def faults() -> Iterator[None]:
    """Turn a failure into what Airflow does best about it.

    A network that wants to wait for a few hours is asked again then, without keeping a worker and without counting as
    a try; a longer wait fails, so that the others are published in time, and the next night fills the gap. Where
    trying again can't help, as with wrong credentials or a config that can't be used, there is no second try.
    """
    from pipelines.errors import SourceFailed, is_final

    try:
        yield
    except Exception as failure:
        retry_at = failure.retry_at if isinstance(failure, SourceFailed) else None
        if retry_at and retry_at - now() <= LONGEST_WAIT:
            log.warning("%s Asked again at %s UTC.", failure, retry_at)
            at = retry_at.replace(tzinfo=UTC)
            raise AirflowRescheduleException(at) from failure  # type: ignore[no-untyped-call]
        if is_final(failure):
            raise AirflowFailException(str(failure)) from failure
        raise


# What a task is given, all read while it runs and never at import --------------------------------------


def config() -> Config:
    """The config that EARSHOT_CONFIG names."""
    from pipelines.config.settings import load_config

    return load_config(Path(_setting("EARSHOT_CONFIG", "the config to run with")))


def home() -> Home:
    """The home that EARSHOT_HOME names."""
    from pipelines.store.home import Home

    return Home(Path(_setting("EARSHOT_HOME", "the folder for landing, warehouse, earshot.duckdb and digests")))


def _setting(name: str, meaning: str) -> str:
    from pipelines.errors import InputError

    value = os.environ.get(name, "")
    if not Path(value).is_absolute():  # a worker's working directory is nobody's choice
        raise InputError(f"{name} must be set to an absolute path, {meaning} (found {value!r}).")
    return value


def window(context: Mapping[str, Any]) -> Window:
    """The whole UTC days that a run is for: those of its params `start` and `end`, else those of its data interval.

    The interval from 03:00 to 03:00 stands for the day on which it starts, midnight to midnight, so that windows
    meet without gap or overlap whatever the hour of the schedule.
    """
    from connectors.contract import Window
    from pipelines.errors import InputError

    days = [context["params"].get(name) for name in ("start", "end")]
    if not any(days):
        interval = [context.get(f"data_interval_{name}") for name in ("start", "end")]
        days = [moment.astimezone(UTC).date().isoformat() for moment in interval if moment]
    if len(days) < 2 or not all(days):
        raise InputError(f"A run that no schedule made needs a start and an end (found {days}).")
    start, end = (datetime.combine(date.fromisoformat(day), datetime.min.time()) for day in days)
    if start >= end:
        raise InputError(f"The window is empty: start {start:%Y-%m-%d} must come before end {end:%Y-%m-%d}.")
    return Window(start, end)


def credentials(settings: SourceSettings) -> dict[str, str]:
    """A source's credentials: those of the Airflow connection `earshot_<source id>`, else those of the environment.

    The connection's extra names them as `earshot check` does. Its login stands for the first name that the network
    asks for and its password for the last, so that a single token goes into the password field.
    """
    from pipelines.config.credentials import from_environment
    from pipelines.config.settings import connector_of

    try:
        connection = BaseHook.get_connection(f"earshot_{settings.id}")
    except AirflowNotFoundException:
        return from_environment(settings)
    names = list(connector_of(settings).NETWORK.credentials)
    fields = zip(names[:1] + names[-1:], (connection.login, connection.password), strict=False)
    return {name: value for name, value in fields if value} | connection.extra_dejson


def now() -> datetime:
    """The moment at which a task runs, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def untils(events: Iterable[Any]) -> list[datetime]:
    """The ends of the windows that events of PUBLISHED speak of, each once, in order of time."""
    return sorted({datetime.fromisoformat(event.extra["until"]) for event in events})


earshot_nightly()
earshot_digest()
