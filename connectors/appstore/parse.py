"""What Apple's feed of customer reviews holds, as records. Pure: nothing here touches a network.

The feed comes as XML, an Atom feed in text, or as JSON of the same content, which in old answers lacks the dates. The
connector puts beside an answer what it lacks: `{"app": …, "name": …, "country": …, "answer": …}`.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.appstore import Settings
from connectors.contract import Author, Mention, Metrics, Misfit, Page, Record, web_address
from connectors.entries import UnreadableError, placed, read_each
from connectors.side_fields import SideFields
from connectors.values import iso_moment, opened

_ATOM = "{http://www.w3.org/2005/Atom}"
_APPLE = "{http://itunes.apple.com/rss}"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that people write and that XML can't hold."""


class Review(NamedTuple):
    """An entry of the feed, in either form, as it stands there: text, but for what a broken answer holds in its place.
    None is what it lacks.
    """

    id: Any
    updated: Any
    title: Any = None
    text: Any = None
    rating: Any = None
    version: Any = None
    author: Any = None
    author_uri: Any = None
    link: Any = None
    votes: Any = None


class Feed(NamedTuple):
    """The reviews of a page, and the number of the last page that the feed says it has."""

    reviews: list[Review]
    last_page: int | None


def parse(settings: Settings | None, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors and metrics of a page of reviews."""
    answer, beside = opened(page.body)
    if isinstance(answer, dict) and "resultCount" in answer:  # what the store says of an app: known, and no review
        return
    try:
        feed = feed_of(answer)
    except UnreadableError as reason:
        yield Misfit(str(reason), "page", answer)
        return
    app, name, country = (beside.get(key) for key in ("app", "name", "country"))
    community = f"{name or f'app {app}'} ({str(country).upper()})" if app and country else None
    yield from read_each(
        placed("entry", feed.reviews), partial(_records_of, community=community), lambda review: review._asdict()
    )


def feed_of(answer: Any) -> Feed:
    """The reviews in an answer; `UnreadableError` where it is no feed. An app that stands among them is left out."""
    if isinstance(answer, str):
        return _from_xml(answer)
    feed = answer.get("feed") if isinstance(answer, dict) else None
    if isinstance(feed, dict):
        return _from_json(feed)
    raise UnreadableError("is not a feed of reviews")


def moment(review: Review) -> datetime | None:
    """When a review was written, or last changed: Apple tells only that. UTC."""
    return iso_moment(review.updated)


def _records_of(review: Review, community: str | None) -> Iterator[Record]:
    if not isinstance(review.id, str) or not re.fullmatch(r"\w{1,40}", review.id, re.ASCII):
        raise UnreadableError("is a review without a readable id")
    if review.updated is None:
        raise UnreadableError("is a review without a date, as in Apple's old JSON; its XML has one")
    created_at = moment(review)
    if created_at is None:
        raise UnreadableError("is a review whose date can't be read")
    side = SideFields("review")
    handle = side.words("author", review.author)
    mention_id, author_id = f"appstore:{review.id}", _author_id(review.author_uri, handle)
    title, text, rating = _told("title", review.title, side), _told("content", review.text, side), _rating(review, side)
    if not title and not text and rating is None:
        raise UnreadableError("is a review without words and stars")
    yield Mention(
        *(mention_id, "appstore", community, "review", title, text, _link(review, side), author_id),
        *(None, mention_id, created_at),
        rating=rating,
        product_version=side.words("version", review.version),
    )
    if author_id and handle:
        yield Author(author_id, "appstore", handle)
    if review.text is None:
        side.drift("content", None)
    yield Metrics(mention_id, likes=_votes(review, side))
    yield from side.drifts


def _author_id(uri: Any, handle: str | None) -> str | None:
    """By the number in the author's address, or by the name where there is none."""
    number = re.search(r"/id(\d{1,20})\b", uri, re.ASCII) if isinstance(uri, str) else None
    who = number[1] if number else handle
    return f"appstore:{who}" if who else None


def _told(name: str, value: Any, side: SideFields) -> str | None:
    """A text as it was written."""
    if value is None or isinstance(value, str):
        return value
    side.drift(name, value)
    return None


def _link(review: Review, side: SideFields) -> str | None:
    found = web_address(review.link)
    if found is None and review.link is not None:
        side.drift("link", review.link)
    return found


def _rating(review: Review, side: SideFields) -> float | None:
    """Stars, 1 to 5; None for anything else."""
    if isinstance(review.rating, str) and re.fullmatch("[1-5]", review.rating.strip()):
        return float(review.rating)
    side.drift("rating", review.rating)
    return None


def _votes(review: Review, side: SideFields) -> int | None:
    """How many found it helpful, which the feed tells as text."""
    if isinstance(review.votes, str) and re.fullmatch("[0-9]{1,18}", review.votes.strip()):
        return int(review.votes)
    if review.votes is not None:
        side.drift("voteSum", review.votes)
    return None


# XML --------------------------------------------------------------------------------------------------


def _from_xml(text: str) -> Feed:
    try:
        root = fromstring(_NO_XML.sub("", text))
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        raise UnreadableError("is not a feed of reviews") from None
    if root.tag != f"{_ATOM}feed":
        raise UnreadableError("is XML, but not a feed of reviews")
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{_ATOM}link")}
    entries = [entry for entry in root.findall(f"{_ATOM}entry") if entry.find(f"{_APPLE}name") is None]
    return Feed([_review_of(entry) for entry in entries], _page_number(links.get("last")))


def _review_of(entry: Element) -> Review:
    def text(name: str) -> str | None:
        found = entry.find(name)
        return None if found is None else found.text or ""

    # The words stand there twice, the second time in a table for browsers.
    contents = {content.get("type", "text"): content.text or "" for content in entry.findall(f"{_ATOM}content")}
    link = entry.find(f"{_ATOM}link")
    return Review(
        id=text(f"{_ATOM}id"),
        updated=text(f"{_ATOM}updated"),
        title=text(f"{_ATOM}title"),
        text=contents.get("text"),
        rating=text(f"{_APPLE}rating"),
        version=text(f"{_APPLE}version"),
        author=text(f"{_ATOM}author/{_ATOM}name"),
        author_uri=text(f"{_ATOM}author/{_ATOM}uri"),
        link=None if link is None else link.get("href"),
        votes=text(f"{_APPLE}voteSum"),
    )


# JSON -------------------------------------------------------------------------------------------------


def _from_json(feed: dict[str, Any]) -> Feed:
    entries, links = feed.get("entry", []), feed.get("link", [])
    entries = entries if isinstance(entries, list) else [entries]
    hrefs = {
        _inner(link, "attributes", "rel"): _inner(link, "attributes", "href")
        for link in (links if isinstance(links, list) else [links])
    }
    reviews = [
        Review(
            id=_standing(entry, "id", "label"),
            updated=_standing(entry, "updated", "label"),
            title=_standing(entry, "title", "label"),
            text=_standing(entry, "content", "label"),
            rating=_standing(entry, "im:rating", "label"),
            version=_standing(entry, "im:version", "label"),
            author=_standing(entry, "author", "name", "label"),
            author_uri=_standing(entry, "author", "uri", "label"),
            link=_standing(entry, "link", "attributes", "href"),
            votes=_standing(entry, "im:voteSum", "label"),
        )
        for entry in entries
        if _inner(entry, "im:name", "label") is None
    ]
    return Feed(reviews, _page_number(hrefs.get("last")))


def _inner(value: Any, *way: str) -> str | None:
    """The text that lies within a value; None where there is none."""
    found = _standing(value, *way) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _standing(entry: Any, *way: str) -> Any:
    """What lies within an entry; where the way doesn't lead on, what stands in its place."""
    value: Any = entry if isinstance(entry, dict) else None
    for name in way:
        if not isinstance(value, dict):
            return value
        value = value.get(name)
    return value


# Values -----------------------------------------------------------------------------------------------


def _page_number(address: Any) -> int | None:
    found = re.search(r"/page=(\d{1,4})/", address, re.ASCII) if isinstance(address, str) else None
    return int(found[1]) if found else None
