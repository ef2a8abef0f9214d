"""Search expressions: terms joined with OR and split so that each stays within what a network accepts."""

from collections.abc import Iterable

from connectors.contract import Query

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
    """A query for each expression, named so that a person sees what it asks for."""
    return [
        Query(f"search {number}: {text if len(text) <= 60 else text[:59] + '…'}", text)
        for number, text in enumerate(expressions, 1)
    ]
