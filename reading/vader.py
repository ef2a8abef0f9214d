"""vaderSentiment's numbers, exactly, in a fraction of its time.

VADER: Hutto, C.J. & Gilbert, E.E. (2014), "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text", ICWSM-14.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from heapq import heappop, heappush
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
from reading.prose import may_have_sentences, sentences
from reading.sentiment import THRESHOLD, Post, Score, label, not_scored

LANGUAGES = frozenset({"en"})
RULES = 2
"""Raised when a post gets another score though vaderSentiment and the splitter stay."""
LONG = 4
"""Sentences from which on a post is read one by one. Chosen on seven labelled sets: over posts of at least four
sentences the mean of their scores has a macro-F1 of .565 where the whole has .551, the strongest .535, the last that
says anything .510; over shorter ones the whole is as good."""
MOST_REMEMBERED = 100_000
"""Words, and words among others, that are remembered at a time: some 60 MB."""

Lexicon = tuple[tuple[str, float], ...]
"""Words in lower case, each with its valence from -4 (worst) to 4 (best); 0 says nothing."""


class _Word(NamedTuple):
    """What VADER asks of a word, whatever stands around it."""

    has_valence: bool
    is_capitals: bool
    lowered: str
    valued: str
    """What stands for it where it is weighed: it tells no more of its case than whether all of it is in capitals."""
    beside: str
    """What stands for it where another word is weighed; empty where it does not change that one's valence."""


class _Words(dict[str, _Word]):
    """Word as it stands in a text → what VADER asks of it; looked at once, as most words of a language are few."""

    def __init__(self, lexicon: dict[str, float]) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._any = next((word for word in lexicon if word not in _CHANGES_OTHERS), "")
        """Beside a word that is weighed, one of the lexicon is like any other: it says nothing of that one."""

    def __missing__(self, token: str) -> _Word:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        written = SentiText._strip_punc_if_word(token)
        lowered = written.lower()
        is_capitals = written.isupper()
        valued = written if is_capitals else lowered
        if lowered in _CHANGES_OTHERS:
            beside = valued
        elif lowered in self._lexicon:
            beside = self._any
        else:
            beside = "n't" if "n't" in lowered else ""
        has_valence = lowered in self._lexicon and lowered not in BOOSTER_DICT
        word = self[token] = _Word(has_valence, is_capitals, lowered, valued, beside)
        return word


class _Surroundings(NamedTuple):
    """The part of a text that decides the valence of a word, in place of a `SentiText`."""

    words_and_emoticons: tuple[str, ...]
    is_cap_diff: bool


class Analyzer(SentimentIntensityAnalyzer):  # type: ignore[misc]
    """VADER's analyzer with the same numbers in less time.

    A word is looked at once, and only those with a valence are weighed, each among the three words before it and the
    two behind: that is as far as VADER looks. The same word is weighed once among others that come to the same.
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
            text = self._emojis_as_words(text)
        text = text.strip()
        words = list(map(self._words.__getitem__, text.split()))
        places = [place for place, word in enumerate(words) if word[0]]
        if not places:
            return {"neg": 0.0, "neu": 1.0 if words else 0.0, "pos": 0.0, "compound": 0.0}
        _, are_capitals, lowered, _, beside = zip(*words, strict=True)
        is_cap_diff = True in are_capitals and False in are_capitals
        valences: list[float] = []
        for place in places:
            word = lowered[place]
            if word == "kind" and lowered[place + 1 : place + 2] == ("of",):
                valences.append(0.0)
                continue
            start = place - 3 if place > 3 else 0
            before = beside[start:place]
            behind = beside[place + 1 : place + 3] if word in _LOOKS_BEHIND else ()
            # words that say nothing count only where they stand before others that do
            if not behind and not any(before):
                before = ()
            is_shouted = is_cap_diff and True in are_capitals[start : place + 1]
            valences.append(self._valence(before, words[place].valued, behind, is_shouted))
        if "but" in lowered:
            _contrast(valences, places, lowered.index("but"))
        return self._shares(valences, len(words), text)

    def _emojis_as_words(self, text: str) -> str:
        """The text with VADER's words for emoji in their place, spaced as VADER spaces them."""
        parts: list[str] = []
        is_spaced = True
        for character in text:
            words = self.emojis.get(character)
            if words is not None and not is_spaced:
                parts.append(" ")
            parts.append(character if words is None else words)
            is_spaced = words is None and character == " "
        return "".join(parts)

    def _shares(self, valences: list[float], count: int, text: str) -> dict[str, float]:
        """VADER's `score_valence` for so many words, of which the ones left out have no valence."""
        emphasis = self._punctuation_emphasis(text) if "!" in text or "?" in text else 0.0
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

    def _weigh(self, before: tuple[str, ...], word: str, behind: tuple[str, ...], is_cap_diff: bool) -> float:
        """The valence of a word among others."""
        words = (*before, word, *behind)
        (valence,) = self.sentiment_valence(0, _Surroundings(words, is_cap_diff), word, len(before), [])
        return float(valence)


def _contrast(valences: list[float], places: list[int], middle: int) -> None:
    """VADER's `_but_check`: what stands before "but" counts half, what stands behind it half as much again.

    VADER looks a valence up by its value, so that of several equal ones the first is meant each time; so it is here.
    """
    standing: dict[float, list[int]] = {}
    """Where each valence stands now, as a heap: to look for it would cost the square of the length."""
    for at, valence in enumerate(valences):
        standing.setdefault(valence, []).append(at)
    for at in range(len(valences)):
        if valence := valences[at]:
            found = standing[valence][0]
            if places[found] != middle:
                heappop(standing[valence])
                valences[found] = changed = valence * (0.5 if places[found] < middle else 1.5)
                heappush(standing.setdefault(changed, []), found)


_CHANGES_OTHERS = frozenset(
    (
        *NEGATE,
        *(word for phrase in (*BOOSTER_DICT, *SPECIAL_CASES) for word in phrase.split()),
        *("no", "or", "nor", "least", "at", "very", "never", "so", "this", "without", "doubt"),
    )
)
"""Words that VADER looks for beside one that has a valence, whether or not they have one of their own."""
_LOOKS_BEHIND = frozenset(("no", *(phrase.split()[0] for phrase in SPECIAL_CASES)))
"""Words whose valence depends on what stands behind them, too; that of all others only on what stands before."""


@lru_cache(maxsize=4)
def analyzer(lexicon: Lexicon = ()) -> Analyzer:
    """VADER's analyzer with the valences of `lexicon` above its own, made once in each process."""
    return Analyzer(lexicon)


def knows(word: str) -> bool:
    """Whether VADER's own word list gives the word a valence."""
    return word in analyzer().lexicon


def polarity(lexicon: Lexicon = ()) -> Callable[[str], float]:
    """The compound score of a text, as a function."""
    scores_of = analyzer(lexicon).polarity_scores
    return lambda text: scores_of(text)["compound"]


class Vader:
    """The engine: VADER over what the writer says, in long posts sentence by sentence; beside it VADER over the whole.

    Its authors advise to read long texts so and to take the mean of the compound scores; the shares are means,
    too. A post of fewer than `LONG` sentences without quotes and code has VADER's own numbers.

    `mixed` where good and bad words cancel to what would be neutral. On eight labelled sets 1 to 2.6 % of the posts are
    left open; VADER's label is right on 10 to 53 % of those, and on 49 to 90 % of all.
    """

    name = "vader"
    languages = LANGUAGES

    def __init__(self, lexicon: Lexicon = ()) -> None:
        self._analyzer = analyzer(lexicon)
        self.version = f"vaderSentiment {version('vaderSentiment')}, sentencex {version('sentencex')}, rules {RULES}"
        if lexicon:
            self.version += f", lexicon {fingerprint(lexicon)}"

    def score(self, posts: Sequence[Post]) -> list[Score]:
        """A score for each post; `mixed` where good and bad words cancel."""
        return [self._score(post) for post in posts]

    def _score(self, post: Post) -> Score:
        whole = self._analyzer.polarity_scores(post.text)
        plain = whole["compound"]
        own = whole if post.own is post.text else self._analyzer.polarity_scores(post.own)
        positive, neutral, negative, compound = own["pos"], own["neu"], own["neg"], own["compound"]
        # without any word that counts, so is every sentence
        if (positive or negative or compound) and may_have_sentences(post.own, LONG):
            said = sentences(post.own, post.lang)
            if len(said) >= LONG:
                scores = [self._analyzer.polarity_scores(sentence) for sentence in said]
                positive = round(sum([score["pos"] for score in scores]) / len(said), 3)
                negative = round(sum([score["neg"] for score in scores]) / len(said), 3)
                compound = round(sum([score["compound"] for score in scores]) / len(said), 4)
                neutral = round(1 - positive - negative, 3)
        if positive and negative and abs(compound) < THRESHOLD:
            return not_scored("mixed", plain)
        return Score(compound, plain, positive, neutral, negative, label(compound), None, None)
