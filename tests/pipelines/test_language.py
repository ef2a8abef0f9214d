"""Which language a post is written in, and when nobody knows."""

import pytest

from pipelines.config import LanguageSettings
from pipelines.language import ENGINE, detect, detector, has_letters

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
    found, engine = detect(detector(EXPECTED), text)
    assert (found, engine is None) == (lang, lang is None)


def test_only_expected_languages_are_told() -> None:
    dutch = "Het pakket is helaas nog niet aangekomen en niemand antwoordt"
    assert detect(detector(("nl", "en")), dutch) == ("nl", ENGINE)
    assert detect(detector(("fr", "en")), dutch)[0] in {"fr", "en", None}


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="xx"):
        detector(("en", "xx"))


def test_letters_of_every_script_are_letters() -> None:
    assert [has_letters(text) for text in ("a", "é", "я", "茶", "ش", "", " ", "12", "🫖❤️", "_")] == [True] * 5 + [
        False
    ] * 5
