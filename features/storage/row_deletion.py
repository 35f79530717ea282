"""Row deletion: a parquet file is rewritten without the rows of given customers and replaced atomically."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.storage.atomic_files import atomic_write
from features.views import CUSTOMER_ID

CustomerSelector = Callable[[Iterable[str]], Sequence[str]]


def is_readable(path: Path) -> bool:
    """Whether a file is there and ends as a whole parquet file does."""
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


def select_customers(path: Path, select: CustomerSelector) -> list[str]:
    """The customers of a parquet file that ``select`` returns; none where the file has none or is unreadable."""
    if not _has_customers(path):
        return []
    known = pc.unique(pq.read_table(path, columns=[CUSTOMER_ID])[CUSTOMER_ID]).cast(pa.string())
    return list(select(customer_id for customer_id in known.to_pylist() if customer_id is not None))


def delete_rows(path: Path, customer_ids: Sequence[str]) -> int:
    """Delete the rows of customers from a parquet file, one row group at a time; return the number of deleted rows."""
    if not customer_ids or not _has_customers(path):
        return 0
    erased_ids = pa.array(customer_ids, pa.string())
    table = pq.ParquetFile(path)
    if not _contains_any(table, erased_ids):
        return 0
    encoded = _dictionary_columns(table.metadata)
    with (
        atomic_write(path) as temporary,
        pq.ParquetWriter(temporary, table.schema_arrow, use_dictionary=encoded) as writer,
    ):
        remaining = sum(
            _copy_remaining(table.read_row_group(group), erased_ids, writer) for group in range(table.num_row_groups)
        )
    return int(table.metadata.num_rows) - remaining


def _dictionary_columns(metadata: pq.FileMetaData) -> list[str]:
    """The paths of the columns that a file stores with a dictionary."""
    first_group = metadata.row_group(0)
    chunks = [first_group.column(index) for index in range(first_group.num_columns)]
    return [chunk.path_in_schema for chunk in chunks if chunk.has_dictionary_page]


def _copy_remaining(rows: pa.Table, erased_ids: pa.Array, writer: pq.ParquetWriter) -> int:
    """Write the rows of other customers and return their number."""
    remaining = rows.filter(pc.invert(_erased_mask(rows, erased_ids)))
    if remaining.num_rows:
        writer.write_table(remaining)
    return int(remaining.num_rows)


def _contains_any(table: pq.ParquetFile, erased_ids: pa.Array) -> bool:
    """Whether the file has a row of these customers."""
    groups = (table.read_row_group(group, columns=[CUSTOMER_ID]) for group in range(table.num_row_groups))
    return any(pc.any(_erased_mask(rows, erased_ids)).as_py() for rows in groups)


def _erased_mask(rows: pa.Table, erased_ids: pa.Array) -> pa.ChunkedArray:
    """Whether each row belongs to one of these customers."""
    return pc.is_in(rows[CUSTOMER_ID].cast(pa.string()), value_set=erased_ids)


def _has_customers(path: Path) -> bool:
    try:
        return CUSTOMER_ID in pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid):
        return False
