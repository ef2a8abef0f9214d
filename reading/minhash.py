"""Texts that are nearly the same: MinHash finds the pairs that may be, a look at every letter tells whether they are.

MinHash with locality-sensitive hashing: Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", chapter 3. A text
is the set of its runs of `LETTERS` letters, so that a typing error costs five of them and not a word.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version

import numpy as np
from rensa import RMinHash

LETTERS = 5
PERMUTATIONS = 40
BAND_ROWS = 4
BANDS = PERMUTATIONS // BAND_ROWS
SEED = 42
THRESHOLD = 0.75
PART = 0.95
LONGEST_TIMES = 2
LETTERS_OF_A_PART = 100
"""A text of so many letters that stands almost whole within another of at most twice its length is a copy that was cut
off, or the other one is a copy with something said about it."""
ENGINE = "minhash"
ENGINE_VERSION = (
    f"rensa {version('rensa')}, {LETTERS} letters, {PERMUTATIONS} permutations, bands of {BAND_ROWS}, "
    f"threshold {THRESHOLD}, parts of {LETTERS_OF_A_PART} letters"
)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_NUMBER = re.compile(r"\w*\d\w*")


def bands_of(texts: Sequence[str]) -> np.ndarray:
    """For each text a row of `BANDS` 32-bit numbers. Texts of similarity s share at least one with a probability of
    1 - (1 - s⁴)¹⁰, and one by chance with 1 in 400 million.

    Texts are words with single spaces between them, of at least `LETTERS` letters.
    """
    padded = [f" {text} " for text in texts]
    letters = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    hashes = np.zeros(len(letters) - LETTERS + 1, np.uint64)
    for place in range(LETTERS):
        hashes = _mixed(hashes, letters[place : place + len(hashes)])
    is_within = np.ones(len(letters), bool)  # false for what begins in one text and ends in the next
    for place in range(1, LETTERS):
        is_within[lengths.cumsum() - place] = False
    starts = np.concatenate(([0], (lengths - LETTERS + 1).cumsum())).astype(np.uint64)
    kept = hashes[is_within[: len(hashes)]]
    digests = RMinHash.digest_matrix_from_flat_token_hashes(kept, starts, PERMUTATIONS, SEED)
    signatures = np.array(digests.to_rows(), np.uint64).reshape(len(padded), BANDS, BAND_ROWS)
    bands = np.tile(np.arange(BANDS, dtype=np.uint64), (len(padded), 1))
    for row in range(BAND_ROWS):
        bands = _mixed(bands, signatures[:, :, row])
    return (bands >> np.uint64(32)).astype(np.uint32).view(np.int32)


def _mixed(hashes: np.ndarray, values: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = (hashes ^ values) * _MIX
    mixed ^= mixed >> _SHIFT
    return mixed


def are_alike(one: str, other: str) -> bool:
    """Whether two texts are nearly the same: as sets of runs of letters their Jaccard similarity reaches the threshold,
    or a long one is part of the other, and no number stands against another, as in part 1 and part 2 of a series.
    """
    left, right = _runs(one), _runs(other)
    both = len(left & right)
    shorter, longer = sorted((len(left), len(right)))
    is_part = shorter >= LETTERS_OF_A_PART and longer <= LONGEST_TIMES * shorter and both >= PART * shorter
    if not is_part and both < THRESHOLD * (shorter + longer - both):
        return False
    numbers, others = set(_NUMBER.findall(one)), set(_NUMBER.findall(other))
    return numbers <= others or others <= numbers


@lru_cache(maxsize=64)
def _runs(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset([padded[start : start + LETTERS] for start in range(len(padded) - LETTERS + 1)])
