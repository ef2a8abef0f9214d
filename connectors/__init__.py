"""One package a network: a declaration, `fetch`, which talks to it, and `parse`, which is pure. See `contract`."""

import inspect
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, cast

from connectors.authors import authors_once
from connectors.contract import (
    WHOLE_PAGE,
    Declaration,
    Fetching,
    Known,
    Listening,
    Misfit,
    Network,
    Page,
    Parsing,
    Query,
    Rechecking,
    Record,
    Sampling,
    SourceSettings,
    Window,
)

log = logging.getLogger(__name__)
Client = object
"""What `connect` gives and `fetch` takes: each network's own."""


class Connector:
    """A network as the rest of Earshot meets it. What fetches and what parses is imported when it is asked for, as some
    clients take long to import.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._declaration = cast("Declaration[SourceSettings]", import_module(f"connectors.{name}"))

    @property
    def NETWORK(self) -> Network:  # noqa: N802 - as in the declaration
        """What the network grants."""
        return self._declaration.NETWORK

    @property
    def about(self) -> str:
        """What it brings and how, for its page in the docs: the declaration's own words."""
        return inspect.getdoc(self._declaration) or ""

    @property
    def Settings(self) -> type[SourceSettings]:  # noqa: N802 - as in the declaration
        """What a `[[sources]]` entry of this type may say."""
        return self._declaration.Settings

    def queries(self, settings: SourceSettings, listening: Listening) -> list[Query]:
        """What would be asked, without asking."""
        return self._declaration.queries(settings, listening)

    def connect(self, settings: SourceSettings, credentials: Mapping[str, str], cache: Path | None = None) -> Client:
        """A client; `CredentialsError` names what is missing. Nothing is sent yet. `cache` is a folder to keep answers
        in, for networks that tell whether an answer has changed.
        """
        kept: dict[str, Any] = {"cache": cache} if self.NETWORK.keeps_cache else {}
        return self._fetching.connect(settings, credentials, **kept)

    def fetch(self, client: Client, settings: SourceSettings, query: Query, window: Window) -> Iterator[Page]:
        """Pages in the order of arrival; `SourceError` where the network stops short."""
        return self._fetching.fetch(client, settings, query, window)

    def recheck(self, client: Client, settings: SourceSettings, known: Sequence[Known]) -> Iterator[Page]:
        """What became of these mentions; only where `NETWORK.recheck_size`."""
        return cast("Rechecking[SourceSettings, Client]", self._fetching).recheck(client, settings, known)

    def sample(self, settings: SourceSettings, query: Query, size: int) -> Page:
        """The first records of what a query reads on this machine; only where `NETWORK.is_exhaustive`."""
        return cast("Sampling[SourceSettings]", self._fetching).sample(settings, query, size)

    def parse(self, settings: SourceSettings, page: Page) -> Iterator[Record]:
        """The records of a page, each author once. Never raises: where reading breaks off, the page itself is a
        `Misfit`, so that what is lost is told.
        """
        return authors_once(self._parsed(settings, page))

    def _parsed(self, settings: SourceSettings, page: Page) -> Iterator[Record]:
        try:
            yield from self._parsing.parse(settings, page)
        except Exception as error:
            log.exception("%s: a page could not be read to its end", settings.id)
            yield Misfit(
                f"the page can't be read to its end ({type(error).__name__}); please report it", WHOLE_PAGE, page.body
            )

    def decides(self, settings: SourceSettings) -> dict[str, Any]:
        """The settings that decide what `parse` reads, with their values: where one changes, pages are read anew."""
        return settings.model_dump(mode="json", include={"id", "type", *self.NETWORK.parsed_by})

    @cached_property
    def _fetching(self) -> Fetching[SourceSettings, Client]:
        return cast("Fetching[SourceSettings, Client]", import_module(f"connectors.{self._name}.fetch"))

    @cached_property
    def _parsing(self) -> Parsing[SourceSettings]:
        return cast("Parsing[SourceSettings]", import_module(f"connectors.{self._name}.parse"))


class _Connectors(Mapping[str, Connector]):
    """Connectors by type. Each is imported when it is asked for: most configs name few, and most commands none."""

    def __init__(self) -> None:
        self._types = tuple(sorted(module.name for module in iter_modules(__path__) if module.ispkg))
        self._made: dict[str, Connector] = {}

    def __getitem__(self, name: str) -> Connector:
        if name not in self._types:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = Connector(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: object) -> bool:
        return name in self._types


CONNECTORS: Mapping[str, Connector] = _Connectors()
"""Type of a source in the config → its connector: the packages beside this file."""


def with_same_accounts(network: str) -> tuple[str, ...]:
    """The networks that show the accounts of a network, itself among them."""
    shared = CONNECTORS[network].NETWORK.accounts_shared_as if network in CONNECTORS else None
    if shared is None:
        return (network,)
    return tuple(name for name, other in CONNECTORS.items() if other.NETWORK.accounts_shared_as == shared)
