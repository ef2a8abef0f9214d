"""How one term of a query is found in one text."""

import fnmatch
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from query.expression import Handle, Phrase, Tag, Term, Wildcard, Word
from query.words import HANGUL, LETTERS, MARKS, NO_SPACES, WORD, fold

Span = tuple[int, int]
"""The first and last word of a place in a text. Signs stand between words: there, the last comes before the first."""


class Shape(NamedTuple):
    """A word that is not known letter by letter: how it begins, and what may follow."""

    start: str
    rest: re.Pattern[str] | None

    def fits(self, word: str) -> bool:
        """Whether a word has this shape."""
        return word.startswith(self.start) and (not self.rest or bool(self.rest.fullmatch(word, len(self.start))))


class Finder:
    """Finds a term. Its words are compared first, as that is fast; its pattern, where there is one, decides."""

    def __init__(self, term: Term) -> None:
        self.label = term.text if isinstance(term, Word | Phrase) else str(term)
        folded = " ".join(fold(term.text).split())
        wild = "*?" if isinstance(term, Wildcard) else "" if isinstance(term, Word) else "*"
        self.words = tuple(_word_patterns(folded, wild))
        self.pattern = _exactly(term, folded, wild)
        self.anchor = max(range(len(self.words)), key=self._weight, default=0)
        """The word of the term that is likely to be the rarest."""
        self.is_one_word = len(self.words) == 1 and self.pattern is None
        """Whether the term stands in a text as soon as its word does."""

    @cached_property
    def exact(self) -> re.Pattern[str] | None:
        """`pattern`, compiled when it is first needed, as each takes milliseconds."""
        return re.compile(self.pattern) if self.pattern is not None else None

    def _weight(self, index: int) -> int:
        word = self.words[index]
        return len(word) if isinstance(word, str) else 0


class Reading:
    """A text while terms are looked for in it; what was found once is remembered."""

    def __init__(self, folded: str, words: list[str]) -> None:
        self.folded, self.words = folded, words
        self._found: dict[Finder, bool] = {}
        self._spans: dict[Finder, list[Span]] = {}

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins in the folded text."""
        return [word.start() for word in WORD.finditer(self.folded)]

    def has(self, finder: Finder) -> bool:
        """Whether the term is in the text."""
        found = self._found.get(finder)
        if found is None:
            found = not finder.words or next(_places(finder, self.words), None) is not None
            if found and finder.exact:
                found = bool(finder.exact.search(self.folded))
            self._found[finder] = found
        return found

    def spans(self, finder: Finder) -> list[Span]:
        """Every place of the term in the text."""
        spans = self._spans.get(finder)
        if spans is None:
            if not self.has(finder):
                spans = []
            elif finder.exact:
                places = (match.span() for match in finder.exact.finditer(self.folded))
                spans = [(bisect_left(self.starts, start), bisect_left(self.starts, end) - 1) for start, end in places]
            else:
                spans = [(start, start + len(finder.words) - 1) for start in _places(finder, self.words)]
            self._spans[finder] = spans
        return spans


def _places(finder: Finder, words: list[str]) -> Iterator[int]:
    """Where in a text the words of the term stand one after the other."""
    anchor, before = finder.words[finder.anchor], finder.anchor
    at = -1
    while True:
        try:
            at = words.index(anchor, at + 1) if isinstance(anchor, str) else _next_of(anchor, words, at + 1)
        except ValueError:
            return
        start = at - before
        if start >= 0 and _go_on(finder.words, words, start):
            yield start


def _next_of(shape: Shape, words: list[str], start: int) -> int:
    for at in range(start, len(words)):
        if shape.fits(words[at]):
            return at
    raise ValueError(shape)


def _go_on(patterns: tuple[str | Shape, ...], words: list[str], start: int) -> bool:
    if start + len(patterns) > len(words):
        return False
    return all(
        word == pattern if isinstance(pattern, str) else pattern.fits(word)
        for pattern, word in zip(patterns, words[start : start + len(patterns)], strict=True)
    )


# What a term looks like -------------------------------------------------------------------------------

_SIGN = re.compile(rf"[^{LETTERS}{HANGUL}{NO_SPACES}_\s@#*.,:;/&'–—-]")
"""Signs that are part of what is meant: €9, 100%, C++, a smiley. The others may stand between words or not."""
_GLUED = re.compile(rf"[.,:;&@#][{LETTERS}{HANGUL}]|#$")
"""Other signs are meant where no space parts them from what follows: 4.2 is not "4 2", AT&T is not "at t"."""
_FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
_ANY_LETTER = rf"[{LETTERS}{HANGUL}{NO_SPACES}_]"
_MOST_LETTERS = 100
"""Letters that one wildcard stands for in a tag, a handle or a script without spaces."""
_KOREAN_ENDINGS = (
    "은 는 이 가 을 를 의 에 에서 에게 에게서 께 께서 한테 한테서 로 으로 로서 으로서 로써 으로써 와 과 랑 이랑 하고 "
    "도 만 뿐 까지 부터 마저 조차 밖에 보다 처럼 같이 만큼 대로 마다 라도 이라도 나 이나 야 이야 아 요 이요 란 이란 "
    "라는 이라는 라고 이라고 라서 이라서 든 이든 든지 이든지 다 이다 였다 이었다 입니다 입니까 이에요 예요 이고 "
    "인 인데 이며 면 이면 지 이지 네 이네 들 님"
)
_ENDINGS = "(?:" + "|".join(sorted(_KOREAN_ENDINGS.split(), key=len, reverse=True)) + "){0,3}"
"""Particles and forms of "to be" that Korean writes on to the word before."""
_KOREAN_REST = re.compile(_ENDINGS)


def _word_patterns(folded: str, wild: str) -> Iterator[str | Shape]:
    """The words of a term, in order; `wild` are the characters in it that stand for others."""
    if not any(sign in folded for sign in wild):
        words = WORD.findall(folded)
        yield from words[:-1]
        if words:
            yield Shape(words[-1], _KOREAN_REST) if re.match(f"[{HANGUL}]", words[-1]) else words[-1]
        return
    if unspaced := re.search(f"[{NO_SPACES}]", folded):
        # its exact form finds the rest
        yield unspaced[0]
        return
    signs = re.escape(wild)
    for chunk in re.findall(f"[{LETTERS}_{signs}]*[{LETTERS}][{LETTERS}_{signs}]*|[{HANGUL}{signs}]+", folded):
        chunk = chunk.strip("_")
        start = re.split(f"[{signs}]", chunk, maxsplit=1)[0]
        rest = chunk[len(start) :]
        if start and not rest:
            yield start
        elif set(chunk) - set(wild):
            # its patterns need no more time for a text made to be hard
            yield Shape(start, None if rest == "*" else re.compile(fnmatch.translate(rest)))


def _exactly(term: Term, folded: str, wild: str) -> str | None:
    """What the folded text holds wherever the term is in it, for terms of which the words alone don't tell."""
    if isinstance(term, Tag):
        return f"(?<![{LETTERS}])#{_body(folded, wild)}(?!{_ANY_LETTER})"
    if isinstance(term, Handle):
        # some places write an account as u/name
        return f"(?<![{LETTERS}])(?:@|u/){_body(folded, wild)}(?![{LETTERS}_])"
    plain = "".join(character for character in folded if character not in wild)
    if WORD.search(plain):
        if not (_SIGN.search(plain) or _GLUED.search(plain) or re.search(f"[{NO_SPACES}]", plain)):
            return None
        folded = folded.rstrip(".,:;")
        if re.search(f"[{NO_SPACES}]", plain):
            folded = folded.strip(wild)
    return _before(folded) + _body(folded, wild) + _after(folded[-1])


def _body(folded: str, wild: str) -> str:
    """The term itself as a regular expression. What has matched up to one wildcard is not tried again for the next, and
    a wildcard stops somewhere: so the time grows with the text, and no faster.
    """
    pieces = [
        "".join(
            r"\s+" if character == " " else _ANY_LETTER if character == "?" and "?" in wild else re.escape(character)
            for character in piece
        )
        for piece in (folded.split("*") if "*" in wild else [folded])
    ]
    letters = f"{_ANY_LETTER}{{0,{_MOST_LETTERS}}}"
    middle = "".join(f"(?>{letters}?{piece})" for piece in pieces[1:-1])
    return pieces[0] + middle + (letters + pieces[-1] if len(pieces) > 1 else "")


def _before(folded: str) -> str:
    """What must not stand before the term."""
    if re.match(f"[{_FLAG_LETTERS}]", folded):
        # two letters make a flag; a flag does not begin in the middle of another
        return f"(?<![{_FLAG_LETTERS}])(?:[{_FLAG_LETTERS}]{{2}})*?"
    if re.match(f"[{HANGUL}]", folded):
        return f"(?<![{HANGUL}])"
    if re.match(f"[{LETTERS}_.,:;&@#]", folded) and WORD.search(folded):
        return f"(?<![{LETTERS}])"
    return "" if re.match(f"[{NO_SPACES}]", folded) else "(?<!\u200d)"


def _after(last: str) -> str:
    """What must not stand behind the term."""
    if re.match(f"[{HANGUL}]", last):
        return f"{_ENDINGS}(?![{HANGUL}])"
    if re.match(f"[{LETTERS}_]", last):
        return f"(?![{LETTERS}])"
    # a syllable goes on with its vowel marks, an emoji with the joiner behind its skin tone
    return f"(?![{MARKS}])" if re.match(f"[{NO_SPACES}]", last) else "(?![\U0001f3fb-\U0001f3ff]?\u200d)"
