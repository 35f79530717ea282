"""Model report for MLflow: figures and tables of the newest origin, and metrics of all origins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Booleans, RowIndices
from training.dataset.outcomes import Rows
from training.evaluation.backtest import BY_CATEGORY, Backtest, BacktestScore
from training.fitting.gradient_boosting import gain_importance
from training.inference.forecast import Forecast
from training.model import Artifact
from training.models import MODELS
from training.registry.run_record import Metric, Table
from training.reporting import figures

SLICES: Mapping[str, Callable[[Rows], Booleans]] = {
    "newcomers (first order within 91 days)": lambda test: test.column("tenure_days") <= 91,
    "one-time buyers": lambda test: test.column("orders") == 1,
    "regulars (5 orders or more)": lambda test: test.column("orders") >= 5,
}


def model_metrics(model: str, scores: Sequence[BacktestScore]) -> list[Metric]:
    """MLflow metrics by measure and tier or baseline, one point per origin; includes those by category, if any."""
    groups = {model: "", **({BY_CATEGORY: f"{BY_CATEGORY}/"} if MODELS[model].by_category else {})}
    return [
        Metric(f"{groups[score.model]}{measure}/{_metric_key(score.contestant)}", value, score.origin.toordinal())
        for score in scores
        if score.model in groups
        for measure, value in score.metrics.items()
        if np.isfinite(value)
    ]


def category_score_table(model: str, scores: Sequence[BacktestScore]) -> dict[str, Table]:
    """The scores per category as a table; empty for a model without them."""
    scored = [score for score in scores if score.model == BY_CATEGORY and MODELS[model].by_category]
    if not scored:
        return {}
    named = {"origin": [str(score.origin) for score in scored], "by": [score.contestant for score in scored]}
    return {
        BY_CATEGORY: {**named, **{name: [score.metrics.get(name) for score in scored] for name in scored[0].metrics}}
    }


def _metric_key(contestant: str) -> str:
    return contestant.replace(" ", "_").replace("'", "")


def model_figures(model: str, test: Backtest, tier: str, artifact: Artifact) -> dict[str, Figure]:
    """The figures of one model at one origin, as answered from a tier, and the importance of its trees' inputs."""
    own = MODELS[model].figures(test.rows, test.plan, test.forecasts[tier], figures)
    trees = {name: text for name, text in artifact.items() if name.endswith(".txt")}
    return own | {f"importance_{name.removesuffix('.txt')}": _importance_figure(text) for name, text in trees.items()}


def slice_metrics(model: str, test: Backtest, tier: str) -> dict[str, Mapping[str, float]]:
    """The metrics of a tier on parts of the population, which show where it is weak."""
    parts: dict[str, Mapping[str, float]] = {}
    for name, rows, forecast in _population_slices(test, tier):
        parts[name] = {"customers": float(len(rows))} | MODELS[model].metrics(
            test.rows.outcomes.select(rows), test.plan, forecast
        )
    return parts


def metrics_table(parts: Mapping[str, Mapping[str, float]]) -> Table:
    """Convert metrics by slice into a table of columns."""
    measures = list(next(iter(parts.values()), {}))
    return {"part": list(parts), **{name: [row.get(name) for row in parts.values()] for name in measures}}


def _population_slices(test: Backtest, tier: str) -> Iterator[tuple[str, RowIndices, Forecast]]:
    spent = test.rows.column("spend") if "spend" in test.rows.names else test.rows.column("orders")
    masks = {name: rule(test.rows) for name, rule in SLICES.items()}
    masks["big spenders (top tenth so far)"] = spent >= np.nanquantile(spent, 0.9)
    for name, mask in masks.items():
        rows = np.flatnonzero(mask)
        if len(rows) >= 30:
            part = test.rows.select(rows)
            yield name, rows, test.fitted_tiers[tier].tiered_model.forecast(part.inputs, part.column("orders"))


def _importance_figure(text: str) -> Figure:
    return figures.importance(*gain_importance(text))
