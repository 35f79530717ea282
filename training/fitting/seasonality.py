"""Was this time of the year busier, a year ago, than customers' histories told? And did last year explain this year?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.fitting.first_year_seasonality import first_year_ratios
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.tiered_model import TieredModel
from training.inference.tiers.btyd import BtydTier, histories
from training.model import YEAR_DAYS, HorizonPlan

MAX_CUTOFF_GAP_DAYS = 45  # days between the cutoffs around the day a year ago
MIN_PAIRS = 3
MIN_SWING = np.log(1.2)
LARGE_SWING = np.log(1.5)
UNTESTED_SWING_WEIGHT = 0.7


@dataclass(frozen=True)
class OrderRates:
    """By cutoff, orders within one horizon, and those that BTYD expects of the same histories."""

    days: int
    cutoff: Floats  # (k,) ascending
    orders: Floats  # (k,)
    expected: Floats  # (k,)

    @property
    def log_ratio(self) -> Floats:
        """The one over the other, (k,)."""
        return np.asarray(np.log(np.maximum(self.orders, 0.5) / np.maximum(self.expected, 0.5)))

    def interpolate(self, day: float) -> float:
        """Interpolated between cutoffs; NaN outside of them, or where they are far apart."""
        right = int(np.searchsorted(self.cutoff, day))
        if right < len(self.cutoff) and self.cutoff[right] == day:
            return float(self.log_ratio[right])
        if right in {0, len(self.cutoff)} or self.cutoff[right] - self.cutoff[right - 1] > MAX_CUTOFF_GAP_DAYS:
            return float("nan")
        return float(np.interp(day, self.cutoff, self.log_ratio))

    @property
    def newest_year_mean(self) -> float:
        """The mean over the newest year."""
        return float(np.mean(self.log_ratio[self.cutoff > self.cutoff[-1] - YEAR_DAYS]))

    def latest_finished(self, day: float) -> float:
        """Of the newest window that was over by a day; NaN where none was."""
        over = np.flatnonzero(self.cutoff + self.days <= day)
        return float(self.log_ratio[over[-1]]) if len(over) else float("nan")


@dataclass(frozen=True)
class YearAgoSeasonality:
    """How busy the days ahead were a year ago, and customers to bring a ladder's totals to that with."""

    btyd: BtydTier
    newest: Rows  # those of the newest cutoff
    ahead: Floats  # (learned,) orders within each learned horizon over what BTYD expects
    rest_of_year: float  # the same over the rest of the year

    def seasonality(self, tiered_model: TieredModel) -> Seasonality:
        """The factors that bring the ladder's totals to BTYD's in season."""
        within, orders, spend = self.btyd.predict(self.newest.inputs)
        said, counted, spent = tiered_model.predict_learned(self.newest.inputs)
        return Seasonality(
            buyers=self._seasonal_factors(said, within),
            orders=self._seasonal_factors(counted, orders),
            spend=None if spent is None or spend is None else self._seasonal_factors(spent, spend),
        )

    def _seasonal_factors(self, ours: Floats, theirs: Floats) -> SeasonalFactors:
        level = np.maximum(ours.sum(axis=0), 1e-9) / np.maximum(theirs.sum(axis=0), 1e-9)
        return SeasonalFactors(tuple((self.ahead / level).tolist()), float(self.rest_of_year / level[-1]))


def fit_year_ago_seasonality(rows: Rows, plan: HorizonPlan, btyd: BtydTier) -> YearAgoSeasonality | None:
    """What the log has of the same days a year ago; None where it has none, or where they are not to be believed.

    A year ago is believed where it foretold the windows of the past year at least twice as well, in squared error of
    the log, as the newest finished window did, and these swung by a fifth or more. Where all has been quiet since, as
    in the autumn of a shop that lives on Christmas, a swing of half and more is believed to ``UNTESTED_SWING_WEIGHT``.

    Args:
        rows: customers who had ordered, at every cutoff; their limit is the day from which to look ahead.
        plan: the learned horizons.
        btyd: a fit without scales, whose expectation is the same all the year round.
    """
    if not len(rows):
        return None
    limit, last = float((rows.cutoff + rows.outcomes.follow_days).max()), rows.select(rows.cutoff == rows.cutoff.max())
    if rows.cutoff.min() > limit - YEAR_DAYS:
        found = first_year_ratios(rows, plan, btyd, last)
        return None if found is None else YearAgoSeasonality(btyd, last, *found)
    _, expected, _ = btyd.predict(rows.inputs)
    paces = [_order_rates(rows, days, expected[:, position]) for position, days in enumerate(plan.learned)]
    ahead, shortest = np.array([one.interpolate(limit - YEAR_DAYS) for one in paces]), paces[0]
    if np.isnan(ahead).any():
        return None
    usual = (
        _rest_of_year_log_ratio(rows, plan, btyd, expected[:, -1])
        if plan.learned[-1] < YEAR_DAYS / 2
        else shortest.newest_year_mean
    )
    believed = _swing_weight(_forecast_errors(paces), float(np.abs(ahead - usual).max()))
    if not believed:
        return None
    return YearAgoSeasonality(btyd, last, np.exp(usual + believed * (ahead - usual)), float(np.exp(usual)))


def _rest_of_year_log_ratio(rows: Rows, plan: HorizonPlan, btyd: BtydTier, expected: Floats) -> float:
    """Log of orders between the longest learned horizon and a year, over BTYD's, since the newest cutoff a year ago."""
    longest = plan.learned[-1]
    over = rows.outcomes.follow_days >= YEAR_DAYS
    ago = over & (rows.cutoff == rows.cutoff[over].max())
    placed = (rows.outcomes.orders_within(YEAR_DAYS) - rows.outcomes.orders_within(longest))[ago].sum()
    later = btyd.model.expected_orders(*histories(rows.inputs[ago], rows.names), np.array([float(YEAR_DAYS)]))[:, 0]
    return float(np.log(max(placed, 0.5) / max((later - expected[ago]).sum(), 0.5)))


def _order_rates(rows: Rows, days: int, expected: Floats) -> OrderRates:
    orders = rows.outcomes.orders_within(days)
    seen = ~np.isnan(orders)
    cutoffs, at = np.unique(rows.cutoff[seen], return_inverse=True)
    actual, usual = (np.bincount(at, weights=one[seen], minlength=len(cutoffs)) for one in (orders, expected))
    return OrderRates(days, cutoffs.astype(float), actual.astype(float), usual.astype(float))


def _forecast_errors(rates: list[OrderRates]) -> Floats:
    """Errors, on the log scale, of the window a year before and of the newest finished one, (pairs, 2)."""
    pairs = [
        (told - one.interpolate(cutoff - YEAR_DAYS), told - one.latest_finished(cutoff))
        for one in rates
        for cutoff, told in zip(one.cutoff, one.log_ratio, strict=True)
    ]
    return np.array([pair for pair in pairs if not np.isnan(pair).any()]).reshape(-1, 2)


def _swing_weight(errors: Floats, swing: float) -> float:
    """How much of last year's swing is expected again, 0 to 1."""
    by_year, by_newest = (errors**2).mean(axis=0) if len(errors) >= MIN_PAIRS else (0.0, 0.0)
    if by_newest > MIN_SWING**2:
        return float(by_year < by_newest / 2)
    # The swing ahead was seen once, and nothing yet that it could have been tested on.
    return UNTESTED_SWING_WEIGHT if swing > LARGE_SWING and by_year < MIN_SWING**2 else 0.0
