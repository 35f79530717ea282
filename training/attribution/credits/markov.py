"""Markov attribution: a channel's credit follows from how many conversions are lost when it is removed.

Paths are a Markov chain of first order from the start over the channels to conversion or null. The removal effect of a
channel is the share of the probability of conversion that is lost when every visit of the channel leads to null
(Anderl, Becker, von Wangenheim, Schumann: Mapping the customer journey, International Journal of Research in Marketing
33, 2016, section 3.3). Removal effects are scaled so that their sum is the number of conversions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.attribution.credits.conversion_paths import ConversionPaths


@dataclass(frozen=True)
class MarkovChain:
    """Absorbing Markov chain over k channels and the start, the last row."""

    transitions: Floats  # (k + 1, k) probabilities of the next channel
    conversion: Floats  # (k + 1,) probabilities of a conversion next

    @classmethod
    def fit(cls, paths: ConversionPaths) -> MarkovChain:
        """The chain with the transition shares of the paths."""
        size = len(paths.channels)
        start, converted, null = size, size, size + 1
        weight = paths.conversions + paths.nulls
        is_first = np.zeros(len(paths.channel), np.bool_)
        is_first[paths.offsets[:-1]] = True
        previous = np.where(is_first, start, np.roll(paths.channel, 1))
        last = paths.channel[paths.offsets[1:] - 1]
        counts = np.zeros((size + 1, size + 2))
        np.add.at(counts, (previous, paths.channel), weight[paths.path_of_touch])
        counts[:, converted] = np.bincount(last, weights=paths.conversions, minlength=size + 1)
        counts[:, null] = np.bincount(last, weights=paths.nulls, minlength=size + 1)
        probabilities = counts / np.maximum(counts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return cls(probabilities[:, :size], probabilities[:, converted])

    def conversion_probability(self, removed: int | None = None) -> float:
        """The probability that a path converts, with all channels or with one of them removed."""
        transitions = self.transitions.copy()
        if removed is not None:
            transitions[:, removed] = 0.0
        size = transitions.shape[1]
        by_channel = np.linalg.solve(np.eye(size) - transitions[:size], self.conversion[:size])
        return float(transitions[size] @ by_channel + self.conversion[size])

    def removal_effects(self) -> Floats:
        """The share of the probability of conversion that is lost without each channel, (channels,)."""
        probability = self.conversion_probability()
        if probability == 0:
            return np.zeros(self.transitions.shape[1])
        without = [self.conversion_probability(channel) for channel in range(self.transitions.shape[1])]
        effects: Floats = 1.0 - np.array(without) / probability
        return effects


def markov(paths: ConversionPaths) -> Floats:
    """Credits by channel, (channels,): the conversions in proportion to the removal effects."""
    effects = MarkovChain.fit(paths).removal_effects()
    total = effects.sum()
    return effects * (paths.conversions.sum() / total) if total > 0 else np.zeros(len(effects))
