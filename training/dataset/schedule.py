"""Schedule: rolling origins over the log's span, that is the training cutoffs and the test origins among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

MAX_WARMUP_DAYS = 91
MAX_ORIGINS = 3
MIN_TESTED_DAYS = 7
MAX_CUTOFFS_IN_SPAN = 26
MIN_CUTOFFS_IN_SPAN = 12
CUSTOMERS_FOR_ALL_CUTOFFS = 5_000


@dataclass(frozen=True)
class Schedule:
    """Cutoffs on a regular grid, the test origins among them, and the longest horizon that can be tested.

    Training for an origin uses cutoffs whose windows end by that origin, so that no outcome after it is used.
    """

    first: date
    as_of: date
    step: int  # days between cutoffs
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
    first: date, as_of: date, horizons: Sequence[int], customers: int, origins: Sequence[date] | None = None
) -> Schedule:
    """Plan cutoffs and test origins for a log from ``first`` to ``as_of``.

    Tashman (2000), "Out-of-sample tests of forecasting accuracy".

    Args:
        first: day of the first order line.
        as_of: the day at which the known log ends.
        horizons: horizons in days.
        customers: their number; many customers need fewer cutoffs for the same number of rows.
        origins: test origins to use instead of the newest ones that fit.
    """
    span = max((as_of - first).days, 1)
    start = first + timedelta(days=warmup_days(span))
    step = max(1, round(span / _cutoffs_in_span(customers)))
    tested = _longest_testable(horizons, (as_of - start).days // 2)
    test_origins = tuple(sorted(set(origins), reverse=True)) if origins else _test_origins(start, as_of, step, tested)
    return Schedule(first, as_of, step, tested, test_origins, _cutoff_grid(start, as_of, step, tested, test_origins))


def warmup_days(span: int) -> int:
    """Days before the first cutoff of a log of ``span`` days."""
    return max(1, min(MAX_WARMUP_DAYS, span // 4))


def days_needed(horizon: int) -> int:
    """Days of the shortest log with one window of ``horizon`` days after an origin and one before it."""
    return next(span for span in count(2 * horizon) if warmup_days(span) + 2 * horizon <= span)


def _longest_testable(horizons: Sequence[int], max_days: int) -> int | None:
    """The longest horizon that fits twice into the log, else the days that do; None for less than a week."""
    return max(
        (days for days in horizons if days <= max_days), default=max_days if max_days >= MIN_TESTED_DAYS else None
    )


def _test_origins(start: date, as_of: date, step: int, tested_horizon: int | None) -> tuple[date, ...]:
    if tested_horizon is None:
        return ()
    newest = as_of - timedelta(days=tested_horizon)
    spaced = (newest - timedelta(days=2 * step * back) for back in range(MAX_ORIGINS))
    return tuple(origin for origin in spaced if start + timedelta(days=tested_horizon) <= origin)


def _cutoff_grid(
    start: date, as_of: date, step: int, tested_horizon: int | None, origins: Sequence[date]
) -> tuple[date, ...]:
    anchor = origins[0] if origins else as_of
    back, forth = (anchor - start).days // step, (as_of - anchor).days // step
    grid = {anchor + timedelta(days=step * k) for k in range(-back, forth + 1)}
    # The grid may begin some days after the start, too late for a window to end before the oldest origin.
    late = bool(origins) and min({*grid, as_of}) + timedelta(days=tested_horizon or 1) > origins[-1]
    return tuple(sorted({*grid, *origins, as_of, *([start] if late else [])}))


def _cutoffs_in_span(customers: int) -> float:
    excess = max(customers / CUSTOMERS_FOR_ALL_CUTOFFS, 1.0)
    return max(MAX_CUTOFFS_IN_SPAN / math.sqrt(excess), MIN_CUTOFFS_IN_SPAN)
