"""Putting a release together: each question from the rung that passed its gate, refitted on everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Rows
from training.fitting.fit import Fitted, fit_rungs, in_season
from training.inference.categories.hazard_tables import CATEGORIES_FILE, CategoryTables
from training.inference.serialization import rung_json, to_json
from training.inference.tiered_model import Ladder
from training.model import Artefact, Plan
from training.models import MODELS

PERCENTILE_POINTS = 2001


@dataclass(frozen=True)
class Assembled:
    """What a release will answer with, and the files of each of its models."""

    ladder: Ladder
    files: Mapping[str, Artefact]
    names: tuple[str, ...]

    def answering(self, name: str) -> Artefact:
        """The files that a release answers from besides its manifest, which holds the simple rungs."""
        simple = f"{self.ladder.tiers[name]}.json"
        return {file: text for file, text in self.files[name].items() if file != simple}

    def ladder_json(self) -> dict[str, Any]:
        """The ladder without its trees, as plain JSON."""
        return to_json(self.ladder, self.names)


def assemble(rows: Rows, plan: Plan, tiers: Mapping[str, str], categories: CategoryTables | None = None) -> Assembled:
    """Fit every rung that a question is answered from, on all rows, and join them."""
    fitted = fit_rungs(rows, plan, tuple(sorted(set(tiers.values()))))
    ladder = joined(fitted, tiers)
    files = {name: _files(fitted[tiers[name]], name, ladder) for name in MODELS}
    if categories is not None:
        files["next_purchase"][CATEGORIES_FILE] = categories.to_json()
    return Assembled(ladder, files, rows.names)


def joined(fitted: Mapping[str, Fitted], tiers: Mapping[str, str]) -> Ladder:
    """One ladder that answers each question from the rung named for it, put into season as a whole."""
    value, churn = fitted[tiers["ltv"]].ladder, fitted[tiers["churn"]].ladder
    ladder = Ladder(
        tiers=dict(tiers),
        rungs={tier: fitted[tier].ladder.rungs[tier] for tier in set(tiers.values())},
        prospects=value.prospects,
        extension=value.extension,
        season=None,
        calibration=churn.calibration,
        shape=value.shape,
        prospect_ratios=value.shape.ratios,
    )
    return in_season(ladder, fitted[tiers["ltv"]].year_ago)


def churn_sample(ladder: Ladder, inputs: Floats, orders: Floats, churn_days: int) -> list[float]:
    """The churn probabilities of the population, ascending, thinned to what percentiles need."""
    probability = np.sort(1 - ladder.forecast(inputs, orders).within(churn_days))
    if len(probability) <= PERCENTILE_POINTS:
        return [float(one) for one in probability]
    return [float(one) for one in np.quantile(probability, np.linspace(0, 1, PERCENTILE_POINTS))]


def _files(fitted: Fitted, model: str, ladder: Ladder) -> Artefact:
    if fitted.tier == "ml":
        return dict(fitted.artefacts[model])
    return {f"{fitted.tier}.json": json.dumps(rung_json(ladder.rungs[fitted.tier]))}
