"""One module a network: `fetch` talks to it, `parse` is pure. `contract` says what a connector is."""

from connectors import files, reddit, x
from connectors.contract import Connector

CONNECTORS: dict[str, Connector] = {"files": files, "reddit": reddit, "x": x}
"""Type of a source in the config → its connector."""
