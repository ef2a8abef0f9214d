"""Sentiment with vaderSentiment, in the one language that it reads.

VADER: Hutto, C.J. & Gilbert, E.E. (2014), "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text", ICWSM-14. The label follows its authors: positive from 0.05 up, negative from -0.05 down.
"""

from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple

from vaderSentiment.vaderSentiment import BOOSTER_DICT, SentimentIntensityAnalyzer, SentiText

from pipelines.config import fingerprint
from pipelines.language import has_letters

VERSION = ("vader", f"vaderSentiment {version('vaderSentiment')}")
"""Engine and engine version."""
LANGUAGES = frozenset({"en"})
THRESHOLD = 0.05

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


class Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]
    """VADER's analyzer with the same numbers in less time: what says nothing is passed over sooner."""

    def polarity_scores(self, text: str) -> dict[str, float]:
        """The shares `neg`, `neu` and `pos` of a text, and its `compound`, just as vaderSentiment has them."""
        if not self.emojis.keys().isdisjoint(text):
            return super().polarity_scores(text)  # type: ignore[no-any-return]
        text = text.strip()
        parts = SentiText(text)
        words = parts.words_and_emoticons
        lowered = [word.lower() for word in words]
        valences: list[float] = []
        for place, word in enumerate(lowered):
            is_kind_of = word == "kind" and lowered[place + 1 : place + 2] == ["of"]
            if word not in self.lexicon or word in BOOSTER_DICT or is_kind_of:
                valences.append(0)
            else:
                self.sentiment_valence(0, parts, words[place], place, valences)
        return self.score_valence(self._but_check(words, valences), text)  # type: ignore[no-any-return]


@lru_cache(maxsize=4)
def analyzer(lexicon: Lexicon = ()) -> Analyzer:
    """VADER's analyzer with the valences of `lexicon` above its own, made once in each process."""
    made = Analyzer()
    made.lexicon.update(lexicon)
    for word, valence in lexicon:
        if not valence:  # a word of valence 0 in capitals would still count as shouted
            made.lexicon.pop(word, None)
    return made


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
