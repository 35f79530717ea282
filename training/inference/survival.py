"""Discrete-time hazard of the next order: person-period inputs, and the survival curve they give.

Singer & Willett (1993), "It's about time": the log-odds of the event in each period, given none before, from one model
over person-period rows; a customer leaves the rows with the event or when the log ends.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats, Integers
from training.inference.fast_numpy import clip
from training.inference.forecast import LAST_DAY

PERIOD_INPUTS = ("period_start", "period_end", "gap_at_start", "gap_over_mean", "gap_over_median", "gap_over_p90")


def period_inputs(inputs: Floats, names: Sequence[str], edges: Floats, period: Integers) -> Floats:
    """Each row's inputs, and where its silence would stand when the period begins, (n, inputs + 6)."""
    start, end = edges[period], edges[period + 1]
    gap = inputs[:, names.index("recency_days")] + start
    rhythm = [inputs[:, names.index(name)] for name in ("mean_gap_days", "median_gap_days", "p90_gap_days")]
    return np.column_stack([inputs, start, end, gap, *(gap / np.maximum(days, 1.0) for days in rhythm)])


def person_period_inputs(inputs: Floats, names: Sequence[str], edges: Floats) -> Floats:
    """Person-period rows for every customer and period, (n * periods, inputs + 6), customer by customer."""
    periods = len(edges) - 1
    period = np.tile(np.arange(periods), len(inputs))
    return period_inputs(np.repeat(inputs, periods, axis=0), names, edges, period)


def survival_curve(hazards: Floats, edges: Floats, days: Floats) -> Floats:
    """P(order within days[j]), (n, len(days)), from hazards per period, (n, len(edges) - 1).

    Between edges the daily hazard is constant. Beyond the last edge, where no window is over yet, it falls off as
    1 / t: the tail of a mixture of customers of whom the quick ones have already come (Fader & Hardie's Pareto/NBD
    has the same tail).
    """
    step = -np.log1p(-clip(hazards, 1e-9, 1 - 1e-9))
    passed = np.concatenate([np.zeros((len(step), 1)), np.cumsum(step, axis=1)], axis=1)
    inside = np.minimum(days, edges[-1])
    right = np.minimum(np.maximum(edges.searchsorted(inside), 1), len(edges) - 1)
    share = (inside - edges[right - 1]) / (edges[right] - edges[right - 1])
    total = passed[:, right - 1] + share * (passed[:, right] - passed[:, right - 1])
    last = step[:, -1] / (edges[-1] - edges[-2])
    beyond = edges[-1] * np.log(np.maximum(days, edges[-1]) / edges[-1])
    return np.asarray(-np.expm1(-(total + last[:, None] * beyond[None, :])))


def forecast_grid(edges: Floats, horizons: Sequence[int]) -> Floats:
    """The grid on which a forecast is given: the edges, the horizons, and widening steps to the last day."""
    tail = np.geomspace(max(edges[-1], 1.0), LAST_DAY, 8).round()
    return np.unique(np.concatenate([[0.0], edges, np.asarray(horizons, dtype=float), tail, [LAST_DAY]]))
