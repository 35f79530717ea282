"""Whom should a campaign meet, by what was measured and what is predicted together?"""

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
    """What the scores table says of n customers."""

    churn_probability: Floats  # (n,)
    predicted_value: Floats  # (n,) spend, or orders, of the value tiers' horizon
    category_due_on: Days  # (n,) the soonest category's reminder, NaT where there is none


def required_measures(config: PresetSegmentsConfig) -> tuple[Measure, ...]:
    """What has to be known of every customer."""
    return DAYS_SINCE_FIRST_ORDER, DAYS_SINCE_ORDER, ORDER_COUNT, Measure("orders", config.regular_days)


def preset_segments(
    config: PresetSegmentsConfig,
    measured: Mapping[Measure, Floats],
    predicted: Predictions,
    bands: tuple[float, float],
    lapsed: Booleans,
    today: np.datetime64,
) -> dict[str, Booleans]:
    """Who is of each crowd, (n,) by the name of its column.

    Args:
        config: where the crowds begin and end.
        measured: of the same customers.
        predicted: of the same customers.
        bands: churn probabilities below the first are low, from the second on high.
        lapsed: who has left already, by the lifecycle.
        today: the local day of the scores.
    """
    newcomers = measured[DAYS_SINCE_FIRST_ORDER] < config.newcomer_days
    regulars = measured[Measure("orders", config.regular_days)] >= config.regular_orders
    chance = predicted.churn_probability
    # Silence alone is no sign: of those who come every other day many are overdue on any day.
    leaving = (chance >= bands[1]) | ((chance >= bands[0]) & is_overdue(measured, config.overdue_gaps))
    return {
        "preset_segment_high_potential_newcomer": top_share(
            predicted.predicted_value, newcomers, config.newcomer_share
        ),
        "preset_segment_active_regular": regulars & (chance < bands[0]),
        "preset_segment_about_to_lapse": leaving & (measured[ORDER_COUNT] >= config.lapse_orders) & ~lapsed,
        "preset_segment_due_for_replenishment": predicted.category_due_on <= today,
    }


def is_overdue(measured: Mapping[Measure, Floats], gaps: float) -> Booleans:
    """Silent for longer than so many of one's own mean gaps between orders, a gap counting a day or more, (n,)."""
    days, others = measured[DAYS_SINCE_ORDER], measured[ORDER_COUNT] - 1
    usual = (measured[DAYS_SINCE_FIRST_ORDER] - days) / np.where(others > 0, others, np.nan)
    late: Booleans = days > gaps * np.maximum(usual, 1.0)
    return late
