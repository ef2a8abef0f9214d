"""The word that a writer means: masked, stretched, or written with signs and letters that only look alike."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain

from query.words import fold
from reading.moderation.word_sets import word_set

LONGEST = 40
"""Characters of a word; what is longer is none."""
_EDGES = "\"'.,!?():;*_~-[]{}<>/\\`“”„«»¿¡…&+=^"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_STRETCH = re.compile(r"([^\W\d_])\1+")
_STRETCHED = re.compile(r"([^\W\d_])\1\1|aa|ii|uu")
_MASKS = re.compile(r"[*#%&^~_.•·@$!+-]+")
_LETTER = re.compile(r"[^\W\d_]")

_CYRILLIC = dict(zip("авекмнорстухіјѕԁһѵ", "abekmhopctyxijsdhv", strict=True))
_GREEK = dict(zip("αβεηικμνορτυχ", "abenikuvoptux", strict=True))
_LOOK_ALIKE = str.maketrans(_CYRILLIC | _GREEK)
_FIGURES = tuple(str.maketrans(dict(zip("03457@$!|€+1", f"oeastasiiet{one}", strict=True))) for one in "il")
_FIGURE = re.compile(r"[03457@$!|€+1]")
_MASKED = sorted(word_set("spelling", "masked"))
"""Words that people mask; others with a star in them are anything."""
_FIRST_LETTER_ONLY = {("f", 4): "fuck", ("s", 4): "shit", ("b", 5): "bitch", ("c", 4): "cunt", ("n", 6): "nigger"}


def meant(token: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """The folded words of what stands between two spaces; a spelling that nobody `knows` is left as it is.

    Links have no words, and neither have @names.
    """
    if token.isascii() and "*" not in token and (plain := token.strip(_EDGES)).isalpha() and len(plain) <= LONGEST:
        return (_unstretched(plain.lower(), knows),)
    if len(token) > LONGEST or "://" in token:
        return ()
    folded = fold(token)
    words = _WORD.findall(folded)
    core = folded.strip(_EDGES)
    if "*" not in token and len(words) == 1 and core == words[0] and core.isascii() and not _FIGURE.search(core):
        return tuple(_unstretched(part, knows) for part in _parts(core, knows))
    if core.endswith("'s"):
        core = core[:-2]
    if not knows(core):
        starred = folded.strip(_EDGES.replace("*", "")) if "*" in folded else core
        for candidate in chain(_plainer(core), _plainer(starred) if starred != core else ()):
            if knows(candidate):
                return (candidate,)
    if token[0] == "@":
        return ()
    return tuple(_unstretched(part, knows) for word in words for part in _parts(word, knows))


def _parts(word: str, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """A word, or what it is run together of where that is known: d'abrutis."""
    short, _, known = word.partition("'")
    return (short, known) if known and len(short) <= 2 and knows(known) and not knows(word) else (word,)


def _unstretched(word: str, knows: Callable[[str], bool]) -> str:
    """The known word that is drawn out: "stuuupid"."""
    if not _STRETCHED.search(word) or knows(word):
        return word
    return next((short for short in (_STRETCH.sub(r"\1\1", word), _STRETCH.sub(r"\1", word)) if knows(short)), word)


def _plainer(core: str) -> Iterator[str]:
    """What a word may have been before it was disguised, the likeliest first."""
    if not core.isascii():
        bare = "".join(sign for sign in unicodedata.normalize("NFKD", core) if not unicodedata.combining(sign))
        core = bare.translate(_LOOK_ALIKE) if re.search("[a-z]", bare) else bare
        yield core
    if _FIGURE.search(core) and sum(map(str.isdigit, core)) <= len(_LETTER.findall(core)) + 1:
        for figures in _FIGURES:
            yield core.translate(figures)
            yield _STRETCH.sub(r"\1", core.translate(figures))
    parts = _MASKS.split(core)
    if len(parts) > 1:
        if len(parts) > 2 and all(len(part) == 1 for part in parts):
            yield "".join(parts)
        yield from _unmasked(core, parts)


def _unmasked(core: str, parts: list[str]) -> Iterator[str]:
    """Words that people mask, where the letters that are left show them."""
    shown = sum(map(len, parts))
    stars = core.count("*")
    if shown == 1 and stars >= 3 and (word := _FIRST_LETTER_ONLY.get((core[0], len(core)))):
        yield word
    hidden = len(core) - shown
    if shown < 2 or not parts[0] or (hidden > 1 and not stars and not re.search("[#%&@$]", core)):
        return
    for word in _MASKED:
        if abs(len(word) - len(core)) <= (1 if stars > 1 else 0) and _shows(word, parts):
            yield word


def _shows(word: str, parts: list[str]) -> bool:
    at = len(parts[0])
    if not word.startswith(parts[0]) or not word.endswith(parts[-1]):
        return False
    for part in parts[1:-1]:
        at = word.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return at <= len(word) - len(parts[-1])
