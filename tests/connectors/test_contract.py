"""What every network's package holds: a declaration, `fetch` and `parse`, each as the contract wants it."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from connectors import CONNECTORS

PACKAGES = Path(__file__).resolve().parents[2] / "connectors"
CLIENTS = {"praw", "tweepy", "feedparser", "requests", "pyarrow"}


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_package_is_a_declaration_fetch_and_parse(name: str) -> None:
    assert {"__init__.py", "fetch.py", "parse.py"} <= {path.name for path in (PACKAGES / name).glob("*.py")}
    network = CONNECTORS[name].NETWORK
    assert network.name == name
    assert network.title
    fetch = import_module(f"connectors.{name}.fetch")
    assert hasattr(fetch, "recheck") is bool(network.recheck_size)
    assert hasattr(fetch, "sample") is network.is_exhaustive


def test_a_declaration_imports_no_client() -> None:
    program = "import sys, connectors; [c.NETWORK for c in connectors.CONNECTORS.values()]; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert loaded & CLIENTS == set()
    assert [
        module for module in loaded if module.startswith("connectors.") and module.endswith((".fetch", ".parse"))
    ] == []


def test_the_three_modules_fit_each_other_and_the_contract(tmp_path: Path) -> None:
    """The type checker reads a program in which each package is held against the protocols."""
    lines = [
        "from connectors.contract import C, Declaration, Fetching, Parsing, Rechecking, S, Sampling",
        "def fits(d: Declaration[S], f: Fetching[S, C], p: Parsing[S]) -> None: ...",
        "def rechecks(d: Declaration[S], f: Fetching[S, C], r: Rechecking[S, C]) -> None: ...",
        "def samples(d: Declaration[S], s: Sampling[S]) -> None: ...",
    ]
    for name, connector in CONNECTORS.items():
        lines += [f"import connectors.{name}", f"import connectors.{name}.fetch, connectors.{name}.parse"]
        package = f"connectors.{name}"
        lines.append(f"fits({package}, {package}.fetch, {package}.parse)")
        if connector.NETWORK.recheck_size:
            lines.append(f"rechecks({package}, {package}.fetch, {package}.fetch)")
        if connector.NETWORK.is_exhaustive:
            lines.append(f"samples({package}, {package}.fetch)")
    program = tmp_path / "fits.py"
    program.write_text("\n".join(lines), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--no-error-summary", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGES.parent)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", CONNECTORS)
def test_what_parse_reads_of_the_settings_is_declared(name: str) -> None:
    """A setting that decides what is read has to be in `parsed_by`, or a change of it would read nothing anew."""
    declared = {"id", "type", *CONNECTORS[name].NETWORK.parsed_by}
    read = set()
    for path in (PACKAGES / name).glob("*.py"):
        if path.name in ("__init__.py", "fetch.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("settings", "reader.settings"):
                read.add(node.attr)
    fields = CONNECTORS[name].Settings.model_fields
    behind = {"address": "site"}  # properties of settings, and the field that they are made of
    assert {behind.get(attribute, attribute) for attribute in read} - declared == set()
    assert set(CONNECTORS[name].NETWORK.parsed_by) <= fields.keys()
