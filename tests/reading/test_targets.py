"""Targets: what a post says of each brand in it."""

import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.expression import Expression
from query.parsing import any_of, parse, with_context
from reading import engines
from reading.sentiment import label, not_scored, read
from reading.targets import Named, Targets, names_of, towards
from reading.vader import polarity

MIXED = tomllib.loads((Path(__file__).parent / "mixed_opinions.toml").read_text(encoding="utf-8"))
BRANDS = ("halmora", "quillo", "tavro", "nimbex", "pellin", "brisco", "kestrix", "fennly", "orbano", "wickett")
TARGETS = Targets({brand: any_of([brand]) for brand in BRANDS})
ENGINE = engines.chosen("vader", {})
POLARITY = polarity()


def named(text: str, lang: str | None = "en") -> Named:
    (score,) = read([text], [lang], ENGINE)
    return Named(text, lang, tuple(brand for brand in BRANDS if brand in text.lower()), score)


def labels(text: str, lang: str | None = "en") -> dict[str, str | None]:
    """Brand → its label, or the reason why it has none."""
    post = named(text, lang)
    (scores,) = towards([post], TARGETS, ENGINE, POLARITY)
    return {brand: score.label or score.reason for brand, score in zip(post.brand_ids, scores, strict=True)}


@pytest.mark.parametrize(
    ("part", "posts", "right", "plain"),
    [("tuning", 62, 0.88, 0.60), ("test", 96, 0.80, 0.55), ("voices", 42, 0.75, 0.50), ("unseen", 60, 0.54, 0.50)],
)
def test_clauses_tell_brands_apart_where_the_whole_text_does_not(
    part: str, posts: int, right: float, plain: float
) -> None:
    """Floors under the accuracy, and a ceiling over that of the whole text's score given to each of its brands."""
    assert len(MIXED[part]) == posts
    hits: Counter[str] = Counter()
    for entry in MIXED[part]:
        meant = {name: value for name, value in entry.items() if name != "text"}
        told = labels(entry["text"])
        whole = label(POLARITY(entry["text"]))
        hits["all"] += len(meant)
        hits["clauses"] += sum(told[brand] == mood for brand, mood in meant.items())
        hits["whole"] += sum(whole == mood for mood in meant.values())
    assert hits["clauses"] / hits["all"] >= right
    assert hits["whole"] / hits["all"] <= plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Halmora is lovely but Quillo is awful", {"halmora": "positive", "quillo": "negative"}),
        ("I hate Halmora. It crashed. I love Quillo. It is great.", {"halmora": "negative", "quillo": "positive"}),
        ("Halmora, Quillo and Tavro are awful", dict.fromkeys(("halmora", "quillo", "tavro"), "negative")),
        ("Halmora is no better than Quillo", {"halmora": "negative", "quillo": "negative"}),
        ("Quillo is slower than Halmora", {"halmora": "positive", "quillo": "negative"}),
        ("Halmora is great. Quillo too.", {"halmora": "positive", "quillo": "positive"}),
        ("a Halmora mug and a Quillo pot. the mug is awful", {"halmora": "negative", "quillo": "neutral"}),
        ("Should I switch from Halmora to Quillo?", {"halmora": "neutral", "quillo": "neutral"}),
        ("imo @quillo > @halmora", {"halmora": "negative", "quillo": "positive"}),
        ("I love my new bike, but the Halmora app is awful", {"halmora": "negative"}),
        ("Worst night ever. Never again, Halmora", {"halmora": "negative"}),
        ("Anything is better than Halmora", {"halmora": "negative"}),
        ("> Halmora is awful\n\nQuillo is great", {"halmora": "no-clause", "quillo": "positive"}),
        ("Halmora is no worse than Quillo", {"halmora": "positive", "quillo": "positive"}),
        ("I can't say Halmora is better than Quillo", {"halmora": "negative", "quillo": "positive"}),
        ("Is Halmora better than Quillo?", {"halmora": "neutral", "quillo": "neutral"}),
        ("Why is Halmora better than Quillo?", {"halmora": "positive", "quillo": "negative"}),
        ("I tried Halmora and Quillo. The former is lovely, the latter is awful.", ["positive", "negative"]),
        ("I own a Halmora and my brother owns a Quillo. Mine is lovely, his is awful.", ["positive", "negative"]),
        ("My wife has a Halmora and I have a Quillo. Hers is lovely, mine is awful.", ["positive", "negative"]),
        ("1) Halmora - awful 2) Quillo - ok 3) Tavro - lovely", ["negative", "positive", "positive"]),
        ("They are both awful. Halmora is blue. Quillo is red.", ["negative", "negative"]),
        ("Halmora raised its prices, so I moved to Quillo", ["negative", "positive"]),
        ("I used to love Halmora. Quillo is good.", ["negative", "positive"]),
        ("If only Halmora had half the charm of Quillo", ["negative", "positive"]),
        ("Quillo answers, which is more than I can say for Halmora", ["negative", "positive"]),
        ("Skip Halmora. Get Quillo.", ["negative", "positive"]),
        ("What a lovely outage, Halmora /s Quillo is great", {"halmora": "said-in-irony", "quillo": "positive"}),
        ("Halmora is better than Quillo /s", {"halmora": "said-in-irony", "quillo": "said-in-irony"}),
    ],
)
def test_what_is_said_of_each(text: str, expected: dict[str, str] | list[str]) -> None:
    """`expected` by brand, or in their order."""
    told = labels(text)
    assert (list(told.values()) if isinstance(expected, list) else told) == expected


def test_a_brand_alone_has_the_score_of_the_text() -> None:
    post = named("Halmora is lovely. What a day! I am happy. Bye.")
    assert towards([post], TARGETS, ENGINE, POLARITY) == [[post.score._replace(plain_compound=None)]]


@pytest.mark.parametrize(
    ("text", "lang", "reason"),
    [("halmora quillo", None, "unknown-language"), ("halmora ist schlecht, quillo gut", "de", "language:de")]
    + [("@halmora @quillo", "en", "nothing-to-read")],
)
def test_a_post_that_is_not_read_says_nothing_of_its_brands(text: str, lang: str | None, reason: str) -> None:
    assert towards([named(text, lang)], TARGETS, ENGINE, POLARITY) == [[not_scored(reason)] * 2]


def test_words_that_cancel_over_a_brand_are_mixed() -> None:
    assert labels("Halmora is good and awful, Quillo is fine") == {"halmora": "mixed", "quillo": "positive"}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (any_of(["halmora", "hal mora"]), ["halmora", "hal mora"]),
        (with_context(any_of(["wren"]), ["tea"], ["bird"]), ["wren"]),
        (parse('wren (tea OR shop) -bird author:"x:ann"'), ["wren"]),
        (parse("site:tea.example"), []),
    ],
)
def test_the_words_around_a_name_are_no_names(expression: Expression, names: list[str]) -> None:
    assert [term.text for term in names_of(expression)] == names


@given(st.lists(st.sampled_from([entry["text"] for part in MIXED.values() for entry in part]), max_size=6))
def test_posts_beside_each_other_change_nothing(texts: list[str]) -> None:
    posts = [named(text) for text in texts]
    apart = [towards([post], TARGETS, ENGINE, POLARITY)[0] for post in reversed(posts)]
    assert towards(posts, TARGETS, ENGINE, POLARITY) == apart[::-1]


@given(
    st.text(max_size=120)
    | st.lists(
        st.sampled_from(["halmora", "quillo", "\ue000", "but", "than", ">", ". ", "@", "ß", "İ", "ﬁ"]), max_size=20
    ).map(" ".join)
)
def test_any_text_can_be_told_apart(text: str) -> None:
    targets = TARGETS.of(text, ("halmora", "quillo"), "en", POLARITY)
    assert [target.brand_id for target in targets] == ["halmora", "quillo"]
    assert TARGETS.of(text, ("quillo", "halmora"), "en", POLARITY) == targets[::-1]


@pytest.mark.parametrize(
    "piece",
    [
        "halmora quillo ",
        "halmora, ",
        "halmora than ",
        "not halmora but ",
        "moved from ",
        "as as halmora ",
        "> halmora ",
        "halmora but quillo is bad. ",
        "if halmora had half ",
        "halmora so ",
        "halmora isn't ",
        "can't say ",
        "which ",
        "thought ",
        "halmora /s ",
        "1. ",
        "so, and ",
    ],
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    text = piece * (50_000 // len(piece))
    started = time.process_time()
    TARGETS.of(text, ("halmora", "quillo"), "en", POLARITY)
    assert time.process_time() - started < 2
