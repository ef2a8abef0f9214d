"""Mail, as strangers may write it."""

import time

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Page

mail = CONNECTORS["mail"]


@pytest.mark.parametrize("charset", ["punycode", "-punycode"])
def test_a_charset_that_is_none_takes_no_time(charset):
    text = "a-" + "b" * 200_000
    raw = (
        "From: Ann <ann@garden.example>\nDate: Tue, 21 Apr 2026 08:00:00 +0000\nMessage-ID: <1@garden.example>\n"
        f'Subject: a\nContent-Type: text/plain; charset="{charset}"\n\n{text}\n'
    )
    begun = time.process_time()
    records = list(mail.parse(None, Page("file", {"mails": [{"place": "line 1", "raw": raw}]})))
    assert time.process_time() - begun < 1
    assert [record.text for record in records if isinstance(record, Mention)] == [text]
