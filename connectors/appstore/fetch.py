"""Asks the store for an app's name, and its feed for reviews page by page."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import requests

from connectors.appstore import NETWORK, Settings
from connectors.appstore.parse import feed_of, moment
from connectors.contract import Page, Query, RateLimited, SchemaDrift, SourceError, Truncated, Window, pace_of
from connectors.entries import UnreadableError
from connectors.http_api import HttpApi, NotThere, object_in
from connectors.listing import come_down
from connectors.pages import Shown, circles, unexpected
from connectors.transport import excerpt, new_session

HOME = "https://itunes.apple.com"
LAST_PAGE = 10
"""Apple answers page 11 with «page depth is limited to 10»."""


def connect(settings: Settings, credentials: Mapping[str, str]) -> HttpApi:  # noqa: ARG001 - nobody is asked who they are
    """A client. Nothing is sent."""
    session = new_session(HOME, str(settings.api) if settings.api else None, user_agent="earshot")
    return _Api(session, pace_of(NETWORK, settings))


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
    reached, shown = window.end, Shown()
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
            if not shown.add(review.id for review in reviews) and reviews:
                raise circles("customerreviews")
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


def _name(answer: Any, app: str, country: str) -> str:
    """The name of an app in a country's store."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise unexpected("Apple", answer, "an app")
    if not results:
        raise NotThere(
            f"Apple's store in {country.upper()} has no app {app}; check the number, or leave the country out."
        )
    name = results[0].get("trackName") if isinstance(results[0], dict) else None
    return name if isinstance(name, str) and name else f"app {app}"
