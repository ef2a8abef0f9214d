"""Erase: the words of posts that are gone leave the landing, tidy and enriched files, too.

The warehouse forgets them at once; here the raw answers follow. A page keeps its shape, so that every other post in it
can be read again.
"""

import html
import io
import logging
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

from connectors.contract import Mention, Page, SourceSettings, Window
from connectors.markup import plain_text
from pipelines.config.settings import Config, connector_of
from pipelines.errors import BusyError
from pipelines.pull.landing import PAGES, attempts, encode, window_folder
from pipelines.store.home import Home, whole_file
from pipelines.store.statements import statements
from pipelines.store.warehouse import transaction
from pipelines.tidy.merge import page_of
from pipelines.tidy.step import clean

SQL = statements(__file__)

log = logging.getLogger(__name__)
WAIT_SECONDS = 10
"""For so long a load waits for a pull that holds the files; the next load will find them free."""
SHORTEST_ID = 3
"""Characters of a name or number that may be taken for an id."""
GONE = "(deleted)"
"""What stands in a page in place of words that are gone: a text that is still one, so that its post can be read."""
_OF_ANOTHER = re.compile(r"parent|repl|root|quot|link_id|ancestor", re.IGNORECASE)
"""Keys whose ids are those of the posts that a post answers or quotes."""
EMPTIED = ("title", "text", "author_id")
"""Columns of a tidy mention that go."""
EVIDENCE = ("mention_flags", "mention_intents", "mention_themes")
"""Enriched files that quote a post; the warehouse drops their rows of posts that are gone, too."""


class Words(NamedTuple):
    """What a post said, as its tidy row has it."""

    mention_id: str
    title: str | None
    text: str | None


def erase_gone(connection: duckdb.DuckDBPyConnection, home: Home, config: Config) -> int:
    """Erase what the warehouse knows to be gone and the files still hold; the number of posts.

    A source that the config no longer has keeps its landing files: nobody can tell what its pages say.
    """
    due = connection.execute(SQL["due"]).fetchall()
    known = {settings.id: settings for settings in config.sources}
    by_source: dict[str, list[tuple[Any, ...]]] = {}
    for row in due:
        by_source.setdefault(row[1], []).append(row)
    done: list[str] = []
    for source_id, rows in by_source.items():
        if source_id not in known:
            log.warning("erase: the config has no source %s; %s posts stay in its landing files", source_id, len(rows))
            continue
        ids = {row[0] for row in rows}
        span = Window(min(row[2] for row in rows), max(row[3] for row in rows))
        try:
            for landed_source, window in home.windows(home.tidy):
                if landed_source == source_id and window.end > span.start and window.start < span.end:
                    erase_in_window(home, known[source_id], window, ids)
        except BusyError:
            log.warning(
                "erase: %s is being pulled; the next load takes out the words of %s posts", source_id, len(rows)
            )
        else:
            done += ids
    with transaction(connection):
        if done:
            connection.executemany(
                "insert into ops.erasures values (?)", [(mention_id,) for mention_id in sorted(done)]
            )
    return len(done)


def erase_in_window(home: Home, settings: SourceSettings, window: Window, ids: Collection[str]) -> None:
    """Take the words of some posts out of a window's files. What is not there any more is no fault."""
    folder = home.tidy / settings.id / window.name
    said = [folder / "mentions.parquet", folder / "superseded.parquet"]
    columns = ["mention_id", "title", "text", "seq"]
    mentions = pa.concat_tables([pq.read_table(path, columns=columns) for path in said if path.exists()])
    wanted = pc.is_in(mentions["mention_id"], pa.array(sorted(ids)))
    spoke = pc.fill_null(pc.or_(pc.is_valid(mentions["title"]), pc.is_valid(mentions["text"])), False)
    rows = mentions.filter(pc.and_(wanted, spoke)).to_pylist()
    if not rows:
        return
    by_page: dict[int, list[Words]] = {}
    for row in rows:
        by_page.setdefault(page_of(row["seq"]), []).append(Words(row["mention_id"], row["title"], row["text"]))
    with home.only_window(settings.id, window, wait_seconds=WAIT_SECONDS):
        gone = {row["mention_id"] for row in rows}
        _rewrite_pages(home, settings, window, by_page)
        for name in EVIDENCE:
            _drop_rows(home.enriched / settings.id / window.name / f"{name}.parquet", gone)
        for path in filter(Path.exists, said):  # last: while words stand here, the next load knows that they are to go
            _empty_rows(path, gone)
    log.info("erase %s %s: %s posts", settings.id, window.name, len(rows))


# Tidy files -------------------------------------------------------------------------------------------


def _empty_rows(path: Path, ids: Collection[str]) -> None:
    with (
        pq.ParquetFile(path) as file,
        whole_file(path) as making,
        pq.ParquetWriter(making, file.schema_arrow, compression="zstd", compression_level=1) as writer,
    ):
        for batch in file.iter_batches():
            gone = pc.is_in(batch["mention_id"], pa.array(sorted(ids)))
            columns = [
                pc.if_else(gone, pa.nulls(batch.num_rows, column.type), column) if name in EMPTIED else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=batch.schema))


# Enriched files ----------------------------------------------------------------------------------------


def _drop_rows(path: Path, ids: Collection[str]) -> None:
    if not path.exists():
        return
    table = pq.read_table(path)
    kept = table.filter(pc.invert(pc.is_in(table["mention_id"], pa.array(sorted(ids)))))
    if kept.num_rows < table.num_rows:
        with whole_file(path) as making:
            pq.write_table(kept, making, compression="zstd", compression_level=1)


# Landing files ----------------------------------------------------------------------------------------


def _rewrite_pages(home: Home, settings: SourceSettings, window: Window, by_page: dict[int, list[Words]]) -> None:
    ordinal = 0
    for attempt in attempts(window_folder(home, settings.id, window)):
        path = attempt / PAGES
        first, ordinal = ordinal, ordinal + sum(1 for _ in _lines(path))
        touched = {number - first: words for number, words in by_page.items() if first <= number < ordinal}
        if touched:
            packer = zstandard.ZstdCompressor(level=3)
            with whole_file(path) as making, making.open("wb") as file, packer.stream_writer(file) as stream:
                for number, line in enumerate(_lines(path)):
                    stream.write(_without(line, settings, touched[number]) if number in touched else line)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        yield from io.BufferedReader(stream, 1 << 20)


def _without(line: bytes, settings: SourceSettings, posts: list[Words]) -> bytes:
    """The same page without the words of these posts, and with those of all others; else the page as it was."""
    content = orjson.loads(line)
    endpoint, body = content["endpoint"], content["body"]
    before = _words(Page(endpoint, body), settings)
    for post in posts:
        said = {_bare(part) for part in (post.title, post.text) if part}
        _blank(body, post.mention_id, said)
    after = _words(Page(endpoint, body), settings)
    gone = {post.mention_id for post in posts}
    if any(set(after.get(mention_id, ())) - {None, GONE} for mention_id in gone) or any(
        after.get(mention_id) != words for mention_id, words in before.items() if mention_id not in gone
    ):
        log.warning(
            "erase %s: the words of %s can't be told from others in a page; they stay", settings.id, sorted(gone)
        )
        return line
    return encode(content) + b"\n"


def _words(page: Page, settings: SourceSettings) -> dict[str, tuple[str | None, str | None]]:
    """Mention → title and text, None for an empty one, as the connector reads the page."""
    records = connector_of(settings).parse(settings, page)
    return {
        record.mention_id: (record.title or None, record.text or None)
        for record in records
        if isinstance(record, Mention)
    }


def _blank(value: Any, mention_id: str, said: set[str]) -> tuple[bool, bool]:
    """Empty what a post says, in the smallest part of an answer that holds both its id and its words.

    Whether there is an id, and whether there are words, that no such part has claimed.
    """
    if isinstance(value, dict):
        found = {key: _blank(entry, mention_id, said) for key, entry in value.items()}
        has_id = any(one for key, (one, _) in found.items() if not _OF_ANOTHER.search(key))
        has_words = any(one for _, one in found.values())
        if has_id and has_words:
            _empty(value, said)
            return False, False
        return has_id, has_words
    if isinstance(value, list):
        for entry in value:
            _blank(entry, mention_id, said)
        # what stands in a list beside others is not of the post that the list belongs to
        return False, any(isinstance(entry, str) and _says(entry, said) for entry in value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        name = str(value)
        is_id = name == mention_id.partition(":")[2] or (len(name) >= SHORTEST_ID and name in mention_id)
        return is_id, isinstance(value, str) and _says(value, said)
    return False, False


def _empty(value: Any, said: set[str]) -> None:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in list(entries):
        if isinstance(entry, str):
            if _says(entry, said):
                value[key] = GONE
        else:
            _empty(entry, said)


def _says(value: str, said: set[str]) -> bool:
    """Whether a string of an answer is one of these texts, plain, escaped or as HTML."""
    forms = {value, html.unescape(value)}
    forms |= {plain_text(form) for form in forms if "<" in form or "&" in form}
    return any(_bare(clean(form) or "") in said for form in forms)


def _bare(text: str) -> str:
    """The words of a text, whether or not its code is marked: a stored one may be older than the marks."""
    return " ".join(text.replace("`", "").split())
