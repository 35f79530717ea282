"""Category back-test: forecasts of the next order per category at an origin, compared with median-gap baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats
from features.history import Cutoff
from training import metrics
from training.dataset.category_rows import CategoryLog, CategoryRows
from training.fitting.category_hazards import fit_category_tables_from_log
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import EVIDENCE_LEVELS
from training.inference.forecast import Forecast
from training.models.next_purchase import CENSOR_DAYS

EVALUATION_DAYS = (7, 14, 30)
MIN_LINES = 30
SHOWN_METRICS = ("lines", "came", "auc", "ece", "median_error_days", "mae_days")  # of ``flywheel evaluate``


@dataclass(frozen=True, kw_only=True)
class CategoryBacktest:
    """Forecasts of m customer-category lines at an origin, and their outcomes; every array is (m,)."""

    forecast: CategoryForecast
    rows: CategoryRows
    own_gap: Floats  # the customer's own median gap in the category; NaN before the second order
    usual_gap: Floats  # the median gap of all customers in the category; NaN where no customer came back

    def metrics(self) -> dict[str, dict[str, float]]:
        """Ranking, calibration and error of the median date: of all lines, per evidence level, and of the baselines."""
        within = self.forecast.order_probabilities((self.evaluated_days,))[:, 0]
        wait = np.floor(np.minimum(self.forecast.wait_quantiles((0.5,))[:, 0], CENSOR_DAYS))
        evidence = self.forecast.state.evidence
        parts = {
            "all": np.ones(len(evidence), dtype=bool),
            **{name: evidence == code for code, name in enumerate(EVIDENCE_LEVELS)},
        }
        by_contestant = {
            name: self._probability_metrics(within[part], part) | self._date_metrics(wait[part], part)
            for name, part in parts.items()
            if part.sum() >= MIN_LINES
        }
        if by_contestant:
            frequency_auc = metrics.auc(self.rows.lines.days, self._ordered_within())
            by_contestant |= {name: self._baseline_metrics(gap) for name, gap in self._baseline_gaps().items()}
            by_contestant["days ordered so far"] = {"lines": float(len(evidence)), "auc": frequency_auc}
        return by_contestant

    @property
    def evaluated_days(self) -> float:
        """Evaluation window: the longest of ``EVALUATION_DAYS`` that is over for every line, or the days so far."""
        followed = float(self.rows.follow_days.min(initial=CENSOR_DAYS))
        return max((float(days) for days in EVALUATION_DAYS if days <= followed), default=followed)

    def _ordered_within(self) -> Floats:
        return (self.rows.wait_days < self.evaluated_days).astype(float)

    def _probability_metrics(self, within: Floats, part: Booleans) -> dict[str, float]:
        ordered = self._ordered_within()[part]
        return {
            "lines": float(part.sum()),
            "came": float(ordered.mean()),
            "auc": metrics.auc(within, ordered),
            "ece": metrics.ece(within, ordered),
            "brier": metrics.brier(within, ordered),
        }

    def _date_metrics(self, wait: Floats, part: Booleans) -> dict[str, float]:
        """Days between the median date and the true date, over orders within 60 days."""
        actual = self.rows.wait_days[part]
        is_evaluated = actual < np.minimum(CENSOR_DAYS, self.rows.follow_days[part])
        error = np.abs(wait[is_evaluated] - actual[is_evaluated])
        return {
            "median_error_days": float(np.median(error)) if len(error) else float("nan"),
            "mae_days": float(error.mean()) if len(error) else float("nan"),
        }

    def _baseline_gaps(self) -> dict[str, Floats]:
        usual = np.nan_to_num(self.usual_gap, nan=CENSOR_DAYS)
        own = np.where(np.isnan(self.own_gap), usual, self.own_gap)
        return {"category's median gap": usual, "own median gap": own}

    def _baseline_metrics(self, gap: Floats) -> dict[str, float]:
        """Metrics of a baseline that expects the next order one gap after the last order, and not before today."""
        inactive_days = self.rows.cutoff - self.rows.lines.last_day
        wait, all_lines = np.clip(gap - inactive_days, 0.0, CENSOR_DAYS), np.ones(len(gap), dtype=bool)
        return {
            "lines": float(len(gap)),
            "auc": metrics.auc(-wait, self._ordered_within()),
            **self._date_metrics(wait, all_lines),
        }


def backtest_categories(
    log: CategoryLog, origin: Cutoff, cutoffs: Sequence[Cutoff], overall: Forecast, buyers: Booleans
) -> CategoryBacktest | None:
    """Fit the category tables before an origin and evaluate them after it; None where there are no categories yet.

    Args:
        log: the log as it is known now, for the outcomes.
        origin: the limit of all learning.
        cutoffs: the training cutoffs before the origin.
        overall: the forecast of any order for the buyers at the origin.
        buyers: a mask of the buyers among the customers known at the origin.
    """
    earlier = CategoryLog.from_dataset(log.data, origin)
    if earlier is None:
        return None
    tables, rows = fit_category_tables_from_log(earlier, cutoffs), log.rows([origin])
    buyer_rows = np.flatnonzero(log.data.customers["position"] == log.data.cutoffs.index(origin))[buyers]
    # Whoever sent everything back has categories but no order, and so no forecast of any order.
    rows = rows.select((tables.category_index(rows.lines) >= 0) & np.isin(rows.lines.row, buyer_rows))
    lines = replace(rows.lines, row=np.searchsorted(buyer_rows, rows.lines.row))
    own, usual = earlier.median_gaps(rows.lines)
    forecast = forecast_categories(tables, lines, overall, rows.cutoff)
    return CategoryBacktest(forecast=forecast, rows=rows, own_gap=own, usual_gap=usual)
