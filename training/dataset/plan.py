"""Horizon plan: the horizons to answer for, and those with finished windows to learn from."""

from __future__ import annotations

from dataclasses import dataclass

YEAR_DAYS = 364  # whole weeks, so that weekdays meet weekdays


@dataclass(frozen=True)
class HorizonPlan:
    """The horizons to answer for, and those with finished windows to learn from."""

    churn_days: int
    horizons: tuple[int, ...]  # ascending: ltv_days and churn_days, and what could be learned instead of them
    learned: tuple[int, ...]  # ascending, never empty; every label of these is observed
    has_amounts: bool
    pace_days: int = 7  # days of the short windows by which the pace of ordering is measured

    def base_horizon(self, horizon: int) -> int:
        """The learned horizon whose model answers for ``horizon``: the longest one within it, or else the shortest."""
        return max((days for days in self.learned if days <= horizon), default=self.learned[0])

    @property
    def evaluated_churn_days(self) -> int:
        """The churn horizon, or the longest learned one where that is shorter: only observed outcomes can be judged."""
        return min(self.churn_days, self.learned[-1])

    @property
    def outcome_horizons(self) -> tuple[int, ...]:
        """Every horizon whose outcomes are needed; half the longest shows how totals grow, a short one the pace."""
        return tuple(sorted({*self.learned, max(self.learned[-1] // 2, 1), self.pace_days}))
