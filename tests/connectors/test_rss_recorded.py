"""Feeds that were published, read by the connector: every entry a mention, or set aside for a good reason."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Page
from connectors.rss.parse import body_of
from tests.connectors.recorded import items_in, misfits, recorded

rss = CONNECTORS["rss"]

URL = "https://recorded.example/feed"
SET_ASIDE = {
    "feedparser_item_description_escaped_markup": "the time is missing",
    "incomplete_fields": "has no guid, link or words of its own, by which it could be known again",
    "unrecognized": "is no feed",
}


@pytest.mark.parametrize("as_text", [False, True], ids=["bytes", "text"])
@pytest.mark.parametrize("path", recorded("rss"))
def test_recorded_feed(path: Path, as_text: bool) -> None:
    raw = path.read_bytes()
    body = raw.decode(errors="replace") if as_text else body_of(URL, None, raw, {}, URL)
    records = list(rss.parse(None, Page("", body)))
    found = [record for record in records if isinstance(record, Mention)]
    reasons = [reason for _, reason in misfits(records)]
    assert reasons == ([SET_ASIDE[path.stem]] if path.stem in SET_ASIDE else [])
    assert len({mention.mention_id for mention in found}) == len(found)
    if path.stem != "unrecognized":
        assert items_in(path) in (None, len(found) + len(reasons))
