"""Texts as the words that models read: cut once for a whole batch, however many models read it."""

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

LONGEST = 2000
"""Characters of a text that are read: what somebody wants stands at the start."""
START, END = "<start>", "<end>"
NO_SIGN = "<none>"
LONGEST_WORD = 40
"""Characters of a word that are looked at: what is longer is no word of any language."""

_TOKEN = re.compile(r"https?://\S+|www\.\S+|[@#]?\w+(?:['’]\w+)*|[^\w\s]")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_DIGIT = re.compile(r"\d")


class Tokens(NamedTuple):
    """The words of a batch of texts, each different word once."""

    words: list[str]
    """Every different word as it was written, and the marks `<start>`, `<end>` and `<size:n>`."""
    ids: np.ndarray
    """Places in `words`, text after text; int32."""
    starts: np.ndarray
    """Where each text begins in `ids`, and at last where the last one ends; int64, one more than there are texts."""

    @property
    def owners(self) -> np.ndarray:
        """For each of `ids` the place of its text."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def tokenize(texts: Sequence[str]) -> Tokens:
    """The words of texts, each text between marks of its start and its end, after one of its size."""
    places = _Places()
    ids = array("i")
    starts = [0]
    for text in texts:
        written = _TOKEN.findall(text[:LONGEST])
        ids.extend(map(places.__getitem__, (_SIZES[len(written).bit_length()], START, *written, END)))
        starts.append(len(ids))
    return Tokens(list(places), np.array(ids, np.int32), np.array(starts, np.int64))


class _Places(dict[str, int]):
    """Word → its place among the different ones, in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        place = self[word] = len(self)
        return place


_SIZES = tuple(f"<size:{bits}>" for bits in range(LONGEST.bit_length() + 1))


def written_words(text: str) -> Iterator[str]:
    """The words of one text as they were written, without marks."""
    return (found[0] for found in _TOKEN.finditer(text[:LONGEST]))


Look = tuple[tuple[str, ...], str]
"""What a word is to a model; see `features_of`."""


@lru_cache(maxsize=100_000)
def features_of(word: str) -> Look:
    """What a word is to a model: its names, of which the first stands in word pairs, and the letters to look into.

    `Sooo` is `soo` and `<stretched>`, `NEVER` is `never` and `<capitals>`, links, numbers and @names are only that.
    """
    if word.startswith("<") and len(word) > 1:
        return (word,), ""
    if word[:4] in ("http", "www.") and ("://" in word or word[:4] == "www."):
        return ("<link>",), ""
    if word[0] == "@" and len(word) > 1:
        return ("<name>",), ""
    plain = word[:LONGEST_WORD]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain).replace("’", "'")
    plain = plain.lower()
    names = []
    if plain[:1] == "#" and len(plain) > 1:
        plain = plain[1:]
        names.append("<tag>")
    if _DIGIT.search(plain):
        names.append("<number>")
        plain = _DIGIT.sub("0", plain)
    if len(word) > 2 and word.isupper():
        names.append("<capitals>")
    short = _STRETCHED.sub(r"\1\1", plain)
    if short != plain:
        names.append("<stretched>")
    return (short, *names), short if short[:1].isalnum() else ""
