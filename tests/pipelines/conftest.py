"""A tea shop that listens to a forum: a config, a file of posts, and homes to run the steps in."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Author, Deletion, Interaction, Mention, Metrics, Misfit, Record, Window
from pipelines.config.settings import Config, load_config
from pipelines.publish.export import export
from pipelines.store.arrow import TableFiles, to_batch
from pipelines.store.home import Home, whole_folder, write_json
from pipelines.store.warehouse import mark_sound
from pipelines.tidy import step as tidy
from tests.pipelines import steps

SHOP = """
since = 2026-03-01
until = 2026-03-04
workers = 1

[[brands]]
id = "wren"
name = "Wren Tea"
terms = ["wren", "wren tea"]
team = ["forum:wren_lotte"]

[[brands]]
id = "moss"
name = "Moss & Sons"
competitor = true
terms = ["moss"]

[[themes]]
id = "price"
name = "Price"
terms = ["price*", "expensive", "cheap"]

[[themes]]
id = "delivery"
name = "Delivery"
terms = ["delivery", "parcel*", "arrived"]

[[sources]]
id = "forum"
type = "files"
path = "posts*.jsonl"
network = "forum"
"""

POSTS = [
    ("1", "2026-03-01T09:00:00", "ann", None, "Wren tea is wonderful, I love the new tin!", 4),
    ("2", "2026-03-01T10:30:00", "bob", "1", "Too expensive for me, honestly. Moss is cheap.", 2),
    ("3", "2026-03-01T12:00:00", "wren_lotte", "2", "Sorry to hear that, Bob! There is a smaller tin.", 1),
    ("4", "2026-03-02T08:15:00", "caro", None, "Mein Paket von Wren ist leider noch nicht angekommen", 0),
    ("5", "2026-03-02T19:45:00", "dev", None, "The parcel from Wren arrived broken. Terrible packaging, awful!", 9),
    ("6", "2026-03-02T20:00:00", "ann", "5", "Same here", 0),
    ("7", "2026-03-03T07:00:00", "eli", None, "🫖❤️ wren", 12),
    ("8", "2026-03-03T08:00:00", "fay", None, "The parcel from Wren arrived broken! Terrible packaging - awful", 0),
    ("9", "2026-03-03T23:59:59", "gus", None, '=HYPERLINK("http://bad.example","Moss") </script>', 0),
]

Rows = list[dict[str, Any]]


def post(number: str, at: str, author: str, parent: str | None, text: str, likes: int) -> dict[str, Any]:
    """A line of the forum's export."""
    return {"id": number, "created_at": at, "author": author, "parent_id": parent, "text": text, "likes": likes}


@pytest.fixture
def posts() -> Rows:
    return [post(*row) for row in POSTS]


@pytest.fixture
def write_posts(tmp_path: Path) -> Callable[..., Path]:
    """Write the forum's export beside the config."""

    def write(rows: Iterable[Mapping[str, Any] | str], name: str = "posts.jsonl") -> Path:
        return write_lines(tmp_path / name, rows)

    return write


def write_lines(path: Path, rows: Iterable[Mapping[str, Any] | str]) -> Path:
    """Write JSON Lines; a text is a line as it is."""
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """Write the shop's config, or another text, and return its path."""

    def write(*changes: tuple[str, str], text: str = SHOP) -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "earshot.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def shop(write_config: Callable[..., Path], write_posts: Callable[..., Path], posts: Rows) -> Path:
    """The shop's config, with its posts beside it."""
    write_posts(posts)
    return write_config()


@pytest.fixture
def configure(write_config: Callable[..., Path]) -> Callable[..., Config]:
    """The shop's config with some of its text changed."""

    def configure(*changes: tuple[str, str]) -> Config:
        return load_config(write_config(*changes))

    return configure


@pytest.fixture
def new_home(tmp_path: Path) -> Callable[[str], Home]:
    return lambda name="home": Home(tmp_path / name)


def window(start: int, end: int) -> Window:
    """Days of March 2026."""
    return Window(datetime(2026, 3, start), datetime(2026, 3, end))


@pytest.fixture
def march() -> Callable[[int, int], Window]:
    return window


@pytest.fixture
def publish() -> Callable[[Home], Path]:
    """Publish a home's warehouse without marts: making those takes seconds."""

    def published(home: Home) -> Path:
        mark_sound(home.warehouse)
        return steps.publish(home)

    return published


@pytest.fixture
def core(tmp_path: Path, publish: Callable[[Home], Path]) -> Callable[[Home], dict[str, str]]:
    """Publish a home's warehouse and return the export of its core tables: the bytes of each, as text."""

    def exported(home: Home) -> dict[str, str]:
        publish(home)
        return core_tables(home, tmp_path / "export")

    return exported


def core_tables(home: Home, folder: Path) -> dict[str, str]:
    """The export of a home's published core tables: the bytes of each, as text."""
    paths = export(home, "core", folder, "csv", raw=True)
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


@pytest.fixture(scope="session")
def undisturbed_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which nothing went wrong: the shop's posts went through every step but the marts. To read or copy."""
    folder = tmp_path_factory.mktemp("undisturbed")
    home = Home(folder / "home")
    write_lines(folder / "posts.jsonl", [post(*row) for row in POSTS])
    (folder / "earshot.toml").write_text(SHOP, encoding="utf-8")
    config = load_config(folder / "earshot.toml")
    steps.pull(home, config, "forum", window(1, 4), {})
    steps.tidy(home, config, "forum", window(1, 4))
    steps.enrich(home, config, "forum", window(1, 4))
    steps.load(home, config)
    steps.discover(home, config)
    mark_sound(home.warehouse)
    steps.publish(home)
    return home


@pytest.fixture
def see() -> Callable[..., None]:
    """Let a window have seen some records: they are laid into the tidy folder and enriched, not yet loaded."""

    def see(home: Home, config: Config, seen: Window, records: Iterable[Record], source: str = "forum") -> None:
        rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tidy.PARSED}
        tables = {Author: "authors", Metrics: "metrics", Interaction: "interactions", Deletion: "deletions"}
        records = list(records)
        for seq, record in enumerate(records):
            if isinstance(record, Mention):
                gone = record.deleted_at or (seen.end if record.is_deleted else None)
                rows["mentions"].append((*record[:12], gone, *record[14:], seq))
            elif not isinstance(record, Misfit):
                rows[tables[type(record)]].append((*record, seq))
        with whole_folder(home.tidy / source / seen.name) as making:
            with TableFiles(making, tidy.SCHEMAS) as files:
                files.write({name: to_batch(these, tidy.SCHEMAS[name]) for name, these in rows.items()})
            write_json(making / tidy.MANIFEST, {"fingerprint": repr(records), **RAN})
        steps.enrich(home, config, source, seen)

    return see


RAN = {"code_version": "0", "started_at": "2026-03-04T00:00:00", "seconds": 0.0, "rows_in": 0, "rows_out": 0}
