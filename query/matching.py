"""Which queries a post matches: the last word on it, the same for every network."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from query.expression import TERMS, And, Expression, Field, Near, Not, Or, terms_of
from query.finding import Finder, Reading, Shape, Span
from query.words import Words, fold, words_of

MOST_WORDS = 200_000
"""Words remembered at a time: some 30 MB."""


class Post(NamedTuple):
    """What a query may ask of a post. None means that the network did not say."""

    text: str
    author: str | None = None
    """The handle, without the network."""
    lang: str | None = None
    source: str | None = None
    """Id of the source."""
    network: str | None = None
    community: str | None = None
    kind: str | None = None
    url: str | None = None
    links: tuple[str, ...] = ()
    """Where the post points to, besides the links in its text."""


@dataclass(frozen=True, eq=False)
class _Rule:
    """A query, or an alternative of it."""

    name: str
    expression: Expression


class Matcher:
    """Finds which of many named queries a post matches, in one pass over the words of its text."""

    def __init__(self, expressions: Mapping[str, Expression]) -> None:
        self._finders = {term: Finder(term) for expression in expressions.values() for term in terms_of(expression)}
        self._enough: dict[Finder, list[str]] = {}
        """Queries that a term alone fulfils."""
        self._begun: dict[Finder, list[_Rule]] = {}
        """Rules that may be fulfilled where the term is found, and need a closer look."""
        self._always: list[_Rule] = []
        """Rules that a text may fulfil without any of their terms."""
        for name, expression in expressions.items():
            for part in expression.parts if isinstance(expression, Or) else (expression,):
                self._sort_in(_Rule(name, part))

        self._by_word: dict[str, list[Finder]] = {}
        self._by_start: dict[str, list[tuple[Shape, Finder]]] = {}
        signs: list[Finder] = []
        for finder in dict.fromkeys([*self._enough, *self._begun]):
            if not finder.words:
                signs.append(finder)
            elif isinstance(anchor := finder.words[finder.anchor], str):
                self._by_word.setdefault(anchor, []).append(finder)
            else:
                self._by_start.setdefault(anchor.start, []).append((anchor, finder))
        self._start_lengths = sorted({len(start) for start in self._by_start})
        self._signs = _signs(signs)
        self._ascii_signs = _signs([finder for finder in signs if fold(finder.label).isascii()])
        self._forget()

    def find(self, post: Post, words: Words | None = None) -> dict[str, list[str]]:
        """Names of the queries that the post matches, each with those of its terms that made it match, both in
        alphabetical order. `words` are those of the post's text, where somebody has them already.
        """
        folded, in_order, distinct = words or words_of(post.text)
        signs = self._ascii_signs if folded.isascii() else self._signs
        if self._by_start and not distinct <= self._known:
            self._learn(distinct)
        hits = self._anchors & distinct
        if not hits and not signs and not self._always:
            return {}
        has_sign = bool(signs and signs.any_of_them.search(folded))
        if not hits and not has_sign and not self._always:
            return {}

        reading = Reading(folded, in_order)
        found = {
            finder for word in hits for finder in self._finders_at[word] if finder.is_one_word or reading.has(finder)
        }
        if signs and has_sign:
            found.update(finder for finder in signs.finders if reading.has(finder))
        result: dict[str, list[str]] = {}
        begun = dict.fromkeys(self._always)
        for finder in found:
            for name in self._enough.get(finder, ()):
                result.setdefault(name, []).append(finder.label)
            begun.update(dict.fromkeys(self._begun.get(finder, ())))
        for rule in begun:
            labels = self._fulfilled(rule.expression, post, reading)
            if labels is not None:
                result[rule.name] = [*labels.union(result.get(rule.name, ()))]
        return {name: sorted(result[name]) for name in sorted(result)}

    def _sort_in(self, rule: _Rule) -> None:
        if isinstance(rule.expression, TERMS):
            self._enough.setdefault(self._finders[rule.expression], []).append(rule.name)
            return
        needed = self._needed(rule.expression)
        if needed is None:
            self._always.append(rule)
        for finder in needed or ():
            self._begun.setdefault(finder, []).append(rule)

    def _needed(self, expression: Expression) -> set[Finder] | None:
        """Terms of which at least one is in every text that fulfils the expression; None where there are none such. Of
        several possible sets, the one that is likely to be found in the fewest texts.
        """
        match expression:
            case Or(parts):
                choices = [self._needed(part) for part in parts]
                return None if None in choices else {finder for needed in choices if needed for finder in needed}
            case And(parts):
                return min(filter(None, map(self._needed, parts)), key=_frequency, default=None)
            case Near(left, right):
                return min(filter(None, map(self._needed, (left, right))), key=_frequency, default=None)
            case Not() | Field():
                return None
        return {self._finders[expression]}

    def _forget(self) -> None:
        self._known: set[str] = set()
        """Words that texts have shown."""
        self._finders_at = dict(self._by_word)
        """The terms that a word may belong to, for words that were written in a term and words that were seen."""
        self._anchors = set(self._by_word)

    def _learn(self, words: set[str]) -> None:
        """Remember which terms with unknown letters a word may belong to, as most words of a language are few."""
        if len(self._known) >= MOST_WORDS:
            self._forget()
        new = words - self._known
        self._known |= new
        for word in new:
            finders = [
                finder
                for length in self._start_lengths
                if length <= len(word)
                for shape, finder in self._by_start.get(word[:length], ())
                if shape.fits(word)
            ]
            if finders:
                self._finders_at[word] = [*self._by_word.get(word, ()), *finders]
                self._anchors.add(word)

    def _fulfilled(self, expression: Expression, post: Post, reading: Reading) -> set[str] | None:
        """The terms by which a text fulfils the expression; None where it does not."""
        match expression:
            case And(parts):
                of_all: set[str] = set()
                for part in parts:
                    labels = self._fulfilled(part, post, reading)
                    if labels is None:
                        return None
                    of_all |= labels
                return of_all
            case Or(parts):
                fulfilled = [labels for part in parts if (labels := self._fulfilled(part, post, reading)) is not None]
                return {label for labels in fulfilled for label in labels} if fulfilled else None
            case Not(part):
                return set() if self._fulfilled(part, post, reading) is None else None
            case Near(left, right):
                if next(self._pairs(expression, post, reading), None) is None:
                    return None
                return {label for side in (left, right) for label in self._fulfilled(side, post, reading) or ()}
            case Field():
                return {str(expression)} if has_field(post, expression) else None
        finder = self._finders[expression]
        return {finder.label} if reading.has(finder) else None

    def _spans(self, expression: Expression, post: Post, reading: Reading) -> list[Span]:
        """Where in a text the terms stand by which it fulfils the expression."""
        match expression:
            case And(parts) | Or(parts):
                if self._fulfilled(expression, post, reading) is None:
                    return []
                return [span for part in parts for span in self._spans(part, post, reading)]
            case Near():
                return sorted({span for pair in self._pairs(expression, post, reading) for span in pair})
            case Not() | Field():
                return []
        return reading.spans(self._finders[expression])

    def _pairs(self, near: Near, post: Post, reading: Reading) -> Iterator[tuple[Span, Span]]:
        """Two places each that are near enough to each other."""
        rights = sorted(self._spans(near.right, post, reading))
        longest = max((end - start for start, end in rights), default=0)
        for left in self._spans(near.left, post, reading) if rights else ():
            start, end = left
            for at in range(bisect_left(rights, (start - near.distance - longest, -1)), len(rights)):
                right = rights[at]
                if right[0] - end > near.distance:
                    break
                # a term is not near itself
                if start - right[1] <= near.distance and right != left:
                    yield left, right


def has_field(post: Post, field: Field) -> bool:
    """Whether a post is what a field asks for; False where the network did not say."""
    value = field.value.casefold()
    match field.name:
        case "lang":
            return post.lang is not None and re.split("[-_]", post.lang)[0].casefold() == value
        case "type":
            return post.kind is not None and post.kind == value
        case "author":
            network, colon, handle = value.rpartition(":")
            of_network = not colon or network == (post.network or "").casefold()
            return of_network and post.author is not None and post.author.casefold() == handle
        case "source":
            of_community = f"{post.network}:{post.community}" if post.community else None
            return value in {name.casefold() for name in (post.source, post.network, of_community) if name}
    pointed_to = [post.url or "", *post.links, *_LINK.findall(post.text)]
    hosts = (found[1].casefold() for link in pointed_to if (found := _HOST.match(link)))
    return any(host == value or host.endswith(f".{value}") for host in hosts)


_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'()\[\]]+", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(\w[\w.-]*\w)", re.IGNORECASE)


class _Signs(NamedTuple):
    """Terms without any word: emoji, smileys, a currency."""

    finders: list[Finder]
    any_of_them: re.Pattern[str]


def _signs(finders: list[Finder]) -> _Signs | None:
    patterns = [finder.pattern for finder in finders if finder.pattern]
    return _Signs(finders, re.compile("|".join(patterns))) if patterns else None


def _frequency(finders: set[Finder]) -> tuple[int, int]:
    """Sorts sets of terms by how many texts are likely to hold one: many terms, short words."""
    words = [finder.words[finder.anchor] for finder in finders if finder.words]
    return len(finders), -min((len(word) for word in words if isinstance(word, str)), default=0)
