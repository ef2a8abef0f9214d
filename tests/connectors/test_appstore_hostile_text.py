"""Reviews in Apple's App Store, as strangers' text would have them."""

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Page

appstore = CONNECTORS["appstore"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a.example/\nb", "/id1"])
def test_an_address_that_leads_nowhere(link):
    entry = {
        **{"id": {"label": "1"}, "updated": {"label": "2026-04-21T08:00:00-07:00"}, "content": {"label": "a"}},
        **{"im:rating": {"label": "5"}, "link": {"attributes": {"href": link}}},
    }
    records = list(appstore.parse(None, Page("customerreviews", {"feed": {"entry": [entry]}})))
    assert [record.url for record in records if isinstance(record, Mention)] == [None]
