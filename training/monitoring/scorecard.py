"""Realised scorecard: what was predicted on a day against what then happened, once its window is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from features.arrays import Booleans, Floats
from training.estimate import Estimate
from training.monitoring.treatments import TreatmentState
from training.monitoring.weighted_metrics import (
    DecileTotal,
    decile_totals,
    effective_size,
    observed_over_expected,
    weighted_auc,
    weighted_brier,
    weighted_ece,
    weighted_share,
)

Population = Literal["untreated", "everybody", "treated"]


@dataclass(frozen=True, kw_only=True)
class MaturedPredictions:
    """Matured predictions of n customers for one question, with the outcomes of their windows."""

    predicted: Floats  # (n,) a probability, or an expected amount
    observed: Floats  # (n,) 0 or 1, or the amount
    low: Floats | None = None  # (n,) ends of the 80 % interval of an amount
    high: Floats | None = None
    is_probability: bool = False

    def __len__(self) -> int:
        return len(self.predicted)

    def select(self, mask: Booleans) -> MaturedPredictions:
        """The predictions of some customers."""
        low, high = (None if ends is None else ends[mask] for ends in (self.low, self.high))
        return replace(self, predicted=self.predicted[mask], observed=self.observed[mask], low=low, high=high)


@dataclass(frozen=True, kw_only=True)
class PopulationScorecard:
    """Scorecard of one population: its size, its metrics with intervals, and its totals by decile."""

    population: Population
    n: int
    effective_n: float  # after weighting
    events: int  # customers with the rarer outcome, or with an amount above 0
    metrics: Mapping[str, Estimate]
    deciles: Sequence[DecileTotal]


def population_scorecards(
    predictions: MaturedPredictions, treatment: TreatmentState
) -> dict[Population, PopulationScorecard]:
    """The scorecards of the untreated with weights 1/P(untreated), of everybody and of the treated; none of nobody."""
    everybody = np.ones(len(predictions), dtype=bool)
    masks: dict[Population, tuple[Booleans, Floats]] = {
        "untreated": (treatment.is_judged, treatment.weights),
        "everybody": (everybody, everybody.astype(float)),
        "treated": (treatment.treated, everybody.astype(float)),
    }
    return {
        name: _scorecard(name, predictions.select(mask), weights[mask])
        for name, (mask, weights) in masks.items()
        if mask.any()
    }


def _scorecard(name: Population, predictions: MaturedPredictions, weights: Floats) -> PopulationScorecard:
    metrics = _probability_metrics if predictions.is_probability else _amount_metrics
    hits = int((predictions.observed > 0).sum())
    return PopulationScorecard(
        population=name,
        n=len(predictions),
        effective_n=effective_size(weights),
        events=min(hits, len(predictions) - hits) if predictions.is_probability else hits,
        metrics=metrics(predictions, weights),
        deciles=decile_totals(predictions.predicted, predictions.observed, weights),
    )


def _probability_metrics(predictions: MaturedPredictions, weights: Floats) -> dict[str, Estimate]:
    predicted, observed = predictions.predicted, predictions.observed
    ece, beyond_noise = weighted_ece(predicted, observed, weights)
    return {
        "auc": weighted_auc(predicted, observed, weights),
        "brier": weighted_brier(predicted, observed, weights),
        "ece": ece,
        "ece_beyond_noise": beyond_noise,
        "observed_over_expected": observed_over_expected(observed, predicted, weights),
        "complement_observed_over_expected": observed_over_expected(1 - observed, 1 - predicted, weights),
    }


def _amount_metrics(predictions: MaturedPredictions, weights: Floats) -> dict[str, Estimate]:
    predicted, observed = predictions.predicted, predictions.observed
    metrics = {"observed_over_expected": observed_over_expected(observed, predicted, weights)}
    if predictions.low is not None and predictions.high is not None:
        covered = (observed >= predictions.low) & (observed <= predictions.high)
        metrics["coverage_80"] = weighted_share(covered.astype(float), weights)
    return metrics
