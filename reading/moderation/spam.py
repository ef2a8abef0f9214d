"""Spam, scams and self-promotion, told by signs whose weights are added up, so that each flag says why.

The weights, in `spam_signs.toml`, are log-odds set by people and learned from nothing: the probability is the logistic
function of their sum.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass
from functools import cache
from math import exp, log2
from pathlib import Path
from typing import NamedTuple

from query.words import WORD, ascii_words, fold
from reading.fingerprints import fingerprint
from reading.moderation import word_sets
from reading.moderation.flags import LEAST, Flag, Severity, listed
from reading.moderation.links import Link, links_in

FILE = Path(__file__).with_name("spam_signs.toml")
ENGINE = "spam signs"
ENGINE_VERSION = 2
FLAGS = ("spam", "scam", "promotion")
LONGEST = 1500
"""Characters that are read."""
START = -1.8
"""Log-odds of a post without any sign: 1 in 7."""
LIKELY_ENOUGH = 1.75
"""A text whose words allow for signs of less weight than this is spared the long look."""
SCAM_FROM = 2.0
"""What is spam and has signs of a scam of so much weight is one."""
LONG = 60
LENGTH_WEIGHT = 0.8
"""A long text says everything sooner or later: so much is taken off for each doubling of `LONG` words."""
_SEVERITY: dict[str, Severity] = {"spam": "low", "promotion": "low", "scam": "medium"}
ORDINARY_WEIGHT = -0.3
"""Who points to the documentation or the code speaks of the matter."""
MOST_TAGS = 6
_MARKUP = re.compile(r"<[/a-z][^<>]{0,300}>", re.IGNORECASE)
_NUMBER = re.compile(r"\d{3}")
_TAG = re.compile(r"(?<!\S)#\w")
_COMMON = word_sets.word_set("lexicon", "common")
_PICTURES = frozenset("💰🤑💵💸🚀🎁🔥👇👉📈💎✅💯🎉📲")
_LINK_WEIGHTS = {
    "shortener": ("spam", 0.5),
    "messenger": ("scam", 1.6),
    "cheap-ending": ("scam", 0.8),
    "referral": ("promotion", 1.2),
    "profile": ("promotion", 0.85),
    "bare-ip": ("scam", 1.6),
    "look-alike-letters": ("scam", 3.5),
}


@dataclass(frozen=True, eq=False, slots=True)
class Sign:
    """Something that spam says more often than other posts do."""

    name: str
    flag: str
    weight: float
    lines: int
    """One bit for each line of words."""
    pattern: re.Pattern[str] | None
    """None where its words are enough."""


class Signs(NamedTuple):
    """All signs, by the words that they are looked for at."""

    by_word: dict[str, tuple[tuple[Sign, int], ...]]
    """With the number of the line of words, as a bit."""
    first: dict[str, tuple[tuple[Sign, tuple[frozenset[str], ...]], ...]]
    """Words of the lines that the fewest texts will have a word of, each with its signs and their other lines."""
    version: str

    def possible(self, words: Iterable[str]) -> list[Sign]:
        """The signs that a text with these words may have."""
        lines: dict[Sign, int] = {}
        for word in self.by_word.keys() & words:
            for sign, line in self.by_word[word]:
                lines[sign] = lines.get(sign, 0) | line
        return [sign for sign, found in lines.items() if found == sign.lines]


@cache
def signs() -> Signs:
    """The signs that come with Earshot."""
    text = FILE.read_text(encoding="utf-8")
    told = tomllib.loads(text)
    by_word: dict[str, list[tuple[Sign, int]]] = {}
    first: dict[str, list[tuple[Sign, tuple[frozenset[str], ...]]]] = {}
    for entry in told["sign"]:
        patterns = [_filled(pattern, told["parts"]) for pattern in entry.get("any", ())]
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?![^\W\d_]|'t\b)") if patterns else None
        sign = Sign(entry["name"], entry["kind"], entry["weight"], 2 ** len(entry["words"]) - 1, pattern)
        lines = [frozenset(line.split()) for line in entry["words"]]
        for number, line in enumerate(lines):
            for word in line:
                by_word.setdefault(word, []).append((sign, 1 << number))
        # whether there is a currency or a number is cheaper to ask later
        asked = [line for number, line in enumerate(lines) if number == 0 or line.isdisjoint(("$", "0"))]
        rarest, *others = sorted(asked, key=lambda line: len(line & _COMMON))
        for word in rarest:
            if sign.weight > 0:
                first.setdefault(word, []).append((sign, tuple(others)))
    return Signs(
        {word: tuple(found) for word, found in by_word.items()},
        {word: tuple(found) for word, found in first.items()},
        fingerprint(text),
    )


def _filled(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return pattern


def version(domains: Collection[str] = ()) -> tuple[str, str]:
    """Engine and engine version; other domains of our own are another version."""
    told = f"{ENGINE_VERSION}, signs {fingerprint([signs().version, word_sets.version()])}"
    return ENGINE, f"{told}, domains {fingerprint(sorted(domains))}" if domains else told


def may_be(text: str, words: Set[str], hits: Iterable[str], has_link: bool, domains: Collection[str] = ()) -> bool:
    """Whether a text of these words is worth a look, of which the hits are such that a sign begins with."""
    first = signs().first
    if "$" in text or "£" in text or "€" in text:
        hits = (*hits, "$")
    possible: dict[Sign, float] = {}
    for hit in hits:
        for sign, others in first.get(hit, ()):
            for line in others:
                if line.isdisjoint(words):
                    break
            else:
                possible[sign] = sign.weight
    if sum(possible.values()) >= LIKELY_ENOUGH:
        return True
    return has_link and (bool(possible) or not all(_is_harmless(link, domains) for link in links_in(text[:LONGEST])))


def read(text: str, domains: Collection[str] = (), written: list[str] | None = None) -> list[Flag]:
    """At most one of spam, scam and promotion: the one that more speaks for. `domains` are our own; `written` are the
    folded words of the text where somebody has them already.
    """
    found = weigh(text, domains, written)
    probability = _logistic(START + sum(weight for _, _, weight in found))
    if probability < LEAST:
        return []
    sums = dict.fromkeys(("", *FLAGS), 0.0)
    for flag, _, weight in found:
        sums[flag] += weight
    flag = "scam" if sums["scam"] >= SCAM_FROM else max(("promotion", "spam"), key=lambda name: sums[name])
    return [Flag(flag, _SEVERITY[flag], round(probability, 3), listed(name for _, name, weight in found if weight > 0))]


def weigh(text: str, domains: Collection[str] = (), written: list[str] | None = None) -> list[tuple[str, str, float]]:
    """The signs of a text: the flag that each speaks for, its name, and its weight; none where they are not enough."""
    if "<" in text or len(text) > LONGEST:
        text, written = _MARKUP.sub(" ", text[:LONGEST]), None
    words = words_of(text, written)
    possible = signs().possible(words)
    links = links_in(text) if "." in text else []
    most = sum(max(sign.weight, 0.0) for sign in possible)
    if not links and most < LIKELY_ENOUGH:
        return []
    found = _linked(links, words, domains)
    length = LENGTH_WEIGHT * log2(max(len(words) / LONG, 1))
    most += START - length + sum(weight for _, _, weight in found) + 1e-9
    shown: list[tuple[str, str, float]] | None = None
    folded = ""
    for sign in sorted(possible, key=lambda sign: -sign.weight):
        if most < 0 and shown is None:
            shown = _shown(text, words)
            most += sum(weight for _, _, weight in shown)
        if most < 0:
            return []
        folded = folded or " ".join(fold(text).split())
        if sign.pattern is None or sign.pattern.search(folded):
            found.append((sign.flag, sign.name, sign.weight))
        else:
            most -= max(sign.weight, 0.0)
    if not found:
        return []
    found += _shown(text, words) if shown is None else shown
    if length:
        found.append(("", "a long text", -length))
    return sorted(found, key=lambda sign: (-sign[2], sign[1]))


def words_of(text: str, written: list[str] | None = None) -> list[str]:
    """The folded words of a text as `signs` have them: each currency is $, too, and each number 0."""
    if written is None:
        written = ascii_words(text) if text.isascii() and "_" not in text else WORD.findall(fold(text))
    words = [*written]
    if "$" in text or "£" in text or "€" in text:
        words.append("$")
    if _NUMBER.search(text):
        words.append("0")
    return words


def _linked(links: list[Link], words: list[str], domains: Collection[str]) -> list[tuple[str, str, float]]:
    links = [link for link in links if not any(_is_of(link.host, domain) for domain in domains)]
    if not links:
        return []
    strange = [link for link in links if not _is_harmless(link, domains)]
    if not strange:
        return [("spam", f"link to {links[0].host}", ORDINARY_WEIGHT)]
    is_address = any("://" in link.url or "/" in link.url or link.url.startswith("www.") for link in strange)
    found = [("spam", f"link to {strange[0].host}", 1.1 if is_address else 0.8)]
    if len(links) >= 3:
        found.append(("spam", f"{len(links)} links", 0.8))
    elsewhere = len(words) - sum(len(words_of(link.url)) for link in links)
    if elsewhere <= 3 and is_address:  # without one it is the name of a site or a product
        found.append(("spam", "hardly anything but a link", 0.75))
    for link in links:
        found.extend(
            (flag, f"{oddity}: {link.host}", weight)
            for oddity in link.oddities
            for flag, weight in [_LINK_WEIGHTS[oddity]]
        )
        if imitated := link.imitates(domains):
            found.append(("scam", f"{link.host} imitates {imitated}", 4.0))
        elif known := link.disguises():
            found.append(("scam", f"{link.host} looks like {known}", 2.5))
    return list({sign[1].split(":")[0]: sign for sign in found}.values())


def _is_harmless(link: Link, domains: Collection[str]) -> bool:
    return link.is_ordinary and not link.imitates(domains)


def _is_of(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _shown(text: str, words: list[str]) -> list[tuple[str, str, float]]:
    """How it looks: shouting, the same words again and again, a heap of tags or of pictures of money."""
    found = []
    if len(words) >= 4 and _is_shouted(text[:1000]):
        found.append(("spam", "capitals", 0.8))
    elif "FREE" in text:
        found.append(("spam", "FREE", 0.8))
    if text.count("!") >= 3:
        found.append(("spam", "exclamation marks", 0.7))
    if len(words) >= 10 and len(set(words)) < (0.5 if len(words) <= 100 else 0.2) * len(words):
        found.append(("spam", "the same words again and again", 1.0))
    if text.count("#") >= MOST_TAGS and len(tags := _TAG.findall(text)) >= MOST_TAGS:
        found.append(("promotion", f"{len(tags)} tags", 0.8))
    if not text.isascii() and len(_PICTURES.intersection(text)) >= 2:
        found.append(("spam", "pictures of money and rockets", 0.8))
    return found


def _is_shouted(text: str) -> bool:
    """Whether most letters are capitals."""
    if text.isascii():
        written = text.encode()
        capitals = len(written.translate(None, _NO_CAPITALS))
        return capitals > 0.6 * len(written.translate(None, _NO_LETTERS))
    letters = [*filter(str.isalpha, text)]
    return sum(map(str.isupper, letters)) > 0.6 * len(letters)


_NO_CAPITALS = bytes(code for code in range(128) if not chr(code).isupper())
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())


def _logistic(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds))
