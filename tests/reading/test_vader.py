"""VADER: vaderSentiment's numbers to the digit, by sentence where there are many, and no answer where words cancel."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from reading.engines import engine
from reading.sentiment import Post, Score, label
from reading.vader import Analyzer, Vader, knows, polarity

VADER = SentimentIntensityAnalyzer()
WORDS = [
    *(
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
        "or",
        "least",
    ),
    *(
        "at",
        "never",
        "so",
        "this",
        "without doubt",
        "the bomb",
        "yeah right",
        "sort of",
        "SLIGHTLY",
        "kind",
        "of",
        "LOL",
    ),
    *("!!!", "?", ":)", ":-(", "❤️", "🫖", "😭", "é", "the shit", "hand to mouth", "bad ass", "cut the mustard", "NO"),
    *(
        "Very",
        "VERY",
        "mustn't've",
        "Never",
        "doubt",
        "great",
        "SO",
        "kiss of death",
        "to die for",
        "I",
        "beating",
        "heart",
    ),
]
texts = st.text(max_size=80) | st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join)
ENGINE = Vader()


def score(text: str, own: str | None = None) -> Score:
    (found,) = ENGINE.score([Post(text, text if own is None else own, "en")])
    return found


@given(texts)
def test_the_numbers_are_vaders(text: str) -> None:
    assert Analyzer().polarity_scores(text) == VADER.polarity_scores(text)


@given(
    st.lists(
        st.sampled_from(["❤️", "🫖", "😭", "😀", " ", "  ", "\n", "good", "BAD", "not", "but", "!"]), max_size=12
    ).map("".join)
)
def test_emoji_are_read_as_vader_reads_them_whatever_stands_around_them(text: str) -> None:
    assert Analyzer().polarity_scores(text) == VADER.polarity_scores(text)


def test_a_post_of_nothing_but_emoji_is_read_to_its_end() -> None:
    """vaderSentiment takes the square of their number: hours for these."""
    assert score("😀" * 200_000).label == "positive"


@given(
    texts,
    st.dictionaries(st.sampled_from(["tea", "love", "the", "bad"]), st.sampled_from([-2.5, 1.0, 3.0]), max_size=3),
)
def test_a_lexicon_changes_them_as_it_changes_vaders(text: str, lexicon: dict[str, float]) -> None:
    changed = SentimentIntensityAnalyzer()
    changed.lexicon.update(lexicon)
    assert Analyzer(tuple(lexicon.items())).polarity_scores(text) == changed.polarity_scores(text)


@given(texts)
def test_the_plain_score_is_vaders_of_the_whole_text(text: str) -> None:
    assert score(text).plain_compound == VADER.polarity_scores(text)["compound"]


@given(st.lists(st.sampled_from(["love", "tea", "awful", "not", "very", "ok"]), min_size=1, max_size=8).map(" ".join))
def test_a_short_post_has_vaders_own_numbers(text: str) -> None:
    plain = VADER.polarity_scores(text)
    found = score(text)
    if found.reason == "mixed":
        assert min(plain["pos"], plain["neg"]) > 0
        assert abs(plain["compound"]) < 0.05
    else:
        compound = plain["compound"]
        assert found == Score(compound, compound, plain["pos"], plain["neu"], plain["neg"], label(compound), None, None)


def test_many_sentences_are_the_mean_of_each() -> None:
    said = ["The tea is wonderful.", "The cup was on the table.", "I was late.", "It is great!"]
    found = score(" ".join(said))
    apart = [VADER.polarity_scores(sentence) for sentence in said]
    assert found.compound == round(sum(scores["compound"] for scores in apart) / 4, 4)
    assert found.positive == round(sum(scores["pos"] for scores in apart) / 4, 3)
    assert (found.negative, found.label) == (0.0, "positive")
    assert found.positive + found.neutral + found.negative == pytest.approx(1)
    assert found.plain_compound == VADER.polarity_scores(" ".join(said))["compound"] != found.compound


def test_what_others_said_counts_in_the_plain_score_only() -> None:
    found = score("> this is awful\n\nI love it", "I love it")
    assert (found.label, found.plain_compound) == (
        "positive",
        VADER.polarity_scores("> this is awful\n\nI love it")["compound"],
    )
    assert found.compound == VADER.polarity_scores("I love it")["compound"]


@pytest.mark.parametrize("text", ["good tea, awful cup", "Good tea. Awful tea. Good cup. Awful cup."])
def test_words_that_cancel_are_mixed_and_not_neutral(text: str) -> None:
    found = score(text)
    plain = VADER.polarity_scores(text)["compound"]
    assert found == Score(None, plain, None, None, None, None, None, "mixed")


def test_a_long_post_is_read_to_its_end() -> None:
    assert score("tea " * 3000 + "is awful, terrible, horrible").label == "negative"


@pytest.mark.parametrize("piece", ["good but bad. ", "but good ", "good "])
def test_time_grows_with_the_length_only(piece: str) -> None:
    started = time.process_time()
    score(piece * 40_000)
    assert time.process_time() - started < 3


def test_a_changed_lexicon_is_another_version() -> None:
    assert engine("vader").version == ENGINE.version
    assert ENGINE.version.startswith("vaderSentiment ")
    assert (
        len({ENGINE.version, engine("vader", (("sick", 2.0),)).version, engine("vader", (("sick", 1.0),)).version}) == 3
    )


def test_words_of_the_list_are_known() -> None:
    assert (knows("united"), knows("halmora")) == (True, False)
    assert polarity((("united", 0.0),))("united") == 0.0 < polarity()("united")
