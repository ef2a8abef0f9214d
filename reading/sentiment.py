"""How sentiment is read: what an engine gets, what it answers, and what none of them is asked.

An engine is anything with the names of `Engine`; `reading/engines.py` lists those there are.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from reading.language import has_letters
from reading.prose import is_marked_as_irony, own_words

THRESHOLD = 0.05
"""Of VADER's authors: positive from 0.05 up, negative from -0.05 down."""

UNSURE = frozenset({"mixed", "uncertain", "said-in-irony"})
"""Reasons why a text that can be read has no answer; all others mean that nothing was read."""


class Post(NamedTuple):
    """What an engine gets to read."""

    text: str
    """As it was written, quotes and code too."""
    own: str
    """What of it the writer says in words; never empty. The text itself where nothing had to be left out."""
    lang: str | None
    """ISO 639-1; one that the engine reads, or None for a text without letters: emoji mean the same everywhere."""


class Score(NamedTuple):
    """What an engine says of a text, in the order of the columns of `core.sentiment`.

    Where it doesn't know, `label` and all that it follows from are None, and `reason` is not.
    """

    compound: float | None
    """-1 … +1: how negative or positive the writer's own words are."""
    plain_compound: float | None
    """What vaderSentiment says of the whole text as it stands; None from other engines."""
    positive: float | None
    neutral: float | None
    negative: float | None
    """Shares or probabilities, 0 … 1, that add up to 1."""
    label: str | None
    """positive, neutral or negative."""
    confidence: float | None
    """Probability that the label is right, as the engine reckons; None where it doesn't reckon so."""
    reason: str | None
    """Why there is no label."""


class Engine(Protocol):
    """Something that reads sentiment. It loads its model when it is made, once in each process."""

    @property
    def name(self) -> str:
        """As the config names it: `vader`."""

    @property
    def version(self) -> str:
        """Changes whenever the same text may get another score."""

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes of what it reads; None for every language."""

    def score(self, posts: Sequence[Post]) -> list[Score]:
        """A score for each post, in their order; the same whatever stands beside it."""


EngineOf = Callable[[str | None], Engine]
"""Language, or None where it isn't known → the engine that reads it."""


def not_scored(reason: str, plain_compound: float | None = None) -> Score:
    """No answer, and why."""
    return Score(None, plain_compound, None, None, None, None, None, reason)


def label(compound: float) -> str:
    """positive, neutral or negative for a compound score of -1 … +1."""
    if compound >= THRESHOLD:
        return "positive"
    return "negative" if compound <= -THRESHOLD else "neutral"


def read(texts: Sequence[str | None], langs: Sequence[str | None], engine_of: EngineOf) -> list[Score]:
    """What the engines say of each text, or why nothing is said: no-text; nothing-to-read where there is nothing but
    links, names, quotes and code; unknown-language; language:xx for one that its engine does not read; said-in-irony
    where the writer marks it so; and the reasons of the engine itself.
    """
    engine_by_lang = {lang: engine_of(lang) for lang in set(langs)}
    scores: list[Score | None] = []
    asked: dict[Engine, list[tuple[int, Post]]] = {engine: [] for engine in engine_by_lang.values()}
    for place, (text, lang) in enumerate(zip(texts, langs, strict=True)):
        engine = engine_by_lang[lang]
        post_or_reason = _post(text, lang, engine.languages)
        if isinstance(post_or_reason, str):
            scores.append(not_scored(post_or_reason))
        else:
            scores.append(None)
            asked[engine].append((place, post_or_reason))
    for engine, posts in asked.items():
        answers = engine.score([post for _, post in posts]) if posts else []
        for (place, _), answer in zip(posts, answers, strict=True):
            scores[place] = answer
    return [score for score in scores if score is not None]


def _post(text: str | None, lang: str | None, languages: frozenset[str] | None) -> Post | str:
    """What the engine gets to read, or the reason why it gets nothing."""
    if not text or text.isspace():
        return "no-text"
    if languages is not None and lang not in languages:
        if lang is not None:
            return f"language:{lang}"
        if has_letters(text):
            return "unknown-language"
    own = own_words(text)
    if not own:
        return "nothing-to-read"
    return "said-in-irony" if is_marked_as_irony(own) else Post(text, own, lang)
