"""Preset segments: ready-made campaign audiences from measures and predictions together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Days, Floats
from features.config.conditions import Measure
from features.config.segmentation import PresetSegmentsConfig
from training.segments.value_tiers import top_share

DAYS_SINCE_FIRST_ORDER, DAYS_SINCE_ORDER, ORDER_COUNT = (
    Measure("days_since_first_order"),
    Measure("days_since_order"),
    Measure("orders"),
)


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Predictions of n customers in the scores table."""

    churn_probability: Floats  # (n,)
    predicted_value: Floats  # (n,) spend, or orders, of the value tiers' horizon
    category_due_on: Days  # (n,) the earliest reminder of a category, NaT without one


def required_measures(config: PresetSegmentsConfig) -> tuple[Measure, ...]:
    """The measures that every customer needs."""
    return DAYS_SINCE_FIRST_ORDER, DAYS_SINCE_ORDER, ORDER_COUNT, Measure("orders", config.regular_days)


def preset_segments(
    config: PresetSegmentsConfig,
    measured: Mapping[Measure, Floats],
    predicted: Predictions,
    bands: tuple[float, float],
    lapsed: Booleans,
    today: np.datetime64,
) -> dict[str, Booleans]:
    """Membership of each preset segment, (n,) by the name of its column.

    Args:
        config: the limits of the preset segments.
        measured: the measures of n customers, (n,) each.
        predicted: the predictions of the same customers.
        bands: churn probabilities below the first are low, from the second on high.
        lapsed: (n,) whether the lifecycle phase is lapse.
        today: the local day of the scores.
    """
    newcomers = measured[DAYS_SINCE_FIRST_ORDER] < config.newcomer_days
    regulars = measured[Measure("orders", config.regular_days)] >= config.regular_orders
    chance = predicted.churn_probability
    # Being overdue alone is no sign: among frequent customers, many are overdue on any day.
    likely_to_leave = (chance >= bands[1]) | ((chance >= bands[0]) & is_overdue(measured, config.overdue_gaps))
    return {
        "preset_segment_high_potential_newcomer": top_share(
            predicted.predicted_value, newcomers, config.newcomer_share
        ),
        "preset_segment_active_regular": regulars & (chance < bands[0]),
        "preset_segment_about_to_lapse": likely_to_leave & (measured[ORDER_COUNT] >= config.lapse_orders) & ~lapsed,
        "preset_segment_due_for_replenishment": predicted.category_due_on <= today,
    }


def is_overdue(measured: Mapping[Measure, Floats], gaps: float) -> Booleans:
    """Whether the days since the last order exceed ``gaps`` mean gaps, each of at least a day, (n,)."""
    silent_days, gap_count = measured[DAYS_SINCE_ORDER], measured[ORDER_COUNT] - 1
    mean_gap = (measured[DAYS_SINCE_FIRST_ORDER] - silent_days) / np.where(gap_count > 0, gap_count, np.nan)
    overdue: Booleans = silent_days > gaps * np.maximum(mean_gap, 1.0)
    return overdue
