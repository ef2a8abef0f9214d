"""What a post says of each brand in it, from the clauses that speak of that brand.

A clause speaks of the brands that it names; one that names none goes on about the last ones named. Comparisons are
understood both ways, in English.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from query.expression import And, Expression, Field, Near, Not, Or, Term
from query.finding import Finder, Reading
from query.words import WORD, ascii_words, fold
from reading.comparisons import COMPARATIVES, FIRST_MARK, IT, LAST_MARK, WORDS, asks, verdicts
from reading.prose import is_marked_as_irony, own_words, sentences
from reading.sentiment import THRESHOLD, UNSURE, EngineOf, Score, label, not_scored, read

COMPARED = 0.5
"""How positive it is to win a comparison, on the scale of `compound`."""
LONGEST = 10_000
"""Characters of a post that are looked at."""
MOST_SENTENCES = 200
"""Sentences of a post that are looked at."""
MOST_BRANDS = 50
"""Brands of a post that are told apart."""

_CONTRAST = re.compile(
    r"\s*(?:[;\n…]|\.\.\.+|\s[-–—]+\s|[–—])\s*"
    r"|[,\s]+(?=(?:but|whereas|while|whilst|though|although|however|yet|unlike|except|meanwhile)\s)"
    r"|,\s*(?=on the other hand\b)|(?<=[!?.])\s+|\s+(?=\(?\d{1,2}[.):]\s)|(?<=\s/s)\s+"
    r"|,\s*(?=(?:and\s+)?(?:the\s+(?:latter|second|other)|mine|his|hers|theirs)\s)",
    re.IGNORECASE,
)
"""Where a sentence turns to something else; the word that says so stays with what follows it."""
_AND_THEN = re.compile(
    r",\s+(?:and\s+)?|\s+and\s+(?=(?:i|we|they|he|she|my|our|his|her|now|then|hate|love|dislike|despise|even)\s)",
    re.IGNORECASE,
)
_LIST = re.compile(
    rf"(?:\W|\b(?:and|or|nor|the|both|neither|either|too|also|vs|versus|plus|not)\b|[{FIRST_MARK}-{LAST_MARK}])*",
    re.IGNORECASE,
)
"""A part between two commas that only names brands, or words that join them."""
_ALL = re.compile(
    r"\b(?:both|neither|either|none of (?:them|these|those)|all (?:three|four|of (?:them|these))|they all|each of)\b",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b(?:(?P<mine>i|i've|my)|(?P<his>brother|husband|dad|father|son|boyfriend|uncle|grandpa)|"
    r"(?P<hers>sister|wife|mum|mom|mother|daughter|girlfriend|aunt|grandma)|(?P<theirs>friends|neighbou?rs|parents))\b"
)
"""Who has it: the last before the name counts, as in "my brother has a Halmora"."""
_OWNED = re.compile(r"\W*(?:and\s+|but\s+)?(mine|his|hers|theirs)\b")
_WHICH_OF_TWO = re.compile(
    r"\bthe\s+(?:(?P<first>former)|latter|(?:(?P<first_one>first)|second|other)\s+(?=one\b|is|was|has|had|"
    r"looks?\b|looked|feels?\b|felt|tastes?\b|tasted|sounds?\b|works?\b|worked|came|broke|died|lasted))\b"
)
_EXPECTED = re.compile(
    r"\b(?:thought|expect(?:ed|ing)|figured|assumed|(?:was|were) (?:ready|prepared|afraid|scared|sure))\b.{0,30}"
    r"\b(?:hate|dislike|regret|love|like|enjoy|be (?:bad|good|great|awful|terrible|disappointed))\b",
    re.IGNORECASE,
)
"""What somebody took for granted before, as is said only where it came out otherwise."""
_LIKEWISE = re.compile(r"\W*[\ue000-\uf8ff](?:'s)?(?:\W+\w+)?\W+(?:too|as well|also|likewise|same|either|neither)\W*$")
_THING = re.compile(
    r"([\ue000-\uf8ff])(?:'s)?\s+(?!(?:and|the|has|had|was|are|with|for|but|just|does|did|can|will|which|that|who)\b)([a-z]{3,})"
)
_THE_THING = re.compile(r"\b(?:the|that|this|my|their)\s+([a-z]{3,})")
_PRIVATE = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")

_PARTING = frozenset(
    (
        *(
            "but",
            "however",
            "though",
            "although",
            "whereas",
            "unlike",
            "than",
            "compared",
            "beats",
            "instead",
            "rather",
        ),
        *("prefer", "recommend", "miss", "avoid", "boycott", "notes", "switched", "switching", "moved", "migrated"),
        *("ditched", "dumped", "dropped", "uninstalled"),
    )
)
"""Where a post names one brand only, one of these words is in it if something else may be meant too; else the whole
post says of the brand what it says, as labelled posts show."""

Polarity = Callable[[str], float]
"""How positive the words of a text are, -1 … +1."""


class Target(NamedTuple):
    """A brand, and what speaks of it."""

    brand_id: str
    text: str
    """Its clauses, as they were written."""
    verdict: int
    """Comparisons that it wins, less those that it loses."""


def names_of(expression: Expression) -> list[Term]:
    """The terms by which a brand is called: of AND and NEAR the first part, as what follows says which of that name is
    meant; nothing that must not be there.
    """
    match expression:
        case Or(parts):
            return [term for part in parts for term in names_of(part)]
        case And(parts):
            return next(filter(None, map(names_of, parts)), [])
        case Near(left, _):
            return names_of(left)
        case Not() | Field():
            return []
    return [expression]


class _Clause(NamedTuple):
    text: str
    """As it was written."""
    masked: str
    """In lower case, with marks in place of brands."""
    brands: list[str]


@dataclass
class _Heard:
    """What is known of a post while it is read from its beginning."""

    marks: dict[str, str]
    """Mark → brand."""
    said: dict[str, list[str]]
    """The clauses of each brand."""
    verdict: dict[str, int]
    last: list[str] = field(default_factory=list)
    """The brands that a clause without a name goes on about."""
    pair: list[str] = field(default_factory=list)
    """The two brands that "the former" and "the latter" stand for."""
    owners: dict[str, str] = field(default_factory=dict)
    """What "mine", "his", "hers" and "theirs" stand for."""
    named: list[str] = field(default_factory=list)
    """Every brand so far."""
    things: dict[str, str | None] = field(default_factory=dict)
    """What is of a brand, as the mug in "a Halmora mug"; None where it is of several."""
    opening: list[str] = field(default_factory=list)
    """Clauses before any brand is named."""
    sentence: str = ""
    """The one before."""


class Named(NamedTuple):
    """A post that names brands, and how it was scored as a whole."""

    text: str
    lang: str | None
    brand_ids: tuple[str, ...]
    score: Score


def towards(posts: Sequence[Named], targets: "Targets", engine_of: EngineOf, polarity: Polarity) -> list[list[Score]]:
    """For each post the score towards each of its brands, in their order.

    A post that was not read has no score towards its brands either, for the same reason; `no-clause` where it is not
    told which of its words mean the brand. `mixed` as for texts.
    """
    told: list[list[Target | None]] = []
    asked: list[tuple[str, str | None]] = []
    for post in posts:
        if post.score.label is None and post.score.reason not in UNSURE:
            told.append([None] * len(post.brand_ids))
            continue
        if len(post.brand_ids) == 1 and _PARTING.isdisjoint(WORDS.findall(post.text.lower())):
            told.append([None])
            continue
        found = targets.of(own_words(post.text), post.brand_ids, post.lang, polarity)
        if len(found) == 1 and not found[0].text and not found[0].verdict:
            told.append([None])
            continue
        told.append(list(found))
        asked.extend((target.text, post.lang) for target in found if target.text)
    answers = iter(read([text for text, _ in asked], [lang for _, lang in asked], engine_of))
    return [
        [
            _with_verdict(next(answers) if target.text else not_scored("no-clause"), target.verdict)
            if target
            else post.score._replace(plain_compound=None)
            for target in found
        ]
        for post, found in zip(posts, told, strict=True)
    ]


def _with_verdict(score: Score, verdict: int) -> Score:
    """What the clauses say and what the comparisons say, as one."""
    if not verdict:
        return score._replace(plain_compound=None)
    compound = COMPARED if verdict > 0 else -COMPARED
    if score.compound:
        compound = round((compound + score.compound) / 2, 4)
    if abs(compound) < THRESHOLD:
        return not_scored("mixed")
    return Score(compound, None, None, None, None, label(compound), None, None)


class Targets:
    """Tells which clauses of a post speak of which brand."""

    def __init__(self, brands: Mapping[str, Expression]) -> None:
        self._finders = {brand_id: [Finder(term) for term in names_of(asked)] for brand_id, asked in brands.items()}

    def of(self, text: str, brand_ids: Sequence[str], lang: str | None, polarity: Polarity) -> list[Target]:
        """A target for each of these brands, in their order; its text is empty where no clause can be told to be of it.

        `polarity` has to be quick: it is asked where a comparison may be meant either way.
        """
        if len(brand_ids) > MOST_BRANDS:
            return [Target(brand, "", 0) for brand in brand_ids]
        marks = {chr(ord(FIRST_MARK) + number): brand for number, brand in enumerate(brand_ids)}
        heard = _Heard(marks, {brand: [] for brand in brand_ids}, dict.fromkeys(brand_ids, 0))
        for sentence in sentences(text[:LONGEST], lang)[:MOST_SENTENCES]:
            clauses = list(self._clauses(sentence, brand_ids))
            before = heard.last
            speaks = [(clause, _speaks_of(clause, clauses[:at], heard)) for at, clause in enumerate(clauses)]
            compared: dict[str, int] = {}
            asked = False
            if lang in (None, "en") and any(clause.brands for clause in clauses) and not is_marked_as_irony(sentence):
                compared = _compared(sentence, clauses, before, heard, polarity)
                asked = asks(sentence.lower())
            for clause, brands in speaks:
                for brand in brands:
                    # a comparison says what it says; its words would speak for both
                    if not (brand in compared and brand in clause.brands) and not _EXPECTED.search(clause.text):
                        heard.said[brand].append(COMPARATIVES.sub(" ", clause.text) if asked else clause.text)
            for brand, won in compared.items():
                heard.verdict[brand] += won
            if winners := [brand for brand in heard.last if compared.get(brand, 0) > 0]:
                heard.last = winners
            heard.sentence = sentence
        if len(brand_ids) > 1 and (of_all := [clause for clause in heard.opening if _ALL.search(clause.lower())]):
            for said in heard.said.values():
                said[:0] = of_all
        if len(brand_ids) == 1 and heard.opening and not heard.verdict[brand_ids[0]]:
            said = heard.said[brand_ids[0]]
            if not polarity("\n\n".join(said)):
                # "Worst night ever. Never again, Halmora": what stands before the name can only mean that
                said[:0] = heard.opening
        return [Target(brand, "\n\n".join(heard.said[brand]), heard.verdict[brand]) for brand in brand_ids]

    def _mask(self, text: str, brand_ids: Sequence[str]) -> tuple[str, list[str]]:
        """A text in lower case with a mark in place of each brand, and the brands that it names, in order."""
        folded = _PRIVATE.sub("", fold(text))
        reading = Reading(
            folded, ascii_words(folded) if folded.isascii() and "_" not in folded else WORD.findall(folded)
        )
        places: list[tuple[int, int, int]] = []
        for number, brand in enumerate(brand_ids):
            for finder in self._finders[brand]:
                for first, last in reading.spans(finder):
                    if first <= last:
                        end = reading.starts[last] + len(reading.words[last])
                        places.append((reading.starts[first], -end, number))
        if not places:
            return folded, []
        masked, at, found = [], 0, []
        for start, minus_end, number in sorted(places):  # the longest of those that begin together
            if start >= at:
                masked += [folded[at:start].rstrip("@#") if start else "", chr(ord(FIRST_MARK) + number)]
                at = -minus_end
                found.append(brand_ids[number])
        return "".join((*masked, folded[at:])), list(dict.fromkeys(found))

    def _clauses(self, sentence: str, brand_ids: Sequence[str]) -> Iterator[_Clause]:
        for part in _CONTRAST.split(sentence):
            clause: _Clause | None = None
            for piece in _AND_THEN.split(part):
                following = _Clause(piece, *self._mask(piece, brand_ids))
                if clause is None:
                    clause = following
                elif (
                    _is_said_of_one(clause)
                    and _is_said_of_one(following)
                    and set(following.brands) - set(clause.brands)
                ):
                    yield clause
                    clause = following
                else:
                    brands = list(dict.fromkeys([*clause.brands, *following.brands]))
                    clause = _Clause(f"{clause.text}, {piece}", f"{clause.masked}, {following.masked}", brands)
            if clause and clause.text.strip():
                yield clause


def _compared(
    sentence: str, clauses: Sequence[_Clause], before: Sequence[str], heard: _Heard, polarity: Polarity
) -> dict[str, int]:
    """The brands that a sentence puts above another (1) or below (-1)."""
    masked = ", ".join([clause.masked for clause in clauses])
    found = verdicts(masked, lambda: polarity(sentence), lambda: polarity(heard.sentence))
    if not found:
        return {}
    compared = {heard.marks[mark]: won for mark, won in found.items() if mark != IT}
    if IT in found:
        spoken_of = [*(brand for clause in clauses for brand in clause.brands), *before]
        compared |= dict.fromkeys([brand for brand in spoken_of if brand not in compared][:1], found[IT])
    return compared


def _is_said_of_one(clause: _Clause) -> bool:
    """Whether it names a brand and says something of it."""
    return bool(clause.brands) and not _LIST.fullmatch(clause.masked)


def _speaks_of(clause: _Clause, earlier: Sequence[_Clause], heard: _Heard) -> list[str]:
    """The brands that a clause speaks of, and what is heard of them from here on."""
    if clause.brands:
        if _LIKEWISE.fullmatch(clause.masked) and heard.last:
            for brand in clause.brands:
                heard.said[brand].append(earlier[-1].text if earlier else heard.sentence)
        heard.last = clause.brands
        if len(clause.brands) == 2:
            heard.pair = clause.brands
        heard.named = list(dict.fromkeys([*heard.named, *clause.brands]))
        if len(clause.brands) == 1 and (owners := list(_OWNER.finditer(_PRIVATE.split(clause.masked, 1)[0]))):
            heard.owners[owners[-1].lastgroup or ""] = clause.brands[0]
        for mark, thing in _THING.findall(clause.masked):
            brand = heard.marks[mark]
            heard.things[thing] = None if heard.things.get(thing, brand) != brand else brand
        return clause.brands
    if not heard.named:
        heard.opening.append(clause.text)
        return []
    if _ALL.search(clause.masked):
        return heard.named
    if len(heard.pair) == 2 and (which := _WHICH_OF_TWO.search(clause.masked)):
        heard.last = [heard.pair[0 if which["first"] or which["first_one"] else 1]]
        return heard.last
    if (owned := _OWNED.match(clause.masked)) and owned[1] in heard.owners:
        heard.last = [heard.owners[owned[1]]]
        return heard.last
    for thing in _THE_THING.findall(clause.masked):
        if owner := heard.things.get(thing):
            return [owner]
    return heard.last
