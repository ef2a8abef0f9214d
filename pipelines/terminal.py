"""What a terminal is shown. Posts, names and settings are text and nothing else: no markup, no link, no command."""

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Column
from rich.text import Text

TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Signs that turn the direction of writing, so that a text may look like another."""
_ACTS = re.compile(f"[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\ud800-\\udfff{TURNS}]")


def harmless(text: str) -> str:
    """A stranger's text that a terminal only shows: what would act stands there as `�`."""
    return _ACTS.sub("�", text.replace("\r\n", "\n"))


def cell(value: object) -> Text:
    """A value as a cell of a table; NULL is a dash."""
    return Text("–" if value is None else harmless(str(value)))


def heading(name: str) -> Column:
    """A column of a table with its name above it."""
    return Column(cell(name))


class Terminal(Console):
    """A console on which whatever is printed is harmless; only its own styles and movements act."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of something to be shown."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(harmless(segment.text), segment.style)
