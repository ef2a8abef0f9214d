"""Whether the accounts and communities of a config can be those of posts: written as their network writes them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors import CONNECTORS
from connectors.contract import NOWHERE, Network, Shape
from pipelines.config.faults import did_you_mean

if TYPE_CHECKING:
    from pipelines.config.settings import Brand


def faults(brands: "Iterable[Brand]", sources: Iterable[tuple[str, Network]]) -> list[str]:
    """What can never match a post: a line each, with the key, what was given, what is expected and an example.

    `sources` are the network whose ids the mentions of each source carry, and the one that its connector asks.
    """
    networks: dict[str, list[Network]] = {}
    for name, network in sources:
        networks.setdefault(name, []).append(network)
    return [
        f'brands "{brand.id}", {key}, entry {number}: {fault} (found {account!r:.80})'
        for brand in brands
        for key, kind, accounts in (("team", "handle", brand.team), ("communities", "community", brand.communities))
        for number, account in enumerate(accounts, 1)
        if (fault := _fault(account, kind, networks))
    ]


def _fault(account: str, kind: str, networks: dict[str, list[Network]]) -> str | None:
    name, _, rest = account.partition(":")
    found = networks.get(name) or ([CONNECTORS[name].NETWORK] if name in CONNECTORS else [])
    if not found:
        known = sorted({*networks, *CONNECTORS})
        meant = did_you_mean(name, known) or f"there are: {', '.join(known)}"
        return f"no source of this config and no connector has the network {name!r}; {meant}"
    shapes: list[Shape | None] = [getattr(network, kind) for network in found]
    wanted = [shape for shape in shapes if shape is not None]
    if len(wanted) < len(shapes) or any(re.fullmatch(shape.pattern, rest, re.IGNORECASE) for shape in wanted):
        return None
    title = found[0].title
    if wanted[0] == NOWHERE:
        return f"posts on {title} stand in no community"
    what = "an account" if kind == "handle" else "a community"
    return f"{rest!r} can't be {what} on {title}; write it as in '{name}:{wanted[0].example}'"
