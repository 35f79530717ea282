"""Quality gate: a tier answers a model if its back-test is calibrated and not worse than every simpler tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.evaluation.backtest import Backtest
from training.evaluation.level_adjusted import match_totals
from training.inference.forecast import TIERS
from training.metrics import difference_interval
from training.model import Model

NOISE_FACTOR = 2.0


@dataclass(frozen=True)
class GateDecision:
    """The decision on one tier of one model, and its reason."""

    model: str
    tier: str
    against: str  # the simpler tier of the comparison; empty for the last one
    gain: float  # mean loss of the simpler tier less its own, per customer, over all origins
    low: float  # 95 % interval of the gain
    high: float
    calibration: float
    passed: bool
    reason: str


def evaluate_gate(
    tests: Sequence[Backtest], model: Model, tiers: Sequence[str], champion: str | None
) -> list[GateDecision]:
    """One decision per tier, highest first, down to the first that passes.

    Args:
        tests: back-tests with forecasts of every tier.
        model: the model that is answered.
        tiers: the tiers to consider, highest first; the last always passes, so that there is an answer.
        champion: the tier that answers today; on newer data the same tier need only be no worse.
    """
    decisions = []
    for position, tier in enumerate(tiers):
        # Trees must be surely better; the tiers below them answer otherwise.
        need_only_be_no_worse = tier != "ml" or tier == champion
        decisions.append(_evaluate_tier(tests, model, tier, tiers[position + 1 :], no_worse=need_only_be_no_worse))
        if decisions[-1].passed:
            break
    if decisions[-1].against or not _is_miscalibrated(tests, model, decisions[-1].tier):
        return decisions
    return [*decisions, *_best_uncalibrated_tier(tests, model, tiers)]


def _best_uncalibrated_tier(tests: Sequence[Backtest], model: Model, tiers: Sequence[str]) -> list[GateDecision]:
    """Fallback where no tier is calibrated: the simple tier with a significantly lower loss than the last tier.

    In an unusual season the totals of every tier are wrong, and the loss would mostly measure this error. The
    ranking of customers can still be compared, so the losses are computed with all totals scaled to the actual ones.
    """
    adjusted, last = [match_totals(test) for test in tests], tiers[-1]
    gains = {
        tier: difference_interval(*_mean_losses(adjusted, model, last, tier))
        for tier in tiers[:-1]
        if tier not in {"ml", last}
    }
    significant_gains = {tier: gain for tier, gain in gains.items() if gain[1] > 0}
    if not significant_gains:
        return []
    tier = max(significant_gains, key=lambda name: significant_gains[name][0])
    calibration_error, _ = _calibration_error(tests, model, tier)
    reason = f"of all tiers none is calibrated; with totals as they came surely better than {last}"
    return [
        GateDecision(model.name, tier, last, *significant_gains[tier], calibration_error, passed=True, reason=reason)
    ]


def regressions(tiers: Mapping[str, str], champion: Mapping[str, str]) -> list[str]:
    """The models that a release would answer from a lower tier than the champion does."""
    return [
        name for name, tier in tiers.items() if name in champion and TIERS.index(tier) > TIERS.index(champion[name])
    ]


def _evaluate_tier(
    tests: Sequence[Backtest], model: Model, tier: str, simpler: Sequence[str], *, no_worse: bool
) -> GateDecision:
    if not simpler:
        return _untested_decision(model, tier, "", "the last tier: there is always an answer", passed=True)
    if not tests:
        reason = "no window after an origin is over yet, so nothing could be tested"
        return _untested_decision(model, tier, simpler[0], reason, passed=False)
    gains = {other: difference_interval(*_mean_losses(tests, model, other, tier)) for other in simpler}
    against = min(gains, key=lambda other: gains[other][2 if no_worse else 1])
    gain, low, high = gains[against]
    calibration_error, allowed = _calibration_error(tests, model, tier)
    better = high >= 0 if no_worse else low > 0
    if calibrated := calibration_error <= allowed:
        reason = _comparison_reason(against, better=better, no_worse=no_worse)
    else:
        reason = (
            f"not calibrated: {model.calibration.metric} is {calibration_error:.3f}, at most {allowed:.3f} is allowed"
        )
    return GateDecision(model.name, tier, against, gain, low, high, calibration_error, better and calibrated, reason)


def _untested_decision(model: Model, tier: str, against: str, reason: str, *, passed: bool) -> GateDecision:
    return GateDecision(model.name, tier, against, 0.0, 0.0, 0.0, float("nan"), passed, reason)


def _mean_losses(tests: Sequence[Backtest], model: Model, worse: str, better: str) -> tuple[Floats, Floats]:
    """Mean loss per customer over the origins, of both tiers; customers are the unit of the bootstrap."""
    pairs, customers = [], []
    for test in tests:
        losses = [model.loss(test.rows.outcomes, test.plan, test.forecasts[tier]) for tier in (worse, better)]
        pairs.append(np.column_stack(losses))
        customers.append(test.rows.customer)
    values, customer = np.concatenate(pairs), np.concatenate(customers)
    observed = ~np.isnan(values).any(axis=1)
    _, code = np.unique(customer[observed], return_inverse=True)
    count = np.bincount(code)
    first, second = (np.bincount(code, weights=values[observed, side]) / count for side in (0, 1))
    return first, second


def _is_miscalibrated(tests: Sequence[Backtest], model: Model, tier: str) -> bool:
    calibration_error, allowed = _calibration_error(tests, model, tier) if tests else (0.0, 0.0)
    return not calibration_error <= allowed


def _calibration_error(tests: Sequence[Backtest], model: Model, tier: str) -> tuple[float, float]:
    metric, allowed = model.calibration.metric, model.calibration.limit
    errors, sizes = [], []
    for test in tests:
        measured = model.metrics(test.rows.outcomes, test.plan, test.forecasts[tier])
        # Without an order after an origin the bias is NaN.
        if not np.isnan(measured[metric]):
            errors.append(abs(measured[metric]))
            sizes.append(len(test.rows))
    if not errors:
        return float("nan"), allowed
    noise = NOISE_FACTOR * 0.5 / np.sqrt(max(float(np.mean(sizes)) / 10, 1.0)) * 0.8
    return float(np.median(errors)), max(allowed, noise)


def _comparison_reason(against: str, *, better: bool, no_worse: bool) -> str:
    if no_worse:
        return f"calibrated, and {'no worse' if better else 'worse'} than {against} (95 % interval)"
    return f"{'better' if better else 'not surely better'} than {against}, and calibrated (95 % interval)"
