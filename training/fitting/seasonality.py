"""Seasonality: orders a year ago relative to those BTYD expects, used where this ratio predicted the past year well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.plan import YEAR_DAYS, HorizonPlan
from training.fitting.first_year_seasonality import first_year_ratios
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.tiered_model import TieredModel
from training.inference.tiers.btyd import BtydTier, histories

MAX_CUTOFF_GAP_DAYS = 45  # days between the cutoffs around the day a year ago
MIN_PAIRS = 3
MIN_SWING = np.log(1.2)
LARGE_SWING = np.log(1.5)
UNTESTED_SWING_WEIGHT = 0.7


@dataclass(frozen=True)
class OrderRates:
    """Orders by cutoff within one horizon, and the orders that BTYD expects from the same histories."""

    days: int
    cutoff: Floats  # (k,) ascending
    orders: Floats  # (k,)
    expected: Floats  # (k,)

    @property
    def log_ratio(self) -> Floats:
        """Logarithm of orders over expected orders, (k,)."""
        return np.asarray(np.log(np.maximum(self.orders, 0.5) / np.maximum(self.expected, 0.5)))

    def interpolate(self, day: float) -> float:
        """The log ratio interpolated between cutoffs; NaN outside of them, or where they are far apart."""
        right = int(np.searchsorted(self.cutoff, day))
        if right < len(self.cutoff) and self.cutoff[right] == day:
            return float(self.log_ratio[right])
        if right in {0, len(self.cutoff)} or self.cutoff[right] - self.cutoff[right - 1] > MAX_CUTOFF_GAP_DAYS:
            return float("nan")
        return float(np.interp(day, self.cutoff, self.log_ratio))

    @property
    def newest_year_mean(self) -> float:
        """Mean log ratio over the newest year."""
        return float(np.mean(self.log_ratio[self.cutoff > self.cutoff[-1] - YEAR_DAYS]))

    def latest_finished(self, day: float) -> float:
        """Log ratio of the newest window that had ended by a day; NaN where none had."""
        finished = np.flatnonzero(self.cutoff + self.days <= day)
        return float(self.log_ratio[finished[-1]]) if len(finished) else float("nan")


@dataclass(frozen=True)
class YearAgoSeasonality:
    """Order ratios of a year ago for the days ahead, and the customers used to scale a tiered model to them."""

    btyd: BtydTier
    newest: Rows  # rows of the newest cutoff
    ahead: Floats  # (learned,) orders within each learned horizon over those BTYD expects
    rest_of_year: float  # the same over the rest of the year

    def seasonality(self, tiered_model: TieredModel) -> Seasonality:
        """The factors that scale the totals of a tiered model to BTYD's seasonal totals."""
        within, orders, spend = self.btyd.predict(self.newest.inputs)
        model_within, model_orders, model_spend = tiered_model.predict_learned(self.newest.inputs)
        return Seasonality(
            buyers=self._seasonal_factors(model_within, within),
            orders=self._seasonal_factors(model_orders, orders),
            spend=None if model_spend is None or spend is None else self._seasonal_factors(model_spend, spend),
        )

    def _seasonal_factors(self, model_values: Floats, btyd_values: Floats) -> SeasonalFactors:
        level = np.maximum(model_values.sum(axis=0), 1e-9) / np.maximum(btyd_values.sum(axis=0), 1e-9)
        return SeasonalFactors(tuple((self.ahead / level).tolist()), float(self.rest_of_year / level[-1]))


def fit_year_ago_seasonality(rows: Rows, plan: HorizonPlan, btyd: BtydTier) -> YearAgoSeasonality | None:
    """The order ratios of the same days a year ago; None where the log has none or they predict poorly.

    The year-ago ratios are used where, over the past year, they predicted each window with at most half the squared log
    error of the newest finished window, and the ratios moved by a fifth or more. If the past year was steady, as in the
    autumn before a yearly peak, a swing of half or more counts with weight ``UNTESTED_SWING_WEIGHT``.

    Args:
        rows: customers with an order, at every cutoff; their limit is the day from which to look ahead.
        plan: the learned horizons.
        btyd: a fit without scales; its expectation has no season.
    """
    if not len(rows):
        return None
    limit = float((rows.cutoff + rows.outcomes.follow_days).max())
    newest = rows.select(rows.cutoff == rows.cutoff.max())
    if rows.cutoff.min() > limit - YEAR_DAYS:
        ratios = first_year_ratios(rows, plan, btyd, newest)
        return None if ratios is None else YearAgoSeasonality(btyd, newest, *ratios)
    _, expected, _ = btyd.predict(rows.inputs)
    rates = [_order_rates(rows, days, expected[:, position]) for position, days in enumerate(plan.learned)]
    ahead, shortest = np.array([rate.interpolate(limit - YEAR_DAYS) for rate in rates]), rates[0]
    if np.isnan(ahead).any():
        return None
    baseline = (
        _rest_of_year_log_ratio(rows, plan, btyd, expected[:, -1])
        if plan.learned[-1] < YEAR_DAYS / 2
        else shortest.newest_year_mean
    )
    weight = _swing_weight(_forecast_errors(rates), float(np.abs(ahead - baseline).max()))
    if not weight:
        return None
    return YearAgoSeasonality(btyd, newest, np.exp(baseline + weight * (ahead - baseline)), float(np.exp(baseline)))


def _rest_of_year_log_ratio(rows: Rows, plan: HorizonPlan, btyd: BtydTier, expected: Floats) -> float:
    """Log of orders over BTYD's from the longest learned horizon to a year, at the newest cutoff a year ago."""
    longest = plan.learned[-1]
    finished = rows.outcomes.follow_days >= YEAR_DAYS
    year_ago = finished & (rows.cutoff == rows.cutoff[finished].max())
    orders = (rows.outcomes.orders_within(YEAR_DAYS) - rows.outcomes.orders_within(longest))[year_ago].sum()
    year_ago_histories = histories(rows.inputs[year_ago], rows.names)
    expected_in_year = btyd.model.expected_orders(*year_ago_histories, np.array([float(YEAR_DAYS)]))[:, 0]
    return float(np.log(max(orders, 0.5) / max((expected_in_year - expected[year_ago]).sum(), 0.5)))


def _order_rates(rows: Rows, days: int, expected: Floats) -> OrderRates:
    orders = rows.outcomes.orders_within(days)
    observed = ~np.isnan(orders)
    cutoffs, index = np.unique(rows.cutoff[observed], return_inverse=True)
    actual, btyd_orders = (
        np.bincount(index, weights=values[observed], minlength=len(cutoffs)) for values in (orders, expected)
    )
    return OrderRates(days, cutoffs.astype(float), actual.astype(float), btyd_orders.astype(float))


def _forecast_errors(rates: list[OrderRates]) -> Floats:
    """Errors of the log ratio, (pairs, 2): of the window a year before and of the newest finished window."""
    pairs = [
        (log_ratio - rate.interpolate(cutoff - YEAR_DAYS), log_ratio - rate.latest_finished(cutoff))
        for rate in rates
        for cutoff, log_ratio in zip(rate.cutoff, rate.log_ratio, strict=True)
    ]
    return np.array([pair for pair in pairs if not np.isnan(pair).any()]).reshape(-1, 2)


def _swing_weight(errors: Floats, swing: float) -> float:
    """Weight of last year's swing in the year ahead, 0 to 1."""
    by_year, by_newest = (errors**2).mean(axis=0) if len(errors) >= MIN_PAIRS else (0.0, 0.0)
    if by_newest > MIN_SWING**2:
        return float(by_year < by_newest / 2)
    # The swing ahead was observed once, and no finished window can test it yet.
    return UNTESTED_SWING_WEIGHT if swing > LARGE_SWING and by_year < MIN_SWING**2 else 0.0
