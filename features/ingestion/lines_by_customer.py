"""Order lines by customer: the order lines of the history once more, sorted, so that those of one are read at once.

The file has few columns, and row groups of consecutive customer ids. A reader skips the row groups whose statistics
exclude the customer (predicate pushdown).
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
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
        columns = [name for name in LINE_COLUMNS if name in pq.read_schema(path).names]
        return pq.read_table(path, columns=columns, filters=[(CUSTOMER_ID, "==", customer_id)])
    except (OSError, pa.ArrowException) as error:
        raise StoreDamaged(
            f"Found {path} damaged ({error}); expected what `flywheel ingest` writes. Run it again."
        ) from None
