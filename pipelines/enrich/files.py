"""What `enrich` writes of a window and `load` reads: a manifest, and a Parquet file for each table."""

import pyarrow as pa

from connectors.contract import Window
from pipelines.store import tables
from pipelines.store.arrow import SEQ, arrow_schema
from pipelines.store.home import Home, read_json

MANIFEST = "manifest.json"
SCHEMAS: dict[str, pa.Schema] = {
    "languages": arrow_schema(tables.mentions, ("mention_id", "lang", "lang_engine")).append(SEQ),
} | {
    table.name: arrow_schema(table, [column.name for column in table.columns]).append(SEQ)
    for table in (
        tables.sentiment,
        tables.brand_mentions,
        tables.mention_themes,
        tables.mention_intents,
        tables.mention_flags,
        tables.mention_tones,
    )
}


def fingerprint_of(home: Home, source_id: str, window: Window) -> str | None:
    """What an enriched window was made from, as its manifest says; None where there is none."""
    return (read_json(home.enriched / source_id / window.name / MANIFEST) or {}).get("fingerprint")
