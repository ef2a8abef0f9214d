"""Answers that YouTube gave, read by the connector: every video and comment a mention."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Drift, Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

youtube = CONNECTORS["youtube"]


@pytest.mark.parametrize("path", recorded("youtube"))
def test_recorded_answer_of_youtube(path: Path) -> None:
    records = [record for body in bodies(path) for record in youtube.parse(None, Page("", body))]
    if path.parent.name == "errors":
        assert records == []
        return
    found = [record.mention_id for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert [record for record in records if isinstance(record, Drift)] == []
    assert len(set(found)) == len(found)
    # comments stand in threads as well as in lists of their own
    kinds = ("youtube#video", "youtube#searchResult", "youtube#comment")
    assert len(found) == sum(one.get("kind") in kinds and "snippet" in one for one in objects(bodies(path)))
    assert items_in(path) in (None, len(found))
