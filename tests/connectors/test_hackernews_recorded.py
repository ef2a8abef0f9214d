"""Answers that Hacker News and its search gave: every story and comment a mention."""

from pathlib import Path

import pytest

from connectors import hackernews
from connectors.contract import Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, recorded


@pytest.mark.parametrize("path", recorded("hackernews"))
def test_recorded_answer_of_hackernews(path: Path) -> None:
    records = [record for body in bodies(path) for record in hackernews.parse(None, Page("", body))]
    found = [record.mention_id for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert len(set(found)) == len(found)
    assert items_in(path) in (None, len(found))
