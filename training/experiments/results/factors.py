"""Factors of spend: orders per customer and spend per order, whose product is spend per customer.

Spend per order is that of customers who ordered, who differ between the arms: it describes, and the effect is that on
spend per customer.
"""

from __future__ import annotations

from training.experiments.estimators.arm_estimates import ArmEstimates
from training.experiments.estimators.estimation import estimate_metric, estimate_ratio
from training.experiments.record.experiment import Experiment
from training.experiments.result_schema import FactorResult
from training.experiments.results.arms import ArmComparison, effect_estimate

SELECTED = "of customers who ordered, who may differ between the arms"


def orders_label(within_days: int) -> str:
    """The label of the number of orders in the window of spend."""
    return f"orders_{within_days}d"


def spend_factors(experiment: Experiment, comparison: ArmComparison, bound: float) -> list[FactorResult]:
    """The factors of each arm's spend; none for another outcome, or where orders are not counted."""
    days = experiment.outcome.within_days
    orders = orders_label(days)
    if experiment.outcome.kind != "spend" or orders not in comparison.units.values:
        return []
    number = estimate_metric(comparison.units, orders)
    basket = estimate_ratio(comparison.units, comparison.label, orders)
    factors = []
    for arm in comparison.compared_arms:
        for metric, estimates, note in ((orders, number, ""), (f"spend_per_order_{days}d", basket, SELECTED)):
            factors.append(_factor(comparison, estimates, arm, bound, (metric, note)))
    return factors


def _factor(
    comparison: ArmComparison, estimates: ArmEstimates, arm: int, bound: float, names: tuple[str, str]
) -> FactorResult:
    control_mean = float(estimates.means[comparison.control])
    effect = effect_estimate(estimates.difference(arm, comparison.control), bound, control_mean, estimates.method)
    return FactorResult(
        metric=names[0], arm=comparison.units.arms[arm], control_mean=control_mean, effect=effect, note=names[1]
    )
