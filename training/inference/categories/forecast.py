"""When does the next order in each category come? Never sooner than the next order of any kind."""

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
    """m lines of n customers, customer by customer, from the instant asked about onwards."""

    tables: CategoryTables
    overall: Forecast  # of the n customers
    lines: CategoryLines
    category_index: Integers  # (m,) the category, as its place among ``tables.names``
    state: LineState

    def __len__(self) -> int:
        return len(self.lines)

    def order_probabilities(self, days: Sequence[float]) -> Floats:
        """P(order in the category within each of ``days``), (m, len(days)); never above P(order of any kind)."""
        cell, gap, silence = self.state.cell, self.state.gap[:, None], self.state.silence[:, None]
        ahead = silence + np.asarray(days, dtype=float) / gap
        passed = self.tables.cumulative_hazard(cell[:, None], np.concatenate([silence, ahead], axis=1))
        return np.minimum(
            -np.expm1(passed[:, :1] - passed[:, 1:]), self.overall.order_probabilities(days)[self.lines.row]
        )

    def wait_quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Days until P(order in the category) reaches each of ``probabilities``, (m, len(probabilities)).

        Never sooner than P(order of any kind) does; infinite beyond the last day.
        """
        cell, standing = self.state.cell, self.state
        goal = -np.log1p(-np.asarray(probabilities, dtype=float))
        passed = self.tables.cumulative_hazard(cell, standing.silence)[:, None] + goal
        days = (self.tables.silence_at(cell, passed) - standing.silence[:, None]) * standing.gap[:, None]
        days = np.maximum(days, self.overall.wait_quantiles(probabilities)[self.lines.row])
        return np.where(days > LAST_DAY, np.inf, days)


def forecast_categories(
    tables: CategoryTables, lines: CategoryLines, overall: Forecast, today: Floats | float
) -> CategoryForecast:
    """Answers for the lines whose category was learned of.

    Args:
        tables: what was learned.
        lines: of n customers.
        overall: what is said of these n customers' next order of any kind.
        today: the instant the answer speaks for, in days since 1970 by the shop's clock; (m,) or one for all.
    """
    place = tables.category_index(lines)
    learned = place >= 0
    if not learned.all():
        lines, place = lines.select(learned), place[learned]
        today = today[learned] if isinstance(today, np.ndarray) else today
    return CategoryForecast(
        tables=tables, overall=overall, lines=lines, category_index=place, state=tables.line_state(lines, place, today)
    )
