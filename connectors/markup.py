"""HTML as plain text, as tables keep what people wrote.

The markup comes from strangers, so every step takes time in proportion to its length. Neither Python's own parser, slow
on tags that don't end, nor a browser's, which repeats open tags without bound, can say that.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

_OPENING = re.compile(r"<(?=[a-zA-Z/!?])")
# Possessive throughout: no part is ever read twice.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]|=\s*+(?:"[^"]*+"|'[^']*+'|))*+)>""")
_ATTRIBUTE = re.compile(r"""([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>][^\s>]*+)))?+""")
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")
_NEVER_SHOWN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\xad]")
_WEB_ADDRESS = re.compile(r"https?://[^\s]+", re.IGNORECASE)
_ENDLESS_NUMBER = re.compile(r"&#[0-9]{1000,}+;?")
_NAME_OR_TAG = re.compile(r"[@##!]\S+")

_UNSEEN = ("script", "style", "title", "template", "svg", "iframe", "noframes", "noembed", "object", "audio", "video")
"""Elements whose content a page doesn't show, or only where something fails."""
_END_OF_UNSEEN = {name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in _UNSEEN}
_PARAGRAPHS = frozenset(
    (
        *("blockquote", "dl", "fieldset", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p"),
        *("pre", "table", "ul"),
    )
)
"""A blank line stands before and after these."""
_LINES = frozenset(
    (
        *("address", "article", "aside", "body", "caption", "center", "dd", "details", "dir", "div", "dt"),
        *("figcaption", "footer", "head", "header", "html", "legend", "li", "main", "menu", "nav", "option"),
        *("section", "summary", "tr"),
    )
)
"""These begin on a line of their own."""
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_INDENTING = _LISTS | {"blockquote", "li"}
_BACKTICKS = re.compile("`+")
_DEEPEST = 8
"""Levels of quotes and lists that are shown; what lies deeper stands like the last of them."""


def plain_text(markup: str) -> str:
    """What a browser would show, as text: paragraphs apart by a blank line, `<br>` as a line break, `> ` before quotes,
    `- ` or `1. ` before list items, an image as its description. Code stands as it is, marked as Markdown marks it:
    between backticks, and blocks of it between lines of three.

    A link is followed by where it leads, `the manual (https://…)`, or is that alone where its text is the address, be
    it shortened. Mentions and hashtags stay `@name` and `#tag`. Markup that is broken is read as far as it goes.
    """
    if "<![CDATA[" in markup:  # a feed's wrapping that came through
        markup = markup.replace("<![CDATA[", "").replace("]]>", "")
    writer = _Writer()
    for token in _tokens(markup):
        if isinstance(token, str):
            writer.text(unescaped(token))
        elif token.is_end:
            writer.end(token.name)
        else:
            writer.start(token.name, token.attributes)
    return writer.finished()


def unescaped(text: str) -> str:
    """The text with `&amp;`, `&#233;` and the like as the characters that they stand for."""
    if "&" not in text:
        return text
    # Python reads no number of more than 4,300 digits, and no character has one
    return html.unescape(_ENDLESS_NUMBER.sub("\ufffd", text))


class _Tag(NamedTuple):
    name: str
    is_end: bool
    written: str
    """Attributes as they stand."""

    @property
    def attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(self.written):
            found.setdefault(name.lower(), unescaped("".join(values)))
        return found


def _tokens(markup: str) -> Iterator[str | _Tag]:
    """Texts, still escaped, and tags, without what a page doesn't show."""
    at = 0
    endless: set[str] = set()
    """Elements that are not ended from here on."""
    while opening := _OPENING.search(markup, at):
        start = opening.start()
        if start > at:
            yield markup[at:start]
        if markup.startswith("<!--", start):
            end = markup.find("-->", start + 2)
            at = end + 3
        elif tag := _TAG.match(markup, start):
            name = tag[2].lower()
            end = at = tag.end()
            yield _Tag(name, bool(tag[1]), tag[3])
            if not tag[1] and name in _END_OF_UNSEEN and name not in endless:
                closing = _END_OF_UNSEEN[name].search(markup, at)
                if closing:
                    at = closing.start()
                elif name in ("script", "style"):
                    return
                else:  # what only forgot to end doesn't take the rest along
                    endless.add(name)
        else:
            # A declaration, or a tag that was cut off: browsers show neither.
            end = markup.find(">", start)
            at = end + 1
        if end < 0:
            return
    if at < len(markup):
        yield markup[at:]


class _Indent:
    """What stands before the lines of a quote or list item, and before the first of them."""

    def __init__(self, first: str, rest: str) -> None:
        self.first = first
        self.rest = rest
        self.is_used = False


class _Link(NamedTuple):
    leads_to: str
    marks: frozenset[str]
    """Its classes, and how it is related."""
    begins: int
    """Number of pieces written before it."""


class _Writer:
    """Text under way: breaks and spaces are written only once something follows them."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.open: list[tuple[str, _Indent | None]] = []
        """Quotes, lists and items that have begun, outermost first."""
        self.is_open: Counter[str] = Counter()
        self.indents: list[_Indent] = []
        self.least_indents = 0
        """Fewest indents since something was written: those which a blank line belongs to."""
        self.numbers: list[int] = []
        self.breaks = 0
        self.gap = 0
        self.has_space = False
        self.preformatted = 0
        self.fence_at: int | None = None
        """The piece that opens a block of code."""
        self.fence_depth = 0
        """Indents around it."""
        self.code_at: int | None = None
        """The first piece of code within a line; -1 where nothing of it is written yet."""
        self.cells = 0
        self.link: _Link | None = None

    # Markup -------------------------------------------------------------------------------------------

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.stand_apart(name)
        if name == "br":
            self.breaks += 1
        elif name == "a":
            self.end_link()
            marks = frozenset(f"{attributes.get('class', '')} {attributes.get('rel', '')}".lower().split())
            self.link = _Link(attributes.get("href", "").strip(), marks, -1)
        elif name == "img":
            self.text(attributes.get("alt") or attributes.get("title") or "")
        elif name == "pre":
            self.preformatted += 1
        elif name == "code":
            if not self.preformatted and self.code_at is None:
                self.code_at = -1
        elif name == "tr":
            self.cells = 0
        elif name in ("td", "th"):
            if self.cells:
                self.text(" | ")
            self.cells += 1
        elif name in _INDENTING and self.fence_at is None:
            self.indent(name, attributes)

    def end(self, name: str) -> None:
        if name == "pre":
            self.preformatted = max(0, self.preformatted - 1)
            if not self.preformatted:
                self.end_block_of_code()
        self.stand_apart(name)
        if name == "br":
            self.breaks += 1
        elif name == "a":
            self.end_link()
        elif name == "code":
            self.end_code()
        elif self.is_open[name]:
            while self.outdent() != name:
                pass

    def stand_apart(self, name: str) -> None:
        if name in _PARAGRAPHS and not (name in _LISTS and self.is_open["li"]):
            self.gap = 2
        elif name in _LINES or name in _LISTS:
            self.gap = max(self.gap, 1)

    def indent(self, name: str, attributes: dict[str, str]) -> None:
        if name == "li" and self.open and self.open[-1][0] == "li":
            self.outdent()
        indent = None
        if name in _LISTS:
            first = attributes.get("start", "")
            is_numbered = name == "ol"
            self.numbers.append((int(first) if re.fullmatch(r"[0-9]{1,6}", first) else 1) if is_numbered else 0)
        elif len(self.indents) < _DEEPEST:
            indent = _Indent("> ", "> ") if name == "blockquote" else self.marker()
            self.indents.append(indent)
        self.open.append((name, indent))
        self.is_open[name] += 1

    def marker(self) -> _Indent:
        """What stands before an item of the innermost list."""
        number = self.numbers[-1] if self.numbers else 0
        if not number:
            return _Indent("- ", "  ")
        self.numbers[-1] += 1
        return _Indent(f"{number}. ", "   ")

    def outdent(self) -> str:
        """End the innermost quote, list or item; which it was."""
        name, indent = self.open.pop()
        self.is_open[name] -= 1
        if name in _LISTS:
            self.numbers.pop()
        if indent is not None:
            if (
                self.fence_at is not None and len(self.indents) == self.fence_depth
            ):  # what is around it ends, and it with that
                self.end_block_of_code()
                self.preformatted = 0
            self.indents.pop()
            self.least_indents = min(self.least_indents, len(self.indents))
        return name

    def end_link(self) -> None:
        """Write where the link leads, if its text doesn't say so."""
        link, self.link = self.link, None
        if link is None or link.begins < 0 or not _WEB_ADDRESS.fullmatch(link.leads_to):
            return
        shown = "".join(self.pieces[link.begins :])
        if _NAME_OR_TAG.fullmatch(shown) and link.marks & {"mention", "hashtag", "u-url", "tag"}:
            return
        if shown == link.leads_to:
            return
        if _is_address(shown, link.leads_to):
            self.pieces[link.begins :] = [link.leads_to]
        else:
            self.pieces.append(f" ({link.leads_to})")

    def end_code(self) -> None:
        """Put backticks around what was written as code, where it stands on one line."""
        begins, self.code_at = self.code_at, None
        if begins is not None and begins >= 0 and not {"`", "\n"} & set("".join(self.pieces[begins:])):
            self.pieces[begins] = "`" + self.pieces[begins]
            self.pieces.append("`")

    def end_block_of_code(self) -> None:
        """Close a block of code by more backticks than stand in it."""
        if self.fence_at is None:
            return
        longest = max(map(len, _BACKTICKS.findall("".join(self.pieces[self.fence_at + 1 :]))), default=0)
        fence = self.pieces[self.fence_at] = "`" * max(3, longest + 1)
        self.fence_at = None
        self.gap, self.breaks = 0, 1
        self.write(fence, is_code=True)
        self.gap = 2

    # Text ---------------------------------------------------------------------------------------------

    def text(self, text: str) -> None:
        text = _NEVER_SHOWN.sub("", text)
        if self.preformatted:
            self.code(text)
            return
        words = _SPACE.sub(" ", text)
        if words.startswith(" "):
            self.has_space = True
        if words.strip(" "):
            self.write(words.strip(" "))
            self.has_space = words.endswith(" ")

    def code(self, text: str) -> None:
        for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            self.breaks += bool(number)
            if line.strip():
                if self.fence_at is None:
                    self.write("```", is_code=True)
                    self.fence_at, self.fence_depth = len(self.pieces) - 1, len(self.indents)
                    self.breaks = 1
                self.write(line, is_code=True)

    def write(self, text: str, *, is_code: bool = False) -> None:
        breaks = max(self.gap, self.breaks if is_code else min(self.breaks, 2))
        if not self.pieces:
            self.pieces.append(self.line_start())
        elif breaks:
            blank = "\n" + self.prefix(self.least_indents).rstrip()
            self.pieces.append(blank * (breaks - 1) + "\n" + self.line_start())
        elif self.has_space:
            self.pieces.append(" ")
        if self.link is not None and self.link.begins < 0:
            self.link = self.link._replace(begins=len(self.pieces))
        if self.code_at == -1:
            self.code_at = len(self.pieces)
        self.pieces.append(text)
        self.breaks = self.gap = 0
        self.has_space = False
        self.least_indents = len(self.indents)

    def line_start(self) -> str:
        start = ""
        for indent in self.indents:
            start += indent.rest if indent.is_used else indent.first
            indent.is_used = True
        return start

    def prefix(self, levels: int) -> str:
        return "".join(indent.rest for indent in self.indents[:levels])

    def finished(self) -> str:
        self.end_link()
        self.end_block_of_code()
        return "".join(self.pieces).rstrip()


def _is_address(shown: str, leads_to: str) -> bool:
    """Whether a link's text is its address, or the start of it: `example.com/a…` for `https://www.example.com/a/b`."""
    start = _bare(shown.rstrip("….").removesuffix("..."))
    return "." in start and not re.search(r"\s", start) and _bare(leads_to).startswith(start)


def _bare(address: str) -> str:
    return re.sub(r"^https?://", "", address.casefold()).removeprefix("www.").rstrip("/")
