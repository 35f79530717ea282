"""Planted effect: orders that a treatment adds to a real log, so that an experiment has a truth to find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

CUSTOMER, ORDER, AT = "household_id", "basket_id", "transaction_timestamp"
EARLIEST_DAYS = 0.25


class PlantedLog:
    """The demo's orders, to which treated households get further baskets."""

    def __init__(self, path: Path, seed: int = 1) -> None:
        self._path = path
        self._orders = pd.read_parquet(path)
        self._rng = np.random.default_rng(seed)

    def add_baskets(
        self, households: Sequence[int], decided_at: datetime, probability: float, within_days: float
    ) -> int:
        """Give each household a further basket with a probability; return the number of baskets.

        The basket is a copy of the household's newest one before the decision, at a random moment of the days after it.

        Args:
            households: who was treated.
            decided_at: when, UTC.
            probability: of a basket, for each household.
            within_days: the days after the decision in which it falls.
        """
        chosen = [household for household in households if self._rng.random() < probability]
        known = self._orders[self._orders[CUSTOMER].isin(chosen) & (self._orders[AT] < decided_at)]
        newest = known.loc[known.groupby(CUSTOMER)[AT].idxmax(), ORDER]
        baskets = known[known[ORDER].isin(newest)].copy()
        days = pd.Series(self._rng.uniform(EARLIEST_DAYS, within_days, len(newest)), index=newest.to_numpy())
        baskets[AT] = pd.Timestamp(decided_at) + pd.to_timedelta(baskets[ORDER].map(days), unit="D")
        baskets[ORDER] = -baskets[ORDER]
        self._orders = pd.concat([self._orders, baskets], ignore_index=True)
        self._orders.to_parquet(self._path, index=False, coerce_timestamps="us")
        return len(newest)
