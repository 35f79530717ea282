"""Purchase log: orders and net amounts by customer and day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training.attendance.log.purchase_log import PurchaseLog, read_purchases


def read(folder: Path, *lines: tuple[str, int, str | None, float]) -> PurchaseLog:
    """The purchases of lines of customer, day, order id and amount, two lines in a row group."""
    names = ("customer_id", "day_number", "order_id", "amount")
    table = pa.table(dict(zip(names, zip(*lines, strict=True), strict=True)))
    pq.write_table(table, folder / "orders.parquet", row_group_size=2)
    return read_purchases(pq.ParquetFile(folder / "orders.parquet"), 30, lambda ids: ids)


def test_an_order_sent_back_on_a_later_day_is_none_and_its_return_is_booked_then(tmp_path: Path) -> None:
    lines = [("ann", 10, "1", 10.0), ("ann", 11, "2", 7.0), ("ann", 12, "1", -10.0), ("ann", 13, "2", -2.0)]
    purchases = read(tmp_path, *lines).purchases
    assert purchases.day.tolist() == [10, 11, 12, 13]
    assert purchases.spend.tolist() == [10.0, 7.0, -10.0, -2.0]
    assert purchases.orders.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_lines_without_an_order_id_are_one_order_a_day(tmp_path: Path) -> None:
    lines = [("ann", 10, None, 1.0), ("ann", 10, None, 2.0), ("ann", 11, None, 3.0), ("bob", 11, None, 0.0)]
    log = read(tmp_path, *lines)
    assert log.purchases.orders.tolist() == [1.0, 1.0, 1.0]
    assert np.array_equal(log.purchases.customer, [0, 0, 1])
