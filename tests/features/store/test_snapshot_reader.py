"""Snapshot reader: a slice of one cutoff has all customers known then, and nothing of another day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.online.arrow_rows import TIMESTAMP_TYPE
from features.store.snapshot_reader import SnapshotReader
from features.views import Column, Kind, View

DAY = 86_400_000_000
VIEWS = (
    View("transactions", (Column("orders", Kind.FLOAT, "orders"), Column("recent_days", Kind.INTEGERS, "days"))),
    View("social", (Column("posts", Kind.FLOAT, "posts"),)),
)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Forty customers on two days, every third of them social; on the second day every number is tenfold."""
    ids = [f"c{number:02d}" for number in range(40)]
    for view, view_ids in zip(VIEWS, (ids, ids[::3]), strict=True):
        days = [day for day in (1, 2) for _ in view_ids]
        numbers = [
            float(customer_id[1:]) * 10 ** (day - 1) for day, customer_id in zip(days, view_ids * 2, strict=True)
        ]
        columns = {
            "customer_id": pa.array(view_ids * 2),
            "event_timestamp": pa.array([day * DAY for day in days]).cast(TIMESTAMP_TYPE),
            view.scalars[0]: pa.array(numbers),
        }
        if view.lists:
            columns["recent_days"] = pa.array([[int(number)] * (int(number) % 3) for number in numbers])
        pq.write_table(pa.table(columns), tmp_path / f"{view.name}.parquet", row_group_size=7)
    return tmp_path


@pytest.mark.parametrize(("begin", "end"), [(0, 40), (0, 1), (13, 31), (39, 40)])
def test_a_slice_holds_what_was_published_of_its_customers(tables: Path, begin: int, end: int) -> None:
    snapshot = SnapshotReader(tables, VIEWS, 2 * DAY)
    customer_ids = snapshot.customer_ids()
    assert customer_ids.to_pylist() == [f"c{number:02d}" for number in range(40)]
    rows = snapshot.read(customer_ids[begin:end])
    assert rows.customer_ids == customer_ids.to_pylist()[begin:end]
    assert rows.known.all()
    assert (rows.features_at == 2 * DAY).all()
    numbers = np.arange(begin, end) * 10.0
    assert rows.column("orders").tolist() == numbers.tolist()
    social = np.where(np.arange(begin, end) % 3 == 0, numbers, np.nan)
    np.testing.assert_array_equal(rows.column("posts"), social)
    lists = [number for number in numbers.tolist() for _ in range(int(number) % 3)]
    assert rows.lists["recent_days"].values.tolist() == lists


def test_a_day_that_was_not_published_has_nobody(tables: Path) -> None:
    assert len(SnapshotReader(tables, VIEWS, 3 * DAY).customer_ids()) == 0
