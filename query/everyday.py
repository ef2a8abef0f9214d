"""Everyday words: as the name of something they are found in nearly every post."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from stop_words import LANGUAGE_MAPPING, get_stop_words

from query.expression import And, Expression, Not, Or, Phrase, Wildcard, Word
from query.words import fold


def everyday_terms(expression: Expression, languages: Iterable[str]) -> list[str]:
    """The terms any of which is enough and that are made of stop words of one of these languages alone."""
    known = sorted(set(languages) & LANGUAGE_MAPPING.keys())
    return [term for term in _enough(expression) if any(_is_everyday(term, language) for language in known)]


def _enough(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Or):
        for part in expression.parts:
            yield from _enough(part)
    elif isinstance(expression, And):
        asked = [part for part in expression.parts if not isinstance(part, Not)]
        if len(asked) == 1:
            yield from _enough(asked[0])
    elif isinstance(expression, Word | Phrase | Wildcard):
        yield expression.text


def _is_everyday(term: str, language: str) -> bool:
    spoken = fold(term).rstrip("*").split()
    return bool(spoken) and all(word in _stop_words(language) for word in spoken)


@lru_cache(maxsize=32)
def _stop_words(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in get_stop_words(language))
