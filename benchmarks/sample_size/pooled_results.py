"""The answers of many draws taken together: is the ladder calibrated at every size, does its error fall with size?"""

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
    """What one rung said in one draw of the customers asked about, and what they then did, (n,) each."""

    stays_away: Floats
    stayed: Floats
    expected_orders: Floats
    orders: Floats
    mean: Floats
    low: Floats
    high: Floats
    spend: Floats
    losses: Mapping[str, float]  # question -> mean proper loss


@dataclass(frozen=True, kw_only=True)
class PooledResult:
    """One rung at one size, over all draws."""

    log: str
    size: int
    tier: str
    draws: int
    answering_tiers: Mapping[str, Mapping[str, int]]  # question -> rung that the gate let answer -> draws
    figures: Mapping[str, float]
    errors: Mapping[str, Floats]  # question -> mean loss of each draw, (draws,)

    @property
    def calibration_faults(self) -> list[str]:
        """What is not calibrated in the pool."""
        found = self.figures
        totals = ("buyers", "orders", "spend")
        far = [f"{name} {found[name]:.2f} of the actual" for name in totals if _is_far_off(found[name])]
        ece = [f"ECE {found['ECE']:.3f}"] if found["ECE"] > MAX_ECE else []
        held = [f"coverage {found['coverage']:.2f}"] if found["coverage"] < MIN_COVERAGE else []
        return [*ece, *far, *held]


def draw_answers(draw: DrawResult) -> dict[str, DrawAnswers]:
    """Every rung's answers of a draw, at the longest horizon that it learned."""
    return {name: _tier_answers(draw, name) for name in draw.forecasts}


def pool_draws(
    log: str, size: int, tiers: Sequence[Mapping[str, str]], parts: Sequence[Mapping[str, DrawAnswers]]
) -> list[PooledResult]:
    """One entry per rung, for draws of one size."""
    answered = {question: Counter(one[question] for one in tiers) for question in MODELS}
    names = dict.fromkeys(name for part in parts for name in part)
    return [_pool_tier(log, size, name, answered, [part[name] for part in parts if name in part]) for name in names]


def _tier_answers(draw: DrawResult, name: str) -> DrawAnswers:
    forecast, outcomes, plan = draw.forecasts[name], draw.test.outcomes, draw.plan
    days, spend = plan.learned[-1], forecast.spend
    if spend is None:
        raise ValueError("The log has no amounts: the ladder is measured on spend as well.")
    at = forecast.horizons.index(days)
    losses = {one: float(np.nanmean(model.loss(outcomes, plan, forecast))) for one, model in MODELS.items()}
    return DrawAnswers(
        stays_away=1 - forecast.order_probability(plan.evaluated_churn_days),
        stayed=churn_label(outcomes, plan.evaluated_churn_days),
        expected_orders=forecast.expected_orders[:, at],
        orders=outcomes.orders_within(days),
        mean=spend.mean[:, at],
        low=spend.p10[:, at],
        high=spend.p90[:, at],
        spend=outcomes.spend_within(days),
        losses=losses,
    )


def _pool_tier(
    log: str, size: int, tier: str, answering_tiers: Mapping[str, Mapping[str, int]], parts: Sequence[DrawAnswers]
) -> PooledResult:
    whole = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in DrawAnswers.__dataclass_fields__
        if name != "losses"
    }
    figures = {
        "AUC": _mean([metrics.auc(part.stays_away, part.stayed) for part in parts]),
        "ECE": metrics.ece(whole["stays_away"], whole["stayed"]),
        "buyers": _ratio(1 - whole["stays_away"], 1 - whole["stayed"]),
        "orders": _ratio(whole["expected_orders"], whole["orders"]),
        "spend": _ratio(whole["mean"], whole["spend"]),
        "Gini": _mean([metrics.normalised_gini(part.mean, part.spend) for part in parts]),
        "decile MAPE": metrics.decile_mape(whole["mean"], whole["spend"]),
        "RMSE": _mean([metrics.rmse(part.mean, part.spend) for part in parts]),
        "coverage": metrics.coverage(whole["low"], whole["high"], whole["spend"]),
        "width": float(np.median(whole["high"] - whole["low"])),
        "mean width": float(np.mean(whole["high"] - whole["low"])),
    }
    errors = {question: np.array([part.losses[question] for part in parts]) for question in MODELS}
    return PooledResult(
        log=log, size=size, tier=tier, draws=len(parts), answering_tiers=answering_tiers, figures=figures, errors=errors
    )


def error_trend(small: Floats, large: Floats) -> str:
    """Whether the mean loss falls from small draws to large ones of the same number: 95 % interval, paired."""
    count = min(len(small), len(large))
    gain = small[:count] - large[:count]
    if count < 2:
        return "one draw"
    reach = 1.96 * float(gain.std(ddof=1)) / np.sqrt(count)
    return "falls" if gain.mean() > reach else "rises" if gain.mean() < -reach else "no difference"


def _is_far_off(ratio: float) -> bool:
    return abs(ratio - 1) > MAX_TOTAL_ERROR


def _ratio(predicted: Floats, actual: Floats) -> float:
    return float(predicted.sum() / actual.sum()) if actual.sum() else float("nan")


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values))
