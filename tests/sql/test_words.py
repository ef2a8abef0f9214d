"""Words that many figures rest on are worked out in one place, which everything else in the project reads."""

import re

import pytest

from pipelines.build.step import PROJECT

MODELS = PROJECT / "models"


@pytest.mark.parametrize(
    ("definition", "place"),
    [
        pytest.param(r"\bkind\b[^\n,]*'repost'", "staging/stg_mentions.sql", id="repost"),
        pytest.param(r"\bas is_earned\b", "marts/mentions.sql", id="earned"),
        pytest.param(r"\bmax_by\(", "marts/mentions.sql", id="latest numbers"),
        pytest.param(r"\bscore, 0\)", "marts/mentions.sql", id="engagement"),
        pytest.param(r"\bas first_team_reply_at\b", "marts/mentions.sql", id="first reply of a team"),
        pytest.param(r"\bas is_answered\b", "marts/mentions.sql", id="answered"),
        pytest.param(r"'verified-empty'", "staging/stg_coverage.sql", id="complete window"),
        pytest.param(r"'recheck'", "staging/stg_coverage.sql", id="look again at older posts"),
        pytest.param(r"then 'complete'", "marts/coverage_query_days.sql", id="complete day"),
    ],
)
def test_a_word_is_defined_in_one_place(definition: str, place: str) -> None:
    queries = [*MODELS.rglob("*.sql"), *(PROJECT / "tests").rglob("*.sql")]
    found = [
        str(path.relative_to(MODELS) if path.is_relative_to(MODELS) else path.relative_to(PROJECT))
        for path in queries
        if re.search(definition, path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == [place]
