"""Category hazards: fits the hazard tables of the next order per category, as orders per time without an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from features.arrays import Booleans, Floats
from features.history import Cutoff
from training.dataset.category_rows import Assortment, CategoryLog, CategoryRows
from training.dataset.outcomes import newest_cutoffs
from training.inference.categories.hazard_tables import CategoryTables, LineState, evidence_cell_count

ORDER_DAY_BANDS = (4.0, 5.0, 7.0, 10.0, 14.0, 20.0, 30.0)
PERIOD_EDGES = (0.0, *(float(edge) for edge in np.geomspace(0.1, 20.0, 15).round(4)))
MIN_ORDERS = 30_000
MAX_LINES = 400_000
PRIOR_ORDERS = 3.0
DEFAULT_PACE_DAYS = 30.0
HALF_DAY = 0.5  # an order may come at any time of its day


def fit_category_tables_from_log(log: CategoryLog, cutoffs: Sequence[Cutoff]) -> CategoryTables:
    """Fit the hazard tables with data before the log's limit, at the newest of ``cutoffs``."""
    return fit_category_tables(log.assortment(), log.rows(_newest_cutoffs(log, cutoffs)))


def fit_category_tables(assortment: Assortment, rows: CategoryRows) -> CategoryTables:
    """Fit the tables on the newest cutoffs with ``MIN_ORDERS`` orders, since order counts grow with the log's age."""
    rows = rows.select(newest_cutoffs(rows.cutoff, rows.cutoff, rows.wait_days < rows.follow_days, MIN_ORDERS))
    flat = ((1.0,) * len(PERIOD_EDGES),) * evidence_cell_count(ORDER_DAY_BANDS)
    tables = CategoryTables(
        assortment.names,
        assortment.codes,
        assortment.gap_days,
        _median_pace_days(rows),
        ORDER_DAY_BANDS,
        PERIOD_EDGES,
        flat,
    )
    category = tables.category_index(rows.lines)
    rows, category = rows.select(category >= 0), category[category >= 0]
    state = tables.line_state(rows.lines, category, rows.cutoff)
    ordered = rows.wait_days < rows.follow_days
    wait_days = np.where(ordered, rows.wait_days + HALF_DAY, rows.follow_days)
    end = state.silence + wait_days / state.gap
    hazards = _cell_hazards(state, end, ordered, len(flat))
    return replace(tables, hazards=tuple(tuple(row) for row in hazards.tolist()))


def _newest_cutoffs(log: CategoryLog, cutoffs: Sequence[Cutoff]) -> list[Cutoff]:
    """The newest cutoffs: just enough of them for ``MAX_LINES`` lines, or all."""
    position, newest, total = log.data.customers["position"].to_numpy()[log.lines.row], [], 0
    counts = np.bincount(position, minlength=len(log.data.cutoffs))
    for cutoff in sorted(cutoffs, key=lambda item: item.timestamp, reverse=True):
        newest.append(cutoff)
        total += int(counts[log.data.cutoffs.index(cutoff)])
        if total >= MAX_LINES:
            break
    return newest


def _median_pace_days(rows: CategoryRows) -> float:
    _, first = np.unique(rows.lines.row, return_index=True)
    gap = rows.lines.mean_gap_days[first]
    return max(float(np.nanmedian(gap)), 1.0) if np.isfinite(gap).any() else DEFAULT_PACE_DAYS


def _cell_hazards(state: LineState, end: Floats, ordered: Booleans, count: int) -> Floats:
    """Orders per expected gap, (cells, periods): each is shrunken towards the period's mean, this to that of all.

    An order may come at any time of its day, which may lie in several periods.
    """
    orders, exposure = np.zeros((count, len(PERIOD_EDGES))), np.zeros((count, len(PERIOD_EDGES)))
    cell, half = state.cell, HALF_DAY / state.gap
    for period, (start, stop) in enumerate(zip(PERIOD_EDGES, (*PERIOD_EDGES[1:], np.inf), strict=True)):
        low, high = np.clip(state.silence, start, stop), np.clip(end, start, stop)
        time_in_period = np.log(high / low) * start if stop == np.inf else high - low
        share = (np.clip(end + half, start, stop) - np.clip(end - half, start, stop)) / (2 * half)
        exposure[:, period] = np.bincount(cell, weights=time_in_period, minlength=count)
        orders[:, period] = np.bincount(cell[ordered], weights=share[ordered], minlength=count)
    overall = (orders.sum() + 1.0) / (exposure.sum() + 1.0)
    pooled = (orders.sum(axis=0) + PRIOR_ORDERS) / (exposure.sum(axis=0) + PRIOR_ORDERS / overall)
    hazards: Floats = (orders + PRIOR_ORDERS) / (exposure + PRIOR_ORDERS / pooled)
    return hazards
