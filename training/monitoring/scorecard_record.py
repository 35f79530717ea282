"""Scorecard records: one line of JSON per release, matured day and question, as the home, MLflow and HTTP have them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from training.estimate import Estimate
from training.monitoring.scorecard import Population, PopulationScorecard
from training.monitoring.verdict import Verdict
from training.monitoring.weighted_metrics import DecileTotal

_DIGITS = 6


def scorecard_json(
    key: Mapping[str, Any], scorecards: Mapping[Population, PopulationScorecard], verdict: Verdict
) -> dict[str, Any]:
    """The record of a scorecard: its key, the verdict, and the metrics of each population."""
    populations = {name: _population_json(card) for name, card in scorecards.items()}
    return {**key, "status": verdict.status, "reasons": list(verdict.reasons), "populations": populations}


def metric_values(record: Mapping[str, Any], population: Population = "untreated") -> dict[str, float]:
    """The finite metrics of one population of a record, by name."""
    metrics = record["populations"].get(population, {}).get("metrics", {})
    return {name: metric["value"] for name, metric in metrics.items() if metric["value"] is not None}


def _population_json(card: PopulationScorecard) -> dict[str, Any]:
    return {
        "n": card.n,
        "effective_n": _round(card.effective_n),
        "events": card.events,
        "metrics": {name: _estimate_json(estimate) for name, estimate in card.metrics.items()},
        "deciles": [_decile_json(total) for total in card.deciles],
    }


def _estimate_json(estimate: Estimate) -> dict[str, float | None]:
    return {"value": _round(estimate.value), "low": _round(estimate.low), "high": _round(estimate.high)}


def _decile_json(total: DecileTotal) -> dict[str, float | None]:
    total_estimate = Estimate(total.observed, total.standard_error, 0.0)
    ends = {"low": _round(total_estimate.low), "high": _round(total_estimate.high)}
    return {"expected": _round(total.expected), "observed": _round(total.observed), **ends}


def _round(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None
