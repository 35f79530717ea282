"""Power: the smallest detectable effect of an experiment, in closed form and with the standard library alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Baseline: what is known of a metric before the experiment, over its window, for each customer."""

    mean: float  # of order: the base rate
    variance: float  # over customers
    variance_left: float = 1.0  # the share that an adjustment by covariates leaves

    @classmethod
    def of_rate(cls, rate: float, variance_left: float = 1.0) -> Baseline:
        """The baseline of a yes or no with this base rate."""
        return cls(mean=rate, variance=rate * (1 - rate), variance_left=variance_left)


def smallest_effect(
    customers: int,
    shares: Sequence[float],
    control: int,
    baseline: Baseline,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
) -> float:
    """The smallest detectable difference from control, in units of the metric, in every arm with probability ``power``.

    Two-sided at ``alpha``, divided among the arms that are compared with control (Bonferroni, which Holm's procedure
    begins with). The smallest arm decides. Cohen, "Statistical Power Analysis", 1988, chapter 2.

    Args:
        customers: matured customers in all arms together.
        shares: (arms,) of the customers; of an adaptive allocation its floor, which is what an arm gets at least.
        control: the position of the control arm.
        baseline: mean and variance of the metric.
        alpha: two-sided error of the first kind, for all arms together.
        power: the probability of finding an effect of that size in one arm.

    Raises:
        ValueError: no customers, or no arm beside control.
    """
    others = [share for position, share in enumerate(shares) if position != control]
    if customers < 1 or not others:
        raise ValueError(
            f"found {customers} customers and {len(others)} arms beside control; expected at least one of each"
        )
    normal = NormalDist()
    quantiles = normal.inv_cdf(1 - alpha / 2 / len(others)) + normal.inv_cdf(power)
    per_customer = 1 / shares[control] + 1 / min(others)
    return quantiles * sqrt(baseline.variance * baseline.variance_left * per_customer / customers)
