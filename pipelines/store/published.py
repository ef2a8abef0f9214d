"""How the published file is opened: for reading only, and so that nothing else can be reached through it."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import duckdb

from pipelines.errors import InputError
from pipelines.store.home import Home

_IN_THE_WAY = ("could not set lock", "wal file")
"""What DuckDB says where somebody else has opened the file for writing, or has left a log of changes beside it."""


def open_published(home: Home) -> duckdb.DuckDBPyConnection:
    """A reading connection to `earshot.duckdb`; `InputError` where there is none yet."""
    if not home.published.exists():
        raise InputError(f"There is no {home.published} yet. Run `earshot run` first, or give another --home.")
    return open_file(home.published)


def open_file(path: Path) -> duckdb.DuckDBPyConnection:
    """A reading connection to a published file: SQL through it reaches no other file, no network and no setting.

    Somebody may have opened the file for writing, which locks all others out, or may have left a log of changes that
    belongs to an older one. Then a copy is read, which is gone when the connection is closed.
    """
    try:
        return duckdb.connect(path, read_only=True, config=_settings())
    except duckdb.IOException as fault:
        if not any(sign in str(fault).lower() for sign in _IN_THE_WAY):
            raise
    with TemporaryDirectory(prefix="earshot-") as folder:
        copy = Path(folder) / path.name  # SQL may name the database, which is called after its file
        shutil.copyfile(path, copy)
        return duckdb.connect(copy, read_only=True, config=_settings())


def _settings() -> dict[str, Any]:
    return {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "python_enable_replacements": False,  # or a name in SQL could mean a variable of this program
        "temp_directory": f"{gettempdir()}/earshot-{os.getpid()}",  # the home may be one that readers can't write to
        "lock_configuration": True,
    }
