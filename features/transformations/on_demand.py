"""On-demand features: model inputs that depend on the current time, by one function for training and serving."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from features.arrays import Booleans, Floats, Integers
from features.calendar import DAY_US
from features.online.feature_rows import FeatureRows, RaggedList
from features.views import ON_DEMAND_WINDOW_DAYS

WINDOWED_LISTS = {"recent_orders": "orders", "recent_spend": "spend"}
_GAP_COLUMNS = ("mean_gap_days", "median_gap_days", "p90_gap_days")
_AGE_NAMES = {"first_order_at": "tenure_days", "last_order_at": "recency_days"}


@lru_cache(maxsize=64)
def input_names(columns: tuple[str, ...], lists: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the model's inputs, in the order of the columns that ``model_inputs`` returns."""
    stored = [name for name in columns if not name.endswith("_at")]
    ages = [_age_name(name) for name in columns if name.endswith("_at")]
    window_names = [
        f"{WINDOWED_LISTS[name]}_{days}d" for name in lists if name in WINDOWED_LISTS for days in ON_DEMAND_WINDOW_DAYS
    ]
    overdue = [f"recency_over_{name.removesuffix('_days')}" for name in _GAP_COLUMNS]
    return (*stored, *ages, *window_names, *overdue, "orders_per_day", "orders_28d_over_91d")


def model_inputs(features: FeatureRows, as_of: Integers, as_of_day: Integers) -> Floats:
    """Model inputs from stored features and the current time, (n, len(input_names)); NaN where undefined.

    Args:
        features: n customers.
        as_of: (n,) the instant of the answer, microseconds since 1970 UTC, not before ``features.features_at``.
        as_of_day: (n,) the shop's calendar day at that instant, days since 1970.
    """
    is_age = _timestamp_mask(features.columns)
    ages = (as_of[:, None] - features.matrix[:, is_age]) / DAY_US
    window_sums = _window_sums(features, as_of_day)
    recency = (as_of - features.column("last_order_at")) / DAY_US
    tenure = (as_of - features.column("first_order_at")) / DAY_US
    overdue = [recency / np.maximum(features.column(name), 1.0) for name in _GAP_COLUMNS]
    order_rate = features.column("orders") / np.maximum(tenure, 1.0)
    trend = window_sums["orders_28d"] / np.maximum(features.column("orders_91d"), 1.0)
    return np.column_stack([features.matrix[:, ~is_age], ages, *window_sums.values(), *overdue, order_rate, trend])


@lru_cache(maxsize=64)
def _timestamp_mask(columns: tuple[str, ...]) -> Booleans:
    """Which columns are timestamps, (columns,)."""
    return np.array([name.endswith("_at") for name in columns])


def _window_sums(features: FeatureRows, as_of_day: Integers) -> dict[str, Floats]:
    days = features.lists["recent_days"]
    rows = np.repeat(np.arange(len(features)), np.diff(days.offsets))
    age = as_of_day[rows] - days.values
    return {
        f"{WINDOWED_LISTS[name]}_{window}d": _sum_by_customer(values, rows, age <= window, len(features))
        for name, values in features.lists.items()
        if name in WINDOWED_LISTS
        for window in ON_DEMAND_WINDOW_DAYS
    }


def _sum_by_customer(values: RaggedList, rows: Integers, inside: Booleans, n: int) -> Floats:
    return np.asarray(np.bincount(rows[inside], weights=values.values[inside], minlength=n), dtype=np.float64)


def _age_name(column: str) -> str:
    return _AGE_NAMES.get(column, f"{column.removesuffix('_last_at')}_recency_days")
