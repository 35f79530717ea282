"""First-year seasonality: weekly order counts of a log of about a year, used where no cutoff a year ago exists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.dataset.plan import YEAR_DAYS, HorizonPlan
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.tiered_model import TieredModel
from training.inference.tiers.btyd import BtydTier

DAYS_PER_WEEK = 7  # days
MIN_WEEKS = 50
RECENT_CUTOFF_DAYS = 120  # days of newest cutoffs that measure the share of known customers in all orders
MAX_TREND_RESIDUAL = 0.3  # on the log scale; weeks this near to the trend are not seasonal
TURN_WEEKS = 3  # weeks before and after, between which a season begins or ends
MIN_TURN = 0.5  # on the log scale
MIN_TURN_STANDARD_ERRORS = 6.0  # standard errors of a turn under Poisson noise
MIN_RETURNING_SHARE = 0.5  # share of the largest turn required in orders of returning customers


@dataclass(frozen=True)
class WeeklyIndex:
    """Weekly order index of the last year, relative to its trend."""

    index: Floats  # (days,) of the whole log, 1 on the trend
    level: float  # orders a day at the end of the trend

    def mean_ahead(self, first: int, last: int) -> float:
        """Mean index of the days [first, last) from now, read a year earlier; NaN where the log has none of them."""
        now = len(self.index)
        days = np.arange(now + first - YEAR_DAYS, min(now + last - YEAR_DAYS, now))
        return float(self.index[days[days >= 0]].mean()) if (days >= 0).any() else float("nan")


@dataclass(frozen=True)
class FirstYearSeasonality:
    """First-year seasonality: ratio of seasonal orders to BTYD's, and the customers used to scale a tiered model."""

    btyd: BtydTier
    newest: Rows  # rows of the newest cutoff
    ahead: Floats  # (learned,) orders within each learned horizon over those BTYD expects
    rest_of_year: float  # the same over the rest of the year

    def seasonality(self, tiered_model: TieredModel) -> Seasonality:
        """The factors that scale the totals of a tiered model to BTYD's seasonal totals."""
        learned = np.asarray(tiered_model.layout.learned, dtype=float)
        btyd, model = self.btyd.answer(self.newest.inputs, learned), tiered_model.predict_learned(self.newest.inputs)
        return Seasonality(
            buyers=_halve(self._seasonal_factors(model.order_by, btyd.order_by)),
            orders=self._seasonal_factors(model.orders, btyd.orders),
            spend=None
            if model.spend is None or btyd.spend is None
            else self._seasonal_factors(model.spend, btyd.spend),
        )

    def _seasonal_factors(self, model_values: Floats, btyd_values: Floats) -> SeasonalFactors:
        level = np.maximum(model_values.sum(axis=0), 1e-9) / np.maximum(btyd_values.sum(axis=0), 1e-9)
        return SeasonalFactors(tuple((self.ahead / level).tolist()), float(self.rest_of_year / level[-1]))


def _halve(factors: SeasonalFactors) -> SeasonalFactors:
    """Half of the season on the log scale: fewer buyers come from a busy season than orders."""
    return SeasonalFactors(tuple(float(np.sqrt(factor)) for factor in factors.learned), float(np.sqrt(factors.beyond)))


def fit_first_year_seasonality(rows: Rows, plan: HorizonPlan, btyd: BtydTier) -> FirstYearSeasonality | None:
    """The seasonal ratios of a log of about a year; None for a longer or shorter one, or without a season.

    Args:
        rows: customers with an order, at every cutoff, and the orders of the whole log by day.
        plan: the learned horizons.
        btyd: a fit whose expectation has no season.
    """
    if not len(rows):
        return None
    limit = float((rows.cutoff + rows.outcomes.follow_days).max())
    if rows.cutoff.min() <= limit - YEAR_DAYS:
        return None
    newest = rows.select(rows.cutoff == rows.cutoff.max())
    ratios = _first_year_ratios(rows, plan, btyd, newest)
    return None if ratios is None else FirstYearSeasonality(btyd, newest, *ratios)


def _first_year_ratios(rows: Rows, plan: HorizonPlan, btyd: BtydTier, newest: Rows) -> tuple[Floats, float] | None:
    """Seasonal orders ahead over BTYD's within each learned horizon, (learned,), and over the rest of the year.

    The orders ahead are those of known customers, if last year's weeks repeat. None where the log is shorter than a
    year or has no season, that is no rise or fall of several weeks beyond noise and trend.
    """
    weeks = weekly_index(rows.orders_by_day)
    if weeks is None:
        return None
    ends = [0, *plan.learned, max(YEAR_DAYS, plan.learned[-1] + DAYS_PER_WEEK)]
    index = np.array([*(weeks.mean_ahead(0, days) for days in plan.learned), weeks.mean_ahead(ends[-2], ends[-1])])
    if np.isnan(index).any():
        return None
    days = np.array([*plan.learned, plan.learned[-1]])
    expected = btyd.answer(newest.inputs, np.zeros(1)).orders.sum(axis=0)[[*range(len(plan.learned)), -1]]
    share = np.array([_known_customer_share(rows, int(horizon)) for horizon in days])
    ratios = index * weeks.level * days * share / np.maximum(expected, 1e-9)
    return ratios[:-1], float(ratios[-1])


def weekly_index(by_day: Floats) -> WeeklyIndex | None:
    """Weekly index around a trend that is robust to the season; None for less than a year or without a season.

    A fall of first orders alone is not a season: the orders of returning customers must turn as well.

    Args:
        by_day: ``Rows.orders_by_day``, (2, days).
    """
    days = by_day.shape[1]
    count = days // DAYS_PER_WEEK
    if count < MIN_WEEKS:
        return None
    orders, repeat_orders = by_day[:, days - DAYS_PER_WEEK * count :].reshape(2, count, DAYS_PER_WEEK).sum(axis=2)
    log, week = np.log(orders + 1.0), np.arange(count)
    smooth = np.convolve(np.pad(log, 1, mode="edge"), np.ones(TURN_WEEKS) / TURN_WEEKS, mode="valid")
    slope, base = _fit_trend(week, smooth)
    deviation = log - slope * week - base
    min_turn = max(MIN_TURN, MIN_TURN_STANDARD_ERRORS * np.sqrt(2 / (TURN_WEEKS * np.median(orders) + 1)))
    shifts, repeat_shifts = _level_shifts(deviation), _level_shifts(np.log(repeat_orders + 1.0))
    turn = int(np.argmax(np.abs(shifts)))
    if abs(shifts[turn]) < min_turn or repeat_shifts[turn] / shifts[turn] < MIN_RETURNING_SHARE:
        return None
    index = np.exp(np.repeat(deviation, DAYS_PER_WEEK))
    padding = np.full(days - len(index), index[0])
    return WeeklyIndex(np.concatenate([padding, index]), float(np.exp(base + slope * (count - 1)) / DAYS_PER_WEEK))


def _level_shifts(log: Floats) -> Floats:
    """Level shift at each week from the eighth on: mean of ``TURN_WEEKS`` weeks from it minus those before it."""
    means = np.convolve(log, np.ones(TURN_WEEKS) / TURN_WEEKS, mode="valid")
    return np.asarray(means[DAYS_PER_WEEK:] - means[DAYS_PER_WEEK - TURN_WEEKS : -TURN_WEEKS])


def _fit_trend(week: Integers, log: Floats) -> tuple[float, float]:
    """Slope and base by Theil-Sen medians, then by least squares through the weeks near that line."""
    early, late = np.triu_indices(len(week), 4)
    slope = float(np.median((log[late] - log[early]) / (week[late] - week[early])))
    near_trend = np.ones(len(week), dtype=bool)
    for _ in range(5):
        deviation = log - slope * week
        near_trend = np.abs(deviation - np.median(deviation)) < MAX_TREND_RESIDUAL
        if near_trend.sum() <= len(week) // 3:
            break
        slope = float(np.polyfit(week[near_trend], log[near_trend], 1)[0])
    deviation = log - slope * week
    return slope, float(np.median(deviation[near_trend] if near_trend.any() else deviation))


def _known_customer_share(rows: Rows, days: int) -> float:
    """Share of all orders within ``days`` of a cutoff from customers known at it, at the newest cutoffs."""
    limit = int((rows.cutoff + rows.outcomes.follow_days).max())
    finished = rows.outcomes.follow_days >= days
    recent = finished & (rows.cutoff >= rows.cutoff[finished].max() - RECENT_CUTOFF_DAYS)
    known_orders = float(rows.outcomes.orders_within(days)[recent].sum())
    all_orders = rows.orders_by_day[0]
    first = np.unique(rows.cutoff[recent]) - limit + len(all_orders)
    return known_orders / max(sum(float(all_orders[start : start + days].sum()) for start in first), 1.0)
