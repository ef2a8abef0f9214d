"""Queries in a network's own words: as few searches as fit, which together find every post that the queries match.

What a network can't say is left out so that its answer becomes wider, never narrower: the query is checked again on
what comes back. Only where nothing wider can be asked something is lost, and that is said.
"""

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from query.broadening import CHECKED, broaden
from query.expression import And, Expression, Not, Or, all_of, one_of
from query.rendering import SearchSyntax, fits, render, stands_alone

__all__ = ["MOST_SEARCHES", "Compiled", "Packed", "Packing", "SearchSyntax", "pack", "searches"]

MOST_SEARCHES = 32
"""Searches for one query; beyond, a part of it that only narrows is left out instead."""
MOST_COMBINED = 1024
"""Combinations of alternatives that are worked out to see whether they are few enough."""


class Compiled(NamedTuple):
    """A query in a network's words."""

    searches: tuple[str, ...]
    notes: tuple[str, ...]
    """What the searches don't say, in plain words."""
    asked: tuple[Expression, ...]
    """What each search means."""
    lost: tuple[str, ...]
    """Parts of the query that posts can't be found by; empty where the searches find all that matches."""


class Packed(NamedTuple):
    """A search that serves several queries."""

    text: str
    names: tuple[str, ...]


class Packing(NamedTuple):
    """Several queries in a network's words."""

    searches: tuple[Packed, ...]
    notes: tuple[tuple[str, str], ...]
    """Name of a query, and what the searches don't say of it."""
    lost: tuple[tuple[str, str], ...]
    """Name of a query, and a part of it that posts can't be found by."""


def searches(expression: Expression, syntax: SearchSyntax, most: int = MOST_SEARCHES) -> Compiled:
    """The searches that together find what the expression matches; more than `most` only where each finds something
    that nothing wider does.
    """
    broad = broaden(expression, syntax)
    notes = dict.fromkeys(broad.notes)
    lost = list(broad.lost)
    asked = []
    for part in _split(broad.asked, syntax, most, notes) if broad.asked else ():
        if fits(part, syntax):
            asked.append(part)
        else:
            lost.append(str(part))
            notes[f"`{part}` doesn't fit into a search; posts with only that are not found here"] = None
    return Compiled(tuple(render(part, syntax) for part in asked), tuple(notes), tuple(asked), tuple(lost))


def pack(named: Iterable[tuple[str, Expression]], syntax: SearchSyntax, most: int = MOST_SEARCHES) -> Packing:
    """The searches of several named queries, neighbours joined with OR where they fit; each says whom it serves."""
    groups: list[tuple[Expression, dict[str, None]]] = []
    notes: list[tuple[str, str]] = []
    lost: list[tuple[str, str]] = []
    for name, expression in named:
        compiled = searches(expression, syntax, most)
        notes += [(name, note) for note in compiled.notes]
        lost += [(name, part) for part in compiled.lost]
        for asked in compiled.asked:
            same = next((names for group, names in groups if one_of([group, asked]) == group), None)
            if same is not None:
                same[name] = None
                continue
            joined = one_of([groups[-1][0], asked]) if groups else None
            if joined and fits(joined, syntax):
                groups[-1] = (joined, groups[-1][1] | {name: None})
            else:
                groups.append((asked, {name: None}))
    packed = tuple(Packed(render(group, syntax), tuple(names)) for group, names in groups)
    return Packing(packed, tuple(notes), tuple(lost))


def _split(expression: Expression, syntax: SearchSyntax, most: int, notes: dict[str, None]) -> list[Expression]:
    """Expressions that fit and together find all that the expression does; one that can't fit stays as it is."""
    if fits(expression, syntax):
        return [expression]
    match expression:
        case Or(parts):
            return _joined((piece for part in parts for piece in _split(part, syntax, most, notes)), syntax)
        case And(parts):
            shorter = all_of(_shortened(parts, syntax, notes))
            if not isinstance(shorter, And):
                return _split(shorter, syntax, most, notes)
            return [shorter] if fits(shorter, syntax) else _split_conjunction(shorter, syntax, most, notes)
    return [expression]


def _split_conjunction(expression: And, syntax: SearchSyntax, most: int, notes: dict[str, None]) -> list[Expression]:
    """An AND that is too long, as several with fewer alternatives each, or without some where that makes too many."""
    choices = [part for part in expression.parts if isinstance(part, Or)]
    if not choices:
        return [expression]
    # what a query looks for tends to come first, and what only narrows it last
    spare = next((choice for choice in reversed(choices) if _can_go(choice, expression.parts, syntax)), None)
    if not spare or prod(len(choice.parts) for choice in choices) <= MOST_COMBINED:
        notes_on_pieces: dict[str, None] = {}
        longest = max(choices, key=lambda choice: len(choice.parts))
        variants = [
            all_of(group if part is longest else part for part in expression.parts)
            for group in _groups(longest, expression, syntax)
        ]
        pieces = [piece for variant in variants for piece in _split(variant, syntax, MOST_COMBINED, notes_on_pieces)]
        if not spare or len(pieces) <= most:
            notes.update(notes_on_pieces)
            return pieces
    notes[f"`({spare})` is not asked, as there would be too many searches; it {CHECKED}"] = None
    return _split(all_of(part for part in expression.parts if part is not spare), syntax, most, notes)


def _groups(choice: Or, expression: And, syntax: SearchSyntax) -> list[Expression]:
    """The alternatives of a choice in groups: as large as fit, or halves where another choice has to be split, too."""
    if sum(isinstance(part, Or) for part in expression.parts) > 1:
        middle = len(choice.parts) // 2
        return [one_of(choice.parts[:middle]), one_of(choice.parts[middle:])]
    groups: list[Expression] = []
    for alternative in choice.parts:
        joined = one_of([*groups[-1:], alternative])
        if groups and fits(all_of(joined if part is choice else part for part in expression.parts), syntax):
            groups[-1] = joined
        else:
            groups.append(alternative)
    return groups


def _joined(pieces: Iterable[Expression], syntax: SearchSyntax) -> list[Expression]:
    groups: list[Expression] = []
    for piece in pieces:
        joined = one_of([*groups[-1:], piece])
        if groups and fits(joined, syntax):
            groups[-1] = joined
        else:
            groups.append(piece)
    return groups


def _shortened(parts: Iterable[Expression], syntax: SearchSyntax, notes: dict[str, None]) -> list[Expression]:
    """The parts of an AND without those for which there is no room even beside the shortest alternatives of the others:
    first exclusions go, then the longest, and the first of all last.
    """
    left = list(parts)
    while len(left) > 1 and not fits(all_of(map(_shortest, left)), syntax):
        exclusions: list[Expression] = [part for part in left if isinstance(part, Not)]
        spare = [part for part in exclusions or left if _can_go(part, left, syntax)]
        if not spare:
            break
        goes = max(spare, key=lambda part: (part is not left[0], len(str(_shortest(part)))))
        left.remove(goes)
        shown = f"({goes})" if isinstance(goes, Or) else goes
        notes[f"`{shown}` is not asked, as there is no room for it; it {CHECKED}"] = None
    return left


def _shortest(expression: Expression) -> Expression:
    match expression:
        case Or(parts):
            return min(map(_shortest, parts), key=lambda part: len(str(part)))
        case And(parts):
            return all_of(map(_shortest, parts))
    return expression


def _can_go(part: Expression, parts: Iterable[Expression], syntax: SearchSyntax) -> bool:
    others = [other for other in parts if other is not part]
    return bool(others) and stands_alone(all_of(others), syntax)
