"""What the feed connector reads out of a feed, and what it sets aside."""

import socket
import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Mention, Metrics, Misfit, Page
from connectors.rss.listing import Shown
from connectors.rss.parse import Feed, body_of

rss = CONNECTORS["rss"]

ITEM = (
    "<item><title>Basil</title><guid isPermaLink='false'>7</guid><link>/basil?a=1&amp;b=2</link>"
    "<pubDate>Tue, 21 Apr 2026 10:00:00 +0200</pubDate><description>It grows &amp;amp; smells</description></item>"
)
AT = datetime.fromisoformat("2026-04-21T08:00")


def rss2(items=ITEM, head="<title>Blog</title>", before=""):
    spaces = " ".join(
        f'xmlns:{name}="{uri}"'
        for name, uri in {
            "dc": "http://purl.org/dc/elements/1.1/",
            "sy": "http://purl.org/rss/1.0/modules/syndication/",
            "slash": "http://purl.org/rss/1.0/modules/slash/",
            "content": "http://purl.org/rss/1.0/modules/content/",
        }.items()
    )
    return f'{before}<rss version="2.0" {spaces}><channel>{head}{items}</channel></rss>'


def atom(entries, head=""):
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Blog</title>{head}{entries}</feed>'


def page(xml, url="https://blog.example/feed", headers=None, name=None):
    raw = xml if isinstance(xml, bytes) else xml.encode()
    return Page("feed", body_of(url, name, raw, headers or {}, url))


def parsed(xml, **more):
    return list(rss.parse(None, page(xml, **more)))


def mention(xml, **more):
    (found,) = (record for record in parsed(xml, **more) if isinstance(record, Mention))
    return found


def test_an_item():
    name = "rss:blog.example/feed:7"
    assert parsed(rss2()) == [
        Mention(
            *(name, "rss", "Blog", "post", "Basil", "It grows & smells", "https://blog.example/basil?a=1&b=2"),
            *(None, None, name, AT),
        )
    ]


@pytest.mark.parametrize(
    ("guid", "url", "name"),
    [
        ("https://blog.example/7", "https://planet.example/rss", "rss:https://blog.example/7"),
        ("tag:blog.example,2026:7", "https://planet.example/rss", "rss:tag:blog.example,2026:7"),
        ("urn:uuid:1225", "https://planet.example/rss", "rss:urn:uuid:1225"),
        (" 7\n", "https://a.example/feed/", "rss:a.example/feed:7"),
        ("7", "https://b.example/feed?of=1", "rss:b.example/feed?of=1:7"),
    ],
)
def test_identity(guid, url, name):
    assert mention(rss2(ITEM.replace(">7<", f">{guid}<")), url=url).mention_id == name


def test_identity_of_an_endless_guid_is_its_hash():
    found = [mention(rss2(ITEM.replace(">7<", f">{'x' * 600}{end}<"))).mention_id for end in "aab"]
    assert found[0] == found[1] != found[2]
    assert len(found[0]) == len("rss:") + 64


def test_identity_is_the_link_where_there_is_no_guid():
    assert mention(rss2(ITEM.replace("<guid isPermaLink='false'>7</guid>", ""))).mention_id == (
        "rss:https://blog.example/basil?a=1&b=2"
    )


def test_identity_is_the_link_where_several_entries_share_a_guid():
    other = ITEM.replace("/basil?a=1&amp;b=2", "/mint")
    assert [each.mention_id for each in parsed(rss2(ITEM + other))] == [
        *("rss:https://blog.example/basil?a=1&b=2", "rss:https://blog.example/mint")
    ]


def items(*each):
    return "".join(
        f"<item>{names}<pubDate>Tue, 21 Apr 2026 0{number}:00:00 GMT</pubDate><description>Text {number}</description>"
        "</item>"
        for number, names in enumerate(each)
    )


def ids(*each, head="<link>https://blog.example/</link>", held=None, **more):
    told = page(rss2(items(*each), head), **more)
    records = list(rss.parse(None, told._replace(body={**told.body, "held": held})))
    assert not [record for record in records if isinstance(record, Misfit)]
    return {record.text: record.mention_id for record in records if isinstance(record, Mention)}


SHARED_LINK = "<link>https://blog.example/news</link>"


@pytest.mark.parametrize(
    "names",
    [
        "",
        "<guid>N/A</guid>",
        "<guid isPermaLink='false'>7</guid>",
        SHARED_LINK,
        f"<guid>null</guid>{SHARED_LINK}",
        "<guid>https://blog.example/</guid>",
        "<guid>https://blog.example/news</guid>",
        "<link>https://blog.example</link>",
        "<guid>00000000-0000-0000-0000-000000000000</guid>",
    ],
)
def test_six_entries_that_share_what_names_them_are_six_mentions(names):
    found = ids(*[names] * 6)
    assert len(set(found.values())) == len(found) == 6


@pytest.mark.parametrize("names", ["", "<guid>N/A</guid>", "<guid>-</guid><link>https://blog.example/</link>"])
def test_what_names_nobody_does_so_too_where_it_stands_alone(names):
    alone = ids(names)
    assert ids(*[names] * 3)["Text 0"] == alone["Text 0"]


def test_an_identity_does_not_depend_on_where_in_the_feed_an_entry_stands():
    entries = items(*["<guid>N/A</guid>"] * 4)
    turned = "".join(f"<item>{each}" for each in entries.split("<item>")[:0:-1])
    found, again = (
        {one.text: one.mention_id for one in parsed(rss2(each)) if isinstance(one, Mention)}
        for each in (entries, turned)
    )
    assert found == again


def test_a_guid_that_is_shared_later_stays_with_the_entry_that_had_it_alone():
    topic = "<guid>https://forum.example/t/7</guid><link>https://forum.example/t/7</link>"
    before = Feed(page(rss2(items(topic))).body)
    now = Feed(page(rss2(items(topic, topic))).body)
    held = now.held_since(before)
    found = ids(topic, topic, held=held)
    assert found["Text 0"] == "rss:https://forum.example/t/7"
    later = Feed({**page(rss2(items("<guid>9a</guid>", topic))).body, "held": held})
    assert later.held_since(now) == {}
    assert ids("<guid>9a</guid>", topic, held=held)["Text 1"] == found["Text 1"]
    assert found["Text 1"].startswith("rss:blog.example/feed:#")


def test_an_entry_that_stands_there_twice_is_one_mention_without_fault():
    assert parsed(rss2(ITEM + ITEM)) == parsed(rss2())


def test_of_two_versions_of_an_entry_the_newer_one_counts():
    def version(day, text):
        return (
            f"<entry><id>tag:1</id><published>2026-04-21T08:00:00Z</published><updated>2026-04-{day}T08:00:00Z</updated>"
            f"<summary>{text}</summary></entry>"
        )

    for entries in (version(22, "old") + version(23, "new"), version(23, "new") + version(22, "old")):
        (found,) = parsed(atom(entries))
        assert (found.text, found.edited_at) == ("new", AT.replace(day=23))


def test_comments_belong_to_what_the_talk_is_about():
    def comment(guid, above):
        thread = 'xmlns:thr="http://purl.org/syndication/thread/1.0"'
        return (
            f"<entry><id>tag:{guid}</id><updated>2026-04-21T08:00:00Z</updated>"
            f'<thr:in-reply-to {thread} ref="tag:{above}"/></entry>'
        )

    found = parsed(atom(comment("2", "1") + comment("3", "2") + comment("4", "4")))
    assert [(each.kind, each.parent_id, each.root_id) for each in found] == [
        *(("comment", "rss:tag:1", "rss:tag:1"), ("comment", "rss:tag:2", "rss:tag:1")),
        ("comment", "rss:tag:4", "rss:tag:4"),
    ]


def test_the_name_of_the_config_goes_before_the_title_of_the_feed():
    assert mention(rss2(), name="Nettie").community == "Nettie"
    assert mention(rss2(head="")).community == "blog.example/feed"


@pytest.mark.parametrize(
    ("dates", "created", "edited"),
    [
        ("<published>2026-04-21T08:00:00Z</published><updated>2026-04-22T08:00:00Z</updated>", AT, AT.replace(day=22)),
        ("<published>2026-04-21T08:00:00Z</published><updated>2026-04-21T08:00:00Z</updated>", AT, None),
        ("<updated>2026-04-21T10:00:00+02:00</updated>", AT, None),
        ("<published>soon</published><updated>2026-04-21T08:00:00Z</updated>", AT, None),
    ],
)
def test_times(dates, created, edited):
    found = mention(atom(f"<entry><id>tag:1</id>{dates}</entry>"))
    assert (found.created_at, found.edited_at) == (created, edited)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (
            "<item><pubDate>Tue, 21 Apr 2026 10:00:00 GMT</pubDate></item>",
            "has no guid, link or words of its own, by which it could be known again",
        ),
        ("<item><guid>7a</guid></item>", "the time is missing"),
        ("<item><guid>7a</guid><pubDate>last Tuesday</pubDate></item>", "the time can't be read"),
        ("<item><guid>7a</guid><pubDate>0</pubDate></item>", "the time is a number that is neither a date nor seconds"),
        ("<item><guid>7a</guid><pubDate>1 Jan 1970 00:00:00 GMT</pubDate></item>", "the time is before 1990"),
        ("<item><guid>7a</guid><pubDate>Mon, 02 Mar 2026 12:00:00 IST</pubDate></item>", "the time names a zone"),
    ],
)
def test_entry_that_is_set_aside_costs_only_itself(item, reason):
    records = parsed(rss2(item + ITEM))
    assert [type(record) for record in records] == [Misfit, Mention]
    assert reason in records[0].reason
    assert records[0].place == "entries[0]"


@pytest.mark.parametrize(
    ("told", "handle"),
    [
        ("<dc:creator>Nettie Osei</dc:creator>", "Nettie Osei"),
        ("<author>nettie@blog.example (Nettie Osei)</author>", "Nettie Osei"),
        ("<author>nettie@blog.example</author>", "nettie"),
        ("<author>  </author>", None),
    ],
)
def test_authors_are_named_and_their_mail_address_is_not_kept(told, handle):
    records = parsed(rss2(ITEM.replace("</item>", f"{told}</item>")))
    authors = [record for record in records if isinstance(record, Author)]
    expected = [Author(f"rss:blog.example:{handle.casefold()}", "rss", handle, handle)] if handle else []
    assert authors == expected
    assert "@" not in str(records)


def test_in_atom_the_feeds_author_stands_for_entries_without_one():
    own = "<entry><id>tag:2</id><updated>2026-04-21T08:00:00Z</updated><author><name>Ines</name></author></entry>"
    none = "<entry><id>tag:1</id><updated>2026-04-21T08:00:00Z</updated></entry>"
    records = parsed(atom(none + own, "<author><name>Nettie</name></author>"))
    assert [record.author_id for record in records if isinstance(record, Mention)] == [
        *("rss:blog.example:nettie", "rss:blog.example:ines")
    ]


def test_whole_text_goes_before_the_summary():
    whole = "<content:encoded><![CDATA[<p>It grows.</p><ul><li>a</li><li>b</li></ul>]]></content:encoded></item>"
    assert mention(rss2(ITEM.replace("</item>", whole))).text == "It grows.\n\n- a\n- b"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("AT&amp;amp;T &amp;lt;3", "AT&T <3"),
        ("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;", "one\n\ntwo"),
        ("<![CDATA[a < b & c]]>", "a < b & c"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;safe", "safe"),
    ],
)
def test_text_is_what_a_reader_sees(written, read):
    assert mention(rss2(ITEM.replace("It grows &amp;amp; smells", written))).text == read


def test_numbers_language_and_recordings():
    more = (
        "<slash:comments>12</slash:comments><enclosure url='https://cast.example/1.mp3' type='audio/mpeg' length='1'/>"
    )
    xml = rss2(ITEM.replace("<link>/basil?a=1&amp;b=2</link>", more), "<title>b</title><language>pt-BR</language>")
    assert Metrics("rss:blog.example/feed:7", replies=12) in parsed(xml)
    assert (mention(xml).network_lang, mention(xml).url) == ("pt", "https://cast.example/1.mp3")
    nobody = rss2(ITEM.replace("</item>", "<slash:comments>0</slash:comments></item>"))
    assert Metrics("rss:blog.example/feed:7", replies=0) in parsed(nobody)


def test_link_that_is_no_address_of_the_web_is_none():
    records = parsed(rss2(ITEM.replace("/basil?a=1&amp;b=2", "javascript:alert(1)")))
    assert [getattr(record, "url", record) for record in records] == [None, Drift("entry.link", "javascript:alert(1)")]


def test_a_guid_that_is_no_address_becomes_no_link():
    assert parsed(rss2(ITEM.replace(" isPermaLink='false'", "").replace("<link>/basil?a=1&amp;b=2</link>", ""))) == [
        mention(rss2())._replace(url=None)
    ]


@pytest.mark.parametrize(
    ("told", "replies"),
    [("12", 12), (" 7 ", 7), ("12.0", 12), ("-5", None), ("12.7", None), ("many", None), ("", None)],
)
def test_a_number_of_comments_that_is_none_costs_itself(told, replies):
    records = parsed(rss2(ITEM.replace("</item>", f"<slash:comments>{told}</slash:comments></item>")))
    name = "rss:blog.example/feed:7"
    told_numbers = [Metrics(name, replies=replies)] if replies is not None else []
    assert records[0].mention_id == name
    assert [record for record in records[1:] if isinstance(record, Metrics)] == told_numbers
    is_drift = replies is None and bool(told)
    assert [record.field for record in records[1:] if isinstance(record, Drift)] == ["entry.comments"] * is_drift


@pytest.mark.parametrize(
    ("told", "language", "drifts"),
    [("en_GB", "en", 0), ("und", None, 0), ("", None, 0), ("English (UK)", None, 1), ("1", None, 1)],
)
def test_a_language_that_is_none_costs_itself_and_is_told_once(told, language, drifts):
    xml = rss2(ITEM + ITEM.replace(">7<", ">8<"), f"<title>b</title><language>{told}</language>")
    records = parsed(xml)
    assert [record.network_lang for record in records if isinstance(record, Mention)] == [language] * 2
    assert [record for record in records if isinstance(record, Drift)] == [Drift("entry.language", told)] * drifts


def test_a_moment_beside_the_first_that_can_t_be_read_is_told():
    dates = "<published>soon</published><updated>2026-04-21T08:00:00Z</updated>"
    records = parsed(atom(f"<entry><id>tag:1</id>{dates}</entry>"))
    assert [type(record) for record in records] == [Mention, Drift]
    assert records[1] == Drift("entry.published", "soon")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("Mo, 02 Mrz 2026 12:00:00 +0100", "2026-03-02T11:00"),
        ("Seg, 02 Fev 2026 12:00:00 -0300", "2026-02-02T15:00"),
        ("2026/3/2 12:07:41", "2026-03-02T12:07:41"),
        ("Mon, 02 Mar 2026 03:00:00 PM +0000", "2026-03-02T15:00"),
        ("Mon, 02 Mar 2026 12:00:00 CEST", "2026-03-02T10:00"),
        ("Mon, 02 Mar 2026 12:00:00 GMT+2", "2026-03-02T10:00"),
        ("1772452800", "2026-03-02T12:00"),
        ("2 March 2026", "2026-03-02T00:00"),
    ],
)
@pytest.mark.parametrize("element", ["pubDate", "dc:date"])
def test_spellings_of_moments(told, meant, element):
    xml = rss2(f"<item><guid>7</guid><{element}>{told}</{element}></item>")
    assert mention(xml).created_at == datetime.fromisoformat(meant)


def test_day_and_month_are_told_apart_by_the_whole_feed():
    def item(guid, told):
        return f"<item><guid>{guid}</guid><pubDate>{told}</pubDate></item>"

    both = parsed(rss2(item("a", "03/04/2026 10:00") + item("b", "03/25/2026 10:00")))
    assert [record.created_at for record in both] == [datetime(2026, 3, 4, 10), datetime(2026, 3, 25, 10)]
    (alone,) = parsed(rss2(item("a", "03/04/2026 10:00")))
    assert (type(alone), alone.reason) == (Misfit, "the time can be read day first or month first")


@pytest.mark.parametrize(
    ("head", "hours"),
    [
        ("", 0),
        ("<ttl>90</ttl>", 1.5),
        ("<ttl>-1</ttl>", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 0.5),
        ("<sy:updatePeriod> daily </sy:updatePeriod>", 24),
        ("<sy:updatePeriod>often</sy:updatePeriod><ttl>soon</ttl>", 0),
    ],
)
def test_how_often_a_feed_wants_to_be_asked(head, hours):
    assert Feed(page(rss2(head=head)).body).hours_between == hours


@pytest.mark.parametrize(("term", "is_pinned"), [("pinned", True), (" Sticky", True), ("pins", False)])
def test_an_entry_may_say_itself_that_it_is_pinned(term, is_pinned):
    entry = f"<entry><id>tag:1</id><updated>2026-04-21T08:00:00Z</updated><category term='{term}'/></entry>"
    assert Feed(page(atom(entry)).body).shown() == [Shown("tag:1", AT, AT, is_pinned)]


# Broken feeds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "xml",
    [
        rss2(ITEM.replace("Basil", "Basil & mint &nbsp; <3")),
        rss2(before="\n\n<!-- x -->\n"),
        rss2() + "<script>tracking()</script>",
        rss2().replace("</channel>", ""),
        rss2(before='<?xml version="1.0" encoding="utf-16"?>'),
        rss2(ITEM.replace("Basil", "Bas\x07il")),
    ],
    ids=["bare ampersand", "space first", "junk last", "tag not closed", "wrong encoding", "control character"],
)
def test_broken_xml_is_read_as_far_as_it_goes(xml):
    assert mention(xml).created_at == AT


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "utf-8"])
def test_feeds_lie_about_their_encoding(declared):
    raw = rss2(ITEM.replace("Basil", "Crème"), before=f'<?xml version="1.0" encoding="{declared}"?>').encode("cp1252")
    assert mention(raw).title == "Crème"


def test_body_gives_back_the_bytes_that_came():
    raw = rss2(before='<?xml version="1.0" encoding="iso-8859-1"?>').replace("Basil", "Crème").encode("latin-1")
    assert "base64" in page(raw).body
    assert "text" in page(rss2()).body
    assert page(raw, headers={"content-type": "text/xml", "set-cookie": "secret"}).body["headers"] == {
        "content-type": "text/xml"
    }


def test_an_xml_bomb_costs_neither_time_nor_memory():
    entities = "".join(f'<!ENTITY e{n} "{"".join([f"&e{n - 1};"] * 10)}">' for n in range(1, 12))
    bomb = rss2(ITEM.replace("Basil", "&e11;"), before=f'<!DOCTYPE rss [<!ENTITY e0 "lol">{entities}]>')
    started = time.monotonic()
    found = parsed(bomb)
    assert time.monotonic() - started < 5
    assert sum(len(str(record)) for record in found) < 20_000_000


def test_an_external_entity_is_not_fetched(tmp_path, monkeypatch):
    secret = tmp_path / "secret"
    secret.write_text("do not read", encoding="utf-8")

    def nobody(*_, **__):
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", nobody)
    doctype = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY y SYSTEM "http://127.0.0.1:9/x">]>'
    assert "do not read" not in str(parsed(rss2(ITEM.replace("Basil", "&x;&y;"), before=doctype)))


def test_a_body_that_is_an_address_or_a_file_is_not_opened(tmp_path):
    for body in (str(tmp_path), "https://127.0.0.1:9/feed", "/etc/passwd"):
        (record,) = rss.parse(None, Page("", body))
        assert (record.reason, record.raw) == ("is no feed", body)


BODY = st.text(max_size=60) | st.none() | st.integers() | st.lists(st.integers(), max_size=2)


@given(BODY, BODY, BODY)
def test_a_mangled_page_never_raises(url, text, headers):
    for body in (text, {"url": url, "text": text, "headers": headers}, {"base64": text, "name": url}):
        list(rss.parse(None, Page("feed", body)))


@given(st.data())
def test_a_mangled_feed_never_raises(data):
    xml = rss2(ITEM + ITEM.replace(">7<", ">8<"), "<title>b</title><ttl>5</ttl><language>en</language>")
    start = data.draw(st.integers(0, len(xml)))
    end = data.draw(st.integers(start, min(len(xml), start + 40)))
    mangled = xml[:start] + data.draw(st.text(max_size=12)) + xml[end:]
    feed = Feed(page(mangled).body)
    list(rss.parse(None, page(mangled)))
    assert feed.hours_between >= 0
    assert feed.next_page is None
    feed.shown()
