"""Whether the accounts and communities of a config can be those of posts: written as their network writes them."""

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors import CONNECTORS
from connectors.contract import NOWHERE, Network, Shape

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
        f"brands.{number}.{key}.{place}: {fault} (found {account!r:.80})"
        for number, brand in enumerate(brands)
        for key, kind, accounts in (("team", "handle", brand.team), ("communities", "community", brand.communities))
        for place, account in enumerate(accounts)
        if (fault := _fault(account, kind, networks))
    ]


def _fault(account: str, kind: str, networks: dict[str, list[Network]]) -> str | None:
    name, _, rest = account.partition(":")
    found = networks.get(name) or ([CONNECTORS[name].NETWORK] if name in CONNECTORS else [])
    if not found:
        known = sorted({*networks, *CONNECTORS})
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
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
