"""Words of texts: whole words of any script, in their order, and what is no word."""

import pytest

from reading.topics.words import read_words, stop_words, verbs


def folded(*texts: str) -> list[str]:
    words = read_words(texts)
    return [words.folded[place] for place in words.words if place]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The self-hosted server can't start", ["the", "self-hosted", "server", "can't", "start"]),
        ("C++ and C# on node.js", ["c++", "and", "c#", "on", "node.js"]),
        ("it’s version 4.0, 2026 of 1920x1080, the 1st", ["it's", "version", "of", "the", "1st"]),
        ("мой багаж", ["мой", "багаж"]),
        ("मेरा सामान खो गया", ["मेरा", "सामान", "खो", "गया"]),
        ("cafe\u0301 bar", ["café", "bar"]),
        ("荷物が", ["荷物"]),
        ("a" * 31, []),
    ],
    ids=["joined", "signs", "numbers", "Cyrillic", "vowel signs", "accents", "no spaces", "endless"],
)
def test_words_are_whole_and_numbers_are_none(text: str, words: list[str]) -> None:
    assert folded(text) == words


def test_each_text_is_read_once_without_links_and_names() -> None:
    words = read_words(("@ann the bag https://example.org", "bag", "the bag", ""))

    assert words.texts == ("", "bag", "the bag")
    assert words.row_of.tolist() == [2, 1, 2, 0]
    assert words.rows.tolist() == [1, 2, 2]
    assert words.uses().toarray().tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_the_first_word_of_each_sentence_is_known() -> None:
    words = read_words(("Bags are late. Nobody knows, really: Call us",))

    begins = [words.forms[place] for place in words.written[words.begins_sentence]]

    assert begins == ["Bags", "Nobody", "Call"]


def test_what_follows_pronouns_is_a_verb_and_what_follows_articles_is_none() -> None:
    words = read_words(
        ("I appreciate the answer", "we appreciate an answer", "they answer", "ich warte auf den Koffer")
    )

    assert {words.folded[place] for place in verbs(words).nonzero()[0]} == {"appreciate", "warte"}


def test_stop_words_are_those_of_the_languages_that_are_spoken() -> None:
    words = read_words(("der Koffer ist nicht da und die Tasche auch nicht",))

    found = stop_words(words, words.uses().sum(axis=0).astype(int))

    assert {"der", "ist", "nicht", "und"} <= found
    assert found.isdisjoint({"koffer", "tasche"})


@pytest.mark.parametrize(
    "text",
    ["a.a'a-" * 200_000, "a\u0301" * 400_000, "漢a" * 400_000, "@" * 900_000, "http" * 250_000],
    ids=["joiners", "accents", "two scripts", "names", "links"],
)
def test_a_huge_hostile_text_is_read_at_once(text: str) -> None:
    assert len(read_words((text,)).texts[0]) <= 1000


def test_what_stands_before_a_word_is_no_part_of_it() -> None:
    words = read_words(("l'eau c'est dell'acqua we'll don't o'clock",))

    assert words.folded[1:] == ("eau", "est", "acqua", "we'll", "don't", "clock")
