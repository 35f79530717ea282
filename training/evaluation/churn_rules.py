"""Churn rule evaluation: precision and recall of a rule, and of the model at the same number of flagged customers."""

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

Inactivity = Mapping[str, Floats]  # condition of a rule -> whole days of inactivity, (n,) test rows


@dataclass(frozen=True)
class Difference:
    """Gain of the model: its metric minus the rule's metric, with a 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """Metrics of a rule and of the model at the same number of flagged customers, at one origin or over all."""

    rule: str
    origin: date | None  # None: over all origins
    horizon_days: int  # no order within so many days is churn
    customers: int
    churned: int
    flagged: int
    share: float  # flagged of the customers
    precision: float  # churned of the flagged, NaN where none is flagged
    recall: float  # flagged of the churned
    f1: float
    tier: str  # of the model
    model_precision: float
    model_recall: float
    precision_gain: Difference
    recall_gain: Difference


@dataclass(frozen=True)
class RuleFlags:
    """Flags at one origin: who churned, and whom the rule and the model flag; both flag the same number."""

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
    """Results of every rule at every origin that has enough log before it, newest first, then over all origins.

    Args:
        tests: back-tests with forecasts of the tier.
        rules: rules by name.
        inactivity_by_origin: inactivity of every test's rows, by origin.
        first: day of the first order line.
        tier: the tier that answers for churn.
    """
    results = []
    for name, rule in rules.items():
        flags_by_origin = {
            test.origin: flag_customers(test, rule, inactivity_by_origin[test.origin], tier)
            for test in tests
            if (test.origin - first).days > rule.max_inactive_days
        }
        days = tests[0].plan.evaluated_churn_days if tests else 0
        results += [_evaluate(name, origin, tier, days, [flags]) for origin, flags in flags_by_origin.items()]
        if len(flags_by_origin) > 1:
            results.append(_evaluate(name, None, tier, days, list(flags_by_origin.values())))
    return results


def inactivity_at_origin(data: Dataset, test: Backtest, cutoff: Cutoff, kinds: Sequence[str]) -> Inactivity:
    """Days of inactivity of every customer of a back-test, from what was known at its origin."""
    table = inactivity(data.history, cutoff, kinds).to_pandas()
    known = table[table["customer_id"].isin(data.customer_numbers.keys())]
    known = known.set_index(known["customer_id"].map(data.customer_numbers)).reindex(test.rows.customer)
    return {name: known[name].to_numpy(float) for name in ChurnRule.model_fields}


def flag_customers(test: Backtest, rule: ChurnRule, inactivity: Inactivity, tier: str) -> RuleFlags:
    """Flag the customers who meet all conditions of the rule, and as many by the churn probability of the model."""
    days = test.plan.evaluated_churn_days
    conditions = [inactivity[condition] >= least for condition, least in rule.conditions.items()]
    by_rule = np.logical_and.reduce(conditions).astype(float)
    by_model = flag_most_likely(1 - test.forecasts[tier].order_probability(days), int(by_rule.sum()))
    return RuleFlags(test.rows.customer, churn_label(test.rows.outcomes, days), by_rule, by_model)


def flag_most_likely(probability: Floats, count: int) -> Floats:
    """Top-k flags, (n,): 1 for the ``count`` highest probabilities, 0 for the others.

    Customers who are tied at the last rank share the remaining flags equally. The precision is then the one that is
    expected if the choice among them is random.
    """
    if not count:
        return np.zeros(len(probability))
    threshold = np.sort(probability)[-count]
    above, tied = probability > threshold, probability == threshold
    tied_share = (count - float(above.sum())) / float(tied.sum())
    flags: Floats = above.astype(float) + tied_share * tied
    return flags


def _evaluate(name: str, origin: date | None, tier: str, days: int, flags: Sequence[RuleFlags]) -> RuleResult:
    churned, flagged, rule_hits, model_flagged, model_hits = _customer_totals(flags)
    customers = sum(len(part.customer) for part in flags)
    return RuleResult(
        rule=name,
        origin=origin,
        horizon_days=days,
        customers=customers,
        churned=int(churned.sum()),
        flagged=int(flagged.sum()),
        share=float(flagged.sum() / customers),
        precision=_ratio(rule_hits, flagged),
        recall=_ratio(rule_hits, churned),
        f1=_ratio(2 * rule_hits, flagged + churned),
        tier=tier,
        model_precision=_ratio(model_hits, model_flagged),
        model_recall=_ratio(model_hits, churned),
        precision_gain=Difference(*share_difference_interval((model_hits, model_flagged), (rule_hits, flagged))),
        recall_gain=Difference(*share_difference_interval((model_hits, churned), (rule_hits, churned))),
    )


def _customer_totals(flags: Sequence[RuleFlags]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Totals per customer, the unit of the bootstrap: churned, flagged, rightly flagged, and these two of the model."""
    _, code = np.unique(np.concatenate([part.customer for part in flags]), return_inverse=True)

    def total(*parts: Floats) -> Floats:
        return np.bincount(code, np.concatenate(parts)).astype(float)

    return (
        total(*(part.churned for part in flags)),
        total(*(part.by_rule for part in flags)),
        total(*(part.by_rule * part.churned for part in flags)),
        total(*(part.by_model for part in flags)),
        total(*(part.by_model * part.churned for part in flags)),
    )


def _ratio(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")
