"""Sentiment: each engine gets what it reads, and the rest is open with a reason, never neutral."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reading import engines
from reading.sentiment import Engine, Post, Score, label, not_scored, read

VADER = engines.chosen("vader", {})


class Parrot:
    """Reads German, and says how many of its texts it was given at once."""

    name = "parrot"
    version = "1"
    languages: frozenset[str] | None = frozenset({"de"})

    def __init__(self) -> None:
        self.heard: list[str] = []

    def score(self, posts: Sequence[Post]) -> list[Score]:
        self.heard += [post.own for post in posts]
        return [Score(1.0, None, 1.0, 0.0, 0.0, "positive", 0.9, None) for _ in posts]


@pytest.mark.parametrize(
    ("text", "lang", "reason"),
    [
        (None, "en", "no-text"),
        ("", "en", "no-text"),
        (" \n\t", None, "no-text"),
        ("Das ist wirklich schlecht, bad bad bad", "de", "language:de"),
        ("perfect 👍", "nl", "language:nl"),
        ("bah", None, "unknown-language"),
        ("https://tea.example/awful", "en", "nothing-to-read"),
        ("@halmora @quillo", "en", "nothing-to-read"),
        ("#love #tea", "en", "nothing-to-read"),
        ("![a lovely cup](https://tea.example/cup.png)", "en", "nothing-to-read"),
        ("!!!", None, "nothing-to-read"),
        ("> I hate this\n> and that", "en", "nothing-to-read"),
        ("```\nlove = hate\n```", "en", "nothing-to-read"),
        ("`kill -9`", "en", "nothing-to-read"),
        ("Lovely service, as ever /s", "en", "said-in-irony"),
        ("> Lovely service\n\nGreat #sarcasm", "en", "said-in-irony"),
    ],
)
def test_what_cannot_be_read_has_a_reason_and_is_never_neutral(text: str | None, lang: str | None, reason: str) -> None:
    assert read([text], [lang], VADER) == [Score(None, None, None, None, None, None, None, reason)]


def test_emoji_alone_need_no_language() -> None:
    found = read(["😍", "😭😭", "🫖", ":)"], [None] * 4, VADER)
    assert [score.label for score in found] == ["positive", "negative", "neutral", "positive"]


def test_each_language_has_its_engine_and_gets_its_texts_together_and_in_order() -> None:
    parrot = Parrot()
    engine_of = {"de": parrot}.get
    usual = VADER(None)
    texts = ["gut", "I love it", None, "> zitiert\n\nschlecht", "awful", "bien"]
    found = read(texts, ["de", "en", "de", "de", "en", "fr"], lambda lang: engine_of(lang or "", usual))  # type: ignore[arg-type]
    assert [score.label or score.reason for score in found] == [
        "positive",
        "positive",
        "no-text",
        "positive",
        "negative",
        "language:fr",
    ]
    assert parrot.heard == ["gut", "schlecht"]


@given(
    st.lists(st.sampled_from(["I love it. Really!", "> bad\n\nok", "meh", "", "😍", "awful, great"]), max_size=6),
    st.data(),
)
def test_the_order_of_texts_changes_nothing(texts: list[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    straight = read(texts, ["en"] * len(texts), VADER)
    shuffled = read([texts[place] for place in order], ["en"] * len(texts), VADER)
    assert shuffled == [straight[place] for place in order]


def test_an_engine_says_what_it_is() -> None:
    engine: Engine = engines.engine("vader")
    assert (engine.name, engine.languages) == ("vader", {"en"})
    assert engine.version.startswith("vaderSentiment ")


@pytest.mark.parametrize(
    ("compound", "name"),
    [(1.0, "positive"), (0.05, "positive"), (0.0499, "neutral"), (0.0, "neutral"), (-0.0499, "neutral")]
    + [(-0.05, "negative"), (-1.0, "negative")],
)
def test_labels_follow_the_authors_thresholds(compound: float, name: str) -> None:
    assert label(compound) == name


def test_no_answer_is_nothing_but_a_reason() -> None:
    assert not_scored("no-text") == Score(None, None, None, None, None, None, None, "no-text")
