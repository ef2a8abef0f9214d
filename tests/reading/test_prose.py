"""Prose: what the writer says in words, and its sentences."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading.prose import is_marked_as_irony, own_words, sentences


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> you are bad\n\nI like it", "I like it"),
        (">no space\nI like it", "I like it"),
        ("I like it\n> > deep\n> quote\nreally", "I like it\nreally"),
        ("On Mon, 3 Mar, Ann wrote:\n> this is bad\n>> worse\nno it's great", "no it's great"),
        ("Ann wrote:\nnot a quote", "Ann wrote:\nnot a quote"),
        ("see\n```py\nbad()\n```\nok", "see\nok"),
        ("see\n~~~\nbad()\n~~~\nok", "see\nok"),
        ("see\n```\nnever ends", "see"),
        ("````\n```\nbad\n````\nok", "ok"),
        ("run `kill -9` now", "run   now"),
        ("run ``a`` now", "run   now"),
        ("a ` alone", "a ` alone"),
        ("text\n\n    kill()\n    bad()\n\nok", "text\n\n\nok"),
        ("- item\n\n    more of it", "- item\n\n    more of it"),
        ("a line\n    that goes on", "a line\n    that goes on"),
        (">:( so sad", ">:( so sad"),
        (">_< oops", ">_< oops"),
        (">!hidden!< words", ">!hidden!< words"),
        ("a\r\nb > c", "a\r\nb > c"),
        ("look: https://tea.example", "look: https://tea.example"),
        (":)", ":)"),
        ("🫖", "🫖"),
        ("5", "5"),
        ("茶", "茶"),
        ("u/mira r/tea", ""),
        ("RT https://tea.example", "RT https://tea.example"),
        ("...", ""),
        ("> all of it", ""),
        ("", ""),
    ],
)
def test_quotes_and_code_are_not_the_writers_words(text: str, own: str) -> None:
    assert own_words(text) == own


@given(
    st.text(st.characters(exclude_characters=">`~\t ", exclude_categories=("Cs",)), max_size=60).map(
        lambda text: f"a{text}"
    )
)
def test_a_text_without_quotes_and_code_stays_itself(text: str) -> None:
    assert own_words(text) is text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One only", ["One only"]),
        ("It works. really? Yes! ok", ["It works.", "really?", "Yes!", "ok"]),
        ("I asked Dr. Smith, e.g. about 4.2. He knew", ["I asked Dr. Smith, e.g. about 4.2.", "He knew"]),
        ("A title\n\nAnd a text", ["A title", "And a text"]),
        ("Visit node.js now", ["Visit node.js now"]),
        ("おいしい。また来る", ["おいしい。", "また来る"]),
        ("", [""]),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert sentences(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "Great job /s",
        "(lovely /s)",
        "Lovely /s\nMore",
        "So good /sarcasm",
        "<sarcasm>ok</sarcasm>",
        "Wow #Sarcasm",
        "#ironie",
    ],
)
def test_irony_that_the_writer_marks(text: str) -> None:
    assert is_marked_as_irony(text)


@pytest.mark.parametrize(
    "text",
    ["500 MB /s", "at 9 m /s.", "100 requests /s!", "https://tea.example/s", "the /s switch", "#ironman", "a#irony"],
)
def test_units_paths_and_other_tags_are_no_irony(text: str) -> None:
    assert not is_marked_as_irony(text)


@given(
    st.text(max_size=200) | st.lists(st.sampled_from(["a. ", "B! ", "“", "\n\n", "c", "…  "]), max_size=40).map("".join)
)
def test_sentences_keep_every_word(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


def test_a_text_of_any_length_is_cut_and_kept() -> None:
    text = "word " * 4_000 + "x" * 10_000 + ". end"
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "piece",
    [
        "`",
        "> ",
        ">",
        "![a](",
        "![[",
        "@a.",
        "wrote:\n>",
        "~",
        "&",
        "“a. ",
        ". \n",
        "! ",
        "!",
        ".",
        "\n",
        "    ",
        "b /s ",
        "#",
    ],
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    own_words(text)
    sentences(text)
    is_marked_as_irony(text)
    assert time.process_time() - started < 1
