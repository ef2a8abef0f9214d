"""Apple's App Store: what customers write about an app in each country, with stars and version. Asks the public feed.

The feed shows the newest 500 reviews of an app in a country, whatever the window; a review that is changed comes up
again as the newest. Each night before the feed, the store is asked for the app's name, as the feed of an app that isn't
there looks like that of one without reviews.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.contract import Listening, Network, Query, Shape, SourceSettings

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
