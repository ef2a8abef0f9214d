"""Answers that Apple gave, read by the connector: their old JSON has reviews without dates, which are set aside."""

from pathlib import Path

import pytest

from connectors import appstore
from connectors.appstore.records import feed_of
from connectors.contract import Misfit, Page
from tests.connectors.recorded import bodies, items_in, misfits, recorded


@pytest.mark.parametrize("path", recorded("appstore"))
def test_recorded_answer_of_appstore(path: Path) -> None:
    [body] = bodies(path)
    records = list(appstore.parse(None, Page("", body)))
    if path.parent.name == "errors":
        assert [place for place, _ in misfits(records)] == ["page"]
        return
    assert {type(record) for record in records} <= {Misfit}
    assert {reason for _, reason in misfits(records)} <= {
        "is a review without a date, as in Apple's old JSON; its XML has one"
    }
    assert items_in(path) in (None, len(records))


@pytest.mark.parametrize("path", recorded("appstore"))
def test_recorded_review_is_read_in_all_but_its_date(path: Path) -> None:
    if path.parent.name == "errors":
        return
    for review in feed_of(bodies(path)[0]).reviews:
        told = (review.id, review.title, review.text, review.rating, review.version, review.author, review.author_uri)
        assert all(told)
