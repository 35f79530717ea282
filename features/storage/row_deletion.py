"""How does a customer leave a table on disk? The file is written again without their rows, and replaced whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.online.arrow_rows import CUSTOMER_ID
from features.storage.atomic_files import atomic_write

CustomerSelector = Callable[[Iterable[str]], Sequence[str]]


def select_customers(path: Path, select: CustomerSelector) -> list[str]:
    """Whom of the customers in a table somebody chooses; nobody where it has none, or nobody can read it any more."""
    if not _has_customers(path):
        return []
    known = pc.unique(pq.read_table(path, columns=[CUSTOMER_ID])[CUSTOMER_ID]).cast(pa.string())
    return list(select(one for one in known.to_pylist() if one is not None))


def delete_rows(path: Path, customer_ids: Sequence[str]) -> int:
    """Take customers' rows out of a table, a group of rows at a time; how many there were."""
    if not customer_ids or not _has_customers(path):
        return 0
    gone = pa.array(customer_ids, pa.string())
    table = pq.ParquetFile(path)
    if not _contains_any(table, gone):
        return 0
    with atomic_write(path) as temporary, pq.ParquetWriter(temporary, table.schema_arrow) as writer:
        kept = sum(_copy_remaining(table.read_row_group(group), gone, writer) for group in range(table.num_row_groups))
    return int(table.metadata.num_rows) - kept


def _copy_remaining(rows: pa.Table, erased_ids: pa.Array, writer: pq.ParquetWriter) -> int:
    """How many rows were kept."""
    kept = rows.filter(pc.invert(_erased_mask(rows, erased_ids)))
    if kept.num_rows:
        writer.write_table(kept)
    return int(kept.num_rows)


def _contains_any(table: pq.ParquetFile, erased_ids: pa.Array) -> bool:
    """Whether there is anything to take out."""
    groups = (table.read_row_group(group, columns=[CUSTOMER_ID]) for group in range(table.num_row_groups))
    return any(pc.any(_erased_mask(rows, erased_ids)).as_py() for rows in groups)


def _erased_mask(rows: pa.Table, erased_ids: pa.Array) -> pa.ChunkedArray:
    """Which rows are of those who leave."""
    return pc.is_in(rows[CUSTOMER_ID].cast(pa.string()), value_set=erased_ids)


def _has_customers(path: Path) -> bool:
    try:
        return CUSTOMER_ID in pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid):
        return False
