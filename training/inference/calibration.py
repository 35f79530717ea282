"""Calibration map: knots, stored as plain numbers, between which the log-odds of a probability are interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.fast_numpy import clip

MIN_PROBABILITY = 1e-4


@dataclass(frozen=True)
class CalibrationMap:
    """Calibration map: monotone from raw to calibrated log-odds, linear between knots and with slope one outside."""

    method: str
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def __call__(self, probability: Floats) -> Floats:
        """Return the calibrated probabilities, (n,), between MIN_PROBABILITY and 1 - MIN_PROBABILITY."""
        odds = logit(probability)
        raw, calibrated = self._knots
        mapped = np.interp(odds, raw, calibrated)
        mapped = mapped + np.minimum(odds - raw[0], 0.0) + np.maximum(odds - raw[-1], 0.0)
        return clip(1 / (1 + np.exp(-mapped)), MIN_PROBABILITY, 1 - MIN_PROBABILITY)

    @cached_property
    def _knots(self) -> tuple[Floats, Floats]:
        return np.asarray(self.raw), np.asarray(self.calibrated)


IDENTITY = CalibrationMap("none", (-1.0, 1.0), (-1.0, 1.0))


def logit(probability: Floats) -> Floats:
    """Return the log-odds, with the probability clipped so that they stay finite."""
    clipped = clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))
