"""Feeds: blogs, news, podcasts, releases, subreddits, and all else that speaks RSS or Atom.

Each feed is asked for what has changed since it was last read (ETag, Last-Modified), not more often than it and its
server want, and read with feedparser as far as its XML goes. A feed shows only its newest entries: what lies before
them is followed where the feed has further pages, and reported as unseen where it hasn't.
"""

import logging
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import requests
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl

from connectors.contract import (
    Listening,
    Network,
    Page,
    Query,
    RateLimited,
    Record,
    SchemaDrift,
    SourceError,
    SourceSettings,
    Truncated,
    Window,
)
from connectors.http_api import PATIENCE, Clock, HttpApi, NotThere, Refused
from connectors.rss import records as rss_records
from connectors.rss.feed_cache import FeedCache, Kept
from connectors.transport import excerpt, new_session

log = logging.getLogger(__name__)

NETWORK = Network(
    name="rss",
    title="RSS and Atom",
    page_size=0,
    limits="not more often than the feed says: Cache-Control, ttl, sy:updatePeriod",
    reaches_back="as far as the feed shows, often ten to fifty entries; further where it has pages",
    source_url="https://www.rssboard.org/rss-specification",
    is_snapshot=True,
    keeps_cache=True,
    pace_seconds=1.0,
    setup="Nothing is needed. Find a feed's address behind the orange sign of a site, or in its source: "
    '`<link rel="alternate" type="application/rss+xml" …>`. A subreddit has one at `/r/NAME/.rss`, the releases of a '
    "GitHub repository at `/releases.atom`, a YouTube channel at `/feeds/videos.xml?channel_id=…`.",
    cannot=(
        "What has left a feed before it was read for the first time can't be had any more.",
        "An entry that leaves the feed is not deleted: feeds are short. Deletions are not seen.",
        "Comments are read only where they have a feed of their own that is named.",
        "An entry without a date, or without guid and link, is set aside.",
        "Feeds behind a login are not read.",
    ),
)

LONGEST_PAUSE = timedelta(days=1)
"""Also where a feed wants to be asked once a month: whether it has changed is a question that costs next to nothing."""
SLACK = 0.9
"""So much of the pause is kept, so that a nightly run isn't a few seconds early for a feed that allows one a day."""
MOST_PAGES = 50


def _without_login(url: HttpUrl) -> HttpUrl:
    if url.username or url.password:
        raise ValueError("feeds behind a login are not read; take name and password out of the address")
    return url


class Feed(BaseModel):
    """One feed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[HttpUrl, AfterValidator(_without_login)] = Field(description="address of the feed")
    name: str | None = Field(
        None, min_length=1, description="what the place is called; the feed's own title if not given"
    )


def _feed(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class Settings(SourceSettings):
    """A source of feeds. With `api`, a feed is asked for there, below the name of its host."""

    type: Literal["rss"]
    feeds: tuple[Annotated[Feed, BeforeValidator(_feed)], ...] = Field(
        min_length=1, description='addresses of feeds, or tables: `{ url = "https://…", name = "Balcony Nettie" }`'
    )


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001 - part of the contract
    """A query per feed."""
    asked = {str(feed.url): f"{feed.name or 'feed'}: {feed.url}" for feed in settings.feeds}
    return [Query(name, url) for url, name in asked.items()]


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
    pace = NETWORK.pace_seconds if settings.pace is None else settings.pace
    return Reader(session, pace, FeedCache(cache))


def fetch(client: Reader, settings: Settings, query: Query, window: Window) -> Iterator[Page]:
    """The feed as it is now, or as it was kept; then its older pages, until the window's start is reached.

    `Truncated` where the feed doesn't show back so far and no earlier run has seen the rest; `RateLimited` where it
    wants to be left alone and what is kept of it doesn't reach to the window's end.
    """
    return _Visit(client, settings, query.text, window).pages()


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors and numbers of comments in a feed. What can't be read is a `Misfit`."""
    return rss_records.records(page)


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
            if feed.entries and not feed.moments():
                raise SchemaDrift(f"none of the entries of the feed {self.url} has a date that can be read.")
            kept = yield from self.older(kept, feed)
        except SourceError as failure:
            failure.unseen_from, failure.unseen_to = self.window
            raise
        if not self.is_asked and kept.checked_at < self.window.end:
            good_until = kept.checked_at + timedelta(seconds=kept.seconds_good * SLACK)
            limit = RateLimited(f"the feed {self.url} wants not to be asked so often.", until=good_until)
            limit.unseen_from, limit.unseen_to = max(kept.checked_at, self.window.start), self.window.end
            raise limit
        if kept.whole_from is not None and kept.whole_from > self.window.start:
            raise Truncated(
                f"the feed {self.url} shows nothing before {kept.whole_from:%Y-%m-%d %H:%M} UTC; "
                "older entries can't be had.",
                unseen_from=self.window.start,
                unseen_to=min(kept.whole_from, self.window.end),
            )

    def current(self) -> tuple[Kept, rss_records.Feed]:
        """The feed's first page: as kept, where its server wants no question or says that it hasn't changed."""
        kept = self.client.cache.get(self.url)
        if kept is not None:
            rest = kept.seconds_good * SLACK - (self.client.clock.now() - kept.checked_at).total_seconds()
            if rest > 0 and (kept.checked_at >= self.window.end or rest > PATIENCE):
                return kept, rss_records.Feed(kept.body)
            self.client.clock.sleep(max(0.0, rest))
        self.is_asked = True
        answer = self.ask(self.url, kept.conditions if kept else {})
        checked_at = self.client.clock.now()
        if answer.status_code == 304:
            if kept is None:
                raise SchemaDrift(
                    f"the feed {self.url} says that nothing has changed (304) although nobody asked that."
                )
            feed = rss_records.Feed(kept.body)
            kept = replace(kept, checked_at=checked_at, seconds_good=_seconds_good(answer, feed))
        else:
            feed = self.feed(self.url, answer)
            moments = feed.moments()
            kept = Kept(
                feed.body,
                checked_at,
                _seconds_good(answer, feed),
                {asked: answer.headers[told] for told, asked in _CONDITIONS.items() if told in answer.headers},
                _whole_from(kept, moments),
                max(moments, default=None),
            )
        if not feed.is_cut_off and "no-store" not in answer.headers.get("cache-control", ""):
            self.client.cache.put(self.url, kept)
        return kept, feed

    def older(self, kept: Kept, feed: rss_records.Feed) -> Generator[Page, None, Kept]:
        """Pages with older entries, to the window's start; in the end what is known now of how far back it is whole."""
        asked, reached = {self.url}, min(feed.moments(), default=None)
        while (following := feed.next_page) and reached and reached > self.window.start and len(asked) < MOST_PAGES:
            if following in asked:
                raise SchemaDrift(f"the pages of the feed {self.url} go round in circles.")
            if urlsplit(following).netloc != urlsplit(self.url).netloc:
                break
            asked.add(following)
            feed = self.feed(following, self.ask(following, {}))
            yield self.page(feed.body, feed)
            reached = min([reached, *feed.moments()])
            kept = replace(kept, whole_from=min(filter(None, (kept.whole_from, reached))))
            self.client.cache.put(self.url, kept)
        if len(asked) > 1 and feed.next_page is None and kept.whole_from:
            # A feed in pages that has come to its last page has shown all there is.
            kept = replace(kept, whole_from=min(kept.whole_from, self.window.start))
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

    def feed(self, url: str, answer: requests.Response) -> rss_records.Feed:
        came_from = url if self.instead else answer.url
        body = rss_records.body_of(self.url, self.name, answer.content, answer.headers, came_from)
        feed = rss_records.Feed(body)
        if not feed.is_feed:
            said = excerpt(answer.text) if answer.content else "nothing"
            raise SchemaDrift(f"{url} answered {said} where a feed belongs; look at the address in a browser.")
        return feed

    def page(self, body: Any, feed: rss_records.Feed) -> Page:
        inside = [at for at in feed.moments() if at in self.window]
        return Page("feed", body, len(inside), len(feed.entries), min(inside, default=None), max(inside, default=None))


_CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def _whole_from(before: Kept | None, moments: list[datetime]) -> datetime | None:
    """Since when nothing was missed: since its oldest entry, or for longer where that was there the last time."""
    oldest = min(moments, default=None)
    if before is None or before.whole_from is None or before.newest_at is None:
        return oldest
    if oldest is None or oldest <= before.newest_at:
        return min(filter(None, (before.whole_from, oldest)))
    return oldest


def _seconds_good(answer: requests.Response, feed: rss_records.Feed) -> float:
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
