"""What every test may ask for: the real `earshot` command, and the folder of recorded answers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).with_name("earshot"))

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Tests of more than five seconds say so; they run all the same, unless left out with -m "not slow"."""
    config.addinivalue_line("markers", "slow: more than five seconds")


Finished = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment in which the command runs: no settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EARSHOT_")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def earshot(environment: dict[str, str]) -> Callable[..., Finished]:
    """Run `earshot` in a process of its own: `earshot("load", "--home", home)`. It never prints a traceback."""

    def run(*words: object, variables: dict[str, str] | None = None, **options: object) -> Finished:
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            env=environment | (variables or {}),
            capture_output=True,
            text=True,
            timeout=300,
            **options,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def start_earshot(environment: dict[str, str]) -> Callable[..., "subprocess.Popen[str]"]:
    """Start `earshot` and go on while it runs."""

    def start(*words: object, **options: object) -> "subprocess.Popen[str]":
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([COMMAND, *map(str, words)], env=environment, text=True, **(pipes | options))

    return start


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded answers; tests that need one of its parts skip where that is absent."""
    return Path(os.environ.get("EARSHOT_RECORDED") or ROOT.parent / "shared" / "recorded")
