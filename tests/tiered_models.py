"""Ladders small enough to be read."""

from __future__ import annotations

from training.inference.calibration import IDENTITY
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.cohort import CohortTier


def single_tier_model(rung: CohortTier, shape: HorizonLayout) -> TieredModel:
    """Everybody on the lowest rung, those who have not ordered yet too."""
    return TieredModel(
        tier_by_model=dict.fromkeys(("churn", "next_purchase", "ltv"), "population"),
        tier_by_name={"population": rung},
        prospects=rung,
        extrapolation=None,
        seasonality=None,
        calibration=IDENTITY,
        layout=shape,
        prospect_distributions=shape.ratios,
    )
