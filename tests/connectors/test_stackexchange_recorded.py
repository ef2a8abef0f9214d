"""Answers that Stack Exchange gave in 2013, read by the connector. They come without texts, which nobody asked for."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import requests

from connectors import CONNECTORS
from connectors.contract import Drift, Mention, Page, SourceError
from connectors.http_api import Refused
from connectors.stackexchange.api import meaning
from tests.connectors.recorded import FOLDER, bodies, items_in, misfits, objects, recorded

stackexchange = CONNECTORS["stackexchange"]


@pytest.mark.parametrize("path", recorded("stackexchange"))
def test_recorded_answer_of_stack_exchange(path: Path) -> None:
    """Every question, answer and comment is one mention, none twice; all that is missing are their texts."""
    records = [record for body in bodies(path) for record in stackexchange.parse(None, Page("", body))]
    found = [record for record in records if isinstance(record, Mention)]
    drifts = {record for record in records if isinstance(record, Drift)}
    assert misfits(records) == []
    assert drifts <= {Drift("question.body"), Drift("answer.body"), Drift("comment.body")}
    assert len({mention.mention_id for mention in found}) == len(found)
    assert len(found) == sum("creation_date" in one for one in objects(bodies(path)))
    assert items_in(path) in (None, len(found))


def test_recorded_refusal_of_stack_exchange() -> None:
    path = FOLDER / "stackexchange" / "error_400.json"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    refusal = requests.Response()
    refusal.status_code = json.loads(path.with_suffix(".headers.json").read_text())["status"]
    refusal._content = path.read_bytes()
    meant = meaning(refusal, datetime(2026, 4, 28))
    assert isinstance(meant, SourceError)
    assert type(meant) is Refused
    assert "error 404" in str(meant)
    assert "no method found" in str(meant)
