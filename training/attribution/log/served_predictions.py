"""Served predictions: what the service said before a period of who would order, from the snapshots of a home."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Floats
from features.views import CUSTOMER_ID
from training.attribution.log.history_tables import Words, floats
from training.attribution.period import Period

FOLDER, PROBABILITY, HORIZON_KEY = "predictions", "order_probability", b"churn_days"
MAX_AGE_DAYS = 35  # an older snapshot says less than the orders since
MAX_PROBABILITY = 0.999


def served_rates(home: Path, period: Period, customers: Words) -> Floats:
    """Orders per day by the newest snapshot that was made before the period, (n,); NaN for who has none.

    The probability of an order within a horizon becomes the rate of a Poisson process with that probability.
    """
    rates = np.full(len(customers.words), np.nan)
    path = _snapshot(home / FOLDER, period)
    if path is None:
        return rates
    table = pq.read_table(path, columns=[CUSTOMER_ID, PROBABILITY])
    horizon_days = int((pq.read_schema(path).metadata or {}).get(HORIZON_KEY, b"1"))
    row = pc.index_in(pa.array(customers.words, pa.string()), value_set=table[CUSTOMER_ID].combine_chunks())
    position = pc.fill_null(row, -1).to_numpy()
    probability = np.append(floats(table[PROBABILITY]), np.nan)[position]
    served: Floats = -np.log1p(-np.clip(probability, 0.0, MAX_PROBABILITY)) / horizon_days
    return served


def _snapshot(folder: Path, period: Period) -> Path | None:
    """The file of the newest snapshot of before the period; its name begins with the day that it predicts from."""
    oldest = period.first - timedelta(days=MAX_AGE_DAYS)
    days = [(day, path) for path in folder.glob("*.parquet") if (day := _day(path)) is not None]
    fitting = [(day, path) for day, path in days if oldest <= day <= period.first]
    return max(fitting)[1] if fitting else None


def _day(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.name.partition("_")[0])
    except ValueError:
        return None
