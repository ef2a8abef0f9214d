"""Feeds: blogs, news, podcasts, releases, subreddits, and all else that speaks RSS or Atom.

Each feed is asked for what has changed since it was last read (ETag, Last-Modified), not more often than it and its
server want, and read with feedparser as far as its XML goes. A feed shows only its newest entries: what lies before
them is followed where the feed has further pages, and reported as unseen where it hasn't. How far back it reaches is
told by the entries that stand in its order: one that is pinned, or dated ahead, says nothing.

A feed may also have stopped, while its server goes on answering. Where it has been silent for more than 14 days, and
for more than three times its longest silence among the entries that it shows, the days since its newest entry count as
not seen (a feed of one or two entries has no rhythm yet: there it takes 90 days). That a program has written the file
anew is no sign of life; an entry that was edited is.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl

from connectors.contract import Listening, Network, Query, SourceSettings

NETWORK = Network(
    name="rss",
    title="RSS and Atom",
    is_feed=True,
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
        "An entry without a date that can be read is set aside, and so is one without guid, link and words.",
        "Two entries that share guid and link, or have neither, are told apart by their words: one that is edited then "
        "counts as another.",
        "A feed that lists its entries by their last answer, or in no order of time, is read but never counts as seen "
        "in full: take one of the newest posts, where the site has it.",
        "Feeds behind a login, and JSON Feed, are not read.",
        "A feed that has moved to another host is not followed there: the message names the host, and its new address "
        "belongs in the config.",
    ),
)


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
