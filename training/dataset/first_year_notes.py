"""First-year notes: before training, how far totals of a log without a year behind it can be off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from training.total_range import RangePrior, TotalRange, has_year_behind


def first_year_notes(first_day: date, as_of: date, horizons: Sequence[int]) -> tuple[str, ...]:
    """A sentence for each horizon, in days, whose season the log cannot know yet; before any test."""
    span = (as_of - first_day).days
    return tuple(
        TotalRange(
            measure=None,
            horizon_days=days,
            span_days=span,
            tested_days=None,
            origins=0,
            log_scale=RangePrior.for_log(span, days, is_tested=False).scale,
        ).sentence()
        for days in sorted(set(horizons))
        if not has_year_behind(span, days)
    )
