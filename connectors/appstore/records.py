"""What Apple's feed of customer reviews holds, as records. Pure: nothing here touches a network.

The feed comes as XML, an Atom feed in text, or as JSON of the same content, which in old answers lacks the dates. The
connector puts beside an answer what it lacks: `{"app": …, "name": …, "country": …, "answer": …}`.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.contract import Author, Drift, Mention, Metrics, Misfit, Page, Record, utc, web_address

_ATOM = "{http://www.w3.org/2005/Atom}"
_APPLE = "{http://itunes.apple.com/rss}"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that people write and that XML can't hold."""
_LARGEST = 2**63 - 1


class Review(NamedTuple):
    """An entry of the feed, in either form, as text that is still to be read."""

    id: str | None
    updated: str | None
    title: str | None = None
    text: str | None = None
    rating: str | None = None
    version: str | None = None
    author: str | None = None
    author_uri: str | None = None
    link: str | None = None
    votes: str | None = None


class Feed(NamedTuple):
    """The reviews of a page, and the number of the last page that the feed says it has."""

    reviews: list[Review]
    last_page: int | None


class UnreadableError(Exception):
    """Why a page or review is set aside."""


def records(page: Page) -> Iterator[Record]:
    """Mentions, authors and metrics of a page of reviews."""
    body = page.body
    beside = body if isinstance(body, dict) and "answer" in body else {}
    answer = beside.get("answer", body)
    if isinstance(answer, dict) and "resultCount" in answer:  # what the store says of an app: known, and no review
        return
    try:
        feed = feed_of(answer)
    except UnreadableError as reason:
        yield Misfit(str(reason), "page", answer)
        return
    app, name, country = (beside.get(key) for key in ("app", "name", "country"))
    community = f"{name or f'app {app}'} ({str(country).upper()})" if app and country else None
    for number, review in enumerate(feed.reviews):
        try:
            yield from _records_of(review, community)
        except UnreadableError as reason:
            yield Misfit(str(reason), f"entry[{number}]", review._asdict())


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
    try:
        return utc(datetime.fromisoformat(review.updated)) if review.updated else None
    except (ValueError, OverflowError):
        return None


def _records_of(review: Review, community: str | None) -> Iterator[Record]:
    if not review.id or not re.fullmatch(r"\w{1,40}", review.id, re.ASCII):
        raise UnreadableError("is a review without a readable id")
    if review.updated is None:
        raise UnreadableError("is a review without a date, as in Apple's old JSON; its XML has one")
    created_at = moment(review)
    if created_at is None:
        raise UnreadableError("is a review whose date can't be read")
    mention_id, author_id = f"appstore:{review.id}", _author_id(review)
    rating = _number(review.rating)
    is_rated = rating is not None and 1 <= rating <= 5
    yield Mention(
        *(mention_id, "appstore", community, "review", review.title, review.text, web_address(review.link), author_id),
        *(None, mention_id, created_at),
        rating=float(rating) if is_rated and rating is not None else None,
        product_version=review.version or None,
    )
    if author_id and review.author:
        yield Author(author_id, "appstore", review.author)
    if not is_rated:
        yield Drift("review.rating", review.rating)
    if review.text is None:
        yield Drift("review.content")
    yield Metrics(mention_id, likes=_number(review.votes))


def _author_id(review: Review) -> str | None:
    """By the number in the author's address, or by the name where there is none."""
    number = re.search(r"/id(\d{1,20})\b", review.author_uri or "", re.ASCII)
    who = number[1] if number else review.author
    return f"appstore:{who}" if who else None


# XML --------------------------------------------------------------------------------------------------


def _from_xml(text: str) -> Feed:
    try:
        root = fromstring(_NO_XML.sub("", text))
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise UnreadableError(f"is not a feed of reviews ({error})") from None
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
            id=_inner(entry, "id", "label"),
            updated=_inner(entry, "updated", "label"),
            title=_inner(entry, "title", "label"),
            text=_inner(entry, "content", "label"),
            rating=_inner(entry, "im:rating", "label"),
            version=_inner(entry, "im:version", "label"),
            author=_inner(entry, "author", "name", "label"),
            author_uri=_inner(entry, "author", "uri", "label"),
            link=_inner(entry, "link", "attributes", "href"),
            votes=_inner(entry, "im:voteSum", "label"),
        )
        for entry in entries
        if _inner(entry, "im:name", "label") is None
    ]
    return Feed(reviews, _page_number(hrefs.get("last")))


def _inner(value: Any, *way: str) -> str | None:
    """The text that lies within a value; None where there is none."""
    for name in way:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


# Values -----------------------------------------------------------------------------------------------


def _page_number(address: str | None) -> int | None:
    found = re.search(r"/page=(\d{1,4})/", address or "", re.ASCII)
    return int(found[1]) if found else None


def _number(text: str | None) -> int | None:
    if text is None or not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
        return None
    return int(text)
