"""Links in a text, and what is odd about where they lead."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from query.words import fold
from reading.moderation.word_sets import word_set

MOST = 50
"""Links of a text that are looked at."""
SHORTENERS = word_set("links", "shorteners")
MESSENGERS = word_set("links", "messengers")
CHEAP_ENDINGS = word_set("links", "cheap_endings")
"""Endings under which far more spam than anything else is sent, as blocklists count it."""
IMITATED = word_set("links", "imitated")
"""Domains whose names scams use."""
_ASKING = re.compile("|".join(sorted(word_set("links", "asking"))))
ORDINARY = word_set("links", "ordinary")
"""Hosts that people point to for reference; so are those of schools and governments."""
_PUBLIC = re.compile(
    r"(?:^|\.)(?:edu|gov|mil|int|ac|gob|gouv)(?:\.[a-z]{2})?$|^(?:docs?|developers?|wiki|api|help|support)\."
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'()\[\]{}]{1,500}", re.IGNORECASE)
_ENDINGS = (
    r"\.(?:com|net|org|info|biz|io|co|ly|me|tv|gg|xyz|top|click|shop|online|site|ru|de|fr|es|it|pt|br|uk|eu|app|link)"
)
_ENDING = re.compile(rf"{_ENDINGS}(?![\w@.-])", re.IGNORECASE)
"""Quick to look for, as it begins with the dot."""
_BARE = re.compile(
    rf"(?<![\w@./-])[a-z0-9-]{{2,40}}(?:\.[a-z0-9-]{{2,30}}){{0,2}}{_ENDINGS}(?:/[^\s<>\"'()]{{0,300}})?(?![\w@.-])",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:https?://)?(?:[^/@\s]{0,100}@)?([^/:?#\s]+)", re.IGNORECASE)
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_REFERRAL = re.compile(
    r"[?&](?:ref|referral|aff|affiliate|affid|invite|referrer|partner|tag)=[\w-]|/(?:ref|referral|invite)/\w",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[a-z]")
_PROFILE = re.compile(
    r"(?:youtube\.com/(?:user|channel|c|playlist|@)|facebook\.com/\w|instagram\.com/\w|twitch\.tv/|soundcloud\.com/|"
    r"etsy\.com/(?:shop|listing)|gofundme\.com/|kickstarter\.com/|indiegogo\.com/|patreon\.com/|onlyfans\.com/|"
    r"paypal\.me/|ebay\.\w|tiktok\.com/@|linktr\.ee/|play\.google\.com/store|apps\.apple\.com/|itunes\.apple\.com/|spotify\.com/|bandcamp\.com|"
    r"redbubble\.com|amzn\.to/|ask\.fm/|vk\.com/)",
    re.IGNORECASE,
)
"""Pages of people, channels and shops."""
_FILE = re.compile(
    r"/[^/?#\s]+\.(?:png|jpe?g|gif|webp|svg|mp4|txt|md|log|diff|patch|c|h|py|rs|go|zig|js|sh|json|pdf)(?:[?#]|$)"
)
"""Something to look at, and no page that wants something."""
_SWAPS = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "-": None})


class Link(NamedTuple):
    """A link as it stands in a text, and the host it leads to."""

    url: str
    host: str

    @property
    def is_ordinary(self) -> bool:
        """Whether the host is one that people point to for reference."""
        parts = self.host.split(".")
        domains = {".".join(parts[-2:]), ".".join(parts[-3:])}
        return (
            not ORDINARY.isdisjoint(domains)
            or _PUBLIC.search(self.host) is not None
            or (_FILE.search(self.url) is not None and not self.oddities)
        )

    @property
    def oddities(self) -> list[str]:
        """What speaks against the link.

        One of shortener, messenger, cheap-ending, profile, referral, bare-ip and look-alike-letters, or several.
        """
        found = []
        domain = ".".join(self.host.split(".")[-2:])
        if self.host in SHORTENERS or domain in SHORTENERS:
            found.append("shortener")
        if self.host in MESSENGERS:
            found.append("messenger")
        if self.host.rpartition(".")[2] in CHEAP_ENDINGS:
            found.append("cheap-ending")
        if _PROFILE.search(self.url):
            found.append("profile")
        if _REFERRAL.search(self.url):
            found.append("referral")
        if _IP.fullmatch(self.host) and not self.host.startswith(("10.", "127.", "192.168.", "172.", "0.")):
            found.append("bare-ip")
        if (
            self.host.startswith("xn--")
            or ".xn--" in self.host
            or (not self.host.isascii() and _LATIN.search(self.host))
        ):
            found.append("look-alike-letters")
        return found

    def disguises(self) -> str | None:
        """The well-known domain that the host is made to look like, by its letters or by what it asks for."""
        parts = self.host.split(".")
        if self.is_ordinary or not IMITATED.isdisjoint((".".join(parts[-2:]), ".".join(parts[-3:]))):
            return None
        for part in self.host.rpartition(".")[0].replace("-", ".").split("."):
            name, known = _LOOKS.get(_look(part), ("", ""))
            if known and (part != name or _ASKING.search(self.host.replace(name, ""))):
                return known
        return None

    def imitates(self, domains: Iterable[str]) -> str | None:
        """The domain that the host tries to be taken for: "wren-tea.example.top", "wr3n.example" for wren.example."""
        for domain in domains:
            if self.host == domain or self.host.endswith(f".{domain}"):
                return None
        plain = _plain(self.host)
        for domain in domains:
            name = _plain(domain.rpartition(".")[0])
            if len(name) >= 4 and any(_close(part, name) for part in plain.split(".")[:-1]):
                return domain
        return None


def links_in(text: str) -> list[Link]:
    """The links of a text, in order, each once; those without http or www, too."""
    urls = _LINK.findall(text) if "://" in text or "www." in text.lower() else []
    others = _LINK.sub(" ", text) if urls else text
    if _ENDING.search(others):
        urls += _BARE.findall(others)
    links: dict[str, Link] = {}
    for url in urls[:MOST]:
        url = url.rstrip(".,!?;:…")
        host = _HOST.match(url)
        if host:
            name = fold(host[1]).removeprefix("www.").rstrip(".")
            links.setdefault(url, Link(url, name))
    return list(links.values())


def _look(part: str) -> str:
    return part.translate(_SWAPS).replace("rn", "m").replace("vv", "w")


_LOOKS = {_look(known.partition(".")[0]): (known.partition(".")[0], known) for known in sorted(IMITATED)}


def _plain(host: str) -> str:
    return host.translate(_SWAPS)


def _close(part: str, name: str) -> bool:
    """Whether part of a host is a name with something put before or behind it, or with one letter changed."""
    if len(name) >= 5 and name in part:
        return True
    return len(part) == len(name) and sum(one != other for one, other in zip(part, name, strict=True)) <= (
        len(name) >= 6
    )
