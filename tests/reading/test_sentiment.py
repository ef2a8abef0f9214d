"""Sentiment: what vaderSentiment says, word for word, and NULL with a reason where it has nothing to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from reading.sentiment import Score, label, score

VADER = SentimentIntensityAnalyzer()
WORDS = [
    "love",
    "HATE",
    "not",
    "very",
    "good",
    "bad",
    "but",
    "the",
    "tea",
    "kind of",
    "isn't",
    "no",
    "nor",
    "least",
    "at",
    "never",
    "so",
    "without doubt",
    "the bomb",
    "yeah right",
    "sort of",
    "SLIGHTLY",
    "kind",
    "of",
    "LOL",
    "!!!",
    "?",
    ":)",
    ":-(",
    "❤️",
    "🫖",
    "😭",
    "é",
]


@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join))
def test_english_is_scored_as_vader_scores_it(text: str) -> None:
    found = score(text, "en")
    if text.strip():
        plain = VADER.polarity_scores(text)
        assert found == Score(
            plain["compound"], plain["pos"], plain["neu"], plain["neg"], label(plain["compound"]), None
        )
    else:
        assert found == Score(None, None, None, None, None, "no-text")


@pytest.mark.parametrize(
    ("text", "lang", "reason"),
    [
        (None, "en", "no-text"),
        ("", "en", "no-text"),
        (" \n\t", None, "no-text"),
        ("Das ist wirklich schlecht, bad bad bad", "de", "language:de"),
        ("perfect 👍", "nl", "language:nl"),
        ("bah", None, "unknown-language"),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_is_never_neutral(text: str | None, lang: str | None, reason: str) -> None:
    assert score(text, lang) == Score(None, None, None, None, None, reason)


def test_emoji_alone_need_no_language() -> None:
    assert [score(text, None).label for text in ("😍", "😭😭", "🫖", ":)", "!!!")] == [
        "positive",
        "negative",
        "neutral",
        "positive",
        "neutral",
    ]


@pytest.mark.parametrize(
    ("compound", "name"),
    [(1.0, "positive"), (0.05, "positive"), (0.0499, "neutral"), (0.0, "neutral"), (-0.0499, "neutral")]
    + [(-0.05, "negative"), (-1.0, "negative")],
)
def test_labels_follow_the_authors_thresholds(compound: float, name: str) -> None:
    assert label(compound) == name


def test_a_long_post_is_read_to_its_end() -> None:
    assert score("tea " * 3000 + "is awful, terrible, horrible", "en").label == "negative"
