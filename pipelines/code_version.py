"""Which code made something: the version of Earshot, and the commit where it runs from a clone."""

import os
import subprocess
from functools import cache
from pathlib import Path

from pipelines import __version__

ROOT = Path(__file__).resolve().parent.parent


@cache
def code_version() -> str:
    """`0.1.0+4f2a91c03b7d`; with `.changed` where files differ from the commit, and without a commit where none is
    known. EARSHOT_COMMIT names it where there is no clone, as in an image.
    """
    commit = os.environ.get("EARSHOT_COMMIT") or _commit()
    return f"{__version__}+{commit}" if commit else __version__


def _commit() -> str:
    if not (ROOT / ".git").exists():
        return ""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=.changed"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):  # no git here, or a clone that isn't ours to read
        return ""
    return done.stdout.strip()
