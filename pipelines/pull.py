"""Pull: ask a source for a window and land what it answers, with a manifest that says what was and wasn't seen."""

import logging
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.contract import CredentialsError, Query, RateLimited, SourceError, SourceSettings, Window
from pipelines import __version__
from pipelines.config import Config, connector_of, fingerprint
from pipelines.errors import SourceFailed
from pipelines.home import Home, replace_folder, sweep, write_json
from pipelines.landing import COMPLETE, MANIFEST, PAGES, PageWriter, next_partial, window_folder

log = logging.getLogger(__name__)
FINE = frozenset({"ok", "verified-empty", "empty"})
"""Statuses of a query that was answered in full."""


def pull(home: Home, config: Config, source_id: str, window: Window, credentials: Mapping[str, str]) -> Path:
    """Land a source's window and return its manifest.

    A query that fails costs itself: the others are asked all the same, and everything received is landed. Then
    `SourceFailed` names the ones that failed; a truncated query is no failure but stands in the manifest.
    """
    settings = config.source(source_id)
    folder = window_folder(home, source_id, window)
    with home.only_one(f"pull-{source_id}"):
        started = time.monotonic()
        started_at = datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        making = folder / f".attempt.{os.getpid()}.making"
        making.mkdir()
        try:
            writer = PageWriter(making / PAGES)
            coverage = list(_ask_everything(settings, config, window, credentials, writer))
            manifest = {
                "source": source_id,
                "network": network_of(settings),
                "window": [window.start, window.end],
                "coverage": coverage,
                "code_version": __version__,
                "fingerprint": fingerprint([settings.model_dump(mode="json"), coverage, writer.fingerprint]),
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
            }
            write_json(making / MANIFEST, manifest)
            target = _settle(folder, making, complete=all(row["status"] in FINE for row in coverage))
        finally:
            shutil.rmtree(making, ignore_errors=True)
    _report(source_id, window, coverage)
    return target / MANIFEST


def network_of(settings: SourceSettings) -> str:
    """The network whose ids a source's mentions carry."""
    return str(getattr(settings, "network", None) or connector_of(settings).NETWORK.name)


def _settle(folder: Path, making: Path, *, complete: bool) -> Path:
    """Give the new attempt its name. A complete one takes the place of all others."""
    target = folder / COMPLETE if complete else next_partial(folder)
    replace_folder(making, target)
    if complete:
        for partial in folder.glob("partial-*"):
            shutil.rmtree(partial)
    return target


def _ask_everything(
    settings: SourceSettings, config: Config, window: Window, credentials: Mapping[str, str], writer: PageWriter
) -> Iterator[dict[str, Any]]:
    """Ask every query, write the pages, and yield a row of coverage each."""
    connector = connector_of(settings)
    queries = connector.queries(settings, config.listening(network_of(settings)))
    try:
        client = connector.connect(settings, credentials)
    except CredentialsError as error:
        yield from (_coverage(query, _Seen(), error) for query in queries)
        return
    else:
        for query in queries:
            yield _ask(connector, client, settings, query, window, writer)
    finally:
        writer.close()


class _Seen:
    """What came back for one query so far."""

    def __init__(self) -> None:
        self.calls = self.posts = self.seen = 0
        self.first: datetime | None = None
        self.last: datetime | None = None


def _ask(
    connector: Any, client: Any, settings: SourceSettings, query: Query, window: Window, writer: PageWriter
) -> dict[str, Any]:
    """Ask one query and return its row of coverage."""
    seen = _Seen()
    pages = connector.fetch(client, settings, query, window)
    while True:
        try:
            page = next(pages, None)
        except SourceError as error:
            return _coverage(query, seen, error)
        except Exception as error:
            log.exception("pull %s: %s", settings.id, query.name)
            unforeseen = SourceError(
                f"{type(error).__name__} that the {settings.type} connector did not foresee; the log has the details. "  # type: ignore[attr-defined]
                "Please report it."
            )
            return _coverage(query, seen, unforeseen)
        if page is None:
            return _coverage(query, seen, None)
        writer.write(page)
        seen.calls += 1
        seen.posts += page.posts
        seen.seen += page.seen
        seen.first = min((at for at in (seen.first, page.first_at) if at), default=None)
        seen.last = max((at for at in (seen.last, page.last_at) if at), default=None)


def _coverage(query: Query, seen: _Seen, error: SourceError | None) -> dict[str, Any]:
    status: str
    if error:
        status = error.status
    elif seen.posts:
        status = "ok"
    else:
        status = "verified-empty" if seen.seen else "empty"
    reason = str(error) if error else None
    if isinstance(error, RateLimited) and error.until:
        reason = f"{error} Ask again after {error.until:%Y-%m-%d %H:%M} UTC."
    return {
        "query": query.name,
        "status": status,
        "reason": reason,
        "calls_count": seen.calls,
        "posts_count": seen.posts,
        "first_post_at": seen.first,
        "last_post_at": seen.last,
        "unseen_from": error.unseen_from if error else None,
        "unseen_to": error.unseen_to if error else None,
    }


def _report(source_id: str, window: Window, coverage: list[dict[str, Any]]) -> None:
    for row in coverage:
        level = logging.INFO if row["status"] in FINE else logging.WARNING
        log.log(
            level,
            "pull %s %s: %s: %s posts, %s",
            source_id,
            window.name,
            row["query"],
            row["posts_count"],
            row["status"] if row["status"] in FINE else f"{row['status']}: {row['reason']}",
        )
    failed = [row for row in coverage if row["status"] not in FINE | {"truncated"}]
    if failed:
        reasons = "; ".join(f"{row['query']}: {row['reason']}" for row in failed)
        raise SourceFailed(f"{source_id}, {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC: {reasons}")
