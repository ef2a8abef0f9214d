"""Answers that Hacker News and its search gave: every story and comment a mention."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Drift, Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

hackernews = CONNECTORS["hackernews"]


def posts_in(path: Path) -> int:
    """Stories, comments, jobs and polls of an answer, counted by their moments."""
    items = [one for one in objects(bodies(path)) if one.keys() & {"created_at_i", "time"}]
    return len({str(one.get("objectID", one.get("id"))) for one in items if one.get("type") != "pollopt"})


@pytest.mark.parametrize("path", recorded("hackernews"))
def test_recorded_answer_of_hackernews(path: Path) -> None:
    records = [record for body in bodies(path) for record in hackernews.parse(None, Page("", body))]
    found = [record.mention_id for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert len(set(found)) == len(found)
    assert [record for record in records if isinstance(record, Drift)] == []
    assert items_in(path) in (None, len(found))
    assert len(found) == posts_in(path)
