"""Input limits: a model input beyond the largest plausible value of the training rows counts as that value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers


@dataclass(frozen=True)
class InputLimits:
    """Input limits: some columns of the inputs, and the largest magnitude that each may have."""

    columns: Integers  # (m,)
    largest: Floats  # (m,)

    @classmethod
    def from_names(cls, limits: Mapping[str, float], names: Sequence[str]) -> InputLimits:
        """Build the limits of the named inputs.

        Raises:
            ValueError: a limit has a name that is not an input.
        """
        return cls(np.array([names.index(name) for name in limits], dtype=np.int64), np.array([*limits.values()]))

    def clip(self, inputs: Floats) -> Floats:
        """Clip the limited columns of inputs, (n, inputs), in place, and return the inputs; NaN stays."""
        if len(self.columns):
            inputs[:, self.columns] = np.clip(inputs[:, self.columns], -self.largest, self.largest)
        return inputs
