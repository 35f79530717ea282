"""Drift reference of a candidate: its inputs and scores of today, and the daily volumes of the last half year."""

from __future__ import annotations

import numpy as np

from pipelines.learning.drift.volumes import daily_volumes
from pipelines.learning.predictions.matured_snapshots import recording_lag_days
from pipelines.run_context import RunContext
from training.dataset.outcomes import Rows
from training.inference.tiered_model import TieredModel
from training.monitoring.daily_volumes import REFERENCE_DAYS
from training.monitoring.drift_reference import CHURN_SCORE, DriftReference


def drift_reference(context: RunContext, tiered_model: TieredModel, today: Rows) -> DriftReference:
    """The reference that ships with a release; ``today`` are the rows at its cutoff."""
    forecast = tiered_model.forecast(today.inputs, np.nan_to_num(today.column("orders")))
    lag_days = recording_lag_days(context.history)
    return DriftReference.from_population(
        context.as_of,
        today.names,
        today.inputs,
        {CHURN_SCORE: 1 - forecast.order_probability(context.churn_days)},
        daily_volumes(context.history, context.now, REFERENCE_DAYS, lag_days),
    )
