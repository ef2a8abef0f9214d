"""X, as bad luck or strangers' text would have it."""

import json

from connectors import CONNECTORS
from connectors.contract import Mention, Page, Query, SchemaDrift, Window
from sandbox.world import BEARER_TOKEN
from tests.connectors.times import at

x = CONNECTORS["x"]

WEEK = Window(at("20"), at("27"))


def test_pages_that_lead_to_each_other(run, build, collect):
    server = run(build([]))
    for nth in range(1, 12):
        body = json.dumps({"meta": {"result_count": 0, "next_token": "ab"[nth % 2]}})
        server.world.misbehave("status", path="/2/tweets", nth=nth, status=200, body=body)
    own = x.Settings(id="bird", type="x", api=server.url)
    pages, error = collect(x.fetch(x.connect(own, {"bearer_token": BEARER_TOKEN}), own, Query("q", "halmora"), WEEK))
    assert len(pages) == 3
    assert isinstance(error, SchemaDrift)


def test_a_character_of_endless_number_does_not_cost_the_post():
    post = {"id": "1912345678901234567", "text": f"a &#{'1' * 5000};", "created_at": "2026-04-21T08:00:00Z"}
    records = list(x.parse(None, Page("recent", {"data": [post]})))
    assert [record.text for record in records if isinstance(record, Mention)] == ["a \ufffd"]
