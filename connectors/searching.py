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
    return [
        Query(f"search {number}: {_shortened(search.text)}", search.text, tuple(sorted(set(search.names))))
        for number, search in enumerate(packing.searches, 1)
    ]


JOINT = " OR "


def or_groups(terms: Iterable[str], length: int) -> list[str]:
    """The terms joined with OR, as few expressions as fit into `length` characters each, in order.

    A single term that is longer stands alone; the network will refuse it and name it.
    """
    groups: list[str] = []
    for term in dict.fromkeys(terms):
        if groups and len(groups[-1]) + len(JOINT) + len(term) <= length:
            groups[-1] += JOINT + term
        else:
            groups.append(term)
    return groups


def numbered(expressions: Iterable[str]) -> list[Query]:
    """A query for each expression written in the network's own language, named so that a person sees what it asks."""
    return [Query(f"search {number}: {_shortened(text)}", text) for number, text in enumerate(expressions, 1)]


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
