"""Landing: what a network sent, kept as it was sent.

`landing/<source>/<window>/` holds one folder per attempt. An attempt that got everything is called `complete` and
takes the place of all earlier ones; others are `partial-001`, `partial-002` … and stay beside each other, so that
nothing that was received is lost; each goes on where those before it stopped. Each holds `pages.jsonl.zst`, a page a
line, and `manifest.json`, written last.
"""

import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import zstandard

from connectors.contract import Page, Window
from pipelines.errors import InputError
from pipelines.store.home import Home, read_json
from reading.fingerprints import fingerprint

COMPLETE = "complete"
PAGES = "pages.jsonl.zst"
MANIFEST = "manifest.json"
DEEPEST = 200
"""Levels of nesting that are kept; the JSON writer ends at 254."""


class LandedLine(NamedTuple):
    """A page as the line of JSON in which it lies, and where that is: file (relative to the home) and line."""

    content: bytes
    path: str
    number: int
    attempt: int
    """Which of the window's attempts brought it, in the order of time, from 0."""

    def page(self) -> tuple[Page, str]:
        """The page that the line holds, and the query that it answers."""
        content = orjson.loads(self.content)
        return Page(content["endpoint"], content["body"]), content["query"]


def window_folder(home: Home, source_id: str, window: Window) -> Path:
    """The folder of a source's window."""
    return home.landing / source_id / window.name


def attempts(folder: Path) -> list[Path]:
    """The finished attempts of a window in the order of time; partial ones are younger than a complete one."""
    finished = [attempt for attempt in folder.glob("[!.]*") if (attempt / MANIFEST).exists()]
    if folder / COMPLETE not in finished:  # a pull was killed in the moment between two renames
        finished += folder.glob(f".{COMPLETE}.*.old")
    return sorted(finished, key=lambda attempt: (COMPLETE not in attempt.name, attempt.name))


def manifests(folder: Path) -> list[dict[str, Any]]:
    """The manifests of a window's attempts, in the same order."""
    return [read_json(attempt / MANIFEST) for attempt in attempts(folder)]


def is_complete(folder: Path) -> bool:
    """Whether the attempts of a window together got everything."""
    return any(manifest["complete"] for manifest in manifests(folder))


def windows(home: Home) -> list[tuple[str, Window]]:
    """The (source, window) pairs of which something has landed, in order of time, then source."""
    return [
        (source_id, window)
        for source_id, window in home.windows(home.landing)
        if attempts(window_folder(home, source_id, window))
    ]


def fingerprint_of(home: Home, source_id: str, window: Window) -> str | None:
    """What changes when anything that landed of a window does; None where nothing has."""
    landed = manifests(window_folder(home, source_id, window))
    return fingerprint([manifest["fingerprint"] for manifest in landed]) if landed else None


def next_partial(folder: Path) -> Path:
    """The folder for one more attempt that did not get everything."""
    numbers = [int(attempt.name.removeprefix("partial-")) for attempt in folder.glob("partial-*")]
    return folder / f"partial-{max(numbers, default=0) + 1:03d}"


class PageWriter:
    """Writes pages to a compressed file, a JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.pages = 0
        self._file = path.open("wb")
        self._stream = zstandard.ZstdCompressor(level=3).stream_writer(self._file)
        self._hash = hashlib.blake2b(digest_size=6)

    def write(self, page: Page, query: str) -> None:
        """Append a page that answers a query.

        What JSON can't hold as it is (lone surrogates, NaN) is kept in an escaped form.
        """
        line = encode({"endpoint": page.endpoint, "query": query, "body": page.body})
        self.pages += 1
        self._hash.update(line)
        self._stream.write(line + b"\n")

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when anything in the pages changes."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Write what is still buffered; the file is readable afterwards."""
        with self._file:
            self._stream.close()  # type: ignore[no-untyped-call]


def encode(value: Any) -> bytes:
    """`value` as JSON. Lone surrogates become U+FFFD, as no file and no table can hold them."""
    try:
        return orjson.dumps(value, default=_as_text)
    except (TypeError, orjson.JSONEncodeError):
        return orjson.dumps(_encodable(value, DEEPEST), default=_as_text)


def _as_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _encodable(value: Any, depth: int) -> Any:
    """The same value with text for keys, Unicode texts, numbers that JSON holds, and at most `depth` levels."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(str(key), 0): _encodable(entry, depth - 1) for key, entry in value.items()} if depth else "…"
    if isinstance(value, list | tuple):
        return [_encodable(entry, depth - 1) for entry in value] if depth else "…"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def read_lines(home: Home, source_id: str, window: Window) -> Iterator[LandedLine]:
    """Every page of a window's attempts in order, still as JSON; memory holds one page at a time.

    `InputError` where a file does not hold the pages that its manifest counts.
    """
    for order, attempt in enumerate(attempts(window_folder(home, source_id, window))):
        path = attempt / PAGES
        relative = path.relative_to(home.root).as_posix()
        pages = read_json(attempt / MANIFEST)["pages"]
        number = 0
        try:
            with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
                for line in io.BufferedReader(stream, 1 << 20):
                    if line.endswith(b"\n"):
                        number += 1
                        yield LandedLine(line, relative, number, order)
        except (FileNotFoundError, zstandard.ZstdError) as error:
            raise _damaged(path, str(error)) from error
        if number != pages:
            raise _damaged(path, f"{number} whole pages where the manifest counts {pages}")


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is damaged: {why}. Remove the folder that holds it and pull that window again: "
        "what the warehouse holds of it stays."
    )
