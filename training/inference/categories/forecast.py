"""When does the next order in each category come? Never sooner than the next order of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.inference.categories.hazard_tables import CategoryTables, Standing
from training.inference.categories.lines import Lines
from training.inference.forecast import LAST_DAY, Forecast


@dataclass(frozen=True, kw_only=True)
class CategoryForecast:
    """m lines of n customers, customer by customer, from the instant asked about onwards."""

    tables: CategoryTables
    overall: Forecast  # of the n customers
    lines: Lines
    place: Integers  # (m,) the category, as its place among ``tables.names``
    standing: Standing

    def __len__(self) -> int:
        return len(self.lines)

    def within_each(self, days: Sequence[float]) -> Floats:
        """P(order in the category within each of ``days``), (m, len(days)); never above P(order of any kind)."""
        cell, gap, silence = self.standing.cell, self.standing.gap[:, None], self.standing.silence[:, None]
        ahead = silence + np.asarray(days, dtype=float) / gap
        passed = self.tables.passed(cell[:, None], np.concatenate([silence, ahead], axis=1))
        return np.minimum(-np.expm1(passed[:, :1] - passed[:, 1:]), self.overall.within_each(days)[self.lines.row])

    def days_of(self, probabilities: Sequence[float]) -> Floats:
        """Days until P(order in the category) reaches each of ``probabilities``, (m, len(probabilities)).

        Never sooner than P(order of any kind) does; infinite beyond the last day.
        """
        cell, standing = self.standing.cell, self.standing
        goal = -np.log1p(-np.asarray(probabilities, dtype=float))
        passed = self.tables.passed(cell, standing.silence)[:, None] + goal
        days = (self.tables.silence_at(cell, passed) - standing.silence[:, None]) * standing.gap[:, None]
        days = np.maximum(days, self.overall.days_of(probabilities)[self.lines.row])
        return np.where(days > LAST_DAY, np.inf, days)


def forecast_categories(
    tables: CategoryTables, lines: Lines, overall: Forecast, today: Floats | float
) -> CategoryForecast:
    """Answers for the lines whose category was learned of.

    Args:
        tables: what was learned.
        lines: of n customers.
        overall: what is said of these n customers' next order of any kind.
        today: the instant the answer speaks for, in days since 1970 by the shop's clock; (m,) or one for all.
    """
    place = tables.place(lines)
    learned = place >= 0
    if not learned.all():
        lines, place = lines.at(learned), place[learned]
        today = today[learned] if isinstance(today, np.ndarray) else today
    return CategoryForecast(
        tables=tables, overall=overall, lines=lines, place=place, standing=tables.standing(lines, place, today)
    )
