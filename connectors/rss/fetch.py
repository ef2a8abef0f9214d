"""Reads feeds: what is shown now or was kept, the older pages behind it, and what of the window that leaves unseen."""

import logging
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.contract import NotYet, Page, Query, RateLimited, SchemaDrift, SourceError, Truncated, Window, pace_of
from connectors.http_api import PATIENCE, Clock, HttpApi, NotThere, Refused
from connectors.pages import circles
from connectors.rss import NETWORK, Settings
from connectors.rss.feed_cache import FeedCache, Kept
from connectors.rss.listing import Listing, Shown, listing
from connectors.rss.parse import Feed, body_of
from connectors.transport import excerpt, new_session

log = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(days=1)
"""Also where a feed wants to be asked once a month: whether it has changed is a question that costs next to nothing."""
SLACK = 0.9
"""So much of the pause is kept, so that a nightly run isn't a few seconds early for a feed that allows one a day."""
MOST_PAGES = 50


class Reader:
    """What reads feeds: a session, the pace, the clock, and the feeds as they came last."""

    def __init__(self, session: requests.Session, pace_seconds: float, cache: FeedCache) -> None:
        self.session = session
        self.pace_seconds = pace_seconds
        self.cache = cache
        self.clock = Clock()

    def ask(self, name: str, url: str, conditions: Mapping[str, str]) -> requests.Response:
        """What a feed's server answers."""
        # Any server may serve a feed, so that none has a body of its own for what isn't there; nothing follows from it.
        api = HttpApi(
            name, self.session, self.pace_seconds, lambda answer: _meaning(name, answer), self.clock, lambda _: True
        )
        return api.ask("GET", url, headers=conditions)


def connect(settings: Settings, credentials: Mapping[str, str], cache: Path | None = None) -> Reader:  # noqa: ARG001
    """A reader that keeps feeds in `cache`, where given. Nothing is sent."""
    api = str(settings.api) if settings.api else None
    session = new_session(instead=api, user_agent="earshot (feed reader)", public_only=api is None)
    session.headers["Accept"] = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"
    return Reader(session, pace_of(NETWORK, settings), FeedCache(cache))


def fetch(client: Reader, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """The feed as it is now, or as it was kept; then its older pages, until the window's start is reached.

    `Truncated` where the feed doesn't show back so far and no earlier run has seen the rest; `RateLimited` where it
    wants to be left alone and what is kept of it doesn't reach to the window's end.
    """
    return _Visit(client, settings, query.text, window).pages()


class _Visit:
    """One feed, read for one window."""

    def __init__(self, client: Reader, settings: Settings, url: str, window: Window) -> None:
        self.client = client
        self.url = url
        self.window = window
        self.name = next((feed.name for feed in settings.feeds if str(feed.url) == url), None)
        self.instead = str(settings.api).rstrip("/") if settings.api else None
        self.is_asked = False

    def pages(self) -> Iterator[Page]:
        try:
            kept, feed = self.current()
            yield self.page(kept.body, feed)
            if feed.is_cut_off:
                raise SourceError(f"the feed {self.url} breaks off in the middle; run this window again later.")
            shown = feed.shown()
            if feed.entries and not shown:
                raise SchemaDrift(f"none of the entries of the feed {self.url} has a date that can be read.")
            kept = yield from self.older(kept, feed, shown)
        except SourceError as failure:
            failure.unseen_from, failure.unseen_to = self.window
            raise
        if not self.is_asked and kept.checked_at < self.window.end:
            good_until = kept.checked_at + timedelta(seconds=kept.seconds_good * SLACK)
            limit = RateLimited(f"the feed {self.url} wants not to be asked so often.", until=good_until)
            limit.unseen_from, limit.unseen_to = max(kept.checked_at, self.window.start), self.window.end
            raise limit
        if feed.entries:
            self.say_what_is_missing(kept.whole_since, self.listing(shown))

    def say_what_is_missing(self, whole_since: datetime | None, now: Listing) -> None:
        """Raise what the window lacks: its beginning, its end, or both."""
        start, end = self.window
        missing: list[tuple[str, datetime, datetime]] = []
        if whole_since is None or whole_since > start:
            reaches = f"shows nothing before {whole_since:%Y-%m-%d %H:%M} UTC" if whole_since else "shows nothing of it"
            if not now.is_ordered:
                reaches = "lists its entries in no order of time, so that nobody can tell what has left it"
            told = f"the feed {self.url} {reaches}; older entries can't be had."
            missing.append((told, start, min(whole_since or end, end)))
        quiet_since = now.quiet_since(end)
        if quiet_since is not None:
            told = (
                f"the feed {self.url} may have stopped: its newest entry is of {quiet_since:%Y-%m-%d}, far longer ago "
                "than it was ever silent. Look at the site in a browser; if it goes on there, find its new feed."
            )
            missing.append((told, max(quiet_since, start), end))
        if missing:
            is_over = quiet_since is not None and len(missing) == 1
            kind = NotYet if is_over else Truncated
            reasons, begins, ends = zip(*missing, strict=True)
            raise kind(" ".join(reasons), unseen_from=min(begins), unseen_to=max(ends))

    def listing(self, shown: Sequence[Shown]) -> Listing:
        """What the order of the entries says now."""
        return listing(shown, max(self.client.clock.now(), self.window.end))

    def current(self) -> tuple[Kept, Feed]:
        """The feed's first page: as kept, where its server wants no question or says that it hasn't changed."""
        kept = self.client.cache.get(self.url)
        if kept is not None:
            rest = kept.seconds_good * SLACK - (self.client.clock.now() - kept.checked_at).total_seconds()
            if rest > 0 and (kept.checked_at >= self.window.end or rest > PATIENCE):
                return kept, Feed(kept.body)
            self.client.clock.sleep(max(0.0, rest))
        self.is_asked = True
        answer = self.ask(self.url, kept.conditions if kept else {})
        checked_at = self.client.clock.now()
        if answer.status_code == 304:
            if kept is None:
                raise SchemaDrift(
                    f"the feed {self.url} says that nothing has changed (304) although nobody asked that."
                )
            feed = Feed(kept.body)
            kept = replace(kept, checked_at=checked_at, seconds_good=_seconds_good(answer, feed))
        else:
            feed = self.feed(self.url, answer, {})
            before = Feed(kept.body) if kept else None
            if held := feed.held_since(before):
                feed = Feed({**feed.body, "held": held})
            now = self.listing(feed.shown())
            whole_since = now.whole_from
            if kept and before and now.goes_on_from(listing(before.shown(), kept.checked_at)):
                whole_since = min(filter(None, (kept.whole_since, whole_since)), default=None)
            kept = Kept(
                feed.body,
                checked_at,
                _seconds_good(answer, feed),
                {asked: answer.headers[told] for told, asked in _CONDITIONS.items() if told in answer.headers},
                whole_since,
            )
        if not feed.is_cut_off and "no-store" not in answer.headers.get("cache-control", ""):
            self.client.cache.put(self.url, kept)
        return kept, feed

    def older(self, kept: Kept, feed: Feed, shown: list[Shown]) -> Generator[Page, None, Kept]:
        """Pages with older entries, to the window's start; in the end what is known now of how far back it is whole.

        `shown` becomes the entries of all pages.
        """
        held = feed.held
        asked, reached = {self.url}, self.listing(shown).whole_from
        while (following := feed.next_page) and reached and reached > self.window.start and len(asked) < MOST_PAGES:
            if following in asked:
                raise circles(f"the feed {self.url}")
            if urlsplit(following).netloc != urlsplit(self.url).netloc:
                break
            asked.add(following)
            feed = self.feed(following, self.ask(following, {}), held)
            yield self.page(feed.body, feed)
            shown += feed.shown()
            reached = self.listing(shown).whole_from or reached
            kept = replace(kept, whole_since=min(filter(None, (kept.whole_since, reached))))
            self.client.cache.put(self.url, kept)
        if len(asked) > 1 and feed.next_page is None and kept.whole_since:
            # A feed in pages that has come to its last page has shown all there is.
            kept = replace(kept, whole_since=min(kept.whole_since, self.window.start))
        return kept

    def ask(self, url: str, conditions: Mapping[str, str]) -> requests.Response:
        """What is at an address of the feed. That it has moved for good is said in the log."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        place = f"{self.instead}/{parts.netloc}{parts.path}{query}" if self.instead else url
        answer = self.client.ask(f"the feed {url}", place, conditions)
        if answer.history and all(step.status_code in (301, 308) for step in answer.history):
            log.warning("the feed %s has moved for good; write its new address, %s, into the config", url, answer.url)
        return answer

    def feed(self, url: str, answer: requests.Response, held: Mapping[str, str | None]) -> Feed:
        came_from = url if self.instead else answer.url
        body = body_of(self.url, self.name, answer.content, answer.headers, came_from)
        body |= {"held": dict(held)} if held else {}
        feed = Feed(body)
        if not feed.is_feed:
            if _JSON_FEED in answer.content[:1000]:
                raise SchemaDrift(f"{url} is a JSON Feed, which is not read; take the site's feed in RSS or Atom.")
            said = excerpt(answer.text) if answer.content else "nothing"
            raise SchemaDrift(f"{url} answered {said} where a feed belongs; look at the address in a browser.")
        return feed

    def page(self, body: Any, feed: Feed) -> Page:
        inside = [entry.written_at for entry in feed.shown() if entry.written_at in self.window]
        return Page("feed", body, len(inside), len(feed.entries), min(inside, default=None), max(inside, default=None))


_JSON_FEED = b"https://jsonfeed.org/version/"
_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def _seconds_good(answer: requests.Response, feed: Feed) -> float:
    """For how long a feed wants no further question, as its server or it itself says; a day at most."""
    told = re.search(r"\bmax-age=(\d{1,9})\b", answer.headers.get("cache-control", ""))
    age = re.fullmatch(r"\d{1,9}", answer.headers.get("age", ""))
    from_server = float(told[1]) - (float(age[0]) if age else 0.0) if told else 0.0
    return max(0.0, min(max(from_server, feed.hours_between * 3600), LONGEST_PAUSE.total_seconds()))


def _meaning(name: str, answer: requests.Response) -> SourceError | None:
    code = answer.status_code
    if code == 410:
        return NotThere(f"{name} is gone for good (410); take it out of the config.")
    if code == 404:
        return NotThere(f"{name} is not there (404); look for its new address on the site.")
    if code in (401, 403):
        return Refused(f"{name} is not open to us ({code}); look at it in a browser.", code)
    return None
