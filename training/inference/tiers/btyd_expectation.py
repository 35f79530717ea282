"""BTYD expectation: the BTYD tier's forecasts as stacked inputs and offsets of the value heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.tiers.btyd import BtydTier

MIN_EXPECTED = 0.01  # lower limit of an expected count or amount; its logarithm must be finite


@dataclass(frozen=True)
class BtydExpectation:
    """BTYD expectation: the forecasts of one fitted BTYD tier as additional input columns."""

    tier: BtydTier

    @property
    def names(self) -> tuple[str, ...]:
        """The column names: P(order), orders and, with amounts, spend within every learned horizon."""
        return tuple(f"btyd_{kind}_{days}d" for kind in self._kinds for days in self.tier.learned)

    def append_to(self, inputs: Floats) -> Floats:
        """Return the inputs followed by the expectations, (n, inputs + names)."""
        return np.concatenate([inputs, *(values for values in self.tier.predict(inputs) if values is not None)], axis=1)

    def extract(self, kind: str, extended_inputs: Floats) -> Floats:
        """Return expected orders or spend, (n, learned), from the result of ``append_to``."""
        width = len(self.tier.learned)
        start = extended_inputs.shape[1] - width * (len(self._kinds) - self._kinds.index(kind))
        return np.asarray(np.maximum(extended_inputs[:, start : start + width], MIN_EXPECTED))

    @property
    def _kinds(self) -> Sequence[str]:
        return ("within", "orders") if self.tier.order_value is None else ("within", "orders", "spend")
