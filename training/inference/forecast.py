"""Forecast: the coherent answers of a release for n customers, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from features.arrays import Codes, Floats, Integers

AVERAGE, LAST_WINDOW, BTYD, POPULATION = TIERS = ("average", "last_window", "btyd", "population")
LAST_DAY = 730


@dataclass(frozen=True, kw_only=True)
class SpendForecast:
    """Spend forecast: net spend within each horizon, in the log's currency; every array is (n, horizons)."""

    mean: Floats
    median: Floats
    p10: Floats
    p90: Floats


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Forecast: coherent predictions for n customers, from the requested instant onwards."""

    tier: Codes  # (n,) index into TIERS: the tier that answers
    days: Floats  # (k,) 0 = days[0] < ... < days[-1] = LAST_DAY
    order_by: Floats  # (n, k) P(order within days[j]); 0 at day 0, never decreasing
    horizons: tuple[int, ...]  # days, ascending
    expected_orders: Floats  # (n, horizons), never below P(order within the horizon)
    spend: SpendForecast | None  # None for a log without amounts
    answers: Mapping[str, Floats] = field(default_factory=dict)  # model with a head -> (n,) or (n, m)

    def __len__(self) -> int:
        return len(self.tier)

    def order_probability(self, days: float) -> Floats:
        """Return P(order within ``days``), (n,); between grid days the hazard is constant."""
        return self.order_probabilities((days,))[:, 0]

    def order_probabilities(self, days: Sequence[float]) -> Floats:
        """Return P(order within each of ``days``), (n, len(days))."""
        hazard, requested = self._cumulative_hazard, np.asarray(days, dtype=float)
        right = np.minimum(np.maximum(np.searchsorted(self.days, requested), 1), len(self.days) - 1)
        left = right - 1
        share = (requested - self.days[left]) / (self.days[right] - self.days[left])
        cumulative = hazard[:, left] + share * (hazard[:, right] - hazard[:, left])
        # Rounding up at the end of a step would make the curve decrease where the next step is flat.
        return np.asarray(-np.expm1(-np.minimum(cumulative, hazard[:, right])))

    def wait_quantile(self, probability: float) -> Floats:
        """Return the days until P(order) reaches ``probability``, (n,); infinite beyond the last day."""
        return self.wait_quantiles((probability,))[:, 0]

    def wait_quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Return the days until P(order) reaches each of ``probabilities``, (n, len(probabilities))."""
        target = -np.log1p(-np.asarray(probabilities, dtype=float))
        return self._days_at(self._cumulative_hazard, target[None, :])

    def conditional_median_wait(self, days: float) -> Floats:
        """Return the median wait in days given an order within ``days``, (n,); NaN where that has probability 0.

        It is the day at which P(order) reaches half of P(order within ``days``).
        """
        within = self.order_probability(days)
        return np.where(within > 0, self.waits_until(within / 2, np.arange(len(self))), np.nan)

    def waits_until(self, probability: Floats, row: Integers) -> Floats:
        """Return the days until P(order) of the customer in each ``row`` reaches its ``probability``, (m,)."""
        return self._days_at(self._cumulative_hazard[row], -np.log1p(-probability)[:, None])[:, 0]

    def _days_at(self, hazard: Floats, target: Floats) -> Floats:
        """The days at which the cumulative hazards, (m, k), reach the targets, (m, t) or (1, t)."""
        right = (hazard[:, :, None] < target[:, None, :]).sum(axis=1)
        right = np.minimum(np.maximum(right, 1), len(self.days) - 1)
        line = np.arange(len(hazard))[:, None]
        low, high = hazard[line, right - 1], hazard[line, right]
        share = (target - low) / np.maximum(high - low, 1e-300)
        day = self.days[right - 1] + share * (self.days[right] - self.days[right - 1])
        return np.where(hazard[:, -1:] < target, np.inf, day)

    @cached_property
    def _cumulative_hazard(self) -> Floats:
        """The cumulative hazard at each grid day, (n, k)."""
        return -np.log1p(-np.minimum(self.order_by, 1 - 1e-12))
