"""Path rules: credits by the last touch, the first touch, or all touches of a path alike.

A path rule hands out conversions to the channels that touched their customers. It cannot tell whether a conversion was
caused: customers who would have bought anyway are touched too, often more than others.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from training.attribution.credits.conversion_paths import ConversionPaths


def last_touch(paths: ConversionPaths) -> Floats:
    """Credits by channel, (channels,): each conversion goes to the last touch of its path."""
    return _sum_by_channel(paths, paths.offsets[1:] - 1)


def first_touch(paths: ConversionPaths) -> Floats:
    """Credits by channel, (channels,): each conversion goes to the first touch of its path."""
    return _sum_by_channel(paths, paths.offsets[:-1])


def linear(paths: ConversionPaths) -> Floats:
    """Credits by channel, (channels,): each conversion is divided evenly among the touches of its path."""
    shares = np.repeat(paths.conversions / paths.lengths, paths.lengths)
    return np.bincount(paths.channel, weights=shares, minlength=len(paths.channels)).astype(np.float64)


def _sum_by_channel(paths: ConversionPaths, touch: Integers) -> Floats:
    """The conversions of each path, added up by the channel of one of its touches."""
    credits_ = np.bincount(paths.channel[touch], weights=paths.conversions, minlength=len(paths.channels))
    return credits_.astype(np.float64)
