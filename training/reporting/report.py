"""Model report for MLflow: figures and tables of the newest origin, and metrics of all origins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Booleans, Floats, RowIndices
from training.dataset.outcomes import Rows
from training.estimate import Estimate
from training.evaluation.backtest import BY_CATEGORY, Backtest, BacktestScore
from training.fitting.gradient_boosting import gain_importance
from training.inference.forecast import Forecast
from training.model import Artifact
from training.models import MODELS
from training.monitoring.weighted_metrics import weighted_auc
from training.registry.run_record import Metric, Table
from training.reporting import figures

SLICES: Mapping[str, Callable[[Rows], Booleans]] = {
    "newcomers (first order within 91 days)": lambda test: test.column("tenure_days") <= 91,
    "one-time buyers": lambda test: test.column("orders") == 1,
    "regulars (5 orders or more)": lambda test: test.column("orders") >= 5,
}


def model_metrics(model: str, scores: Sequence[BacktestScore], tier: str) -> list[Metric]:
    """MLflow metrics of the tested tier, one point per origin; tiers and baselines beside it are in ``score_table``.

    A model that also answers by category has the measures of all categories under ``by_category/``.
    """
    groups = {(model, tier): "", **({(BY_CATEGORY, "all"): f"{BY_CATEGORY}/"} if MODELS[model].by_category else {})}
    return [
        Metric(f"{groups[score.model, score.contestant]}{measure}", value, score.origin.toordinal())
        for score in scores
        if (score.model, score.contestant) in groups
        for measure, value in score.metrics.items()
        if np.isfinite(value)
    ]


def score_table(model: str, scores: Sequence[BacktestScore]) -> dict[str, Table]:
    """The scores of all tiers and baselines at all origins as one table; empty where nothing was tested."""
    scored = [score for score in scores if score.model == model]
    measures = list(dict.fromkeys(measure for score in scored for measure in score.metrics))
    named = {"origin": [str(score.origin) for score in scored], "by": [score.contestant for score in scored]}
    table: Table = {**named, **{name: [score.metrics.get(name) for score in scored] for name in measures}}
    return {"all_tiers": table} if scored else {}


def score_figure(model: str, scores: Sequence[BacktestScore], tier: str) -> dict[str, Figure]:
    """The headline metric of all tiers and baselines at all origins; empty where nothing was tested."""
    headline, better = MODELS[model].headline, MODELS[model].higher_is_better
    by_contestant: dict[str, dict[date, float]] = {tier: {}}
    for score in (score for score in scores if score.model == model and headline in score.metrics):
        by_contestant.setdefault(score.contestant, {})[score.origin] = score.metrics[headline]
    drawn = {contestant: values for contestant, values in by_contestant.items() if values}
    return {"all_tiers": figures.all_tiers(headline, drawn, tier, higher_is_better=better)} if drawn else {}


def category_score_table(model: str, scores: Sequence[BacktestScore]) -> dict[str, Table]:
    """The scores per category as a table; empty for a model without them."""
    scored = [score for score in scores if score.model == BY_CATEGORY and MODELS[model].by_category]
    if not scored:
        return {}
    named = {"origin": [str(score.origin) for score in scored], "by": [score.contestant for score in scored]}
    return {
        BY_CATEGORY: {**named, **{name: [score.metrics.get(name) for score in scored] for name in scored[0].metrics}}
    }


def model_figures(model: str, test: Backtest, tier: str, artifact: Artifact) -> dict[str, Figure]:
    """The figures of one model at one origin, as answered from a tier, and the importance of its trees' inputs."""
    own = MODELS[model].figures(test.rows, test.plan, test.forecasts[tier], figures)
    trees = [gain_importance(text) for name, text in artifact.items() if name.endswith(".txt")]
    return own | ({"importance": figures.importance(*mean_importance(trees))} if trees else {})


def mean_importance(ensembles: Sequence[tuple[Sequence[str], Floats]]) -> tuple[list[str], Floats]:
    """Input names and mean share of the gain, (features,), of ensembles that may read different inputs."""
    names = list(dict.fromkeys(name for inputs, _ in ensembles for name in inputs))
    shares = np.zeros(len(names))
    for inputs, gains in ensembles:
        if gains.sum() > 0:
            shares[[names.index(name) for name in inputs]] += gains / gains.sum()
    return names, shares / max(len(ensembles), 1)


def slice_metrics(model: str, test: Backtest, tier: str) -> dict[str, Mapping[str, float]]:
    """The metrics of a tier on parts of the population, which show where it is weak."""
    parts: dict[str, Mapping[str, float]] = {}
    for name, rows, forecast in _population_slices(test, tier):
        parts[name] = {"customers": float(len(rows))} | MODELS[model].metrics(
            test.rows.outcomes.select(rows), test.plan, forecast
        )
    return parts


def slice_aucs(model: str, test: Backtest, tier: str) -> dict[str, tuple[int, Estimate]]:
    """Customers and area under the ROC curve of a tier, by part of the population; the first part is everybody.

    The error is that of DeLong et al. (1988). The model must rank a binary outcome.
    """
    everybody = ("everybody", np.arange(len(test.rows)), test.forecasts[tier])
    aucs: dict[str, tuple[int, Estimate]] = {}
    for part, rows, forecast in (everybody, *_population_slices(test, tier)):
        score, outcome = MODELS[model].ranking(test.rows.outcomes.select(rows), test.plan, forecast)
        aucs[part] = len(rows), weighted_auc(score, outcome, np.ones(len(rows)))
    return aucs


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
