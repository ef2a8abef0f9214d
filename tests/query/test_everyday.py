"""Terms that nearly every post holds."""

import pytest

from query.everyday import everyday_terms
from query.parsing import any_of, parse, with_context


@pytest.mark.parametrize(
    ("query", "everyday"),
    [
        ("go", ["go"]),
        ("Next OR halmora", ["Next"]),
        ("the", ["the"]),
        ('"the who"', ["the who"]),
        ("und OR halmora", ["und"]),
        ("go -golf", ["go"]),
        ("go golang", []),
        ("go NEAR/5 code", []),
        ("#go OR @go", []),
        ("apple OR halmora", []),
    ],
)
def test_terms_that_are_enough_and_stand_in_nearly_every_post(query: str, everyday: list[str]) -> None:
    assert everyday_terms(parse(query), ("en", "de")) == everyday


def test_a_word_is_everyday_in_the_languages_that_are_expected() -> None:
    assert everyday_terms(any_of(["und"]), ("en", "th")) == []


def test_with_its_context_a_word_is_no_longer_enough() -> None:
    assert everyday_terms(with_context(any_of(["go"]), ["golang"], ()), ("en",)) == []
