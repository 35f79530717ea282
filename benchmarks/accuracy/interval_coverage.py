"""How often the served interval of spend, p10 to p90, held what was spent: over all, and by quarters of recency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats

NOMINAL = 0.8
SLACK, QUARTER_SLACK = 0.02, 0.04


@dataclass(frozen=True)
class SliceCoverage:
    """Some customers' intervals."""

    coverage: float
    zeros: float  # share that spent nothing
    slack: float

    @property
    def is_met(self) -> bool:
        """Whether as many amounts lie inside as was promised."""
        return self.coverage >= NOMINAL - self.slack

    @property
    def is_too_wide(self) -> bool:
        """Whether more lie inside than was promised, where zeros do not put them there by themselves."""
        return self.zeros < 1 - NOMINAL and self.coverage > NOMINAL + self.slack


@dataclass(frozen=True, kw_only=True)
class IntervalCoverage:
    """One interval at one origin, or over all folds."""

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
        """Whether the whole and every quarter keep to the bar."""
        return self.whole.is_met and all(one.is_met for one in self.quarters)

    @property
    def is_too_wide(self) -> bool:
        """Whether the whole or a quarter holds more than it should."""
        return self.whole.is_too_wide or any(one.is_too_wide for one in self.quarters)


def interval_coverage(  # noqa: PLR0913 -- where, what was said, and what then happened
    *,
    log: str,
    protocol: str,
    origin: str,
    tier: str,
    quantiles: tuple[Floats, Floats, Floats],
    actual: Floats,
    recency: Floats,
) -> IntervalCoverage:
    """Coverage, sharpness and the share of zeros of p10, median and p90, (n,) each."""
    inside = (actual >= quantiles[0]) & (actual <= quantiles[2])
    quarters = np.array_split(np.argsort(recency, kind="stable"), 4)
    low, middle, high = (pinball(level, one, actual) for level, one in zip((0.1, 0.5, 0.9), quantiles, strict=True))
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
    """Mean loss of a quantile, lower is sharper (Koenker & Bassett 1978)."""
    gap = actual - quantile
    return float(np.mean(np.maximum(level * gap, (level - 1) * gap)))


def _slice_coverage(inside: Booleans, actual: Floats, slack: float) -> SliceCoverage:
    return SliceCoverage(float(inside.mean()), float((actual <= 0).mean()), slack)
