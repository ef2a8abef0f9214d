"""The words of a text, in every script, and the form in which two spellings of one word are the same."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple

TYPOGRAPHIC = (
    ("’", "'"),
    ("‘", "'"),
    ("ʼ", "'"),
    ("ʻ", "'"),
    ("“", '"'),
    ("”", '"'),
    ("„", '"'),
    ("‐", "-"),
    ("‑", "-"),
)
"""Signs that people, telephones and word processors write differently."""


def fold(text: str) -> str:
    """The text without differences that no reader means: case, width, composed or not, typographic or straight.

    NFKC and case folding of Unicode, with what they leave to do: Turkish İ and ı become i, as a capital I may be
    either; invisible characters go (soft hyphen, zero-width space and joiner, direction marks, variation selectors),
    and so do the optional vowel marks of Arabic and Hebrew. Accents stay, and so do the joiners inside an emoji.
    """
    if text.isascii():
        return text.lower()
    for written, plain in TYPOGRAPHIC:
        text = text.replace(written, plain)
    if text.isascii():
        return text.lower()
    # NFKC spells ™ and ℠ out as letters, which would then belong to the word before
    text = text.replace("™", " ").replace("℠", " ")
    text = unicodedata.normalize("NFKC", text).casefold()
    return _IGNORED.sub("", text).replace("i\u0307", "i").replace("ı", "i")


class Words(NamedTuple):
    """The words of a text as they are compared."""

    folded: str
    """The text; see `fold`."""
    in_order: list[str]
    distinct: set[str]


def words_of(text: str) -> Words:
    """A text as whatever looks for words in it gets it, so that it is cut once for all of them."""
    folded = fold(text)
    written = ascii_words(text) if text.isascii() and "_" not in text else WORD.findall(folded)
    return Words(folded, written, set(written))


def ascii_words(text: str) -> list[str]:
    """What `WORD` finds in ASCII text without underscores once it is folded, in a fifth of the time."""
    return text.encode().translate(_ASCII_WORDS).decode().split()


# Character classes, as they stand between [ and ] of a regular expression ------------------------------


def _class_of(belongs: Callable[[str], bool], blocks: Iterable[tuple[int, int]]) -> str:
    ranges: list[list[int]] = []
    for first, last in blocks:
        for code in range(first, last + 1):
            if belongs(chr(code)):
                if ranges and ranges[-1][1] == code - 1:
                    ranges[-1][1] = code
                else:
                    ranges.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc"}


def _in_word(character: str) -> bool:
    # \w lacks the marks, and with them the vowels of many Indian scripts
    return character.isalnum() or _is_mark(character)


_BLOCKS_WITHOUT_SPACES = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai, Lao; Burmese; Khmer
    *((0x3005, 0x3007), (0x3040, 0x312F), (0x31A0, 0x31FF)),  # Japanese kana, Bopomofo
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAA60, 0xAA7F), (0xF900, 0xFAFF)),  # Chinese characters; Burmese
)
_HANGUL_BLOCKS = ((0x1100, 0x11FF), (0x3131, 0x318E), (0xA960, 0xA97F), (0xAC00, 0xD7FF))
_APART = frozenset(
    chr(code) for first, last in (*_BLOCKS_WITHOUT_SPACES, *_HANGUL_BLOCKS) for code in range(first, last + 1)
)

NO_SPACES = _class_of(_in_word, _BLOCKS_WITHOUT_SPACES) + "\U00020000-\U000323af"
"""Letters of scripts that are written without spaces between words."""
HANGUL = _class_of(_in_word, _HANGUL_BLOCKS)
# All letters beyond the first 65,536 characters are taken by the block: there, signs and emoji keep to their own.
LETTERS = (
    _class_of(lambda character: character not in _APART and _in_word(character), [(0x30, 0xFFFF)])
    + "\U00010000-\U0001cfff\U0001e000-\U0001efff"
)
"""Letters, digits and marks of all other scripts."""
MARKS = _class_of(_is_mark, [(0x300, 0xFFFF)])

WORD = re.compile(f"[{LETTERS}](?:[{LETTERS}_]*[{LETTERS}])?|[{NO_SPACES}]|[{HANGUL}]+")
"""The words of a folded text, in order. A character of a script without spaces is a word of its own, Korean parts from
other letters that it stands beside, and the underscores around a word are none of it.
"""

_ASCII_WORDS = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))

_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\u0640\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
    "|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"  # a joiner before an emoji makes one picture of two
)
