"""What a task is given: config, home, window and credentials, all read while it runs and never at import."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseHook, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, AirflowRescheduleException

if TYPE_CHECKING:  # imported by the tasks that need them: these files are parsed again and again
    from connectors.contract import SourceSettings, Window
    from pipelines.config import Config
    from pipelines.home import Home

log = logging.getLogger(__name__)
LONGEST_WAIT = timedelta(hours=2)
"""A night waits for so long for a network that says when it may be asked again."""

PUBLISHED = Asset("earshot_published")
"""A new earshot.duckdb. The event's extra holds `until`, the end of the window that it was made for."""


def day_param(description: str) -> Param:
    """A field of the trigger form that holds a day or nothing."""
    return Param(None, type=["null", "string"], format="date", description=description)


def config() -> Config:
    """The config that EARSHOT_CONFIG names."""
    from pipelines.config import load_config

    return load_config(Path(_setting("EARSHOT_CONFIG", "the config to run with")))


def home() -> Home:
    """The home that EARSHOT_HOME names."""
    from pipelines.home import Home

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
    from pipelines.config import connector_of
    from pipelines.credentials import from_environment

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


@contextmanager
def rescheduled_where_told() -> Iterator[None]:
    """Turn the failure of a source into what Airflow does best about it.

    A network that wants to wait for a few hours is asked again then, without keeping a worker and without counting as
    a try; a longer wait fails, so that the others are published in time, and the next night fills the gap. Where
    asking again can't help, as with wrong credentials, there is no second try.
    """
    from pipelines.errors import SourceFailed

    try:
        yield
    except SourceFailed as failure:
        if failure.retry_at and failure.retry_at - now() <= LONGEST_WAIT:
            log.warning("%s Asked again at %s UTC.", failure, failure.retry_at)
            at = failure.retry_at.replace(tzinfo=UTC)
            raise AirflowRescheduleException(at) from failure  # type: ignore[no-untyped-call]
        if failure.is_permanent:
            raise AirflowFailException(str(failure)) from failure
        raise


def untils(events: Iterable[Any]) -> list[datetime]:
    """The ends of the windows that events of PUBLISHED speak of, each once, in order of time."""
    return sorted({datetime.fromisoformat(event.extra["until"]) for event in events})
