"""What a query says, as a tree of small values. `str()` of one is the query as text again."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from query.words import fold

FIELDS = ("site", "lang", "author", "source", "type")
TYPES = ("post", "comment", "repost", "quote", "message", "review")
MATCHING = 1
"""Raised when the same query would match other texts: the version of every query changes with it."""

_BARE = re.compile(r"""(?![-–−#@]|[:;=][-'’^]?$)[^\s()"“”„«»「」『』*?]+""")
"""A word that means itself without quotes, unless it is one of the next two. The eyes of a smiley would take a `)`."""
OPERATOR = re.compile(r"AND|OR|NOT|NEAR(?:/.*)?")
NAMED = re.compile(r"[A-Za-z_]{2,}:(?![:/])")
"""How something begins that reads as a field."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or what people write as one: `halmora`, `wi-fi`, `C++`, an emoji. Its tag and its handle count too."""

    text: str

    def __str__(self) -> str:
        bare = _BARE.fullmatch(self.text) and not OPERATOR.fullmatch(self.text) and not NAMED.match(self.text)
        return self.text if bare else _quoted(self.text)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after the other. A word in it may hold `*`."""

    text: str

    def __str__(self) -> str:
        return _quoted(self.text)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Every word of a shape: `*` stands for any letters or none, `?` for one."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Tag:
    """A hashtag, without its sign. May hold wildcards."""

    text: str

    def __str__(self) -> str:
        return f"#{self.text}"


@dataclass(frozen=True, slots=True)
class Handle:
    """An account that is named in the text, without its sign. May hold wildcards."""

    text: str

    def __str__(self) -> str:
        return f"@{self.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """Something about the post instead of in its text; the names are `FIELDS`."""

    name: str
    value: str

    def __str__(self) -> str:
        value = self.value if re.fullmatch(r"[^\s()]+", self.value) else f'"{self.value}"'
        return f"{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class Near:
    """Both, in either order, the nearest words of one at most `distance` words after those of the other."""

    left: "Expression"
    right: "Expression"
    distance: int

    def __str__(self) -> str:
        # NEAR groups from the left
        left = str(self.left) if isinstance(self.left, (*TERMS, Near)) else f"({self.left})"
        right = str(self.right) if isinstance(self.right, TERMS) else f"({self.right})"
        return f"{left} NEAR/{self.distance} {right}"


@dataclass(frozen=True, slots=True)
class Not:
    """Not there, in the whole text."""

    part: "Expression"

    def __str__(self) -> str:
        return f"-{self.part}" if isinstance(self.part, (*TERMS, Field)) else f"-({self.part})"


@dataclass(frozen=True, slots=True)
class And:
    """All of them. Made by `all_of`."""

    parts: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them. Made by `one_of`."""

    parts: "tuple[Expression, ...]"

    def __str__(self) -> str:
        return " OR ".join(f"({part})" if isinstance(part, And) else str(part) for part in self.parts)


Term = Word | Phrase | Wildcard | Tag | Handle
"""What is looked for in the text itself."""
TERMS = (Word, Phrase, Wildcard, Tag, Handle)
Expression = Term | Field | Near | Not | And | Or


def all_of(parts: Iterable[Expression]) -> Expression:
    """The parts joined with AND, each once, in order; a part that stands alone is itself."""
    return _joined(And, parts)


def one_of(parts: Iterable[Expression]) -> Expression:
    """The parts joined with OR, each once, in order; a part that stands alone is itself."""
    return _joined(Or, parts)


def opposite(part: Expression) -> Expression:
    """NOT of the part; twice is none at all."""
    return part.part if isinstance(part, Not) else Not(part)


def terms_of(expression: Expression) -> Iterator[Term]:
    """Every term of the expression, the excluded ones too, in order."""
    match expression:
        case And(parts) | Or(parts):
            for part in parts:
                yield from terms_of(part)
        case Near(left, right):
            yield from terms_of(left)
            yield from terms_of(right)
        case Not(part):
            yield from terms_of(part)
        case Field():
            pass
        case _:
            yield expression


def is_negative(expression: Expression) -> bool:
    """Whether the expression only says what must not be there, so that nearly every text would match."""
    match expression:
        case Not():
            return True
        case And(parts):
            return all(map(is_negative, parts))
        case Or(parts):
            return any(map(is_negative, parts))
    return False


def version(expression: Expression) -> str:
    """Twelve hexadecimal digits that stay while the query means the same: neither case nor spacing changes them, nor
    does the order of what AND, OR and NEAR join.
    """
    said = json.dumps([MATCHING, _meaning(expression)], ensure_ascii=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _joined(kind: type[And] | type[Or], parts: Iterable[Expression]) -> Expression:
    flat: dict[Expression, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, And | Or) and isinstance(part, kind) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else kind(tuple(flat))


def _quoted(text: str) -> str:
    return f"“{text}”" if '"' in text else f'"{text}"'


def _meaning(expression: Expression) -> Any:
    match expression:
        case And(parts) | Or(parts):
            return [type(expression).__name__, *sorted((_meaning(part) for part in parts), key=json.dumps)]
        case Near(left, right, distance):
            return ["Near", distance, *sorted((_meaning(left), _meaning(right)), key=json.dumps)]
        case Not(part):
            return ["Not", _meaning(part)]
        case Field(name, value):
            return ["Field", name, value.casefold()]
    return [type(expression).__name__, " ".join(fold(expression.text).split())]
