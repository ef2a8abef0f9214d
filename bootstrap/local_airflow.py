"""An Airflow of one machine: its settings, its processes, its REST API. SQLite, local processes, this machine only."""

import configparser
import contextlib
import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
POOL = "earshot_warehouse"
START_SECONDS = 120
STOP_SECONDS = 15
TRIES = 5
DAGS = ("earshot_nightly", "earshot_digest")


class StartError(Exception):
    """Something that has to run doesn't; the message says what and where its log is."""


def is_free(port: int) -> bool:
    """Whether nothing on this machine listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nothing on this machine listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Processes:
    """Processes with a log file each, all of which end when this one does."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], environ: Mapping[str, str]) -> None:
        """Start a command of this environment's `bin`, in a process group of its own."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(environ),
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C reaches this process only, which then stops the others in order
                preexec_fn=_die_with_parent,
            )

    def check(self) -> None:
        """`StartError` where one of them has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise StartError(f"{name} ended with code {process.returncode}. Its log: {self.logs / name}.log")

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
        """Return once `ready()`; `StartError` where that takes too long or a process ends."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise StartError(f"{what} took longer than {seconds:.0f} s. The logs: {self.logs}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask all to end, and end those that don't; nothing of them is left afterwards."""
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self._running.clear()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG: even where this process is killed outright


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that what it started is stopped."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class LocalAirflow:
    """Scheduler, DAG processor and API server over the DAGs in `dags/`, for one config and one home."""

    def __init__(self, config: Path, home: Path, *, port: int, schedule: str | None = None) -> None:
        self.url = f"http://{HOST}:{port}"
        self.home = Path(os.environ.get("AIRFLOW_HOME") or home / "airflow").resolve()
        self.processes = Processes(self.home / "logs" / "processes")
        self._port = port
        self._token = ""
        self._lock: Any = None
        self.environ = os.environ | {
            "AIRFLOW_HOME": str(self.home),
            "EARSHOT_CONFIG": str(config.resolve()),
            "EARSHOT_HOME": str(home.resolve()),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        if schedule:
            self.environ["AIRFLOW__EARSHOT__NIGHTLY_SCHEDULE"] = schedule

    def start(self) -> None:
        """Return when the API answers, the warehouse's pool is there, and both DAGs are known and on."""
        self._keep_others_out()
        write_settings(self.home, self._port)
        self._migrate()
        self.processes.start("api-server", ["airflow", "api-server"], self.environ)
        self.processes.start("dag-processor", ["airflow", "dag-processor"], self.environ)
        # the API server reads the logs' files; without the flag the scheduler offers them to the whole network
        self.processes.start("scheduler", ["airflow", "scheduler", "--skip-serve-logs"], self.environ)
        self.processes.wait_until(self._answers, "Airflow's API server")
        self._make_pool()
        self.processes.wait_until(self._knows_the_dags, "Reading the DAGs")
        for dag_id in DAGS:
            self.ask("PATCH", f"/dags/{dag_id}", {"is_paused": False})

    def stop(self) -> None:
        """Stop every process and let others in."""
        self.processes.stop()
        if self._lock:
            self._lock.close()

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The JSON answer of Airflow's REST API. Where a process waits too long for another at the one SQLite file, the
        server fails; then it is asked again.
        """
        for _ in range(TRIES - 1):
            try:
                return self._send(method, "/api/v2" + path, body)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise
            time.sleep(1)
        return self._send(method, "/api/v2" + path, body)

    def _send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, content, headers, method=method)  # noqa: S310  our own server
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return dict(json.load(answer))

    def _answers(self) -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            self._token = self._send("GET", "/auth/token")["access_token"]
        return bool(self._token)

    def _make_pool(self) -> None:
        if POOL not in {pool["name"] for pool in self.ask("GET", "/pools?limit=1000")["pools"]}:
            self.ask("POST", "/pools", {"name": POOL, "slots": 1, "description": "DuckDB has one writer"})

    def _knows_the_dags(self) -> bool:
        faults = self.ask("GET", "/importErrors")["import_errors"]
        if faults:
            raise StartError(f"A DAG can't be imported:\n{faults[0]['stack_trace']}")
        return {dag["dag_id"] for dag in self.ask("GET", "/dags")["dags"]} >= set(DAGS)

    def _keep_others_out(self) -> None:
        """Two schedulers over one SQLite file would run each other's tasks."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = (self.home / ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"Airflow already runs on {self.home}: another make run or make airflow.") from None

    def _migrate(self) -> None:
        """Bring the database to this version of Airflow; a file remembers that it was done."""
        stamp, wanted = self.home / ".migrated", version("apache-airflow-core")
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        log = self.processes.logs / "migrate.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            command = [str(BIN / "airflow"), "db", "migrate"]
            if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, env=self.environ, cwd=ROOT).returncode:
                raise StartError(f"Airflow could not make its database. The log: {log}")
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db")) as database:
            database.execute("pragma journal_mode = wal")  # who reads then doesn't wait for who writes
        stamp.write_text(wanted)


def write_settings(home: Path, port: int) -> None:
    """Write `airflow.cfg`, so that `AIRFLOW_HOME=<home> airflow …` speaks to the same Airflow.

    Its secrets are drawn once. Anything else that Airflow can do is set by the environment (`AIRFLOW__SECTION__KEY`).
    """
    path = home / "airflow.cfg"
    settings = configparser.RawConfigParser()
    settings.read(path)
    keep = {(section, key): value for section in settings.sections() for key, value in settings.items(section)}
    settings = configparser.RawConfigParser()
    settings.read_dict(
        {
            "core": {
                "dags_folder": ROOT / "dags",
                "load_examples": False,
                "executor": "LocalExecutor",
                "parallelism": 4,
                "dags_are_paused_at_creation": True,  # until the pool is there
                "simple_auth_manager_all_admins": True,  # the server listens on this machine only
                "execution_api_server_url": f"http://{HOST}:{port}/execution/",
                "fernet_key": keep.get(("core", "fernet_key")) or urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            },
            "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}"},
            "logging": {"base_log_folder": home / "logs"},
            "api": {
                "host": HOST,
                "port": port,
                "base_url": f"http://{HOST}:{port}",
                "workers": 1,
                "secret_key": keep.get(("api", "secret_key")) or secrets.token_urlsafe(32),
            },
            "api_auth": {"jwt_secret": keep.get(("api_auth", "jwt_secret")) or secrets.token_urlsafe(64)},
            "scheduler": {"scheduler_idle_sleep_time": 0.5},
            "dag_processor": {"min_file_process_interval": 60, "parsing_processes": 1},
        }
    )
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        settings.write(file)
