"""Rows on their way to Parquet: the tables' declaration as Arrow types, and batches that travel between processes."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Integer, String, Table

_ARROW_TYPES: dict[type, pa.DataType] = {
    String: pa.string(),
    BigInteger: pa.int64(),
    Integer: pa.int32(),
    Double: pa.float64(),
    Boolean: pa.bool_(),
    Date: pa.date32(),
    DateTime: pa.timestamp("us"),
}
SEQ = pa.field("seq", pa.int64(), nullable=False)
"""Position of a row's record in its window: of two rows on the same thing the later one holds."""
ROW_GROUP = 16384
_HARDLY_REPEATED = frozenset({"mention_id", "seq"})
"""Columns that a dictionary of their values makes larger, and slower to write."""

Batches = dict[str, pa.RecordBatch]
"""A batch for each table."""


def arrow_schema(table: Table, columns: Sequence[str]) -> pa.Schema:
    """Arrow types of some of a table's columns, in the order asked for."""
    return pa.schema([pa.field(name, _ARROW_TYPES[type(table.columns[name].type)]) for name in columns])


def to_batch(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Tuples in the schema's order as a batch."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class TableFiles:
    """Writes batches to a Parquet file for each table; at most one row group of each is in memory."""

    def __init__(self, folder: Path, schemas: dict[str, pa.Schema]) -> None:
        self._files = ExitStack()
        self._schemas = schemas
        self._writers = {
            name: self._files.enter_context(
                pq.ParquetWriter(
                    folder / f"{name}.parquet",
                    schema,
                    compression="zstd",
                    compression_level=1,
                    use_dictionary=[column for column in schema.names if column not in _HARDLY_REPEATED],
                )
            )
            for name, schema in schemas.items()
        }
        self._waiting: dict[str, list[pa.RecordBatch]] = {name: [] for name in schemas}
        self.counts = dict.fromkeys(schemas, 0)

    def write(self, batches: Batches) -> None:
        """Append a batch to each table's file."""
        for name, batch in batches.items():
            self.counts[name] += batch.num_rows
            self._waiting[name].append(batch)
            if sum(waiting.num_rows for waiting in self._waiting[name]) >= ROW_GROUP:
                self._flush(name)

    def _flush(self, name: str) -> None:
        self._writers[name].write_table(pa.Table.from_batches(self._waiting[name], self._schemas[name]))
        self._waiting[name].clear()

    def __enter__(self) -> "TableFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name, waiting in self._waiting.items():
                if waiting:
                    self._flush(name)
        self._files.close()
