"""Text table: rows of text as a parquet file, written in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.ingestion.files.file_scan import Reader

_BATCH_ROWS = 50_000


def write_rows(rows: Iterable[Sequence[str | None]], columns: Sequence[str], target: Path) -> Reader:
    """Write rows of text; return the reader of such files."""
    schema = pa.schema([(column, pa.string()) for column in columns])
    remaining = iter(rows)
    with pq.ParquetWriter(target, schema) as writer:
        while batch := list(islice(remaining, _BATCH_ROWS)):
            values = list(zip(*batch, strict=True))
            writer.write_table(pa.table([pa.array(column, pa.string()) for column in values], schema=schema))
    return _reader(columns)


def write_objects(objects: Iterable[Mapping[str, str | None]], target: Path) -> Reader:
    """Write objects of text, whose columns may differ, one file per batch and a last one over all of them."""
    remaining, columns, parts = iter(objects), dict[str, None](), list[Path]()
    while batch := list(islice(remaining, _BATCH_ROWS)):
        columns |= dict.fromkeys(name for each in batch for name in each)
        part = target.with_name(f"{target.name}.{len(parts)}")
        table = {name: pa.array([each.get(name) for each in batch], pa.string()) for name in columns}
        pq.write_table(pa.table(table), part)
        parts.append(part)
    schema = pa.schema([(column, pa.string()) for column in columns])
    with pq.ParquetWriter(target, schema) as writer:
        for part in parts:
            table = pq.read_table(part)
            for name in schema.names:
                if name not in table.column_names:
                    table = table.append_column(name, pa.nulls(len(table), pa.string()))
            writer.write_table(table.select(schema.names))
            part.unlink()
    return _reader(list(columns))


def _reader(columns: Sequence[str]) -> Reader:
    return Reader(tuple((column, "VARCHAR") for column in columns), "read_parquet(", ")")
