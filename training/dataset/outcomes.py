"""Outcomes: the orders and the spend after each cutoff as NumPy arrays, from which labels and metrics are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats, Integers

MIN_CALIBRATION_ROWS = 30_000


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Orders and spend of n rows after their cutoffs, up to the limit; NaN where the window ends after the limit."""

    wait_days: Floats  # (n,) days until the next order, infinite without one before the limit
    follow_days: Floats  # (n,) whole days from the cutoff to the limit
    horizons: tuple[int, ...]  # days
    orders: Floats  # (n, horizons) orders placed in [cutoff, cutoff + horizon)
    spend: Floats  # (n, horizons) net amount booked in the same window, not below 0; NaN without amounts

    def ordered_within(self, days: float) -> Floats:
        """1 for an order in ``[cutoff, cutoff + days)``, 0 for none, NaN where the window is not over, (n,)."""
        ordered = (self.wait_days < days).astype(float)
        return np.where(self.follow_days >= days, ordered, np.nan)

    def orders_within(self, horizon: int) -> Floats:
        """Orders within one of ``horizons`` days, (n,); raises ValueError for another number of days."""
        return self.orders[:, self.horizons.index(horizon)]

    def spend_within(self, horizon: int) -> Floats:
        """Net amount within one of ``horizons`` days, (n,); raises ValueError for another number of days."""
        return self.spend[:, self.horizons.index(horizon)]

    def select(self, index: Booleans | Integers) -> Outcomes:
        """Select rows by mask or position."""
        return Outcomes(
            wait_days=self.wait_days[index],
            follow_days=self.follow_days[index],
            horizons=self.horizons,
            orders=self.orders[index],
            spend=self.spend[index],
        )


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Training rows: customers at cutoffs, with inputs known before and outcomes observed after."""

    names: tuple[str, ...]
    inputs: Floats  # (n, names)
    cutoff: Integers  # (n,) days since 1970
    customer: Integers  # (n,) a number per customer
    fold: Codes  # (n,) 0 or 1, the same for all rows of a customer
    outcomes: Outcomes
    orders_by_day: Floats  # (2, days) ``labels.orders_by_day`` of the whole log up to the limit

    def __len__(self) -> int:
        return len(self.inputs)

    def column(self, name: str) -> Floats:
        """One input column, (n,); raises ValueError for an unknown name."""
        return self.inputs[:, self.names.index(name)]

    def select(self, index: Booleans | Integers) -> Rows:
        """Select rows by mask or position."""
        return Rows(
            names=self.names,
            inputs=self.inputs[index],
            cutoff=self.cutoff[index],
            customer=self.customer[index],
            fold=self.fold[index],
            outcomes=self.outcomes.select(index),
            orders_by_day=self.orders_by_day,
        )

    def newest_finished_mask(self, days: int) -> Booleans:
        """Mask, (n,), of the newest cutoffs whose window of ``days`` is over, ``MIN_CALIBRATION_ROWS`` or more."""
        finished = self.outcomes.follow_days >= days
        all_rows = np.ones(len(self), dtype=bool)
        return newest_cutoffs(self.cutoff, self.cutoff[finished], all_rows, MIN_CALIBRATION_ROWS)


def newest_cutoffs(
    cutoff: Integers | Floats, candidates: Integers | Floats, counts: Booleans, min_count: int
) -> Booleans:
    """Mask (n,) of the rows at the newest candidate cutoffs: just enough for ``min_count`` rows in ``counts``."""
    mask = np.zeros(len(cutoff), dtype=bool)
    for newest in sorted(set(candidates.tolist()), reverse=True):
        mask |= cutoff == newest
        if counts[mask].sum() >= min_count:
            break
    return mask
