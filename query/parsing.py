"""Reads a query as people write it, and says where it is wrong."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NoReturn

from lark import Lark, Token, Transformer, UnexpectedToken, v_args
from lark.exceptions import VisitError

from query.expression import (
    FIELDS,
    TYPES,
    And,
    Expression,
    Field,
    Handle,
    Near,
    Or,
    Phrase,
    Tag,
    Term,
    Wildcard,
    Word,
    all_of,
    is_negative,
    one_of,
    opposite,
    terms_of,
)
from query.words import fold

LONGEST = 50_000
"""Characters of a query."""
DEEPEST = 30
"""Parentheses inside parentheses."""
LONGEST_CHAIN = 5
"""NEARs one after the other."""
FARTHEST = 1000
"""Words that a NEAR may span."""
CONTEXT_DISTANCE = 20
"""Words between a name and what shows that it is meant: about a sentence."""

_QUOTES = '"“”„«»「」『』'
_AFTER = rf"(?=[\s(){_QUOTES}]|$)"
# What is wrong in a way that can be named is a terminal of its own, too: `_check` says what about it.
_GRAMMAR = rf"""
?query: both
    | both (_OR both)+ -> one_of
?both: unary
    | unary (_AND? unary)+ -> all_of
?unary: near
    | NOT near -> excluded
?near: item
    | item (NEAR item)+ -> near
?item: atom
    | MINUS atom -> excluded
?atom: WORD -> word
    | EMOTICON -> literal
    | QUOTED -> quoted
    | FIELD -> field
    | _OPEN query _CLOSE
    | (UNCLOSED | EMPTY_FIELD | UNKNOWN_FIELD | WRONG_NEAR | STRAY_MINUS)

QUOTED.9: /"[^"]*"|[“„”][^“„”]*[“”]|«[^«»]*»|»[^«»]*«|「[^「」]*」|『[^『』]*』/
UNCLOSED.8: /[{_QUOTES}]/
EMOTICON.7: /(?<![^\s(])[:;=][-'’^]?[()](?=[\s)]|$)/
_OPEN.7: "("
_CLOSE.7: ")"
NEAR.6: /NEAR\/[0-9]+{_AFTER}/
_OR.6: /OR{_AFTER}/
_AND.6: /AND{_AFTER}/
NOT.6: /NOT{_AFTER}/
FIELD.6: /(?i:{"|".join(FIELDS)}):("[^"]+"|[^\s()"]+)/
WRONG_NEAR.5: /NEAR(\/[^\s(){_QUOTES}]*)?{_AFTER}/
EMPTY_FIELD.5: /(?i:{"|".join(FIELDS)}):/
UNKNOWN_FIELD.4: /[A-Za-z_]{{2,}}:(?=[^\s:\/()])/
STRAY_MINUS.4: /[-–−—]+(?=[\s)]|$)/
MINUS.3: /[-–−]/
WORD.2: /[^\s(){_QUOTES}–−-][^\s(){_QUOTES}]*/
%ignore /\s+/
"""

_ALLOWED = 'Allowed here: a word, a "phrase", #tag, @handle, word*, site: lang: author: source: type:, or a ( group ).'
_OTHER_NAMES = {
    **dict.fromkeys(("from", "by", "user"), "author"),
    **dict.fromkeys(("domain", "url", "link"), "site"),
    **dict.fromkeys(("language", "locale"), "lang"),
    **dict.fromkeys(("network", "platform"), "source"),
    **dict.fromkeys(("is", "kind"), "type"),
}


class QueryError(ValueError):
    """A query that can't be understood. The message shows it, with a caret under the `position` that is wrong."""

    def __init__(self, reason: str, query: str, position: int) -> None:
        super().__init__(reason, query, position)
        self.reason, self.query, self.position = reason, query, position

    def __str__(self) -> str:
        first = self.query.rfind("\n", 0, self.position) + 1
        line = re.sub(r"[\r\t\v\f]", " ", self.query[first:].split("\n", 1)[0])
        at = self.position - first
        start, end = max(0, at - 60), at + 40
        before = ("…" if start else "") + line[start:at]
        after = line[at:end] + ("…" if len(line) > end else "")
        return f"{self.reason}\n  {before}{after}\n  {' ' * _columns(before)}^"


def parse(text: str) -> Expression:
    """What a query says; `QueryError` points at what is wrong with it."""
    if len(text) > LONGEST:
        raise QueryError(f"A query has at most {LONGEST:,} characters; this has {len(text):,}.", text, LONGEST)
    if not text.strip():
        raise QueryError("The query is empty: write at least one word.", text, 0)
    parser = _parser().parse_interactive(text)
    seen: list[Token] = []
    open_groups: list[Token] = []
    try:
        for token in parser.iter_parse():
            _check(text, token, open_groups)
            seen.append(token)
        tree = parser.feed_eof(seen[-1])  # type: ignore[no-untyped-call]
    except UnexpectedToken as unexpected:
        before = [token for token in seen if token is not unexpected.token]
        raise _unexpected(text, unexpected.token, before[-1] if before else None, open_groups) from None
    reader = _Reader(text)
    try:
        expression = reader.transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    if is_negative(expression):
        reason = "The query only says what must not be there; say also what must."
        raise QueryError(reason, text, reader.place_of(expression))
    return expression


def term(text: str) -> Term:
    """What one entry of a list of terms means: a word, #tag, @handle, word* or a phrase. All else in it is meant
    literally, so `AND` is a word and `what?` ends in a question mark. `QueryError` where nothing is left to look for.
    """
    written = " ".join(re.sub("[“”„]", '"', text).split())
    if not fold(written).strip(" *"):
        raise QueryError("There is nothing here to look for: write a word, a phrase, a #tag or a @handle.", text, 0)
    if sign := re.fullmatch(r"([#@])((?=.*\w)[^\s#@()\"?]+(?:@[^\s#@()\"?]+)?)", written):
        return Tag(sign[2]) if sign[1] == "#" else Handle(sign[2])
    if " " in written:
        return Phrase(written)
    if re.fullmatch(rf"(?![-–−#@])(?=.*\w)(?=[^*]*\*)[^\s(){_QUOTES}?]+", written):
        return Wildcard(written)
    return Word(written)


def any_of(terms: Iterable[str]) -> Expression:
    """At least one of the terms of a list."""
    return one_of(map(term, terms))


def with_context(
    expression: Expression, context: Iterable[str] = (), exclude: Iterable[str] = (), distance: int = CONTEXT_DISTANCE
) -> Expression:
    """The expression where it stands within `distance` words of one of the `context` terms, if there are any, in a text
    that has none of the `exclude` terms.
    """
    clues, others = [term(clue) for clue in context], [term(other) for other in exclude]
    meant = Near(expression, one_of(clues), distance) if clues else expression
    return all_of([meant, *(opposite(other) for other in others)])


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", start="query", propagate_positions=False)


def _check(text: str, token: Token, open_groups: list[Token]) -> None:
    """Refuse a token that is wrong wherever it stands; `open_groups` are the parentheses that wait for their end."""
    at = token.start_pos or 0
    match token.type:
        case "_OPEN":
            open_groups.append(token)
            if len(open_groups) > DEEPEST:
                raise QueryError(f"More than {DEEPEST} parentheses inside each other; write it flatter.", text, at)
        case "_CLOSE" if open_groups:
            open_groups.pop()
        case "UNCLOSED":
            raise QueryError(f"The quotation mark {token} has no partner; close the phrase, or leave it out.", text, at)
        case "EMPTY_FIELD":
            reason = f"{token} needs a value right behind the colon, without a space; quote {token} to search for it."
            raise QueryError(reason, text, at + len(token))
        case "UNKNOWN_FIELD":
            name = token[:-1].lower()
            other = f" Did you mean {_OTHER_NAMES[name]}:?" if name in _OTHER_NAMES else ""
            fields = " ".join(f"{field}:" for field in FIELDS)
            reason = f"{token} is no field; there are {fields}.{other} Write it in quotes if it is meant as text."
            raise QueryError(reason, text, at)
        case "WRONG_NEAR":
            raise QueryError("NEAR needs a distance in words, as in NEAR/5.", text, at)
        case "NEAR" if not 1 <= int(token[5:15]) <= FARTHEST:
            raise QueryError(f"NEAR reaches 1 to {FARTHEST} words, not {token[5:15]}.", text, at + 5)
        case "STRAY_MINUS":
            reason = f"{token} stands alone: put it right before the word to exclude, or quote it to search for it."
            raise QueryError(reason, text, at)


def _unexpected(text: str, token: Token, previous: Token | None, open_groups: list[Token]) -> QueryError:
    """Why a token can't stand behind the previous one."""
    operator = str(previous) if previous and previous.type in {"_OR", "_AND", "NOT", "NEAR", "MINUS"} else None
    at = len(text) if token.type == "$END" else token.start_pos or 0
    if operator:
        found = "the query ends" if token.type == "$END" else f"{token} follows"
        return QueryError(f"{operator} needs something to the right of it, but {found}. {_ALLOWED}", text, at)
    if token.type == "$END" and open_groups:
        return QueryError("This parenthesis is never closed.", text, open_groups[-1].start_pos or 0)
    if token.type == "_CLOSE" and previous and previous.type == "_OPEN":
        return QueryError(f"There is nothing between the parentheses. {_ALLOWED}", text, at)
    if token.type == "_CLOSE":
        return QueryError("This parenthesis closes nothing; quote it if it is part of a word or a smiley.", text, at)
    return QueryError(f"{token} needs something to the left of it. {_ALLOWED}", text, at)


@v_args(inline=True)
class _Reader(Transformer[Token, Expression]):
    """Makes the expression, and remembers where each excluded part stands."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._places: dict[Expression, int] = {}

    def place_of(self, expression: Expression) -> int:
        """Where the expression, or the first excluded part in it, stands."""
        if isinstance(expression, And | Or):
            return min(self.place_of(part) for part in expression.parts if is_negative(part))
        return self._places.get(expression, 0)

    def word(self, token: Token) -> Expression:
        if "?" in token and re.fullmatch(r"(?=.*\w)[\w*?'’-]+", token):
            return Wildcard(str(token))
        return self.literal(token)

    def literal(self, token: Token) -> Expression:
        return self._term(str(token), token)

    def quoted(self, token: Token) -> Expression:
        return self._term(token[1:-1], token)

    def field(self, token: Token) -> Expression:
        name, _, value = token.partition(":")
        try:
            return Field(name.lower(), _VALUES[name.lower()](value.strip('"')))
        except ValueError as error:
            raise QueryError(str(error), self._text, (token.start_pos or 0) + len(name) + 1) from None

    def excluded(self, token: Token, part: Expression) -> Expression:
        excluded = opposite(part)
        self._places.setdefault(excluded, token.start_pos or 0)
        return excluded

    def near(self, left: Expression, *rest: Expression | Token) -> Expression:
        signs = [part for part in rest if isinstance(part, Token)]
        rights = [part for part in rest if not isinstance(part, Token)]
        if len(signs) > LONGEST_CHAIN:
            self._refuse(
                f"More than {LONGEST_CHAIN} NEAR in a row; join groups of them with AND.", signs[LONGEST_CHAIN]
            )
        for sign, right in zip(signs, rights, strict=True):
            if any(is_negative(side) or not any(terms_of(side)) for side in (left, right)):
                self._refuse("NEAR needs a word to the left and to the right, neither of them excluded.", sign)
            left = Near(left, right, int(sign[5:]))
        return left

    def all_of(self, *parts: Expression) -> Expression:
        return all_of(parts)

    def one_of(self, *parts: Expression) -> Expression:
        for part in parts:
            if is_negative(part):
                reason = "This side of OR only says what must not be there, and so matches nearly every text."
                raise QueryError(reason, self._text, self.place_of(part))
        return one_of(parts)

    def _refuse(self, reason: str, token: Token) -> NoReturn:
        raise QueryError(reason, self._text, token.start_pos or 0)

    def _term(self, text: str, token: Token) -> Term:
        try:
            return term(text)
        except QueryError as error:
            raise QueryError(error.reason, self._text, token.start_pos or 0) from None


def _site(value: str) -> str:
    domain = re.sub(r"^(?:[a-z]+://)?(?:\*\.|www\.)?", "", value.casefold()).rstrip("/")
    if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)*", domain):
        raise ValueError("site: takes a domain, as in site:halmora.example; its subdomains count too.")
    return domain


def _lang(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}", value):
        raise ValueError("lang: takes an ISO 639 code of two or three letters, as in lang:de.")
    return value.lower()


def _author(value: str) -> str:
    network, colon, handle = value.rpartition(":")
    handle = re.sub(r"^(?:@|/?u/)", "", handle)
    if not handle or (colon and not network):
        raise ValueError("author: takes a handle, as in author:mira or author:reddit:mira.")
    return f"{network.lower()}{colon}{handle}"


def _source(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*(?::[^\s:].*)?", value.lower()):
        raise ValueError("source: takes the id of a source, a network or network:community, as in source:reddit:tea.")
    return value.lower()


def _type(value: str) -> str:
    if value.lower() not in TYPES:
        raise ValueError(f"type: is one of {', '.join(TYPES)}.")
    return value.lower()


_VALUES = {"site": _site, "lang": _lang, "author": _author, "source": _source, "type": _type}


def _columns(text: str) -> int:
    """Columns that a terminal needs for the text."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
