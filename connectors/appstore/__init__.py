"""Apple's App Store: what customers write about an app in each country, with stars and version. Asks the public feed.

The feed shows the newest 500 reviews of an app in a country, whatever the window; a review that is changed comes up
again as the newest. Each night before the feed, the store is asked for the app's name, as the feed of an app that isn't
there looks like that of one without reviews.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import requests
from pydantic import AfterValidator, Field

from connectors.appstore import records as appstore_records
from connectors.appstore.records import UnreadableError, feed_of, moment
from connectors.contract import (
    Listening,
    Network,
    Page,
    Query,
    RateLimited,
    Record,
    SchemaDrift,
    Shape,
    SourceError,
    SourceSettings,
    Truncated,
    Window,
)
from connectors.http_api import HttpApi, NotThere, object_in
from connectors.listing import come_down
from connectors.transport import excerpt, new_session

NETWORK = Network(
    name="appstore",
    title="App Store",
    page_size=50,
    limits="50 reviews a page, 10 pages for each app and country; the store's lookup about 20 times a minute",
    reaches_back="the newest 500 reviews of an app in a country",
    source_url="https://developer.apple.com/library/archive/documentation/AudioVideo/Conceptual/iTuneSearchAPI/",
    pace_seconds=3.0,
    setup="An app's id is the number that ends its address: `apps.apple.com/nl/app/…/id123456789`.",
    cannot=(
        "Stars that somebody gives without writing are not in the feed, and neither are the developer's answers.",
        "When a review was first written: Apple tells only when it was last changed.",
        "The address of a single review: a link leads to all reviews of the app.",
        "Deletions: a review that leaves the feed may be deleted, pushed out by newer ones, or missing for an hour; it "
        "is kept.",
        "The feed is not documented any more, though Apple has kept it for many years; it lags behind the store by up "
        "to a day, now and then by more.",
    ),
    community=Shape(r".+ \([A-Z]{2}\)", "Halmora (US)"),
)

HOME = "https://itunes.apple.com"
LAST_PAGE = 10
"""Apple answers page 11 with «page depth is limited to 10»."""


def _app(name: str) -> str:
    """The id of an app, also out of its address."""
    found = re.fullmatch(r"(?:https?://\S+/)?(?:id)?(\d{4,12})(?:\?\S*)?", name.strip(), re.ASCII)
    if not found:
        raise ValueError("write an app's id, the number in its address: apps.apple.com/nl/app/halmora/id123456789")
    return found[1]


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", code.strip()):
        raise ValueError("write a country as two letters: 'nl', 'de', 'us'")
    return code.strip().lower()


class Settings(SourceSettings):
    """Reviews in Apple's App Store."""

    type: Literal["appstore"]
    apps: tuple[Annotated[str, AfterValidator(_app)], ...] = Field(
        min_length=1, description="apps to follow: id or address"
    )
    countries: tuple[Annotated[str, AfterValidator(_country)], ...] = Field(
        ("us",), min_length=1, description="stores to look in, two letters each, as each country has its own reviews"
    )


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001 - part of the contract
    """A query per app and country."""
    return [
        Query(f"app {app} in {country.upper()}", f"{country}/{app}")
        for app in dict.fromkeys(settings.apps)
        for country in dict.fromkeys(settings.countries)
    ]


def connect(settings: Settings, credentials: Mapping[str, str]) -> HttpApi:  # noqa: ARG001 - nobody is asked who they are
    """A client. Nothing is sent."""
    session = new_session(HOME, str(settings.api) if settings.api else None, user_agent="earshot")
    return _Api(session, NETWORK.pace_seconds if settings.pace is None else settings.pace)


class _Api(HttpApi):
    """Apple's store, which turns away who asks too often with 403."""

    def __init__(self, session: requests.Session, pace_seconds: float) -> None:
        super().__init__("Apple", session, pace_seconds, self._meaning_of, is_own=is_own)

    def _meaning_of(self, refusal: requests.Response) -> SourceError | None:
        if refusal.status_code != 403:
            return None
        return RateLimited(
            "Apple turns us away (403), as it does with whoever asks too often; ask for fewer countries, or set a "
            "larger pace.",
            until=self.clock.now() + timedelta(minutes=1),
        )


def is_own(refusal: requests.Response) -> bool:
    """Whether Apple refuses: the lookup with an object, the feed with a line of text, and haste with any 403."""
    return (
        refusal.status_code == 403
        or "errorMessage" in object_in(refusal)
        or refusal.text.lstrip().startswith("CustomerReviews RSS")
    )


def fetch(client: HttpApi, settings: Settings, query: Query, window: Window) -> Iterator[Page]:  # noqa: ARG001 - as above
    """The app's name, then its reviews, newest first, until a whole page is older than the window.

    `Truncated` where the newest 500 don't reach back to the window's start.
    """
    country, _, app = query.text.partition("/")
    reached = window.end
    try:
        beside = {"app": app, "country": country}
        answer = client.get_json(f"{HOME}/lookup", {"id": app, "country": country})
        name = _name(answer, app, country)
        yield Page("lookup", {**beside, "answer": answer})
        for number in range(1, LAST_PAGE + 1):
            address = f"{HOME}/{country}/rss/customerreviews/page={number}/id={app}/sortby=mostrecent/xml"
            # Apple says ISO 8859-1 at times, and sends UTF-8
            text = client.ask("GET", address).content.decode("utf-8-sig", "replace")
            page = Page("customerreviews", {**beside, "name": name, "answer": text})
            try:
                reviews, last_page = feed_of(text)
            except UnreadableError as error:
                yield page  # goes to quarantine as it came
                raise SchemaDrift(f"Apple answered {excerpt(text)} where reviews belong: it {error}.") from None
            times = [moment(review) for review in reviews]
            inside = [at for at in times if at and at in window]
            first_at, last_at = min(inside, default=None), max(inside, default=None)
            yield page._replace(posts=len(inside), seen=len(reviews), first_at=first_at, last_at=last_at)
            if not reviews and 1 < number <= (last_page or 0):
                raise SourceError(f"Apple left page {number} of {last_page} empty; run this window again later.")
            reached = come_down(reached, times)
            is_older = all(at is not None and at < window.start for at in times)
            # The feed says which page is its last, and may be behind: after a full one, the next is looked at.
            is_last = (last_page or LAST_PAGE) <= number < LAST_PAGE and len(reviews) < NETWORK.page_size
            if not reviews or is_older or is_last:
                return
    except SourceError as failure:
        failure.unseen_from, failure.unseen_to = window.start, reached
        raise
    if reached >= window.start:
        raise Truncated(
            f"Apple shows the newest 500 reviews of app {app} in {country.upper()} only, here back to "
            f"{reached:%Y-%m-%d %H:%M} UTC; run more often.",
            unseen_from=window.start,
            unseen_to=reached,
        )


def parse(settings: Settings, page: Page) -> Iterator[Record]:  # noqa: ARG001 - part of the contract
    """Mentions, authors and metrics of a page. What can't be read is a `Misfit`."""
    return appstore_records.records(page)


def _name(answer: Any, app: str, country: str) -> str:
    """The name of an app in a country's store."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise SchemaDrift(f"Apple answered {excerpt(answer)} where an app belongs; its API may have changed.")
    if not results:
        raise NotThere(
            f"Apple's store in {country.upper()} has no app {app}; check the number, or leave the country out."
        )
    name = results[0].get("trackName") if isinstance(results[0], dict) else None
    return name if isinstance(name, str) and name else f"app {app}"
