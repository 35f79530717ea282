"""Calibration maps as plain numbers: knots between which a probability is interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.fast_numpy import clip

MIN_PROBABILITY = 1e-4


@dataclass(frozen=True)
class CalibrationMap:
    """A monotone map from raw to calibrated log-odds; linear between knots, slope one outside."""

    method: str
    raw: tuple[float, ...]
    calibrated: tuple[float, ...]

    def __call__(self, probability: Floats) -> Floats:
        """Calibrated probabilities, kept off 0 and 1."""
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
    """Log-odds, with the probability kept off 0 and 1."""
    kept = clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)))
