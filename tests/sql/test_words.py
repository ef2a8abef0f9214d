"""Words that many figures rest on are worked out in one place, which everything else reads."""

import re

import pytest

from pipelines.build.step import PROJECT

ROOT = PROJECT.parent
STAGING = "sql/models/staging/stg_"


@pytest.mark.parametrize(
    ("definition", "places"),
    [
        pytest.param(r"\bkind\b[^\n,]*'repost'", ["pipelines/store/words.sql", STAGING + "mentions.sql"], id="repost"),
        pytest.param(r"is_standing.* and not coalesce\(is_team", ["pipelines/store/words.sql"], id="earned"),
        pytest.param(r"\bas is_earned\b", ["sql/models/marts/mentions.sql"], id="earned, for the marts"),
        pytest.param(r"\bmax_by\(", ["sql/models/marts/mentions.sql"], id="latest numbers"),
        pytest.param(r"\bscore, 0\)", ["sql/models/marts/mentions.sql"], id="engagement"),
        pytest.param(r"\bas first_team_reply_at\b", ["sql/models/marts/mentions.sql"], id="first reply of a team"),
        pytest.param(r"\bend as is_answered\b", ["sql/models/marts/mentions.sql"], id="answered"),
        pytest.param(r"'ok', 'verified-empty'", ["pipelines/store/words.sql"], id="window seen whole"),
        pytest.param(
            r"then 'complete'",
            ["sql/macros/day_status.sql", "sql/models/marts/coverage_query_days.sql"],
            id="complete day",
        ),
    ],
)
def test_a_word_is_defined_in_one_place(definition: str, places: list[str]) -> None:
    files = [path for folder in ("pipelines", "sql") for path in (ROOT / folder).rglob("*.sql")]
    found = sorted(
        str(path.relative_to(ROOT))
        for path in files
        if re.search(definition, path.read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert found == places
