"""Off-policy value: what another way to choose arms would have brought, from the customers of an experiment.

The doubly robust estimator: the forecast of the policy's outcome, corrected by what the forecast missed for customers
who drew what the policy chooses, weighted by 1 / probability. Dudik, Langford and Li, "Doubly robust policy evaluation
and learning", ICML 2011; forecasts are cross-fitted: Chernozhukov et al., Econometrics Journal 21, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from features.arrays import Codes, Floats
from training.experiments.estimators.adjusted_means import centred_covariates
from training.experiments.estimators.estimation import is_mature_for
from training.experiments.refusal import MIN_PROBABILITY, Refusal
from training.experiments.units import Units

FOLDS = 5
RIDGE_PENALTY = 10.0  # on standardised covariates: a prior worth ten customers an arm
SMALLEST_EFFECTIVE_SAMPLE = 100.0


@dataclass(frozen=True, kw_only=True)
class PolicyValue:
    """Value of a policy: the mean of the outcome per customer, had the policy chosen."""

    value: float
    low: float
    high: float  # of the 95 % interval
    customers: int  # matured
    effective_sample_size: float  # customers of an experiment by the policy itself that would tell as much (Kish 1965)


def off_policy_value(units: Units, label: str, policy: Floats) -> PolicyValue | Refusal:
    """Return the doubly robust value of a policy, of the units whose metric is mature.

    Args:
        units: the units of an experiment, with the logged probabilities.
        label: the metric.
        policy: (n, arms) the probability with which the policy would choose each arm for each unit; it must not have
            been learned from the outcomes of these units.

    Raises:
        ValueError: the policy has not one row of probabilities for each unit.
    """
    _check_policy(units, policy)
    mature = is_mature_for(units, label)
    chosen, policy = units.select(mature), policy[mature]
    if not chosen.has_probabilities.all():
        unknown = int((~chosen.has_probabilities).sum())
        return Refusal(
            "probabilities_unknown",
            f"Found {unknown:,} customers whose probabilities were not logged; expected none. Take decisions with "
            "`POST /v1/decisions`, which logs them.",
        )
    impossible = ((policy > 0) & (chosen.probabilities < MIN_PROBABILITY)).any(1)
    if impossible.any():
        return Refusal(
            "no_overlap",
            f"Found {int(impossible.sum()):,} customers whose arm by the policy was drawn with a "
            f"probability below {MIN_PROBABILITY:g}; expected none. Judge a policy that leaves this arm out.",
        )
    forecasts = cross_fitted_forecasts(chosen.values[label], chosen.arm, chosen.covariates, len(units.arms))
    return doubly_robust_value(chosen.values[label], chosen.arm, chosen.probabilities, policy, forecasts)


def doubly_robust_value(
    values: Floats, arm: Codes, probabilities: Floats, policy: Floats, forecasts: Floats
) -> PolicyValue | Refusal:
    """Return the doubly robust value; ``too_few`` where the effective sample is small.

    Args:
        values: (n,) of the metric, all finite.
        arm: (n,) position of the arm that was drawn.
        probabilities: (n, arms) with which it was drawn.
        policy: (n, arms) with which the policy would choose.
        forecasts: (n, arms) of the metric, each from other customers; wrong ones cost precision and no bias.
    """
    rows = np.arange(len(values))
    weights = policy[rows, arm] / probabilities[rows, arm]
    effective = float(weights.sum() ** 2 / squares) if (squares := (weights**2).sum()) else 0.0
    if effective < SMALLEST_EFFECTIVE_SAMPLE:
        return Refusal(
            "too_few",
            f"Found an effective sample of {effective:.0f} customers; expected at least "
            f"{SMALLEST_EFFECTIVE_SAMPLE:.0f}. Wait for more, or judge a policy nearer to the split.",
        )
    terms = (policy * forecasts).sum(1) + weights * (values - forecasts[rows, arm])
    half_width = float(t.ppf(0.975, effective - 1) * terms.std(ddof=1) / np.sqrt(len(terms)))
    value = float(terms.mean())
    return PolicyValue(
        value=value,
        low=value - half_width,
        high=value + half_width,
        customers=len(values),
        effective_sample_size=effective,
    )


def cross_fitted_forecasts(values: Floats, arm: Codes, covariates: Floats, arms: int) -> Floats:
    """Return forecasts of the metric for every arm, (n, arms), each by ridge regressions on the other folds.

    An arm that no customer of the other folds drew is forecast by the mean of all.
    """
    forecasts = np.zeros((len(values), arms))
    if len(values) < FOLDS:
        return forecasts
    design = centred_covariates(covariates, len(values))
    for others, fold in KFold(FOLDS, shuffle=True, random_state=0).split(values):
        for position in range(arms):
            drawn = others[arm[others] == position]
            if not len(drawn) or not design.shape[1]:
                forecasts[fold, position] = values[drawn if len(drawn) else others].mean()
                continue
            model = Ridge(alpha=RIDGE_PENALTY).fit(design[drawn], values[drawn])
            forecasts[fold, position] = model.predict(design[fold])
    return forecasts


def _check_policy(units: Units, policy: Floats) -> None:
    expected = (len(units), len(units.arms))
    if policy.shape != expected or not np.allclose(policy.sum(1), 1) or (policy < 0).any():
        raise ValueError(
            f"found a policy of shape {policy.shape}; expected {expected}: for each customer the probabilities of all "
            "arms, at least 0 and 1 in all"
        )
