"""Ours against an anchor on the same customers: the difference, its interval, and who won."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats], float]
DRAWS = 300


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    log: str
    origin: str
    question: str
    measure: str
    ours: float
    rung: str
    anchor: str
    theirs: float
    low: float  # 95 % interval of how much better ours is
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss, by the paired interval."""
        if not np.isfinite(self.theirs):
            return "anchor failed"
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def difference(
    measure: Measure, ours: Floats, theirs: Floats, actual: Floats, *, higher_is_better: bool
) -> tuple[float, float, float, float]:
    """Both values, and the 95 % interval of how much better ours is (paired bootstrap over customers)."""
    sign = 1.0 if higher_is_better else -1.0
    rng = np.random.default_rng(0)
    gains = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(actual), len(actual))
        gains.append(sign * (measure(ours[drawn], actual[drawn]) - measure(theirs[drawn], actual[drawn])))
    low, high = np.nanquantile(gains, [0.025, 0.975])
    return measure(ours, actual), measure(theirs, actual), float(low), float(high)
