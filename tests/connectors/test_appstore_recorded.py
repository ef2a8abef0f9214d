"""Answers that Apple gave, read by the connector: their old JSON has reviews without dates, which are set aside."""

from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.appstore.parse import feed_of
from connectors.contract import Drift, Mention, Misfit, Page
from tests.connectors.recorded import bodies, items_in, misfits, objects, recorded

appstore = CONNECTORS["appstore"]


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
    assert len(records) == reviews_in(body)
    assert items_in(path) in (None, len(records))


def reviews_in(body: Any) -> int:
    """Reviews in an answer, which all have stars."""
    return sum("im:rating" in one for one in objects(body))


@pytest.mark.parametrize("path", recorded("appstore"))
def test_recorded_review_is_a_mention_if_it_had_a_date(path: Path) -> None:
    if path.parent.name == "errors":
        return
    [body] = bodies(path)
    entries = body["feed"].get("entry", [])
    for entry in entries if isinstance(entries, list) else [entries]:
        entry["updated"] = {"label": "2026-04-21T08:00:00-07:00"}
    records = list(appstore.parse(None, Page("", body)))
    found = [record for record in records if isinstance(record, Mention)]
    assert [record for record in records if isinstance(record, Misfit | Drift)] == []
    assert len({mention.mention_id for mention in found}) == len(found) == reviews_in(body)
    assert items_in(path) in (None, len(found))


@pytest.mark.parametrize("path", recorded("appstore"))
def test_recorded_review_is_read_in_all_but_its_date(path: Path) -> None:
    if path.parent.name == "errors":
        return
    for review in feed_of(bodies(path)[0]).reviews:
        told = (review.id, review.title, review.text, review.rating, review.version, review.author, review.author_uri)
        assert all(told)
