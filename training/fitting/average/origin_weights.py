"""Origin weights: the weights of the members of P(order), learned also from how each fared at the test origins.

Customers left out show how a member does among its contemporaries; only a test origin shows how it carries over to
customers who are older than any that taught, as in a log with one cohort. For expected orders the origins did not help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from features.arrays import Floats
from training.fitting.average.fit import FittedAverage
from training.fitting.average.stacking import fit_weights
from training.inference.average.average_tier import AverageTier
from training.members import MEMBERS


@dataclass(frozen=True)
class OriginScores:
    """Origin scores: log-odds of an order by each member fitted before an origin, and the outcomes after it."""

    member_scores: Floats  # (n, members)
    outcome: Floats  # (n,) 0 or 1

    @classmethod
    def of_tier(cls, tier: AverageTier, inputs: Floats, outcome: Floats) -> OriginScores:
        """Score the customers of an origin, inputs (n, names), by the members of the tier fitted before it."""
        question = tier.questions(inputs)[tier.position(tier.churn.days)]
        return cls(tier.churn.member_scores(question), outcome)


def with_origin_weights(average: FittedAverage, origins: Sequence[OriginScores]) -> FittedAverage:
    """The average with weights of P(order) that minimise the loss of customers left out and that at the origins."""
    churn = average.churn
    if not origins:
        return average
    weights, intercept = fit_weights(
        churn.target,
        churn.member_scores,
        churn.outcome,
        churn.weight,
        [(origin.member_scores, origin.outcome) for origin in origins],
    )
    by_member = dict(zip(MEMBERS, weights.tolist(), strict=True))
    averaged = replace(churn.averaged, weights=by_member, intercept=intercept)
    return replace(
        average,
        tier=replace(average.tier, churn=averaged, curve=average.tier.curve.with_spread(float(weights.sum()))),
        churn=replace(churn, averaged=averaged, scores=churn.member_scores @ weights + intercept),
    )
