"""A shop of any size, made up: customers who order now and then over four hundred days, and a log of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAYS = 400
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
AS_OF: date = (FIRST_DAY + timedelta(days=DAYS)).date()
_DESCRIPTION = """name = "made-up"
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
    """The log and its description, below the folder; four orders a customer on the mean. Returns the description."""
    rng = np.random.default_rng(0)
    count = 1 + rng.poisson(rng.gamma(0.8, 4.0, customers))
    who = np.repeat(np.arange(customers), count)
    first = rng.uniform(0, DAYS, customers)
    day = first[who] + rng.uniform(0, 1, len(who)) * (DAYS - first[who])
    day[np.cumsum(count) - count] = first
    at = (FIRST_DAY.timestamp() * 1e6 + day * 86_400e6).astype(np.int64)
    table = pa.table(
        {
            "customer_id": pa.array(np.char.zfill(who.astype(str), 8)),
            "ordered_at": pa.array(at).cast(pa.timestamp("us", tz="UTC")),
            "order_id": pa.array(np.arange(len(who)).astype(str)),
            "amount": pa.array(rng.gamma(2.0, 20.0, len(who)).round(2) + 0.01),
        }
    )
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / "orders.parquet")
    (folder / "flywheel.toml").write_text(_DESCRIPTION)
    return folder / "flywheel.toml"
