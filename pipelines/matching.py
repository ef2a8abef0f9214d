"""Find words and phrases in a text, in every script: whole words, case folded, accents kept.

A term matches on word boundaries; `#halmora` and `@halmora` match only the tag and the handle, `halmora` all three.
A term that ends in `*` matches every word that begins so. Scripts that write without spaces (Chinese, Japanese kana,
Thai) are searched as substrings.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[@#]?\w+")
_SIGN = re.compile(r"[^\w\s@#*.,:;/&'’_-]")
"""Signs that are part of what is meant: €9, 100%, a smiley."""
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")

MOST_WORDS = 200_000
"""Words remembered at a time: some 30 MB."""
Start = tuple[tuple[str, ...], str | None, str, str]
"""How a phrase goes on after its first word: whole words, the beginning of the last one; its name and term."""


class Matcher:
    """Finds the terms of many names in one pass over the words of a text."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        self._phrases: dict[str, list[Start]] = {}
        self._prefixes: dict[str, list[tuple[str, str]]] = {}
        self._signs: list[tuple[re.Pattern[str], str, str]] = []
        for name, name_terms in terms.items():
            for term in name_terms:
                self._add(name, term)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._known: dict[str, list[Start]] = {}

    def _add(self, name: str, term: str) -> None:
        folded = _folded(term)
        words = tuple(_WORD.findall(folded))
        if _NO_SPACES.search(folded):
            self._signs.append((re.compile(re.escape(folded)), name, term))
        elif not words or _SIGN.search(folded) or folded.endswith("#"):
            before, after = r"(?<!\w)" if folded[0].isalnum() else "", r"(?!\w)" if folded[-1].isalnum() else ""
            self._signs.append((re.compile(before + re.escape(folded) + after), name, term))
        elif len(words) == 1 and folded.endswith("*"):
            self._prefixes.setdefault(words[0], []).append((name, term))
        else:
            rest = tuple(word.lstrip("@#") for word in words[1:])
            last = rest[-1] if rest and folded.endswith("*") else None
            self._phrases.setdefault(words[0], []).append((rest[:-1] if last else rest, last, name, term))

    def _starts(self, word: str) -> list[Start]:
        """The terms that may begin with a word: how the rest of each goes on, its name and itself. Remembered, as most
        words of a language are few.
        """
        plain = word.lstrip("@#")
        starts = [*self._phrases.get(word, ())]
        if plain != word:
            starts += self._phrases.get(plain, ())
        for length in self._prefix_lengths:
            starts += [((), None, name, term) for name, term in self._prefixes.get(plain[:length], ())]
        if len(self._known) >= MOST_WORDS:
            self._known.clear()
        self._known[word] = starts
        return starts

    def find(self, text: str) -> dict[str, list[str]]:
        """Names found in the text, each with its terms that stand there, both in alphabetical order."""
        folded = _folded(text)
        words = _WORD.findall(folded)
        found: set[tuple[str, str]] = set()
        known = self._known
        for position, word in enumerate(words):
            starts = known.get(word)
            if starts is None:
                starts = self._starts(word)
            for rest, last, name, term in starts:
                if (not rest and not last) or _goes_on(words, position + 1, rest, last):
                    found.add((name, term))
        for sign, name, term in self._signs:
            if sign.search(folded):
                found.add((name, term))
        result: dict[str, list[str]] = {}
        for name, term in sorted(found):
            result.setdefault(name, []).append(term)
        return result


def _goes_on(words: list[str], position: int, rest: tuple[str, ...], last: str | None) -> bool:
    """Whether the words from `position` on are `rest`, and after it one that begins with `last`."""
    end = position + len(rest)
    follow = tuple(word.lstrip("@#") for word in words[position : end + 1])
    return follow[: len(rest)] == rest and (last is None or (len(follow) > len(rest) and follow[-1].startswith(last)))


def _folded(text: str) -> str:
    """The text without the difference of case, and with one way to write é, of the two that there are."""
    return text.casefold() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
