"""What a brand's query becomes on each network, and what that network can't say."""

from typing import NamedTuple

from connectors import CONNECTORS
from pipelines.config.settings import Brand, Config
from query.search_syntax import searches


class Explanation(NamedTuple):
    """A query in one network's words."""

    network: str
    sources: tuple[str, ...]
    """Ids of the config's sources on it."""
    searches: tuple[str, ...]
    notes: tuple[str, ...]
    """What the searches don't say, and what posts can't be found by."""


def explain(config: Config, brand: Brand) -> list[Explanation]:
    """An entry for each network that can be searched, those with a source of the config first."""
    found = []
    for name, connector in CONNECTORS.items():
        syntax = connector.NETWORK.search_syntax
        if syntax is None:
            continue
        compiled = searches(brand.expression, syntax)
        sources = tuple(source.id for source in config.sources if source.type == name)  # type: ignore[attr-defined]
        lost = (f"posts can't be found by `{part}`" for part in compiled.lost)
        notes = tuple(dict.fromkeys((*compiled.notes, *lost)))
        found.append(Explanation(connector.NETWORK.title, sources, compiled.searches, notes))
    return sorted(found, key=lambda explanation: (not explanation.sources, explanation.network))
