"""Log fixture: a simulated shop of any size, whose customers order over four hundred days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAYS = 400
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
AS_OF: date = (FIRST_DAY + timedelta(days=DAYS)).date()
_CONFIG = """name = "simulated"
currency = "EUR"
timezone = "UTC"

[orders]
path = "orders.parquet"
customer_id = "customer_id"
ordered_at = "ordered_at"
order_id = "order_id"
amount = "amount"

[business]
churn_days = 60
ltv_days = [30, 90]
"""


def write_shop(folder: Path, customers: int) -> Path:
    """Write the log and its flywheel.toml, with four orders a customer on average; return the flywheel.toml's path."""
    rng = np.random.default_rng(0)
    count = 1 + rng.poisson(rng.gamma(0.8, 4.0, customers))
    customer = np.repeat(np.arange(customers), count)
    first = rng.uniform(0, DAYS, customers)
    day = first[customer] + rng.uniform(0, 1, len(customer)) * (DAYS - first[customer])
    day[np.cumsum(count) - count] = first
    ordered_us = (FIRST_DAY.timestamp() * 1e6 + day * 86_400e6).astype(np.int64)
    table = pa.table(
        {
            "customer_id": pa.array(np.char.zfill(customer.astype(str), 8)),
            "ordered_at": pa.array(ordered_us).cast(pa.timestamp("us", tz="UTC")),
            "order_id": pa.array(np.arange(len(customer)).astype(str)),
            "amount": pa.array(rng.gamma(2.0, 20.0, len(customer)).round(2) + 0.01),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "orders.parquet")
    (folder / "flywheel.toml").write_text(_CONFIG)
    return folder / "flywheel.toml"
