"""The reader of posts, and the folder of files that people labelled."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from reading.moderation.reader import Moderator

LABELLED = Path(os.environ.get("EARSHOT_LABELLED") or Path(__file__).parents[4] / "shared" / "eval") / "moderation"


@pytest.fixture(scope="session")
def reader() -> Moderator:
    """A reader that knows a tea shop's domain."""
    return Moderator(["wrentea.example"])


def labelled(name: str) -> tuple[list[str], list[str]]:
    """Texts and labels of a file of the folder that EARSHOT_LABELLED names; skips where it isn't there."""
    path = LABELLED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"no {path}; set EARSHOT_LABELLED to a folder of labelled files")
    table = pq.read_table(path, columns=["text", "label"])
    return table["text"].to_pylist(), table["label"].to_pylist()
