"""A home with a history for attribution: parquet files as ingestion and folding write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.calendar import DAY_US
from tests.training.attribution.attribution_logs import NEW_YEAR, instants

AMOUNT = pa.decimal128(18, 4)


def write_history(
    home: Path, name: str, columns: Mapping[str, Sequence[object]], types: Mapping[str, pa.DataType]
) -> None:
    """Write a table; ``day`` (1.5 is noon of January 1st 2027) becomes at_us and day_number."""
    at = instants([float(str(day)) for day in columns["day"]])
    table = pa.table(
        {
            **{key: pa.array(values, types.get(key, pa.string())) for key, values in columns.items() if key != "day"},
            "at_us": pa.array(at, pa.int64()),
            "day_number": pa.array((at // DAY_US).astype(np.int32), pa.int32()),
        }
    )
    (home / "history").mkdir(parents=True, exist_ok=True)
    pq.write_table(table, home / "history" / f"{name}.parquet")


def write_orders(home: Path, *lines: tuple[str, float, str | None, str]) -> None:
    """Write order lines of customer, day, order id and amount."""
    customer, day, order_id, amount = zip(*lines, strict=True)
    amounts = [Decimal(each) for each in amount]
    write_history(
        home,
        "orders",
        {"customer_id": customer, "day": day, "order_id": order_id, "amount": amounts},
        {"amount": AMOUNT},
    )


def write_touches(
    home: Path, *touches: tuple[str, float, str, bool | None, float | None], **more: Sequence[object]
) -> None:
    """Write touches of customer, day, channel, treated and probability."""
    customer, day, channel, treated, probability = zip(*touches, strict=True)
    columns = {
        "customer_id": customer, "day": day, "channel": channel, "campaign_id": ["winter"] * len(touches),
        "treated": treated, "probability": [None if each is None else Decimal(str(each)) for each in probability],
    }  # fmt: skip
    types = {"treated": pa.bool_(), "probability": AMOUNT, "cost": AMOUNT}
    write_history(home, "touches", {**columns, **more}, types)


def held_out_shop(home: Path, customers: int = 400) -> None:
    """A shop that emails its customers on January 2nd, but not every second one; of ten who were sent it, six order.

    Of ten who were not, four do: the emails caused a third of the orders that followed them.
    """
    ids = [f"c{number:04d}" for number in range(customers)]
    treated = [number % 2 == 0 for number in range(customers)]
    write_touches(home, *((who, 2.0, "email", flag, 0.5) for who, flag in zip(ids, treated, strict=True)))
    orders = [
        (who, 5.0, None, "10")
        for number, (who, flag) in enumerate(zip(ids, treated, strict=True))
        if number // 2 % 10 < (6 if flag else 4)
    ]
    write_orders(home, *orders, ("late", 40.0, None, "10"))
    assert int(instants([1])[0] // DAY_US) == NEW_YEAR
