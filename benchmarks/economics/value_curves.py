"""Value curves: the margin that was forecast for the first customers of an order, beside the one that came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from serving.audiences.economics.contacts import cumulate
from training.evaluation.backtest import Backtest
from training.inference.forecast import Forecast

VALUE_FIRST, RISK_FIRST = "expected spend, largest first", "churn probability, largest first"
TENTHS = 10


@dataclass(frozen=True)
class ValueCurve:
    """Sums over the first customers at each tenth, (10,) each."""

    origin: str
    order: str
    days: int
    customers: Floats
    forecast: Floats
    actual: Floats

    @property
    def ratios(self) -> Floats:
        """Forecast over actual."""
        return self.forecast / self.actual

    @property
    def tenth_error(self) -> float:
        """The sum of the absolute errors of the tenths, one by one, over the actual total."""
        errors = np.diff(self.forecast - self.actual, prepend=0.0)
        return float(np.abs(errors).sum() / self.actual[-1])


def value_curves(test: Backtest, days: int) -> Iterator[ValueCurve]:
    """Yield the curves of the tier that answers, for the customers whose window of ``days`` is over.

    The margin is the same share of both sides, so it is left out.
    """
    forecast, outcomes = next(iter(test.forecasts.values())), test.rows.outcomes
    if forecast.spend is None:
        return
    actual = outcomes.spend_within(days)
    known = np.isfinite(actual)
    expected = forecast.spend.mean[:, forecast.horizons.index(days)]
    for order, keys in ((VALUE_FIRST, -expected), (RISK_FIRST, -_churn_probability(forecast, test))):
        rows = np.argsort(keys[known], kind="stable")
        yield tenths(str(test.origin), order, days, expected[known][rows], actual[known][rows])


def tenths(origin: str, order: str, days: int, forecast: Floats, actual: Floats) -> ValueCurve:
    """Sum n customers in their order, (n,) each, at every tenth of them."""
    ends = -(-np.arange(1, TENTHS + 1) * len(forecast) // TENTHS)
    return ValueCurve(origin, order, days, ends.astype(float), cumulate(forecast, ends), cumulate(actual, ends))


def _churn_probability(forecast: Forecast, test: Backtest) -> Floats:
    return 1 - forecast.order_probability(test.plan.evaluated_churn_days)
