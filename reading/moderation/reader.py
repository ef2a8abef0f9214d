"""What in a post may be against the rules of a community: one look that spares most posts the long ones."""

import re
from collections.abc import Collection
from functools import lru_cache

from query.words import Words, words_of
from reading.moderation import abuse, personal_data, spam
from reading.moderation.flags import LEAST, Flag
from reading.moderation.word_sets import word_set

MOST_REMEMBERED = 200_000
"""Words that are remembered at a time: some 20 MB."""
LONGEST_REMEMBERED = 40
LONGEST = 6_000
"""Characters of a post that are read."""
SPACED_OUT = 3
"""So many single letters may be the letters of a word."""
_LETTERS = frozenset("bcdefghjklmnopqrstuvwxyz")
_LINKED = word_set("reader", "linked")
_DISGUISED = re.compile(r"[a-z][!@$*#%^&]+[a-z]|\*\*|\$\$|\$[a-z]", re.IGNORECASE)
_MAY_DISGUISE = re.compile(r"[!@$*#%^&](?![\s.,?)\"]|\Z)")
"""A sign before a letter or a sign: quick to look for, as it begins with it."""
_MAY_BE_WORDS = re.compile(
    r"[$@|!+.*~-](?:(?<=[$|])[^\W\d_]|(?<=\w[!+])[^\W\d_]|(?<=\w[$@|])|(?<=\b[a-zA-Z].)[a-zA-Z][.*~!+-][a-zA-Z]\b)"
)
"""Signs that may be letters of a word, or stand between those of one."""
_SPACED_OUT = re.compile(r"(?<![^\W_])(?<![^\W_]['’])[^\W_](?:[\W_]+[^\W_]){2}(?![^\W_])")
"""Three single letters in a row; those of I'm and don't are none."""

Engine = tuple[str, str]


class Moderator:
    """Reads posts for abuse, personal data and spam. The same post gets the same flags whatever was read before."""

    def __init__(self, domains: Collection[str] = ()) -> None:
        """`domains` are our own: their addresses are no personal data, and who imitates them is up to no good."""
        self._domains = tuple(sorted(domains))
        self._abuse = abuse.abuse()
        self._listed = set(self._abuse.listed)
        """Words of the list of abuse; those that only look like one come to it when they are seen."""
        self._weights: dict[str | None, dict[str, float]] = {}
        """Of words of that list, by the language of the post."""
        self._seen: set[str] = set()
        self._disguised: set[str] = set()
        """Words that were seen and stand for others."""
        self._engines: dict[str, Engine] = {}
        self._telling = self._abuse.telling
        self._spam = spam.signs().first
        self._heard = self._listed.union(self._telling, self._spam, _LETTERS, _LINKED)

    def engine(self, flag: str) -> Engine:
        """Engine and engine version behind a flag."""
        if flag not in self._engines:
            self._engines[flag] = self._engine(flag)
        return self._engines[flag]

    def _engine(self, flag: str) -> Engine:
        if flag in spam.FLAGS:
            return spam.version(self._domains)
        if flag == personal_data.FLAG:
            return personal_data.ENGINE, personal_data.ENGINE_VERSION
        return self._abuse.version

    @property
    def versions(self) -> list[Engine]:
        """Every engine that may have made a flag, with its version."""
        return [self._abuse.version, (personal_data.ENGINE, personal_data.ENGINE_VERSION), spam.version(self._domains)]

    def read(self, text: str, lang: str | None, words_of_text: Words | None = None) -> list[Flag]:
        """The flags of a text in the language `lang`, ISO 639-1, or None where nobody knows it; by name.

        `words_of_text` where somebody has them already.
        """
        if words_of_text is None or len(text) > LONGEST:
            text = text[:LONGEST]
            words_of_text = words_of(text)
        _, written, words = words_of_text
        if not words <= self._seen:
            self._learn(words)
        hits = self._heard & words
        flags: list[Flag] = []
        if (hits and self._may_offend(text, written, words, hits, lang)) or self._is_disguised(text):
            flags += self._abuse.read(text, lang)
        if personal_data.may_have(text, words):
            flags += personal_data.read(text, words, lang, self._domains)
        if hits and spam.may_be(text, words, hits, not _LINKED.isdisjoint(hits), self._domains):
            flags += spam.read(text, self._domains, written)
        return sorted(flags) if flags else flags

    def offensive(self, text: str, lang: str | None) -> float:
        """How likely a text offends: see `abuse.OFFENSIVE`."""
        return self._abuse.offensive(text[:LONGEST], lang)

    def _may_offend(self, text: str, written: list[str], words: set[str], hits: set[str], lang: str | None) -> bool:
        listed = self._listed & hits
        if listed:
            weights = self._weights.setdefault(lang, {})
            for word in listed - weights.keys():
                weights[word] = self._abuse.most(word, lang)
            if len(listed) > 1 or any(weights[word] >= LEAST for word in listed):
                return True
        if len(_LETTERS & hits) >= SPACED_OUT and _SPACED_OUT.search(text):
            return True
        spaced = ""
        for hit in self._telling.keys() & hits:
            seconds = self._telling[hit]
            if not seconds.keys().isdisjoint(words):
                spaced = spaced or f" {' '.join(written)} "
                if any(phrase in spaced for second in seconds.keys() & words for phrase in seconds[second]):
                    return True
        # a phrase that is not there may be there in disguise, or around what is no part of it
        return bool(spaced) and not (
            text.isascii()
            and "`" not in text
            and "\n>" not in text
            and self._disguised.isdisjoint(words)
            and not _MAY_BE_WORDS.search(text)
        )

    def _is_disguised(self, text: str) -> bool:
        """Whether one of the words of the list is written with signs in place of letters."""
        has_signs = "*" in text or "$" in text or "!" in text or "%" in text or "^" in text
        if not (has_signs or personal_data.has_at_inside(text)):
            return False
        if not _MAY_DISGUISE.search(text) or not _DISGUISED.search(text):
            return False
        return any(map(self._abuse.lists, filter(_DISGUISED.search, text.split())))

    def _learn(self, words: set[str]) -> None:
        """Remember which unknown words are on the list, as most words of a language are few."""
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
            self._disguised.clear()
            self._listed = set(self._abuse.listed)
            self._heard = self._listed.union(self._telling, self._spam, _LETTERS, _LINKED)
            self._weights.clear()
        for word in words - self._seen:
            if len(word) <= LONGEST_REMEMBERED:
                self._seen.add(word)
                if word.isdigit():
                    continue
                is_listed, is_disguised = self._abuse.looks_at(word)
                if is_listed:
                    self._listed.add(word)
                    self._heard.add(word)
                if is_disguised:
                    self._disguised.add(word)


@lru_cache(maxsize=4)
def moderator(domains: tuple[str, ...] = ()) -> Moderator:
    """A reader that knows these domains as our own, made once in each process."""
    return Moderator(domains)
