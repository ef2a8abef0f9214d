"""One package a network: `fetch` talks to it, `parse` is pure. `contract` says what a connector is."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, cast

from connectors.contract import Connector

if TYPE_CHECKING:
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

    # nothing but the type checker reads it, and holds each module against the contract
    _keep_the_contract: list[Connector] = [
        *(appstore, bluesky, discourse, files, github, hackernews, lemmy),
        *(mail, mastodon, reddit, rss, stackexchange, x, youtube),
    ]


class _Connectors(Mapping[str, Connector]):
    """Connectors by type. Each is imported when it is asked for: most configs name few, and most commands none."""

    _types = tuple(sorted(module.name for module in iter_modules(__path__) if module.ispkg))

    def __getitem__(self, name: str) -> Connector:
        if name not in self._types:
            raise KeyError(name)
        return cast("Connector", import_module(f"connectors.{name}"))

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: object) -> bool:
        return name in self._types


CONNECTORS: Mapping[str, Connector] = _Connectors()
"""Type of a source in the config → its connector: the packages beside this file."""
