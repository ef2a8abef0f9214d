"""The model cards name the parameters that the code has."""

from pathlib import Path

from pipelines.discover import duplicates
from reading import language, minhash, sentiment, vader

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")


def test_parameters_of_the_duplicates_are_those_of_the_code() -> None:
    bands = f"in {minhash.BANDS} bands of {minhash.BAND_ROWS}, seed {minhash.SEED}"
    assert f"{minhash.PERMUTATIONS} permutations, {bands}; the first {duplicates.LONGEST:,} letters" in PAGE
    part = f"{minhash.PART:.0%}".replace("%", " %")
    assert f"runs of {minhash.LETTERS} letters of at least {minhash.THRESHOLD}, or {part} of a text" in PAGE
    assert f"at least {minhash.LETTERS_OF_A_PART} letters stand in one at most twice as long" in PAGE
    assert "and no number against another" in PAGE
    assert f"texts of at least {duplicates.FEWEST_WORDS_NEAR} words |" in PAGE
    assert f"more than {duplicates.MOST_IN_FULL} texts share a band" in PAGE
    assert f"the same order; texts of at least {duplicates.FEWEST_WORDS_EXACT} words" in PAGE


def test_thresholds_of_sentiment_and_language_are_those_of_the_code() -> None:
    assert f"positive from {sentiment.THRESHOLD} up, negative from −{sentiment.THRESHOLD} down" in PAGE
    assert f"less than {language.MIN_CONFIDENCE:.0%}".replace("%", " % sure") in PAGE
    assert f"The threshold of {language.MIN_CONFIDENCE}" in PAGE
    assert f"reads the first {language.LONGEST} characters" in PAGE


def test_example_of_a_name_with_a_mood_is_true() -> None:
    assert vader.analyzer().lexicon["united"] == 1.8
