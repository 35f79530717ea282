"""What will this customer order and spend within each horizon?"""

from __future__ import annotations

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
from training.model import Charts, Model
from training.totals import PredictedTotal, total_orders, total_spend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_MEAN_SHARE = 0.01  # of the mean amount: below it, a few unexpected orders would dominate the loss


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


def ranking(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> tuple[Floats, Floats]:
    """Ranking: the expected spend, or orders, and whether a customer spent or ordered anything, (n,) each."""
    days, column = _longest_horizon(plan, forecast)
    if forecast.spend is None:
        return forecast.expected_orders[:, column], (outcomes.orders_within(days) > 0).astype(float)
    return forecast.spend.mean[:, column], (outcomes.spend_within(days) > 0).astype(float)


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
    """Predicted totals: orders and, with amounts, spend within each learned horizon."""
    kinds = (total_orders, total_spend) if plan.has_amounts else (total_orders,)
    return [total(outcomes, forecast, days) for total in kinds for days in plan.learned]


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
    loss=loss,
    metrics=measure,
    baselines={"last window": last_window_amount, "always zero": lambda rows, _: np.zeros(len(rows))},
    compare=compare,
    headline="gini",
    higher_is_better=True,
    shown_metrics=("gini", "rmse", "mae", "bias", "decile_mape", "coverage_80"),
    ranking=ranking,
    calibration=None,
    totals=totals,
    figures=figures,
    horizons=lambda _, all_days: all_days,
    answer=LTV_ANSWER,
    explanation=Explanation(directions=("lowers", "raises"), attribute=Attributions.ltv, rises_with_churn=False),
)
