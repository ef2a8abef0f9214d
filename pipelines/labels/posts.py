"""The home's own labels as a labelled file, so that engines are measured on them as on any other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from pipelines.enrich import full_text
from pipelines.errors import InputError
from pipelines.evaluation.evaluate import Columns
from pipelines.export import open_published
from pipelines.home import Home
from pipelines.labels.store import TEXT, latest, read
from pipelines.landing import encode

MEASURED = ("sentiment",)
"""Tasks that are asked of people and answered by engines with the same words."""


@contextmanager
def labelled_file(home: Home, task: str) -> Iterator[tuple[Path, Columns]]:
    """A file of the posts that people labelled for a task, a column of labels for each person, for as long as the
    block lasts. `InputError` where nobody has labelled a post that is still there.
    """
    if task not in MEASURED:
        raise InputError(f"--labels: people are not asked for {task}. Expected {', '.join(MEASURED)}.")
    given: dict[str, dict[str, str | None]] = {}
    for (mention_id, asked, target, person), label in latest(read(home)).items():
        if asked == task and target == TEXT:
            given.setdefault(mention_id, {})[f"by {person}"] = label.value
    with open_published(home) as connection:
        posts = _posts(connection, sorted(given))
    if not posts:
        raise InputError(f"Nobody has labelled a post that is there. Run `earshot label --task {task}` first.")
    people = tuple(sorted({column for mention_id in posts for column in given[mention_id]}))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "labels"
        with path.open("wb") as file:
            for mention_id, (source, lang, text) in posts.items():
                row = {"text": text, "source": source, "lang": lang} | dict.fromkeys(people) | given[mention_id]
                file.write(encode(row) + b"\n")
        yield path, Columns("text", people, None, ("source", "lang"))


def _posts(connection: duckdb.DuckDBPyConnection, mention_ids: list[str]) -> dict[str, tuple[str, str | None, str]]:
    """Source, language and text of each post that has one."""
    connection.register("wanted", pa.table({"mention_id": pa.array(mention_ids, pa.string())}))
    rows = connection.execute(_POSTS).fetchall()
    return {mention_id: (source, lang, full_text(title, text)) for mention_id, source, lang, title, text in rows}


_POSTS = """
select mention_id, source, lang, title, text
from core.mentions semi join wanted using (mention_id)
where deleted_at is null and coalesce(title, text) is not null
order by mention_id
"""
