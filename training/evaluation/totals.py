"""How far off were totals, origin by origin? On this rests what may be said of the total over many customers.

Customers err together: a warm autumn, a strike or a sale moves all of them, so that the error of a total hardly shrinks
with their number. How much they err together only the past can tell, by the totals that came after each test origin
over those that had been predicted at it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Outcomes
from training.evaluation.backtest import Backtest
from training.inference.forecast import Forecast
from training.models.next_purchase import judged_days

GROUPS = 5  # customers by what was predicted of them, as many in each


@dataclass(frozen=True)
class Error:
    """By how much one total was off; None where nothing was predicted, or nothing came."""

    log_ratio: float | None  # log of the actual over the predicted total
    noise: float | None  # the part of it that single customers' chance explains: a standard deviation


@dataclass(frozen=True)
class Origin:
    """What came after one test origin, over what had been predicted."""

    origin: str
    customers: int
    everybody: Error
    groups: tuple[Error, ...]  # ascending by prediction


@dataclass(frozen=True)
class Totals:
    """The errors of one total over one horizon, newest origin first."""

    measure: str  # buyers, orders or spend
    horizon_days: int
    edges: tuple[float, ...]  # predictions that part the groups, at the newest origin
    dispersion: float  # variance of single customers' outcomes over ``Predicted.variance``
    origins: tuple[Origin, ...]

    def line(self) -> str:
        """A sentence for the model card."""
        found = [(one.origin, one.everybody.log_ratio) for one in self.origins]
        said = ", ".join(f"{np.expm1(ratio):+.1%} ({origin})" for origin, ratio in found if ratio is not None)
        return f"- Total {self.measure} within {self.horizon_days} days, actual over predicted: {said or 'none came'}."


@dataclass(frozen=True)
class Predicted:
    """What was predicted of n customers, and what came."""

    origin: date
    mean: Floats  # (n,)
    variance: Floats  # (n,) by which outcomes spread around it, but for the dispersion
    actual: Floats  # (n,)
    dispersion: float | None = None  # known, or to be estimated


def totals_of(tests: Sequence[Backtest], question: str, tier: str) -> list[Totals]:
    """The errors of the totals that a question answers, as answered from a rung; none where nothing was tested."""
    measured = {"churn": _judged_churn, "next_purchase": _days, "ltv": _learned}[question]
    found: dict[tuple[str, int], list[Predicted]] = {}
    for test in tests:
        for measure, days in measured(test):
            of = _OF[measure](test.forecasts[tier], test.test.outcomes, days, test.origin)
            if not np.isnan(of.actual).any():
                found.setdefault((measure, days), []).append(of)
    return [totals(measure, days, predicted) for (measure, days), predicted in sorted(found.items())]


def totals(measure: str, horizon_days: int, predicted: Sequence[Predicted]) -> Totals:
    """The errors of one total, by origin, newest first, for everybody and for five groups by prediction."""
    spreads = [_dispersion(one) for one in predicted]
    dispersion = float(np.mean(spreads))
    return Totals(
        measure=measure,
        horizon_days=horizon_days,
        edges=tuple(_edges(predicted[0].mean)),
        dispersion=dispersion,
        origins=tuple(_origin(one, dispersion) for one in predicted),
    )


def totals_json(found: Sequence[Totals]) -> list[dict[str, Any]]:
    """The same as plain JSON."""
    return [asdict(one) for one in found]


def _origin(one: Predicted, dispersion: float) -> Origin:
    group = np.searchsorted(_edges(one.mean), one.mean, "right")
    groups = tuple(_error(one, dispersion, group == at) for at in range(GROUPS))
    return Origin(str(one.origin), len(one.mean), _error(one, dispersion, np.ones(len(one.mean), np.bool_)), groups)


def _error(one: Predicted, dispersion: float, who: Booleans) -> Error:
    mean, actual = float(one.mean[who].sum()), float(one.actual[who].sum())
    if mean <= 0 or actual <= 0:
        return Error(None, None)
    noise = np.sqrt(dispersion * float(one.variance[who].sum())) / mean
    return Error(round(float(np.log(actual / mean)), 6), round(float(noise), 6))


def _edges(mean: Floats) -> list[float]:
    return [float(edge) for edge in np.quantile(mean, np.arange(1, GROUPS) / GROUPS)]


def _dispersion(one: Predicted) -> float:
    """Pearson's estimate (McCullagh & Nelder 1989, section 4.5)."""
    if one.dispersion is not None:
        return one.dispersion
    variance = float(one.variance.sum())
    return float(((one.actual - one.mean) ** 2).sum()) / variance if variance > 0 else 1.0


def _judged_churn(test: Backtest) -> list[tuple[str, int]]:
    return [("buyers", test.plan.judged_churn_days)]


def _days(test: Backtest) -> list[tuple[str, int]]:
    return [("buyers", days) for days in sorted({*judged_days(test.test.outcomes), *test.plan.learned})]


def _learned(test: Backtest) -> list[tuple[str, int]]:
    return [("spend" if test.plan.has_amounts else "orders", days) for days in test.plan.learned]


def _buyers(forecast: Forecast, outcomes: Outcomes, days: int, origin: date) -> Predicted:
    within = forecast.within(days)
    return Predicted(origin, within, within * (1 - within), outcomes.ordered_within(days), dispersion=1.0)


def _orders(forecast: Forecast, outcomes: Outcomes, days: int, origin: date) -> Predicted:
    expected = forecast.expected_orders[:, forecast.horizons.index(days)]
    return Predicted(origin, expected, expected, outcomes.orders_within(days))


def _spend(forecast: Forecast, outcomes: Outcomes, days: int, origin: date) -> Predicted:
    """Spend as a sum of orders that are alike in worth spreads by the square of its mean over their number."""
    column = forecast.horizons.index(days)
    mean = np.zeros(len(forecast)) if forecast.spend is None else forecast.spend.mean[:, column]
    variance = mean**2 / np.maximum(forecast.expected_orders[:, column], 1e-9)
    return Predicted(origin, mean, variance, outcomes.spend_within(days))


_OF: dict[str, Callable[[Forecast, Outcomes, int, date], Predicted]] = {
    "buyers": _buyers,
    "orders": _orders,
    "spend": _spend,
}
