"""Order lines by customer: the order lines of the history once more, sorted, so that those of one are read at once.

The file has few columns, and row groups of consecutive customer ids. A reader skips the row groups whose statistics
exclude the customer (predicate pushdown).
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.errors import NotFound, StoreDamaged
from features.views import CUSTOMER_ID

ORDERS_FILE, LINES_BY_CUSTOMER_FILE = "orders.parquet", "lines_by_customer.parquet"
LINE_COLUMNS = (CUSTOMER_ID, "order_id", "at_us", "day_number", "amount", "category")  # those that the shop has
ROW_GROUP_SIZE = 20_480  # lines: ten vectors of DuckDB


def read_customer_lines(folder: Path, customer_id: str) -> pa.Table:
    """The order lines of one customer, in no order, with those of ``LINE_COLUMNS`` that the shop has.

    A history that an earlier version ingested has no sorted file: there all order lines are searched.

    Args:
        folder: of the history.
        customer_id: in canonical form.

    Raises:
        NotFound: the folder has no ingested log.
        StoreDamaged: the file cannot be read.
    """
    if not (folder / ORDERS_FILE).is_file():
        raise NotFound(f"No history in {folder}. Expected an ingested log: run `flywheel ingest` first.")
    sorted_file = folder / LINES_BY_CUSTOMER_FILE
    path = sorted_file if sorted_file.is_file() else folder / ORDERS_FILE
    try:
        with pq.ParquetFile(path) as file:
            return _read_customer(file, customer_id)
    except (OSError, pa.ArrowException) as error:
        raise StoreDamaged(
            f"Found {path} damaged ({error}); expected what `flywheel ingest` writes. Run it again."
        ) from None


def _read_customer(file: pq.ParquetFile, customer_id: str) -> pa.Table:
    """The lines of a customer, read from one row group after the other."""
    names = file.schema_arrow.names
    columns = [name for name in LINE_COLUMNS if name in names]
    groups = [group for group in range(file.num_row_groups) if _may_contain(file, group, customer_id)]
    lines = [pa.schema([file.schema_arrow.field(name) for name in columns]).empty_table()]
    for group in groups:
        rows = file.read_row_group(group, columns)
        lines.append(rows.filter(pc.equal(rows[CUSTOMER_ID], customer_id)))
    return pa.concat_tables(lines)


def _may_contain(file: pq.ParquetFile, group: int, customer_id: str) -> bool:
    """Whether the statistics of a row group allow for a customer; the order of texts is that of their UTF-8."""
    position = file.schema_arrow.names.index(CUSTOMER_ID)
    statistics = file.metadata.row_group(group).column(position).statistics
    if statistics is None or not statistics.has_min_max:
        return True
    return bool(statistics.min <= customer_id <= statistics.max)
