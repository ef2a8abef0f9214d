"""What was learned from this home's labels, as its files say: which model, how good, and which sources it reads."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.store import tables
from pipelines.store.arrow import arrow_schema
from pipelines.store.home import Home, read_json
from reading import intent
from reading.learned import Trained

TASKS = ("sentiment", "intent")
"""What can be learned."""
MODEL_COLUMNS = tuple(column.name for column in tables.models.columns)


def manifest_path(home: Home, task: str) -> Path:
    """Where the model of a task is named, with the figures that decide about it."""
    return home.models / f"{task}.json"


def trained_for(home: Home, source_id: str) -> Trained | None:
    """The model that reads the sentiment of a source's posts; None where the engine of the config does."""
    model = _model_for(home, "sentiment", source_id)
    return trained_from(home, model) if model else None


def intents_for(home: Home, source_id: str) -> intent.Trained | None:
    """The model that reads the intents of a source's posts; None where that of the examples does, as it does after an
    update has changed the examples or the cues, until the next `learn`.
    """
    model = _model_for(home, "intent", source_id)
    return intents_from(home, model) if model and model["examples"] == intent.engine_version() else None


def _model_for(home: Home, task: str, source_id: str) -> dict[str, Any] | None:
    manifest: dict[str, Any] | None = read_json(manifest_path(home, task))
    if not manifest or not any(row["source"] == source_id and row["is_used"] for row in manifest["sources"]):
        return None
    model: dict[str, Any] = manifest["model"]
    return model


def trained_from(home: Home, model: dict[str, Any]) -> Trained:
    """A model as its manifest describes it."""
    return Trained(
        path=str(home.models / model["file"]),
        version=model["version"],
        floor=model["floor"],
        languages=tuple(model["languages"]),
        priors=tuple(model["priors"]),
        lexicon=tuple((word, valence) for word, valence in model["lexicon"]),
        embedding=model["embedding"],
    )


def intents_from(home: Home, model: dict[str, Any]) -> intent.Trained:
    """A model of intents as its manifest describes it."""
    return intent.Trained(str(home.models / model["file"]), model["version"], tuple(model["languages"]))


def load(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make `core.models` anew from the files."""
    rows: list[dict[str, Any]] = []
    for task in TASKS:
        manifest = read_json(manifest_path(home, task)) or {"sources": []}
        rows += [{name: row[name] for name in MODEL_COLUMNS} for row in manifest["sources"]]
    connection.register("given_models", pa.Table.from_pylist(rows, schema=arrow_schema(tables.models, MODEL_COLUMNS)))
    connection.execute("delete from core.models")
    connection.execute("insert into core.models by name select * from given_models")
    connection.unregister("given_models")
