"""What the business calls a lapsed customer today, judged beside the model: the same customers, and as many flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.aggregates.inactivity import inactivity
from features.arrays import Floats, Integers
from features.config.churn_rules import ChurnRule
from features.history import Cutoff
from training.dataset.point_in_time import Dataset
from training.evaluation.backtest import Backtest
from training.metrics import share_difference_interval
from training.models.churn import churn_label

Inactivity = Mapping[str, Floats]  # condition of a rule -> whole days of silence, (n,) test rows


@dataclass(frozen=True)
class Difference:
    """How much better the model is, with the 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """A rule at one origin, or over all that it can be judged at, beside the model's likeliest churners, as many."""

    rule: str
    origin: date | None  # None: over all origins
    horizon_days: int  # no order within so many days is churn
    customers: int
    churned: int
    flagged: int
    share: float  # flagged of the customers
    precision: float  # churned of the flagged, NaN where nobody is
    recall: float  # flagged of the churned
    f1: float
    tier: str  # of the model
    model_precision: float
    model_recall: float
    precision_gain: Difference
    recall_gain: Difference


@dataclass(frozen=True)
class RuleFlags:
    """Who left at one origin, and whom the rule and the model, with as many customers, would have flagged."""

    customer: Integers  # (n,) a number per customer
    churned: Floats  # (n,) 0 or 1
    by_rule: Floats  # (n,) 0 or 1
    by_model: Floats  # (n,) 0 to 1


def compare_rules(
    tests: Sequence[Backtest],
    rules: Mapping[str, ChurnRule],
    inactivity_by_origin: Mapping[date, Inactivity],
    first: date,
    tier: str,
) -> list[RuleResult]:
    """Every rule at every origin before which the log is longer than the rule asks, newest first, then over all.

    Args:
        tests: back-tests that hold the tier.
        rules: by name.
        inactivity_by_origin: of every test's rows, by origin.
        first: day of the first order line.
        tier: the rung that answers for churn.
    """
    found = []
    for name, rule in rules.items():
        seen = {
            test.origin: flag_customers(test, rule, inactivity_by_origin[test.origin], tier)
            for test in tests
            if (test.origin - first).days > rule.max_inactive_days
        }
        days = tests[0].plan.evaluated_churn_days if tests else 0
        found += [_evaluate(name, origin, tier, days, [one]) for origin, one in seen.items()]
        if len(seen) > 1:
            found.append(_evaluate(name, None, tier, days, list(seen.values())))
    return found


def inactivity_at_origin(data: Dataset, test: Backtest, cutoff: Cutoff, kinds: Sequence[str]) -> Inactivity:
    """How long each of a test's customers had been silent, by what was known at its origin."""
    table = inactivity(data.history, cutoff, kinds).to_pandas()
    known = table[table["customer_id"].isin(data.customer_numbers.keys())]
    known = known.set_index(known["customer_id"].map(data.customer_numbers)).reindex(test.rows.customer)
    return {name: known[name].to_numpy(float) for name in ChurnRule.model_fields}


def flag_customers(test: Backtest, rule: ChurnRule, inactivity: Inactivity, tier: str) -> RuleFlags:
    """A customer is flagged by the rule if all of its conditions hold."""
    days = test.plan.evaluated_churn_days
    held = [inactivity[condition] >= least for condition, least in rule.conditions.items()]
    by_rule = np.logical_and.reduce(held).astype(float)
    by_model = flag_most_likely(1 - test.forecasts[tier].order_probability(days), int(by_rule.sum()))
    return RuleFlags(test.rows.customer, churn_label(test.rows.outcomes, days), by_rule, by_model)


def flag_most_likely(probability: Floats, count: int) -> Floats:
    """1 for the ``count`` most probable, 0 for the others, (n,); ties at the last place share the places that are left.

    Their precision is then the one to be expected if chance decided between them.
    """
    if not count:
        return np.zeros(len(probability))
    last = np.sort(probability)[-count]
    above, tied = probability > last, probability == last
    left = (count - float(above.sum())) / float(tied.sum())
    found: Floats = above.astype(float) + left * tied
    return found


def _evaluate(name: str, origin: date | None, tier: str, days: int, seen: Sequence[RuleFlags]) -> RuleResult:
    left, flagged, right, as_many, hits = _customer_totals(seen)
    customers = sum(len(one.customer) for one in seen)
    return RuleResult(
        rule=name,
        origin=origin,
        horizon_days=days,
        customers=customers,
        churned=int(left.sum()),
        flagged=int(flagged.sum()),
        share=float(flagged.sum() / customers),
        precision=_ratio(right, flagged),
        recall=_ratio(right, left),
        f1=_ratio(2 * right, flagged + left),
        tier=tier,
        model_precision=_ratio(hits, as_many),
        model_recall=_ratio(hits, left),
        precision_gain=Difference(*share_difference_interval((hits, as_many), (right, flagged))),
        recall_gain=Difference(*share_difference_interval((hits, left), (right, left))),
    )


def _customer_totals(seen: Sequence[RuleFlags]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Left, flagged, rightly flagged, by the model, rightly by the model: per customer, the unit of the bootstrap."""
    _, code = np.unique(np.concatenate([one.customer for one in seen]), return_inverse=True)

    def total(*parts: Floats) -> Floats:
        return np.bincount(code, np.concatenate(parts)).astype(float)

    return (
        total(*(one.churned for one in seen)),
        total(*(one.by_rule for one in seen)),
        total(*(one.by_rule * one.churned for one in seen)),
        total(*(one.by_model for one in seen)),
        total(*(one.by_model * one.churned for one in seen)),
    )


def _ratio(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")
