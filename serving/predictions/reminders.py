"""Reminders: local dates of the next orders, and the day to remind a customer on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from features import calendar
from features.arrays import Days, Floats
from serving.schemas.prediction_columns import QUANTILES, WITHIN_DAYS, CategoryColumns
from training.inference.categories.forecast import CategoryForecast


@dataclass(frozen=True)
class ShopDay:
    """Shop day: an instant in the calendar of the shop."""

    instant: int  # microseconds since 1970 UTC
    day: np.datetime64
    elapsed_share: float  # share of the day that is over, by its wall clock

    @classmethod
    def from_instant(cls, instant: int, zone: ZoneInfo) -> ShopDay:
        """The shop's day and time of day at an instant, microseconds since 1970 UTC."""
        wall = calendar.wall_clock(instant, zone)
        midnight = datetime(wall.year, wall.month, wall.day)  # noqa: DTZ001 - wall clock, by intent
        return cls(instant, np.datetime64(wall.date(), "D"), (wall - midnight).total_seconds() / 86_400)

    def date_after(self, days: Floats) -> Days:
        """Local dates after a number of days; NaT where the number is infinite."""
        is_finite = np.isfinite(days)
        ahead = np.floor(np.where(is_finite, days, 0.0) + self.elapsed_share).astype("timedelta64[D]")
        dates: Days = np.where(is_finite, self.day + ahead, np.datetime64("NaT"))
        return dates

    def remind_on(self, expected: Days, lead_days: int) -> Days:
        """Dates ``lead_days`` before the expected ones, none before today."""
        return np.maximum(expected - np.timedelta64(lead_days, "D"), self.day)


def category_columns(forecast: CategoryForecast, customers: int, today: ShopDay, lead_days: int) -> CategoryColumns:
    """Category columns of n customers; each customer's lines are ordered by reminder, the soonest first."""
    days = forecast.wait_quantiles(QUANTILES)
    dates = today.date_after(days)
    remind_on = today.remind_on(dates[:, 1], lead_days)
    # A line without a median date has no reminder and comes last.
    soonest = np.lexsort((forecast.category_index, days[:, 1], forecast.lines.row))
    dates, names = dates[soonest], forecast.tables.names
    return CategoryColumns(
        offsets=np.searchsorted(forecast.lines.row, np.arange(customers + 1)),
        category=tuple(names[index] for index in forecast.category_index[soonest].tolist()),
        evidence=forecast.state.evidence[soonest],
        last_order_at=forecast.lines.last_day[soonest].astype(np.int64).astype("datetime64[D]"),
        p10=dates[:, 0],
        p50=dates[:, 1],
        p90=dates[:, 2],
        remind_on=remind_on[soonest],
        overdue_ratio=forecast.state.silence[soonest],
        probability_within=forecast.order_probabilities(WITHIN_DAYS)[soonest],
    )
