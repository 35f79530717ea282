"""Back-tested totals: actual over predicted totals at each test origin, from which intervals of totals are made.

Errors of customers are correlated: a warm autumn, a strike or a sale moves all of them, so that the error of a total
hardly shrinks with their number. Only the past shows how strong the correlation is: the totals after each test origin,
over those predicted at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Booleans, Floats
from training.evaluation.backtest import Backtest
from training.models import MODELS
from training.total_range import (
    MAX_ORIGINS,
    RangePrior,
    TotalRange,
    independent_origins,
    is_same_horizon,
    nearest_horizon,
)

GROUP_COUNT = 5  # customers by what was predicted of them, as many in each


@dataclass(frozen=True)
class TotalError:
    """Error of one total; None where the predicted or the actual total is zero."""

    log_ratio: float | None  # log of the actual over the predicted total
    noise: float | None  # standard deviation of the part that the chance of single customers explains


@dataclass(frozen=True)
class OriginErrors:
    """Errors of one total at one test origin."""

    origin: str
    customers: int
    all_customers: TotalError
    groups: tuple[TotalError, ...]  # ascending by prediction


@dataclass(frozen=True)
class TotalErrors:
    """The errors of one total over one horizon, newest origin first."""

    measure: str  # buyers, orders or spend
    horizon_days: int
    edges: tuple[float, ...]  # predictions that separate the groups, at the newest origin
    dispersion: float  # variance of single customers' outcomes over ``PredictedOutcomes.variance``
    origins: tuple[OriginErrors, ...]

    def log_ratios(self) -> dict[date, float]:
        """Logs of actual over predicted totals of all customers at the newest origins that have both."""
        ratios = {date.fromisoformat(errors.origin): errors.all_customers.log_ratio for errors in self.origins}
        known = [(origin, ratio) for origin, ratio in ratios.items() if ratio is not None]
        return dict(known[:MAX_ORIGINS])

    def summary_line(self) -> str:
        """Summary in Markdown: actual over predicted total at each origin."""
        ratios = [(errors.origin, errors.all_customers.log_ratio) for errors in self.origins]
        listed = ", ".join(f"{np.expm1(ratio):+.1%} ({origin})" for origin, ratio in ratios if ratio is not None)
        return (
            f"- Total {self.measure} within {self.horizon_days} days, actual over predicted: {listed or 'none came'}."
        )


@dataclass(frozen=True)
class PredictedOutcomes:
    """Predictions for n customers at one origin, and their outcomes."""

    origin: date
    mean: Floats  # (n,)
    variance: Floats  # (n,) of the outcomes around the mean, but for the dispersion
    actual: Floats  # (n,)
    dispersion: float | None = None  # None: estimated from the outcomes


def backtest_totals(tests: Sequence[Backtest], model: str, tier: str) -> list[TotalErrors]:
    """Errors of the totals that a model's page declares, as answered from a tier; empty without tests."""
    by_total: dict[tuple[str, int], list[PredictedOutcomes]] = {}
    for test in tests:
        for total in MODELS[model].totals(test.rows.outcomes, test.plan, test.forecasts[tier]):
            if not np.isnan(total.actual).any():
                predicted = PredictedOutcomes(test.origin, total.mean, total.variance, total.actual, total.dispersion)
                by_total.setdefault((total.measure, total.horizon_days), []).append(predicted)
    return [total_errors(measure, days, predicted) for (measure, days), predicted in sorted(by_total.items())]


def total_errors(measure: str, horizon_days: int, predicted: Sequence[PredictedOutcomes]) -> TotalErrors:
    """Errors of one total, by origin, newest first, for all customers and for five groups by prediction."""
    dispersion = float(np.mean([_estimate_dispersion(part) for part in predicted]))
    return TotalErrors(
        measure=measure,
        horizon_days=horizon_days,
        edges=tuple(_group_edges(predicted[0].mean)),
        dispersion=dispersion,
        origins=tuple(_origin_errors(part, dispersion) for part in predicted),
    )


def total_ranges(totals: Sequence[TotalErrors], horizons: Sequence[int], span_days: int) -> list[TotalRange]:
    """80 % range of each total within each horizon, from its errors at the newest origins.

    Args:
        totals: the back-tested totals of one model; without any, there is one range per horizon for every total.
        horizons: the horizons that the model answers for, in days.
        span_days: days of log.
    """
    measures: list[str | None] = [*sorted({errors.measure for errors in totals})]
    return [
        _total_range(totals, measure, days, span_days) for measure in measures or [None] for days in sorted(horizons)
    ]


def _total_range(totals: Sequence[TotalErrors], measure: str | None, days: int, span_days: int) -> TotalRange:
    by_horizon = {errors.horizon_days: errors for errors in totals if errors.measure == measure and errors.log_ratios()}
    tested_days = nearest_horizon(by_horizon, days)
    ratios = {} if tested_days is None else by_horizon[tested_days].log_ratios()
    prior = RangePrior.for_log(span_days, days, is_tested=is_same_horizon(tested_days, days))
    return TotalRange(
        measure=measure,
        horizon_days=days,
        span_days=span_days,
        tested_days=tested_days,
        origins=len(ratios),
        log_scale=prior.log_scale(list(ratios.values()), independent_origins(list(ratios), tested_days or days)),
    )


def totals_json(totals: Sequence[TotalErrors]) -> list[dict[str, Any]]:
    """The errors of totals as plain JSON."""
    return [asdict(errors) for errors in totals]


def _origin_errors(predicted: PredictedOutcomes, dispersion: float) -> OriginErrors:
    group = np.searchsorted(_group_edges(predicted.mean), predicted.mean, "right")
    groups = tuple(_total_error(predicted, dispersion, group == index) for index in range(GROUP_COUNT))
    return OriginErrors(
        str(predicted.origin),
        len(predicted.mean),
        _total_error(predicted, dispersion, np.ones(len(predicted.mean), np.bool_)),
        groups,
    )


def _total_error(predicted: PredictedOutcomes, dispersion: float, mask: Booleans) -> TotalError:
    mean, actual = float(predicted.mean[mask].sum()), float(predicted.actual[mask].sum())
    if mean <= 0 or actual <= 0:
        return TotalError(None, None)
    noise = np.sqrt(dispersion * float(predicted.variance[mask].sum())) / mean
    return TotalError(round(float(np.log(actual / mean)), 6), round(float(noise), 6))


def _group_edges(mean: Floats) -> list[float]:
    return [float(edge) for edge in np.quantile(mean, np.arange(1, GROUP_COUNT) / GROUP_COUNT)]


def _estimate_dispersion(predicted: PredictedOutcomes) -> float:
    """Dispersion: the given one, else Pearson's estimate (McCullagh & Nelder 1989, section 4.5)."""
    if predicted.dispersion is not None:
        return predicted.dispersion
    variance = float(predicted.variance.sum())
    return float(((predicted.actual - predicted.mean) ** 2).sum()) / variance if variance > 0 else 1.0
