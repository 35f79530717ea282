"""Order waits: the days until the next order of m customers or lines, and those that a reminder rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.categories.forecast import CategoryForecast
from training.inference.forecast import Forecast

QUANTILES = (0.1, 0.5, 0.9)  # of the wait


@dataclass(frozen=True, kw_only=True)
class OrderWaits:
    """Days until the next order: quantiles, and the median given an order within the horizon."""

    horizon_days: int
    quantiles: Floats  # (m, len(QUANTILES)), infinite beyond the last day
    median_if_within: Floats  # (m,), NaN where an order within the horizon has probability 0

    @classmethod
    def from_forecast(cls, forecast: Forecast | CategoryForecast, horizon_days: int) -> OrderWaits:
        """Read the waits of a forecast of any order, or of the orders per category."""
        return cls(
            horizon_days=horizon_days,
            quantiles=forecast.wait_quantiles(QUANTILES),
            median_if_within=forecast.conditional_median_wait(horizon_days),
        )

    @property
    def median(self) -> Floats:
        """The median wait, (m,)."""
        return self.quantiles[:, QUANTILES.index(0.5)]

    @property
    def expected_wait(self) -> Floats:
        """The waits that reminders rest on, (m,).

        Who rather orders within the horizon than not is expected at the median given that; all others at the median.
        """
        return np.where(self.median <= self.horizon_days, self.median_if_within, self.median)


def expected_category_waits(waits: OrderWaits, overall: OrderWaits, row: Integers) -> Floats:
    """The waits that reminders per category rest on, (m,): never shorter than that of any order of the customer.

    Without this limit a category that is ordered soon or not at all could be expected before any order is.

    Args:
        waits: the waits of m lines.
        overall: the waits of n customers for an order of any kind.
        row: (m,) the customer of each line.
    """
    return np.maximum(waits.expected_wait, overall.expected_wait[row])
