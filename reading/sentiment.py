"""Sentiment with vaderSentiment, in the one language that it reads.

VADER: Hutto, C.J. & Gilbert, E.E. (2014), "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text", ICWSM-14. The label follows its authors: positive from 0.05 up, negative from -0.05 down.
"""

from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    SentiText,
    normalize,
)

from reading.fingerprints import fingerprint
from reading.language import has_letters

VERSION = ("vader", f"vaderSentiment {version('vaderSentiment')}")
"""Engine and engine version."""
LANGUAGES = frozenset({"en"})
THRESHOLD = 0.05
MOST_REMEMBERED = 100_000
"""Words, and words among others, that are remembered at a time: some 60 MB."""

Lexicon = tuple[tuple[str, float], ...]
"""Words in lower case, each with its valence from -4 (worst) to 4 (best); 0 says nothing."""


class Score(NamedTuple):
    """What an engine says of a text; all None but `reason` where it was not scored."""

    compound: float | None
    positive: float | None
    neutral: float | None
    negative: float | None
    label: str | None
    reason: str | None


def _not_scored(reason: str) -> Score:
    return Score(None, None, None, None, None, reason)


def label(compound: float) -> str:
    """positive, neutral or negative for a compound score of -1 … +1."""
    if compound >= THRESHOLD:
        return "positive"
    return "negative" if compound <= -THRESHOLD else "neutral"


class _Word(NamedTuple):
    """What VADER asks of a word, whatever stands around it."""

    lowered: str
    written: str
    """As it was written; empty where it neither has a valence nor changes that of a word beside it."""
    has_valence: bool
    is_capitals: bool


class _Words(dict[str, _Word]):
    """Word as it stands in a text → what VADER asks of it; looked at once, as most words of a language are few."""

    def __init__(self, lexicon: dict[str, float]) -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, token: str) -> _Word:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        written = SentiText._strip_punc_if_word(token)
        lowered = written.lower()
        in_lexicon = lowered in self._lexicon
        is_heard = in_lexicon or lowered in _CHANGES_OTHERS or "n't" in lowered
        has_valence = in_lexicon and lowered not in BOOSTER_DICT
        word = self[token] = _Word(lowered, written if is_heard else "", has_valence, written.isupper())
        return word


class _Surroundings(NamedTuple):
    """The part of a text that decides the valence of a word, in place of a `SentiText`."""

    words_and_emoticons: tuple[str, ...]
    is_cap_diff: bool


class Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]
    """VADER's analyzer with the same numbers in less time.

    A word is looked at once, and only those with a valence are weighed, each among the three words before it and the
    two behind: that is as far as VADER looks. The same word among the same others is weighed once.
    """

    def __init__(self, lexicon: Lexicon = ()) -> None:
        super().__init__()
        self.lexicon.update(lexicon)
        for word, valence in lexicon:
            if not valence:  # a word of valence 0 in capitals would still count as shouted
                self.lexicon.pop(word, None)
        self._words = _Words(self.lexicon)
        self._valence = lru_cache(maxsize=MOST_REMEMBERED)(self._weigh)

    def polarity_scores(self, text: str) -> dict[str, float]:
        """The shares `neg`, `neu` and `pos` of a text, and its `compound`, just as vaderSentiment has them."""
        if not text.isascii() and not self.emojis.keys().isdisjoint(text):
            return super().polarity_scores(text)  # type: ignore[no-any-return]
        text = text.strip()
        words = list(map(self._words.__getitem__, text.split()))
        places = [place for place, word in enumerate(words) if word[2]]
        if not places:
            return {"neg": 0.0, "neu": 1.0 if words else 0.0, "pos": 0.0, "compound": 0.0}
        lowered, written, _, are_capitals = zip(*words, strict=True)
        is_cap_diff = True in are_capitals and False in are_capitals
        valences: list[float] = []
        for place in places:
            if lowered[place] == "kind" and lowered[place + 1 : place + 2] == ("of",):
                valences.append(0.0)
            else:
                start = max(place - 3, 0)
                valences.append(self._valence(written[start : place + 3], place - start, is_cap_diff))
        if "but" in lowered:
            _contrast(valences, places, lowered.index("but"))
        return self._shares(valences, len(words), text)

    def _shares(self, valences: list[float], count: int, text: str) -> dict[str, float]:
        """VADER's `score_valence` for so many words, of which the ones left out have no valence."""
        emphasis = self._punctuation_emphasis(text)
        total = float(sum(valences))
        if total > 0:
            total += emphasis
        elif total < 0:
            total -= emphasis
        positive = sum(valence + 1 for valence in valences if valence > 0)
        negative = sum(valence - 1 for valence in valences if valence < 0)
        neutral = count - sum(map(bool, valences))
        if positive > -negative:
            positive += emphasis
        elif positive < -negative:
            negative -= emphasis
        whole = positive - negative + neutral
        return {
            "neg": round(abs(negative / whole), 3),
            "neu": round(abs(neutral / whole), 3),
            "pos": round(abs(positive / whole), 3),
            "compound": round(normalize(total), 4),
        }

    def _weigh(self, words: tuple[str, ...], place: int, is_cap_diff: bool) -> float:
        """The valence of the word at a place among others."""
        (valence,) = self.sentiment_valence(0, _Surroundings(words, is_cap_diff), words[place], place, [])
        return float(valence)


def _contrast(valences: list[float], places: list[int], middle: int) -> None:
    """VADER's `_but_check`: what stands before "but" counts half, what stands behind it half as much again.

    VADER looks a valence up by its value, so that of several equal ones the first is meant each time; so it is here.
    """
    for valence in valences:
        if valence:
            found = valences.index(valence)
            if places[found] != middle:
                valences[found] = valence * (0.5 if places[found] < middle else 1.5)


_CHANGES_OTHERS = frozenset(
    (
        *NEGATE,
        *(word for phrase in (*BOOSTER_DICT, *SPECIAL_CASES) for word in phrase.split()),
        *("no", "or", "nor", "least", "at", "very", "never", "so", "this", "without", "doubt"),
    )
)
"""Words without a valence of their own that VADER looks for beside one that has."""


@lru_cache(maxsize=4)
def analyzer(lexicon: Lexicon = ()) -> Analyzer:
    """VADER's analyzer with the valences of `lexicon` above its own, made once in each process."""
    return Analyzer(lexicon)


def knows(word: str) -> bool:
    """Whether VADER's own word list gives the word a valence."""
    return word in analyzer().lexicon


def version_with(lexicon: Lexicon) -> tuple[str, str]:
    """Engine and engine version; a changed lexicon is another version."""
    engine, engine_version = VERSION
    return engine, f"{engine_version}, lexicon {fingerprint(lexicon)}" if lexicon else engine_version


def score(text: str | None, lang: str | None, lexicon: Lexicon = ()) -> Score:
    """Score a text, or say why not: no-text, unknown-language, or language:xx for one that VADER does not read.

    Emoji and emoticons mean the same in every language: a text that has no letters needs no language.
    """
    if not text or not text.strip():
        return _not_scored("no-text")
    if lang not in LANGUAGES:
        if lang is not None:
            return _not_scored(f"language:{lang}")
        if has_letters(text):
            return _not_scored("unknown-language")
    scores = analyzer(lexicon).polarity_scores(text)
    compound = scores["compound"]
    return Score(compound, scores["pos"], scores["neu"], scores["neg"], label(compound), None)
