"""What buy-till-you-die expects of a customer: inputs of the value heads, and where half of them start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.tiers.btyd import BtydTier

MIN_EXPECTED = 0.01  # of an expected count or amount, so that its logarithm is finite


@dataclass(frozen=True)
class BtydExpectation:
    """The answers of one fitted BTYD rung as further columns of the inputs."""

    tier: BtydTier

    @property
    def names(self) -> tuple[str, ...]:
        """The columns: P(order), orders and, with amounts, spend within every learned horizon."""
        return tuple(f"btyd_{kind}_{days}d" for kind in self._kinds for days in self.tier.learned)

    def append_to(self, inputs: Floats) -> Floats:
        """(n, inputs + names): the inputs, and then what is expected."""
        return np.concatenate([inputs, *(one for one in self.tier.predict(inputs) if one is not None)], axis=1)

    def extract(self, kind: str, extended_inputs: Floats) -> Floats:
        """Expected orders or spend, (n, learned), out of what ``append_to`` returned."""
        width = len(self.tier.learned)
        start = extended_inputs.shape[1] - width * (len(self._kinds) - self._kinds.index(kind))
        return np.asarray(np.maximum(extended_inputs[:, start : start + width], MIN_EXPECTED))

    @property
    def _kinds(self) -> Sequence[str]:
        return ("within", "orders") if self.tier.order_value is None else ("within", "orders", "spend")
