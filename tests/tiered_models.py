"""Ladders small enough to be read."""

from __future__ import annotations

from training.inference.calibration import IDENTITY
from training.inference.tiered_model import Ladder, Shape
from training.inference.tiers.cohort import CohortsRung


def everybody_on(rung: CohortsRung, shape: Shape) -> Ladder:
    """Everybody on the lowest rung, those who have not ordered yet too."""
    return Ladder(
        tiers=dict.fromkeys(("churn", "next_purchase", "ltv"), "population"),
        rungs={"population": rung},
        prospects=rung,
        extension=None,
        season=None,
        calibration=IDENTITY,
        shape=shape,
        prospect_ratios=shape.ratios,
    )
