"""Feature fixture: simulated features of any number of customers, 40 in three views, some of them lists of twelve."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.online import arrow_rows
from features.store.definitions import table_path
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, Column, Kind, View

SHAPE = {"transactions": (19, 3), "behaviour": (10, 0), "social": (8, 0)}  # numbers and lists of twelve
DAY = datetime(2026, 11, 21, tzinfo=UTC)
VIEWS = tuple(
    View(
        name,
        (
            *(Column(f"{name}_{number}", Kind.FLOAT, "a number") for number in range(numbers)),
            *(Column(f"{name}_list_{number}", Kind.FLOATS, "twelve numbers") for number in range(lists)),
        ),
    )
    for name, (numbers, lists) in SHAPE.items()
)


def customer_ids(count: int) -> list[str]:
    """Return the ids of ``count`` customers."""
    return [f"{customer:08d}" for customer in range(count)]


def write_tables(home: Path, count: int) -> None:
    """Write one row per view and customer, as of the fixture's day."""
    rng = np.random.default_rng(0)
    (home / "features").mkdir(parents=True, exist_ok=True)
    for view in VIEWS:
        columns = {
            CUSTOMER_ID: pa.array(customer_ids(count)),
            EVENT_TIMESTAMP: pa.array([DAY] * count, arrow_rows.TIMESTAMP_TYPE),
            **{name: pa.array(rng.normal(size=count)) for name in view.scalars},
        }
        for name in view.lists:
            offsets = np.arange(count + 1, dtype=np.int32) * 12
            columns[name] = pa.ListArray.from_arrays(offsets, rng.normal(size=12 * count))
        pq.write_table(pa.table(columns), table_path(home, view.name))
