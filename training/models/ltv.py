"""What will this customer order and spend within each horizon?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.windows import SHORT, STORED
from training import metrics
from training.model import Artefact, Boost, Model, Params, Plan
from training.outcomes import Outcomes, Rows
from training.predict.forecast import Forecast

Floats = NDArray[np.float64]

_TREES: Params = {
    "num_iterations": 150,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
}
ORDERS: Params = {"objective": "poisson", **_TREES}
SPEND: Params = {"objective": "tweedie", "tweedie_variance_power": 1.5, **_TREES}


def fit(rows: Rows, plan: Plan, boost: Boost) -> Artefact:
    """A count of orders and an amount for every learned horizon, each on those who came; P(order) does the rest."""
    artefact = {}
    for days in plan.learned:
        orders = rows.outcomes.orders_within(days)
        came = orders > 0
        artefact[f"orders_{days}d.txt"] = boost(rows.inputs[came], orders[came], ORDERS, rows.names)
        if plan.has_amounts:
            spend = rows.outcomes.spend_within(days)
            artefact[f"spend_{days}d.txt"] = boost(rows.inputs[came], spend[came], SPEND, rows.names)
    return artefact


def loss(outcomes: Outcomes, plan: Plan, forecast: Forecast) -> Floats:
    """Tweedie deviance of the expected spend, of the expected orders without amounts (Jorgensen 1987)."""
    days, column = _longest(plan, forecast)
    if forecast.spend is None:
        return _deviance(outcomes.orders_within(days), forecast.expected_orders[:, column])
    return _deviance(outcomes.spend_within(days), forecast.spend.mean[:, column])


def measure(outcomes: Outcomes, plan: Plan, forecast: Forecast) -> dict[str, float]:
    """Mean, median and interval of the longest learned horizon, each by its own measure."""
    days, column = _longest(plan, forecast)
    orders = outcomes.orders_within(days)
    expected = forecast.expected_orders[:, column]
    counted = {"orders_rmse": metrics.rmse(expected, orders), "orders_bias": metrics.bias(expected, orders)}
    if forecast.spend is None:
        return {**counted, **_totals(expected, orders)}
    actual, mean = outcomes.spend_within(days), forecast.spend.mean[:, column]
    return {
        **counted,
        **_totals(mean, actual),
        "decile_mape": metrics.decile_mape(mean, actual),
        "median_mae": metrics.mae(forecast.spend.median[:, column], actual),
        "coverage_80": metrics.coverage(forecast.spend.p10[:, column], forecast.spend.p90[:, column], actual),
    }


def compare(outcomes: Outcomes, plan: Plan, amount: Floats) -> dict[str, float]:
    """A simple amount per customer, judged like the mean."""
    actual = outcomes.spend_within(plan.learned[-1]) if plan.has_amounts else outcomes.orders_within(plan.learned[-1])
    return _totals(amount, actual)


def last_window(rows: Rows, plan: Plan) -> Floats:
    """Spend, or orders, of the last window, scaled to the horizon: what persistence would forecast."""
    days = plan.learned[-1]
    near = min((*SHORT, *STORED), key=lambda window: abs(window - days))
    return rows.column(f"{'spend' if plan.has_amounts else 'orders'}_{near}d") * days / near


def _totals(predicted: Floats, actual: Floats) -> dict[str, float]:
    return {
        "gini": metrics.normalised_gini(predicted, actual),
        "rmse": metrics.rmse(predicted, actual),
        "mae": metrics.mae(predicted, actual),
        "bias": metrics.bias(predicted, actual),
    }


def _longest(plan: Plan, forecast: Forecast) -> tuple[int, int]:
    return plan.learned[-1], forecast.horizons.index(plan.learned[-1])


def _deviance(actual: Floats, mean: Floats) -> Floats:
    mean = np.maximum(mean, 1e-6 * max(float(np.nansum(actual)) / len(actual), 1e-6))
    return 4 * (np.sqrt(actual) - np.sqrt(mean)) ** 2 / np.sqrt(mean)


MODEL = Model(
    name="ltv",
    question=str(__doc__),
    fit=fit,
    loss=loss,
    metrics=measure,
    baselines={"last window": last_window, "always zero": lambda rows, _: np.zeros(len(rows))},
    compare=compare,
    headline="gini",
)
