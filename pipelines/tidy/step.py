"""Tidy: raw pages become Parquet files of records; what can't be read goes to quarantine with the reason."""

import hashlib
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.contract import (
    WHOLE_PAGE,
    Author,
    Deletion,
    Drift,
    Interaction,
    Mention,
    Metrics,
    Misfit,
    SourceSettings,
    Window,
)
from pipelines.code_version import code_version
from pipelines.config.settings import Config, connector_of, network_of
from pipelines.errors import SourceFailed
from pipelines.parallel import Workers, workers_or_own
from pipelines.pull import coverage
from pipelines.pull.landing import LandedLine, encode, manifests, read_lines, window_folder
from pipelines.store import tables
from pipelines.store.arrow import SEQ, Batches, TableFiles, arrow_schema, to_batch
from pipelines.store.home import Home, read_json, whole_folder, write_json
from pipelines.tidy.merge import Answered, Clash, merge_mentions, page_of, place
from reading.fingerprints import fingerprint

log = logging.getLogger(__name__)
MANIFEST = "manifest.json"
VERSION = 5
"""Raised when the same pages would give other records."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Terminals obey these; the line breaks among them stay."""
_MENTION_COLUMNS = tuple(field for field in Mention._fields if field != "is_deleted")
_COVERAGE_COLUMNS = tuple(column.name for column in tables.coverage.columns)
SCHEMAS: dict[str, pa.Schema] = {
    "pages": pa.schema([("query", pa.string()), ("landing_path", pa.string()), ("line", pa.int64()), SEQ]),
    "superseded": arrow_schema(tables.mentions, ("mention_id", "title", "text")).append(SEQ),
    "mentions": arrow_schema(tables.mentions, _MENTION_COLUMNS).append(SEQ),
    "authors": arrow_schema(tables.authors, Author._fields).append(SEQ),
    "metrics": arrow_schema(tables.mention_metrics, Metrics._fields).append(SEQ),
    "interactions": arrow_schema(tables.interactions, Interaction._fields).append(SEQ),
    "deletions": arrow_schema(tables.deletions, ("mention_id",)).append(SEQ),
    "drifts": arrow_schema(tables.drifts, ("query", "field", "found")).append(SEQ),
    "quarantine": arrow_schema(
        tables.quarantine, ("quarantine_id", "query", "landing_path", "place", "reason", "excerpt")
    ).append(SEQ),
    "coverage": arrow_schema(tables.coverage, _COVERAGE_COLUMNS),
    "brand_queries": arrow_schema(tables.brand_queries, ("brand_id", "query_version", "query")),
}
TOLD = {name: SCHEMAS[name] for name in ("coverage", "brand_queries")}
"""Tables that come from the manifests."""
PARSED = {name: schema for name, schema in SCHEMAS.items() if name not in TOLD}
"""Tables that the pages fill."""
SHARED_ID = "its id stands on posts with different words in one answer; ids may be rounded or shared, give others"


def tidy(
    home: Home,
    config: Config,
    source_id: str,
    window: Window,
    advance: Callable[[int], None] = lambda _: None,
    workers: Workers | None = None,
) -> Path:
    """Turn a landed window into `tidy/<source>/<window>/*.parquet` and return that folder.

    Nothing is done where the files are there already and were made from the same answers and settings. `unread` tells
    whether what came could be read.
    """
    settings = config.source(source_id)
    landed = manifests(window_folder(home, source_id, window))
    target = home.tidy / source_id / window.name
    made_from = fingerprint(
        [VERSION, [manifest["fingerprint"] for manifest in landed], connector_of(settings).decides(settings)]
    )
    if (read_json(target / MANIFEST) or {}).get("fingerprint") == made_from:
        return target
    started, started_at = time.monotonic(), datetime.now(UTC)
    posts = sum(row["posts_count"] for manifest in landed for row in manifest["coverage"])
    is_exhaustive = connector_of(settings).NETWORK.is_exhaustive
    with whole_folder(target) as making:
        misfits: Counter[tuple[str, str]] = Counter()
        drifts: Counter[tuple[str, str]] = Counter()
        lost_pages: Counter[str] = Counter()
        with TableFiles(making, PARSED) as files, workers_or_own(workers, config.workers) as hands:
            lines = enumerate(read_lines(home, source_id, window))
            work = partial(read_line, settings=settings, window=window)
            for batches in hands.map(work, lines, posts):
                files.write(batches)
                advance(batches["mentions"].num_rows)
                misfits.update(_pairs(batches["quarantine"], "query", "reason"))
                places = _pairs(batches["quarantine"], "query", "place")
                lost_pages.update(query for query, where in places if where.endswith(f", {WHOLE_PAGE}"))
                drifts.update(_pairs(batches["drifts"], "query", "field"))
        merged = merge_mentions(making, window, is_one_answer=is_exhaustive)
        misfits.update((clash.query, SHARED_ID) for clash in merged.clashes)
        if merged.clashes:
            _set_clashes_aside(making, source_id, merged.clashes)
        rows = _coverage(
            landed, network_of(settings), window, merged.answered, misfits, drifts, lost_pages, is_exhaustive
        )
        with TableFiles(making, TOLD) as told:
            asked = dict.fromkeys(tuple(query) for manifest in landed for query in manifest["brand_queries"])
            told.write({"brand_queries": to_batch(list(asked), TOLD["brand_queries"])})
            values = [tuple(_moment(name, row[name]) for name in _COVERAGE_COLUMNS) for row in rows]
            told.write({"coverage": to_batch(values, TOLD["coverage"])})
        counts = files.counts | told.counts
        counts["mentions"] = pq.read_metadata(making / "mentions.parquet").num_rows
        write_json(
            making / MANIFEST,
            {
                "fingerprint": made_from,
                "code_version": code_version(),
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
                "rows_in": posts,
                "rows_out": counts["mentions"],
                "counts": counts,
                "unread": [f"{row['query']}: {row['reason']}" for row in rows if row["is_unread"]],
            },
        )
    return target


def fingerprint_of(home: Home, source_id: str, window: Window) -> str | None:
    """What a tidied window was made from, as its manifest says; None where there is none."""
    return (read_json(home.tidy / source_id / window.name / MANIFEST) or {}).get("fingerprint")


def unread(home: Home, source_id: str, window: Window) -> SourceFailed | None:
    """The failure of a source of whose tidied window most could not be read, query by query; None where it could."""
    told = (read_json(home.tidy / source_id / window.name / MANIFEST) or {}).get("unread")
    if not told:
        return None
    span = f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC"
    return SourceFailed(f"{source_id}, {span}: {'; '.join(told)}", is_permanent=True)


def read_line(numbered: tuple[int, LandedLine], settings: SourceSettings, window: Window) -> Batches:
    """The records of a landed page as a batch for each table."""
    ordinal, line = numbered
    page, query = line.page()
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in PARSED}
    rows["pages"].append((query, line.path, line.number, place(line.attempt, ordinal, 0)))
    for position, record in enumerate(connector_of(settings).parse(settings, page)):
        seq = place(line.attempt, ordinal, position)
        if isinstance(record, Misfit):
            rows["quarantine"].append((*_set_aside(record, line, settings.id, query), seq))
            continue
        if isinstance(record, Drift):
            rows["drifts"].append((query, record.field, _shown(record.found), seq))
            continue
        values = [clean(value) if isinstance(value, str) and not value.isprintable() else value for value in record]
        if isinstance(record, Mention):
            gone = record.deleted_at or (window.end if record.is_deleted else None)
            rows["mentions"].append((*values[:12], gone, *values[14:], seq))
        elif isinstance(record, Author):
            rows["authors"].append((*values, seq))
        elif isinstance(record, Metrics):
            rows["metrics"].append((*values, seq))
        elif isinstance(record, Interaction):
            rows["interactions"].append((*values, seq))
        elif isinstance(record, Deletion):
            rows["deletions"].append((*values, seq))
        else:
            raise TypeError(f"parse() gave a {type(record).__name__}, which is no record")
    return {name: to_batch(table_rows, PARSED[name]) for name, table_rows in rows.items()}


def _pairs(batch: pa.RecordBatch, *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(batch[name].to_pylist() for name in names), strict=True)


def _shown(found: Any) -> str | None:
    """What stood in a field, at most 100 characters of it."""
    return None if found is None else clean((found if isinstance(found, str) else repr(found))[:100])


def _set_aside(misfit: Misfit, line: LandedLine, source_id: str, query: str) -> tuple[str | None, ...]:
    raw = misfit.raw.encode("utf-8", "replace") if isinstance(misfit.raw, str) else encode(misfit.raw)
    identity = hashlib.sha256(raw).hexdigest()[:20]
    return (
        f"{source_id}:{identity}",
        query,
        line.path,
        f"line {line.number}, {clean(misfit.place)}",
        clean(misfit.reason[:500]),
        clean(raw[:500].decode("utf-8", "ignore")),
    )


def _set_clashes_aside(folder: Path, source_id: str, clashes: list[Clash]) -> None:
    """Put the records of clashing ids into quarantine, beside what could not be read."""
    path = folder / "quarantine.parquet"
    pages = pq.read_table(folder / "pages.parquet").to_pylist()
    rows = []
    for clash in clashes:
        page = pages[page_of(clash.seq)]
        raw = encode([clash.mention_id, clash.title, clash.text])
        rows.append(
            (
                f"{source_id}:{hashlib.sha256(raw).hexdigest()[:20]}",
                clash.query,
                page["landing_path"],
                f"line {page['line']}, {clash.mention_id}",
                SHARED_ID,
                clean(raw[:500].decode("utf-8", "ignore")),
                clash.seq,
            )
        )
    held = pq.read_table(path)
    pq.write_table(pa.concat_tables([held, pa.Table.from_batches([to_batch(rows, PARSED["quarantine"])])]), path)


# Coverage ---------------------------------------------------------------------------------------------


def _coverage(
    landed: list[dict[str, Any]],
    network: str,
    window: Window,
    answered: Mapping[str, Answered],
    misfits: Counter[tuple[str, str]],
    drifts: Counter[tuple[str, str]],
    lost_pages: Counter[str],
    is_exhaustive: bool,
) -> list[coverage.Row]:
    """A row for each query: what its network answered, as far as that could be read."""
    rows = []
    for query, held in coverage.by_query(landed).items():
        read = coverage.Read(
            *answered.get(query, Answered()),
            misfits=Counter({reason: count for (asked, reason), count in misfits.items() if asked == query}),
            drifts=Counter({field: count for (asked, field), count in drifts.items() if asked == query}),
            lost_pages=lost_pages[query],
        )
        rows.append(
            coverage.as_read(held, read, is_exhaustive=is_exhaustive)
            | {
                "source": landed[-1]["source"],
                "network": network,
                "window_start": window.start,
                "window_end": window.end,
            }
        )
    return rows


def _moment(name: str, value: Any) -> Any:
    """JSON keeps moments as text; tables want them as moments."""
    return coverage.moment(value) if name.endswith("_at") or name in {"unseen_from", "unseen_to"} else value


def clean(text: str | None) -> str | None:
    """Text that every file and table can hold: no control characters but tab and line breaks, no lone surrogates."""
    if text is None:
        return None
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROL.sub("", text)
