"""Feeds as they came last, kept between runs, so that a server need not send again what hasn't changed.

Not a cache of HTTP such as CacheControl's: that keeps nothing that has a Last-Modified and no ETag, does not know how
seldom a feed itself wants to be asked, and can't tell up to when a kept answer is complete.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kept:
    """A feed's last answer, and what is known about it."""

    body: dict[str, Any]
    checked_at: datetime
    """When its server last sent it, or said that it hadn't changed."""
    seconds_good: float = 0.0
    """For so long its server and the feed itself want no question."""
    conditions: dict[str, str] = field(default_factory=dict)
    """Headers that ask for it only if it has changed."""
    whole_since: datetime | None = None
    """What was written since then was seen, without a gap; None where nothing can be said."""


class FeedCache:
    """A folder with a file per feed; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def get(self, url: str) -> Kept | None:
        """What is kept of a feed; None where nothing is, or nothing that can be read."""
        if self._folder is None:
            return None
        try:
            told = json.loads(self._file(url).read_text(encoding="utf-8"))
            return Kept(
                told["body"],
                datetime.fromisoformat(told["checked_at"]),
                float(told["seconds_good"]),
                dict(told["conditions"]),
                datetime.fromisoformat(told["whole_since"]) if told["whole_since"] else None,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, url: str, kept: Kept) -> None:
        """Keep a feed in place of what was kept of it."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._file(url)
        making = file.with_suffix(f".{os.getpid()}.making")
        making.write_text(json.dumps(asdict(kept), default=datetime.isoformat), encoding="utf-8")
        making.replace(file)

    def _file(self, url: str) -> Path:
        return (self._folder or Path()) / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
