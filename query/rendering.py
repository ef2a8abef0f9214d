"""What a network's search can say, and an expression written in its words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from query.expression import And, Expression, Field, Handle, Near, Not, Or, Phrase, Tag, Wildcard, Word, is_negative
from query.words import HANGUL, LETTERS, NO_SPACES, WORD

PLAIN_WORD = re.compile(f"[{LETTERS}{HANGUL}{NO_SPACES}_]+")
"""A word that is no operator of any network, unless it is reserved."""


@dataclass(frozen=True)
class SearchSyntax:
    """What one network's search can say. None where it has no such thing; `{}` is where the part itself goes."""

    longest: int
    """Characters of one search."""
    most_operators: int | None = None
    """ANDs, ORs and NOTs that may be written in one search; None where their number doesn't matter."""
    most_terms: int | None = None
    and_: str = " "
    or_: str | None = " OR "
    not_: str | None = "-{}"
    """None also for a search that finds other forms of a word: to exclude those would exclude too much."""
    group: str | None = "({})"
    or_first: bool = False
    """Whether `a OR b c` means `(a OR b) c` there."""
    phrase: str | None = '"{}"'
    wildcards: Literal["none", "end", "anywhere"] = "none"
    near: str | None = None
    """Such as `{left} NEAR/{distance} {right}`, between two terms."""
    tag: str | None = "#{}"
    handle: str | None = "@{}"
    fields: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    """How a field is asked, or how each of its values is: `{"author": "from:{}", "type": {"repost": "is:retweet"}}`."""
    only_narrowing: frozenset[str] = frozenset({"lang", "type"})
    """Fields that are not asked alone, as the network refuses it or half of it would be the answer."""
    reserved: frozenset[str] = frozenset({"AND", "OR", "NOT", "NEAR"})
    """Words that are operators there, in capitals; they are quoted, or written small where there are no quotes."""
    any_case: bool = False
    """Whether `or` is an operator there, too."""
    signs: bool = True
    """Whether punctuation and emoji can be searched."""
    ending: str = ""
    """What every search ends with, as ` -is:retweet`; it counts towards the length."""


def render(expression: Expression, syntax: SearchSyntax) -> str:
    """A search as the network wants it, of an expression that it can say."""
    text = _render(expression, syntax)
    if syntax.ending and isinstance(expression, Or):
        text = _grouped(text, syntax)
    return text + syntax.ending


def fits(expression: Expression, syntax: SearchSyntax) -> bool:
    """Whether an expression, of which the network can say each term, is a search within its limits."""
    return (
        _is_said(expression, syntax)
        and stands_alone(expression, syntax)
        and not (syntax.ending and isinstance(expression, Or) and not (syntax.group or syntax.or_first))
        and (syntax.most_operators is None or _operators(expression, syntax) <= syntax.most_operators)
        and (syntax.most_terms is None or _terms(expression) <= syntax.most_terms)
        and len(render(expression, syntax)) <= syntax.longest
    )


def can_write(word: str, syntax: SearchSyntax) -> bool:
    """Whether a word of a term can be asked as it is."""
    if PLAIN_WORD.fullmatch(word):
        return word.upper() not in syntax.reserved or syntax.phrase is not None or not syntax.any_case
    return syntax.phrase is not None and bool(_quotable(word)) and (syntax.signs or bool(WORD.search(word)))


def _render(expression: Expression, syntax: SearchSyntax) -> str:
    match expression:
        case Or(parts):
            return (syntax.or_ or "").join(
                _grouped(_render(part, syntax), syntax) if isinstance(part, And) else _render(part, syntax)
                for part in parts
            )
        case And(parts):
            return syntax.and_.join(
                _grouped(_render(part, syntax), syntax) if isinstance(part, Or) else _render(part, syntax)
                for part in parts
            )
        case Not(part):
            return (syntax.not_ or "").format(_render(part, syntax))
        case Near(left, right, distance):
            sides = {"left": _render(left, syntax), "right": _render(right, syntax)}
            return (syntax.near or "").format(distance=distance, **sides)
        case Tag(text):
            return (syntax.tag or "").format(text)
        case Handle(text):
            return (syntax.handle or "").format(text)
        case Field(name, value):
            return _render_field(name, value, syntax)
        case Wildcard(text):
            return text
        case Phrase(text):
            return (syntax.phrase or "").format(_quotable(text))
        case Word(text):
            return _render_word(text, syntax)


def _render_word(text: str, syntax: SearchSyntax) -> str:
    reserved = text.upper() in syntax.reserved if syntax.any_case else text in syntax.reserved
    if PLAIN_WORD.fullmatch(text) and not reserved:
        return text
    return syntax.phrase.format(_quotable(text)) if syntax.phrase else text.lower()


def _render_field(name: str, value: str, syntax: SearchSyntax) -> str:
    template = syntax.fields[name]
    if not isinstance(template, str):
        return template[value]
    # a network asks for its own people, so their network needs no saying
    value = value.rpartition(":")[2] if name == "author" else value
    return template.format(syntax.phrase.format(value) if syntax.phrase and re.search(r"\s", value) else value)


def _grouped(text: str, syntax: SearchSyntax) -> str:
    return syntax.group.format(text) if syntax.group else text


def _quotable(text: str) -> str:
    """The text without what would end a phrase or be a wildcard in it."""
    return " ".join(re.sub(r'["“”„\\*]', " ", text).split())


def _is_said(expression: Expression, syntax: SearchSyntax, inside: type[And] | type[Or] | None = None) -> bool:
    """Whether the network can say ANDs and ORs in each other as the expression does."""
    if not isinstance(expression, And | Or):
        return True
    if isinstance(expression, Or) and syntax.or_ is None:
        return False
    if inside is Or and isinstance(expression, And) and not syntax.group:
        return False
    if inside is And and isinstance(expression, Or) and not (syntax.group or syntax.or_first):
        return False
    return all(_is_said(part, syntax, type(expression)) for part in expression.parts)


def stands_alone(expression: Expression, syntax: SearchSyntax) -> bool:
    match expression:
        case Field(name, _):
            return name not in syntax.only_narrowing
        case And(parts):
            return any(stands_alone(part, syntax) for part in parts)
        case Or(parts):
            return all(stands_alone(part, syntax) for part in parts)
    return not is_negative(expression)


def _operators(expression: Expression, syntax: SearchSyntax) -> int:
    match expression:
        case Or(parts):
            return len(parts) - 1 + sum(_operators(part, syntax) for part in parts)
        case And(parts):
            written = len(parts) - 1 if syntax.and_.strip() else 0
            return written + sum(_operators(part, syntax) for part in parts)
        case Not(part):
            return 1 + _operators(part, syntax)
        case Near(left, right):
            return 1 + _operators(left, syntax) + _operators(right, syntax)
    return 0


def _terms(expression: Expression) -> int:
    match expression:
        case Or(parts) | And(parts):
            return sum(map(_terms, parts))
        case Not(part):
            return _terms(part)
        case Near(left, right):
            return _terms(left) + _terms(right)
    return 1
