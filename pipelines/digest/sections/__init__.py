"""The sections of a digest, a folder each: what it freezes, its queries, its HTML and its Markdown."""

from importlib import import_module
from typing import Any, Protocol, cast

from pipelines.digest.given import Given

ORDER = (
    "new",
    "brands",
    "themes",
    "wants",
    "todo",
    "languages",
    "coverage",
)
"""The folders, in the order in which readers meet them. A section may look at those that stand before it."""


class Section(Protocol):
    """A folder's module. Beside it lie its queries, `*.sql`, and `section.html.jinja` and `section.md.jinja`, which get
    its data as `s`, the digest as `d` and the module itself, for words of its own, as `own`.
    """

    LINK: str
    """What the page's navigation calls it; the anchor is the folder's name."""
    Data: type[Any]
    """What it says: a frozen dataclass, whose names stand in digest.json. `searches` says what came of each search."""

    def freeze(self, given: Given) -> Any:
        """Its data for a period."""


def section(name: str) -> Section:
    """A section by the name of its folder."""
    return cast("Section", import_module(f"pipelines.digest.sections.{name}"))
