"""What a reviewer is shown of one question: figures and tables of the newest origin, metrics of all of them."""

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
    """One line per measure and contestant, a point per origin; with the next purchase those per category."""
    groups = {model: "", **({BY_CATEGORY: f"{BY_CATEGORY}/"} if MODELS[model].by_category else {})}
    return [
        Metric(f"{groups[score.model]}{measure}/{_metric_key(score.contestant)}", value, score.origin.toordinal())
        for score in scores
        if score.model in groups
        for measure, value in score.metrics.items()
        if np.isfinite(value)
    ]


def category_score_table(model: str, scores: Sequence[BacktestScore]) -> dict[str, Table]:
    """What was measured of the next purchase per category, as a table; none for another model or without categories."""
    mine = [score for score in scores if score.model == BY_CATEGORY and MODELS[model].by_category]
    if not mine:
        return {}
    named = {"origin": [str(score.origin) for score in mine], "by": [score.contestant for score in mine]}
    return {BY_CATEGORY: {**named, **{one: [score.metrics.get(one) for score in mine] for one in mine[0].metrics}}}


def _metric_key(contestant: str) -> str:
    return contestant.replace(" ", "_").replace("'", "")


def model_figures(model: str, test: Backtest, tier: str, artifact: Artifact) -> dict[str, Figure]:
    """The figures of one question at one origin, as answered from a rung."""
    drawn = MODELS[model].figures(test.rows, test.plan, test.forecasts[tier], figures)
    trees = {name: text for name, text in artifact.items() if name.endswith(".txt")}
    return drawn | {f"importance_{name.removesuffix('.txt')}": _importance_figure(text) for name, text in trees.items()}


def slice_metrics(model: str, test: Backtest, tier: str) -> dict[str, Mapping[str, float]]:
    """The measures of a rung on parts of the population: where it is weak."""
    found: dict[str, Mapping[str, float]] = {}
    for name, chosen, forecast in _population_slices(test, tier):
        found[name] = {"customers": float(len(chosen))} | MODELS[model].metrics(
            test.rows.outcomes.select(chosen), test.plan, forecast
        )
    return found


def metrics_table(parts: Mapping[str, Mapping[str, float]]) -> Table:
    """Named rows as columns."""
    measures = list(next(iter(parts.values()), {}))
    return {"part": list(parts), **{one: [row.get(one) for row in parts.values()] for one in measures}}


def _population_slices(test: Backtest, tier: str) -> Iterator[tuple[str, RowIndices, Forecast]]:
    spent = test.rows.column("spend") if "spend" in test.rows.names else test.rows.column("orders")
    masks = {name: rule(test.rows) for name, rule in SLICES.items()}
    masks["big spenders (top tenth so far)"] = spent >= np.nanquantile(spent, 0.9)
    for name, mask in masks.items():
        chosen = np.flatnonzero(mask)
        if len(chosen) >= 30:
            part = test.rows.select(chosen)
            yield name, chosen, test.fitted_tiers[tier].tiered_model.forecast(part.inputs, part.column("orders"))


def _importance_figure(text: str) -> Figure:
    return figures.importance(*gain_importance(text))
