"""One package a network: `fetch` talks to it, `parse` is pure. `contract` says what a connector is."""

from connectors import (
    appstore,
    bluesky,
    discourse,
    files,
    github,
    hackernews,
    lemmy,
    mail,
    mastodon,
    reddit,
    rss,
    stackexchange,
    x,
    youtube,
)
from connectors.contract import Connector

CONNECTORS: dict[str, Connector] = {
    "appstore": appstore,
    "bluesky": bluesky,
    "discourse": discourse,
    "files": files,
    "github": github,
    "hackernews": hackernews,
    "lemmy": lemmy,
    "mail": mail,
    "mastodon": mastodon,
    "reddit": reddit,
    "rss": rss,
    "stackexchange": stackexchange,
    "x": x,
    "youtube": youtube,
}
"""Type of a source in the config → its connector."""
