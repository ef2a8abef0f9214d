"""Answers that real forums gave, read by the Discourse connector."""

from pathlib import Path

import pytest

from connectors import discourse
from connectors.contract import Drift, Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, recorded


@pytest.mark.parametrize("path", recorded("discourse"))
def test_recorded_answer_of_discourse(path: Path) -> None:
    """Every post of an answer is one mention, none twice; a forum's RSS is set aside, the rss connector reads that."""
    records = [record for body in bodies(path) for record in discourse.parse(None, Page("", body))]
    if path.suffix == ".xml":
        assert misfits(records) == [("page", "is not an answer of Discourse's JSON API")]
        return
    found = [record for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert [record for record in records if isinstance(record, Drift)] == []
    assert len({mention.mention_id for mention in found}) == len(found)
    assert items_in(path) in (None, len(found))
    assert all(mention.text for mention in found)
