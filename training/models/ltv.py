"""What will this customer order and spend within each horizon?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from features.arrays import Floats
from features.views import ON_DEMAND_WINDOW_DAYS, STORED_WINDOW_DAYS
from training import metrics
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.inference.answers.ltv import LTV_ANSWER
from training.inference.explanations.attributions import Attributions
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.inference.tiers.btyd_expectation import MIN_EXPECTED, BtydExpectation
from training.inference.tiers.value_heads import EXPECTATION_FILE
from training.model import Artifact, BoostingParams, CalibrationLimit, Charts, GradientBoostingTrainer, Model, Trainers
from training.totals import PredictedTotal, total_orders, total_spend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TREE_PARAMS: BoostingParams = {
    "num_iterations": 150,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
}
PARAMS: Mapping[str, BoostingParams] = {
    "orders": {"objective": "poisson", **_TREE_PARAMS},
    "spend": {"objective": "tweedie", "tweedie_variance_power": 1.5, **_TREE_PARAMS},
}
MIN_MEAN_SHARE = 0.01  # of the mean amount: below it, a few unexpected orders would dominate the loss
CORRECTION_PARAMS: BoostingParams = {
    "num_iterations": 60,
    "learning_rate": 0.03,
}  # of trees that correct an expectation


def fit(rows: Rows, plan: HorizonPlan, trainers: Trainers) -> Artifact:
    """Fit trees on the rows with an order, and trees that correct BTYD's expectation on all rows (``ValueModel``)."""
    expectation = BtydExpectation(trainers.btyd(rows, plan))
    extended = replace(rows, inputs=expectation.append_to(rows.inputs), names=(*rows.names, *expectation.names))
    artifact, bases = Artifact(), dict[str, list[float]]()
    for kind in ("orders", "spend") if plan.has_amounts else ("orders",):
        expected = expectation.extract(kind, extended.inputs)
        for position, days in enumerate(plan.learned):
            files, base = _fit_heads(kind, days, extended, expected[:, position], trainers.boost)
            artifact |= files
            bases.setdefault(kind, []).append(base)
    return artifact | {EXPECTATION_FILE: json.dumps({"btyd": expectation.tier.as_json(), "base": bases})}


def _fit_heads(
    kind: str, days: int, rows: Rows, expected: Floats, boost: GradientBoostingTrainer
) -> tuple[Artifact, float]:
    amount = rows.outcomes.spend_within(days) if kind == "spend" else rows.outcomes.orders_within(days)
    ordered, observed = rows.outcomes.orders_within(days) > 0, ~np.isnan(amount)
    base = offset_base(amount[observed], expected[observed])
    offset, correction = np.log(expected[observed]) + base, {**PARAMS[kind], **CORRECTION_PARAMS}
    return {
        f"{kind}_came_{days}d.txt": boost(rows.inputs[ordered], amount[ordered], PARAMS[kind], rows.names),
        f"{kind}_corrected_{days}d.txt": boost(rows.inputs[observed], amount[observed], correction, rows.names, offset),
    }, base


def offset_base(amount: Floats, expected: Floats) -> float:
    """Log of the factor that makes the total of an offset equal the observed total.

    LightGBM uses no base rate of its own when it is given an offset; without this factor the trees predict several
    times too much.
    """
    return float(np.log(max(float(amount.sum()), MIN_EXPECTED) / max(float(expected.sum()), MIN_EXPECTED)))


def loss(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> Floats:
    """Tweedie deviance of the expected spend (Jorgensen 1987); of the expected orders for a log without amounts."""
    days, column = _longest_horizon(plan, forecast)
    if forecast.spend is None:
        return _deviance(outcomes.orders_within(days), forecast.expected_orders[:, column])
    return _deviance(outcomes.spend_within(days), forecast.spend.mean[:, column])


def measure(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> dict[str, float]:
    """Metrics of the mean, the median and the 80 % interval at the longest learned horizon."""
    days, column = _longest_horizon(plan, forecast)
    orders = outcomes.orders_within(days)
    expected = forecast.expected_orders[:, column]
    counted = {"orders_rmse": metrics.rmse(expected, orders), "orders_bias": metrics.bias(expected, orders)}
    if forecast.spend is None:
        return {**counted, **_amount_metrics(expected, orders)}
    actual, mean = outcomes.spend_within(days), forecast.spend.mean[:, column]
    return {
        **counted,
        **_amount_metrics(mean, actual),
        "decile_mape": metrics.decile_mape(mean, actual),
        "median_mae": metrics.mae(forecast.spend.median[:, column], actual),
        "coverage_80": metrics.coverage(forecast.spend.p10[:, column], forecast.spend.p90[:, column], actual),
    }


def compare(outcomes: Outcomes, plan: HorizonPlan, amount: Floats) -> dict[str, float]:
    """Metrics of a baseline amount per customer, the same as those of the mean."""
    actual = outcomes.spend_within(plan.learned[-1]) if plan.has_amounts else outcomes.orders_within(plan.learned[-1])
    return _amount_metrics(amount, actual)


def last_window_amount(rows: Rows, plan: HorizonPlan) -> Floats:
    """Persistence forecast: spend of the last window scaled to the horizon; orders for a log without amounts."""
    days = plan.learned[-1]
    window_days = min((*ON_DEMAND_WINDOW_DAYS, *STORED_WINDOW_DAYS), key=lambda window: abs(window - days))
    return rows.column(f"{'spend' if plan.has_amounts else 'orders'}_{window_days}d") * days / window_days


def _amount_metrics(predicted: Floats, actual: Floats) -> dict[str, float]:
    return {
        "gini": metrics.normalised_gini(predicted, actual),
        "rmse": metrics.rmse(predicted, actual),
        "mae": metrics.mae(predicted, actual),
        "bias": metrics.bias(predicted, actual),
    }


def _longest_horizon(plan: HorizonPlan, forecast: Forecast) -> tuple[int, int]:
    return plan.learned[-1], forecast.horizons.index(plan.learned[-1])


def _deviance(actual: Floats, mean: Floats) -> Floats:
    mean = np.maximum(mean, MIN_MEAN_SHARE * max(float(np.nansum(actual)) / len(actual), 1e-6))
    return 4 * (np.sqrt(actual) - np.sqrt(mean)) ** 2 / np.sqrt(mean)


def totals(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> list[PredictedTotal]:
    """Predicted totals: spend within each learned horizon; orders for a log without amounts."""
    total = total_spend if plan.has_amounts else total_orders
    return [total(outcomes, forecast, days) for days in plan.learned]


def figures(rows: Rows, plan: HorizonPlan, forecast: Forecast, charts: Charts) -> dict[str, Figure]:
    """Figures of the spend in the longest learned horizon: level, ranking, interval; orders without amounts."""
    days, column = _longest_horizon(plan, forecast)
    if forecast.spend is None:
        orders = rows.outcomes.orders_within(days)
        return {"deciles": charts.deciles(forecast.expected_orders[:, column], orders, f"orders in {days} days")}
    actual, mean = rows.outcomes.spend_within(days), forecast.spend.mean[:, column]
    persistence = {"last window": last_window_amount(rows, plan)}
    return {
        "deciles": charts.deciles(mean, actual, f"spend in {days} days"),
        "gains_and_lift": charts.cumulative_gains(mean, actual, persistence, "spend"),
        "interval_coverage": _coverage_figure(
            rows, actual, forecast.spend.p10[:, column], forecast.spend.p90[:, column], charts
        ),
    }


def _coverage_figure(rows: Rows, actual: Floats, low: Floats, high: Floats, charts: Charts) -> Figure:
    recency = rows.column("recency_days")
    quarter = np.digitize(recency, np.quantile(recency, [0.25, 0.5, 0.75]))
    names = ("most recent quarter", "second quarter", "third quarter", "longest silent quarter")
    groups = {"all": np.ones(len(actual), bool), **{name: quarter == index for index, name in enumerate(names)}}
    covered = {
        name: metrics.coverage(low[mask], high[mask], actual[mask]) for name, mask in groups.items() if mask.any()
    }
    return charts.coverage(0.8, covered, {name: int(groups[name].sum()) for name in covered})


MODEL = Model(
    name="ltv",
    question=str(__doc__),
    summary="What will this customer spend over each horizon? Mean, median and an 80 % interval.",
    intended_use="Setting what an acquisition or a retention offer may cost, for groups of customers.",
    position=3,
    fit=fit,
    loss=loss,
    metrics=measure,
    baselines={"last window": last_window_amount, "always zero": lambda rows, _: np.zeros(len(rows))},
    compare=compare,
    headline="gini",
    higher_is_better=True,
    shown_metrics=("gini", "rmse", "mae", "bias", "decile_mape", "coverage_80"),
    calibration=CalibrationLimit("bias", 0.35),
    totals=totals,
    figures=figures,
    horizons=lambda _, all_days: all_days,
    answer=LTV_ANSWER,
    explanation=Explanation(
        directions=("lowers", "raises"), attribute=Attributions.ltv, level_model="ltv", rises_with_churn=False
    ),
)
