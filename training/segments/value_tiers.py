"""Who are the most valuable customers? The best of them first, until a share is full."""

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

# A share of a sum that floats reach only but for their last places is reached.
ROUNDING = 1e-12


def value_tiers(
    predicted_value: Floats, shares: Sequence[float], by: Literal["customers", "revenue"]
) -> NDArray[np.int16]:
    """The place of each customer's tier among the shares, (n,); len(shares) for the rest.

    The tiers are filled one after the other from the most valuable customer down, each with its own share: of the
    customers, to the nearest whole one, or of what they are worth together, with the fewest that bring it. Of equals
    the one who stands before the other in ``predicted_value`` is first.
    """
    order = np.argsort(-predicted_value, kind="stable")
    ends = (
        _ends_by_customers(len(predicted_value), shares)
        if by == "customers"
        else _ends_by_revenue(predicted_value[order], shares)
    )
    found = np.empty(len(predicted_value), np.int16)
    found[order] = np.searchsorted(ends, np.arange(len(predicted_value)), "right")
    return found


def top_share(predicted_value: Floats, candidates: Booleans, share: float) -> Booleans:
    """The most valuable share of some customers, rounded up, (n,); of equals the first."""
    some = np.flatnonzero(candidates)
    chosen = some[np.argsort(-predicted_value[some], kind="stable")]
    found = np.zeros(len(predicted_value), np.bool_)
    found[chosen[: ceil(exact_fraction(share) * len(some))]] = True
    return found


def _ends_by_customers(customers: int, shares: Sequence[float]) -> list[int]:
    return [int(share * customers + Fraction(1, 2)) for share in _cumulative_shares(shares)]


def _ends_by_revenue(descending: Floats, shares: Sequence[float]) -> list[int]:
    brought = np.cumsum(np.maximum(descending, 0.0))
    total = float(brought[-1]) if len(brought) else 0.0
    if total == 0:
        return [0] * len(shares)
    return [
        1 + int(np.searchsorted(brought, float(share) * total * (1 - ROUNDING))) for share in _cumulative_shares(shares)
    ]


def _cumulative_shares(shares: Sequence[float]) -> list[Fraction]:
    return list(accumulate(map(exact_fraction, shares)))
