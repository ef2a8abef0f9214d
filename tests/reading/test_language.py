"""Which language a post is written in, and when nobody knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config.settings import LanguageSettings
from reading.language import ENGINE, MIN_CONFIDENCE, detector, has_letters, prose

EXPECTED = LanguageSettings().expected


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The parcel arrived broken and nobody answers my letters", "en"),
        ("Das Paket ist leider noch nicht angekommen, und niemand antwortet", "de"),
        ("Le colis est arrivé cassé et personne ne me répond", "fr"),
        ("荷物が壊れて届きましたが、誰も返事をくれません", "ja"),
        ("Посылка пришла сломанной, и никто не отвечает", "ru"),
        ("@wren_lotte https://example.com/der-die-das #teatime the parcel arrived broken", "en"),
        ("", None),
        ("ok", None),
        ("🫖❤️ 👍👍", None),
        ("12345 !!!", None),
        ("https://example.com/the-parcel-arrived-broken", None),
    ],
)
def test_languages(text: str, lang: str | None) -> None:
    ((found, engine),) = detector(EXPECTED).detect([text])
    assert (found, engine is None) == (lang, lang is None)


def test_only_expected_languages_are_told() -> None:
    dutch = "Het pakket is helaas nog niet aangekomen en niemand antwoordt"
    assert detector(("nl", "en")).detect([dutch]) == [("nl", ENGINE)]
    assert detector(("fr", "en")).detect([dutch])[0][0] in {"fr", "en", None}


WORDS = st.sampled_from(
    ["the parcel", "GEBROKEN", "niemand", "répond", "荷物が", "не", "ok", "😭", "https://example.com"]
)


@given(st.lists(st.text(max_size=60) | st.lists(WORDS, min_size=1, max_size=9).map(" ".join), max_size=30))
def test_many_texts_at_once_are_told_as_py3langid_tells_each(texts: list[str]) -> None:
    reader = detector(EXPECTED)
    for text, told in zip(texts, reader.detect(texts), strict=True):
        lang, confidence = reader.classify(prose(text))
        is_readable = sum(map(has_letters, prose(text))) >= 3
        if abs(confidence - MIN_CONFIDENCE) > 1e-4:  # sums in another order differ in the last digits
            assert told == ((lang, ENGINE) if is_readable and confidence > MIN_CONFIDENCE else (None, None))


def test_what_stands_beside_a_text_does_not_change_its_language() -> None:
    texts = ["The parcel arrived broken", "Das Paket ist kaputt", "荷物が壊れて", "la bandeja de agua", "x" * 400]
    alone = [told for text in texts for told in detector(EXPECTED).detect([text])]
    assert detector(EXPECTED).detect(texts) == alone
    assert detector(EXPECTED).detect(texts[::-1]) == alone[::-1]


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="xx"):
        detector(("en", "xx"))


def test_letters_of_every_script_are_letters() -> None:
    assert [has_letters(text) for text in ("a", "é", "я", "茶", "ش", "", " ", "12", "🫖❤️", "_")] == [True] * 5 + [
        False
    ] * 5
