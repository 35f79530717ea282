"""Paired comparison: the losses of two releases on the same customers and origins, with the interval of the gain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training import metrics
from training.evaluation.backtest import Backtest
from training.inference.forecast import Forecast
from training.model import Model
from training.models import MODELS


@dataclass(frozen=True)
class PairedComparison:
    """Mean losses per customer on one question, of a reference and of the release, lower is better."""

    model: str
    reference: str
    reference_loss: float
    release_loss: float
    gain: float  # the reference's loss less the release's
    low: float  # 95 % interval of the gain
    high: float
    customers: int

    @property
    def verdict(self) -> str:
        """What the interval says: better, worse, or no difference that is sure."""
        return "better" if self.low > 0 else "worse" if self.is_regression else "no sure difference"

    @property
    def is_regression(self) -> bool:
        """Whether the reference was surely better."""
        return self.high < 0

    @property
    def relative(self) -> tuple[float, float, float]:
        """Gain, low and high as shares of the reference's loss."""
        unit = abs(self.reference_loss) or 1.0
        return self.gain / unit, self.low / unit, self.high / unit


def compare_on_origins(
    tests: Sequence[Backtest], tier: str, reference: str, forecast: Callable[[Backtest], Forecast | None]
) -> list[PairedComparison]:
    """Compare a tier with a reference on every question; empty without a test that the reference can answer.

    Args:
        tests: back-tests whose outcomes the reference has not seen.
        tier: the tier of the release.
        reference: the name of the reference.
        forecast: the reference's forecast of a test's customers; None where it cannot read them.
    """
    answered = [(test, answer) for test in tests if (answer := forecast(test)) is not None]
    comparisons = []
    for name, model in MODELS.items():
        losses = _mean_losses(answered, model, tier)
        if losses is not None and len(losses[0]):
            gain = metrics.difference_interval(*losses)
            means = float(losses[0].mean()), float(losses[1].mean())
            comparisons.append(PairedComparison(name, reference, *means, *gain, len(losses[0])))
    return comparisons


def _mean_losses(
    forecasts: Sequence[tuple[Backtest, Forecast]], model: Model, tier: str
) -> tuple[Floats, Floats] | None:
    """Mean loss per customer over the origins, of the reference and of the tier; customers are the bootstrap's unit."""
    pairs, customers = [], []
    for test, forecast in forecasts:
        if not set(test.plan.learned) <= set(forecast.horizons):
            continue
        losses = [model.loss(test.rows.outcomes, test.plan, answer) for answer in (forecast, test.forecasts[tier])]
        pairs.append(np.column_stack(losses))
        customers.append(test.rows.customer)
    if not pairs:
        return None
    values, customer = np.concatenate(pairs), np.concatenate(customers)
    observed = ~np.isnan(values).any(axis=1)
    _, code = np.unique(customer[observed], return_inverse=True)
    count = np.bincount(code)
    first, second = (np.bincount(code, weights=values[observed, side]) / count for side in (0, 1))
    return first, second
