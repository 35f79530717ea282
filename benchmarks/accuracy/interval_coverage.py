"""How often the served interval of spend, p10 to p90, held what was spent: over all, and by quarters of recency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats

NOMINAL = 0.8
SLACK, SLACK_OF_A_QUARTER = 0.02, 0.04


@dataclass(frozen=True)
class Slice:
    """Some customers' intervals."""

    coverage: float
    zeros: float  # share that spent nothing
    slack: float

    @property
    def met(self) -> bool:
        """Whether as many amounts lie inside as was promised."""
        return self.coverage >= NOMINAL - self.slack

    @property
    def too_wide(self) -> bool:
        """Whether more lie inside than was promised, where zeros do not put them there by themselves."""
        return self.zeros < 1 - NOMINAL and self.coverage > NOMINAL + self.slack


@dataclass(frozen=True, kw_only=True)
class Covered:
    """One interval at one origin, or over all folds."""

    log: str
    protocol: str
    where: str
    rung: str
    whole: Slice
    quarters: tuple[Slice, ...]  # by recency, those who ordered last first
    pinball: tuple[float, float, float]  # at 10, 50 and 90 %, in the log's currency
    width: float  # median, in the log's currency

    @property
    def met(self) -> bool:
        """Whether the whole and every quarter keep to the bar."""
        return self.whole.met and all(one.met for one in self.quarters)

    @property
    def too_wide(self) -> bool:
        """Whether the whole or a quarter holds more than it should."""
        return self.whole.too_wide or any(one.too_wide for one in self.quarters)


def covered(  # noqa: PLR0913 -- where, what was said, and what then happened
    *,
    log: str,
    protocol: str,
    where: str,
    rung: str,
    said: tuple[Floats, Floats, Floats],
    actual: Floats,
    recency: Floats,
) -> Covered:
    """Coverage, sharpness and the share of zeros of p10, median and p90, (n,) each."""
    inside = (actual >= said[0]) & (actual <= said[2])
    quarters = np.array_split(np.argsort(recency, kind="stable"), 4)
    low, middle, high = (pinball(level, one, actual) for level, one in zip((0.1, 0.5, 0.9), said, strict=True))
    return Covered(
        log=log,
        protocol=protocol,
        where=where,
        rung=rung,
        whole=_slice(inside, actual, SLACK),
        quarters=tuple(_slice(inside[part], actual[part], SLACK_OF_A_QUARTER) for part in quarters),
        pinball=(low, middle, high),
        width=float(np.median(said[2] - said[0])),
    )


def pinball(level: float, quantile: Floats, actual: Floats) -> float:
    """Mean loss of a quantile, lower is sharper (Koenker & Bassett 1978)."""
    gap = actual - quantile
    return float(np.mean(np.maximum(level * gap, (level - 1) * gap)))


def _slice(inside: Booleans, actual: Floats, slack: float) -> Slice:
    return Slice(float(inside.mean()), float((actual <= 0).mean()), slack)
