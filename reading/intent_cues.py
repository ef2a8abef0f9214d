"""What of a text tells of its writer's wants whatever it is about: kinds of words, and some that follow each other."""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reading.tokens import END, START, Tokens, features_of

WORDS = Path(__file__).with_name("seeds") / "intent_words.toml"
HEAD = 24
"""Words of a text's head: its title, or the first sentence or two."""
MOST_REMEMBERED = 200_000
"""Words that are remembered at a time."""
SHARE = 0.1
"""How much one of these numbers counts beside the words of a text; chosen on the seeds."""

_FOLLOWED = (
    ("stop", "question_word"),
    ("stop", "auxiliary"),
    ("start", "question_word"),
    ("start", "auxiliary"),
    ("start", "change"),
    ("auxiliary", "person"),
    ("question_word", "auxiliary"),
    ("question_word", "person"),
    ("question_mark", "end"),
    ("wish", "wish"),
    ("i", "wish"),
    ("i", "past"),
    ("leave", "away"),
)
"""Kinds of which the second follows at once."""
_NEAR = (
    ("wonder", "question_word"),
    ("please", "change"),
    ("wish", "change"),
    ("negation", "function"),
    ("negation", "leave"),
    ("negation", "joy"),
    ("i", "leave"),
    ("i", "buy"),
    ("leave", "leave"),
    ("buy", "buy"),
    ("lure", "lure"),
    ("joy", "joy"),
    ("anger", "anger"),
    ("failure", "report"),
    ("never", "patron"),
    ("leave", "deal"),
    ("leave", "patron"),
    ("intend", "buy"),
    ("intend", "get"),
)
"""Kinds of which the second follows at once or one word later."""
SIGNS = {
    "churn_risk": (
        ("never patron",),
        ("leave deal",),
        ("leave patron",),
        ("i leave",),
        ("i", "leave away"),
    ),
    "purchase_intent": (
        ("i buy",),
        ("i", "buy", "intend"),
        ("i", "intend get"),
        ("question_mark", "i", "buy"),
        ("question_mark", "intend buy"),
        ("question_mark", "intend get"),
    ),
    "request": (("please",),),
    "story": (("i", "past"),),
}
"""What the texts of an intent hold that is easily taken for there: all kinds and pairs of one of these rows."""


class Marks(NamedTuple):
    """What the kinds of a word mean beside those of others, as bits."""

    kinds: int = 0
    leads: int = 0
    """Pairs that it may begin."""
    follows: int = 0
    """Pairs that it ends where it stands right behind."""
    follows_later: int = 0
    """Pairs that it ends one word later."""


class _Lexicon(NamedTuple):
    kinds: tuple[str, ...]
    marks: dict[str, Marks]


SILENT = frozenset({"start", "end", "stop", "person"})
"""Kinds that tell by where they stand, and nothing by themselves."""


def kinds() -> tuple[str, ...]:
    """The kinds of words, in the order of the numbers."""
    return _lexicon().kinds


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    found: dict[str, list[str]] = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    by_kind = {"start": [START], "end": [END], **found}
    kinds = tuple(by_kind)
    if len(kinds) + len(_FOLLOWED) + len(_NEAR) > 63:
        raise ValueError(f"{WORDS.name}: {len(kinds)} kinds of words are more than 63 bits hold")
    of_word: dict[str, set[str]] = {}
    for kind, words in by_kind.items():
        for word in words:
            of_word.setdefault(word, set()).add(kind)
    return _Lexicon(kinds, {word: _marks_of(mine, kinds) for word, mine in of_word.items()})


def _marks_of(mine: set[str], kinds: tuple[str, ...]) -> Marks:
    leads = follows = later = 0
    for place, (first, second) in enumerate((*_FOLLOWED, *_NEAR), start=len(kinds)):
        leads |= (first in mine) << place
        follows |= (second in mine) << place
        later |= (second in mine and place >= len(kinds) + len(_FOLLOWED)) << place
    return Marks(sum(1 << place for place, kind in enumerate(kinds) if kind in mine), leads, follows, later)


@lru_cache(maxsize=1)
def _columns() -> dict[str, int]:
    """The column of each kind and pair in the whole text."""
    pairs = (" ".join(pair) for pair in (*_FOLLOWED, *_NEAR))
    return {name: column for column, name in enumerate((*kinds(), *pairs))}


def have_sign(found: "Cues", intent: str) -> np.ndarray:
    """Which texts hold one of the `SIGNS` of an intent."""
    columns = _columns()
    rows = [found.numbers[:, [columns[name] for name in row]].all(axis=1) for row in SIGNS[intent]]
    return np.asarray(np.logical_or.reduce(rows))


class _Sorts(dict[str, int]):
    """Word as it stands in a text → its row in a table of marks; words with the same marks share one."""

    def __init__(self) -> None:
        super().__init__()
        different = sorted({Marks(), *_lexicon().marks.values()})
        self.table = np.array(different, np.int64)
        rows = {marks: row for row, marks in enumerate(different)}
        self._known = {word: rows[marks] for word, marks in _lexicon().marks.items()}
        self._unknown = rows[Marks()]

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        row = self._known.get(word)
        if row is None:
            row = self._known.get(features_of(word)[0][0], self._unknown)
        self[word] = row
        return row


@lru_cache(maxsize=1)
def _sorts() -> _Sorts:
    return _Sorts()


class Cues(NamedTuple):
    """What was found in a batch of texts."""

    numbers: np.ndarray
    """A row a text of 0 and 1: each kind and pair in the whole text, then each in its head."""
    word_kinds: np.ndarray
    """A row for each different word of 0 and 1: its kinds, in the order of the first numbers."""


def cues(tokens: Tokens) -> Cues:
    """The cues of a batch of texts; of one text the same, whatever stands beside it."""
    sorts = _sorts()
    marks = sorts.table[np.fromiter(map(sorts.__getitem__, tokens.words), np.int64, len(tokens.words))]
    sort, leads, follows, later = (np.ascontiguousarray(marks[:, place]) for place in range(4))
    # The first two words of a text are marks that end no pair, so that none reaches from one text into the next.
    ids = np.concatenate([tokens.ids, np.zeros(2, tokens.ids.dtype)])
    ends = follows[ids[1:-1]] | later[ids[2:]]
    found = np.append(sort[tokens.ids] | (leads[tokens.ids] & ends), 0)
    starts, stops = tokens.starts[:-1], tokens.starts[1:]
    names = len(_lexicon().kinds)
    width = names + len(_FOLLOWED) + len(_NEAR)
    if not len(starts):
        return Cues(np.zeros((0, 2 * width)), _bits(sort, names))
    head = np.bitwise_or.reduceat(found, np.stack([starts, np.minimum(starts + HEAD, stops)], axis=1).ravel())[::2]
    whole = np.bitwise_or.reduceat(found[:-1], starts)
    return Cues(np.hstack([_bits(whole, width), _bits(head, width)]), _bits(sort, names))


def _bits(masks: np.ndarray, width: int) -> np.ndarray:
    return np.asarray((masks[:, None] >> np.arange(width)) & 1, np.float32)
