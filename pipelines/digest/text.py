"""Strangers' text made harmless: cleaned, shortened, linked only where a link is one, escaped for Markdown.

HTML needs no function of its own: the templates escape everything (Jinja's autoescape).
"""

import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb\ufffe\uffff]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_STACKED_MARKS = 3
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~&$])")
_WORD_JOINER = "\u2060"


def clean(text: str) -> str:
    """One line of valid UTF-8 without control characters, bidi overrides, isolates and towers of accents.

    Marks that spelling needs (joiners, left-to-right and right-to-left marks) stay.
    """
    text = _SURROGATES.sub("\ufffd", text)
    text = _LINE_ENDS.sub(" ", text)
    text = _BIDI_CONTROLS.sub("", _CONTROLS.sub("", text))
    if not text.isascii():
        text = _without_towers(text)
    return " ".join(text.split())


def shorten(text: str, length: int) -> tuple[str, bool]:
    """At most `length` characters, cut between words and ended with …, and whether anything was cut."""
    if len(text) <= length:
        return text, False
    start = text[:length]
    at_word, _, _ = start.rpartition(" ")
    if len(at_word) < length * 0.6:
        at_word = start
    while at_word and unicodedata.category(text[len(at_word)]) in {"Mn", "Me", "Cf"}:
        at_word = at_word[:-1]
    return at_word.rstrip(" .,;:–—-\u200d") + "…", True


def passage(text: str, length: int, terms: Sequence[str] = ()) -> tuple[str, bool]:
    """`shorten`, but where the first of `terms` stands further back, from the sentence around it on."""
    lowered = text.lower()
    places = [place for term in terms if term and (place := lowered.find(term.lower())) >= 0]
    if len(text) <= length or not places or min(places) < length * 0.8:
        return shorten(text, length)
    place = min(places)
    earliest = max(place - length // 2, 0)
    ends = [match.end() for match in re.finditer(r"[.!?…]\s+", text[earliest:place])]
    start = earliest + (ends[-1] if ends else text[earliest:place].find(" ") + 1)
    return "… " + shorten(text[start:], length)[0], True


def safe_url(url: str | None) -> str | None:
    """The address if it is plain http or https with a host and without a user name, in ASCII; else None."""
    if not url or len(url) > 2000 or re.search("[\x00-\x20\x7f-\x9f\\\\]", url):
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            return None
        parts.netloc.encode("ascii")
        _ = parts.port
        return quote(url, safe="%/:?#[]@!$&*+,;=-._~")
    except ValueError:
        return None


def markdown(text: str | None) -> str:
    """The text as Markdown shows it literally: no link, image, HTML, heading, list, table, mention or reference."""
    if text is None:
        return "–"
    text = clean(text)
    text = re.sub(r"(?i)\b(www)\.", rf"\1{_WORD_JOINER}.", text.replace("://", f":{_WORD_JOINER}//"))
    text = re.sub(r"([@#])(?=\S)", rf"\1{_WORD_JOINER}", text)
    text = _MARKDOWN.sub(r"\\\1", text)
    return re.sub(r"^(\d{1,9})(?=[.)])|^(?=[-+=#:])", r"\1\\", text)


def language_tag(lang: str | None) -> str | None:
    """The code if it can stand in a `lang` attribute."""
    return lang if lang and re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", lang) else None


def _without_towers(text: str) -> str:
    kept: list[str] = []
    height = 0
    for character in text:
        height = height + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if height <= _STACKED_MARKS:
            kept.append(character)
    return "".join(kept)
