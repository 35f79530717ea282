"""Predicted means: what the scores table expects of a metric within its window, from the nearest horizon."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

import numpy as np

from features.arrays import Floats, RowIndices
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.scores_table import Columns
from training.experiments.record.experiment import Metric, MetricKind

_COLUMNS: dict[MetricKind, re.Pattern[str]] = {
    "order": re.compile(r"purchase_probability_(\d+)d"),
    "orders": re.compile(r"expected_orders_(\d+)d"),
    "spend": re.compile(r"ltv_(\d+)d_mean"),
}


@dataclass(frozen=True, order=True)
class PredictionColumn:
    """A column of predictions; the nearest one to some days comes first, of two as near the shorter."""

    distance: int  # days between its horizon and those that were asked for
    horizon_days: int
    name: str


def nearest_prediction(columns: Columns, kind: MetricKind, days: int) -> PredictionColumn | None:
    """The column that predicts a metric at the horizon nearest to some days; None without any."""
    pattern = _COLUMNS.get(kind)
    matches = [] if pattern is None else [pattern.fullmatch(name) for name in columns.column_types]
    candidates = [
        PredictionColumn(abs(int(match[1]) - days), int(match[1]), match[0]) for match in matches if match is not None
    ]
    return min(candidates, default=None)


def predicted_mean(columns: Columns, metric: Metric, rows: RowIndices) -> float | None:
    """The mean prediction of a metric for the customers in some rows; None where there is no prediction.

    Another horizon is brought to the days of the metric as if orders came at a constant rate.
    """
    column = nearest_prediction(columns, metric.kind, metric.within_days)
    if column is None:
        return None
    values = _values(columns, column.name, rows)
    if not len(values):
        return None
    ratio = metric.within_days / column.horizon_days
    if metric.kind == "order":
        return float((1 - (1 - values) ** ratio).mean())
    return float(values.mean() * ratio)


def _values(columns: Columns, name: str, rows: RowIndices) -> Floats:
    """The values that are no null."""
    column = cast("NumericColumn", columns[name])
    values: Floats = column.values[rows].astype(np.float64)
    return values[~column.is_null()[rows]]
