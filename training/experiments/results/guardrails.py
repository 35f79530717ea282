"""Guardrails: what an arm must not make worse, as non-inferiority against control or as a largest rate.

Non-inferiority: the arm less the largest loss allowed of control's mean has an interval above 0. Of orders and spend
less is worse; of a named event, such as unsubscribing, more is. All guardrails must be kept, so none is adjusted for
the number of them (intersection-union test, Berger 1982).
"""

from __future__ import annotations

from scipy.stats import beta, norm

from training.experiments.estimators.arm_estimates import ArmEstimates
from training.experiments.estimators.estimation import estimate_metric, is_mature_for
from training.experiments.record.experiment import Guardrail
from training.experiments.refusal import MIN_UNITS, Refusal
from training.experiments.result_schema import GuardrailResult, RefusalRecord
from training.experiments.results.refusals import refuse_arm
from training.experiments.units import Units

BOUND = float(norm.ppf(0.975))


def check_guardrail(guardrail: Guardrail, units: Units) -> list[GuardrailResult]:
    """The state of a guardrail in every arm but control."""
    arms = [position for position in range(len(units.arms)) if position != units.control]
    results = []
    if guardrail.not_worse_by is not None:
        estimates = estimate_metric(units, guardrail.label)
        results += [_non_inferiority(guardrail, units, estimates, arm) for arm in arms]
    if guardrail.at_most is not None:
        results += [_largest_rate(guardrail, units, arm) for arm in arms]
    return results


def _non_inferiority(guardrail: Guardrail, units: Units, estimates: ArmEstimates, arm: int) -> GuardrailResult:
    margin, control = guardrail.not_worse_by or 0.0, units.control
    limit = f"not worse than control by {margin:.3g} of it"
    refusal = refuse_arm(units, guardrail.label, arm, few_conversions=False)
    if refusal is not None or control is None:
        return _refuse(guardrail, units.arms[arm], limit, refusal)
    sign = -1.0 if guardrail.kind == "event" else 1.0
    effect = estimates.difference(arm, control, 1.0 - sign * margin)
    low, high = effect.interval(BOUND)
    is_kept, is_broken = (low > 0, high < 0) if sign > 0 else (high < 0, low > 0)
    return GuardrailResult(
        metric=guardrail.label,
        arm=units.arms[arm],
        limit=limit,
        status="kept" if is_kept else "broken" if is_broken else "unclear",
        value=effect.value,
        low=low,
        high=high,
    )


def _largest_rate(guardrail: Guardrail, units: Units, arm: int) -> GuardrailResult:
    """The rate of an arm against its limit, with the exact interval of Clopper and Pearson (1934)."""
    ceiling = guardrail.at_most or 0.0
    limit = f"at most {ceiling:.3g}"
    values = units.values[guardrail.label][is_mature_for(units, guardrail.label) & (units.arm == arm)]
    count, happened = len(values), int((values > 0).sum())
    if count < MIN_UNITS:
        detail = (
            f"Found {count:,} matured customers in the arm {units.arms[arm]}; expected {MIN_UNITS}. "
            f"Missing: {MIN_UNITS - count}."
        )
        return _refuse(guardrail, units.arms[arm], limit, Refusal("too_few", detail))
    low = float(beta.ppf(0.025, happened, count - happened + 1)) if happened else 0.0
    high = float(beta.ppf(0.975, happened + 1, count - happened)) if happened < count else 1.0
    return GuardrailResult(
        metric=guardrail.label,
        arm=units.arms[arm],
        limit=limit,
        status="kept" if high <= ceiling else "broken" if low > ceiling else "unclear",
        value=happened / count,
        low=low,
        high=high,
    )


def _refuse(guardrail: Guardrail, arm: str, limit: str, refusal: Refusal | None) -> GuardrailResult:
    record = RefusalRecord.of(refusal) if refusal else None
    return GuardrailResult(metric=guardrail.label, arm=arm, limit=limit, refusal=record)
