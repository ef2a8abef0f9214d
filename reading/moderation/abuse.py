"""Abuse, and posts of people who may need help: words and phrases of a list, weighed by whom they are said of.

A word list alone takes "this is f***ing great" for an insult and "stupid question" for a quarrel. So each word has two
weights, one for wherever it stands and one for where it is aimed at a person; see `lexicon.txt`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from reading.fingerprints import fingerprint
from reading.moderation import word_sets
from reading.moderation.flags import LEAST, Flag, Severity, at_least_one, listed
from reading.moderation.lexicon import HARMLESS, Entry, Lexicon, Telling, lexicon
from reading.moderation.spelling import meant
from reading.moderation.word_sets import word_set

ENGINE = "moderation words"
ENGINE_VERSION = 2
OFFENSIVE = ("profanity", "insult", "hate", "threat", "sexual")
"""Flags that make a post offensive; a person who may need help offends nobody."""
_SEVERITY: dict[str, Severity] = {
    "profanity": "low",
    "insult": "medium",
    "sexual": "medium",
    "hate": "high",
    "threat": "high",
    "self-harm": "high",
}
OFFENSIVE_FROM = 0.35
"""Of the chance that a text offends in any way: where people agree best with a yes, chosen on labelled tweets. A flag
asks for somebody's time, and is raised from 0.5 only."""
UNSURE = 0.45
"""Of words that somebody only tells of, or says of themselves: too little for a flag."""
OF_ONESELF = 0.36
"""Of an insult in a sentence of which the writer is the subject, as far as one can see."""
MOST_TOGETHER = 3
"""Signs of a flag that count together: a long text has a weak one in every paragraph."""
MOST_REMEMBERED = 50_000
"""Words that are remembered at a time."""
MOST_WORDS = 1000
"""Words of a post that are read; what is longer is a document."""

_YOU = word_set("abuse", "you")
_YOUR = word_set("abuse", "your")
_THEY = word_set("abuse", "they")
_PERSONS = word_set("abuse", "persons")
_ARE = word_set("abuse", "are")
_WITH_ARE = word_set("abuse", "with_are")
_BETWEEN = word_set("abuse", "between")
_I = word_set("abuse", "i")
_NOT = word_set("abuse", "not")
_REPORTED = word_set("abuse", "reported")
_LAUGHTER = word_set("abuse", "laughter")
_PLAY = word_set("abuse", "play")
_HYPERBOLE = word_set("abuse", "hyperbole")
_HELP = word_set("abuse", "help")
_ARTICLES = word_set("abuse", "articles")
_SPOKEN_TO = word_set("abuse", "spoken_to")
_ENDS = frozenset(".!?;…\n")
_AROUND = "\"'.,!?():;_~-[]<>“”«»"
LONGEST_WORDS = 60
"""Characters that are shown of what was said."""
_CODE = re.compile(r"`[^`]*`")
_QUOTED = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_IN_QUOTES = re.compile(
    r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|„[^“”\n]{1,300}[“”]|«[^»\n]{1,300}»|(?<!\w)['‘][^'’\n]{1,300}['’](?!\w)"
)
FEWEST_AROUND = 3
"""Words around a quote of which somebody tells; a text that is all in quotes is its writer's own."""
_LAUGHS = frozenset("😂🤣😭😅😆💀😹")


class Abuse:
    """The reader: which words it wants to see, and what it makes of a text that has some."""

    def __init__(self, words: Lexicon) -> None:
        self._lexicon = words
        self._meant: dict[str, tuple[str, ...]] = {}
        self._listed: dict[str, tuple[Entry, ...]] = {}
        self._idle: set[str] = set()
        """Words that were seen, are not on the list, and begin nothing of it."""

    @property
    def version(self) -> tuple[str, str]:
        """Engine and engine version."""
        return ENGINE, f"{ENGINE_VERSION}, words {fingerprint([self._lexicon.version, word_sets.version()])}"

    def lists(self, token: str) -> bool:
        """Whether what stands between two spaces, however it is spelled, is on the list by itself."""
        return any(map(self._lexicon.entries, meant(token, self._knows)))

    def most(self, word: str, lang: str | None) -> float:
        """How likely a word of the list offends at most, in a text of that language."""
        entries = (entry for spelled in self._meaning(word) for entry in self._lexicon.entries(spelled))
        return max((max(entry.plain, entry.aimed) for entry in entries if _counts(entry, lang)), default=0.0)

    @property
    def listed(self) -> frozenset[str]:
        """The words that are on the list by themselves, but for those that only begin like one of it."""
        return frozenset(self._lexicon.words).union(f"{word}s" for word in self._lexicon.words if len(word) >= 3)

    @property
    def telling(self) -> Telling:
        """What shows at little cost that a text has no phrase of the list."""
        return self._lexicon.telling

    def looks_at(self, word: str) -> tuple[bool, bool]:
        """Whether a word is on the list by itself, see `lists`, and whether it stands for one that it is not, of the
        list or of a phrase of it.
        """
        words = meant(word, self._knows)
        return any(map(self._lexicon.entries, words)), words != (word,)

    def read(self, text: str, lang: str | None) -> list[Flag]:
        """The flags of a text in the language `lang`; where that is None, the words of all languages count."""
        found = []
        for flag, heard in sorted(self._heard(text, lang).items()):
            probability = _together(heard)
            strongest = max(sign.probability for sign in heard)
            if probability >= LEAST and (strongest >= LEAST or flag == "self-harm"):  # hints make no insult together
                aimed = any(sign.is_aimed for sign in heard)
                severity = "low" if flag == "insult" and not aimed else _SEVERITY[flag]
                evidence = listed(sign.written for sign in heard)
                found.append(Flag(flag, severity, round(probability, 3), evidence))
        return found

    def offensive(self, text: str, lang: str | None) -> float:
        """How likely a text offends in one of the ways of `OFFENSIVE`, 0 … 1."""
        heard = self._heard(text, lang)
        return _together([sign for flag in OFFENSIVE for sign in heard.get(flag, ())])

    def _heard(self, text: str, lang: str | None) -> dict[str, list["_Sign"]]:
        """What speaks for each flag, in the order of the text."""
        said = self._said(text)
        signs: dict[str, list[_Sign]] = {}
        hits = self._hits(said.words, lang)
        own: str | None = None
        for hit in hits:
            is_aimed = _is_aimed(said, hit)
            probability = _weight(said, hit, is_aimed)
            if probability > UNSURE and hit.entry.flag in _MAY_BE_TOLD:
                own = _own_words(said.text) if own is None else own
                if own and said.written(hit) not in own:
                    probability = UNSURE
            if probability:
                signs.setdefault(hit.entry.flag, []).append(_Sign(probability, is_aimed, said.written(hit)))
        return signs

    def _knows(self, word: str) -> bool:
        return word in self._lexicon.telling or bool(self._lexicon.entries(word))

    def _entries(self, word: str) -> tuple[Entry, ...]:
        listed = self._listed.get(word)
        if listed is None:
            if len(self._listed) >= MOST_REMEMBERED:
                self._listed.clear()
                self._idle.clear()
            listed = self._listed[word] = self._lexicon.entries(word)
            if not listed and word not in self._lexicon.phrases.words:
                self._idle.add(word)
        return listed

    def _meaning(self, token: str) -> tuple[str, ...]:
        words = self._meant.get(token)
        if words is None:
            words = meant(token, self._knows) or ("@" if token[:1] == "@" else "",)
            if len(self._meant) >= MOST_REMEMBERED:
                self._meant.clear()
            if len(token) <= LONGEST_WORDS:
                self._meant[token] = words
        return words

    def _said(self, text: str) -> "_Said":
        """The words of a text, without what it quotes and without code; letters spaced out are one word."""
        if "`" in text:
            text = _CODE.sub(" ", text)
        if ">" in text:
            text = _QUOTED.sub(" ", text)
        tokens = text.split(maxsplit=MOST_WORDS)[:MOST_WORDS]
        known = self._meant.get
        meanings = [known(token) or self._meaning(token) for token in tokens]
        words = list(chain.from_iterable(meanings))
        if "111" in "".join(["1" if len(word) == 1 else "0" for word in words]):
            return self._spelled_out(tokens, meanings, text)
        if len(words) == len(tokens):
            return _Said(words, range(len(words)), tokens, text)
        return _Said(words, [place for place, meaning in enumerate(meanings) for _ in meaning], tokens, text)

    def _spelled_out(self, tokens: list[str], meanings: list[tuple[str, ...]], text: str) -> "_Said":
        words: list[str] = []
        places: list[int] = []
        letters = 0
        for place, meaning in enumerate(meanings):
            letters = letters + 1 if len(meaning) == 1 and len(meaning[0]) == 1 and meaning[0] != "@" else 0
            words.extend(meaning)
            places.extend([place] * len(meaning))
            if letters >= 3 and self._knows(spelled := "".join(words[-letters:])):
                words[-letters:] = [spelled]
                places[-letters:] = [place]
                tokens[place] = " ".join(tokens[place + 1 - letters : place + 1])
                letters = 0
        return _Said(words, places, tokens, text)

    def _hits(self, words: list[str], lang: str | None) -> list["_Hit"]:
        """The entries that stand in a text; where several would cover a word the longest does, and the harmless one."""
        hits: list[_Hit] = []
        taken: set[int] = set()
        begins = self._lexicon.phrases.words
        idle = self._idle
        busy = [at for at, word in enumerate(words) if word not in idle]
        phrases = [
            _Hit(entry, start, end)
            for start in busy
            if (branch := begins.get(words[start]))
            and branch.may_go_on(words[start + 1] if start + 1 < len(words) else "")
            for end, entries in self._lexicon.phrases_at(words, start)
            for entry in entries
            if _counts(entry, lang)
        ]
        phrases.sort(key=lambda hit: (hit.entry.flag != HARMLESS, hit.start - hit.end, hit.start, hit.entry.plain))
        for hit in phrases:
            covered = range(hit.start, hit.end)
            if taken.isdisjoint(covered):
                taken.update(covered)
                if hit.entry.flag != HARMLESS:
                    hits.append(hit)
        for at in busy:
            if (listed := self._entries(words[at])) and at not in taken:
                entries = [entry for entry in listed if _counts(entry, lang)]
                hits.extend(_Hit(entry, at, at + 1) for entry in _one_a_flag(entries, lang))
        return sorted(hits, key=lambda hit: (hit.start, hit.entry.flag))


@lru_cache(maxsize=1)
def abuse() -> Abuse:
    """The reader with the list that comes with Earshot, made once in each process."""
    return Abuse(lexicon())


class _Hit(NamedTuple):
    """An entry of the list, and the words of the text that it covers."""

    entry: Entry
    start: int
    end: int


def _together(signs: Sequence["_Sign"]) -> float:
    """How likely signs are right together; a word that is said again says nothing more."""
    strongest: dict[str, float] = {}
    for sign in signs:
        word = sign.written.casefold()
        strongest[word] = max(sign.probability, strongest.get(word, 0.0))
    return at_least_one(sorted(strongest.values())[-MOST_TOGETHER:])


class _Sign(NamedTuple):
    probability: float
    is_aimed: bool
    written: str
    """As it stands in the text."""


class _Said(NamedTuple):
    """A text as words."""

    words: list[str]
    places: Sequence[int]
    """Which token each word is part of."""
    tokens: list[str]
    text: str

    def written(self, hit: _Hit) -> str:
        """The words of a hit as they stand in the text."""
        tokens = self.tokens[self.places[hit.start] : self.places[hit.end - 1] + 1]
        return " ".join(tokens).strip(_AROUND)[:LONGEST_WORDS]

    def before(self, hit: _Hit, most: int) -> list[str]:
        """The words before a hit in its sentence, the nearest first."""
        near: list[str] = []
        for at in range(hit.start - 1, max(hit.start - 1 - most, -1), -1):
            if self.places[at] != self.places[at + 1] and self.tokens[self.places[at]][-1] in _ENDS:
                break
            near.append(self.words[at])
        return near

    def behind(self, hit: _Hit, most: int) -> list[str]:
        """The words behind a hit in its sentence."""
        if self.tokens[self.places[hit.end - 1]][-1] in _ENDS:
            return []
        return self.words[hit.end : hit.end + most]


_MAY_BE_TOLD = ("insult", "hate", "threat", "self-harm")
"""What people tell of that was said to them or by others."""


def _own_words(text: str) -> str:
    """What a text says around what it has in quotation marks; nothing where it quotes nothing or says hardly more."""
    own = _IN_QUOTES.sub(" ", text)
    words = own.split()
    return " ".join(words) if own != text and len(words) >= FEWEST_AROUND else ""


def _counts(entry: Entry, lang: str | None) -> bool:
    if entry.language == "en":  # English is sworn in everywhere
        return not entry.only or lang in ("en", None)
    return entry.language == lang or (lang is None and not entry.only)


def _one_a_flag(entries: list[Entry], lang: str | None) -> list[Entry]:
    """Of what several languages say of a word: what its own says, or else the mildest."""
    chosen: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.language != lang, entry.plain)):
        chosen.setdefault(entry.flag, entry)
    return list(chosen.values())


def _is_aimed(said: _Said, hit: _Hit) -> bool:
    """Whether the words are said of a person: you are …, he is such a …, these … people, @name …."""
    if hit.entry.flag == "sexual":
        return not _SPOKEN_TO.isdisjoint((*said.before(hit, 3), *said.behind(hit, 3)))
    if hit.entry.flag not in ("insult", "profanity"):
        return hit.entry.flag in ("threat", "hate")
    if hit.end - hit.start > 1 and hit.entry.flag == "insult" and hit.entry.plain >= LEAST:
        return True  # "shut your mouth" needs nobody to be named
    before, behind = said.before(hit, 8), said.behind(hit, 2)
    if len(before) and before[0] == "@" and not behind:
        return True
    if behind and (behind[0] in _YOU or behind[0] in _PERSONS or behind[0] == "@"):
        return True
    if behind[:2] in (["like", "you"], ["like", "u"]):
        return True
    for distance, word in enumerate(before):
        if word in _YOU or word in _WITH_ARE or (word in _YOUR and not behind):
            return True
        if word in _ARE:
            subjects = before[distance + 1 : distance + 4]
            return any(
                subject in _YOU or (subject in _THEY and (place == 0 or subject not in _ARTICLES))
                for place, subject in enumerate(subjects)
            )
        if word in _I or (word not in _BETWEEN and distance > 1):
            return False
    return False


def _weight(said: _Said, hit: _Hit, is_aimed: bool) -> float:
    """How likely the words mean what the list says, where they stand."""
    entry = hit.entry
    weight = entry.aimed if is_aimed else entry.plain
    before = said.before(hit, 5)
    if entry.flag == "insult":
        if not is_aimed and not _I.isdisjoint(before):
            weight = min(weight, OF_ONESELF)
        if not _NOT.isdisjoint(before[:3]) or not _REPORTED.isdisjoint(before[:4]):
            weight = min(weight, UNSURE)
    if entry.flag == "hate" and hit.end - hit.start == 1 and (not _REPORTED.isdisjoint(before[:3]) or _is_own(before)):
        weight = min(weight, UNSURE)
    if entry.flag in ("self-harm", "threat") and _is_no_earnest(said, hit):
        weight *= 0.4
    return weight


def _is_own(before: list[str]) -> bool:
    """Whether a word that demeans others is said by people of themselves: I'm a …, we are …."""
    return any(
        word in ("i'm", "im", "we're") or (word in ("am", "are") and before[at + 1 : at + 2] in (["i"], ["we"]))
        for at, word in enumerate(before)
    )


def _is_no_earnest(said: _Said, hit: _Hit) -> bool:
    """Whether somebody laughs or plays, a bug "makes me want to die", or help is offered and not asked for."""
    near = {*said.before(hit, 8), *said.behind(hit, 6), *said.words[hit.start : hit.end]}
    if not (_LAUGHTER.isdisjoint(near) and _PLAY.isdisjoint(near)):
        return True
    if not said.text.isascii() and not _LAUGHS.isdisjoint(said.text):
        return True
    if hit.entry.flag == "threat":
        return False
    return not _HYPERBOLE.isdisjoint(near) or not _HELP.isdisjoint(said.words) or {"years", "ago"} <= near
