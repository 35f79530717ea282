"""When will this customer order next?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from features.arrays import Floats
from training import metrics
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.inference.answers.next_purchase import NEXT_PURCHASE_ANSWER
from training.inference.explanations.attributions import Attributions
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.model import CalibrationLimit, Charts, Model
from training.totals import PredictedTotal, total_buyers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CENSOR_DAYS = 60.0
EVALUATION_DAYS = (7, 14, 30, 60)
HEADLINE_ECE_DAYS = 30


def loss(outcomes: Outcomes, _plan: HorizonPlan, forecast: Forecast) -> Floats:
    """Squared error of P(order within d), averaged over d (integrated Brier score; Graf et al. 1999)."""
    errors = [(forecast.order_probability(d) - outcomes.ordered_within(d)) ** 2 for d in evaluated_days(outcomes)]
    return np.asarray(np.mean(errors, axis=0))


def evaluated_days(outcomes: Outcomes) -> list[int]:
    """The evaluation days whose windows are over for all customers; the observed days where not even a week is over."""
    followed = int(outcomes.follow_days.min())
    return [days for days in EVALUATION_DAYS if days <= followed] or [followed]


def measure(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> dict[str, float]:
    """Errors of both medians for orders within their days, ranking of all, calibration of P(order within d)."""
    errors = {
        days: metrics.ece(forecast.order_probability(days), outcomes.ordered_within(days))
        for days in evaluated_days(outcomes)
    }
    month = errors[max((days for days in errors if days <= HEADLINE_ECE_DAYS), default=min(errors))]
    return {
        **compare(outcomes, plan, forecast.wait_quantile(0.5)),
        "mae_days_if_within": _error_if_within(outcomes, plan, forecast.conditional_median_wait),
        "ece": month,
        **{f"ece_{days}d": error for days, error in errors.items()},
    }


def ranking(outcomes: Outcomes, _plan: HorizonPlan, forecast: Forecast) -> tuple[Floats, Floats]:
    """Ranking: P(order) within the longest evaluated days and whether it came, (n,) each."""
    days = max(evaluated_days(outcomes))
    return forecast.order_probability(days), outcomes.ordered_within(days)


def compare(outcomes: Outcomes, plan: HorizonPlan, wait: Floats) -> dict[str, float]:
    """Date errors in days, and concordance, of expected waits; waits are censored at 60 days, or at the horizon."""
    is_evaluated = outcomes.wait_days < np.minimum(CENSOR_DAYS, outcomes.follow_days)
    error = np.abs(np.minimum(wait[is_evaluated], CENSOR_DAYS) - outcomes.wait_days[is_evaluated])
    return {
        "mae_days_if_within": _error_if_within(outcomes, plan, lambda days: np.minimum(wait, days)),
        "mae_days": float(error.mean()) if len(error) else float("nan"),
        "median_error_days": float(np.median(error)) if len(error) else float("nan"),
        "within_3_days": float((error <= 3).mean()) if len(error) else float("nan"),
        "concordance": metrics.concordance(
            wait, outcomes.wait_days, float(min(CENSOR_DAYS, outcomes.follow_days.min()))
        ),
    }


def _error_if_within(outcomes: Outcomes, plan: HorizonPlan, wait: Callable[[float], Floats]) -> float:
    """Mean error in days, among those who order within the churn horizon, of the waits given such an order.

    An order that was held for impossible counts as expected on the last day.
    """
    days = float(min(plan.evaluated_churn_days, outcomes.follow_days.min()))
    is_within = outcomes.wait_days < days
    expected = np.nan_to_num(wait(days), nan=days)
    return metrics.mae(expected[is_within], outcomes.wait_days[is_within]) if is_within.any() else float("nan")


def own_median_gap_wait(rows: Rows, _plan: HorizonPlan) -> Floats:
    """Baseline wait in days: last order plus the customer's median gap, or plus that of all without one; at least 0."""
    gap = rows.column("median_gap_days")
    usual = np.nanmedian(gap) if np.isfinite(gap).any() else CENSOR_DAYS
    return np.maximum(np.where(np.isnan(gap), usual, gap) - rows.column("recency_days"), 0.0)


BASELINES = {"own median gap": own_median_gap_wait}


def totals(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> list[PredictedTotal]:
    """The number of customers who order within each evaluated and each learned horizon."""
    return [total_buyers(outcomes, forecast, days) for days in sorted({*evaluated_days(outcomes), *plan.learned})]


def figures(rows: Rows, plan: HorizonPlan, forecast: Forecast, charts: Charts) -> dict[str, Figure]:
    """The curve of orders over the days, and calibration and ranking of P(order within a month)."""
    outcomes = rows.outcomes
    last = float(outcomes.follow_days.min())
    days = np.arange(1.0, last + 1)
    observed = np.array([outcomes.ordered_within(day).mean() for day in days])
    predicted = np.array([forecast.order_probability(day).mean() for day in days])
    shown_days = min(float(HEADLINE_ECE_DAYS), last)
    within, ordered = forecast.order_probability(shown_days), outcomes.ordered_within(shown_days)
    baselines = {name: -wait(rows, plan) for name, wait in BASELINES.items()}
    return {
        "survival": charts.survival(days, predicted, observed, len(rows)),
        "reliability": charts.reliability(within, ordered, f"order within {shown_days:.0f} days"),
        "gains_and_lift": charts.cumulative_gains(within, ordered, baselines, "buyers"),
    }


MODEL = Model(
    name="next_purchase",
    question=str(__doc__),
    summary="When does this customer order next? A distribution over days, overall and per category.",
    intended_use="Choosing the day of a reminder, and the size of the demand to expect.",
    position=2,
    loss=loss,
    metrics=measure,
    baselines=BASELINES,
    compare=compare,
    headline="mae_days_if_within",
    higher_is_better=False,
    shown_metrics=("mae_days_if_within", "mae_days", "median_error_days", "within_3_days", "concordance", "ece_30d"),
    ranking=ranking,
    calibration=CalibrationLimit("ece", 0.15),
    totals=totals,
    figures=figures,
    horizons=lambda churn_days, _: (churn_days,),
    answer=NEXT_PURCHASE_ANSWER,
    explanation=Explanation(
        directions=("later", "sooner"),
        attribute=Attributions.next_purchase,
        # the churn probability sets the level of the curve (``AverageTier.order_by``)
        rises_with_churn=False,
    ),
    by_category=True,
)
