"""The nearest thing to an expression that a network can say: what it finds includes all that the expression matches."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from query.expression import (
    TERMS,
    And,
    Expression,
    Field,
    Handle,
    Near,
    Not,
    Or,
    Phrase,
    Tag,
    Term,
    Wildcard,
    Word,
    all_of,
    one_of,
)
from query.finding import Finder
from query.rendering import SearchSyntax, can_write, fits, render, stands_alone
from query.words import NO_SPACES, WORD, fold

CHECKED = "is checked on what comes back"


class Broad(NamedTuple):
    """What can be asked; None where only everything would include it."""

    asked: Expression | None
    notes: tuple[str, ...] = ()
    """What was left out of it, in plain words."""
    lost: tuple[str, ...] = ()
    """Parts of the expression that posts can't be found by."""


class _Ways(NamedTuple):
    """How an expression can be asked: without loss, perhaps only beside something else; and all alone."""

    whole: Broad
    alone: Broad


def broaden(expression: Expression, syntax: SearchSyntax) -> Broad:
    """What can be asked so that nothing is lost, or else as much as can be."""
    return _ways(expression, syntax).alone


def _ways(expression: Expression, syntax: SearchSyntax) -> _Ways:
    match expression:
        case Or(parts):
            ways = [_ways(part, syntax) for part in parts]
            asked = [way.whole.asked for way in ways if way.whole.asked]
            whole = Broad(one_of(asked), _notes(way.whole for way in ways)) if len(asked) == len(parts) else Broad(None)
            if not _is_search(whole, syntax):
                asked = [way.alone.asked for way in ways if way.alone.asked]
                lost = tuple(part for way in ways for part in way.alone.lost)
                return _Ways(whole, Broad(one_of(asked) if asked else None, _notes(way.alone for way in ways), lost))
            return _Ways(whole, whole)
        case And(parts):
            wanted = [part for part in parts if not isinstance(part, Not)]
            excluded = [part.part for part in parts if isinstance(part, Not)]
            ways = [_ways(part, syntax) for part in wanted]
            return _beside(expression, ways, lambda broad: _conjunction(wanted, broad, excluded, syntax), syntax)
        case Near(left, right):
            ways = [_ways(left, syntax), _ways(right, syntax)]
            return _beside(expression, ways, lambda broad: _near(expression, broad, syntax), syntax)
        case Not():
            return _Ways(Broad(None), _nothing(expression))
    whole = _one(expression, syntax)
    return _Ways(whole, whole if _is_search(whole, syntax) else _nothing(expression))


def _beside(
    expression: Expression, ways: list[_Ways], join: Callable[[list[Broad]], Broad], syntax: SearchSyntax
) -> _Ways:
    """Ways to ask parts that must all be there, `join` putting together what can be asked of each."""
    if ways and ways[0].whole.asked is None and ways[0].alone.asked:
        # What a query looks for comes first: rather some of that than all that is said of the things beside it.
        some = join([ways[0].alone, *(way.whole for way in ways[1:])])
        return _Ways(Broad(None), some._replace(lost=ways[0].alone.lost))
    whole = join([way.whole for way in ways])
    if _is_search(whole, syntax):
        return _Ways(whole, whole)
    best = min((way.alone for way in ways if way.alone.asked), key=lambda broad: len(broad.lost), default=None)
    if best is None:
        return _Ways(whole, _nothing(expression))
    note = f"of `{expression}` only `{best.asked}` can be asked; the rest {CHECKED}"
    return _Ways(whole, best._replace(notes=(*best.notes, note)))


def _conjunction(
    wanted: Sequence[Expression], broad: list[Broad], excluded: Sequence[Expression], syntax: SearchSyntax
) -> Broad:
    asked = [part.asked for part in broad if part.asked]
    if not asked:
        return Broad(None)
    notes = list(_notes(broad))
    notes += [
        f"`{part}` can't be asked; it {CHECKED}" for part, way in zip(wanted, broad, strict=True) if not way.asked
    ]
    for part in excluded:
        for without in part.parts if isinstance(part, Or) else (part,):
            if _can_exclude(without, syntax):
                asked.append(Not(without))
            else:
                notes.append(f"`{Not(without)}` can't be asked; it {CHECKED}")
    return Broad(all_of(asked), tuple(notes))


def _near(near: Near, broad: list[Broad], syntax: SearchSyntax) -> Broad:
    asked = [side.asked for side in broad if side.asked]
    is_simple = isinstance(near.left, TERMS) and isinstance(near.right, TERMS)
    if syntax.near and is_simple and asked == [near.left, near.right] and fits(near, syntax):
        return Broad(near)
    if len(asked) == 2:
        note = f"`NEAR/{near.distance}` can't be asked; both sides are, and the distance {CHECKED}"
    elif asked:
        note = f"of `{near}` only `{asked[0]}` can be asked; the rest {CHECKED}"
    else:
        return Broad(None)
    return Broad(all_of(asked), (*_notes(broad), note))


def _can_exclude(part: Expression, syntax: SearchSyntax) -> bool:
    """Whether the network can leave out just those posts that have the part."""
    if syntax.not_ is None or not isinstance(part, (*TERMS, Field)):
        return False
    if isinstance(part, Field):
        # a handle with its network would be asked without it, and exclude too much
        return _one(part, syntax).asked is not None and not (part.name == "author" and ":" in part.value)
    # a network that passes over signs finds more than what has them
    is_exact = isinstance(part, Tag | Handle | Wildcard) or not Finder(part).pattern
    return is_exact and _one(part, syntax) == Broad(part)


def _is_search(broad: Broad, syntax: SearchSyntax) -> bool:
    return broad.asked is not None and stands_alone(broad.asked, syntax)


def _nothing(expression: Expression) -> Broad:
    return Broad(None, (f"`{expression}` can't be asked; posts with only that are not found here",), (str(expression),))


def _one(part: Term | Field, syntax: SearchSyntax) -> Broad:
    if isinstance(part, Field):
        template = syntax.fields.get(part.name)
        is_known = template is not None and (isinstance(template, str) or part.value in template)
        one = Broad(part if is_known else None)
    else:
        one = _term(part, syntax)
    is_long = isinstance(one.asked, (*TERMS, Field)) and len(render(one.asked, syntax)) > syntax.longest
    return Broad(None) if is_long else one


def _term(term: Term, syntax: SearchSyntax) -> Broad:
    match term:
        case Tag(text) | Handle(text):
            if "*" in text or "?" in text:
                sayable = _wildcard(text, syntax).asked == Wildcard(text)
                return Broad(term if sayable and (syntax.tag if isinstance(term, Tag) else syntax.handle) else None)
            if syntax.tag if isinstance(term, Tag) else syntax.handle:
                return Broad(term)
            word = _term(Word(text), syntax)
            return word._replace(notes=(f"`{term}` can't be asked; its word is, and the sign {CHECKED}",))
        case Wildcard(text):
            return _wildcard(text, syntax)
        case Phrase(text) if syntax.phrase and "*" not in text and can_write(text, syntax):
            return Broad(term)
        case Word(text) if can_write(text, syntax):
            return Broad(term)
    words: list[Expression] = []
    for chunk in term.text.split():
        if isinstance(term, Phrase) and "*" in chunk:
            words += filter(None, [_wildcard(chunk, syntax).asked])
        else:
            words += [Word(word) for word in WORD.findall(fold(chunk)) if can_write(word, syntax)]
    if not words:
        return Broad(None)
    return Broad(all_of(words), (f"`{term}` can't be asked as one; words of it are, and the whole {CHECKED}",))


def _wildcard(text: str, syntax: SearchSyntax) -> Broad:
    parts = re.split(r"[*?]+", text)
    if all(re.fullmatch(f"[{NO_SPACES}]*", part) for part in parts):
        # where nothing parts the words, every term is found inside others
        words = [Word(part) for part in parts if part]
        return Broad(all_of(words)) if words else Broad(None)
    if syntax.wildcards == "anywhere" or (syntax.wildcards == "end" and re.fullmatch(r"[^*?]+\*", text)):
        return Broad(Wildcard(text))
    if syntax.wildcards == "end" and WORD.fullmatch(parts[0]):
        wider = Wildcard(f"{parts[0]}*")
        return Broad(wider, (f"`{text}` can't be asked; `{wider}` is, and the rest {CHECKED}",))
    return Broad(None)


def _notes(broad: Iterable[Broad]) -> tuple[str, ...]:
    return tuple(note for part in broad for note in part.notes)
