"""Which names a text speaks of."""

import pytest

from pipelines.matching import Matcher

BRANDS = Matcher(
    {
        "wren": ["wren", "wren tea", "#wrentime", "@wren_lotte"],
        "moss": ["Moss & Sons", "moss"],
        "bree": ["brêe", "straße 9"],
        "cha": ["茶のレン"],
        "cpp": ["c++", "c#", ":)"],
        "late": ["delay*"],
    }
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("I like WREN.", {"wren": ["wren"]}),
        ("wrench and brown-wrens", {}),
        ("Wren   tea, please", {"wren": ["wren", "wren tea"]}),
        ("wren\ntea", {"wren": ["wren", "wren tea"]}),
        ("#wren @Wren", {"wren": ["wren"]}),
        ("wrentime", {}),
        ("It is #WrenTime", {"wren": ["#wrentime"]}),
        ("wren_lotte said", {}),
        ("ask @wren_lotte!", {"wren": ["@wren_lotte"]}),
        ("moss-sons, Moss/Sons", {"moss": ["Moss & Sons", "moss"]}),
        ("wren vs. moss", {"moss": ["moss"], "wren": ["wren"]}),
        ("bree", {}),
        ("BRÊE", {"bree": ["brêe"]}),
        ("bre\u0302e", {"bree": ["brêe"]}),
        ("STRASSE 9", {"bree": ["straße 9"]}),
        ("昨日茶のレンを飲んだ", {"cha": ["茶のレン"]}),
        ("C++ :)", {"cpp": [":)", "c++"]}),
        ("plan c and vitamin c", {}),
        ("I write C#", {"cpp": ["c#"]}),
        ("delayed, delays, undelayed", {"late": ["delay*"]}),
        ("\u202ewren\u202c", {"wren": ["wren"]}),
    ],
)
def test_names_found_in_a_text(text: str, found: dict[str, list[str]]) -> None:
    assert BRANDS.find(text) == found


def test_what_was_found_before_does_not_change_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.matching.MOST_WORDS", 3)
    matcher = Matcher({"wren": ["wren", "wren tea"]})
    for _ in range(3):
        assert matcher.find("a wren b tea c wren tea d") == {"wren": ["wren", "wren tea"]}
        assert matcher.find("a b c d e f") == {}
