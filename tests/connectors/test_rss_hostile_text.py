"""Feeds, as strangers may write them."""

import pytest

from connectors import CONNECTORS
from connectors.contract import Mention, Page
from connectors.rss import parse as rss_records

rss = CONNECTORS["rss"]

URL = "https://blog.example/feed.xml"


def feed(*titles, declaration='<?xml version="1.0"?>', ending=""):
    items = "".join(
        f"<item><guid>{number}</guid><title>{title}</title><pubDate>Tue, 21 Apr 2026 08:00:00 GMT</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return f'{declaration}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>{ending}'.encode()


def titles(raw, **headers):
    body = rss_records.body_of(URL, None, raw, headers, URL)
    return [record.title for record in rss.parse(None, Page("feed", body)) if isinstance(record, Mention)]


@pytest.mark.parametrize("sign", ["&#", "&amp;#"], ids=["once", "twice"])
def test_a_character_of_endless_number_does_not_cost_the_feed(sign):
    assert titles(feed("fine", f"a {sign}{'1' * 5000}; b")) == ["fine", "a \ufffd b"]


@pytest.mark.parametrize("charset", ["punycode", "-punycode", "undefined", "idna", "unicode_escape"])
def test_a_charset_that_is_none_does_not_cost_the_feed(charset):
    # what stands behind the last hyphen takes time in proportion to the square of its length to be read as punycode
    assert titles(feed("é", declaration=f'<?xml version="1.0" encoding="{charset}"?>', ending="<!-- -->")) == ["é"]
    assert titles(feed("é"), **{"content-type": f"application/rss+xml; charset={charset}"}) == ["é"]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_a_charset_that_is_one_is_heeded(charset):
    raw = feed("é", declaration=f'<?xml version="1.0" encoding="{charset}"?>').decode().encode(charset)
    assert titles(raw) == ["é"]
    assert titles(raw, **{"content-type": f'text/xml; charset="{charset}"'}) == ["é"]


@pytest.mark.parametrize("link", ["https://a.example/\x7f", "https://a.example/a b", "javascript:alert(1)"])
def test_a_link_that_is_no_address(link):
    raw = feed("a").replace(b"<title>a</title>", f"<title>a</title><link>{link}</link>".encode())
    body = rss_records.body_of(URL, None, raw, {}, URL)
    assert [record.url for record in rss.parse(None, Page("feed", body)) if isinstance(record, Mention)] == [None]
