"""Sets of words that the readers know, from `word_sets.toml`."""

import tomllib
from functools import cache
from pathlib import Path

from reading.fingerprints import fingerprint

FILE = Path(__file__).with_name("word_sets.toml")


@cache
def _sections() -> dict[str, dict[str, str]]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def word_set(reader: str, name: str) -> frozenset[str]:
    """A set of words of one of the readers."""
    return frozenset(_sections()[reader][name].split())


def version() -> str:
    """Hash of all sets."""
    return fingerprint(FILE.read_text(encoding="utf-8"))
