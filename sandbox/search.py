"""The query language of both networks, as far as the connectors speak it.

Words, "phrases", #tags, @handles, from: or author:handle, url:"…", is:retweet, is:reply, a minus before any of them,
AND, OR, brackets; what stands side by side must all be there. Words are compared without case and as whole words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

_TOKENS = re.compile(r'\s*(?:(?P<open>-?\()|(?P<close>\))|(?P<term>-?(?:[\w:]*"[^"]*"|[^\s()"]+)))')
_WORDS = re.compile(r"\w+")


class QueryError(ValueError):
    """The query can't be understood; the message says where."""


class Searchable(NamedTuple):
    """What of a post is searched."""

    text: str
    author: str
    is_repost: bool = False
    is_reply: bool = False
    conversation: str = ""


Matcher = Callable[[Searchable], bool]


def matcher(query: str) -> Matcher:
    """Whether a post matches a query; `QueryError` where the query is broken."""
    tokens, place = [], 0
    query = query.rstrip()
    while place < len(query):
        match = _TOKENS.match(query, place)
        if match is None:
            raise QueryError(f"no viable alternative at character '{query[place : place + 10]}'")
        tokens.append((str(match.lastgroup), match[0].strip()))
        place = match.end()
    reader = _Reader(tokens)
    found = reader.either()
    if reader.tokens:
        raise QueryError(f"no viable alternative at input '{reader.tokens[0][1]}'")
    return found


@dataclass
class _Reader:
    """Reads tokens from the left: OR binds less than standing side by side."""

    tokens: list[tuple[str, str]]

    def either(self) -> Matcher:
        options = [self.all_of()]
        while self.tokens and self.tokens[0][1] == "OR":
            self.tokens.pop(0)
            options.append(self.all_of())
        return lambda post: any(option(post) for option in options)

    def all_of(self) -> Matcher:
        parts: list[Matcher] = []
        while self.tokens and self.tokens[0][0] != "close" and self.tokens[0][1] != "OR":
            if parts and self.tokens[0][1] == "AND":
                self.tokens.pop(0)
                continue
            kind, token = self.tokens.pop(0)
            if kind == "open":
                inner = self.either()
                if not self.tokens or self.tokens.pop(0)[0] != "close":
                    raise QueryError("missing ')' at the end")
                parts.append(_not(inner) if token.startswith("-") else inner)
            else:
                parts.append(_not(_term(token[1:])) if token.startswith("-") else _term(token))
        if not parts:
            raise QueryError("an expression is empty")
        return lambda post: all(part(post) for part in parts)


def _not(wanted: Matcher) -> Matcher:
    return lambda post: not wanted(post)


def _term(term: str) -> Matcher:
    operator, _, value = term.partition(":")
    if value and operator in ("from", "author"):
        return lambda post: post.author.lower() == value.lower()
    if value and operator == "is":
        if value not in ("retweet", "reply"):
            raise QueryError(f"is:{value} is not known here")
        return lambda post: post.is_repost if value == "retweet" else post.is_reply
    if value and operator == "conversation_id":
        return lambda post: post.conversation == value
    if value and operator == "url":
        term = value
    if term[0] in "#@" and len(term) > 1:
        sought = re.compile(rf"(?<![\w#@]){re.escape(term)}(?!\w)", re.IGNORECASE)
        return lambda post: bool(sought.search(post.text))
    words = _WORDS.findall(term.lower())
    if not words:
        raise QueryError(f"there is no word in {term!r}")
    return lambda post: _holds(_WORDS.findall(post.text.lower()), words)


def _holds(text: list[str], phrase: list[str]) -> bool:
    return any(text[start : start + len(phrase)] == phrase for start in range(len(text) - len(phrase) + 1))
