"""The words of a text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.words import WORD, Words, ascii_words, fold, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wren's tea-pot, 4.2!", ["wren", "s", "tea", "pot", "4", "2"]),
        ("__init__ _wren_ wren_lotte ___", ["init", "wren", "wren_lotte"]),
        ("#halmora @mira", ["halmora", "mira"]),
        ("新型wrenが", ["新", "型", "wren", "が"]),
        ("wren은 할모라는", ["wren", "은", "할모라는"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("👍🏽 good👍", ["good"]),
        ("naïve Ｗｒｅｎ", ["naïve", "wren"]),
        ("w\u00adre\u200bn", ["wren"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert WORD.findall(fold(text)) == words


@given(st.text(alphabet=st.characters(max_codepoint=127, exclude_characters="_")))
def test_the_fast_way_for_ascii_finds_the_same_words(text: str) -> None:
    assert ascii_words(text) == WORD.findall(fold(text))


@given(st.text() | st.text(alphabet=st.sampled_from("aZ_’Ｗ9 .😀한")))
def test_a_text_is_cut_into_the_words_of_its_folded_form(text: str) -> None:
    words = WORD.findall(fold(text))
    assert words_of(text) == Words(fold(text), words, set(words))


@given(st.text())
def test_case_and_composition_make_no_difference(text: str) -> None:
    folded = fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert fold(folded) == folded
