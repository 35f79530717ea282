"""Shapley attribution: the Shapley value of each channel in the game whose worth is what a set of channels converted.

The worth of a coalition is the number of conversions on paths that touch no channel outside it. The Shapley value of
that game divides each conversion evenly among the different channels of its path (Zhao, Mahboobi, Bagheri: Shapley
value methods for attribution modeling in online advertising, arXiv:1804.05327, section 3), whatever their order and
number. Its sum is the number of conversions.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.attribution.credits.conversion_paths import ConversionPaths
from training.attribution.row_runs import distinct


def shapley(paths: ConversionPaths) -> Floats:
    """Credits by channel, (channels,): each conversion is divided evenly among the different channels of its path."""
    size = max(len(paths.channels), 1)
    pairs = distinct(paths.path_of_touch * size + paths.channel)
    path, channel = pairs // size, pairs % size
    different = np.bincount(path, minlength=len(paths))
    shares = paths.conversions[path] / different[path]
    return np.bincount(channel, weights=shares, minlength=len(paths.channels)).astype(np.float64)
