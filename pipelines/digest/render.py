"""HTML, Markdown and JSON from one frozen digest: the same in, the same bytes out."""

import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.digest import charts, words
from pipelines.digest.frozen import Frozen
from pipelines.digest.sections import section
from pipelines.digest.sections.todo import open_posts
from pipelines.digest.text import markdown

TEMPLATES = Path(__file__).parent / "templates"
SECTIONS = Path(__file__).parent / "sections"


def html(frozen: Frozen) -> str:
    """One page that needs nothing else: styles and charts are inside, and nothing is fetched."""
    return _environment(autoescape=True).get_template("digest.html.jinja").render(**_given(frozen))


def markdown_text(frozen: Frozen) -> str:
    """The same digest as Markdown (CommonMark with tables)."""
    text = _environment(autoescape=False).get_template("digest.md.jinja").render(**_given(frozen))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def json_text(frozen: Frozen) -> str:
    """The frozen structure itself, as valid UTF-8."""
    return json.dumps(frozen.plain(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def command(sql: str) -> str:
    """The statement as a command for a POSIX shell."""
    escaped = re.sub(r'([\\"$`])', r"\\\1", sql)
    return f'earshot query "{escaped}"'


def _given(frozen: Frozen) -> dict[str, Any]:
    """What the templates get: the digest, and of each section its data, its module and its name."""
    return {"d": frozen, "sections": [(said, section(name), name) for name, said in frozen.sections.items()]}


def _environment(*, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, SECTIONS]),
        autoescape=autoescape,  # noqa: S701  (Markdown is escaped by its own filter)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(charts=charts, words=words, open_posts=open_posts)
    environment.filters.update(md=markdown, command=command, number=words.number, net=words.net, percent=words.percent)
    return environment
