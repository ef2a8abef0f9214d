"""SQL that stands in a file beside the module that runs it: `duplicates.sql` beside `duplicates.py`."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def statements(module_file: str) -> Mapping[str, str]:
    """The statements of the `.sql` file beside a module, by the names that stand above them: `-- name: fresh`.

    The file is read when the first of them is asked for. `ValueError` where a name stands twice.
    """
    return _Statements(Path(module_file).with_suffix(".sql"))


class _Statements(Mapping[str, str]):
    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def _by_name(self) -> dict[str, str]:
        _, *parts = _NAME.split(self._path.read_text(encoding="utf-8"))
        names, texts = parts[::2], parts[1::2]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{self._path}: {', '.join(twice)} stands twice. Give each statement a name of its own.")
        return {name: text.strip() for name, text in zip(names, texts, strict=True)}

    def __getitem__(self, name: str) -> str:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)
