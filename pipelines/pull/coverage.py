"""Coverage: what each query of a window saw and did not see, as rows that add up over several attempts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from connectors.contract import CredentialsError, NotYet, Page, Query, RateLimited, SourceError, Window
from pipelines.pull.budget import BudgetUsedUp

FINE = frozenset({"ok", "verified-empty"})
"""Statuses of a query that was answered in full."""
QUIET = FINE | {"unverified", "truncated"}
"""Statuses that don't turn a night red: nothing failed, though not all was seen."""
RECHECK = "recheck"
"""Name of the query that looks again at posts of the last days."""

Row = dict[str, Any]


class Seen:
    """What came back for one query so far."""

    def __init__(self) -> None:
        self.calls = self.posts = self.seen = self.units = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.whole_after: datetime | None = None

    def add(self, page: Page) -> None:
        """Count a page."""
        self.calls += 1
        self.posts += page.posts
        self.seen += page.seen
        self.units += page.units
        self.first = _least(self.first, page.first_at)
        self.last = _most(self.last, page.last_at)
        self.whole_after = page.seen_whole_after or self.whole_after


def row(query: Query, seen: Seen, error: SourceError | None, window: Window, *, is_exhaustive: bool = False) -> Row:
    """The row of one query, answered in full or up to an error."""
    if seen.whole_after is not None and seen.whole_after < window.start:
        error = None  # it came after everything had been seen
    if error:
        status = str(error.status)
    elif seen.posts:
        status = "ok"
    else:
        status = "verified-empty" if seen.seen or is_exhaustive else "unverified"
    reason = str(error) if error else None
    if isinstance(error, RateLimited) and error.until:
        reason = f"{error} Ask again after {error.until:%Y-%m-%d %H:%M} UTC."
    return {
        "query": query.name,
        "brand_ids": " | ".join(sorted(query.brand_ids)) or None,
        "status": status,
        "reason": reason,
        "calls_count": seen.calls,
        "posts_count": seen.posts,
        "seen_count": seen.seen,
        "units_count": seen.units,
        "first_post_at": seen.first,
        "last_post_at": seen.last,
        "unseen_from": error.unseen_from if error else None,
        "unseen_to": error.unseen_to if error else None,
        # where the next attempt may stop; None = it has to ask for the whole window
        "whole_after": seen.whole_after if error else None,
        "can_resume": isinstance(error, NotYet)
        or (isinstance(error, BudgetUsedUp) and (seen.whole_after is not None or not seen.calls)),
        "retry_at": error.until if isinstance(error, RateLimited) else None,
        "is_permanent": isinstance(error, CredentialsError),
    }


def with_earlier(now: Row, before: Row | None) -> Row:
    """A row that goes on where an earlier attempt stopped: what both saw, and what is still unseen now."""
    if before is None:
        return now
    summed = {
        name: now[name] + before.get(name, 0) for name in ("calls_count", "posts_count", "seen_count", "units_count")
    }
    merged = now | summed
    merged["first_post_at"] = _least(now["first_post_at"], moment(before["first_post_at"]))
    merged["last_post_at"] = _most(now["last_post_at"], moment(before["last_post_at"]))
    if now["status"] in FINE | {"unverified"} and merged["posts_count"]:
        merged["status"] = "ok"
    return merged


class Read(NamedTuple):
    """What could be read of the answers to one query."""

    read: int
    """Distinct mentions."""
    posts: int
    """Those of the window among them."""
    first_at: datetime | None
    last_at: datetime | None
    misfits: Counter[str]
    """Records that could not be read, by the reason."""
    drifts: Counter[str]
    """Fields that were missing or could not be read, by name."""
    lost_pages: int = 0
    """Pages of which the whole, or the rest, could not be read: nobody knows how many posts they held."""


def as_read(held: Row, read: Read, *, is_exhaustive: bool) -> Row:
    """The row of a query once its answers were read.

    An answer in full is `ok` or `verified-empty` only where everything that came could be read. Else it is one of
    `schema-drift`, and a failure, `is_unread`, where most of it could not be read. `is_complete` says whether the
    window was seen in full. With `is_exhaustive` what came is all that the source holds, whatever the window.
    """
    unread = read.misfits.total()
    is_answered = held["status"] in FINE
    row = held | {
        "quarantined_count": unread,
        "drift_count": read.drifts.total(),
    }
    if held["query"] != RECHECK:
        row |= {"posts_count": read.posts, "first_post_at": read.first_at, "last_post_at": read.last_at}
        if is_answered:
            row["status"] = "ok" if read.posts else "verified-empty"
    is_counted = is_exhaustive and not read.lost_pages
    readable = max(read.read, held["seen_count"] - unread if is_counted else 0)
    told = []
    if unread:
        told.append(f"{unread:,} of {unread + readable:,} records can't be read: {_commonest(read.misfits)}")
    if read.lost_pages:
        pages = "a page" if read.lost_pages == 1 else f"{read.lost_pages:,} pages"
        told.append(f"{pages} can't be read to the end; nobody knows how many posts that cost")
    if read.drifts:
        told.append(f"fields that are missing or can't be read: {_commonest(read.drifts)}; the posts are kept")
    is_unread = is_answered and unread > readable
    if told and is_answered:
        row["status"] = "failed" if is_unread else "schema-drift"
    if told:
        row["reason"] = ". ".join(filter(None, (held["reason"], *told)))
    is_complete = is_answered and not read.lost_pages and unread * FEWEST_READABLE <= unread + readable
    return row | {"is_unread": is_unread, "is_complete": is_complete}


def _commonest(counted: Counter[str]) -> str:
    """The commonest of what was counted, with how often: `12 × the time can't be read`."""
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [f"{count:,} × {what}" for what, count in ordered[:MOST_NAMED]]
    more = sum(count for _, count in ordered[MOST_NAMED:])
    return "; ".join([*shown, *([f"{more:,} × something else"] if more else [])])


FEWEST_READABLE = 20
"""One unreadable record in so many leaves a window comparable with others; more leave it seen in part."""
MOST_NAMED = 3
"""Reasons and fields that are told one by one."""


def by_query(manifests: Iterable[Mapping[str, Any]]) -> dict[str, Row]:
    """The row that holds for each query after all attempts: the newest that was answered in full, if any was."""
    rows = [row for manifest in manifests for row in manifest["coverage"]]
    rows.sort(key=lambda row: row["status"] in FINE)
    return {row["query"]: row for row in rows}


def moment(value: Any) -> datetime | None:
    """A moment as a manifest keeps it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _least(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at), default=None)


def _most(*moments: datetime | None) -> datetime | None:
    return max((at for at in moments if at), default=None)
