"""Regression columns: the few columns of the small regression and the more of the full one, as fractions of a horizon.

No window is a fixed number of days, so that nothing is tuned to the pace of one shop. A longer window than most
training rows could fill would only repeat the count of all orders there, and mislead for the customers of today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.customer_inputs import CustomerInputs, nearest_window
from training.inference.fast_numpy import side_by_side

BTYD = "btyd"  # the source of a column that BTYD computes
HALF_LIVES = (0.25, 1.0, 4.0)  # of the decayed order counts, in horizons


@dataclass(frozen=True)
class RegressionColumns:
    """Regression columns: their values, and the model inputs that they stand for in reasons."""

    sources: tuple[str, ...]  # names of inputs, or ``BTYD``
    values: Floats  # (n, columns)


def small_columns(
    customers: CustomerInputs, days: float, btyd_log_odds: Floats, btyd_log_orders: Floats
) -> RegressionColumns:
    """BTYD's two answers, silence, order days, silence over the usual gap, and recent orders; with amounts, value."""
    columns = [
        (BTYD, btyd_log_odds),
        (BTYD, btyd_log_orders),
        ("recency_days", customers.log_silence),
        ("order_days", customers.log_order_days),
        ("recency_over_mean_gap", customers.log_silence_over_gap),
        *(_count_column(customers, days * share) for share in (0.25, 1.0)),
    ]
    if customers.averages.order_value > 0:
        columns.append(("mean_order", customers.log_order_value))
    return _stack(columns)


def full_columns(customers: CustomerInputs, days: float, small: RegressionColumns) -> RegressionColumns:
    """The small columns, tenure, more windows, decayed counts, rate, curvature of silence, regularity and spend."""
    silence, gap = customers.log_silence, customers.gap_days
    columns = [
        ("tenure_days", np.log1p(customers.column("tenure_days"))),
        *(_count_column(customers, days * share) for share in (0.125, 0.5, 2.0)),
        *(_decayed_count_column(customers, days * lives) for lives in HALF_LIVES),
        ("orders_per_day", np.log(np.maximum(customers.column("orders_per_day"), 1e-6))),
        ("recency_days", silence**2),
        ("recency_days", silence * customers.log_order_days),
        ("std_gap_days", np.log1p(customers.column("std_gap_days") / gap)),
        ("median_gap_days", _log_ratio(customers.column("median_gap_days"), gap)),
        ("last_gap_days", _log_ratio(customers.column("last_gap_days"), gap)),
        ("order_days", (customers.order_days <= 1).astype(float)),
    ]
    if customers.averages.order_value > 0:
        largest = _log_ratio(customers.column("max_order"), customers.column("mean_order"))
        columns += [("max_order", largest), *(_spend_column(customers, days * share) for share in (0.5, 1.0))]
    more = _stack(columns)
    return RegressionColumns(small.sources + more.sources, np.concatenate([small.values, more.values], axis=1))


def _stack(columns: list[tuple[str, Floats]]) -> RegressionColumns:
    return RegressionColumns(tuple(source for source, _ in columns), side_by_side([values for _, values in columns]))


def _window_name(customers: CustomerInputs, kind: str, days: float) -> str:
    return nearest_window(customers.names, kind, min(days, customers.averages.window_days))


def _count_column(customers: CustomerInputs, days: float) -> tuple[str, Floats]:
    name = _window_name(customers, "orders", days)
    return name, np.log1p(customers.column(name))


def _spend_column(customers: CustomerInputs, days: float) -> tuple[str, Floats]:
    name = _window_name(customers, "spend", days)
    return name, np.log1p(np.maximum(customers.column(name), 0.0) / customers.averages.order_value)


def _decayed_count_column(customers: CustomerInputs, half_life: float) -> tuple[str, Floats]:
    """Decayed count: an order counts half after each ``half_life`` days, dated to the middle of its window."""
    inside, ages = customers.order_ages
    return "orders_per_day", np.log1p((inside * 0.5 ** (ages / half_life)).sum(axis=1))


def _log_ratio(above: Floats, below: Floats) -> Floats:
    known = (above > 0) & (below > 0)
    return np.log(np.divide(above, below, out=np.ones(len(above)), where=known))
