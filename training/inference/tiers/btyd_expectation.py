"""What buy-till-you-die expects of a customer: inputs of the value heads, and where half of them start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.tiers.btyd import BtydRung

LEAST = 0.01  # of an expected count or amount, so that its logarithm is finite


@dataclass(frozen=True)
class Expectation:
    """The answers of one fitted BTYD rung as further columns of the inputs."""

    rung: BtydRung

    @property
    def names(self) -> tuple[str, ...]:
        """The columns: P(order), orders and, with amounts, spend within every learned horizon."""
        return tuple(f"btyd_{kind}_{days}d" for kind in self._kinds for days in self.rung.learned)

    def beside(self, inputs: Floats) -> Floats:
        """(n, inputs + names): the inputs, and then what is expected."""
        return np.concatenate([inputs, *(one for one in self.rung.answers(inputs) if one is not None)], axis=1)

    def of(self, kind: str, both: Floats) -> Floats:
        """Expected orders or spend, (n, learned), out of what ``beside`` returned."""
        width = len(self.rung.learned)
        start = both.shape[1] - width * (len(self._kinds) - self._kinds.index(kind))
        return np.asarray(np.maximum(both[:, start : start + width], LEAST))

    @property
    def _kinds(self) -> Sequence[str]:
        return ("within", "orders") if self.rung.order_value is None else ("within", "orders", "spend")
