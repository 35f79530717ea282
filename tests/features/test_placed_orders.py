"""Placed orders: the lines of the history as orders, with pyarrow as with Ibis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.calendar import DAY_US
from features.history import History
from features.orders import placed_orders as placed_orders_by_ibis
from features.placed_orders import placed_orders

RNG = np.random.default_rng(5)
LINES = 600
COLUMNS: dict[str, Any] = {
    "customer_id": RNG.choice(["ann", "bob", "eve"], LINES),
    "order_id": [None if number == 0 else str(number) for number in RNG.integers(0, 60, LINES)],
    "amount": RNG.choice([-10.0, 0.0, 0.0, 10.0], LINES),
    "day_number": RNG.integers(20_000, 20_040, LINES),
}


@pytest.mark.parametrize("without", [(), ("order_id",), ("amount",), ("order_id", "amount")])
def test_the_same_orders_are_placed_as_in_the_features(tmp_path: Path, without: tuple[str, ...]) -> None:
    at = pa.array(COLUMNS["day_number"] * DAY_US + RNG.integers(0, DAY_US, LINES))
    lines = pa.table({**COLUMNS, "at_us": at, "ordered_at": at.cast(pa.timestamp("us", tz="UTC"))})
    lines = lines.drop_columns(list(without))
    pq.write_table(lines, tmp_path / "orders.parquet")
    expected = placed_orders_by_ibis(History.open(tmp_path)).select("customer_id", "day", "at_us").to_pyarrow()
    orders = placed_orders(lines).rename_columns({"day_number": "day"}).select(expected.column_names)
    assert sorted(map(repr, orders.to_pylist())) == sorted(map(repr, expected.to_pylist()))
    assert len(orders) > 20


def test_lines_that_were_added_up_before_are_the_same_orders() -> None:
    lines = pa.table(
        {
            "customer_id": ["ann", "bob", "eve"], "order_id": ["1", "2", "3"], "day_number": [1, 2, 3],
            "amount": [0.0, 0.0, 5.0], "nonzero": [True, False, True],
        }
    )  # fmt: skip
    assert placed_orders(lines)["customer_id"].to_pylist() == ["bob", "eve"]
