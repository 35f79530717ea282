"""Release assembly: each model uses the tier that passed its quality gate, refitted on all rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.fit import FittedTier, fit_tiers, with_seasonality
from training.inference.categories.hazard_tables import CATEGORIES_FILE, CategoryTables
from training.inference.serialization import serialize_tier, serialize_tiered_model
from training.inference.tiered_model import TieredModel
from training.model import Artifact
from training.models import HEADS, MODELS

PERCENTILE_POINTS = 2001


@dataclass(frozen=True)
class AssembledRelease:
    """An assembled release: its tiered model and the files of each model."""

    tiered_model: TieredModel
    files: Mapping[str, Artifact]
    names: tuple[str, ...]

    def inference_files(self, name: str) -> Artifact:
        """The files that inference reads for a model, without the simple tiers, which are in the manifest."""
        if name in HEADS:
            return dict(self.files[name])
        simple = f"{self.tiered_model.tier_by_model[name]}.json"
        return {file: text for file, text in self.files[name].items() if file != simple}

    def tiered_model_json(self) -> dict[str, Any]:
        """The tiered model as plain JSON, without the trees."""
        return serialize_tiered_model(self.tiered_model, self.names)


def assemble(
    rows: Rows, plan: HorizonPlan, tiers: Mapping[str, str], categories: CategoryTables | None = None
) -> AssembledRelease:
    """Fit each tier that a model uses, on all rows, and merge them.

    Args:
        rows: training rows up to the cutoff of the release.
        plan: the horizons in days.
        tiers: model name -> tier that passed its gate.
        categories: hazard tables per category, if the log has categories.
    """
    fitted = fit_tiers(rows, plan, tuple(sorted(set(tiers.values()))))
    tiered_model = merge_tiers(fitted, tiers)
    files = {name: _model_files(fitted[tiers[name]], name, tiered_model) for name in MODELS}
    if categories is not None:
        for name in MODELS:
            if MODELS[name].by_category:
                files[name][CATEGORIES_FILE] = categories.to_json()
    return AssembledRelease(tiered_model, files, rows.names)


def merge_tiers(fitted: Mapping[str, FittedTier], tiers: Mapping[str, str]) -> TieredModel:
    """Merge fitted tiers into one tiered model that uses one tier per model, with seasonality applied to the whole."""
    value, churn = fitted[tiers["ltv"]].tiered_model, fitted[tiers["churn"]].tiered_model
    tiered_model = TieredModel(
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
    return with_seasonality(tiered_model, fitted[tiers["ltv"]].year_ago)


def churn_sample(tiered_model: TieredModel, inputs: Floats, orders: Floats, churn_days: int) -> list[float]:
    """Churn probabilities of the population, ascending, thinned to ``PERCENTILE_POINTS`` quantiles."""
    probability = np.sort(1 - tiered_model.forecast(inputs, orders).order_probability(churn_days))
    if len(probability) <= PERCENTILE_POINTS:
        return [float(value) for value in probability]
    return [float(value) for value in np.quantile(probability, np.linspace(0, 1, PERCENTILE_POINTS))]


def _model_files(fitted: FittedTier, model: str, tiered_model: TieredModel) -> Artifact:
    if fitted.tier == "ml" or model in HEADS:
        return dict(fitted.artifacts[model])
    return {f"{fitted.tier}.json": json.dumps(serialize_tier(tiered_model.tier_by_name[fitted.tier]))}
