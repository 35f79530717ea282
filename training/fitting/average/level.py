"""Level: the factors on all totals that follow from last year's season and from the pace of ordering.

A model that learns from ten windows of all seasons is on their mean level. Last year's change from the window before
to the window ahead, added to the error of the newest window, forecasts its error (a seasonal naive forecast with drift;
Hyndman & Athanasopoulos 2021, section 5.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.dataset.plan import YEAR_DAYS, HorizonPlan
from training.fitting.average.fit import FittedAverage
from training.inference.seasonality import SeasonalFactors, Seasonality

MAX_LOG = 1.0  # of a measured ratio
IGNORED_LOG = 0.05  # a change by less is noise
SAME_DAY_SHARE = 0.08  # of a horizon: a cutoff so near to a wanted day stands for it
PRIOR_SCALE = 0.15  # of a log ratio
PRIOR_ORIGINS = 10.0
OVERLAP = 3.0  # origins a third of a horizon apart share their windows


@dataclass(frozen=True)
class LogRatios:
    """Log ratios of totals: of buyers, and of orders, which also hold for spend."""

    buyers: float
    orders: float


@dataclass(frozen=True)
class Level:
    """Level: what a log says of the level of the days ahead; None where it has not the same days a year ago."""

    season: LogRatios | None
    pace: LogRatios | None


@dataclass(frozen=True)
class LevelShares:
    """Level shares: how much of the season and of the pace the level follows, learned at earlier origins."""

    season: LogRatios = LogRatios(0.9, 0.9)
    pace: LogRatios = LogRatios(0.15, 0.15)


PRIOR_SHARES = LevelShares()


def measure_season(average: FittedAverage, plan: HorizonPlan, limit: int) -> LogRatios | None:
    """Log of the total ahead over the one that the average predicts, by last year's season and the newest window.

    Args:
        average: the fitted average.
        plan: the horizons in days.
        limit: the day at which the known log ends, days since 1970.
    """
    buyers = _seasonal_log(average, plan.evaluated_churn_days, limit, of_buyers=True)
    orders = _seasonal_log(average, plan.learned[-1], limit, of_buyers=False)
    return None if buyers is None or orders is None else LogRatios(buyers, orders)


def _seasonal_log(average: FittedAverage, days: int, limit: int, *, of_buyers: bool) -> float | None:
    ages = (YEAR_DAYS, YEAR_DAYS + days, days)  # the window ahead a year ago, the one before it, the newest one
    logs = [_window_log(average, days, limit - age, limit, of_buyers=of_buyers) for age in ages]
    if any(log is None for log in logs):
        return None
    ahead, before, newest = (log or 0.0 for log in logs)
    return float(np.clip(ahead - before + newest, -MAX_LOG, MAX_LOG))


def _window_log(average: FittedAverage, days: int, wanted: float, limit: int, *, of_buyers: bool) -> float | None:
    """Log of the total over the predicted one in the finished window that begins nearest to a day."""
    rows = average.answers.rows
    cutoffs = np.unique(rows.cutoff[rows.cutoff + days <= limit])
    nearest = cutoffs[np.argmin(np.abs(cutoffs - wanted))] if len(cutoffs) else wanted - YEAR_DAYS
    if abs(nearest - wanted) > max(3.0, SAME_DAY_SHARE * days):
        return None
    window = rows.select(rows.cutoff == nearest)
    answer = average.tier.answer(window.inputs, np.array([float(days)]))
    predicted, actual = (
        (answer.order_by[:, 0], window.outcomes.ordered_within(days))
        if of_buyers
        else (answer.orders[:, -1], window.outcomes.orders_within(days))
    )
    return float(np.log((float(actual.sum()) + 0.5) / (float(predicted.sum()) + 0.5)))


def level_seasonality(level: Level, shares: LevelShares, plan: HorizonPlan) -> Seasonality | None:
    """The factors on all totals; None where nothing is known of the level."""
    if level.season is None and level.pace is None:
        return None
    buyers, orders = (
        SeasonalFactors((factor,) * len(plan.learned), factor)
        for factor in (_factor(level, shares, "buyers"), _factor(level, shares, "orders"))
    )
    return Seasonality(buyers, orders, orders if plan.has_amounts else None)


def _factor(level: Level, shares: LevelShares, kind: str) -> float:
    season, pace = (0.0 if logs is None else float(getattr(logs, kind)) for logs in (level.season, level.pace))
    followed = getattr(shares.season, kind) * _beyond_noise(season) + getattr(shares.pace, kind) * pace
    return float(np.exp(np.clip(followed, -MAX_LOG, MAX_LOG)))


def _beyond_noise(log: float | Floats) -> float | Floats:
    return np.sign(log) * np.maximum(np.abs(log) - IGNORED_LOG, 0.0)


def learn_level_shares(levels: Sequence[Level], errors: Sequence[LogRatios]) -> LevelShares:
    """The shares that would have corrected the level at earlier origins, with a prior.

    Args:
        levels: at each earlier origin, as measured then.
        errors: log of the total that came over the one predicted without a level, at the same origins.
    """
    season, pace = {}, {}
    for kind in ("buyers", "orders"):
        seasons, paces = (
            np.array([0.0 if logs is None else float(getattr(logs, kind)) for logs in side])
            for side in ([level.season for level in levels], [level.pace for level in levels])
        )
        error = np.array([float(getattr(logs, kind)) for logs in errors])
        followed = np.asarray(_beyond_noise(seasons))
        season[kind] = _learn_share(followed, error, getattr(PRIOR_SHARES.season, kind), 1.0)
        pace[kind] = _learn_share(paces, error - season[kind] * followed, getattr(PRIOR_SHARES.pace, kind), 0.5)
    return LevelShares(LogRatios(**season), LogRatios(**pace))


def _learn_share(logs: Floats, errors: Floats, prior: float, most: float) -> float:
    """Slope of the errors over the logs through the origin, shrunken to a prior (Gelman et al. 2013, section 14.8)."""
    weight = PRIOR_ORIGINS * PRIOR_SCALE**2
    share = (prior * weight + float((logs * errors).sum()) / OVERLAP) / (weight + float((logs**2).sum()) / OVERLAP)
    return float(np.clip(share, 0.0, most))
