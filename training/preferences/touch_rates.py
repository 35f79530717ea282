"""Touch rates: how often a touch on each channel is answered, and how often the same happens where it was withheld.

Every touch weighs 1 / P(what happened), 1 / p of one that was sent and 1 / (1 - p) of one that was withheld, and the
weights are normalised by their sum (Hajek 1971). So neither rate depends on whom the shop likes to write to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import AnyIntegers, Booleans, Floats


@dataclass(frozen=True)
class TouchRates:
    """Sums of weights by channel: (4, channels), sent, sent and answered, withheld, withheld and answered."""

    weights: Floats

    @classmethod
    def from_cells(cls, channel: AnyIntegers, weights: Sequence[Floats], channels: int) -> TouchRates:
        """Sum the four weights of cells, (m,) each, by channel; cells with channel -1 are left out."""
        valid = channel >= 0
        sums = [np.bincount(channel[valid], weights=weight[valid], minlength=channels) for weight in weights]
        return cls(np.array(sums, np.float64).reshape(4, channels))

    @classmethod
    def concatenate(cls, parts: Sequence[TouchRates]) -> TouchRates:
        """The sums over the customers of all parts."""
        return cls(np.sum([part.weights for part in parts], axis=0))

    @property
    def has_both(self) -> Booleans:
        """Whether touches on each channel were both sent and withheld, with known probabilities, (channels,)."""
        both: Booleans = (self.weights[0] > 0) & (self.weights[2] > 0)
        return both

    @property
    def sent_rate(self) -> Floats:
        """The rate of answers to touches that were sent, (channels,); NaN without any."""
        return _ratio(self.weights[1], self.weights[0])

    @property
    def withheld_rate(self) -> Floats:
        """The rate of the same where the touch was withheld, (channels,); NaN without any."""
        return _ratio(self.weights[3], self.weights[2])


def _ratio(part: Floats, whole: Floats) -> Floats:
    ratio: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return ratio
