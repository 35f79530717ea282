"""Discrete-time survival: person-period inputs, and the survival curve that follows from the hazard of each period.

The hazard is the probability of the next order in a period, given none before. One model over person-period rows
predicts its log-odds; a customer has no more rows after the order or the end of the log (Singer & Willett 1993, "It's
about time").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats, Integers
from training.inference.fast_numpy import clip
from training.inference.forecast import LAST_DAY

PERIOD_INPUTS = ("period_start", "period_end", "gap_at_start", "gap_over_mean", "gap_over_median", "gap_over_p90")


def period_inputs(inputs: Floats, names: Sequence[str], edges: Floats, period: Integers) -> Floats:
    """Append the inputs of each row's period: its edges, and the recency at its start, (n, inputs + 6)."""
    start, end = edges[period], edges[period + 1]
    gap = inputs[:, names.index("recency_days")] + start
    rhythm = [inputs[:, names.index(name)] for name in ("mean_gap_days", "median_gap_days", "p90_gap_days")]
    return np.column_stack([inputs, start, end, gap, *(gap / np.maximum(days, 1.0) for days in rhythm)])


def person_period_inputs(inputs: Floats, names: Sequence[str], edges: Floats) -> Floats:
    """Return person-period rows for every customer and period, (n * periods, inputs + 6), ordered by customer."""
    periods = len(edges) - 1
    period = np.tile(np.arange(periods), len(inputs))
    return period_inputs(np.repeat(inputs, periods, axis=0), names, edges, period)


def survival_curve(hazards: Floats, edges: Floats, days: Floats) -> Floats:
    """Return P(order within days[j]), (n, len(days)), from the hazards per period, (n, len(edges) - 1).

    Between edges the daily hazard is constant. Beyond the last edge no window is complete, and the hazard decreases
    as 1 / t. This is the tail of a mixture in which the quick customers have ordered already; Pareto/NBD (Fader &
    Hardie) has the same tail.
    """
    step = -np.log1p(-clip(hazards, 1e-9, 1 - 1e-9))
    cumulative = np.concatenate([np.zeros((len(step), 1)), np.cumsum(step, axis=1)], axis=1)
    inside = np.minimum(days, edges[-1])
    right = np.minimum(np.maximum(edges.searchsorted(inside), 1), len(edges) - 1)
    share = (inside - edges[right - 1]) / (edges[right] - edges[right - 1])
    total = cumulative[:, right - 1] + share * (cumulative[:, right] - cumulative[:, right - 1])
    last = step[:, -1] / (edges[-1] - edges[-2])
    beyond = edges[-1] * np.log(np.maximum(days, edges[-1]) / edges[-1])
    return np.asarray(-np.expm1(-(total + last[:, None] * beyond[None, :])))


def forecast_grid(edges: Floats, horizons: Sequence[int]) -> Floats:
    """Return the grid of days of a forecast: the edges, the horizons, and widening steps to the last day."""
    tail = np.geomspace(max(edges[-1], 1.0), LAST_DAY, 8).round()
    return np.unique(np.concatenate([[0.0], edges, np.asarray(horizons, dtype=float), tail, [LAST_DAY]]))
