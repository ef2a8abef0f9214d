"""Tidy: raw pages become Parquet files of records; what can't be read goes to quarantine with the reason."""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.contract import (
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
from pipelines import __version__, coverage, tables
from pipelines.arrow import SEQ, Batches, TableFiles, arrow_schema, to_batch
from pipelines.config import Config, connector_of, network_of
from pipelines.home import Home, read_json, whole_folder, write_json
from pipelines.landing import LandedLine, encode, manifests, read_lines, window_folder
from pipelines.parallel import Workers, workers_or_own
from reading.fingerprints import fingerprint

MANIFEST = "manifest.json"
VERSION = 4
"""Raised when the same pages would give other records."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Terminals obey these; the line breaks among them stay."""
_MENTION_COLUMNS = tuple(field for field in Mention._fields if field != "is_deleted")
_COVERAGE_COLUMNS = tuple(column.name for column in tables.coverage.columns)
SCHEMAS: dict[str, pa.Schema] = {
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
RECORDS = ("mentions", "authors", "metrics", "interactions", "deletions", "drifts", "quarantine")
"""Tables that parse() fills; coverage comes from the manifests."""


def tidy(
    home: Home,
    config: Config,
    source_id: str,
    window: Window,
    advance: Callable[[int], None] = lambda _: None,
    workers: Workers | None = None,
) -> Path:
    """Turn a landed window into `tidy/<source>/<window>/*.parquet` and return that folder.

    Nothing is done where the files are there already and were made from the same answers and settings.
    """
    settings = config.source(source_id)
    landed = manifests(window_folder(home, source_id, window))
    target = home.tidy / source_id / window.name
    made_from = fingerprint(
        [VERSION, [manifest["fingerprint"] for manifest in landed], settings.model_dump(mode="json")]
    )
    if (read_json(target / MANIFEST) or {}).get("fingerprint") == made_from:
        return target
    started, started_at = time.monotonic(), datetime.now(UTC)
    posts = sum(row["posts_count"] for manifest in landed for row in manifest["coverage"])
    with whole_folder(target) as making:
        with TableFiles(making, SCHEMAS) as files, workers_or_own(workers, config.workers) as hands:
            lines = enumerate(read_lines(home, source_id, window))
            work = partial(read_line, settings=settings, window=window)
            misfits: Counter[str] = Counter()
            drifts: Counter[tuple[str, str]] = Counter()
            for batches in hands.map(work, lines, posts):
                files.write(batches)
                advance(batches["mentions"].num_rows)
                misfits.update(batches["quarantine"]["query"].to_pylist())
                queries, fields = (batches["drifts"][name].to_pylist() for name in ("query", "field"))
                drifts.update(zip(queries, fields, strict=True))
            asked = dict.fromkeys(tuple(query) for manifest in landed for query in manifest["brand_queries"])
            files.write({"brand_queries": to_batch(list(asked), SCHEMAS["brand_queries"])})
            files.write({"coverage": _coverage(landed, network_of(settings), window, misfits, drifts)})
        write_json(
            making / MANIFEST,
            {
                "fingerprint": made_from,
                "code_version": __version__,
                "started_at": started_at,
                "seconds": round(time.monotonic() - started, 3),
                "rows_in": posts,
                "rows_out": files.counts["mentions"],
                "counts": files.counts,
                "pulls": [
                    {key: manifest[key] for key in ("started_at", "seconds", "code_version", "fingerprint")}
                    | {"rows_out": sum(row["posts_count"] for row in manifest["coverage"])}
                    for manifest in landed
                ],
            },
        )
    return target


def tidy_landed(home: Home, config: Config, source_id: str) -> None:
    """Tidy every landed window of a source that is not up to date."""
    for landed_source, window in home.windows(home.landing):
        if landed_source == source_id:
            tidy(home, config, source_id, window)


def read_line(numbered: tuple[int, LandedLine], settings: SourceSettings, window: Window) -> Batches:
    """The records of a landed page as a batch for each table."""
    ordinal, line = numbered
    page, query = line.page()
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in RECORDS}
    for position, record in enumerate(connector_of(settings).parse(settings, page)):
        seq = (ordinal << 24) + position
        if isinstance(record, Misfit):
            rows["quarantine"].append((*_set_aside(record, line, settings.id, query), seq))
            continue
        if isinstance(record, Drift):
            rows["drifts"].append((query, record.field, _shown(record.found), seq))
            continue
        values = [value if value.__class__ is not str or value.isprintable() else clean(value) for value in record]
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
    return {name: to_batch(table_rows, SCHEMAS[name]) for name, table_rows in rows.items()}


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


def _coverage(
    landed: list[dict[str, Any]],
    network: str,
    window: Window,
    misfits: Counter[str],
    drifts: Counter[tuple[str, str]],
) -> pa.RecordBatch:
    """A row for each query. Fields that were missing or unknown make an answer in full one of schema drift."""
    rows = []
    for query, held in coverage.by_query(landed).items():
        row = held | {
            "source": landed[-1]["source"],
            "network": network,
            "window_start": window.start,
            "window_end": window.end,
            "quarantined_count": misfits[query],
            "drift_count": sum(count for (drifted, _), count in drifts.items() if drifted == query),
        }
        if row["drift_count"] and row["status"] in coverage.FINE:
            fields = sorted((field, count) for (drifted, field), count in drifts.items() if drifted == query)
            told = ", ".join(f"{field} ({count:,} ×)" for field, count in fields)
            row |= {
                "status": "schema-drift",
                "reason": f"missing or unknown: {told}; the posts are kept, core.drifts has the values.",
            }
        rows.append(row)
    values = [tuple(_moment(name, row[name]) for name in _COVERAGE_COLUMNS) for row in rows]
    return to_batch(values, SCHEMAS["coverage"])


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
