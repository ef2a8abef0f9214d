"""The word list of the abuse reader, `lexicon.txt`, read into tables that a word is looked up in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from reading.fingerprints import fingerprint
from reading.moderation.word_sets import word_set

FILE = Path(__file__).with_name("lexicon.txt")
HARMLESS = "harmless"
LONGEST_STEM = 16
SHORTEST_STEM = 4
LEVELS = {
    "strong": (0.9, 0.97),
    "clear": (0.7, 0.9),
    "person": (0.4, 0.85),
    "mild": (0.5, 0.6),
    "aimed": (0.2, 0.75),
    "slight": (0.2, 0.45),
    "faint": (0.0, 0.4),
}
"""How likely a word offends, wherever it stands and where it is aimed at a person."""
LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})
"""ISO 639-1 codes of the languages whose words are on the list."""
_SECTION = re.compile(r"\[(?P<flag>[a-z-]+)(?: (?P<language>[a-z]{2})(?P<only> only)?(?: (?P<level>[a-z]+))?)?\]")
_COMMON = word_set("lexicon", "common")
"""Words that say too little to look at a text for."""


class Entry(NamedTuple):
    """What the list says of a word or phrase."""

    flag: str
    language: str
    only: bool
    """Whether it counts in posts of its language only."""
    plain: float
    aimed: float


@dataclass(slots=True)
class Branch:
    """What may follow the words of a phrase so far: a tree of phrases by their words."""

    words: dict[str, "Branch"] = field(default_factory=dict)
    stems: dict[str, "Branch"] = field(default_factory=dict)
    """By the letters before a *."""
    entries: tuple[Entry, ...] = ()
    """Of the phrase that ends here."""

    def may_go_on(self, word: str) -> bool:
        """Whether a phrase may have this word next, or has ended."""
        return word in self.words or bool(self.stems) or bool(self.entries)


Telling = dict[str, dict[str, tuple[str, ...]]]
"""Words of which one is in every phrase, each with those of which one has to stand beside it, and each of these with
what a text that has a phrase of both has in its words between spaces: the phrase, or the longest part without stems.
"""


class Lexicon(NamedTuple):
    """The whole list."""

    words: dict[str, tuple[Entry, ...]]
    stems: dict[str, tuple[Entry, ...]]
    begun: frozenset[str]
    """The first letters of the stems."""
    phrases: Branch
    telling: Telling
    version: str

    def entries(self, word: str) -> tuple[Entry, ...]:
        """What the list says of a folded word alone."""
        found = self.words.get(word)
        if found is None and word[-1:] == "s" != word[-2:-1] and len(word) > 3:
            found = self.words.get(word[:-1])
        if word[:SHORTEST_STEM] in self.begun:  # a word of one language may begin like one of another
            lengths = range(min(len(word), LONGEST_STEM), SHORTEST_STEM - 1, -1)
            for stem in [stem for length in lengths if (stem := self.stems.get(word[:length]))]:
                told = {entry.language for entry in found or ()}
                found = (*(found or ()), *(entry for entry in stem if entry.language not in told))
        return found or ()

    def phrases_at(self, words: list[str], start: int) -> Iterator[tuple[int, tuple[Entry, ...]]]:
        """The phrases that begin at a word: where each ends, and what the list says of it."""
        branches, at = [self.phrases], start
        while branches and at < len(words):
            word, following = words[at], []
            at += 1
            for branch in branches:
                if (on := branch.words.get(word)) is not None:
                    following.append(on)
                following.extend(on for stem, on in branch.stems.items() if word.startswith(stem))
            for branch in following:
                if branch.entries:
                    yield at, branch.entries
            branches = following


@cache
def lexicon() -> Lexicon:
    """The list that comes with Earshot."""
    return parse(FILE.read_text(encoding="utf-8"))


def parse(text: str) -> Lexicon:
    """A list in the form that the head of `lexicon.txt` describes; `ValueError` names a line that is not."""
    groups: list[str] = []
    words: dict[str, list[Entry]] = {}
    stems: dict[str, list[Entry]] = {}
    phrases: Branch = Branch()
    telling: dict[str, dict[str, dict[str, None]]] = {}
    entry: Entry | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            entry = _section(line, number)
            continue
        for written in filter(None, map(str.strip, line.split(","))):
            if entry is None:
                groups.append(written)
                continue
            for term in _alternatives(written, groups):
                if " " in term or entry.flag == HARMLESS:
                    _grow(phrases, term.split(), entry)
                    if entry.flag != HARMLESS:
                        first, second, spaced = _telling(term.split())
                        telling.setdefault(first, {}).setdefault(second, {})[spaced] = None
                elif term.endswith("*"):
                    stems.setdefault(term[:-1], []).append(entry)
                else:
                    words.setdefault(term, []).append(entry)
    return Lexicon(
        words={word: tuple(dict.fromkeys(entries)) for word, entries in words.items()},
        stems={stem: tuple(dict.fromkeys(entries)) for stem, entries in stems.items()},
        begun=frozenset(stem[:SHORTEST_STEM] for stem in stems),
        phrases=phrases,
        telling={
            first: {second: tuple(phrases) for second, phrases in seconds.items()} for first, seconds in telling.items()
        },
        version=fingerprint(text),
    )


def _section(line: str, number: int) -> Entry | None:
    if line.strip() == "[groups]":
        return None
    found = _SECTION.fullmatch(line.strip())
    if found is None or (found["flag"] != HARMLESS and found["level"] not in LEVELS):
        raise ValueError(f"line {number}: {line!r} is no section; write [flag language level], level one of {LEVELS}")
    plain, aimed = LEVELS.get(found["level"], (0.0, 0.0))
    return Entry(found["flag"], found["language"], bool(found["only"]), plain, aimed)


def _alternatives(written: str, groups: list[str]) -> list[str]:
    """Every phrase that (a|b) and <group> stand for."""
    parts = re.split(r"\(([^)]*)\)|(<group>)", written)
    choices: list[list[str]] = []
    for plain, chosen, group in zip(parts[::3], [*parts[1::3], None], [*parts[2::3], None], strict=True):
        choices.append([plain])
        if group:
            choices.append(groups)
        elif chosen is not None:
            choices.append(chosen.split("|"))
    return [" ".join("".join(parts).split()) for parts in product(*choices)]


def _grow(tree: Branch, words: list[str], entry: Entry) -> None:
    for word in words:
        branches = tree.stems if word[-1] == "*" else tree.words
        tree = branches.setdefault(word.removesuffix("*"), Branch())
    tree.entries = tuple(dict.fromkeys((*tree.entries, entry)))


def _telling(words: list[str]) -> tuple[str, str, str]:
    """The two words of a phrase that the fewest texts will have, long ones, and its words between spaces.

    Parts of I'll and you're are words here.
    """
    whole = [part for word in dict.fromkeys(words) if word[-1] != "*" for part in word.split("'") if part]
    whole.sort(key=lambda word: (word in _COMMON or len(word) < 3, -len(word)))
    spaced = " ".join(" ".join(words).replace("'", " ").split())
    longest = max(f" {spaced} ".split("* "), key=len)
    return whole[0], whole[-1] if len(whole) < 2 else whole[1], longest
