"""Digests of mailing lists, as lists send them: posts by their writers, and what can't be taken apart."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import CONNECTORS
from connectors.contract import Author, Interaction, Listening, Mention, Misfit, Record, Window
from connectors.mail import archive, digests
from connectors.mail.headers import account, headers_of

mail = CONNECTORS["mail"]

MARCH = Window(datetime(2026, 3, 1), datetime(2026, 4, 1))
ENVELOPE = "From talk-bounces@lists.example  Tue Mar  3 06:00:00 2026\n"
LIST = {"List-Id": "Garden talk <talk.lists.example>", "List-Post": "<mailto:talk@lists.example>"}
ADA = {
    "From": "Ada Teal <ada@garden.example>",
    "Date": "Mon, 02 Mar 2026 08:00:00 +0000",
    "Subject": "The lamp hums",
    "Message-ID": "<a1@garden.example>",
}
BO = {
    "From": "Bo Rook <bo@garden.example>",
    "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
    "Subject": "Re: The lamp hums",
    "Message-ID": "<b2@garden.example>",
    "In-Reply-To": "<a1@garden.example>",
}


def letter(body: str, **fields: str) -> str:
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + f"\n{body}\n"


def digest(body: str, kind: str, **more: str) -> str:
    head = {
        "From": "talk-request@lists.example",
        "Date": "Tue, 03 Mar 2026 06:00:00 +0000",
        "Subject": "Talk Digest, Vol 12, Issue 3",
        "Message-ID": "<digest.3@lists.example>",
        **LIST,
        "MIME-Version": "1.0",
        "Content-Type": kind,
    }
    return letter(body, **{**head, **more})


def in_parts(*posts: str, **more: str) -> str:
    parts = "".join(f"--in\nContent-Type: message/rfc822\n\n{post}\n" for post in posts)
    body = (
        "--out\nContent-Type: text/plain\n\nSend submissions to talk@lists.example\n\n"
        "--out\nContent-Type: text/plain\nContent-Description: Today's Topics\n\n   1. The lamp hums (Ada Teal)\n\n"
        f'--out\nContent-Type: multipart/digest; boundary="in"\n\n{parts}--in--\n\n'
        "--out\nContent-Type: text/plain\nContent-Description: Digest Footer\n\nEnd of Talk Digest\n\n--out--\n"
    )
    return digest(body, 'multipart/mixed; boundary="out"', **more)


DASHES = "-" * 30
FOOTER = f"\n\n{DASHES}\n\nSubject: Digest Footer\n\n{'_' * 47}\nTalk mailing list\n"
END = f"\n\n{DASHES}\n\nEnd of Talk Digest, Vol 12, Issue 3\n{'*' * 36}\n"


def in_text(*posts: str, footer: str = FOOTER, **more: str) -> str:
    told = f"\n\n{DASHES}\n\n".join(f"Message: {number}\n{post.strip()}" for number, post in enumerate(posts, 1))
    body = f"Today's Topics:\n\n   1. The lamp hums (Ada Teal)\n\n\n{'-' * 70}\n\n{told}\n{footer}{END}"
    return digest(body, "text/plain; charset=utf-8", **more)


def records(tmp_path: Path, *letters: str, **more: Any) -> list[Record]:
    path = tmp_path / "list.mbox"
    path.write_text("".join(f"{ENVELOPE}{each}\n" for each in letters), encoding="utf-8")
    chosen = mail.Settings(id="list", type="mail", path=str(path), **more)
    (query,) = mail.queries(chosen, Listening())
    return [record for page in mail.fetch(None, chosen, query, MARCH) for record in mail.parse(chosen, page)]


def mentions(tmp_path: Path, *letters: str, **more: Any) -> list[Mention]:
    return [record for record in records(tmp_path, *letters, **more) if isinstance(record, Mention)]


def misfits(found: list[Record]) -> list[tuple[str, str]]:
    return [(record.place, record.reason) for record in found if isinstance(record, Misfit)]


def post(number: int, text: str, parent: bool, root: bool = True) -> Mention:
    id_, at = ("a1", datetime(2026, 3, 2, 8)) if number == 1 else ("b2", datetime(2026, 3, 2, 9))
    return Mention(
        f"mail:{id_}@garden.example",
        "mail",
        "talk@lists.example",
        "message",
        "The lamp hums" if number == 1 else "Re: The lamp hums",
        text,
        None,
        f"mail:{account('ada@garden.example' if number == 1 else 'bo@garden.example')}",
        "mail:a1@garden.example" if parent else None,
        "mail:a1@garden.example" if root else None,
        at,
    )


def test_a_digest_in_parts_is_its_posts_by_their_writers(tmp_path: Path) -> None:
    ada, bo = account("ada@garden.example"), account("bo@garden.example")
    assert records(
        tmp_path, in_parts(letter("All night.\n>From noon on.", **ADA), letter("Mine is silent.", **BO))
    ) == [
        post(1, "All night.\nFrom noon on.", parent=False),
        Author(f"mail:{ada}", "mail", ada, "Ada Teal"),
        post(2, "Mine is silent.", parent=True),
        Author(f"mail:{bo}", "mail", bo, "Bo Rook"),
        Interaction("mail:b2@garden.example", f"mail:{bo}", f"mail:{ada}", "reply"),
    ]


@pytest.mark.parametrize("footer", [FOOTER, f"\n\n{DASHES}\n\n{'_' * 47}\nTalk mailing list\n", ""])
def test_a_digest_in_text_is_its_posts_and_what_it_leaves_out_is_not_known(tmp_path: Path, footer: str) -> None:
    bo = {name: value for name, value in BO.items() if name != "In-Reply-To"}
    found = mentions(tmp_path, in_text(letter("All night, é.", **ADA), letter("Mine is silent.", **bo), footer=footer))
    assert found == [
        post(1, "All night, é.", parent=False),
        post(2, "Mine is silent.", parent=False, root=False),
    ]


def test_a_line_of_dashes_that_somebody_wrote_parts_no_post(tmp_path: Path) -> None:
    body = f"Above.\n\n{DASHES}\n\nBelow."
    (found,) = mentions(tmp_path, in_text(letter(body, **ADA)))
    assert found.text == body


def test_a_post_of_a_plain_digest_is_in_the_charset_of_the_digest(tmp_path: Path) -> None:
    (found,) = mentions(tmp_path, in_text(letter("café", **ADA, **{"Content-Type": "text/plain; charset=iso-8859-1"})))
    assert found.text == "café"


def test_a_digest_of_posts_in_several_parts(tmp_path: Path) -> None:
    body = "--b\nContent-Type: text/plain\n\nAll night.\n\n--b\nContent-Type: text/html\n\n<p>All night.</p>\n\n--b--\n"
    inner = letter(body, **ADA, **{"Content-Type": 'multipart/alternative; boundary="b"'})
    found = mentions(tmp_path, digest(f"--in\n\n{inner}\n--in--\n", 'multipart/digest; boundary="in"'))
    assert [one.text for one in found] == ["All night."]


def test_posts_that_stand_in_the_archive_as_well_have_the_same_ids(tmp_path: Path) -> None:
    ada, bo = letter("All night.", **ADA, **LIST), letter("Mine is silent.", **BO, **LIST)
    alone = mentions(tmp_path, ada, bo)
    found = records(tmp_path, ada, bo, in_parts(ada, bo), in_text(ada, bo))
    assert misfits(found) == []
    assert {record.mention_id for record in found if isinstance(record, Mention)} == {one.mention_id for one in alone}


def test_posts_are_of_the_day_on_which_they_were_written(tmp_path: Path) -> None:
    old = ADA | {"Date": "Sat, 28 Feb 2026 23:00:00 +0000"}
    assert [one.title for one in mentions(tmp_path, in_parts(letter("x", **old), letter("y", **BO)))] == [BO["Subject"]]


def test_the_settings_say_the_list_where_the_digest_does_not(tmp_path: Path) -> None:
    whole = in_parts(letter("x", **ADA)).replace("List-", "X-")
    assert [one.community for one in mentions(tmp_path, whole, community="t@lists.example")] == ["t@lists.example"]


def test_a_post_that_wants_no_archive_is_left_out_of_its_digest(tmp_path: Path) -> None:
    found = mentions(tmp_path, in_parts(letter("x", **ADA, **{"X-No-Archive": "Yes"}), letter("y", **BO)))
    assert [one.text for one in found] == ["y"]


@pytest.mark.parametrize(
    "whole",
    [
        digest("Today's Topics:\n\n   1. The lamp hums\n\nwhatever", "text/plain"),
        digest("<h1>5 updates</h1>", "text/html", Subject="Digest for talk@lists.example - 5 updates in 2 topics"),
        digest("--in--\n", 'multipart/digest; boundary="in"'),
        digest("nothing", "multipart/digest"),
    ],
)
def test_a_digest_that_can_t_be_taken_apart_is_set_aside(tmp_path: Path, whole: str) -> None:
    found = records(tmp_path, whole, letter("x", **ADA))
    assert misfits(found) == [("file list.mbox, line 1", "is a digest whose posts can't be told apart")]
    assert [record.text for record in found if isinstance(record, Mention)] == ["x"]


@pytest.mark.parametrize(
    "fields",
    [{"Subject": "Re: Talk Digest, Vol 12, Issue 3"}, {"Subject": "Digest", "In-Reply-To": "<digest.2@lists.example>"}],
)
def test_an_answer_to_a_digest_is_a_mail_of_its_writer(tmp_path: Path, fields: dict[str, str]) -> None:
    whole = in_text(letter("x", **ADA), **{"From": "Bo <bo@garden.example>", **fields})
    (found,) = mentions(tmp_path, whole)
    assert found.author_id == f"mail:{account('bo@garden.example')}"


@pytest.mark.parametrize("body", [f"Look:\n\n{'-' * 70}\n\nNo post.", f"{'-' * 70}\n\n{DASHES}\n\n"])
def test_a_mail_with_lines_of_dashes_is_no_digest(tmp_path: Path, body: str) -> None:
    (found,) = mentions(tmp_path, letter(body, **ADA))
    assert found.title == ADA["Subject"]


def test_a_digest_that_is_cut_off_gives_its_whole_posts_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = in_parts(letter("x", **ADA), letter("y" * 5000, **BO))
    monkeypatch.setattr(archive, "LONGEST_MAIL", 2000)
    monkeypatch.setattr("connectors.mail.fetch.LONGEST_MAIL", 2000)
    found = records(tmp_path, whole)
    assert [record.text for record in found if isinstance(record, Mention)] == ["x"]
    assert misfits(found) == [("file list.mbox, line 1", "is a digest that is too long to be read to its end")]


def test_a_digest_with_windows_line_ends() -> None:
    content = in_parts(letter("x", **ADA), letter("y", **BO)).replace("\n", "\r\n").encode()
    found = digests.posts_of(content, headers_of(content))
    assert [headers_of(each).message_id() for each in found or []] == ["a1@garden.example", "b2@garden.example"]
