"""A night of the sandbox gives the same tables whatever the order in which the pages of its answers came."""

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import zstandard

from connectors.contract import Window
from connectors.transport import variable
from pipelines.config.settings import Config, connector_of, load_config
from pipelines.store.home import Home
from sandbox import world
from sandbox.server import serve
from tests.pipelines import steps

ROOT = Path(__file__).resolve().parents[3]
WEEK = Window(datetime(2026, 3, 16), datetime(2026, 3, 23))
"""The week of the outage: long threads, on every network."""


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Home]:
    """The sandbox's config, and a home into which the week has landed."""
    folder = tmp_path_factory.mktemp("pulled")
    with serve() as sandbox:
        text = (ROOT / "examples" / "sandbox.toml").read_text(encoding="utf-8")
        text = re.sub(r"http://127\.0\.0\.1:\d+", sandbox.url, text).replace("../sandbox/", f"{ROOT}/sandbox/")
        (folder / "sandbox.toml").write_text(text, encoding="utf-8")
        config = load_config(folder / "sandbox.toml")
        home = Home(folder / "home")
        for source in config.sources:
            known = world.CREDENTIALS.get(connector_of(source).NETWORK.name, {})
            credentials = {name: value for name, value in known.items() if variable(source, name)}
            steps.pull(home, config, source.id, WEEK, credentials)
    return config, home


@pytest.mark.slow
def test_no_order_of_the_pages_changes_the_tables(
    pulled: tuple[Config, Home], tmp_path: Path, core: Callable[[Home], dict[str, str]]
) -> None:
    config, landed = pulled
    tables = []
    for name in ("in order", "turned"):
        home = Home(tmp_path / name)
        shutil.copytree(landed.root, home.root)
        if name == "turned":
            for path in home.landing.rglob("*.zst"):
                _turn(path)
        for source_id, window in home.windows(home.landing):
            steps.tidy(home, config, source_id, window)
            steps.enrich(home, config, source_id, window)
        steps.load(home, config)
        steps.discover(home, config)
        tables.append(core(home))
    in_order, turned = tables
    assert [name for name in in_order if in_order[name] != turned[name]] == []
    parents = [line for line in in_order["interactions"].splitlines() if "reply" in line and "fediverse" in line]
    assert len(parents) > 5, "threads of the fediverse are what pages leave out"


def _turn(path: Path) -> None:
    """Put the pages of a landed file the other way round."""
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(zstandard.ZstdCompressor().compress(b"".join(reversed(lines))))
