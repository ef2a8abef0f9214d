"""Reddit, as strangers' text would have it."""

from connectors import CONNECTORS
from connectors.contract import Mention, Page

reddit = CONNECTORS["reddit"]


def test_a_character_of_endless_number_does_not_cost_the_comment():
    data = {"id": "a1", "created_utc": 1_776_758_400, "body": f"a &#{'1' * 5000};", "body_html": "&lt;p&gt;"}
    body = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": data}]}}
    records = list(reddit.parse(None, Page("r/halmora/comments", body)))
    assert [record.text for record in records if isinstance(record, Mention)] == ["a \ufffd"]
