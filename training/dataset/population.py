"""Training population: every known customer at each cutoff, or a stable sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from features.history import Cutoff
from training.dataset.point_in_time import sample_customers
from training.outliers import MISTAKE_MULTIPLE, OutlierFence


def known_customers(tables: Path, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
    """One row per customer in the stored features and cutoff: customer_id and the cutoff's position, sampled.

    An id with implausibly many orders, such as ``guest``, is not one customer and is left out; it is scored all the
    same.
    """
    columns = ["customer_id", "event_timestamp", "orders"]
    rows = pq.read_table(tables / "transactions.parquet", columns=columns).to_pandas()
    position = {pd.Timestamp(cutoff.timestamp): index for index, cutoff in enumerate(cutoffs)}
    rows["position"] = rows["event_timestamp"].map(position)
    rows = rows.dropna(subset="position").astype({"position": int})
    newest = rows.loc[rows["position"] == len(cutoffs) - 1]
    fence = OutlierFence.from_values(newest["orders"].to_numpy(float))
    persons = newest.loc[newest["orders"] <= MISTAKE_MULTIPLE * fence.limit, "customer_id"]
    mask = rows["customer_id"].isin(sample_customers(persons.tolist()))
    result: pd.DataFrame = rows.loc[mask, ["customer_id", "position"]].reset_index(drop=True)
    return result
