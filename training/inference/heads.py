"""Prediction head: the part of a release that answers for a model which the tiers do not answer by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from features.arrays import Floats
from training.inference.forecast import Forecast


class Head(Protocol):
    """Fitted prediction head of one model; its answer is stored in ``Forecast.answers[name]``."""

    def predict(self, inputs: Floats, orders: Floats, forecast: Forecast) -> Floats:
        """Finite answers, (n,) or (n, m), from inputs (n, names), orders so far (n,) and the forecast."""
        ...


LoadHead = Callable[[Mapping[str, str], Sequence[str]], Head]  # files by name, names of the inputs
