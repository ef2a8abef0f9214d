"""The mail connector: every kind of archive, and which mails of it are taken."""

import gzip
import mailbox
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connectors import CONNECTORS
from connectors.contract import (
    Author,
    Interaction,
    Listening,
    Mention,
    Misfit,
    NotYet,
    Page,
    Query,
    Record,
    SourceError,
    Window,
)
from connectors.mail import archive as mail_archive
from connectors.mail.archive import RawMail, read_mails
from pipelines.config.settings import load_config
from sandbox.community import FOLDER

mail = CONNECTORS["mail"]

ALL_TIME = Window(datetime.min, datetime.max)
MARCH_2 = Window(datetime(2026, 3, 2), datetime(2026, 3, 3))


def settings(path: object = "list.mbox", **more: Any) -> mail.Settings:
    return mail.Settings(id="list", type="mail", path=str(path), **more)


def pages(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Page]:
    chosen = settings(path, **more)
    return [page for query in mail.queries(chosen, Listening()) for page in mail.fetch(None, chosen, query, window)]


def refusal(path: Path, window: Window) -> SourceError | None:
    """What a fetch ends with."""
    try:
        pages(path, window)
    except SourceError as error:
        return error
    return None


def records(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Record]:
    chosen = settings(path, **more)
    return [record for page in pages(path, window, **more) for record in mail.parse(chosen, page)]


def mentions(path: Path, window: Window = ALL_TIME, **more: Any) -> list[Mention]:
    return [record for record in records(path, window, **more) if isinstance(record, Mention)]


def misfits(path: Path) -> list[Misfit]:
    return [record for record in records(path) if isinstance(record, Misfit)]


def letter(number: int, body: str = "Hello", at: str = "Mon, 02 Mar 2026 10:00:00 +0000", **fields: str) -> str:
    """A mail, its header fields by name with _ for -."""
    head = {"From": f"Ann <ann{number}@garden.example>", "Date": at, "Subject": f"Mail {number}"}
    head |= {"Message-ID": f"<m{number}@garden.example>"}
    head |= {name.replace("_", "-"): value for name, value in fields.items()}
    return "".join(f"{name}: {value}\n" for name, value in head.items() if value) + f"\n{body}\n"


def mbox(*letters: str, separator: str = "From ann@garden.example Mon Mar  2 10:00:00 2026") -> bytes:
    return "".join(f"{separator}\n{letter}\n" for letter in letters).encode()


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """An mbox file of these mails."""

    def write(*letters: str, name: str = "list.mbox", **more: str) -> Path:
        path = tmp_path / name
        path.write_bytes(mbox(*letters, **more))
        return path

    return write


# Kinds of archive -------------------------------------------------------------------------------------


def zstd_long(content: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    return zstandard.ZstdCompressor(compression_params=parameters).compress(content)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress, zstd_long])
def test_an_mbox_file_plain_or_packed(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "archive.dat"  # what it is stands in the file, not in its name
    path.write_bytes(pack(mbox(letter(1), letter(2))))
    assert [one.title for one in mentions(path)] == ["Mail 1", "Mail 2"]


@pytest.mark.parametrize(
    "separator",
    [
        "From ann at garden.example  Mon Mar  2 10:00:00 2026",
        "From ann@garden.example Mon Mar 02 10:00:00 +0000 2026",
        "From 1836174892716@xxx Mon Mar 02 10:00:00 2026",
        "From MAILER-DAEMON Mon Mar  2 10:00 2026",
        "From - Mon Mar 02 10:00:00 2026",
        "From nobody Mon, 2 Mar 2026 10:00:00 GMT",
        "From - ",
    ],
)
def test_separators_as_programs_write_them(archive: Callable[..., Path], separator: str) -> None:
    assert [one.text for one in mentions(archive(letter(1), letter(2), separator=separator))] == ["Hello"] * 2


def test_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mbox(letter(1, "One\n\nTwo"), letter(2)).replace(b"\n", b"\r\n"))
    assert [one.text for one in mentions(path)] == ["One\n\nTwo", "Hello"]


def test_from_at_the_start_of_a_line_does_not_end_a_mail(archive: Callable[..., Path]) -> None:
    body = "From here on: it hums.\n\nFrom 10:30 in 2026 it was quiet.\nSo there.\n\nFrom me\n\n>From the manual"
    (one,) = mentions(archive(letter(1, body)))
    assert one.text == body.replace(">From", "From")


def test_a_mail_that_holds_nothing_below_its_header_is_none_the_less_one(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(mbox(letter(1, "")) + mbox(letter(2)).rstrip())
    assert [(one.title, one.text) for one in mentions(path)] == [("Mail 1", None), ("Mail 2", "Hello")]


def test_text_before_the_first_mail_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(b"From the archive of the list\n\n" + mbox(letter(1)))
    assert [one.title for one in mentions(path)] == ["Mail 1"]
    assert [(one.place, one.reason) for one in misfits(path)] == [
        ("file list.mbox, line 1", "has no header, so that it is no mail")
    ]


def test_a_maildir_without_drafts_and_trash(tmp_path: Path) -> None:
    folder = tmp_path / "list"
    for place in ("cur/1:2,S", "cur/2:2,ST", "cur/3:2,D", "new/4", "new/.hidden", "tmp/5"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(letter(int(re.sub(r"\D", "", place)[:1] or 9)))
    found = mentions(folder)
    assert [one.title for one in found] == ["Mail 1", "Mail 4"]
    assert [query.name for query in mail.queries(settings(folder), Listening())] == ["file list"]


def test_a_single_message(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_text(letter(1, ">From above"))
    assert [one.text for one in mentions(path)] == [">From above"]  # only mbox files write > before From


def test_archives_of_a_pattern_and_of_a_folder_are_a_query_each(tmp_path: Path) -> None:
    for name in ("2026-03.mbox", "2026-04.mbox.gz", "notes.txt"):
        (tmp_path / name).touch()
    by_pattern = mail.queries(settings(tmp_path / "*.mbox*"), Listening())
    assert by_pattern == [
        Query("file 2026-03.mbox", str(tmp_path / "2026-03.mbox")),
        Query("file 2026-04.mbox.gz", str(tmp_path / "2026-04.mbox.gz")),
    ]
    in_folder = mail.queries(settings(tmp_path), Listening())
    assert [query.name for query in in_folder] == ["file 2026-03.mbox", "file 2026-04.mbox.gz", "file notes.txt"]


def test_an_empty_archive_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.touch()
    assert pages(path) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,created_at,text\n1,2026-03-02,Hi\n", "list.mbox is no mail archive. Expected an mbox file"),
        (b"PK\x03\x04rest", "list.mbox is a ZIP archive"),
        (gzip.compress(mbox(letter(1)) * 50)[:-40], "list.mbox is cut off or damaged"),
        (zstandard.compress(mbox(letter(1)))[:20], "list.mbox is cut off or damaged"),
        (None, "list.mbox: No such file or directory. Check the path in the config"),
    ],
    ids=["csv", "zip", "cut gzip", "cut zstd", "missing"],
)
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "list.mbox"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError) as raised:
        pages(path)
    assert str(raised.value).startswith(told)


def test_what_stands_before_a_cut_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox.gz"
    bodies = [" ".join(str(n * k % 10007) for k in range(300)) for n in range(1, 400)]
    path.write_bytes(gzip.compress(mbox(*(letter(n, body) for n, body in enumerate(bodies))))[:-9000])
    chosen = settings(path)
    taken = []
    with pytest.raises(SourceError, match="is cut off or damaged"):
        taken.extend(page.posts for page in mail.fetch(None, chosen, Query("list", str(path)), ALL_TIME))
    assert 200 < sum(taken) < 399


# Pages and windows ------------------------------------------------------------------------------------


def test_only_mails_of_the_window_are_taken_and_all_are_counted(archive: Callable[..., Path]) -> None:
    times = ["01 Mar 2026 23:59:59", "02 Mar 2026 00:00:00", "02 Mar 2026 23:59:59", "03 Mar 2026 00:00:00"]
    path = archive(*(letter(n, at=f"{at} +0000") for n, at in enumerate(times)))
    (page,) = pages(path, MARCH_2)
    assert (page.posts, page.seen) == (2, 4)
    assert (page.first_at, page.last_at) == (datetime(2026, 3, 2), datetime(2026, 3, 2, 23, 59, 59))
    assert [one.title for one in mentions(path, MARCH_2)] == ["Mail 1", "Mail 2"]


def test_the_same_window_again_gives_the_same(archive: Callable[..., Path]) -> None:
    path = archive(*(letter(n, Message_ID="") for n in range(5)))
    assert records(path) == records(path)
    assert len({one.mention_id for one in mentions(path)}) == 5


def test_pages_hold_two_hundred_mails_and_the_last_page_the_rest(archive: Callable[..., Path]) -> None:
    path = archive(*(letter(n) for n in range(450)))
    assert [(page.posts, page.seen) for page in pages(path)] == [(200, 200), (200, 200), (50, 50)]
    assert [one.title for one in mentions(path)] == [f"Mail {n}" for n in range(450)]


def test_a_page_ends_before_it_gets_too_large(archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mail.fetch.MOST_ON_A_PAGE", 10_000)
    path = archive(*(letter(n, "word " * 1200) for n in range(5)))
    assert [page.posts for page in pages(path)] == [2, 2, 1]


def test_of_a_long_mail_the_beginning_is_kept(archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_archive, "LONGEST_MAIL", 3000)
    path = archive(letter(1, "Dear all\n" + "attached\n" * 10_000), letter(2))
    long, after = mentions(path)
    assert long.text is not None
    assert long.text.startswith("Dear all\nattached")
    assert (len(long.text) < 3000, after.text) == (True, "Hello")


def test_a_line_without_end_is_read_in_pieces(archive: Callable[..., Path]) -> None:
    path = archive(letter(1, "x" * 300_000), letter(2))
    assert [len(one.text or "") for one in mentions(path)] == [300_000, 5]
    assert [found.place for found in read_mails(path)] == ["line 1", "line 9"]


def test_spam_and_mails_that_want_no_archive_are_left_out_but_seen(archive: Callable[..., Path]) -> None:
    path = archive(
        letter(1, X_Spam_Flag="YES"),
        letter(2, X_Spam_Status="Yes, score=9.1"),
        letter(3, X_Spam_Status="No, score=-0.7"),
        letter(4, X_No_Archive="Yes"),
    )
    assert [(page.posts, page.seen) for page in pages(path)] == [(1, 4)]
    assert [one.title for one in mentions(path, spam=True)] == ["Mail 1", "Mail 2", "Mail 3"]


def test_answers_find_the_beginning_of_their_thread_in_the_archive(archive: Callable[..., Path]) -> None:
    path = archive(
        letter(1, at="Sun, 01 Mar 2026 08:00:00 +0000"),
        letter(2, at="Sun, 01 Mar 2026 09:00:00 +0000", In_Reply_To="<m1@garden.example>"),
        letter(3, In_Reply_To="<m2@garden.example>"),
        letter(4, In_Reply_To="<elsewhere@garden.example>"),
        letter(5, References="<m1@garden.example> <m2@garden.example> <m3@garden.example>"),
    )
    found = {one.title: (one.root_id, one.parent_id) for one in mentions(path, MARCH_2)}
    assert found == {
        "Mail 3": ("mail:m1@garden.example", "mail:m2@garden.example"),
        "Mail 4": (None, "mail:elsewhere@garden.example"),
        "Mail 5": ("mail:m1@garden.example", "mail:m3@garden.example"),
    }
    replies = [record for record in records(path, MARCH_2) if isinstance(record, Interaction)]
    assert [(one.mention_id, one.to_author_id.partition("@")[0]) for one in replies] == [
        ("mail:m3@garden.example", "mail:ann2"),
        ("mail:m5@garden.example", "mail:ann3"),
    ]


def test_a_thread_is_forgotten_after_many_mails(archive: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.mail.fetch.REMEMBERED", 2)
    path = archive(*(letter(n) for n in range(3)), letter(9, In_Reply_To="<m0@garden.example>"))
    assert mentions(path)[-1].root_id is None


def test_two_mails_with_one_id_and_different_words_are_told(archive: Callable[..., Path]) -> None:
    path = archive(letter(1, "It hums"), letter(2, "It glows", Message_ID="<m1@garden.example>"))
    assert [one.text for one in mentions(path)] == ["It hums"]
    assert [(one.place, one.reason) for one in misfits(path)] == [
        (
            "file list.mbox, line 9",
            "its Message-ID is that of another mail of the archive, which says something else",
        )
    ]


@pytest.mark.parametrize(
    "copy",
    [
        "It hums\n_______________\nTalk mailing list",
        "It  hums\n-- \nAnn",
        "It hums\n-------------- next part --------------",
    ],
)
def test_a_copy_of_a_mail_from_another_list_is_no_fault(archive: Callable[..., Path], copy: str) -> None:
    path = archive(letter(1, "It hums"), letter(1, copy))
    assert {one.mention_id for one in mentions(path)} == {"mail:m1@garden.example"}
    assert misfits(path) == []


def test_an_id_that_was_borne_before_the_window_is_told(archive: Callable[..., Path]) -> None:
    path = archive(
        letter(1, "It hums", at="Sun, 01 Mar 2026 10:00:00 +0000"),
        letter(2, "It glows", Message_ID="<m1@garden.example>"),
    )
    found = records(path, MARCH_2)
    assert [type(record) for record in found] == [Misfit]
    assert [(page.posts, page.seen) for page in pages(path, MARCH_2)] == [(0, 2)]


def test_a_sample_is_the_first_mails_whenever_they_were_written(archive: Callable[..., Path]) -> None:
    path = archive(*(letter(n, at=f"{n} Mar 2025 10:00:00 +0000") for n in range(1, 9)))
    chosen = settings(path)
    (query,) = mail.queries(chosen, Listening())
    page = mail.sample(chosen, query, 3)
    assert (page.posts, page.seen) == (3, 3)
    found = [record for record in mail.parse(chosen, page) if isinstance(record, Mention)]
    assert [one.title for one in found] == ["Mail 1", "Mail 2", "Mail 3"]
    with pytest.raises(SourceError, match="No such file"):
        mail.sample(chosen, Query("list", str(path) + "x"), 3)


# What an archive can't hold yet -----------------------------------------------------------------------


def write_at(path: Path, moment: datetime) -> None:
    seconds = moment.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))


def test_an_archive_that_was_written_before_the_days_end_can_t_hold_the_day(archive: Callable[..., Path]) -> None:
    path = archive(letter(1))
    write_at(path, datetime(2026, 3, 2, 18))
    error = refusal(path, MARCH_2)
    assert isinstance(error, NotYet)
    assert (error.unseen_from, error.unseen_to) == (datetime(2026, 3, 2, 18), datetime(2026, 3, 3))
    assert "list.mbox was last written on 2026-03-02 at 18:00 UTC" in str(error)
    write_at(path, datetime(2026, 3, 3))
    assert refusal(path, MARCH_2) is None


def test_only_the_newest_of_several_archives_has_to_reach_so_far(archive: Callable[..., Path], tmp_path: Path) -> None:
    write_at(archive(letter(1), name="2026-02.mbox"), datetime(2026, 3, 1))
    write_at(archive(letter(2), name="2026-03.mbox"), datetime(2026, 3, 3, 1))
    assert refusal(tmp_path / "*.mbox", MARCH_2) is None
    write_at(tmp_path / "2026-03.mbox", datetime(2026, 3, 2, 1))
    error = refusal(tmp_path / "*.mbox", MARCH_2)
    assert isinstance(error, NotYet)
    assert "2026-03.mbox" in str(error)


@pytest.mark.parametrize("newest", ["new/2", "cur", ".", ".mbsyncstate"])
def test_a_maildir_reaches_as_far_as_the_newest_of_its_files_and_folders(tmp_path: Path, newest: str) -> None:
    folder = tmp_path / "list"
    for place in ("cur/1:2,S", "new/2", ".mbsyncstate"):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(letter(1))
    for each in [*folder.rglob("*"), folder]:
        write_at(each, datetime(2026, 3, 2, 18))
    error = refusal(folder, MARCH_2)
    assert isinstance(error, NotYet)
    assert str(error).startswith("list was last written on 2026-03-02 at 18:00 UTC")
    write_at(folder / newest, datetime(2026, 3, 3))
    assert refusal(folder, MARCH_2) is None


# Anything at all --------------------------------------------------------------------------------------

lines = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30) | st.sampled_from(
    ["From ann@garden.example Mon Mar  2 10:00:00 2026", "From me to you", ">From", ">From afar", "Note: this", ""]
)


@given(st.lists(st.lists(lines, max_size=5), min_size=1, max_size=4))
def test_mails_that_the_standard_library_wrote_come_back(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("mbox") / "list.mbox"
    box = mailbox.mbox(path)
    try:
        for number, body in enumerate(bodies):
            message = EmailMessage()
            message["From"], message["Subject"] = "ann@garden.example", f"Mail {number}"
            message["Date"], message["Message-ID"] = datetime(2026, 3, 2, tzinfo=UTC), f"<m{number}@garden.example>"
            message.set_content("\n".join(body), cte="base64")
            box.add(message)
    finally:
        box.close()
    found = mentions(path)
    assert [one.title for one in found] == [f"Mail {number}" for number in range(len(bodies))]
    assert misfits(path) == []


@given(st.binary(max_size=600), st.sampled_from([b"", mbox(letter(1)), b"From: a\nDate: ", b"From a 1:11 2026\n"]))
def test_no_bytes_raise_anything_but_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "list.mbox"
    path.write_bytes(start + content + start)
    try:
        found = list(read_mails(path))
    except SourceError:
        return
    told = [record for record in records(path) if isinstance(record, Mention | Misfit)]
    assert len(told) == len(found)


@given(st.lists(st.sampled_from([b"From a@b.example Mon Mar  2 10:00:00 2026\n", b"Subject: x\n", b"\n", b"text\n"])))
def test_no_line_of_an_mbox_is_lost(tmp_path_factory: pytest.TempPathFactory, written: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("lines") / "list.mbox"
    path.write_bytes(b"From a@b.example Mon Mar  2 10:00:00 2026\nSubject: x\n" + b"".join(written))
    found: list[RawMail] = list(read_mails(path))
    assert b"".join((one.envelope or b"") + one.content for one in found) == path.read_bytes()


# The sandbox ------------------------------------------------------------------------------------------


def test_the_archive_of_the_sandbox_is_a_list_as_lists_are() -> None:
    path = FOLDER / "mail-o.mbox"
    found = {one.mention_id: one for one in mentions(path)}
    assert misfits(path) == []
    assert len(found) >= 50
    assert {one.community for one in found.values()} == {"ledge@lists.seedpost.example"}
    assert all(datetime(2026, 3, 2) <= one.created_at < datetime(2026, 5, 1) for one in found.values())
    assert sum(one.created_at >= datetime(2026, 4, 23) for one in found.values()) >= len(found) / 3
    answers = [one for one in found.values() if one.parent_id]
    assert len(answers) > len(found) / 2
    assert all(one.parent_id in found and one.root_id in found for one in answers)
    assert all(found[one.parent_id or ""].created_at < one.created_at for one in answers)
    charsets = {match.lower() for match in re.findall(rb"charset=([\w-]+)", path.read_bytes())}
    assert len(charsets) >= 7
    assert not any("\ufffd" in f"{one.title}{one.text}" for one in found.values())


def test_the_team_of_the_sandbox_is_known_by_its_account() -> None:
    config = load_config(Path(__file__).parents[2] / "examples" / "sandbox.toml")
    team = [account for brand in config.brands for account in brand.team if account.startswith("mail:")]
    source = config.source("ledge")
    assert isinstance(source, mail.Settings)
    authors = {one.author_id: one.name for one in records(Path(source.path)) if isinstance(one, Author)}
    assert [authors[account] for account in team] == ["Sietske Brouwer"]
