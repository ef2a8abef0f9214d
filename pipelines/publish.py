"""Publish: the warehouse becomes the file that readers open, in one step: they never meet a lock or half a file."""

import shutil
from pathlib import Path

from pipelines.errors import InputError
from pipelines.home import Home, sweep, whole_file
from pipelines.warehouse import connect


def publish(home: Home) -> Path:
    """Copy the warehouse over `earshot.duckdb` by one atomic rename; readers of the old file keep what they opened."""
    if not home.warehouse.exists():
        raise InputError(f"There is no warehouse in {home.root}. Run `earshot run` first.")
    with home.only_one("warehouse", wait_seconds=600):
        connection = connect(home)
        connection.execute(
            "checkpoint"
        )  # a run that was killed may have left part of the data in the log beside the file
        connection.close()
        sweep(home.root, home.published.name)
        with whole_file(home.published) as making:
            shutil.copyfile(home.warehouse, making)
    return home.published
