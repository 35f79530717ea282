"""Holm's procedure over looks: several arms are compared with control, with one error of the first kind for all.

Holm (1979); with group sequential bounds: Ye, Li, Liu and Yao, "A group sequential Holm procedure with multiple
primary endpoints", 2013. An arm that was decided at an earlier look stays decided, and leaves its part of alpha to the
others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.experiments.sequential.spending import look_bounds, spent_alpha


@dataclass(frozen=True)
class LookSchedule:
    """Looks up to now: matured customers at each, and which share of the final number they are."""

    customers: Sequence[float]  # (looks,) ascending
    shares: Sequence[float]  # (looks,) in (0, 1]; 1 at the end

    def bound(self, alpha: float) -> float:
        """The bound of the absolute z statistic at the last look, two-sided at ``alpha`` over all looks."""
        totals = np.maximum.accumulate(np.atleast_1d(spent_alpha(np.asarray(self.shares), alpha)))
        return float(look_bounds(self.customers, totals)[-1])

    def alpha_spent(self, alpha: float) -> float:
        """The part of ``alpha``, of both sides, that is spent at the last look."""
        return float(2 * np.max(spent_alpha(np.asarray(self.shares), alpha)))


def decided_arms(
    statistics: Mapping[str, float], schedule: LookSchedule, alpha: float, decided_before: Collection[str]
) -> list[str]:
    """The arms whose difference from control is decided at the last look or was before, in the order of ``statistics``.

    Args:
        statistics: the z statistic of each arm that is compared with control.
        schedule: the looks up to now.
        alpha: two-sided error of the first kind, for all arms and all looks together.
        decided_before: arms decided at earlier looks.
    """
    decided = {arm for arm in statistics if arm in decided_before}
    while len(decided) < len(statistics):
        open_arms = [arm for arm in statistics if arm not in decided]
        strongest = max(open_arms, key=lambda arm: abs(statistics[arm]))
        if abs(statistics[strongest]) < schedule.bound(alpha / len(open_arms)):
            break
        decided.add(strongest)
    return [arm for arm in statistics if arm in decided]
