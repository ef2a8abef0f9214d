"""What the brands want heard, as searches in a network's own words."""

from collections.abc import Iterable

from connectors.contract import Listening, Query
from query.expression import Field
from query.search_syntax import SearchSyntax, pack


def searches(listening: Listening, syntax: SearchSyntax) -> list[Query]:
    """As few searches as the network's limits allow, which together find all that the brands' queries match there and
    all that their teams' accounts say, each with the brands that it serves.
    """
    asked = [*listening.queries]
    if "author" in syntax.fields:
        asked += [(brand_id, Field("author", handle)) for brand_id, handle in listening.team]
    packing = pack(asked, syntax)
    # A network without handles or tags is asked for them in the same words.
    served: dict[str, set[str]] = {}
    for search in packing.searches:
        served.setdefault(search.text, set()).update(search.names)
    return [
        Query(f"search {number}: {_shortened(text)}", text, tuple(sorted(names)))
        for number, (text, names) in enumerate(served.items(), 1)
    ]


def numbered(expressions: Iterable[str]) -> list[Query]:
    """A query for each expression written in the network's own language, named so that a person sees what it asks."""
    return [Query(f"extra {number}: {_shortened(text)}", text) for number, text in enumerate(expressions, 1)]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
