"""Regression: a linear score of standardised columns, stored as plain numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.inference.fast_numpy import clip


@dataclass(frozen=True)
class Regression:
    """Regression: every array is (columns,); columns are clipped to the range seen in training."""

    low: Floats
    high: Floats
    mean: Floats
    scale: Floats
    coefficients: Floats
    intercept: float

    def scores(self, columns: Floats) -> Floats:
        """Linear scores, (n,), from (n, columns)."""
        return np.asarray(self.terms(columns).sum(axis=1) + self.intercept)

    def terms(self, columns: Floats) -> Floats:
        """What each column adds to the score relative to its mean in training, (n, columns)."""
        return np.asarray((clip(columns, self.low, self.high) - self.mean) * self._slopes)

    @cached_property
    def _slopes(self) -> Floats:
        return np.asarray(self.coefficients / self.scale)

    def to_text(self) -> str:
        """The regression as JSON text."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}
        return json.dumps(arrays)

    @classmethod
    def from_text(cls, text: str) -> Regression:
        """Build the regression from ``to_text``'s JSON."""
        payload = json.loads(text)
        intercept = float(payload.pop("intercept"))
        return cls(**{name: np.asarray(values, dtype=float) for name, values in payload.items()}, intercept=intercept)
