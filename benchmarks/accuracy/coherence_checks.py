"""Coherence checks: finds predictions of a scores table that contradict each other or are not numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from features.arrays import Booleans, Floats

TOLERANCE = 1e-6
WITHIN_DAYS = (7, 14, 30, 60, 90)
# Columns that are null if the log has no time of day or no discounts.
NULLABLE = ("preferred_hour", "price_sensitivity", "discounted_orders")
EMPTY_WITHOUT_AMOUNTS = ("ltv_", "historic_spend", "rfm_monetary")  # columns that are null without amounts


def incoherences(scores: pd.DataFrame, horizons: Sequence[int], *, has_amounts: bool) -> Iterator[str]:
    """Yield one sentence for each contradiction or missing number in a scores table."""
    for name in scores.select_dtypes("number").columns.astype(str):
        if not name.startswith(NULLABLE if has_amounts else (*NULLABLE, *EMPTY_WITHOUT_AMOUNTS)):
            yield from _describe_faults(f"{name} is no number", ~np.isfinite(_column(scores, name)))
    within = np.column_stack([_column(scores, f"purchase_probability_{days}d") for days in WITHIN_DAYS])
    yield from _describe_faults("P(order) falls with time", _decreases(within))
    for kind in ("expected_orders_{}d", "ltv_{}d_mean", "ltv_{}d_median", "ltv_{}d_p10", "ltv_{}d_p90"):
        values = np.column_stack([_column(scores, kind.format(days)) for days in horizons])
        yield from _describe_faults(f"{kind} falls with time", _decreases(values))
    for days in horizons:
        yield from _horizon_incoherences(scores, days)


def coverage(scores: pd.DataFrame, days: int, spent: Floats) -> float:
    """Return the interval coverage: the share of customers whose spend, (n,), lies between p10 and p90."""
    low, high = (_column(scores, f"ltv_{days}d_{name}") for name in ("p10", "p90"))
    return float(np.mean((spent >= low) & (spent <= high)))


def _horizon_incoherences(scores: pd.DataFrame, days: int) -> Iterator[str]:
    low, middle, high = (_column(scores, f"ltv_{days}d_{name}") for name in ("p10", "median", "p90"))
    yield from _describe_faults(
        f"{days} d: p10 > median > p90", (low > middle + TOLERANCE) | (middle > high + TOLERANCE)
    )
    churn = int(scores["churn_horizon_days"].iloc[0])
    if days in WITHIN_DAYS:
        ordered = _column(scores, f"purchase_probability_{days}d")
        fewer = _column(scores, f"expected_orders_{days}d") < ordered - TOLERANCE
        yield from _describe_faults(f"{days} d: fewer orders than P(order)", fewer)
        yield from _describe_faults(f"{days} d: a median above 0 at P(order) < 0.5", (ordered < 0.5) & (middle > 0))
        if days == churn:
            difference = np.abs(1 - _column(scores, "churn_probability") - ordered)
            yield from _describe_faults("churn is not 1 - P(order)", difference > TOLERANCE)


def _decreases(values: Floats) -> Booleans:
    return np.asarray((np.diff(values, axis=1) < -TOLERANCE).any(axis=1))


def _column(scores: pd.DataFrame, name: str) -> Floats:
    return scores[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _describe_faults(description: str, mask: Booleans) -> Iterator[str]:
    if mask.any():
        yield f"{int(mask.sum())} customers: {description}"
