"""Pooled results: calibration and error at each sample size, over all draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.sample_size.subsamples import DrawResult
from features.arrays import Floats
from training import metrics
from training.models import MODELS
from training.models.churn import churn_label

ERRORS = {"churn": "Brier", "next_purchase": "integrated Brier", "ltv": "spend deviance"}
MAX_ECE, MAX_TOTAL_ERROR, MIN_COVERAGE = 0.03, 0.15, 0.78


@dataclass(frozen=True, kw_only=True)
class DrawAnswers:
    """Predictions of one tier in one draw, and the outcomes of the same test customers, (n,) each."""

    stays_away: Floats  # predicted P(no order)
    stayed_away: Floats  # outcome, 0 or 1
    expected_orders: Floats
    orders: Floats
    mean: Floats
    low: Floats
    high: Floats
    spend: Floats
    losses: Mapping[str, float]  # model -> mean proper loss


@dataclass(frozen=True, kw_only=True)
class PooledResult:
    """Figures of one tier at one sample size, over all draws."""

    log: str
    size: int
    tier: str
    draws: int
    answering_tiers: Mapping[str, int]  # tier -> draws in which it answers
    figures: Mapping[str, float]
    errors: Mapping[str, Floats]  # model -> mean loss of each draw, (draws,)

    @property
    def calibration_faults(self) -> list[str]:
        """Calibration figures of all draws together that miss their limit, as text."""
        figures = self.figures
        totals = ("buyers", "orders", "spend")
        far = [f"{name} {figures[name]:.2f} of the actual" for name in totals if _is_far_off(figures[name])]
        ece = [f"ECE {figures['ECE']:.3f}"] if figures["ECE"] > MAX_ECE else []
        coverage = [f"coverage {figures['coverage']:.2f}"] if figures["coverage"] < MIN_COVERAGE else []
        return [*ece, *far, *coverage]


def draw_answers(draw: DrawResult) -> dict[str, DrawAnswers]:
    """Return every tier's predictions of a draw, at the longest learned horizon."""
    return {name: _tier_answers(draw, name) for name in draw.forecasts}


def pool_draws(
    log: str, size: int, tiers: Sequence[str], parts: Sequence[Mapping[str, DrawAnswers]]
) -> list[PooledResult]:
    """Pool the draws of one size, in each of which one tier answers; one result per tier."""
    names = dict.fromkeys(name for part in parts for name in part)
    return [
        _pool_tier(log, size, name, Counter(tiers), [part[name] for part in parts if name in part]) for name in names
    ]


def _tier_answers(draw: DrawResult, name: str) -> DrawAnswers:
    forecast, outcomes, plan = draw.forecasts[name], draw.test.outcomes, draw.plan
    days, spend = plan.learned[-1], forecast.spend
    if spend is None:
        raise ValueError("Found no amounts in the log. Expected them: the benchmark measures spend as well.")
    index = forecast.horizons.index(days)
    losses = {question: float(np.nanmean(model.loss(outcomes, plan, forecast))) for question, model in MODELS.items()}
    return DrawAnswers(
        stays_away=1 - forecast.order_probability(plan.evaluated_churn_days),
        stayed_away=churn_label(outcomes, plan.evaluated_churn_days),
        expected_orders=forecast.expected_orders[:, index],
        orders=outcomes.orders_within(days),
        mean=spend.mean[:, index],
        low=spend.p10[:, index],
        high=spend.p90[:, index],
        spend=outcomes.spend_within(days),
        losses=losses,
    )


def _pool_tier(
    log: str, size: int, tier: str, answering_tiers: Mapping[str, int], parts: Sequence[DrawAnswers]
) -> PooledResult:
    pooled = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in DrawAnswers.__dataclass_fields__
        if name != "losses"
    }
    figures = {
        "AUC": _mean([metrics.auc(part.stays_away, part.stayed_away) for part in parts]),
        "ECE": metrics.ece(pooled["stays_away"], pooled["stayed_away"]),
        "buyers": _ratio(1 - pooled["stays_away"], 1 - pooled["stayed_away"]),
        "orders": _ratio(pooled["expected_orders"], pooled["orders"]),
        "spend": _ratio(pooled["mean"], pooled["spend"]),
        "Gini": _mean([metrics.normalised_gini(part.mean, part.spend) for part in parts]),
        "decile MAPE": metrics.decile_mape(pooled["mean"], pooled["spend"]),
        "RMSE": _mean([metrics.rmse(part.mean, part.spend) for part in parts]),
        "coverage": metrics.coverage(pooled["low"], pooled["high"], pooled["spend"]),
        "width": float(np.median(pooled["high"] - pooled["low"])),
        "mean width": float(np.mean(pooled["high"] - pooled["low"])),
    }
    errors = {question: np.array([part.losses[question] for part in parts]) for question in MODELS}
    return PooledResult(
        log=log, size=size, tier=tier, draws=len(parts), answering_tiers=answering_tiers, figures=figures, errors=errors
    )


def error_trend(small: Floats, large: Floats) -> str:
    """Describe whether the mean loss falls from small to large draws, by a paired 95 % interval."""
    count = min(len(small), len(large))
    gain = small[:count] - large[:count]
    if count < 2:
        return "one draw"
    half_width = 1.96 * float(gain.std(ddof=1)) / np.sqrt(count)
    return "falls" if gain.mean() > half_width else "rises" if gain.mean() < -half_width else "no difference"


def _is_far_off(ratio: float) -> bool:
    return abs(ratio - 1) > MAX_TOTAL_ERROR


def _ratio(predicted: Floats, actual: Floats) -> float:
    return float(predicted.sum() / actual.sum()) if actual.sum() else float("nan")


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values))
