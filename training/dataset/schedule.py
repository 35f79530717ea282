"""Schedule: the training cutoffs and test origins of a log, denser towards the present and repeated a year ago."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from training.dataset.plan import YEAR_DAYS

MAX_WARMUP_DAYS = 91
WARMUP_SHARE = 5  # the warm-up is a fifth of the log
MAX_ORIGINS = 3
MIN_TESTED_DAYS = 7
MIN_STEP_DAYS = 7
DAYS_PER_WEEK = 7
WINDOWS_PER_HORIZON = 3  # windows of a horizon begin a third of it apart
LAG_PER_STEP = 6  # cutoffs lie a sixth of their age apart
PACE_WINDOWS = 3  # newest short windows that are compared with those of a year ago
MAX_YEARS = 5


@dataclass(frozen=True)
class Schedule:
    """Cutoffs that get sparser with their age, the test origins among them, and what can be tested.

    Training for an origin uses cutoffs whose windows end by that origin, so that no outcome after it is used.
    """

    first: date
    as_of: date
    step: int  # days between the short windows by which the pace of ordering is measured
    # days; the longest horizon, a requested one if any fits, with a window after an origin and one before it
    tested_horizon: int | None
    origins: tuple[date, ...]  # newest first; empty where the log is too short to test anything
    cutoffs: tuple[date, ...]  # ascending; the last is as_of itself

    @property
    def span(self) -> int:
        """Days from the first order to ``as_of``."""
        return (self.as_of - self.first).days

    def trainable_horizons(self, limit: date, horizons: Sequence[int]) -> tuple[int, ...]:
        """The horizons with a finished window before the limit; if none has one, the longest that fits."""
        fits = tuple(days for days in horizons if self.training_cutoffs(limit, days))
        longest = (limit - self.cutoffs[0]).days
        return fits or (max(1, min(longest, *horizons)),)

    def training_cutoffs(self, limit: date, days: int) -> tuple[date, ...]:
        """The cutoffs whose window of ``days`` ends by the limit."""
        return tuple(cutoff for cutoff in self.cutoffs if cutoff + timedelta(days=days) <= limit and cutoff < limit)


def plan_schedule(
    first: date, as_of: date, horizons: Sequence[int], churn_days: int, origins: Sequence[date] | None = None
) -> Schedule:
    """Plan cutoffs and test origins for a log from ``first`` to ``as_of``.

    Tashman (2000), "Out-of-sample tests of forecasting accuracy".

    Args:
        first: day of the first order line.
        as_of: the day at which the known log ends.
        horizons: horizons in days.
        churn_days: the one of them by which customers are called churned.
        origins: test origins to use instead of the newest ones that fit.
    """
    span = max((as_of - first).days, 1)
    start = first + timedelta(days=warmup_days(span))
    tested = _longest_testable(horizons, (as_of - start).days // 2)
    step = max(MIN_STEP_DAYS, min(churn_days, tested or churn_days) // WINDOWS_PER_HORIZON)
    test_origins = tuple(sorted(set(origins), reverse=True)) if origins else _test_origins(start, as_of, tested)
    lags = _cutoff_lags(
        [(as_of - origin).days for origin in test_origins], horizons, tested, step, max((as_of - start).days, 0)
    )
    cutoffs = tuple(sorted({as_of, *test_origins, *(as_of - timedelta(days=lag) for lag in lags)}))
    return Schedule(first, as_of, step, tested, test_origins, cutoffs)


def warmup_days(span: int) -> int:
    """Days before the first cutoff of a log of ``span`` days."""
    return max(1, min(MAX_WARMUP_DAYS, span // WARMUP_SHARE))


def days_needed(horizon: int) -> int:
    """Days of the shortest log with one window of ``horizon`` days after an origin and one before it."""
    return next(span for span in count(2 * horizon) if warmup_days(span) + 2 * horizon <= span)


def _longest_testable(horizons: Sequence[int], max_days: int) -> int | None:
    """The longest horizon that fits twice into the log, else the days that do; None for less than a week."""
    return max(
        (days for days in horizons if days <= max_days), default=max_days if max_days >= MIN_TESTED_DAYS else None
    )


def _test_origins(start: date, as_of: date, tested_horizon: int | None) -> tuple[date, ...]:
    if tested_horizon is None:
        return ()
    newest = as_of - timedelta(days=tested_horizon)
    weeks = max(1, round(tested_horizon / WINDOWS_PER_HORIZON / DAYS_PER_WEEK))
    spaced = (newest - timedelta(weeks=weeks * back) for back in range(MAX_ORIGINS))
    return tuple(origin for origin in spaced if start + timedelta(days=tested_horizon) <= origin)


def _cutoff_lags(
    origins: Sequence[int], horizons: Sequence[int], tested_horizon: int | None, step: int, oldest: int
) -> list[int]:
    """The ages of the cutoffs in days, at most ``oldest``; ``origins`` are the ages of the test origins.

    First those whose windows end now or at an origin, then those of the pace and of earlier years, then the widening
    ones; an age that almost repeats an earlier one is left out.
    """
    anchors = [0, *origins]
    windows = [days for days in horizons if days <= oldest] or [min(*horizons, oldest)]
    tested = [tested_horizon] if tested_horizon else []
    pace = [anchor + step * back for anchor in anchors for back in range(1, PACE_WINDOWS + 1)]
    years = [YEAR_DAYS * years for years in range(1, MAX_YEARS + 1)]
    wanted = [*anchors, *windows, *(origin + days for origin in origins for days in [*windows, *tested]), oldest]
    before = [YEAR_DAYS + anchor + days for anchor in anchors for days in {*windows, *tested}]
    repeated = [*(YEAR_DAYS + anchor for anchor in anchors), *years, *before, *pace]
    repeated += [YEAR_DAYS + lag for lag in pace]
    chosen: list[int] = []
    for lags, tolerance in ((wanted, 0.0), (repeated, step / 10)):
        for lag in lags:
            if 0 <= lag <= oldest and all(abs(lag - other) > tolerance for other in chosen):
                chosen.append(lag)
    for lag in _widening_lags(max(MIN_STEP_DAYS, step // 2), oldest):
        if all(abs(lag - other) >= max(lag / 12, MIN_STEP_DAYS / 2) for other in chosen):
            chosen.append(lag)
    return chosen


def _widening_lags(first: int, oldest: int) -> Iterable[int]:
    """Ages that lie a sixth of themselves apart, and at least ``first`` days."""
    lag = first
    while lag < oldest:
        yield lag
        lag += max(first, lag // LAG_PER_STEP)
