"""The page on how to add a network, followed to the letter."""

from pathlib import Path

import pytest

from tests.docs.pages import copy_of_the_project, follow, run


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_of_the_project(tmp_path_factory.mktemp("project"))
    touched = follow("add-a-connector.md", project)
    assert [str(path.relative_to(project)) for path in touched] == [
        "connectors/pebble/__init__.py",
        "connectors/pebble/fetch.py",
        "connectors/pebble/parse.py",
        "sandbox/pebble_api.py",
        "sandbox/world.py",
        "tests/connectors/rigs.py",
    ]
    return project


def test_the_network_passes_the_conformance_suite(project: Path) -> None:
    done = run(project, "pytest", "-q", "tests/connectors/test_conformance.py", "-k", "pebble or rig")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "13 passed" in done.stdout, done.stdout


def test_what_the_page_shows_is_formatted_and_sound(project: Path) -> None:
    files = ("connectors/pebble", "sandbox/pebble_api.py")
    for command in (("ruff", "format", "--check"), ("ruff", "check")):
        done = run(project, *command, *files)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_config_and_the_docs_know_it(project: Path) -> None:
    program = """
from bootstrap.network_pages import network_pages
from connectors import CONNECTORS
print(CONNECTORS["pebble"].NETWORK.title, "pebble.md" in network_pages())
"""
    (project / "look.py").write_text(program, encoding="utf-8")
    assert run(project, "look").stdout == "Pebble True\n"
