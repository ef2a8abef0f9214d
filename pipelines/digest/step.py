"""The digest: what was said of our brands in a period, for people who have half a minute and then want to act.

`freeze` reads the marts once, `render` turns the frozen structure into HTML, Markdown and JSON.
"""

import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipelines.config.settings import DigestSettings
from pipelines.digest import render
from pipelines.digest.freeze import freeze
from pipelines.digest.frozen import Frozen
from pipelines.digest.redact import redacted


class DigestFiles(NamedTuple):
    """The files of a digest, and its headline in plain text."""

    html: Path
    markdown: Path
    json: Path
    headline: str


def digest(published: Path, folder: Path, settings: DigestSettings, until: datetime) -> DigestFiles:
    """Writes the digest of the period that ends with `until` into a folder named after it, in `folder`.

    The same file, settings and moment give the same bytes. Earlier digests lose the words of posts that are gone since.
    `InputError` where the published file can't be read.
    """
    frozen = freeze(published, settings, until)
    files = _write_all(folder / frozen.period.name, frozen)
    for written in sorted(folder.glob("*/digest.json")):
        if written != files.json and (mended := redacted(published, written)):
            _write_all(written.parent, mended)
    return files


def _write_all(place: Path, frozen: Frozen) -> DigestFiles:
    place.mkdir(parents=True, exist_ok=True)
    files = DigestFiles(place / "digest.html", place / "digest.md", place / "digest.json", " ".join(frozen.headline))
    contents = {
        files.html: render.html(frozen),
        files.markdown: render.markdown_text(frozen),
        files.json: render.json_text(frozen),
    }
    for path, content in contents.items():
        _write(path, content)
    return files


def _write(path: Path, content: str) -> None:
    """Under a temporary name first: a reader meets the old file or the new one, never half of one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
