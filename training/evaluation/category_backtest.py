"""How good is the next order per category at an origin, beside what the usual gap alone would say?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats
from features.history import Cutoff
from training import metrics
from training.dataset.category_rows import CategoryLog, CategoryRows
from training.fitting.category_hazards import learn_categories
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import RUNGS
from training.inference.forecast import Forecast
from training.models.next_purchase import NEAR

DAYS = (7, 14, 30)
FEWEST_LINES = 30


@dataclass(frozen=True, kw_only=True)
class CategoryBacktest:
    """What was said of customers and categories at an origin, and what then happened; every array is (m,)."""

    forecast: CategoryForecast
    rows: CategoryRows
    own_gap: Floats  # the customer's own median gap in the category; NaN before the second order
    usual_gap: Floats  # everybody's median gap in the category; NaN where nobody came back

    def measures(self) -> dict[str, dict[str, float]]:
        """Per rung, of all, and of the baselines: ranking, calibration, and the error of the median date."""
        within = self.forecast.within_each((self.days,))[:, 0]
        wait = np.floor(np.minimum(self.forecast.days_of((0.5,))[:, 0], NEAR))
        rung = self.forecast.standing.rung
        parts = {"all": np.ones(len(rung), dtype=bool), **{name: rung == code for code, name in enumerate(RUNGS)}}
        found = {
            name: self._probability(within[part], part) | self._date(wait[part], part)
            for name, part in parts.items()
            if part.sum() >= FEWEST_LINES
        }
        if found:
            often = metrics.auc(self.rows.lines.days, self._came())
            found |= {name: self._simple(gap) for name, gap in self._gaps().items()}
            found["days ordered so far"] = {"lines": float(len(rung)), "auc": often}
        return found

    @property
    def days(self) -> float:
        """The longest window of at most a month that is over for everybody."""
        followed = float(self.rows.follow_days.min(initial=NEAR))
        return max((float(days) for days in DAYS if days <= followed), default=followed)

    def _came(self) -> Floats:
        return (self.rows.wait_days < self.days).astype(float)

    def _probability(self, within: Floats, part: Booleans) -> dict[str, float]:
        came = self._came()[part]
        return {
            "lines": float(part.sum()),
            "came": float(came.mean()),
            "auc": metrics.auc(within, came),
            "ece": metrics.ece(within, came),
            "brier": metrics.brier(within, came),
        }

    def _date(self, wait: Floats, part: Booleans) -> dict[str, float]:
        """Days between the median date and the true one, for orders that came within 60 days."""
        actual = self.rows.wait_days[part]
        near = actual < np.minimum(NEAR, self.rows.follow_days[part])
        error = np.abs(wait[near] - actual[near])
        return {
            "median_error_days": float(np.median(error)) if len(error) else float("nan"),
            "mae_days": float(error.mean()) if len(error) else float("nan"),
        }

    def _gaps(self) -> dict[str, Floats]:
        usual = np.nan_to_num(self.usual_gap, nan=NEAR)
        own = np.where(np.isnan(self.own_gap), usual, self.own_gap)
        return {"category's median gap": usual, "own median gap": own}

    def _simple(self, gap: Floats) -> dict[str, float]:
        """The last order plus a gap, today where that has passed."""
        silence = self.rows.cutoff - self.rows.lines.last_day
        wait, everything = np.clip(gap - silence, 0.0, NEAR), np.ones(len(gap), dtype=bool)
        return {"lines": float(len(gap)), "auc": metrics.auc(-wait, self._came()), **self._date(wait, everything)}


def backtest_categories(
    later: CategoryLog, origin: Cutoff, cutoffs: Sequence[Cutoff], overall: Forecast, bought: Booleans
) -> CategoryBacktest | None:
    """Learn before an origin, and judge on what came after it.

    Args:
        later: what is known now, for the outcomes.
        origin: the limit of all learning.
        cutoffs: those before the origin.
        overall: the forecast of any order, of those who had bought by the origin.
        bought: who that is, of all known then.
    """
    earlier = CategoryLog.before(later.data, origin)
    if earlier is None:
        return None
    tables, rows = learn_categories(earlier, cutoffs), later.rows([origin])
    rows = rows.at(tables.place(rows.lines) >= 0)
    asked = np.flatnonzero(later.data.customers["position"] == later.data.cutoffs.index(origin))[bought]
    lines = replace(rows.lines, row=np.searchsorted(asked, rows.lines.row))
    own, usual = earlier.median_gaps(rows.lines)
    forecast = forecast_categories(tables, lines, overall, rows.cutoff)
    return CategoryBacktest(forecast=forecast, rows=rows, own_gap=own, usual_gap=usual)
