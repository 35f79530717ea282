"""What a reviewer is shown of one question: figures and tables of the newest origin, metrics of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Booleans, Floats, RowIndices
from training.dataset.outcomes import Rows
from training.evaluation.backtest import BY_CATEGORY, Backtest, BacktestScore
from training.fitting.gradient_boosting import gain_importance
from training.inference.forecast import Forecast
from training.metrics import coverage
from training.model import Artifact
from training.models import MODELS
from training.models.churn import churn_label
from training.registry.run_record import Metric, Table
from training.reporting import figures

SLICES: Mapping[str, Callable[[Rows], Booleans]] = {
    "newcomers (first order within 91 days)": lambda test: test.column("tenure_days") <= 91,
    "one-time buyers": lambda test: test.column("orders") == 1,
    "regulars (5 orders or more)": lambda test: test.column("orders") >= 5,
}


def model_metrics(model: str, scores: Sequence[BacktestScore]) -> list[Metric]:
    """One line per measure and contestant, a point per origin; with the next purchase those per category."""
    groups = {model: "", **({BY_CATEGORY: f"{BY_CATEGORY}/"} if model == "next_purchase" else {})}
    return [
        Metric(f"{groups[score.model]}{measure}/{_metric_key(score.contestant)}", value, score.origin.toordinal())
        for score in scores
        if score.model in groups
        for measure, value in score.metrics.items()
        if np.isfinite(value)
    ]


def category_score_table(model: str, scores: Sequence[BacktestScore]) -> dict[str, Table]:
    """What was measured of the next purchase per category, as a table; none for another model or without categories."""
    mine = [score for score in scores if score.model == BY_CATEGORY and model == "next_purchase"]
    if not mine:
        return {}
    named = {"origin": [str(score.origin) for score in mine], "by": [score.contestant for score in mine]}
    return {BY_CATEGORY: {**named, **{one: [score.metrics.get(one) for score in mine] for one in mine[0].metrics}}}


def _metric_key(contestant: str) -> str:
    return contestant.replace(" ", "_").replace("'", "")


def model_figures(model: str, test: Backtest, tier: str, artifact: Artifact) -> dict[str, Figure]:
    """The figures of one question at one origin, as answered from a rung."""
    drawn = {"churn": _churn_figures, "next_purchase": _next_purchase_figures, "ltv": _ltv_figures}[model](test, tier)
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


def _churn_figures(test: Backtest, tier: str) -> dict[str, Figure]:
    days = test.plan.evaluated_churn_days
    probability = 1 - test.forecasts[tier].order_probability(days)
    outcome = churn_label(test.rows.outcomes, days)
    return {
        "reliability": figures.reliability(probability, outcome, f"churn within {days} days"),
        "gains_and_lift": figures.cumulative_gains(probability, outcome, _baseline_scores("churn", test)),
    }


def _next_purchase_figures(test: Backtest, tier: str) -> dict[str, Figure]:
    forecast, outcomes = test.forecasts[tier], test.rows.outcomes
    last = float(outcomes.follow_days.min())
    days = np.arange(1.0, last + 1)
    observed = np.array([outcomes.ordered_within(day).mean() for day in days])
    predicted = np.array([forecast.order_probability(day).mean() for day in days])
    near = min(30.0, last)
    came = outcomes.ordered_within(near)
    return {
        "survival": figures.survival(days, predicted, observed, len(test.rows)),
        "reliability": figures.reliability(forecast.order_probability(near), came, f"order within {near:.0f} days"),
        "gains_and_lift": figures.cumulative_gains(
            forecast.order_probability(near),
            came,
            {name: -wait for name, wait in _baseline_scores("next_purchase", test).items()},
            "buyers",
        ),
    }


def _ltv_figures(test: Backtest, tier: str) -> dict[str, Figure]:
    forecast, outcomes, days = test.forecasts[tier], test.rows.outcomes, test.plan.learned[-1]
    column = forecast.horizons.index(days)
    if forecast.spend is None:
        orders = outcomes.orders_within(days)
        return {"deciles": figures.deciles(forecast.expected_orders[:, column], orders, f"orders in {days} days")}
    actual, mean = outcomes.spend_within(days), forecast.spend.mean[:, column]
    persistence = {"last window": _baseline_scores("ltv", test)["last window"]}
    return {
        "deciles": figures.deciles(mean, actual, f"spend in {days} days"),
        "gains_and_lift": figures.cumulative_gains(mean, actual, persistence, "spend"),
        "interval_coverage": _coverage_figure(
            test, actual, forecast.spend.p10[:, column], forecast.spend.p90[:, column]
        ),
    }


def _coverage_figure(test: Backtest, actual: Floats, low: Floats, high: Floats) -> Figure:
    recency = test.rows.column("recency_days")
    quarter = np.digitize(recency, np.quantile(recency, [0.25, 0.5, 0.75]))
    names = ("most recent quarter", "second quarter", "third quarter", "longest silent quarter")
    groups = {"all": np.ones(len(actual), bool), **{name: quarter == at for at, name in enumerate(names)}}
    covered = {name: coverage(low[mask], high[mask], actual[mask]) for name, mask in groups.items() if mask.any()}
    return figures.coverage(0.8, covered, {name: int(groups[name].sum()) for name in covered})


def _baseline_scores(model: str, test: Backtest) -> dict[str, Floats]:
    return {name: simple(test.rows, test.plan) for name, simple in MODELS[model].baselines.items()}


def _importance_figure(text: str) -> Figure:
    return figures.importance(*gain_importance(text))
