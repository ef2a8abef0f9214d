"""Pull: ask a source for a window and land what it answers, with a manifest that says what was and wasn't seen."""

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.contract import CredentialsError, Deletion, Mention, Page, Query, SourceError, SourceSettings, Window
from pipelines.code_version import code_version
from pipelines.config.settings import Config, connector_of, network_of
from pipelines.errors import SourceFailed
from pipelines.pull import budget, coverage
from pipelines.pull.landing import (
    COMPLETE,
    MANIFEST,
    PAGES,
    PageWriter,
    is_complete,
    manifests,
    next_partial,
    window_folder,
    windows,
)
from pipelines.pull.recheck import known_mentions
from pipelines.store.home import Home, replace_folder, sweep, write_json
from reading.fingerprints import fingerprint

log = logging.getLogger(__name__)
GAP_DAYS = 7
"""For so many days a window that was not seen in full is asked for again."""


def pull_with_gaps(
    home: Home,
    config: Config,
    source_id: str,
    window: Window,
    credentials: Mapping[str, str],
    now: datetime,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Pull what earlier windows left unseen, the oldest first, then the window itself, on one budget.

    `SourceFailed` names all that failed; what came has landed.
    """
    purse = open_purse(home, config, source_id, now)
    failures = []
    for due in [*gaps(home, config, source_id, window, now), window]:
        try:
            pull(home, config, source_id, due, credentials, purse=purse, now=now, advance=advance)
        except SourceFailed as failure:
            failures.append(failure)
    if failures:
        raise SourceFailed.of_several(failures)


def gaps(home: Home, config: Config, source_id: str, before: Window, now: datetime) -> list[Window]:
    """Earlier windows of the last days that were not seen in full and that asking again can help; oldest first."""
    reach = connector_of(config.source(source_id)).NETWORK.reach
    oldest = now - min(timedelta(days=GAP_DAYS), reach or timedelta.max)
    due = []
    for landed_source, window in windows(home):
        if landed_source != source_id or window == before or not oldest < window.end <= before.start:
            continue
        folder = window_folder(home, source_id, window)
        landed = manifests(folder)
        if landed and not is_complete(folder) and any(map(_can_be_filled, coverage.by_query(landed).values())):
            due.append(window)
    return due


def _can_be_filled(row: Mapping[str, Any]) -> bool:
    """Whether asking again may show more: not where the network has no more, nor for numbers of long ago."""
    if row["query"] == coverage.RECHECK:
        return False
    return row["status"] not in coverage.QUIET or row["can_resume"]


def open_purse(home: Home, config: Config, source_id: str, now: datetime) -> budget.Purse:
    """What a source may still use tonight."""
    settings = config.source(source_id)
    return budget.Purse(settings, connector_of(settings).NETWORK, budget.usd_in_month(home, source_id, now))


def pull(
    home: Home,
    config: Config,
    source_id: str,
    window: Window,
    credentials: Mapping[str, str],
    *,
    purse: budget.Purse | None = None,
    now: datetime | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Path:
    """Land a source's window and return its manifest.

    A window that earlier attempts saw in part is gone on with: only what was not answered in full is asked. A query
    that fails costs itself: the others are asked all the same, and everything received is landed. Then `SourceFailed`
    names the ones that failed; a truncated query is no failure but stands in the manifest.
    """
    settings = config.source(source_id)
    folder = window_folder(home, source_id, window)
    now = now or datetime.now(UTC).replace(tzinfo=None)
    with home.only_window(source_id, window):
        started = time.monotonic()
        started_at = datetime.now(UTC)
        sweep(folder)
        earlier = {} if is_complete(folder) else coverage.by_query(manifests(folder))
        making = folder / f".attempt.{os.getpid()}.making"
        making.mkdir()
        visit = _Visit(home, config, settings, window, purse or open_purse(home, config, source_id, now), making, now)
        used_before = dict(visit.purse.used)
        try:
            rows = list(visit.ask_everything(credentials, earlier))
            complete = all(row["status"] in coverage.FINE | {"unverified"} for row in rows)
            manifest = {
                "source": source_id,
                "network": network_of(settings),
                "window": [window.start, window.end],
                "coverage": rows,
                "brand_queries": [[brand.id, brand.query_version, str(brand.expression)] for brand in config.brands],
                "complete": complete,
                "pages": visit.writer.pages,
                "code_version": code_version(),
                "fingerprint": fingerprint([settings.model_dump(mode="json"), rows, visit.writer.fingerprint]),
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
            }
            write_json(making / MANIFEST, manifest)
            target = _settle(folder, making, is_whole=complete and visit.is_whole)
        finally:
            budget.note(home, source_id, started_at, visit.purse.since(used_before))
            shutil.rmtree(making, ignore_errors=True)
    advance(sum(row["posts_count"] for row in rows))
    _report(source_id, window, rows)
    return target / MANIFEST


def _settle(folder: Path, making: Path, *, is_whole: bool) -> Path:
    """Give the new attempt its name. One that got everything by itself takes the place of all others."""
    target = folder / COMPLETE if is_whole else next_partial(folder)
    replace_folder(making, target)
    if is_whole:
        for partial in folder.glob("partial-*"):
            shutil.rmtree(partial)
    return target


class _Visit:
    """One attempt at a window: asks its queries, lands the pages, keeps within the budget."""

    def __init__(
        self,
        home: Home,
        config: Config,
        settings: SourceSettings,
        window: Window,
        purse: budget.Purse,
        folder: Path,
        now: datetime,
    ) -> None:
        self.home = home
        self.config = config
        self.settings = settings
        self.window = window
        self.purse = purse
        self.now = now
        self.connector = connector_of(settings)
        self.writer = PageWriter(folder / PAGES)
        self.is_whole = True
        """Whether it asks for everything, and goes on with nothing that came before."""

    def ask_everything(
        self, credentials: Mapping[str, str], earlier: Mapping[str, coverage.Row]
    ) -> Iterator[coverage.Row]:
        """A row of coverage for each query, those included that an earlier attempt got an answer to."""
        queries = self.connector.queries(self.settings, self.config.listening(network_of(self.settings)))
        try:
            client = self._connect(credentials)
            rows = [self._row(client, query, earlier.get(query.name)) for query in queries]
            yield from self._with_canary(client, rows)
            yield from self._recheck(client, earlier.get(coverage.RECHECK))
        except CredentialsError as error:
            yield from (coverage.row(query, coverage.Seen(), error, self.window) for query in queries)
        finally:
            self.writer.close()

    def _connect(self, credentials: Mapping[str, str]) -> Any:
        return self.connector.connect(self.settings, credentials, self.home.http_cache / self.settings.id)

    def _row(self, client: Any, query: Query, before: coverage.Row | None) -> coverage.Row:
        if before and before["status"] in coverage.FINE:
            self.is_whole = False
            return before
        whole_after = coverage.moment(before["whole_after"]) if before else None
        window = self.window
        if whole_after:
            self.is_whole = False
            # a second more, as other posts may bear the time of the last one that came
            window = Window(window.start, min(window.end, whole_after + timedelta(seconds=1)))
        row = self._ask(query, self.connector.fetch(client, self.settings, query, window), window)
        return coverage.with_earlier(row, before if whole_after else None)

    def _ask(self, query: Query, pages: Iterator[Page], window: Window) -> coverage.Row:
        """Land the pages of a query; its row of coverage."""
        seen = coverage.Seen()
        error: SourceError | None = None
        while error is None:
            error = self._exhausted(seen, window)
            if error is None:
                try:
                    page = next(pages, None)
                except SourceError as failure:
                    error = failure
                except Exception as failure:
                    log.exception("pull %s: %s", self.settings.id, query.name)
                    error = SourceError(
                        f"{type(failure).__name__} that the connector did not foresee; the log has the details. "
                        "Please report it."
                    )
                else:
                    if page is None:
                        break
                    self.writer.write(page, query.name)
                    self.purse.take(page)
                    seen.add(page)
        return coverage.row(query, seen, error, window, is_exhaustive=self.connector.NETWORK.is_exhaustive)

    def _exhausted(self, seen: coverage.Seen, window: Window) -> SourceError | None:
        error = self.purse.exhausted()
        if error:
            error.unseen_from, error.unseen_to = window.start, seen.whole_after or window.end
        return error

    def _with_canary(self, client: Any, rows: list[coverage.Row]) -> Iterator[coverage.Row]:
        """The rows; those to which nothing came are empty only if a query that must find something does."""
        query = self.connector.NETWORK.canary
        if query is None or all(row["status"] != "unverified" for row in rows):
            yield from rows
            return
        # a small place may be quiet for days: what is asked is whether the search works at all
        year = Window(self.window.end - timedelta(days=365), self.window.end)
        verdict = self._canary_says(self.connector.fetch(client, self.settings, query, year), query)
        yield from (row | verdict if row["status"] == "unverified" else row for row in rows)

    def _canary_says(self, pages: Iterator[Page], query: Query) -> coverage.Row:
        """What becomes of rows without an answer. One page is enough, and it is not landed."""
        error: SourceError | None = self.purse.exhausted()
        try:
            page = None if error else next(pages, None)
        except SourceError as failure:
            page, error = None, failure
        if page is not None:
            self.purse.take(page)
            if page.seen:
                return {"status": "verified-empty"}
        if error is not None:
            return {"reason": f"nothing came back, and whether the search works could not be checked: {error}"}
        return {
            "status": "failed",
            "reason": f"nothing came back, and neither did {query.name}, which always finds something: the search is "
            "broken or closed to us. Look at the place in a browser and at the network's status page.",
        }

    def _recheck(self, client: Any, before: coverage.Row | None) -> Iterator[coverage.Row]:
        """Look again at posts of the last days, unless the window itself is of long ago."""
        days = self.settings.recheck_days
        can_ask = self.connector.NETWORK.recheck_size and days
        if not can_ask or self.window.end < self.now - timedelta(days=days):
            return
        if before and before["status"] in coverage.FINE:
            self.is_whole = False
            yield before
            return
        known = known_mentions(self.home, self.settings.id, self.window, days)
        if known:
            query = Query(coverage.RECHECK, f"{len(known):,} posts of the last {days} days")
            parts = (known[start : start + RECHECK_AT_ONCE] for start in range(0, len(known), RECHECK_AT_ONCE))
            pages = (page for part in parts for page in self.connector.recheck(client, self.settings, part))
            row = self._ask(query, self._believed(pages), self.window)
            # when these were written says nothing of the window, and neither does how many are of it
            row |= dict.fromkeys(("first_post_at", "last_post_at", "unseen_from", "unseen_to", "whole_after"))
            row["posts_count"] = max(row["posts_count"], row["seen_count"])
            yield row | ({"status": "ok"} if row["status"] in coverage.FINE | {"unverified"} else {})

    def _believed(self, pages: Iterator[Page]) -> Iterator[Page]:
        """The pages, unless they say that everything is gone: a fault of the network, not a mass deletion.

        Pages that tell of deletions only wait for one that shows a post.
        """
        waiting: list[Page] = []
        gone, is_alive = 0, False
        for page in pages:
            records = list(self.connector.parse(self.settings, page))
            gone += sum(isinstance(record, Deletion) for record in records)
            is_alive = is_alive or any(isinstance(record, Mention) for record in records)
            waiting.append(page)
            if is_alive:
                yield from waiting
                waiting.clear()
            elif gone >= TOO_MANY_GONE:
                raise SourceError(
                    f"the network says that all of {gone:,} posts asked for are gone, which is not believed: nothing "
                    "was deleted. Look at some of them in a browser, and run this window again."
                )
        yield from waiting


TOO_MANY_GONE = 20
"""Posts that can't all have been deleted since they were last seen."""
RECHECK_AT_ONCE = 1000
"""Mentions that a connector gets at a time, so that a budget can stop in between."""


def _told(row: coverage.Row) -> str:
    """How a query went that nothing went wrong with. Whether what came says nothing is known once it is read."""
    return "answered in full" if row["status"] in coverage.FINE else str(row["status"])


def _report(source_id: str, window: Window, rows: list[coverage.Row]) -> None:
    for row in rows:
        is_fine = row["status"] in coverage.FINE | {"unverified"}
        log.log(
            logging.DEBUG if is_fine else logging.WARNING,
            "pull %s %s: %s: %s posts, %s",
            source_id,
            window.name,
            row["query"],
            row["posts_count"],
            _told(row) if is_fine else f"{row['status']}: {row['reason']}",
        )
    failed = [row for row in rows if row["status"] not in coverage.QUIET]
    if failed:
        reasons = "; ".join(f"{row['query']}: {row['reason']}" for row in failed)
        raise SourceFailed(
            f"{source_id}, {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC: {reasons}",
            retry_at=max((at for row in failed if (at := coverage.moment(row["retry_at"]))), default=None),
            is_permanent=all(row["is_permanent"] for row in failed),
        )
