"""What a task is given, from Airflow and from the environment."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import earshot_dags
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException

from connectors.contract import Window
from connectors.reddit import Settings as Reddit
from connectors.x import Settings as X
from pipelines.errors import InputError, SourceFailed

INTERVAL = {
    "data_interval_start": datetime(2026, 3, 2, 3, tzinfo=UTC),
    "data_interval_end": datetime(2026, 3, 3, 3, tzinfo=UTC),
}


def context(start: str | None = None, end: str | None = None, **interval: datetime) -> dict[str, Any]:
    return {"params": {"start": start, "end": end}, **interval}


def test_window_of_an_interval_is_the_whole_day_it_starts_on() -> None:
    assert earshot_dags.window(context(**INTERVAL)) == Window(datetime(2026, 3, 2), datetime(2026, 3, 3))


def test_window_of_params_goes_before_the_interval() -> None:
    window = earshot_dags.window(context("2026-03-02", "2026-05-01", **INTERVAL))
    assert window == Window(datetime(2026, 3, 2), datetime(2026, 5, 1))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(context(), "needs a start and an end", id="no interval and no params"),
        pytest.param(context("2026-03-02", None, **INTERVAL), "needs a start and an end", id="no end"),
        pytest.param(context(None, "2026-03-02", **INTERVAL), "needs a start and an end", id="no start"),
        pytest.param(context("2026-03-02", "2026-03-02"), "window is empty", id="no day between"),
    ],
)
def test_window_that_is_none(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        earshot_dags.window(given)


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_home_has_to_be_absolute(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("EARSHOT_HOME", value)
    with pytest.raises(InputError, match="EARSHOT_HOME must be set to an absolute path"):
        earshot_dags.home()


def test_home_is_read_while_the_task_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EARSHOT_HOME", str(tmp_path))
    assert earshot_dags.home().root == tmp_path


def test_credentials_from_the_environment_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_X_BEARER_TOKEN", "from the environment")
    assert earshot_dags.credentials(X(id="x", type="x")) == {"bearer_token": "from the environment"}


@pytest.mark.parametrize(
    "connection",
    [
        pytest.param({"login": "id", "password": "secret"}, id="login and password"),
        pytest.param({"extra": {"client_id": "id", "client_secret": "secret"}}, id="extra"),
        pytest.param({"login": "id", "password": "old", "extra": {"client_secret": "secret"}}, id="extra goes first"),
    ],
)
def test_credentials_of_a_connection(monkeypatch: pytest.MonkeyPatch, connection: dict[str, Any]) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_EARSHOT_REDDIT", json.dumps({"conn_type": "generic", **connection}))
    reddit = Reddit(id="reddit", type="reddit", subreddits=["halmora"])
    assert earshot_dags.credentials(reddit) == {"client_id": "id", "client_secret": "secret"}


def test_one_token_is_the_password_of_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_EARSHOT_X", json.dumps({"conn_type": "generic", "password": "token"}))
    assert earshot_dags.credentials(X(id="x", type="x")) == {"bearer_token": "token"}


def test_untils_are_in_order_and_each_once() -> None:
    events = [SimpleNamespace(extra={"until": f"2026-03-0{day}T00:00:00"}) for day in (3, 2, 3)]
    assert earshot_dags.untils(events) == [datetime(2026, 3, 2), datetime(2026, 3, 3)]


# A source that failed ----------------------------------------------------------------------------------


def test_a_network_that_wants_to_wait_is_asked_again_when_it_says() -> None:
    at = earshot_dags.now() + timedelta(minutes=40)
    with pytest.raises(AirflowRescheduleException) as caught, earshot_dags.faults():
        raise SourceFailed("x: wait", retry_at=at)
    assert caught.value.reschedule_date == at.replace(tzinfo=UTC)


def test_a_wait_until_tomorrow_does_not_keep_the_others_from_being_published() -> None:
    with pytest.raises(SourceFailed, match="wait"), earshot_dags.faults():
        raise SourceFailed("youtube: wait", retry_at=earshot_dags.now() + timedelta(hours=20))


def test_wrong_credentials_are_not_tried_again() -> None:
    with pytest.raises(AirflowFailException, match="refused"), earshot_dags.faults():
        raise SourceFailed("x: refused", is_permanent=True)


def test_any_other_failure_is_retried_as_the_task_says() -> None:
    with pytest.raises(SourceFailed, match="cut"), earshot_dags.faults():
        raise SourceFailed("x: cut")
