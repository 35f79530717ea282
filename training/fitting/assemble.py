"""Release assembly: the tier that answers, refitted on all rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.average.fit import FittedAverage
from training.fitting.average.last_window import last_window_spend_distributions, last_window_tier
from training.fitting.fit import BacktestEvidence, FittedTier, fit_tiers, with_spend_distributions
from training.inference.categories.hazard_tables import CATEGORIES_FILE, CategoryTables
from training.inference.forecast import AVERAGE, LAST_WINDOW
from training.inference.serialization import serialize_tier, serialize_tiered_model
from training.inference.tiered_model import TieredModel
from training.model import Artifact
from training.models import EXPERIMENT_MODELS, HEADS, MODELS

PERCENTILE_POINTS = 2001


@dataclass(frozen=True)
class AssembledRelease:
    """An assembled release: its tiered model and the files of each model."""

    tiered_model: TieredModel
    files: Mapping[str, Artifact]  # model name -> files beside the manifest
    names: tuple[str, ...]
    average: FittedAverage | None  # None where a simpler tier answers

    def model_files(self, name: str) -> Artifact:
        """The files that are registered as a model: those of inference, and its tier as JSON for people."""
        if name in HEADS or name in EXPERIMENT_MODELS:
            return dict(self.files[name])
        tier = json.dumps(serialize_tier(self.tiered_model.tier), indent=1)
        return {**self.files[name], f"{self.tiered_model.tier_name}.json": tier}

    def with_files(self, name: str, files: Artifact) -> AssembledRelease:
        """The release with the files of one more model."""
        return replace(self, files={**self.files, name: files})

    def tiered_model_json(self) -> dict[str, Any]:
        """The tiered model as plain JSON, without the files beside it."""
        return serialize_tiered_model(self.tiered_model, self.names)


def assemble(
    rows: Rows,
    plan: HorizonPlan,
    limit: int,
    tier: str,
    evidence: BacktestEvidence,
    categories: CategoryTables | None = None,
) -> AssembledRelease:
    """Fit the tier that answers on all rows.

    Args:
        rows: training rows up to the cutoff of the release.
        plan: the horizons in days.
        limit: the cutoff of the release, days since 1970.
        tier: the tier that answers.
        evidence: of the test origins.
        categories: hazard tables per category, if the log has categories.
    """
    fitted = fit_tiers(rows, plan, limit, (AVERAGE if tier == LAST_WINDOW else tier,), evidence)
    chosen = next(iter(fitted.values()))
    if tier == LAST_WINDOW:
        chosen = _on_last_window(chosen, plan)
    files = {name: dict(chosen.files.get(name, {})) for name in MODELS}
    if categories is not None:
        for name in MODELS:
            if MODELS[name].by_category:
                files[name][CATEGORIES_FILE] = categories.to_json()
    return AssembledRelease(chosen.tiered_model, files, rows.names, chosen.average)


def _on_last_window(fitted: FittedTier, plan: HorizonPlan) -> FittedTier:
    if fitted.average is None:
        return fitted
    average = replace(fitted.average, tier=last_window_tier(fitted.average))
    tiered_model = replace(fitted.tiered_model, tier_name=LAST_WINDOW, tier=average.tier, seasonality=None)
    if average.spend is not None:
        tiered_model = with_spend_distributions(tiered_model, last_window_spend_distributions(average, plan.learned))
    return replace(fitted, tiered_model=tiered_model, average=average)


def churn_sample(tiered_model: TieredModel, inputs: Floats, orders: Floats, churn_days: int) -> list[float]:
    """Churn probabilities of the population, ascending, thinned to ``PERCENTILE_POINTS`` quantiles."""
    probability = np.sort(1 - tiered_model.forecast(inputs, orders).order_probability(churn_days))
    if len(probability) <= PERCENTILE_POINTS:
        return [float(value) for value in probability]
    return [float(value) for value in np.quantile(probability, np.linspace(0, 1, PERCENTILE_POINTS))]
