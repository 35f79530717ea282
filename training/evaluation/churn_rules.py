"""What the business calls a lapsed customer today, judged beside the model: the same customers, and as many flagged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.aggregates.inactivity import silence
from features.arrays import Floats, Integers
from features.config.churn_rules import ChurnRule
from features.history import Cutoff
from training.dataset.point_in_time import Dataset
from training.evaluation.backtest import Backtest
from training.metrics import share_difference_interval
from training.models.churn import churned

Silence = Mapping[str, Floats]  # condition of a rule -> whole days of silence, (n,) test rows


@dataclass(frozen=True)
class Gain:
    """How much better the model is, with the 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Judged:
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
    precision_gain: Gain
    recall_gain: Gain


@dataclass(frozen=True)
class Flags:
    """Who left at one origin, and whom the rule and the model, with as many customers, would have flagged."""

    customer: Integers  # (n,) a number per customer
    churned: Floats  # (n,) 0 or 1
    by_rule: Floats  # (n,) 0 or 1
    by_model: Floats  # (n,) 0 to 1


def judge(
    tests: Sequence[Backtest],
    rules: Mapping[str, ChurnRule],
    silences: Mapping[date, Silence],
    first: date,
    tier: str,
) -> list[Judged]:
    """Every rule at every origin before which the log is longer than the rule asks, newest first, then over all.

    Args:
        tests: back-tests that hold the tier.
        rules: by name.
        silences: of every test's rows, by origin.
        first: day of the first order line.
        tier: the rung that answers for churn.
    """
    found = []
    for name, rule in rules.items():
        seen = {
            test.origin: flags(test, rule, silences[test.origin], tier)
            for test in tests
            if (test.origin - first).days > rule.days
        }
        days = tests[0].plan.judged_churn_days if tests else 0
        found += [_judged(name, origin, tier, days, [one]) for origin, one in seen.items()]
        if len(seen) > 1:
            found.append(_judged(name, None, tier, days, list(seen.values())))
    return found


def silent(data: Dataset, test: Backtest, cutoff: Cutoff, kinds: Sequence[str]) -> Silence:
    """How long each of a test's customers had been silent, by what was known at its origin."""
    table = silence(data.history, cutoff, kinds).to_pandas()
    known = table[table["customer_id"].isin(data.numbers.keys())]
    known = known.set_index(known["customer_id"].map(data.numbers)).reindex(test.test.customer)
    return {name: known[name].to_numpy(float) for name in ChurnRule.model_fields}


def flags(test: Backtest, rule: ChurnRule, silence: Silence, tier: str) -> Flags:
    """A customer is flagged by the rule if all of its conditions hold."""
    days = test.plan.judged_churn_days
    held = [silence[condition] >= least for condition, least in rule.conditions.items()]
    by_rule = np.logical_and.reduce(held).astype(float)
    by_model = likeliest(1 - test.forecasts[tier].within(days), int(by_rule.sum()))
    return Flags(test.test.customer, churned(test.test.outcomes, days), by_rule, by_model)


def likeliest(probability: Floats, count: int) -> Floats:
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


def _judged(name: str, origin: date | None, tier: str, days: int, seen: Sequence[Flags]) -> Judged:
    left, flagged, right, as_many, hits = _totals(seen)
    customers = sum(len(one.customer) for one in seen)
    return Judged(
        rule=name,
        origin=origin,
        horizon_days=days,
        customers=customers,
        churned=int(left.sum()),
        flagged=int(flagged.sum()),
        share=float(flagged.sum() / customers),
        precision=_share(right, flagged),
        recall=_share(right, left),
        f1=_share(2 * right, flagged + left),
        tier=tier,
        model_precision=_share(hits, as_many),
        model_recall=_share(hits, left),
        precision_gain=Gain(*share_difference_interval((hits, as_many), (right, flagged))),
        recall_gain=Gain(*share_difference_interval((hits, left), (right, left))),
    )


def _totals(seen: Sequence[Flags]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
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


def _share(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")
