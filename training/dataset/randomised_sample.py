"""Randomised sample: customers who were treated or not at random, with known probabilities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats, Integers


@dataclass(frozen=True, kw_only=True)
class RandomisedSample:
    """Randomised sample: n customers with what was known before the draw and the outcome after it."""

    names: tuple[str, ...]
    inputs: Floats  # (n, names), NaN where missing
    treated: Booleans  # (n,)
    probability: Floats  # (n,) of being treated, as logged at the draw; strictly between 0 and 1
    outcome: Floats  # (n,) finite

    def __post_init__(self) -> None:
        if not ((self.probability > 0) & (self.probability < 1)).all():
            raise ValueError(
                f"Found probabilities of treatment from {self.probability.min():g} to {self.probability.max():g}. "
                "Expected all of them between 0 and 1: leave out customers who could only be in one arm."
            )

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def is_binary(self) -> bool:
        """Whether the outcome is 0 or 1."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    def select(self, index: Booleans | Integers) -> RandomisedSample:
        """Select customers by mask or position."""
        return replace(
            self,
            inputs=self.inputs[index],
            treated=self.treated[index],
            probability=self.probability[index],
            outcome=self.outcome[index],
        )
