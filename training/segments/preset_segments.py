"""Whom should a campaign meet, by what was measured and what is predicted together?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Days, Floats
from features.config.conditions import Measure
from features.config.segmentation import Crowds
from training.segments.value_tiers import best

FIRST, LAST, ORDERS = Measure("days_since_first_order"), Measure("days_since_order"), Measure("orders")


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What the scores table says of n customers."""

    churn_probability: Floats  # (n,)
    worth: Floats  # (n,) spend, or orders, of the value tiers' horizon
    category_due_on: Days  # (n,) the soonest category's reminder, NaT where there is none


def measures(said: Crowds) -> tuple[Measure, ...]:
    """What has to be known of every customer."""
    return FIRST, LAST, ORDERS, Measure("orders", said.regular_days)


def crowds(
    said: Crowds,
    measured: Mapping[Measure, Floats],
    predicted: Predicted,
    bands: tuple[float, float],
    lapsed: Booleans,
    today: np.datetime64,
) -> dict[str, Booleans]:
    """Who is of each crowd, (n,) by the name of its column.

    Args:
        said: where the crowds begin and end.
        measured: of the same customers.
        predicted: of the same customers.
        bands: churn probabilities below the first are low, from the second on high.
        lapsed: who has left already, by the lifecycle.
        today: the local day of the scores.
    """
    newcomers = measured[FIRST] < said.newcomer_days
    regulars = measured[Measure("orders", said.regular_days)] >= said.regular_orders
    chance = predicted.churn_probability
    # Silence alone is no sign: of those who come every other day many are overdue on any day.
    leaving = (chance >= bands[1]) | ((chance >= bands[0]) & overdue(measured, said.overdue_gaps))
    return {
        "crowd_high_potential_newcomer": best(predicted.worth, newcomers, said.newcomer_share),
        "crowd_active_regular": regulars & (chance < bands[0]),
        "crowd_about_to_lapse": leaving & (measured[ORDERS] >= said.lapse_orders) & ~lapsed,
        "crowd_due_for_replenishment": predicted.category_due_on <= today,
    }


def overdue(measured: Mapping[Measure, Floats], gaps: float) -> Booleans:
    """Silent for longer than so many of one's own mean gaps between orders, a gap counting a day or more, (n,)."""
    days, others = measured[LAST], measured[ORDERS] - 1
    usual = (measured[FIRST] - days) / np.where(others > 0, others, np.nan)
    late: Booleans = days > gaps * np.maximum(usual, 1.0)
    return late
