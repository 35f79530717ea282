"""Putting a release together: each question from the rung that passed its gate, refitted on everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.fitting.fit import FittedTier, fit_tiers, with_seasonality
from training.inference.categories.hazard_tables import CATEGORIES_FILE, CategoryTables
from training.inference.serialization import serialize_tier, serialize_tiered_model
from training.inference.tiered_model import TieredModel
from training.model import Artifact, HorizonPlan
from training.models import HEADS, MODELS

PERCENTILE_POINTS = 2001


@dataclass(frozen=True)
class AssembledRelease:
    """What a release will answer with, and the files of each of its models."""

    tiered_model: TieredModel
    files: Mapping[str, Artifact]
    names: tuple[str, ...]

    def inference_files(self, name: str) -> Artifact:
        """The files that a release answers from besides its manifest, which holds the simple rungs."""
        if name in HEADS:
            return dict(self.files[name])
        simple = f"{self.tiered_model.tier_by_model[name]}.json"
        return {file: text for file, text in self.files[name].items() if file != simple}

    def tiered_model_json(self) -> dict[str, Any]:
        """The ladder without its trees, as plain JSON."""
        return serialize_tiered_model(self.tiered_model, self.names)


def assemble(
    rows: Rows, plan: HorizonPlan, tiers: Mapping[str, str], categories: CategoryTables | None = None
) -> AssembledRelease:
    """Fit every rung that a question is answered from, on all rows, and join them."""
    fitted = fit_tiers(rows, plan, tuple(sorted(set(tiers.values()))))
    ladder = merge_tiers(fitted, tiers)
    files = {name: _model_files(fitted[tiers[name]], name, ladder) for name in MODELS}
    if categories is not None:
        for name in MODELS:
            if MODELS[name].by_category:
                files[name][CATEGORIES_FILE] = categories.to_json()
    return AssembledRelease(ladder, files, rows.names)


def merge_tiers(fitted: Mapping[str, FittedTier], tiers: Mapping[str, str]) -> TieredModel:
    """One ladder that answers each question from the rung named for it, put into season as a whole."""
    value, churn = fitted[tiers["ltv"]].tiered_model, fitted[tiers["churn"]].tiered_model
    ladder = TieredModel(
        tier_by_model=dict(tiers),
        tier_by_name={tier: fitted[tier].tiered_model.tier_by_name[tier] for tier in set(tiers.values())},
        prospects=value.prospects,
        extrapolation=value.extrapolation,
        seasonality=None,
        calibration=churn.calibration,
        layout=value.layout,
        prospect_distributions=value.layout.ratios,
        heads={name: fitted[tiers[name]].tiered_model.heads[name] for name in HEADS},
    )
    return with_seasonality(ladder, fitted[tiers["ltv"]].year_ago)


def churn_sample(tiered_model: TieredModel, inputs: Floats, orders: Floats, churn_days: int) -> list[float]:
    """The churn probabilities of the population, ascending, thinned to what percentiles need."""
    probability = np.sort(1 - tiered_model.forecast(inputs, orders).order_probability(churn_days))
    if len(probability) <= PERCENTILE_POINTS:
        return [float(one) for one in probability]
    return [float(one) for one in np.quantile(probability, np.linspace(0, 1, PERCENTILE_POINTS))]


def _model_files(fitted: FittedTier, model: str, tiered_model: TieredModel) -> Artifact:
    if fitted.tier == "ml" or model in HEADS:
        return dict(fitted.artifacts[model])
    return {f"{fitted.tier}.json": json.dumps(serialize_tier(tiered_model.tier_by_name[fitted.tier]))}
