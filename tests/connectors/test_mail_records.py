"""What a mail is read as. Pure: no archive."""

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import Author, Drift, Interaction, Mention, Misfit, Page, Record
from connectors.mail.headers import account, decoded, headers_of
from tests.connectors.mangling import json_values

mail = CONNECTORS["mail"]

NOON = "Mon, 02 Mar 2026 12:00:00 +0100"
ENVELOPE = "From ann@garden.example Mon Mar  2 11:05:00 2026"


def written(body: str | bytes = "Hello", **fields: str | None) -> bytes:
    head: dict[str, str | None] = {"From": "Ann Teal <Ann@garden.example>", "Date": NOON, "Subject": "Lamp"}
    head |= {"Message-ID": "<m1@garden.example>"}
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = "".join(f"{name}: {value}\n" for name, value in head.items() if value is not None)
    return lines.encode("utf-8", "surrogateescape") + b"\n" + (body if isinstance(body, bytes) else body.encode())


def page(*contents: bytes, **more: Any) -> Page:
    mails = []
    for content in contents:
        try:
            told = {"raw": content.decode()}
        except UnicodeDecodeError:
            told = {"raw": content.decode("latin-1"), "encoding": "latin-1"}
        mails.append({"place": "line 1", **told, **more})
    return Page("file list.mbox", {"mails": mails})


def records(content: bytes, **more: Any) -> list[Record]:
    return list(mail.parse(None, page(content, **more)))


def only(content: bytes, **more: Any) -> Mention:
    (mention,) = (record for record in records(content, **more) if isinstance(record, Mention))
    return mention


def author(content: bytes) -> Author | None:
    return next((record for record in records(content) if isinstance(record, Author)), None)


# A whole mail -----------------------------------------------------------------------------------------


def test_an_answer_on_a_list_as_rows() -> None:
    content = written(
        "On Sunday Bo wrote:\n> It hums.\n\nMine too.\n-- \nAnn",
        In_Reply_To="<m0@garden.example>",
        References="<a@garden.example>\n <m0@garden.example>",
        List_Id="Garden talk <talk.lists.example>",
        List_Post="<mailto:Talk@lists.example>",
        Archived_At="<https://lists.example/talk/m1>",
        Content_Language="en-GB, nl",
    )
    me = account("ann@garden.example")
    assert records(content, answers="bo@0123456789") == [
        Mention(
            mention_id="mail:m1@garden.example",
            network="mail",
            community="talk@lists.example",
            kind="message",
            title="Lamp",
            text="On Sunday Bo wrote:\n> It hums.\n\nMine too.\n--\nAnn",
            url="https://lists.example/talk/m1",
            author_id=f"mail:{me}",
            parent_id="mail:m0@garden.example",
            root_id="mail:a@garden.example",
            created_at=datetime(2026, 3, 2, 11),
            network_lang="en",
        ),
        Author(f"mail:{me}", "mail", me, "Ann Teal"),
        Interaction("mail:m1@garden.example", f"mail:{me}", "mail:bo@0123456789", "reply"),
    ]


def test_a_mail_with_the_least_says_nothing_that_it_does_not_know() -> None:
    content = written("", From=None, Subject="Lamp", Message_ID="<1@x>")
    assert records(content) == [
        Mention(
            "mail:1@x", "mail", None, "message", "Lamp", None, None, None, None, "mail:1@x", datetime(2026, 3, 2, 11)
        )
    ]


def test_network_and_community_of_the_settings() -> None:
    chosen = mail.Settings(id="list", type="mail", path="x", network="usenet", community="talk@lists.example")
    by_setting, by_header = (
        record
        for record in mail.parse(chosen, page(written(), written(List_Id="<other.lists.example>")))
        if isinstance(record, Mention)
    )
    assert (by_setting.mention_id, by_setting.community) == ("usenet:m1@garden.example", "talk@lists.example")
    assert by_header.community == "other.lists.example"


def test_an_author_is_introduced_once_a_page() -> None:
    found = list(mail.parse(None, page(written(), written(Message_ID="<m2@x>"))))
    assert [type(record) for record in found] == [Mention, Author, Mention]


def test_a_program_that_writes_by_itself_is_a_bot() -> None:
    told = [author(written(Auto_Submitted=value)) for value in ("auto-generated", "auto-replied", "no", None)]
    assert [one and one.is_bot for one in told] == [True, None, None, None]


# Who --------------------------------------------------------------------------------------------------


def test_an_account_is_readable_and_hides_the_address() -> None:
    assert account("Mira.Vos@halmora.example") == account("mira.vos@HALMORA.example ")
    assert account("Mira.Vos@halmora.example").startswith("mira.vos@")
    assert "halmora" not in account("mira.vos@halmora.example")
    assert account("mira@a.example") != account("mira@b.example")
    assert account("@x") == account("@X ") != account("")


@pytest.mark.parametrize(
    ("told", "address", "name"),
    [
        ("ann@garden.example", "ann@garden.example", None),
        ("Ann Teal <ann@garden.example>", "ann@garden.example", "Ann Teal"),
        ('"Teal, Ann" <ann@garden.example>', "ann@garden.example", "Teal, Ann"),
        ("ann@garden.example (Ann Teal)", "ann@garden.example", "Ann Teal"),
        ("ann at garden.example (Ann Teal)", "ann@garden.example", "Ann Teal"),
        ("ann(a)garden.example (Ann Teal)", "ann@garden.example", "Ann Teal"),
        ("=?ISO-8859-1?Q?G=F6ran_?= =?utf-8?b?4piC?= <ann@garden.example>", "ann@garden.example", "Göran ☂"),
        ("ann@garden.example <ann@garden.example>", "ann@garden.example", None),
        ("'ann@garden.example' <ann@garden.example>", "ann@garden.example", None),
        ("Göran <ann@garden.example>", "ann@garden.example", "Göran"),
        ("undisclosed", "undisclosed", None),
    ],
)
def test_senders_as_programs_write_them(told: str, address: str, name: str | None) -> None:
    found = author(written(From=told))
    assert found is not None
    assert (found.handle, found.name) == (account(address), name)


def test_a_name_in_an_old_charset() -> None:
    content = written().replace(b"Ann Teal", "Göran".encode("latin-1"))
    found = author(content)
    assert found is not None
    assert found.name == "Göran"


@pytest.mark.parametrize(
    "fields",
    [
        {"X_Original_From": "Ann Teal <ann@garden.example>"},
        {"Reply_To": "Ann Teal <ann@garden.example>, talk@lists.example"},
        {"Reply_To": "ann@garden.example"},
    ],
    ids=["X-Original-From", "Reply-To", "address only"],
)
def test_a_list_in_the_senders_place_says_for_whom(fields: dict[str, str]) -> None:
    content = written(From="Ann Teal via Talk <talk@lists.example>", List_Post="<mailto:talk@lists.example>", **fields)
    found = author(content)
    assert found is not None
    assert (found.handle, found.name) == (account("ann@garden.example"), "Ann Teal")


@pytest.mark.parametrize("told", ["", "<>", ",,;", "@@@", "((((" * 2000, "=?utf-8?q?=ZZ?=", "a" * 50_000])
def test_a_sender_that_is_none_costs_nothing_else(told: str) -> None:
    assert only(written(From=told)).text == "Hello"


# When -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"Date": "Mon, 2 Mar 2026 12:00:00 +0100 (CET)"}, datetime(2026, 3, 2, 11)),
        ({"Date": "2 Mar 2026 12:00 EST"}, datetime(2026, 3, 2, 17)),
        ({"Date": "Fri, 5 Mar 99 10:00:00 -0000"}, datetime(1999, 3, 5, 10)),
        ({"Date": None}, datetime(2026, 3, 2, 11, 5)),
        ({"Date": "yesterday"}, datetime(2026, 3, 2, 11, 5)),
        ({"Date": "Mon, 2 Mar 0026 12:00:00 +0100"}, datetime(2026, 3, 2, 11)),
        ({"Date": "Mon, 2 Mar 20261 12:00:00 +0100"}, datetime(2026, 3, 2, 11, 5)),
        ({"Date": "Tue, 2 Mar 2026 12:00:00 +0100"}, datetime(2026, 3, 2, 11)),
        ({"Date": "Mon, 2 Mar 2026 12:00:00"}, datetime(2026, 3, 2, 12)),
        ({"Date": "Mon, 2 Mar 2026 12:00:00 A"}, datetime(2026, 3, 2, 12)),
        ({"Date": "Mon, 2 Mar 2026 03:00:00 PM +0100"}, datetime(2026, 3, 2, 14)),
        ({"Date": "Mon, 2 Mar 2026 12:00:00 CET"}, datetime(2026, 3, 2, 11)),
        ({"Date": "Mon, 2 Mar 2026 12:00:00 GMT+0200 (EET)"}, datetime(2026, 3, 2, 10)),
        ({"Date": "Mo, 2 Mrz 2026 12:00:00 +0100"}, datetime(2026, 3, 2, 11)),
        ({"Date": "2026-03-02 12:00:00 +0100"}, datetime(2026, 3, 2, 11)),
        ({"Date": "Thu, 01 Jan 1970 00:00:00 +0000"}, datetime(2026, 3, 2, 11, 5)),
        ({"Date": "", "Received": "by a; Mon, 2 Mar 2026 09:00:00 +0000"}, datetime(2026, 3, 2, 9)),
        ({"Date": "", "X_List_Received_Date": "Mon, 2 Mar 2026 08:00:00 -0000"}, datetime(2026, 3, 2, 8)),
    ],
)
def test_times(fields: dict[str, str | None], meant: datetime) -> None:
    assert only(written(**fields), envelope=ENVELOPE).created_at == meant


def test_without_any_time_a_mail_is_set_aside() -> None:
    content = written(Date="soon")
    assert records(content) == [
        Misfit(
            "the time can't be read, nor when it was delivered",
            "file list.mbox, line 1",
            {"place": "line 1", "raw": content.decode()},
        )
    ]


@pytest.mark.parametrize(
    ("fields", "drift"),
    [
        ({"Content_Language": "English"}, Drift("mail.content-language", "English")),
        ({"Archived_At": "<file:///1>"}, Drift("mail.archived-at", "<file:///1>")),
        ({"From": "<>"}, Drift("mail.from", "<>")),
        ({"From": None}, None),
        ({"Content_Language": "und"}, None),
    ],
)
def test_a_side_field_that_can_t_be_read_costs_itself_and_is_told(
    fields: dict[str, str | None], drift: Drift | None
) -> None:
    found = records(written(**fields))
    assert isinstance(found[0], Mention)
    assert [record for record in found if isinstance(record, Drift)] == ([drift] if drift else [])


# Which, and where in the thread -----------------------------------------------------------------------


@pytest.mark.parametrize("told", [None, "", "<>", "no id"])
def test_a_mail_without_an_id_gets_the_same_one_again(told: str | None) -> None:
    one, again, other = (only(written(body, Message_ID=told)) for body in ("One", "One", "Two"))
    assert one.mention_id == again.mention_id != other.mention_id
    assert one.root_id == one.mention_id


@pytest.mark.parametrize(
    ("fields", "root", "parent"),
    [
        ({}, "m1@garden.example", None),
        ({"References": "<a@x> <b@x>"}, "a@x", "b@x"),
        ({"References": "<a@x> <b@x>", "In_Reply_To": "<a@x>"}, "a@x", "a@x"),
        ({"References": "<a@x>", "In_Reply_To": "<b@x>"}, "a@x", "b@x"),
        ({"In_Reply_To": "<b@x>"}, None, "b@x"),
        ({"In_Reply_To": 'Your message of "Sunday" <b@x>'}, None, "b@x"),
        ({"In_Reply_To": "Your message of Sunday"}, "m1@garden.example", None),
        ({"References": "<m1@garden.example>"}, "m1@garden.example", None),
        ({"References": "<a@x>\n\t<b@x>\n <a@x>"}, "a@x", "a@x"),
    ],
)
def test_threads(fields: dict[str, str], root: str | None, parent: str | None) -> None:
    mention = only(written(**fields))
    assert (mention.root_id, mention.parent_id) == (root and f"mail:{root}", parent and f"mail:{parent}")


def test_the_root_that_the_archive_told() -> None:
    assert only(written(In_Reply_To="<b@x>"), root="a@x").root_id == "mail:a@x"
    assert only(written(In_Reply_To="<b@x>", References="<c@x>"), root="a@x").root_id == "mail:c@x"


def test_nobody_answers_themselves() -> None:
    found = records(written(In_Reply_To="<m0@x>"), answers=account("ann@garden.example"))
    assert not any(isinstance(record, Interaction) for record in found)


@pytest.mark.parametrize(
    ("fields", "community"),
    [
        ({"List_Post": "<mailto:Talk@lists.example>"}, "talk@lists.example"),
        ({"List_Post": "<mailto:talk@lists.example?subject=x>"}, "talk@lists.example"),
        ({"List_Post": "NO", "X_BeenThere": "talk@lists.example"}, "talk@lists.example"),
        ({"X_Mailing_List": "<talk@lists.example>"}, "talk@lists.example"),
        ({"List_Id": "Garden talk <talk.lists.example>"}, "talk.lists.example"),
        ({"List_Id": "talk.lists.example"}, "talk.lists.example"),
        ({"List_Id": "Garden talk"}, None),
        ({}, None),
    ],
)
def test_the_list_is_the_community(fields: dict[str, str], community: str | None) -> None:
    assert only(written(**fields)).community == community


# Text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "encoding", "body", "text"),
    [
        ("text/plain; charset=utf-8", "8bit", "Café 🫖".encode(), "Café 🫖"),
        ("text/plain; charset=iso-8859-1", "8bit", b"Caf\xe9 \x93now\x94", "Café “now”"),
        ("text/plain; charset=ISO-8859-15", "quoted-printable", b"12=A450 f=FCr B=\nlatt", "12€50 für Blatt"),
        ("text/plain; charset=koi8-r", "base64", b64encode("Базилик".encode("koi8-r")), "Базилик"),
        ("text/plain; charset=iso-2022-jp", "7bit", "バジル".encode("iso-2022-jp"), "バジル"),
        ("text/plain; charset=gb2312", "8bit", "镕".encode("gb18030"), "镕"),
        ("text/plain; charset=windows-1251", "8bit", "Свет".encode("cp1251"), "Свет"),
        ("text/plain", "8bit", "naïve 🌱".encode(), "naïve 🌱"),
        ("text/plain", "8bit", b"na\xefve", "naïve"),
        ("text/plain; charset=us-ascii", "8bit", b"na\xefve", "naïve"),
        ("text/plain; charset=klingon", "8bit", b"na\xefve", "naïve"),
        ("text/plain; charset=punycode", "8bit", b"halmora", "halmora"),
        ('text/plain; charset="utf-8', "8bit", "é".encode(), "é"),
        ("text", "8bit", b"plain", "plain"),
        (";;;", "8bit", b"plain", "plain"),
        ("text/plain; charset=utf-8", "x-unknown", b"plain", "plain"),
    ],
)
def test_charsets_and_encodings(kind: str, encoding: str, body: bytes, text: str) -> None:
    assert only(written(body, Content_Type=kind, Content_Transfer_Encoding=encoding)).text == text


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("=?utf-8?q?Caf=C3=A9?=", "Café"),
        ("=?utf-8?b?w6k=?= =?iso-8859-1?q?=E9?=", "éé"),
        ("Re: =?utf-8?q?Caf=C3=A9?= and more", "Re: Café and more"),
        ("Café\n  folded", "Café folded"),
        ("=?utf-8?b?%%%?=", "=?utf-8?b?%%%?="),
        ("=?klingon?q?Caf=E9?=", "Café"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("  ", None),
    ],
)
def test_subjects(subject: str, title: str | None) -> None:
    assert only(written(Subject=subject)).title == title


def parts(kind: str, *bodies: tuple[str, str]) -> bytes:
    inside = "".join(f"--cut\nContent-Type: {inner}\n\n{body}\n" for inner, body in bodies)
    return written(f"{inside}--cut--\n", Content_Type=f'multipart/{kind}; boundary="cut"')


def test_of_two_forms_the_plain_one() -> None:
    both = (("text/plain", "It *hums*.\n\n> Why?"), ("text/html", "<p>It <b>hums</b>.</p>"))
    assert only(parts("alternative", *both)).text == "It *hums*.\n\n> Why?"
    assert only(parts("alternative", *both[::-1])).text == "It *hums*.\n\n> Why?"
    assert only(parts("alternative", ("text/plain", " \n"), both[1])).text == "It hums."


def test_html_alone_is_read_as_a_browser_shows_it() -> None:
    html = "<html><style>p{}</style><p>It hums.<br>Loud.</p><blockquote>Why?</blockquote></html>"
    assert only(written(html, Content_Type="text/html; charset=utf-8")).text == "It hums.\nLoud.\n\n> Why?"


def test_attachments_are_passed_over_and_all_that_is_written_is_kept() -> None:
    content = parts(
        "mixed",
        ("text/plain", "See the picture.\n"),
        ('image/jpeg; name="lamp.jpg"', "AAAA"),
        ("text/x-patch", "+ light"),
        ('text/plain; name="log.txt"', "0001 dark"),
        ("text/plain\nContent-Disposition: attachment", "0002 dark"),
        ("message/rfc822", "Subject: inner\n\nSomebody else's words"),
        ("text/plain", "____\nTalk mailing list"),
    )
    assert only(content).text == "See the picture.\n\n____\nTalk mailing list"


def test_parts_in_parts_and_a_boundary_that_is_missing() -> None:
    inner = 'multipart/alternative; boundary="in"'
    nested = parts("mixed", (inner, "--in\nContent-Type: text/html\n\n<p>Hi</p>\n--in--"))
    assert only(nested).text == "Hi"
    assert only(written("Just text", Content_Type="multipart/mixed")).text == "Just text"


def test_parts_nested_beyond_reason_cost_only_their_mail() -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(2000)).encode()
    head = written().partition(b"\n\n")[0] + b"\n"
    found = list(mail.parse(None, page(head + deep + b"\nend", written())))
    assert [type(record) for record in found[-2:]] == [Mention, Author]
    assert sum(isinstance(record, Mention | Misfit) for record in found) == 2


@pytest.mark.parametrize(
    ("body", "delsp", "text"),
    [
        ("It hums \nall night.\nStill.", "", "It hums all night.\nStill."),
        ("> It hums \n> all night.\nReally?", "", "> It hums all night.\nReally?"),
        ("> It hums \n>> all night.", "", "> It hums\n>> all night."),
        ("basi \nlikum", "; DelSp=Yes", "basilikum"),
        (" From us\n  indented", "", "From us\n indented"),
        ("Bye \n-- \nAnn \nTeal", "", "Bye\n--\nAnn Teal"),
        (">no space \n> here", "", "> no space here"),
    ],
)
def test_flowed_lines_are_joined_and_quotes_stay_quotes(body: str, delsp: str, text: str) -> None:
    assert only(written(body, Content_Type=f"text/plain; format=flowed{delsp}")).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (">From the start", "From the start"),
        ("Ann wrote:\n>It hums\n>From the start\n>on", "Ann wrote:\n>It hums\n>From the start\n>on"),
        ("> From the start", "> From the start"),
        ("a\n>From b\n>From c\nd", "a\nFrom b\nFrom c\nd"),
    ],
)
def test_what_the_archive_did_to_from_is_undone_and_quotes_stay_quotes(body: str, text: str) -> None:
    assert only(written(body), envelope=ENVELOPE).text == text
    assert only(written(body)).text == body


def test_hostile_text_arrives_as_it_was_written() -> None:
    text = "\u202eevil\u202c <script>alert(1)</script> =cmd() a\u200bb 🧑‍🚀"
    assert only(written(text, Content_Type="text/plain; charset=utf-8")).text == text


# Whatever comes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [None, "", 7, [], {}, {"mails": None}, {"records": []}])
def test_a_page_of_another_shape_is_one_misfit(body: Any) -> None:
    assert list(mail.parse(None, Page("", body))) == [Misfit("is not a page of mails", "page", body)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("text", "is not a mail of a page"),
        ({"place": "line 1"}, "is not a mail of a page"),
        ({"place": "line 1", "raw": "just text\nwithout a header"}, "has no header, so that it is no mail"),
        ({"place": "line 1", "raw": f"Date: {NOON}\n\n"}, "has neither subject nor text"),
    ],
)
def test_a_bad_mail_costs_only_itself(bad: Any, reason: str) -> None:
    found = list(mail.parse(None, Page("f", {"mails": [bad, {"place": "line 9", "raw": written().decode()}]})))
    assert [type(record) for record in found] == [Misfit, Mention, Author]
    assert isinstance(found[0], Misfit)
    assert (found[0].reason, found[0].raw) == (reason, bad)


ANYTHING = json_values(
    st.just(written().decode()),
    keys=st.sampled_from(["mails", "raw", "encoding", "envelope", "place", "root", "answers"]),
)


@given(ANYTHING)
def test_any_page_is_read_without_raising(body: Any) -> None:
    for value in (body, {"mails": body}, {"mails": [body]}):
        assert all(isinstance(record, tuple) for record in mail.parse(None, Page("f", value)))


@given(
    st.dictionaries(
        st.sampled_from(
            ["From", "Date", "Subject", "Content-Type", "Content-Transfer-Encoding", "References", "List-Id"]
            + ["Message-ID", "In-Reply-To", "Reply-To", "Received", "Content-Disposition", "Archived-At"]
        ),
        st.text(max_size=40)
        | st.sampled_from(["=?utf-8?q?=C3?=", "multipart/mixed; boundary=x", "text/html", "base64"]),
    ),
    st.binary(max_size=200),
)
def test_any_mail_is_one_mention_or_one_misfit(fields: dict[str, str], body: bytes) -> None:
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    content = head.encode("utf-8", "replace") + b"\n" + body
    found = records(content, envelope=ENVELOPE)
    assert sum(isinstance(record, Mention | Misfit) for record in found) == 1
    json.dumps([record.raw for record in found if isinstance(record, Misfit)])


@given(st.binary(max_size=300))
def test_any_bytes_have_a_header_that_can_be_asked(content: bytes) -> None:
    headers = headers_of(b"From: " + content)
    told = (headers.sender(), headers.moment("From x"), headers.root(), headers.parent(), headers.list_address())
    assert len(told) == 5
    assert decoded(headers.raw("from")) is not None
