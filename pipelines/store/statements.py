"""The SQL that stands beside a module, by name."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(module_file: str) -> Mapping[str, str]:
    """The statements of the `.sql` file beside a module, by the names in the lines `-- name: …` above them."""
    path = Path(module_file).with_suffix(".sql")
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
