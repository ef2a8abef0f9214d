"""What words beside a date mean: months, weekdays, halves of the day, zones and words that only join the others.

English and the abbreviations of zones stand here. All other languages come from CLDR by way of Babel, once in a process
and only if a text has a word that isn't English.
"""

import functools
import itertools
import pickle
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from babel import localedata


class Meaning(NamedTuple):
    """One thing that a word may stand for."""

    kind: Literal["month", "weekday", "hours", "zone", "joint"]
    value: Any = None
    """1 to 12, 0 (Monday) to 6, seconds of the day from and to, an abbreviation of a zone, nothing."""


Phrase = tuple[str, ...]
Vocabulary = dict[Phrase, dict[str, set[Meaning]]]
"""The languages that have a phrase, and what it means in each."""
MOST_WORDS = 12
MOST_WAYS = 4096
LONGEST_PHRASE = 8

JOINT = Meaning("joint")
MORNING, AFTERNOON = Meaning("hours", (0, 43_200)), Meaning("hours", (43_200, 86_400))

ZONES = {
    **dict.fromkeys(("utc", "gmt", "ut", "z", "wet"), 0),
    **dict.fromkeys(("cet", "mez", "met", "west", "wat", "bst"), 60),
    **dict.fromkeys(("cest", "mesz", "mest", "eet", "cat", "sast"), 120),
    **dict.fromkeys(("eest", "msk", "eat"), 180),
    **{"pkt": 300, "wib": 420, "wita": 480, "awst": 480, "hkt": 480, "sgt": 480, "jst": 540, "kst": 540, "wit": 540},
    **{"acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "brt": -180},
    **{"nst": -210, "ndt": -150, "ast": -240, "adt": -180, "est": -300, "edt": -240, "mst": -420, "mdt": -360},
    **{"pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600},
}
"""Minutes east of UTC, where an abbreviation has one meaning in the time zone database or in RFC 2822."""
ZONES_IN_MAIL = {"cst": -360, "cdt": -300}
"""What RFC 2822 gives one meaning, and the world several (China, Cuba)."""
SHARED_ZONES = {"ist", *ZONES_IN_MAIL}


_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"


def _english() -> dict[Phrase, set[Meaning]]:
    words: dict[Phrase, set[Meaning]] = defaultdict(set)
    for number, name in enumerate(_MONTHS.split(), start=1):
        words[(name,)] = words[(name[:3],)] = {Meaning("month", number)}
    words[("sept",)] = {Meaning("month", 9)}
    for number, name in enumerate(_DAYS.split()):
        for length in (3, 4, 5, len(name)):
            words[(name[:length],)] = {Meaning("weekday", number)}
    for letter, hours in (("a", MORNING), ("p", AFTERNOON)):
        words[(letter,)] = words[(letter + "m",)] = words[(letter, "m")] = {hours}
    for joint in ("at", "on", "of", "the", "st", "nd", "rd", "th", "t"):
        words[(joint,)] = {JOINT}
    for zone in (*ZONES, *SHARED_ZONES):
        words[(zone,)].add(Meaning("zone", zone))
    return dict(words)


ENGLISH = _english()

_WELL_COVERED = """
af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gd gl gu ha he hi hr hsb hu hy id ig is it
ja ka kk km kn ko kok ky lo lt lv mk ml mn mr ms my nb ne nl nn no or pa pl ps pt qu ro ru sc sd si sk sl so sq sr sv
sw ta te th tk to tr uk ur uz vi yo yue zh zu
"""
"""Languages of CLDR's modern coverage. They come first: short names of the others would make most dates doubtful."""

_MORE_MONTHS = {"de": {"mrz": 3, "maerz": 3, "jaen": 1, "jaenner": 1}, "fi": {"maa": 3}, "nl": {"mrt": 3}}
"""In use, and not in CLDR any more."""
_MORE_JOINTS = {
    "cs": "v ve hod dne", "da": "kl d den klokken", "de": "um uhr den der h", "el": "στις",
    "es": "a las la de del el h hs",
    "fi": "klo kello", "fr": "à a le du er h", "id": "pukul jam", "it": "alle ore il del h", "nb": "kl den",
    "nl": "om uur", "pl": "o r godz dnia", "pt": "às as à de do h", "ro": "ora la", "ru": "в г года ч",
    "sv": "kl den klockan",
    "th": "ค.ศ เวลา น ที่", "tr": "saat", "uk": "о р року", "vi": "ngày năm lúc",
}  # fmt: skip
_WORD = re.compile(r"[^\s\d.,/:;()|@\-]+")


def plain(text: str) -> str:
    """The text with plain digits, dashes and spaces, and without case."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
        if not text.isascii():
            text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    return " ".join(text.casefold().split())


_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2019\u02bc\u2018`", "'"),
        **dict.fromkeys("\u200e\u200f\u061c\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"),  # marks of direction
        "\u060c": ",",
    }
)


@functools.lru_cache(maxsize=8192)
def meanings(runs: tuple[Phrase, ...], likelihood: int) -> tuple[tuple[Meaning, ...], ...]:
    """All that words may mean together, from likelihood 0, English, down to `LIKELIHOODS` - 1.

    `runs` are words that only space, dots and hyphens stand between. Nothing comes out where a word is not known.
    """
    if sum(map(len, runs)) > MOST_WORDS:
        return ()
    if likelihood == 0:
        return _readings(runs, lambda phrase: ENGLISH.get(phrase, set()))
    which, is_cut, is_mixed = _BEYOND_ENGLISH[likelihood - 1]
    vocabulary = _vocabularies(which)[is_cut]

    def in_any(phrase: Phrase) -> set[Meaning]:
        return ENGLISH.get(phrase, set()).union(*vocabulary.get(phrase, {}).values())

    if is_mixed:
        return _readings(runs, in_any)
    found: set[tuple[Meaning, ...]] = set()
    for language in set().union(*(vocabulary.get(phrase, {}) for run in runs for phrase in _phrases(run))):

        def in_one(phrase: Phrase, language: str = language) -> set[Meaning]:
            return vocabulary.get(phrase, {}).get(language, set()) | _zone(phrase)

        found.update(_readings(runs, in_one))
    return tuple(found)


_BEYOND_ENGLISH = (
    ("well covered", False, False),
    ("well covered", False, True),
    ("all", False, False),
    ("all", False, True),
    ("well covered", True, True),
)
"""Which languages, whether names may be cut to three letters, and whether one text may mix languages."""
LIKELIHOODS = 1 + len(_BEYOND_ENGLISH)


def _zone(phrase: Phrase) -> set[Meaning]:
    return {meaning for meaning in ENGLISH.get(phrase, ()) if meaning.kind == "zone"}


_LEVELS = (
    ("well covered", False, False),
    ("well covered", False, True),
    ("all", False, False),
    ("all", False, True),
    ("well covered", True, True),
)
"""Which languages, whether names are cut to three letters, and whether languages are mixed in one text."""


def _phrases(run: Phrase) -> Iterator[Phrase]:
    for start in range(len(run)):
        for end in range(start + 1, min(len(run), start + LONGEST_PHRASE) + 1):
            yield run[start:end]


def _readings(runs: tuple[Phrase, ...], known: Callable[[Phrase], set[Meaning]]) -> tuple[tuple[Meaning, ...], ...]:
    """All that the runs may mean, without what only joins; nothing where one of their words means nothing."""
    ways = itertools.islice(itertools.product(*(_split(run, known) for run in runs)), MOST_WAYS)
    return tuple({tuple(one for part in way for one in part if one != JOINT) for way in ways})


def _split(run: Phrase, known: Callable[[Phrase], set[Meaning]]) -> list[tuple[Meaning, ...]]:
    if not run:
        return [()]
    return [
        (meaning, *rest)
        for length in range(1, min(len(run), LONGEST_PHRASE) + 1)
        for meaning in known(run[:length])
        for rest in _split(run[length:], known)
    ]


_NAMED_PARTS: tuple[tuple[Literal["month", "weekday"], str, str], ...] = (
    ("month", "months", "ML"),
    ("weekday", "days", "Ec"),
)
"""The sections of Babel's data, and the letters that stand for them in its patterns."""


# CLDR -------------------------------------------------------------------------------------------------


@functools.cache
def _vocabularies(which: str) -> tuple[Vocabulary, Vocabulary]:
    """The names of the languages, and the same with those of months and weekdays cut to three letters."""
    names = localedata.locale_identifiers()
    if which == "well covered":
        names = [name for name in names if name.split("_")[0] in _WELL_COVERED.split()]
    whole: Vocabulary = {}
    cut: Vocabulary = {}
    for name in names:
        language = name.split("_")[0]
        for phrase, meaning in _names_of(name, language):
            for written in {phrase, tuple(map(_folded, phrase))}:
                for words in (whole, cut):
                    words.setdefault(written, {}).setdefault(language, set()).add(meaning)
            if meaning.kind in {"month", "weekday"}:
                cut.setdefault((_folded(phrase[0])[:3],), {}).setdefault(language, set()).add(meaning)
    return whole, cut


def _folded(word: str) -> str:
    """The word without accents, where that leaves plain letters."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))
    return bare if bare.isascii() else word


def _names_of(name: str, language: str) -> Iterator[tuple[Phrase, Meaning]]:
    # Babel's own reader would keep a hundred megabytes of what isn't asked for
    locale = pickle.loads(Path(localedata.resolve_locale_filename(name)).read_bytes())  # noqa: S301 - Babel's own files
    found: list[tuple[str, Meaning]] = []
    patterns = list(_patterns(locale))
    for kind, section, letters in _NAMED_PARTS:
        before, after = _attached(patterns, letters)
        for number, word in _entries(locale.get(section), ("abbreviated", "wide")):
            found += [(start + word + end, Meaning(kind, number)) for start in before for end in after]
    hours = {"am": MORNING.value, "pm": AFTERNOON.value} | dict(_hours(locale.get("day_period_rules") or {}))
    for period, word in _entries(locale.get("day_periods"), ("abbreviated", "wide")):
        if period in hours and (len(word) > 1 or not word.isascii()):
            found.append((word, Meaning("hours", hours[period])))
    found += [(word, JOINT) for pattern in patterns for word in _LITERAL.findall(pattern)]
    if name == language:
        found += [(word, Meaning("month", number)) for word, number in _MORE_MONTHS.get(language, {}).items()]
        found += [(word, JOINT) for word in _MORE_JOINTS.get(language, "").split()]
    for word, meaning in found:
        written = plain(word)
        if not any(sign.isdigit() for sign in written) and (phrase := tuple(_WORD.findall(written))):
            yield phrase, meaning


def _entries(section: Any, widths: Iterable[str]) -> Iterator[tuple[Any, str]]:
    for form in ("format", "stand-alone"):
        for width in widths:
            names = section.get(form, {}).get(width) if isinstance(section, dict) else None
            if isinstance(names, dict):  # else it says that it is as another
                yield from names.items()


def _hours(rules: dict[Any, Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Seconds of the day that a language calls morning, evening and so on."""
    for period, spans in rules.get(None, {}).items():
        for span in spans:
            if "from" in span and "before" in span:
                yield period, (span["from"], span["before"])


def _patterns(locale: dict[str, Any]) -> Iterator[str]:
    """How the language writes dates and times, its own words in quotes: `d 'de' MMMM 'de' y`."""
    for section in ("date_formats", "time_formats", "datetime_formats"):
        formats = locale.get(section)
        for form in formats.values() if isinstance(formats, dict) else ():
            pattern = getattr(form, "pattern", form)
            if isinstance(pattern, str):
                yield re.sub(r"(?<!')([^\W\d_a-zA-Z]+)(?!')", r"'\1'", pattern.replace("''", ""))


_LITERAL = re.compile(r"'([^']+)'")


def _attached(patterns: list[str], letters: str) -> tuple[set[str], set[str]]:
    """What the language writes right before and behind a name, nothing included, as the Hebrew for "in" is."""
    before, after = {""}, {""}
    for pattern in patterns:
        before.update(re.findall(rf"'(\w+)'(?:[{letters}]){{3}}", pattern))
        after.update(re.findall(rf"(?:[{letters}]){{3}}'(\S+?)'", pattern))
    return before, after
