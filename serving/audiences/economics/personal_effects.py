"""Personal effects: where the release ranks customers by an experiment's effect, each person has their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Floats, RowIndices
from serving.audiences.economics.offer_effect import OfferEffect
from serving.audiences.estimates.horizon_columns import is_number, numeric_column
from serving.audiences.query.scores_table import Columns
from training.inference.uplift.evidence import UpliftEvidence

UPLIFT_COLUMNS = ("uplift", "uplift_low", "uplift_high")


def with_personal_effects(
    effect: OfferEffect, evidence: UpliftEvidence | None, columns: Columns, rows: RowIndices
) -> OfferEffect:
    """Return the effect by person, (rows,) each, if the table's uplift ranks customers by the same arm; else as it is.

    A person without an uplift keeps the average. The ends of a sum are the sums of the ends: errors of one calibration
    go together.
    """
    if effect.experiment is None or evidence is None or not evidence.ranks:
        return effect
    if (evidence.experiment_id, evidence.arm) != (effect.experiment.id, effect.arm):
        return effect
    if not all(is_number(columns, name) for name in UPLIFT_COLUMNS):
        return effect
    averages = (effect.value, effect.low, effect.high)
    value, low, high = (
        _with_average(columns, name, rows, average) for name, average in zip(UPLIFT_COLUMNS, averages, strict=True)
    )
    return replace(
        effect,
        value=value,
        low=low,
        high=high,
        detail=f"{effect.detail} Each person has the effect of {evidence.policy}.",
    )


def _with_average(columns: Columns, name: str, rows: RowIndices, average: float | Floats | None) -> Floats:
    column = numeric_column(columns, name)
    values = column.values[rows].astype(np.float64, copy=False)
    unknown = np.isnan(values) if column.nulls is None else column.nulls[rows] | np.isnan(values)
    values[unknown] = np.nan if average is None else average
    return values
