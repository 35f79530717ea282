"""Interval coverage: how often actual spend lies in the served interval p10 to p90, in total and by recency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats

NOMINAL = 0.8
SLACK, QUARTER_SLACK = 0.02, 0.04


@dataclass(frozen=True)
class SliceCoverage:
    """Coverage of the intervals of one group of customers."""

    coverage: float
    zeros: float  # share that spent nothing
    slack: float

    @property
    def is_met(self) -> bool:
        """Whether the coverage reaches the nominal level, less the slack."""
        return self.coverage >= NOMINAL - self.slack

    @property
    def is_too_wide(self) -> bool:
        """Whether the coverage exceeds the nominal level plus the slack, with too few zeros to explain it."""
        return self.zeros < 1 - NOMINAL and self.coverage > NOMINAL + self.slack


@dataclass(frozen=True, kw_only=True)
class IntervalCoverage:
    """Coverage, sharpness and width of one interval at one origin, or over all folds."""

    log: str
    protocol: str
    origin: str
    tier: str
    whole: SliceCoverage
    quarters: tuple[SliceCoverage, ...]  # by recency, those who ordered last first
    pinball: tuple[float, float, float]  # at 10, 50 and 90 %, in the log's currency
    width: float  # median, in the log's currency

    @property
    def is_met(self) -> bool:
        """Whether the whole and every quarter reach the target."""
        return self.whole.is_met and all(quarter.is_met for quarter in self.quarters)

    @property
    def is_too_wide(self) -> bool:
        """Whether the whole or a quarter is too wide."""
        return self.whole.is_too_wide or any(quarter.is_too_wide for quarter in self.quarters)


def interval_coverage(  # noqa: PLR0913 -- setting, prediction and outcome
    *,
    log: str,
    protocol: str,
    origin: str,
    tier: str,
    quantiles: tuple[Floats, Floats, Floats],
    actual: Floats,
    recency: Floats,
) -> IntervalCoverage:
    """Measure coverage, sharpness and the share of zeros of p10, median and p90, (n,) each."""
    inside = (actual >= quantiles[0]) & (actual <= quantiles[2])
    quarters = np.array_split(np.argsort(recency, kind="stable"), 4)
    low, middle, high = (
        pinball(level, quantile, actual) for level, quantile in zip((0.1, 0.5, 0.9), quantiles, strict=True)
    )
    return IntervalCoverage(
        log=log,
        protocol=protocol,
        origin=origin,
        tier=tier,
        whole=_slice_coverage(inside, actual, SLACK),
        quarters=tuple(_slice_coverage(inside[part], actual[part], QUARTER_SLACK) for part in quarters),
        pinball=(low, middle, high),
        width=float(np.median(quantiles[2] - quantiles[0])),
    )


def pinball(level: float, quantile: Floats, actual: Floats) -> float:
    """Return the mean pinball loss of a quantile; lower is sharper (Koenker & Bassett 1978, "Regression quantiles")."""
    gap = actual - quantile
    return float(np.mean(np.maximum(level * gap, (level - 1) * gap)))


def _slice_coverage(inside: Booleans, actual: Floats, slack: float) -> SliceCoverage:
    return SliceCoverage(float(inside.mean()), float((actual <= 0).mean()), slack)
