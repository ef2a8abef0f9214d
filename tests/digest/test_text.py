"""Strangers' text made harmless."""

import json
import re
import unicodedata

import mistune
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipelines.digest.text import clean, language_tag, markdown, passage, safe_url, shorten

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)
TROUBLE = st.lists(
    st.sampled_from(
        [
            *"[]()<>!`*_~#|&;:/\\@\"'=+-.{}$^ \n\t\r\x00\u202e\u2066\u200d\ud800",
            "javascript:",
            "http://",
            "www.",
            "1.",
            "x",
            "é",
        ]
    ),
    max_size=60,
).map("".join)


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        pytest.param("a\x00b\x07c\x9bd", "abcd", id="controls"),
        pytest.param("one\r\n\ttwo\u2028three\x85four", "one two three four", id="line-ends"),
        pytest.param("safe\u202egnp.exe\u202c \u2066x\u2069", "safegnp.exe x", id="bidi-overrides"),
        pytest.param("lone \ud800 surrogate", "lone \ufffd surrogate", id="lone-surrogate"),
        pytest.param("👩\u200d🌾 می\u200cخواهم", "👩\u200d🌾 می\u200cخواهم", id="joiners-stay"),
        pytest.param("e" + "\u0301" * 50 + "!", "e\u0301\u0301\u0301!", id="tower-of-accents"),
        pytest.param("  \n ", "", id="blank"),
    ],
)
def test_clean(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


@given(ANY_TEXT)
def test_cleaned_text_is_one_line_of_valid_utf8_without_controls(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.encode("utf-8").decode("utf-8") == cleaned == clean(cleaned)
    assert json.loads(json.dumps(cleaned, ensure_ascii=False)) == cleaned
    assert not [
        c for c in cleaned if unicodedata.category(c) == "Cc" or "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"
    ]


@given(ANY_TEXT.map(clean), st.integers(20, 80))
def test_shortened_text_is_short_and_says_that_it_is(text: str, length: int) -> None:
    short, is_shortened = shorten(text, length)

    assert len(short) <= length + 1
    assert is_shortened is (len(text) > length)
    assert short == text or short.endswith("…")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        pytest.param("the quick brown fox jumps", "the quick brown…", id="between-words"),
        pytest.param("x" * 40, "x" * 18 + "…", id="no-space"),
        pytest.param(
            "a" * 17 + "é".replace("é", "e\u0301") + " b" * 9, "a" * 17 + "…", id="keeps-accents-with-their-letter"
        ),
    ],
)
def test_shorten(text: str, short: str) -> None:
    assert shorten(text, 18) == (short, True)


def test_a_passage_begins_with_the_sentence_around_the_term() -> None:
    text = "I like it. " * 40 + "But the price is a joke. " + "More words follow here. " * 10

    shown, is_shortened = passage(text, 80, ["price"])

    assert (shown, is_shortened) == (
        "… But the price is a joke. More words follow here. More words follow here. More…",
        True,
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "//evil.example/x",
        "/etc/passwd",
        "file:///etc/passwd",
        "https://",
        "https://reddit.com@evil.example/",
        "https://\u0440eddit.com/",
        "https://a b/",
        "https://[::1",
        "https://x.example:99999999/",
        "\x00https://x.example/",
        "https:\\\\evil.example",
        "https://x.example/" + "a" * 3000,
        "",
        None,
    ],
)
def test_what_is_no_plain_web_address_is_no_link(url: str | None) -> None:
    assert safe_url(url) is None


def test_a_web_address_comes_out_in_characters_that_no_format_minds() -> None:
    assert safe_url("https://x.example/é?q=(a)<b>\"'[c]") == "https://x.example/%C3%A9?q=%28a%29%3Cb%3E%22%27[c]"


@pytest.mark.parametrize(("lang", "tag"), [("de", "de"), ("zh-Hant", "zh-Hant"), ('de" onload="x', None), (None, None)])
def test_language_tag(lang: str | None, tag: str | None) -> None:
    assert language_tag(lang) == tag


@pytest.mark.parametrize(
    "text",
    [
        "[click](javascript:alert(1))",
        "![x](https://evil.example/pixel.png)",
        "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- x -->",
        "# heading",
        "- item",
        "1. item",
        "> quote",
        "| a | b |",
        "`code` ```fence```",
        "https://evil.example www.evil.example mail@evil.example <https://evil.example>",
        "[ref]: https://evil.example",
        "&lt;b&gt; &#x3c;script&#x3e;",
        "~~gone~~ **bold** __bold__ $x$",
        "trailing backslash \\",
    ],
)
def test_markdown_shows_text_as_it_was_typed(text: str) -> None:
    rendered = _plain_text_of(MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(f"> {markdown(text)}\n"))

    assert rendered.replace("\u2060", "") == text


@given(TROUBLE)
def test_markdown_yields_nothing_but_text(text: str) -> None:
    allowed = {"blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline"}
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(f"> {markdown(text) or 'x'}\n")

    assert {token.type for token in tokens} <= allowed
    assert {child.type for token in tokens for child in token.children or []} <= {"text", "text_special"}


@given(TROUBLE)
def test_a_second_renderer_agrees(text: str) -> None:
    html = str(
        mistune.create_markdown(escape=False, plugins=["strikethrough", "table", "url", "footnotes"])(markdown(text))
    )

    assert set(re.findall(r"<(\w+)", html)) <= {"p"}


@pytest.mark.parametrize("text", ["@everyone look", "see #123 and @nettie", "mail me@x.example"])
def test_nobody_is_mentioned_and_nothing_is_referenced(text: str) -> None:
    assert "@\u2060" in markdown(text) or "#\u2060" in markdown(text)
    assert not {pair for pair in ("@e", "@n", "@x", "#1") if pair in markdown(text)}


def _plain_text_of(tokens: list) -> str:
    return "".join(child.content for token in tokens for child in token.children or [])
