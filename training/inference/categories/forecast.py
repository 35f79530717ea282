"""Category forecast: the next order in each category, never before the next order of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.categories.hazard_tables import CategoryTables, LineState
from training.inference.categories.lines import CategoryLines
from training.inference.forecast import LAST_DAY, Forecast


@dataclass(frozen=True, kw_only=True)
class CategoryForecast:
    """Category forecast: m lines of n customers, ordered by customer, from the requested instant onwards."""

    tables: CategoryTables
    overall: Forecast  # of the n customers
    lines: CategoryLines
    category_index: Integers  # (m,) the position of the category in ``tables.names``
    state: LineState

    def __len__(self) -> int:
        return len(self.lines)

    def order_probabilities(self, days: Sequence[float]) -> Floats:
        """Return P(order in the category within each of ``days``), (m, len(days)), at most P(order of any kind)."""
        cell, gap, silence = self.state.cell, self.state.gap[:, None], self.state.silence[:, None]
        ahead = silence + np.asarray(days, dtype=float) / gap
        cumulative = self.tables.cumulative_hazard(cell[:, None], np.concatenate([silence, ahead], axis=1))
        return np.minimum(
            -np.expm1(cumulative[:, :1] - cumulative[:, 1:]), self.overall.order_probabilities(days)[self.lines.row]
        )

    def wait_quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Return the days until P(order in the category) reaches each of ``probabilities``, (m, len(probabilities)).

        They are never before those of an order of any kind, and infinite beyond the last day.
        """
        own = self._own_waits(-np.log1p(-np.asarray(probabilities, dtype=float))[None, :])
        days = np.maximum(own, self.overall.wait_quantiles(probabilities)[self.lines.row])
        return np.where(days > LAST_DAY, np.inf, days)

    def conditional_median_wait(self, days: float) -> Floats:
        """Return the median wait in days given an order in the category within ``days``, (m,).

        It is the day at which P(order in the category) reaches half of that within ``days``; NaN where that is 0.
        """
        within = self.order_probabilities((days,))[:, 0]
        own = self._own_waits(-np.log1p(-within / 2)[:, None])[:, 0]
        wait = np.maximum(own, self.overall.waits_until(within / 2, self.lines.row))
        return np.where(within > 0, wait, np.nan)

    def _own_waits(self, increment: Floats) -> Floats:
        """The days until the category's own cumulative hazard has risen by each increment, (m, t) or (1, t)."""
        cell, state = self.state.cell, self.state
        cumulative = self.tables.cumulative_hazard(cell, state.silence)[:, None] + increment
        return np.asarray((self.tables.silence_at(cell, cumulative) - state.silence[:, None]) * state.gap[:, None])


def forecast_categories(
    tables: CategoryTables, lines: CategoryLines, overall: Forecast, today: Floats | float
) -> CategoryForecast:
    """Return the forecast for the lines whose category is in the tables.

    Args:
        tables: the fitted hazard tables.
        lines: the lines of n customers.
        overall: the forecast of these n customers' next order of any kind.
        today: the requested instant, in days since 1970 in the shop's timezone; (m,) or one for all.
    """
    category_index = tables.category_index(lines)
    is_learned = category_index >= 0
    if not is_learned.all():
        lines, category_index = lines.select(is_learned), category_index[is_learned]
        today = today[is_learned] if isinstance(today, np.ndarray) else today
    return CategoryForecast(
        tables=tables,
        overall=overall,
        lines=lines,
        category_index=category_index,
        state=tables.line_state(lines, category_index, today),
    )
