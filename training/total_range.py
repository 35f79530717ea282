"""Range of a total: how far the total of many customers can be off, as an 80 % interval around the predicted total.

The errors of customers are correlated, so the error of a total hardly shrinks with their number. Only the totals after
past test origins show it, and there are few of them. With r the logs of actual over predicted totals at the newest k
test origins, the variance of the next one is estimated as ``(sum(r**2) + 2 * prior**2) / (k + 2)``: a normal model with
known mean 0 and a scaled-inverse-chi-square prior of 2 degrees of freedom (Gelman et al. 2013, "Bayesian Data
Analysis", section 2.6). The mean is 0 because a release that was wrong by a fifth can be so again, on either side. The
interval is ``predicted * exp(+-1.54 * scale)``; 1.54 is about Student's 0.9 quantile for the 3 to 5 degrees of freedom
of 1 to 3 origins. Windows that overlap count as fewer origins. An interval ends at a hundredth and at a hundredfold of
the predicted total.

The prior scales are the errors of totals that were measured, see docs/decisions/0051-range-of-totals.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Floats

T_FACTOR = 1.54
MAX_HALF_WIDTH = math.log(100.0)  # of an interval on the log scale: beyond it the origins say that nothing is known
PRIOR_DEGREES = 2.0
MAX_ORIGINS = 3
PRIOR_SCALE = 0.15  # of a tested horizon, with a year of log before the days ahead
FIRST_YEAR_SCALE = 0.3  # of a log without that year: it cannot know the season of the days ahead
UNTESTED_SCALE = 0.35  # of a horizon with no finished window after a test origin
SEASON_DAYS = 365
HORIZON_TOLERANCE = 0.1  # of a horizon


@dataclass(frozen=True)
class RangePrior:
    """Prior of a total's error: the scale of the log of actual over predicted before any test."""

    scale: float
    can_narrow: bool  # whether small errors at past origins make the scale smaller

    @classmethod
    def for_log(cls, span_days: int, horizon_days: int, *, is_tested: bool) -> RangePrior:
        """The prior of a log of ``span_days`` days.

        Small errors in months without a season say nothing about the first season, and those of a short window say
        little about a longer one: without a year behind, or without a test of the horizon, errors can only widen.
        """
        has_year = has_year_behind(span_days, horizon_days)
        if not is_tested:
            return cls(UNTESTED_SCALE, can_narrow=False)
        return cls(PRIOR_SCALE, can_narrow=True) if has_year else cls(FIRST_YEAR_SCALE, can_narrow=False)

    def log_scale(self, log_ratios: Sequence[float] | Floats, independent_origins: float) -> float:
        """Scale of the log of actual over predicted, given those of k past origins, (k,)."""
        if not len(log_ratios):
            return self.scale
        squares = independent_origins * float(np.mean(np.square(log_ratios)))
        updated = math.sqrt((squares + PRIOR_DEGREES * self.scale**2) / (independent_origins + PRIOR_DEGREES))
        return updated if self.can_narrow else max(updated, self.scale)


@dataclass(frozen=True, kw_only=True)
class TotalRange:
    """80 % range of the total over all customers within one horizon, and what it rests on."""

    measure: str | None  # buyers, orders or spend; None for every total within the horizon
    horizon_days: int
    span_days: int  # of the log
    tested_days: int | None  # horizon of the origins' windows; None without origins
    origins: int
    log_scale: float

    @property
    def low(self) -> float:
        """The 10th percentile over the predicted total."""
        return math.exp(-self._half_width)

    @property
    def high(self) -> float:
        """The 90th percentile over the predicted total."""
        return math.exp(self._half_width)

    @property
    def _half_width(self) -> float:
        return min(T_FACTOR * self.log_scale, MAX_HALF_WIDTH)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON for the model's entry in GET /v1/models."""
        factors = {"low": round(self.low, 4), "high": round(self.high, 4)}
        return {
            "measure": self.measure,
            "horizon_days": self.horizon_days,
            **factors,
            "origins": self.origins,
            "tested_days": self.tested_days,
            "statement": self.sentence(),
        }

    def sentence(self) -> str:
        """The range as a sentence, with the reasons why it is wide."""
        subject = "Totals" if self.measure is None else f"Total {self.measure}"
        reach = f"80 % range {self.low - 1:+.0%} to {self.high - 1:+.0%} around the predicted total"
        season = (
            ""
            if has_year_behind(self.span_days, self.horizon_days)
            else f"; the log has {self.span_days} days, and the season ahead is known from "
            f"{SEASON_DAYS + self.horizon_days} days on"
        )
        return f"{subject} within {self.horizon_days} days: {reach}, from {self._evidence()}{season}."

    def _evidence(self) -> str:
        if self.tested_days is None:
            return "the errors of other logs: no test origin yet"
        origins = "1 test origin" if self.origins == 1 else f"{self.origins} test origins"
        return f"{origins} over {self.tested_days} days"


def has_year_behind(span_days: int, horizon_days: int) -> bool:
    """Whether the log contains the same days a year ago, so that it can know the season of the days ahead."""
    return span_days >= SEASON_DAYS + horizon_days


def nearest_horizon(horizons: Collection[int], horizon_days: int) -> int | None:
    """The nearest of some horizons in days; of two equally near ones the shorter, None if there are none."""
    return min(horizons, key=lambda days: (abs(days - horizon_days), days), default=None)


def is_same_horizon(tested_days: int | None, horizon_days: int) -> bool:
    """Whether tests of one horizon count for another: the two differ by at most a tenth."""
    return tested_days is not None and abs(tested_days - horizon_days) <= HORIZON_TOLERANCE * horizon_days


def independent_origins(origins: Sequence[date], horizon_days: int) -> float:
    """Effective number of origins: that of windows which do not overlap, at most the number of origins."""
    if not origins:
        return 0.0
    return min(float(len(origins)), 1 + (max(origins) - min(origins)).days / horizon_days)
