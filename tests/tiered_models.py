"""Tiered models that are small enough to read, for tests."""

from __future__ import annotations

from training.inference.calibration import IDENTITY
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.cohort import CohortTier


def single_tier_model(tier: CohortTier, layout: HorizonLayout) -> TieredModel:
    """A tiered model whose lowest tier answers for all customers, also for those without an order."""
    return TieredModel(
        tier_by_model=dict.fromkeys(("churn", "next_purchase", "ltv"), "population"),
        tier_by_name={"population": tier},
        prospects=tier,
        extrapolation=None,
        seasonality=None,
        calibration=IDENTITY,
        layout=layout,
        prospect_distributions=layout.ratios,
    )
