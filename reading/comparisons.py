"""Who wins and who loses where an English sentence holds brands against each other: `X beats Y`.

Such sentences mean the opposite for each of two names, and often hold no word that is good or bad by itself. On
comparative opinions: Jindal, N. & Liu, B. (2006), "Mining Comparative Sentences and Relations", AAAI-06.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

FIRST_MARK, LAST_MARK = "\ue000", "\uf8ff"
"""Private characters that stand in a sentence in place of the names that are held against each other."""

LONGEST = 1000
"""Characters of a sentence that are looked at."""
IT = "it"
"""Stands for the brand that was spoken of before."""

_BRAND = f"[{FIRST_MARK}-{LAST_MARK}]"
_W = f"(?P<won>{_BRAND})"
_L = f"(?P<lost>{_BRAND})"
_NO_BRAND = rf"[^\s{FIRST_MARK}-{LAST_MARK}]++"


def _gap(most: int) -> str:
    """Behind a brand: at most so many words, none of them a brand; every pattern looks only a few words far."""
    return rf"(?:'s)?,?(?:\s+{_NO_BRAND}){{0,{most}}}?\s+"


def _few(most: int) -> str:
    """Before a brand: at most so many words, none of them a brand."""
    return rf"(?:{_NO_BRAND}\s+){{0,{most}}}?"


_BETTER = (
    "better|best|faster|quicker|easier|nicer|cheaper|safer|cleaner|smoother|simpler|stronger|smarter|friendlier|cooler|"
    "lighter|quieter|tastier|fresher|happier|superior|ahead|leaps and bounds"
)
_WORSE = (
    "worse|worst|slower|harder|uglier|buggier|clunkier|clumsier|dirtier|louder|weaker|dumber|pricier|costlier|inferior|"
    "crappier|shittier|laggier|flakier|heavier|ruder"
)
_GOOD = (
    "reliable|stable|useful|helpful|intuitive|polished|responsive|comfortable|consistent|accurate|powerful|flexible|"
    "affordable|modern|fun|secure|friendly|efficient|pleasant|usable|mature|solid|enjoyable|trustworthy|robust|readable|"
    "good|great|nice|fast|quick|easy|smooth|clean|clear|fresh|tasty|honest|generous|capable|sensible|convenient"
)
_BAD = (
    "expensive|annoying|buggy|confusing|complicated|unstable|unreliable|painful|frustrating|bloated|difficult|fragile|"
    "clunky|ugly|slow|boring|toxic|broken|noisy|dangerous|tedious|limited|awkward|overpriced"
)
_MORE = rf"(?:{_BETTER}|more\s+(?:{_GOOD})|less\s+(?:{_BAD}))"
_LESS = rf"(?:{_WORSE}|more\s+(?:{_BAD})|less\s+(?:{_GOOD}))"
_NOT = r"(?:not|no|never|isn't|wasn't|aren't|doesn't|don't|ain't|hardly|barely|n't|isnt|doesnt|dont)"
_LEFT = (
    r"(?:ditch|dropp|dump|abandon|swapp|trad|replac|uninstall|cancell?|delet|scrapp|retir)(?:ed|ing)|left|leaving|quit|"
    r"(?:got|getting|get) rid of"
)
_MOVED = r"(?:switched|moved|migrated|changed|converted|jumped|defected|ported|gone|went|came|upgraded|downgraded)"
_CHOSE = (
    r"(?:chose|choose|choosing|pick|picked|picking|bought|buy|get|got|use|used|using|take|took|want|went with|go with|"
    r"going with|recommend|give me|rather have|rather use|like|love|trust|favou?r)"
)
_OUTDOES = (
    r"(?:beats?|beat|outperforms?|outclass(?:es)?|trumps|destroys|crushes|smokes|surpass(?:es)?|eclipses|"
    r"wins? (?:over|against)|runs? (?:circles|rings) around|wipes? the floor with|walks? all over|"
    r"(?:beats?|kicks?|knocks?) the \w+ out of|"
    r"is (?:way |far |miles |light years )?(?:ahead of|above|superior to))"
)
_FAILS_AGAINST = (
    r"(?:has nothing on|(?:can't|cannot|cant|couldn't|can not) (?:hold a candle to|compete with|match|touch|"
    r"keep up with|compare (?:to|with))|(?:is )?no match for|"
    r"pales? (?:next to|beside|compared to|in comparison to|against)|"
    r"(?:doesn't|does not|don't|didn't|doesnt) (?:even )?"
    r"(?:come close to|hold up (?:to|against)|compare (?:to|with)|measure up to)|falls short of|"
    r"lags? (?:far |way )?behind|(?:should|could|needs? to|must) (?:learn|take notes|take a (?:page|leaf)))"
)


class _Form(NamedTuple):
    """A way in which sentences compare."""

    cues: str
    """Words of which one is in every such sentence."""
    pattern: str
    not_in_questions: bool = False
    turned_by_not: bool = False
    """Whether "not" makes a loser of the winner, and leaves the other alone."""
    is_contrast: bool = False
    """Whether the rest of the sentence decides which of them wins."""


_THAN = rf"(?:\s+{_NO_BRAND}){{0,5}}?\s+(?:than|to)\s+{_few(3)}"
_THAN_CUES = "than superior inferior"
_MOVED_CUES = "switched moved migrated changed converted jumped defected ported gone went came upgraded downgraded"
_LEFT_CUES = (
    "ditched ditching dropped dropping dumped dumping abandoned abandoning swapped swapping traded trading replaced "
    "replacing uninstalled uninstalling canceled cancelled canceling cancelling deleted deleting scrapped scrapping "
    "retired retiring left leaving quit rid"
)
_OUTDOES_CUES = (
    "beat beats outperform outperforms outclass outclasses trumps destroys crushes smokes surpass surpasses eclipses "
    "over against circles rings floor out ahead above superior"
)
_FORMS = (
    # X is better than Y
    _Form(_THAN_CUES, rf"{_W}{_gap(8)}{_MORE}{_THAN}{_L}", turned_by_not=True),
    _Form(_THAN_CUES, rf"{_L}{_gap(8)}{_LESS}{_THAN}{_W}", turned_by_not=True),
    _Form(_THAN_CUES, rf"\b(?P<it>it|they|which|that|and)\s+{_few(6)}{_MORE}{_THAN}{_L}", turned_by_not=True),
    _Form("than beats", rf"\b(?:any|every)(?:thing|one|body)\s+{_few(3)}(?:better|beats)\s+(?:than\s+)?{_L}"),
    _Form(
        "nothing none nobody one",
        rf"\b(?:nothing|none|nobody|no one)\s+{_few(3)}(?:better than|beats?|close to|compares to|like)\s+{_W}",
    ),
    # X isn't as good as Y
    _Form(
        "as",
        rf"{_L}{_gap(4)}(?:{_NOT}|nowhere near|half)\s+{_few(3)}(?:as|so)\s+{_NO_BRAND}"
        rf"(?:\s+{_NO_BRAND}){{0,3}}?\s+as\s+{_few(2)}{_W}",
    ),
    _Form(
        "half tenth quarter third fraction",
        rf"\bif\s+(?:only\s+)?{_L}{_gap(2)}(?:half|an?\s+(?:tenth|quarter|third|fraction))\s+{_few(4)}of\s+{_few(1)}{_W}",
    ),
    # X does, which is more than Y does; X doesn't, which Y does
    _Form("than", rf"{_W}{_gap(16)}\bmore than\s+(?:(?:i|we|you|one) can say (?:for|of|about)\s+)?{_few(1)}{_L}"),
    _Form(
        "which something",
        rf"{_L}{_gap(3)}(?:{_NOT}|\w+n't|lacks?|without|missing)\s+(?:{_NO_BRAND}\s+){{0,6}}?"
        rf"(?:which|something(?: that)?)\s+{_W}\s+{_few(1)}"
        r"(?:has|had|have|does|did|do|got|offers?|ships?|shipped|added)\b",
    ),
    _Form("wish wishes wishing", rf"\bwish(?:es|ing)?\s+{_few(2)}{_L}{_gap(8)}{_W}"),
    # X beats Y
    _Form(
        "nothing candle compete match touch keep compare pales close hold measure short behind learn notes page leaf",
        rf"{_L}{_gap(2)}{_FAILS_AGAINST}(?:\s+{_NO_BRAND}){{0,3}}?\s+{_W}",
    ),
    _Form(
        _OUTDOES_CUES,
        rf"{_W}{_gap(3)}{_OUTDOES}\s+{_few(2)}{_L}",
        turned_by_not=True,
    ),
    _Form(_OUTDOES_CUES, rf"\b(?P<it>it|they|which)\s+{_few(1)}{_OUTDOES}\s+{_few(2)}{_L}", turned_by_not=True),
    _Form(
        "away out shame dust behind",
        rf"{_W}{_gap(2)}(?:blows?|blew|knocks?|puts?|leaves?)\s+{_L}\s+(?:away|out of|to shame|in the dust|behind)",
    ),
    _Form("make makes", rf"{_W}{_gap(2)}makes?\s+{_L}{_gap(1)}(?:look|seem|feel)\b"),
    _Form(">", rf"{_W}\s*(?:>|&gt;)+\s*{_L}"),
    _Form("<", rf"{_L}\s*(?:<|&lt;)+\s*{_W}"),
    # what somebody misses, or wishes back
    _Form("miss missing", rf"\bmiss(?:ing)?\s+{_few(2)}{_W}{_gap(2)}(?:since|after|now)\s+{_few(5)}{_L}"),
    _Form("miss", rf"\bmiss\s+(?:my\s+|old\s+|the\s+)?{_W}", not_in_questions=True),
    _Form("back", rf"\b(?:never|not)\s+(?:going|coming|go)\s+back\s+to\s+{_L}"),
    # what somebody turned to, and from what
    _Form(
        _MOVED_CUES,
        rf"\b{_MOVED}\s+{_few(4)}(?:from|off|out of)\s+{_few(2)}{_L}{_gap(3)}(?:to|onto|into)\s+{_few(1)}{_W}",
        not_in_questions=True,
    ),
    _Form(
        _MOVED_CUES, rf"\b{_MOVED}\s+{_few(4)}to\s+{_few(1)}{_W}{_gap(1)}from\s+{_few(1)}{_L}", not_in_questions=True
    ),
    _Form(
        _LEFT_CUES,
        rf"\b(?:{_LEFT})\s+{_few(2)}{_L}{_gap(4)}(?:for|with|in favou?r of|to)\s+{_few(2)}{_W}",
        not_in_questions=True,
    ),
    _Form(_MOVED_CUES, rf"\b{_MOVED}\s+{_few(2)}away\s+from\s+{_few(1)}{_L}", not_in_questions=True),
    _Form(_LEFT_CUES, rf"\b(?:{_LEFT})\s+(?:my\s+|our\s+)?{_L}", not_in_questions=True),
    _Form(
        f"{_MOVED_CUES} move moving switch switching",
        rf"\b(?:{_MOVED}|mov(?:e|ing)|switch(?:ing)?)\s+{_few(3)}(?:over\s+)?to\s+{_W}",
        not_in_questions=True,
    ),
    _Form(
        "back",
        rf"\b(?:went|going|go|come|coming|came|switch(?:ed|ing)|mov(?:ed|ing))\s+back\s+to\s+{_W}(?:{_gap(6)}{_L})?",
        not_in_questions=True,
    ),
    _Form(
        "so",
        rf"{_L}{_gap(16)}\bso,?\s+(?:now\s+)?(?:i|we)(?:'m|'re|'ve|\s+am|\s+are|\s+have)?\s+{_few(3)}"
        rf"(?:on|onto|to|with|using|into)\s+{_few(1)}{_W}",
        not_in_questions=True,
    ),
    # what is no longer liked, and what is praised or advised
    _Form("used", rf"\bused to\s+{_few(1)}(?:love|like|enjoy|adore|swear by|recommend)\s+{_few(2)}{_L}"),
    _Form("used", rf"{_L}{_gap(1)}used to\s+{_few(2)}(?:be|work|care|have)\b", not_in_questions=True),
    _Form(
        "level league none",
        rf"{_W}{_gap(4)}(?:on (?:another|a different|a whole other|a whole different) level|"
        r"in (?:a different|another) league|in a league of (?:its|their) own|second to none)\b",
    ),
    _Form(
        "get buy grab choose want",
        r"(?:^|[,;:.!]\s*|\b(?:then|just|so)\s+)(?:(?:please|just)\s+)?"
        rf"(?:get|buy|grab|choose|go for|(?:then\s+)?you want)\s+(?:an?\s+|the\s+|yourself an?\s+)?{_W}",
        not_in_questions=True,
    ),
    _Form("skip forget", r"(?:^|[,;:.!]\s*|\b(?:and|just|to|i'd|would)\s+)(?:please\s+)?"
        rf"(?:skip|forget(?: about)?)\s+(?:the\s+)?{_L}"),
    # what somebody would rather have
    _Form(
        "prefer prefers preferred",
        rf"\bprefer(?:s|red)?\s+{_few(2)}{_W}{_gap(2)}(?:over|to|than|instead of)\s+{_few(1)}{_L}",
    ),
    _Form("rather", rf"\brather\s+{_few(2)}{_W}{_gap(2)}than\s+{_few(1)}{_L}"),
    _Form(
        "over instead rather",
        rf"\b{_CHOSE}\s+{_few(2)}{_W}{_gap(2)}(?:over|instead of|rather than)\s+{_few(1)}{_L}",
    ),
    _Form("over instead", rf"{_W}\s+(?:over|instead of)\s+{_L}\s+(?:any|every)\s?(?:day|time)"),
    _Form("instead", rf"\b(?:get|use|try|buy|go with|choose)\s+{_W}\s+instead\b"),
    _Form("with", rf"\b(?:went|going|go|stick|sticking|stuck)\s+with\s+{_W}", not_in_questions=True),
    _Form("choose pick recommend", rf"\b(?:i|we|i'd|we'd)\s+(?:choose|pick|recommend)\s+{_W}", not_in_questions=True),
    _Form("away clear", rf"\b(?:stay(?:ing)?|keep|steer)\s+(?:far\s+|well\s+)?(?:away|clear)\s+(?:from|of)\s+{_L}"),
    _Form("avoid avoiding boycott boycotting", rf"\b(?:avoid|boycott)(?:ing)?\s+{_L}"),
    _Form(
        "bother buy recommend use trust touch order",
        r"\b(?:don't|do not|dont|never|can't|cannot|wouldn't|couldn't|won't)\s+(?:ever\s+)?"
        rf"(?:bother with|buy(?: from)?|recommend|use|trust|touch|order from)\s+{_L}",
        not_in_questions=True,
    ),
    _Form(
        "should should've",
        rf"\bshould(?:'ve| have)\s+{_few(4)}"
        rf"(?:bought|chosen|picked|got|gotten|used|stayed with|gone with|stuck with)\s+{_W}",
    ),
    _Form(
        "glad happy relieved",
        rf"\b(?:glad|happy|relieved)\s+{_few(5)}(?:have|use|on|chose|picked|got|with)\s+{_few(1)}{_W}",
    ),
    _Form("note notes", rf"{_L},?\s+(?:please\s+)?take\s+notes?\b"),
    _Form("bad shame only pity", rf"\b(?:too bad|shame|if only|pity)\s+{_few(2)}{_L}"),
    _Form("unlike", rf"\bunlike\s+(?:with\s+|the\s+)?{_L}(?:'s)?[,\s]+{_few(4)}{_W}", is_contrast=True),
    _Form("unlike", rf"{_W}{_gap(6)}unlike\s+(?:with\s+|the\s+)?{_L}", is_contrast=True),
    _Form(
        "compared comparison",
        rf"\b(?:compared|in comparison)\s+(?:to|with)\s+(?:the\s+)?{_L}(?:'s)?[,\s]+{_few(3)}{_W}",
        is_contrast=True,
    ),
    _Form(
        "compared comparison",
        rf"{_W}{_gap(8)}(?:compared|in comparison)\s+(?:to|with)\s+(?:the\s+)?{_L}",
        is_contrast=True,
    ),
)  # fmt: skip
_PATTERNS = [re.compile(form.pattern) for form in _FORMS]
_BY_CUE: dict[str, list[int]] = {}
for _number, _form in enumerate(_FORMS):
    for _cue in _form.cues.split():
        _BY_CUE.setdefault(_cue, []).append(_number)
CUES = frozenset(_BY_CUE)
"""Words of which every sentence that compares has one, in lower case."""
WORDS = re.compile(r"[a-z']+|[<>]")
"""Words of a sentence as `CUES` has them."""
_REPLY = re.compile(rf"^\W*(?P<brand>{_BRAND})(?:'s)?\s+(?:does|is|did|has|can|will|was)(?:n't|nt)?\W*$")
"""Says of a brand what the sentence before denies of another: "X never crashes. Y does."."""
_NEGATED = re.compile(rf"\b{_NOT}\b|n't\b")
_DENIED = re.compile(
    rf"(?:\b{_NOT}|\b(?:can|could|would)(?:'t|n't|not|t))\s+{_few(2)}"
    rf"(?:think|thought|say|believe|find|agree|claim|sure|convinced|tell|told|mean)\s+{_few(4)}$"
)
"""What stands before a comparison that the writer doesn't make: "I don't think that …"."""
_ASKS = re.compile(
    r"\W*(?:(?:so|and|but|ok|okay|hey|hi|hmm|um|honest question|question|serious question|folks|guys|all)\b\W+)*"
    r"(?:is|are|was|were|do|does|did|has|have|can|could|would|will|should|which|what|what's|who|who's|any|anyone|anybody)\b(?!'t)"
)
"""How a sentence begins that asks, and doesn't say by asking: no "why is …?" and no "isn't …?"."""
COMPARATIVES = re.compile(rf"\b(?:{_BETTER}|{_WORSE})\b", re.IGNORECASE)


def asks(sentence: str) -> bool:
    """Whether a sentence in lower case asks what it speaks of, so that its comparisons are nobody's yet."""
    return sentence.rstrip().endswith("?") and bool(_ASKS.match(sentence))


def verdicts(sentence: str, polarity: Callable[[], float], before: Callable[[], float]) -> dict[str, int]:
    """Mark → 1 for what a sentence puts above another, -1 for what it puts below.

    The sentence is in lower case, with marks in place of brands. `polarity` tells how positive its words are, -1 … +1,
    `before` how positive those of the sentence before are.
    """
    sentence = sentence[:LONGEST]
    found: dict[str, int] = {}
    cues = CUES.intersection(WORDS.findall(sentence))
    if asks(sentence):
        return found
    is_question = sentence.rstrip().endswith("?")
    for number in sorted({number for cue in cues for number in _BY_CUE[cue]}):
        form = _FORMS[number]
        if form.not_in_questions and is_question:
            continue
        for match in _PATTERNS[number].finditer(sentence):
            marks = match.groupdict()
            won = IT if marks.get("it") else marks.get("won")
            lost = marks.get("lost")
            sign = -1 if form.is_contrast and polarity() < 0 else 1
            if form.turned_by_not and (_NEGATED.search(match[0]) or _DENIED.search(sentence[: match.start()][-80:])):
                # "X is no better than Y" is no praise of Y, and "X is no worse than Y" no blame
                if lost and match.start("lost") == match.start():
                    won, sign = None, -1
                else:
                    lost, sign = None, -1
            if won:
                found.setdefault(won, sign)
            if lost:
                found.setdefault(lost, -sign)
    if not found and (reply := _REPLY.search(sentence)) and (said := before()):
        found[reply["brand"]] = 1 if said < 0 else -1
    return found
