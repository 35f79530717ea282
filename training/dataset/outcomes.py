"""What then happened to some customers, as NumPy arrays: what every label and every metric is made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Codes, Floats, Integers

MIN_CALIBRATION_ROWS = 30_000


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """Orders and spend after each row's cutoff, as far as the limit; NaN where a window was not over by then."""

    wait_days: Floats  # (n,) days until the next order, infinite where none came before the limit
    follow_days: Floats  # (n,) whole days from the cutoff to the limit
    horizons: tuple[int, ...]  # days
    orders: Floats  # (n, horizons) orders placed in [cutoff, cutoff + horizon)
    spend: Floats  # (n, horizons) net amount booked in the same window, not below 0; NaN without amounts

    def ordered_within(self, days: float) -> Floats:
        """1 where an order came in ``[cutoff, cutoff + days)``, 0 where none did, NaN where the window is not over."""
        came = (self.wait_days < days).astype(float)
        return np.where(self.follow_days >= days, came, np.nan)

    def orders_within(self, horizon: int) -> Floats:
        """Orders placed within one of the horizons, (n,)."""
        return self.orders[:, self.horizons.index(horizon)]

    def spend_within(self, horizon: int) -> Floats:
        """Net amount booked within one of the horizons, (n,)."""
        return self.spend[:, self.horizons.index(horizon)]

    def select(self, chosen: Booleans | Integers) -> Outcomes:
        """The outcomes of some of the rows."""
        return Outcomes(
            wait_days=self.wait_days[chosen],
            follow_days=self.follow_days[chosen],
            horizons=self.horizons,
            orders=self.orders[chosen],
            spend=self.spend[chosen],
        )


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Customers at cutoffs: what was known, and what then happened."""

    names: tuple[str, ...]
    inputs: Floats  # (n, names)
    cutoff: Integers  # (n,) days since 1970
    customer: Integers  # (n,) a number per customer
    fold: Codes  # (n,) 0 or 1, the same for all rows of a customer
    outcomes: Outcomes
    orders_by_day: Floats  # (2, days) ``labels.orders_by_day``: how busy the whole log was up to the limit

    def __len__(self) -> int:
        return len(self.inputs)

    def column(self, name: str) -> Floats:
        """One input, (n,)."""
        return self.inputs[:, self.names.index(name)]

    def select(self, chosen: Booleans | Integers) -> Rows:
        """Some of the rows."""
        return Rows(
            names=self.names,
            inputs=self.inputs[chosen],
            cutoff=self.cutoff[chosen],
            customer=self.customer[chosen],
            fold=self.fold[chosen],
            outcomes=self.outcomes.select(chosen),
            orders_by_day=self.orders_by_day,
        )

    def newest_finished(self, days: int) -> Rows:
        """The rows of the newest cutoffs whose window of so many days is over: as many as a calibration needs."""
        over = self.outcomes.follow_days >= days
        everybody = np.ones(len(self), dtype=bool)
        return self.select(newest_cutoffs(self.cutoff, self.cutoff[over], everybody, MIN_CALIBRATION_ROWS))


def newest_cutoffs(
    cutoff: Integers | Floats, candidates: Integers | Floats, counts: Booleans, min_count: int
) -> Booleans:
    """The rows, (n,), of the newest cutoffs among some, as many cutoffs as it takes to have enough that count."""
    chosen = np.zeros(len(cutoff), dtype=bool)
    for newest in sorted(set(candidates.tolist()), reverse=True):
        chosen |= cutoff == newest
        if counts[chosen].sum() >= min_count:
            break
    return chosen
