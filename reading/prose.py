"""What of a post its writer says in words, and the sentences of that.

Sentences are parted by `sentencex`, Wikimedia's splitter: made for prose of some 300 languages, kept, a wheel without
dependencies, and the only one that keeps pace (5 µs for 400 characters where syntok takes 350 and pysbd 1,700).
"""

import re

from sentencex import segment

MOST_AT_ONCE = 4096
"""Characters that the splitter gets at a time: quotes that never end cost it the square of the length."""

_SAYS = re.compile(r"(?:^|\s)(?![uUrR]/|https?:|www\.)[^\W\d_]")
"""A word that is no link and no name: nearly every text has one, and is spared the longer look."""
_SAYS_NOTHING = re.compile(r"(?:https?://|www\.)\S+|[@#]\w+(?:[.@]\w+)*|\b[uUrR]/\w+|&\w+;")
"""Links, names, tags and what is left of markup."""
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^)\s\[]*\)")
_SAID = re.compile(
    r"[^\W_]|[\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]"  # a letter, a digit, an emoji
    r"|[:;=<>][-'^o]?[)(\[\]DPp3/\\|<>*]|[)(\]\[][-'^o]?[:;=]|\^_*\^|>_+<|-_+-"  # an emoticon
)
_UNITS = (
    "b kb mb gb tb mib gib bit bits mbit gbit byte bytes m km req reqs requests ops queries frames messages rows tokens"
)
_IRONY = re.compile(
    # a literal comes first, so that the text is skimmed for it
    r"/s(?<=\s/s)(?=\s*\Z|\s*[\n.!?)]|\s+[A-Z])(?<!\d /s)"
    + "".join(rf"(?<!\b(?i:{unit}) /s)" for unit in _UNITS.split())
    + r"|/sarc(?:asm)?\b(?:(?<=[\s<]/sarc)|(?<=[\s<]/sarcasm))"
)
"""How a writer marks irony; 500 MB /s is none."""
_IRONY_TAG = re.compile(
    r"#(?<!\w#)(?i:sarcasm|sarcastic|irony|ironic|ironie|iron[ií]a|sarkasmus|sarcasmo|sarcasme|ironique)\b"
)
_QUOTE = re.compile(r" {0,3}>(?![!=:;_-]|\S{0,3}<)")
"""How a line begins that others wrote; not a smiley, an arrow or hidden text (>!)."""
_WROTE = re.compile(r"\b(?:wrote|writes|schrieb|écrit|escribió)\b.{0,80}:\s*$")
"""How a mail program announces a quote."""
_FENCE = re.compile(r" {0,3}(?:(?:[-*+]|\d{1,3}[.)])\s+)?(```+|~~~+)(?!.*`)")
_INDENTED = re.compile(r"(?: {4}|\t)")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")
_INLINE_CODE = re.compile(r"(?<!`)`++[^`\n]++`++")
_MAY_GO_ON = re.compile(r"[.!?…。！？؟।][\"'”’»)\]*_]{0,3}\s|[。！？]\S|\n[ \t\r]*\n")
"""What stands between two sentences."""


def own_words(text: str) -> str:
    """The text without quotes of others, code and images, as Markdown and mail mark them; "" where nothing is left that
    says anything, such as only links and names.
    """
    own = text
    if ">" in text or "`" in text or "~~~" in text or "    " in text or "\t" in text:
        own = _without_quotes_and_code(text)
    if "![" in own:
        own = _IMAGE.sub(" ", own)
    if not _SAYS.search(own) and not _SAID.search(_SAYS_NOTHING.sub(" ", own)):
        return ""
    return own


def is_marked_as_irony(own: str) -> bool:
    """Whether the writer says that the words mean something else than they say, as with "/s" or "#sarcasm"."""
    return ("/s" in own and _IRONY.search(own) is not None) or ("#" in own and _IRONY_TAG.search(own) is not None)


def may_have_sentences(text: str, count: int) -> bool:
    """Whether a text may hold so many sentences; says yes too often, and quickly."""
    return len(_MAY_GO_ON.findall(text)) >= count - 1


def sentences(text: str, lang: str | None = None) -> list[str]:
    """The sentences of a text, in order, without the space around them; paragraphs end one too."""
    if not _MAY_GO_ON.search(text):
        return [text]
    return [said for piece in _pieces(text) for sentence in segment(lang or "en", piece) if (said := sentence.strip())]


def _pieces(text: str) -> list[str]:
    """The text in parts that are short enough, cut where a line or at least a word ends."""
    pieces, start = [], 0
    while len(text) - start > MOST_AT_ONCE:
        end = start + MOST_AT_ONCE
        cut = max(text.rfind("\n", start + 1, end), -1)
        if cut < 0:
            cut = text.rfind(" ", start + 1, end)
        if cut < 0:
            cut = end
        pieces.append(text[start:cut])
        start = cut
    return [*pieces, text[start:]]


def _without_quotes_and_code(text: str) -> str:
    lines: list[str] = []
    fence = ""
    may_indent, in_list = True, False
    """Whether an indented line may begin code: only after a blank one, and not inside a list."""
    for line in text.split("\n"):
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if opened := _FENCE.match(line.lstrip() if in_list else line):
            fence = opened[1]
            continue
        if _QUOTE.match(line):
            if lines and _WROTE.search(lines[-1][-200:]):
                lines.pop()
            may_indent = True
            continue
        if not line.strip():
            may_indent = True
        elif _INDENTED.match(line) and may_indent and not in_list:
            continue
        else:
            may_indent = False
            in_list = bool(_LIST_ITEM.match(line)) or (in_list and line[0].isspace())
        lines.append(line)
    own = "\n".join(lines)
    if "`" in own:
        own = _INLINE_CODE.sub(" ", own)
    # what had none of it stays as it was, line ends and all
    return text if len(own) == len(text) or own == text else own.strip()
