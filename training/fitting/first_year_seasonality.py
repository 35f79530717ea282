"""The season of a shop whose log is hardly a year old: no cutoff a year ago, but its weeks can be counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.inference.tiers.btyd import BtydTier
from training.model import YEAR_DAYS, HorizonPlan

DAYS_PER_WEEK = 7  # days
MIN_WEEKS = 50
RECENT_CUTOFF_DAYS = 120  # days of cutoffs that tell how much of all the orders known customers place
MAX_TREND_RESIDUAL = 0.3  # weeks whose log is as near to the trend as this have no season
TURN_WEEKS = 3  # weeks before and after, between which a season begins or ends
MIN_TURN = 0.5  # on the log scale
MIN_TURN_STANDARD_ERRORS = 6.0  # standard errors of a turn under Poisson noise
MIN_RETURNING_SHARE = 0.5  # of the largest turn must show in the orders of those who have ordered before


@dataclass(frozen=True)
class WeeklyIndex:
    """How busy the last year was, apart from its trend."""

    index: Floats  # (days,) of the whole log, 1 where it is as busy as the trend has it
    level: float  # orders a day that the trend ends with

    def mean_ahead(self, first: int, last: int) -> float:
        """The mean index, a year ago, of the days [first, last) from now on; NaN where the log has none of them."""
        now = len(self.index)
        days = np.arange(now + first - YEAR_DAYS, min(now + last - YEAR_DAYS, now))
        return float(self.index[days[days >= 0]].mean()) if (days >= 0).any() else float("nan")


def first_year_ratios(rows: Rows, plan: HorizonPlan, btyd: BtydTier, newest: Rows) -> tuple[Floats, float] | None:
    """Orders of known customers in the days ahead over what BTYD expects of them, as last year's weeks would have it.

    Args:
        rows: customers who had ordered, at every cutoff, and the orders of the whole log by day.
        plan: the learned horizons.
        btyd: a fit without scales.
        newest: the rows of the newest cutoff.

    Returns:
        Over each learned horizon, (learned,), and the rest of the year; None where the log is no year long, or had no
        season to speak of: a rise or fall that lasts for weeks and is neither noise nor trend.
    """
    weeks = weekly_index(rows.orders_by_day)
    if weeks is None:
        return None
    ends = [0, *plan.learned, max(YEAR_DAYS, plan.learned[-1] + DAYS_PER_WEEK)]
    index = np.array([*(weeks.mean_ahead(0, days) for days in plan.learned), weeks.mean_ahead(ends[-2], ends[-1])])
    if np.isnan(index).any():
        return None
    days = np.array([*plan.learned, plan.learned[-1]])
    expected = btyd.predict(newest.inputs)[1].sum(axis=0)[[*range(len(plan.learned)), -1]]
    share = np.array([_known_customer_share(rows, int(one)) for one in days])
    pace = index * weeks.level * days * share / np.maximum(expected, 1e-9)
    return pace[:-1], float(pace[-1])


def weekly_index(by_day: Floats) -> WeeklyIndex | None:
    """The weeks' index about a trend that a season does not bend; None without a year of them, or without a season.

    New customers who stop coming are no season, though orders fall as at the end of one: those who have ordered before
    must turn, too.

    Args:
        by_day: as in ``Rows.by_day``, (2, days).
    """
    days = by_day.shape[1]
    count = days // DAYS_PER_WEEK
    if count < MIN_WEEKS:
        return None
    orders, again = by_day[:, days - DAYS_PER_WEEK * count :].reshape(2, count, DAYS_PER_WEEK).sum(axis=2)
    log, place = np.log(orders + 1.0), np.arange(count)
    smooth = np.convolve(np.pad(log, 1, mode="edge"), np.ones(TURN_WEEKS) / TURN_WEEKS, mode="valid")
    slope, base = _fit_trend(place, smooth)
    off = log - slope * place - base
    least = max(MIN_TURN, MIN_TURN_STANDARD_ERRORS * np.sqrt(2 / (TURN_WEEKS * np.median(orders) + 1)))
    turns, of_known = _level_shifts(off), _level_shifts(np.log(again + 1.0))
    largest = int(np.argmax(np.abs(turns)))
    if abs(turns[largest]) < least or of_known[largest] / turns[largest] < MIN_RETURNING_SHARE:
        return None
    index = np.exp(np.repeat(off, DAYS_PER_WEEK))
    before = np.full(days - len(index), index[0])
    return WeeklyIndex(np.concatenate([before, index]), float(np.exp(base + slope * (count - 1)) / DAYS_PER_WEEK))


def _level_shifts(log: Floats) -> Floats:
    """By how much each week and those after it lie above those before it, from the second month on."""
    means = np.convolve(log, np.ones(TURN_WEEKS) / TURN_WEEKS, mode="valid")
    return np.asarray(means[DAYS_PER_WEEK:] - means[DAYS_PER_WEEK - TURN_WEEKS : -TURN_WEEKS])


def _fit_trend(week: Integers, log: Floats) -> tuple[float, float]:
    """Slope and base by Theil and Sen's medians, then by least squares through the weeks that lie near."""
    early, late = np.triu_indices(len(week), 4)
    slope = float(np.median((log[late] - log[early]) / (week[late] - week[early])))
    usual = np.ones(len(week), dtype=bool)
    for _ in range(5):
        off = log - slope * week
        usual = np.abs(off - np.median(off)) < MAX_TREND_RESIDUAL
        if usual.sum() <= len(week) // 3:
            break
        slope = float(np.polyfit(week[usual], log[usual], 1)[0])
    off = log - slope * week
    return slope, float(np.median(off[usual] if usual.any() else off))


def _known_customer_share(rows: Rows, days: int) -> float:
    """Orders that customers placed within so many days of a cutoff that knew them, over all orders of these days."""
    limit = int((rows.cutoff + rows.outcomes.follow_days).max())
    over = rows.outcomes.follow_days >= days
    recent = over & (rows.cutoff >= rows.cutoff[over].max() - RECENT_CUTOFF_DAYS)
    placed = float(rows.outcomes.orders_within(days)[recent].sum())
    everybody = rows.orders_by_day[0]
    first = np.unique(rows.cutoff[recent]) - limit + len(everybody)
    return placed / max(sum(float(everybody[at : at + days].sum()) for at in first), 1.0)
