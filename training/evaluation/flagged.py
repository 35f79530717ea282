"""Flagged customers: how many of those whom each way of choosing flags have left, all choosing as many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.arrays import Floats
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import flag_most_likely
from training.models.churn import churn_label


@dataclass(frozen=True, kw_only=True)
class FlaggedCustomers:
    """Churners among the flagged at one origin, by way of choosing; ties are shared, so that hits may be fractions."""

    origin: date
    days: int
    customers: int
    churned: int
    flagged: int
    hits: Mapping[str, float]  # way of choosing -> churners among as many flagged

    @property
    def f1(self) -> float:
        """F1 of the first way of choosing."""
        return 2 * next(iter(self.hits.values())) / (self.flagged + self.churned)

    def per_hundred(self, way: str) -> int:
        """Churners among 100 flagged."""
        return round(100 * self.hits[way] / self.flagged)


def flagged_customers(
    test: Backtest, scores: Mapping[str, Floats], flags: Mapping[str, Floats], count: int
) -> FlaggedCustomers:
    """Count the churners among the flagged at a test origin.

    Args:
        test: the back-test.
        scores: way of choosing -> a score, (n,), of which the ``count`` highest are flagged.
        flags: way of choosing -> its own flags, (n,) of 0 and 1, that are ``count`` in number.
        count: the number of flagged customers, at least 1.
    """
    days = test.plan.evaluated_churn_days
    label = churn_label(test.rows.outcomes, days)
    churned = np.nan_to_num(label)
    chosen = {name: flag_most_likely(score, count) for name, score in scores.items()} | dict(flags)
    return FlaggedCustomers(
        origin=test.origin,
        days=days,
        customers=len(label),
        churned=int(churned.sum()),
        flagged=count,
        hits={name: float(flag @ churned) for name, flag in chosen.items()},
    )
