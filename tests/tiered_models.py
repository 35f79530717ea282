"""Tiered models that are small enough to read, for tests."""

from __future__ import annotations

from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.population import PopulationTier


def single_tier_model(tier: PopulationTier, layout: HorizonLayout) -> TieredModel:
    """A tiered model whose lowest tier answers for all customers, also for those without an order."""
    return TieredModel(
        tier_name="population",
        tier=tier,
        prospects=tier,
        extrapolation=None,
        seasonality=None,
        layout=layout,
        prospect_distributions=layout.ratios,
    )
