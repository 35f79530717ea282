"""Cutoff weights: which cutoffs teach a horizon, and how much more those of the same season count."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from features.arrays import Booleans, Floats, Integers
from training.dataset.plan import YEAR_DAYS

RECENT_CUTOFFS = 10
MIN_DISTANCE_DAYS = 7.0
SEASON_DAYS = 25.0  # standard deviation of the weight around the same day of an earlier year
RECENT_WEIGHT = 0.3
MAX_YEARS = 5
SAME_DAY_SHARE = 0.03  # of a year: a cutoff so near to the same day of an earlier year stands for it


class SeasonWeights(StrEnum):
    """How much cutoffs of the same season count more than others."""

    EQUAL = "equal"
    MIXED = "mixed"
    SEASONAL = "seasonal"


def teaching_cutoffs(cutoffs: Sequence[int], limit: int, horizon: float) -> dict[int, bool]:
    """The cutoffs whose finished windows teach a horizon, each with whether it belongs to the recent ones.

    Recent are at most ten, a third of the horizon apart, back from the newest finished window; the others are those
    of the same day in earlier years.

    Args:
        cutoffs: days since 1970.
        limit: the day at which the known log ends.
        horizon: days.
    """
    finished = np.array(sorted(day for day in set(cutoffs) if day + horizon <= limit), dtype=float)
    if not len(finished):
        return {}
    distance = max(MIN_DISTANCE_DAYS, horizon / 3)
    chosen: dict[int, bool] = {}
    for position in range(RECENT_CUTOFFS):
        wanted = limit - horizon - position * distance
        nearest = float(finished[np.argmin(np.abs(finished - wanted))])
        if position and wanted < finished[0]:
            break
        if abs(nearest - wanted) <= distance / 3 or position == 0:
            chosen[int(nearest)] = True
    for years in range(1, MAX_YEARS + 1):
        wanted = limit - YEAR_DAYS * years
        nearest = float(finished[np.argmin(np.abs(finished - wanted))])
        if abs(nearest - wanted) <= SAME_DAY_SHARE * YEAR_DAYS:
            chosen.setdefault(int(nearest), False)
    return chosen


def has_year_ago(cutoffs: Sequence[int], limit: int, horizon: float) -> bool:
    """Whether a cutoff of the same season a year or more ago has a finished window."""
    chosen = teaching_cutoffs(cutoffs, limit, horizon)
    return any(limit - day > YEAR_DAYS - SEASON_DAYS and _season_distance(day, limit) <= SEASON_DAYS for day in chosen)


def cutoff_weights(cutoff: Integers, limit: int, horizon: float, season: SeasonWeights) -> Floats:
    """Weight of each row by its cutoff, (n,): 0 for a cutoff that does not teach the horizon, else mean 1."""
    chosen = teaching_cutoffs(cutoff.tolist(), limit, horizon)
    equal = np.isin(cutoff, list(chosen)).astype(float)
    if season is SeasonWeights.EQUAL or not has_year_ago(cutoff.tolist(), limit, horizon):
        return _with_mean_one(equal)
    by_cutoff = {
        day: float(np.exp(-((_season_distance(day, limit) / SEASON_DAYS) ** 2) / 2)) + RECENT_WEIGHT * recent
        for day, recent in chosen.items()
    }
    seasonal = _with_mean_one(_by_row(cutoff, by_cutoff))
    return seasonal if season is SeasonWeights.SEASONAL else (seasonal + _with_mean_one(equal)) / 2


def sampled_rows(customer: Integers, cutoff: Integers, per_cutoff: int) -> Booleans:
    """Mask of at most ``per_cutoff`` rows of each cutoff, (n,): the same customers at every cutoff."""
    order = (customer.astype(np.uint64) * np.uint64(2654435761)) % np.uint64(2**32)
    mask = np.zeros(len(customer), dtype=bool)
    for day in np.unique(cutoff):
        rows = np.flatnonzero(cutoff == day)
        mask[rows[np.argsort(order[rows], kind="stable")[:per_cutoff]]] = True
    return mask


def _season_distance(day: float, limit: float) -> float:
    """Days between two days of the year, around the year's end."""
    apart = (limit - day) % YEAR_DAYS
    return float(min(apart, YEAR_DAYS - apart))


def _by_row(cutoff: Integers, by_cutoff: dict[int, float]) -> Floats:
    days, index = np.unique(cutoff, return_inverse=True)
    return np.array([by_cutoff.get(int(day), 0.0) for day in days])[index]


def _with_mean_one(weight: Floats) -> Floats:
    used = weight > 0
    return weight / weight[used].mean() if used.any() else weight
