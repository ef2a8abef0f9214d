"""Which mentions of the last days are to be looked at again."""

from datetime import timedelta

import pyarrow.parquet as pq

from connectors.contract import Known, Window
from pipelines.store.home import Home


def known_mentions(home: Home, source_id: str, window: Window, days: int) -> list[Known]:
    """What earlier windows of a source saw of the days before this window, each mention once, newest first.

    Read from the tidy files, so that a pull needs no warehouse. What was deleted there is not asked for again.
    """
    since = window.start - timedelta(days=days)
    found: dict[str, Known | None] = {}
    for landed_source, earlier in home.windows(home.tidy):
        if landed_source != source_id or not (earlier.end > since and earlier.start < window.start):
            continue
        folder = home.tidy / source_id / earlier.name
        columns = [*Known._fields, "deleted_at"]
        for row in pq.read_table(folder / "mentions.parquet", columns=columns).to_pylist():
            deleted_at = row.pop("deleted_at")
            if since <= row["created_at"] < window.start:
                found[row["mention_id"]] = None if deleted_at else Known(**row)
        for gone in pq.read_table(folder / "deletions.parquet", columns=["mention_id"])["mention_id"].to_pylist():
            found[gone] = None
    return sorted(filter(None, found.values()), key=lambda known: (known.created_at, known.mention_id), reverse=True)
