"""Answers that real forums gave, read by the Discourse connector."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Drift, Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

discourse = CONNECTORS["discourse"]


def posts_in(path: Path) -> int:
    """Posts of an answer, counted by their text or its start, notes of the software aside."""
    shown = [one for one in objects(bodies(path)) if "post_number" in one and one.keys() & {"cooked", "blurb"}]
    return len({one["id"] for one in shown if one.get("post_type") not in (3, 4)})


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
    assert len(found) == posts_in(path)
    assert all(mention.text for mention in found)
