"""Answers that no network ought to give, for tests that reading them never raises."""

import copy
import functools
import operator
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

ANY_TEXT = st.text(st.characters(), max_size=20)
"""Half characters (lone surrogates) too: JSON can hold them."""


def json_values(
    *telling: SearchStrategy[Any], keys: SearchStrategy[str] = ANY_TEXT, most: int = 12
) -> SearchStrategy[Any]:
    """Any JSON value of up to so many leaves; `telling` values and `keys` are those that mean something to a reader."""
    return st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT, *telling),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=8),
        max_leaves=most,
    )


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a JSON value, by keys and numbers."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def mangled(draw: DrawFn, *answers: Any, values: SearchStrategy[Any]) -> Any:
    """One of these good answers in which one to four places hold one of the values, or are missing."""
    body = copy.deepcopy(draw(st.sampled_from(answers)))
    for _ in range(draw(st.integers(1, 4))):
        left = list(places(body))
        if not left:
            break
        *way, last = draw(st.sampled_from(left))
        inside = functools.reduce(operator.getitem, way, body)
        if isinstance(inside, list) or draw(st.booleans()):
            inside[last] = draw(values)
        else:
            del inside[last]
    return body
