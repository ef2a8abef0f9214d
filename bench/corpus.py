"""The posts that are measured on, and a config that listens to them."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

SANDBOX_TIMES = 150
ROOT = Path(__file__).parents[1]

_HEAD = """
since = 2000-01-01
until = 2026-01-01
[[brands]]
id = "one"
name = "One"
terms = ["united", "zig", "google", "@united", "cat", "new york"]
[[brands]]
id = "two"
name = "Two"
competitor = true
terms = ["jetblue", "rust", "apple", "dog", "obama"]
[[themes]]
id = "service"
name = "Service"
terms = ["customer service", "help*", "support", "refund*", "call", "waiting", "on hold", "thank*", "rude"]
[[themes]]
id = "trouble"
name = "Trouble"
terms = ["bug*", "crash*", "delay*", "cancel*", "broken", "error*", "problem*", "doesn't work", "fail*"]
[[themes]]
id = "price"
name = "Price"
terms = ["price*", "cheap*", "expensive", "free", "pay*", "money", "fee*"]
[[themes]]
id = "build"
name = "Build"
terms = ["compiler", "build", "linker", "release*", "version", "update*", "install*"]
"""


class Corpus(NamedTuple):
    """Posts as files, and the config that names them."""

    config: Path
    posts: int
    origin: str
    files: tuple[Path, ...]
    workers: int

    def texts(self) -> list[str]:
        """Every text, as plain vaderSentiment gets it."""
        return [text for path in self.files for text in pq.read_table(path, columns=["text"])["text"].to_pylist()]


def corpus(folder: Path, share: float) -> Corpus:
    """A share of the real posts (of the sandbox's where there are none), copied to Parquet files in `folder`."""
    posts_folder = Path(os.environ.get("EARSHOT_POSTS", ROOT.parent / "shared" / "posts"))
    tables = _real(posts_folder) or {"sandbox": _sandbox()}
    target = folder / f"corpus-{share}"
    target.mkdir()
    workers = os.cpu_count() or 1
    sections = [f"workers = {workers}", _HEAD]
    files = []
    for name, table in tables.items():
        path = target / f"{name}.parquet"
        pq.write_table(table.slice(0, int(table.num_rows * share)), path)
        files.append(path)
        sections.append(
            f'[[sources]]\nid = "{name}"\ntype = "files"\nnetwork = "{name}"\npath = "{path}"\nlanguage = "en"'
        )
    config = target / "earshot.toml"
    config.write_text("\n".join(sections), encoding="utf-8")
    posts = sum(pq.read_metadata(path).num_rows for path in files)
    return Corpus(config, posts, str(posts_folder.name if len(tables) > 1 else "the sandbox"), tuple(files), workers)


def _real(folder: Path) -> dict[str, pa.Table]:
    """The tables of a folder of posts by name, with our column names."""
    tables = {path.stem.replace("_", "-"): pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}
    tables |= {path.stem: pyarrow.csv.read_csv(path, parse_options=_CSV) for path in sorted(folder.glob("*.csv"))}
    kept = ("id", "created_at", "author", "text", "url", "score", "addressed_to")
    return {
        name: table.select([column for column in table.column_names if column in kept])
        for name, table in tables.items()
        if {"created_at", "text"} <= set(table.column_names)
    }


_CSV = pyarrow.csv.ParseOptions(newlines_in_values=True)


def _sandbox() -> pa.Table:
    lines = [line for path in sorted((ROOT / "sandbox" / "community").glob("posts-*.jsonl")) for line in path.open()]
    posts = [post for post in map(json.loads, lines) if post["text"]]
    rows = [
        {
            "id": f"{post['id']}-{number}",
            "created_at": datetime.fromisoformat(post["at"]).replace(year=2025),
            "author": post["by"],
            "text": post["text"],
        }
        for number in range(SANDBOX_TIMES)
        for post in posts
    ]
    return pa.Table.from_pylist(rows)
