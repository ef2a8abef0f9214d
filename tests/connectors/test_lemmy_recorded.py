"""Answers that Lemmy servers gave: every post a mention, times without a zone in UTC."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Drift, Mention, Page
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

lemmy = CONNECTORS["lemmy"]


def posts_in(path: Path) -> int:
    """Posts and comments of an answer, counted by their views."""
    views = [one for one in objects(bodies(path)) if "creator" in one and one.keys() & {"post", "comment"}]
    return len({one.get("comment", one.get("post"))["ap_id"] for one in views})


@pytest.mark.parametrize("path", recorded("lemmy"))
def test_recorded_answer_of_lemmy(path: Path) -> None:
    records = [record for body in bodies(path) for record in lemmy.parse(None, Page("", body))]
    found = [record for record in records if isinstance(record, Mention)]
    assert misfits(records) == []
    assert [record for record in records if isinstance(record, Drift)] == []
    assert len({mention.mention_id for mention in found}) == len(found)
    assert items_in(path) in (None, len(found))
    assert len(found) == posts_in(path)
    assert all(mention.created_at.tzinfo is None and mention.author_id for mention in found)
