"""Uplift calibration: a score as the effect to expect, with its 95 % interval.

It is the best linear predictor of the effect by the score (Chernozhukov, Demirer, Duflo & Fernández-Val 2018, "Generic
machine learning inference on heterogeneous treatment effects"). It shrinks a score that promises too much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from training.estimate import NORMAL_975


@dataclass(frozen=True, kw_only=True)
class UpliftCalibration:
    """Uplift calibration: effect = average + slope x (score - mean score), with the covariances of the two."""

    average: float  # effect on all
    slope: float
    mean_score: float
    low_score: float  # scores are clipped to the range that was seen
    high_score: float
    average_variance: float
    slope_variance: float
    covariance: float

    def effects(self, scores: Floats) -> Floats:
        """Effect, lower and upper end of its 95 % interval, (n, 3), from scores (n,).

        The interval is that of the mean effect on customers with this score, not of the effect on one of them, which
        nobody can observe.
        """
        distance = np.clip(scores, self.low_score, self.high_score) - self.mean_score
        effect = self.average + self.slope * distance
        variance = self.average_variance + distance**2 * self.slope_variance + 2 * distance * self.covariance
        margin = NORMAL_975 * np.sqrt(np.maximum(variance, 0.0))
        return np.column_stack([effect, effect - margin, effect + margin])

    def to_json(self) -> dict[str, float]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> UpliftCalibration:
        """Build the calibration from ``to_json``'s values."""
        return cls(**payload)
