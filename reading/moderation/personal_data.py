"""Personal data that a post gives away: phone numbers, e-mail addresses, postal addresses, bank accounts, cards.

Numbers are believed where their plan or their check digits agree: phonenumbers (Google's libphonenumber) and
python-stdnum. What is found is told in such a way that the flag does not give it away again.
"""

import re
from collections.abc import Collection, Iterator
from importlib.metadata import version
from itertools import compress
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType
from stdnum import iban, luhn

from reading.moderation.flags import Flag, Severity, at_least_one, listed
from reading.moderation.word_sets import word_set

FLAG = "personal-data"
ENGINE = "personal data"
ENGINE_VERSION = f"2, phonenumbers {version('phonenumberslite')}, stdnum {version('python-stdnum')}"
LONGEST = 10_000
"""Characters that are read."""
MOST = 20
"""Of each kind that is looked at in a post."""
_REGIONS = {
    "en": ("US", "GB"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE"),
    "es": ("ES", "MX"),
    "pt": ("BR", "PT"),
    "it": ("IT",),
    "nl": ("NL", "BE"),
    None: ("US", "GB"),
}
"""Where a number without country code is likely to be from, by the language of the post."""
_NOBODYS = {
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
_ENDINGS = word_set("personal_data", "endings")
_BEFORE_NAMES = frozenset(("the", "this", "that", "a", "my", "our", "your"))
"""Words that are no domain: "at the dot com"."""
_SPELLED_DOTS = word_set("personal_data", "spelled_dots")
_ROLES = word_set("personal_data", "roles")
"""Mailboxes of an office and not of a person, and those of examples."""

_MAIL = re.compile(r"(?<![\w.+%-])([\w.+%-]{1,64})@((?:[\w-]{1,63}\.){1,5}[^\W\d_]{2,24})(?![\w@])")
_SPELLED_MAIL = re.compile(
    r"(?<![\w.+%-])([\w.+%-]{1,64}) ?(?:\((?:at|arroba|ät)\)|\[(?:at|arroba|ät)\]| at ) ?"
    r"((?:[\w-]{1,63} ?(?:\.|\((?:{dots})\)|\[(?:{dots})\]| (?:{dots}) ) ?){1,3}[^\W\d_]{2,24})(?![\w@])".replace(
        "{dots}", "|".join(sorted(word_set("personal_data", "spelled_dots")))
    ),
    re.IGNORECASE,
)
"""jana (at) post (dot) de"""
_DOT = re.compile(
    r" ?[(\[]?(?:{dots}|\.)[)\]]? ?".replace("{dots}", "|".join(sorted(word_set("personal_data", "spelled_dots"))))
)
_PHONE = re.compile(r"(?<![\w./@:=#-])(?:\+|00)?\(?\d(?:[ ().\-/\u00a0]{0,2}\d){6,14}(?![\w/@=])(?!\.\d)(?!-\d)")
_RUN = re.compile(r"\d(?:[ ().\-/\u00a0]{0,2}\d){6}")
"""Figures close enough together for the number of a phone or a card."""
_DATE = re.compile(
    r"(?:19|20)\d\d[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d|"
    r"\d{1,3}(?:\.\d{1,3}){3}|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d"
)
_ASKS_TO_CALL = re.compile(
    r"\b(?:call|phone|telephone|tel|mobile|cell|(?:text|txt|reach) (?:me|us|him|her|on|at)|sms|whats ?app|"
    r"ring|fax|telegram|"
    r"(?:my|his|her|their|our|phone|contact|mobile|cell) number|"
    r"telefon\w*|handy|anrufen|ruf|nummer|mobil|t[ée]l[ée]?phone|portable|appele\w*|num[ée]ro|tel[ée]fono|ll[aá]ma\w*|"
    r"m[oó]vil|celular|telefone|ligue|liga|cellulare|chiama\w*|numero)\b|📞|☎|📱|📲",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\w.-])(?:[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{3,4}|3[47]\d\d[ -]\d{6}[ -]\d{5})(?![\w-])")
_PAYS = re.compile(r"card|visa|amex|cvv|cvc|karte|tarjeta|carte|cart[ãa]o|carta", re.IGNORECASE)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_MAY_BE_IBAN = re.compile(r"[A-Z]{2}\d\d")

_STREETS = word_set("personal_data", "streets")
_NAME = r"[^\W\d_][\w'’.-]{1,30}"
_ADDRESSES = (
    # 12 High Street, London SW1A 1AA; 742 Evergreen Terrace, Springfield, OR 97403
    re.compile(
        rf"(?<![\w.$£€])\d{{1,5}}[a-z]? (?:{_NAME} ){{1,3}}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|court|ct|"
        r"boulevard|blvd|way|close|place|pl|terrace|square|crescent|highway|hwy|parkway|gardens|grove)\b\.?"
        r"(?P<rest>[^\n]{0,60}?\b(?:[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]{2}\.?,? \d{5}(?:-\d{4})?)\b)?",
        re.IGNORECASE,
    ),
    # Lindenstraße 12, 10969 Berlin; Hoofdstraat 5, 1234 AB Utrecht
    re.compile(
        r"(?<!\w)[^\W\d_][\w'’.-]{0,30}?(?: ?straße| ?strasse|str\.|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|"
        rf"gracht) \d{{1,4}} ?[a-z]?\b(?P<rest>,? *\n? *(?:D-)?(?:\d{{5}}|\d{{4}} ?[A-Z]{{2}}|\d{{4}}) {_NAME})?",
        re.IGNORECASE,
    ),
    # 12 bis, rue de la Paix, 75002 Paris
    re.compile(
        rf"\b\d{{1,4}}(?: ?bis| ?ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|route)"
        rf"(?: {_NAME}){{1,5}}(?P<rest>,? *\n? *\d{{5}} {_NAME})?",
        re.IGNORECASE,
    ),
    # Calle Mayor 5, 28013 Madrid; Via Roma 12, 00184 Roma; Rua das Flores, 12, 01234-567 São Paulo
    re.compile(
        rf"\b(?:calle|c/|avenida|avda\.?|plaza|paseo|via|viale|piazza|corso|rua|travessa|praça)"
        rf"(?: {_NAME}){{1,5}},? (?:n[º°.] ?)?\d{{1,5}}\b"
        rf"(?P<rest>[^\n]{{0,40}}?\b(?:\d{{5}}-\d{{3}}|\d{{4}}-\d{{3}}|\d{{5}})\b)?",
        re.IGNORECASE,
    ),
)
# What each kind of address has among its words or at the end of one: quick to look for.
_STREETS_LAST = (
    *("street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "court", "ct", "boulevard", "blvd"),
    *("way", "close", "place", "pl", "terrace", "square", "crescent", "highway", "hwy", "parkway", "gardens", "grove"),
)
_STREETS_BETWEEN = ("rue", "avenue", "boulevard", "place", "chemin", "impasse", "allée", "quai", "route")
_STREETS_FIRST = (
    *("calle", "c", "avenida", "avda", "plaza", "paseo", "via", "viale", "piazza", "corso", "rua", "travessa", "praça"),
)
_ENDS_OF_STREETS = (
    *("straße", "strasse", r"str\.", "weg", "platz", "allee", "gasse", "damm", "ufer", "straat", "laan", "plein"),
    "gracht",
)
_STREET_AND_NUMBER = re.compile(rf" (?=\d)(?:{'|'.join(f'(?<={end} )' for end in _ENDS_OF_STREETS)})", re.IGNORECASE)
_LIVES = re.compile(
    r"\b(?:lives?|living|reside[sd]?|home address|my address|his address|her address|their address|wohn\w*|"
    r"adresse|habite|vive|vivo|mora|moro|abit[ao]|indirizzo|direcci[oó]n|endereço)\b",
    re.IGNORECASE,
)


class _Found(NamedTuple):
    what: str
    masked: str
    probability: float
    severity: Severity


def read(text: str, words: set[str], lang: str | None, domains: Collection[str] = ()) -> list[Flag]:
    """One flag for all the personal data of a text of these folded words. E-mail addresses at `domains`, which are our
    own, are none.
    """
    text = text[:LONGEST]
    found = [*_mails(text, "at" in words and _may_spell_mail(text, words), domains), *_accounts(text)]
    if _RUN.search(text):
        found += [*_cards(text), *_phones(text, lang)]
    found += _addresses(text, words)
    if not found:
        return []
    severity: Severity = max((one.severity for one in found), key=("low", "medium", "high").index)
    probability = round(at_least_one(one.probability for one in found), 3)
    return [Flag(FLAG, severity, probability, listed(f"{one.what}: {one.masked}" for one in found))]


def may_have(text: str, words: set[str]) -> bool:
    """Whether a text is worth a look: it has figures enough, or the name of a street and some, or an e-mail address."""
    figures = len(text.encode(errors="ignore").translate(None, _NO_FIGURES))
    if figures >= FEWEST_FIGURES or (figures > 1 and not _STREETS.isdisjoint(words)):
        return True
    if figures >= FEWEST_OF_AN_ADDRESS and _STREET_AND_NUMBER.search(text):
        return True
    return has_at_inside(text) or ("at" in words and _may_spell_mail(text, words))


def _may_spell_mail(text: str, words: set[str]) -> bool:
    return not _SPELLED_DOTS.isdisjoint(words) or "(at)" in text or "[at]" in text


def has_at_inside(text: str) -> bool:
    """Whether there is an @ that begins no name."""
    at = text.count("@")
    return at > 0 and at > text.count(" @") + text.startswith("@")


FEWEST_OF_AN_ADDRESS = 5
"""A house and a postcode."""
FEWEST_FIGURES = 7
"""A text with fewer figures has no number to look for."""
_NO_FIGURES = bytes(code for code in range(256) if not 48 <= code <= 57)


def _mails(text: str, may_spell: bool, domains: Collection[str]) -> Iterator[_Found]:
    written = [(found[1], found[2]) for found in list(_MAIL.finditer(text))[:MOST]] if "@" in text else []
    if may_spell:
        spelled = [(found[1], _DOT.sub(".", found[2])) for found in list(_SPELLED_MAIL.finditer(text))[:MOST]]
        written += [
            (mailbox, domain) for mailbox, domain in spelled if domain.partition(".")[0].lower() not in _BEFORE_NAMES
        ]
    for mailbox, domain in (tuple(map(str.lower, one)) for one in written):
        is_own = any(domain == own or domain.endswith(f".{own}") for own in domains)
        is_example = domain.endswith((".example", ".invalid", ".test", ".local")) or domain.startswith("example.")
        is_no_mail = domain.rpartition(".")[2] not in _ENDINGS and len(domain.rpartition(".")[2]) > 2
        is_no_mail |= not any(map(str.isalpha, mailbox))
        if not is_own and not is_example and not is_no_mail and _ROLES.isdisjoint(re.split(r"[+._]", mailbox)):
            yield _Found("e-mail", f"{mailbox[0]}…@…{domain[domain.rindex('.') :]}", 0.95, "low")


def _accounts(text: str) -> Iterator[_Found]:
    for found in list(_IBAN.finditer(text))[:MOST] if _MAY_BE_IBAN.search(text) else ():
        if iban.is_valid(found[0]):
            yield _Found("bank account", f"{found[0][:4]} … {found[0][-2:]}", 0.95, "high")


def _cards(text: str) -> Iterator[_Found]:
    for found in list(_CARD.finditer(text))[:MOST]:
        digits = re.sub(r"\D", "", found[0])
        is_american_express = digits[:2] in ("34", "37")
        near = text[max(found.start() - 60, 0) : found.end() + 60]
        if len(digits) != (15 if is_american_express else 16) or (digits == found[0] and not _PAYS.search(near)):
            continue
        if luhn.is_valid(digits) and len(set(digits)) > 3:
            yield _Found("card", f"… {digits[-2:]}", 0.9 if len(digits) != len(found[0]) else 0.7, "high")


def _phones(text: str, lang: str | None) -> Iterator[_Found]:
    for found in list(_PHONE.finditer(text))[:MOST]:
        written = found[0]
        if _DATE.search(written) or _CARD.fullmatch(written):
            continue
        near = text[max(found.start() - 40, 0) : found.end() + 20]
        probability = _phone_probability(written, lang, bool(_ASKS_TO_CALL.search(near)))
        if probability:
            prefix = written[:3] if written.startswith("+") else ""
            yield _Found("phone", f"{prefix} … {re.sub(r'[^0-9]', '', written)[-2:]}".strip(), probability, "medium")


def _phone_probability(written: str, lang: str | None, is_asked_to_call: bool) -> float:
    is_international = written.startswith(("+", "00"))
    groups = [len(group) for group in re.findall(r"\d+", written)]
    if "." in written and not is_international and groups not in _DOTTED:
        return 0.0  # a version, or a sum
    is_written_as_one = len(groups) > 1 and (written[0] in "0(" or groups in _AMERICAN)
    if not is_international and not is_written_as_one and not (is_asked_to_call and sum(groups) >= FEWEST_ASKED):
        return 0.0
    if written.startswith("00"):
        written = f"+{written[2:]}"
    for region in (None,) if is_international else _REGIONS.get(lang, _REGIONS[None]):
        try:
            number = phonenumbers.parse(written, region)
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) not in _NOBODYS:
            return 0.95 if is_international or is_asked_to_call else 0.7
    return 0.0


FEWEST_ASKED = 9
"""Figures of a number that is written without code, zero or groups, and that somebody asks to call."""
_AMERICAN = ([3, 3, 4], [1, 3, 3, 4])
_DOTTED = ([3, 3, 4], [2, 2, 2, 2, 2])


def _addresses(text: str, words: set[str]) -> Iterator[_Found]:
    is_any = not text.isascii()  # whose words are folded, and these expressions are for texts that are not
    may_have = (
        is_any or not words.isdisjoint(_STREETS_LAST),
        _STREET_AND_NUMBER.search(text),
        is_any or not words.isdisjoint(_STREETS_BETWEEN),
        is_any or not words.isdisjoint(_STREETS_FIRST),
    )
    for pattern in compress(_ADDRESSES, may_have):
        for found in list(pattern.finditer(text))[:MOST]:
            is_told = bool(_LIVES.search(text, max(found.start() - 40, 0), found.start()))
            if found["rest"] or is_told:
                yield _Found("address", f"{found[0][:3].strip()}…", 0.9 if found["rest"] else 0.7, "medium")
