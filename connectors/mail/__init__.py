"""Mail archives: mailing lists as mbox files, such as Mailman, HyperKitty, Pipermail and Google Groups give them, and
Maildir folders.

Each archive is read from beginning to end, and the mails of the window are taken, with their whole text. A digest
becomes the posts that it holds, each with its own writer, time and id, as if they had come one by one; its table of
contents is no post. No author's address gets into a table: an account is the part before the @ and a hash.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from connectors.contract import Listening, Network, Query, Shape, SourceSettings
from connectors.files import ConfigPath, found, one_each

NETWORK = Network(
    name="mail",
    title="Mail archives",
    page_size=200,
    limits="none: memory holds 200 mails at a time, and the first 1 MB of each",
    reaches_back="as far as the archive does",
    source_url="https://www.rfc-editor.org/rfc/rfc4155",
    is_exhaustive=True,
    parsed_by=("network", "community"),
    setup="""
1. Get the list's archive as an mbox file. Mailman 3 (HyperKitty) has *Download* above each month and list; Mailman 2
   (Pipermail) has *Gzip'd Text* beside each month; for Google Groups use Google Takeout. `.gz` and `.zst` need no
   unpacking. A Maildir folder that a subscribed mailbox is fetched into, with mbsync for instance, works as well.
2. Name it in the config: `path = "archives/garden-talk/*.mbox.gz"`. A new file that the pattern finds is read by the
   next run; a Maildir or an mbox file that grows is read again each time.
3. Archives without the list's own headers, as Pipermail's, don't say which list they are of: give `community`.
4. Ask the list before you listen to it, and tell its members: they wrote to each other.
""",
    cannot=(
        "The list itself: archives are read, no server is asked for mail.",
        "Deletions: a mail that is taken out of an archive stays here until it is forgotten by its author's account.",
        "Attachments, and of very long mails more than the first megabyte.",
        "Digests of which neither the parts nor the lines between them say where a post begins: they are set aside.",
        "Mails whose senders asked for no archive (X-No-Archive), and, unless spam = true, those marked as spam.",
        "Full privacy: an account shows the part before the @, and who guesses an address can find out that it is "
        "meant. Texts are kept as written, with the addresses that people quote or sign with; landing holds raw mails.",
    ),
    handle=Shape(r"\S+@[0-9a-f]{10}", "mira@0a59d16fb3"),
)


class Settings(SourceSettings):
    """A `[[sources]]` entry of type mail."""

    type: Literal["mail"]
    path: ConfigPath = Field(
        description="mbox file, Maildir folder or pattern such as 'archives/*.mbox', relative to the config"
    )
    network: str = Field("mail", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="first part of every id")
    community: str | None = Field(None, description="address of the list, where the mails don't say it")
    spam: bool = Field(False, description="also take mails that a filter marked as spam")


def queries(settings: Settings, listening: Listening) -> list[Query]:  # noqa: ARG001
    """One query an archive that the pattern finds; of a plain folder, one for each file in it."""
    return one_each(archives(settings))


def archives(settings: Settings) -> list[str]:
    """The archives that the path finds, files of plain folders among them."""
    found_there = []
    for path in found(settings.path):
        is_folder = Path(path).is_dir() and not is_maildir(Path(path))
        inside = sorted(str(file) for file in Path(path).iterdir() if file.is_file()) if is_folder else []
        found_there += inside or [path]
    return found_there


def is_maildir(path: Path) -> bool:
    """Whether a folder is a Maildir: messages as files in `cur` and `new`."""
    return (path / "cur").is_dir() and (path / "new").is_dir()
