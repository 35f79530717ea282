"""Value tiers: the customers of the highest predicted value fill the first tier up to its share, then the next."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features.arrays import Booleans, Floats
from features.config.segmentation import exact_fraction

# A share counts as reached within this relative rounding error.
ROUNDING = 1e-12


def value_tiers(
    predicted_value: Floats, shares: Sequence[float], by: Literal["customers", "revenue"]
) -> NDArray[np.int16]:
    """Index of each customer's tier among the shares, (n,); len(shares) for the rest.

    The tiers are filled in order from the most valuable customer down, each with its own share: of the number of
    customers, rounded, or of their total value, with the fewest customers that reach it. The customer that is first in
    ``predicted_value`` wins a tie.
    """
    order = np.argsort(-predicted_value, kind="stable")
    ends = (
        _ends_by_customers(len(predicted_value), shares)
        if by == "customers"
        else _ends_by_revenue(predicted_value[order], shares)
    )
    codes = np.empty(len(predicted_value), np.int16)
    codes[order] = np.searchsorted(ends, np.arange(len(predicted_value)), "right")
    return codes


def top_share(predicted_value: Floats, candidates: Booleans, share: float) -> Booleans:
    """Mask of the most valuable share of the candidates, rounded up, (n,); the first wins a tie."""
    indices = np.flatnonzero(candidates)
    ranked = indices[np.argsort(-predicted_value[indices], kind="stable")]
    mask = np.zeros(len(predicted_value), np.bool_)
    mask[ranked[: ceil(exact_fraction(share) * len(indices))]] = True
    return mask


def _ends_by_customers(customers: int, shares: Sequence[float]) -> list[int]:
    return [int(share * customers + Fraction(1, 2)) for share in _cumulative_shares(shares)]


def _ends_by_revenue(descending: Floats, shares: Sequence[float]) -> list[int]:
    cumulative = np.cumsum(np.maximum(descending, 0.0))
    total = float(cumulative[-1]) if len(cumulative) else 0.0
    if total == 0:
        return [0] * len(shares)
    return [
        1 + int(np.searchsorted(cumulative, float(share) * total * (1 - ROUNDING)))
        for share in _cumulative_shares(shares)
    ]


def _cumulative_shares(shares: Sequence[float]) -> list[Fraction]:
    return list(accumulate(map(exact_fraction, shares)))
