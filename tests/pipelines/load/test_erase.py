"""What is gone where it was said leaves the files as well, and what others said stays."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from connectors import CONNECTORS
from connectors.contract import Deletion, Known, Page, Record, Window
from connectors.files import parse as files_parse
from pipelines.config.settings import Config
from pipelines.load import erase
from pipelines.pull.landing import COMPLETE, PAGES, window_folder
from pipelines.store.home import Home
from tests.pipelines import steps

files = CONNECTORS["files"]

March = Callable[[int, int], Window]
NOW = datetime(2026, 3, 4, 3)
GONE = "The parcel from Wren arrived broken. Terrible packaging, awful!"


@pytest.fixture
def config(shop: Path, configure: Callable[..., Config]) -> Config:
    return configure()


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forum that says, when asked again, that the post on the broken parcel is gone."""
    read = files_parse.parse

    def recheck(client: Any, settings: Any, known: list[Known]) -> Iterator[Page]:
        yield Page("recheck", {"records": []}, len(known), len(known))

    def parse(settings: Any, page: Page) -> Iterator[Record]:
        yield from [Deletion("forum:5")] if page.endpoint == "recheck" else read(settings, page)

    monkeypatch.setattr("connectors.files.NETWORK", replace(files.NETWORK, recheck_size=100))
    monkeypatch.setattr("connectors.files.fetch.recheck", recheck, raising=False)
    monkeypatch.setattr(files_parse, "parse", parse)


def night(home: Home, config: Config, window: Window) -> None:
    steps.pull(home, config, "forum", window, {}, now=NOW)
    for _, landed in home.windows(home.landing):
        steps.tidy(home, config, "forum", landed)
        steps.enrich(home, config, "forum", landed)
    steps.load(home, config)


def landed(home: Home, window: Window) -> str:
    packed = (window_folder(home, "forum", window) / COMPLETE / PAGES).read_bytes()
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed).decode()


def tidied(home: Home, window: Window) -> dict[str, str | None]:
    table = pq.read_table(home.tidy / "forum" / window.name / "mentions.parquet")
    return dict(zip(table["mention_id"].to_pylist(), table["text"].to_pylist(), strict=True))


def quoted(home: Home, window: Window) -> set[str]:
    """The mentions of which an enriched file holds words."""
    folder = home.enriched / "forum" / window.name
    return {
        mention_id
        for name in ("mention_flags", "mention_intents", "mention_themes")
        for mention_id in pq.read_table(folder / f"{name}.parquet")["mention_id"].to_pylist()
    }


@pytest.mark.usefixtures("forgetful")
def test_words_of_a_deleted_post_leave_every_file(
    home: Home, config: Config, march: March, core: Callable[[Home], dict[str, str]]
) -> None:
    night(home, config, march(2, 3))
    assert GONE in landed(home, march(2, 3))
    assert tidied(home, march(2, 3))["forum:5"] == GONE
    assert "forum:5" in quoted(home, march(2, 3))
    night(home, config, march(3, 4))
    assert "forum:5" not in quoted(home, march(2, 3))
    assert GONE not in landed(home, march(2, 3))
    assert "Mein Paket von Wren" in landed(home, march(2, 3))
    assert tidied(home, march(2, 3)) == {
        "forum:4": "Mein Paket von Wren ist leider noch nicht angekommen",
        "forum:5": None,
        "forum:6": "Same here",
    }
    assert GONE not in "".join(core(home).values())


@pytest.mark.usefixtures("forgetful")
def test_a_warehouse_made_anew_from_the_files_is_the_same(
    home: Home, config: Config, march: March, core: Callable[[Home], dict[str, str]]
) -> None:
    night(home, config, march(2, 3))
    night(home, config, march(3, 4))
    before = core(home)
    home.warehouse.unlink()
    for folder in (home.tidy, home.enriched):
        folder.rename(folder.with_name(f"old-{folder.name}"))
    for _, window in home.windows(home.landing):
        steps.tidy(home, config, "forum", window)
        steps.enrich(home, config, "forum", window)
    steps.load(home, config)
    assert core(home) == before


@pytest.mark.usefixtures("forgetful")
def test_the_same_words_of_somebody_else_stay(
    home: Home, config: Config, march: March, posts: list[dict[str, Any]], write_posts: Callable[..., Path]
) -> None:
    posts[5] |= {"text": GONE}
    write_posts(posts)
    night(home, config, march(2, 3))
    night(home, config, march(3, 4))
    assert landed(home, march(2, 3)).count(GONE) == 1
    assert (tidied(home, march(2, 3))["forum:5"], tidied(home, march(2, 3))["forum:6"]) == (None, GONE)


@pytest.mark.usefixtures("forgetful")
def test_nothing_is_erased_twice(home: Home, config: Config, march: March) -> None:
    night(home, config, march(2, 3))
    night(home, config, march(3, 4))
    made = (home.tidy / "forum" / march(2, 3).name / "mentions.parquet").stat().st_mtime_ns
    steps.load(home, config)
    assert (home.tidy / "forum" / march(2, 3).name / "mentions.parquet").stat().st_mtime_ns == made


@pytest.mark.usefixtures("forgetful")
def test_a_source_that_is_being_pulled_is_erased_by_the_next_load(
    home: Home, config: Config, march: March, monkeypatch: pytest.MonkeyPatch, core: Callable[[Home], dict[str, str]]
) -> None:
    monkeypatch.setattr(erase, "WAIT_SECONDS", 0)
    night(home, config, march(2, 3))
    steps.pull(home, config, "forum", march(3, 4), {}, now=NOW)
    for step in (steps.tidy, steps.enrich):
        step(home, config, "forum", march(3, 4))
    with home.only_window("forum", march(2, 3)):
        steps.load(home, config)
    assert GONE not in "".join(core(home).values())
    assert GONE in landed(home, march(2, 3))
    steps.load(home, config)
    assert GONE not in landed(home, march(2, 3))


@pytest.mark.parametrize("stored", ["Run make twice.", "Run `make` twice."])
def test_words_are_found_in_an_answer_whether_or_not_their_code_was_marked(stored: str) -> None:
    assert erase._says("<p>Run <code>make</code> twice.</p>", {erase._bare(stored)})
