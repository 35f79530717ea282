"""Will this customer place no order within the horizon?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from features.arrays import Floats
from training import metrics
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.inference.answers.churn import CHURN_ANSWER
from training.inference.explanations.attributions import Attributions
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.model import CalibrationLimit, Charts, Model
from training.totals import PredictedTotal, total_buyers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def churn_label(outcomes: Outcomes, days: int) -> Floats:
    """Churn label, (n,): 1 for no order in the window, 0 for an order, NaN where the window is not over."""
    return 1.0 - outcomes.ordered_within(days)


def loss(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> Floats:
    """Squared error of the probability (Brier 1950)."""
    return (
        1.0 - forecast.order_probability(plan.evaluated_churn_days) - churn_label(outcomes, plan.evaluated_churn_days)
    ) ** 2


def measure(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> dict[str, float]:
    """Metrics of the churn probability: ranking, calibration and error."""
    label = churn_label(outcomes, plan.evaluated_churn_days)
    probability = 1.0 - forecast.order_probability(plan.evaluated_churn_days)
    return {
        "auc": metrics.auc(probability, label),
        "average_precision": metrics.average_precision(probability, label),
        "brier": metrics.brier(probability, label),
        "ece": metrics.ece(probability, label),
        "bias": metrics.bias(probability, label),
    }


def ranking(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> tuple[Floats, Floats]:
    """Ranking: the churn probability and the label, (n,) each."""
    days = plan.evaluated_churn_days
    return 1.0 - forecast.order_probability(days), churn_label(outcomes, days)


def compare(outcomes: Outcomes, plan: HorizonPlan, score: Floats) -> dict[str, float]:
    """Ranking metrics of a baseline score on the same customers."""
    label = churn_label(outcomes, plan.evaluated_churn_days)
    return {"auc": metrics.auc(score, label), "average_precision": metrics.average_precision(score, label)}


BASELINES: Mapping[str, Callable[[Rows, HorizonPlan], Floats]] = {
    "recency": lambda rows, _: rows.column("recency_days"),
    "frequency": lambda rows, _: -rows.column("orders"),
}


def totals(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> list[PredictedTotal]:
    """Predicted total: the customers with an order within the churn horizon."""
    return [total_buyers(outcomes, forecast, plan.evaluated_churn_days)]


def figures(rows: Rows, plan: HorizonPlan, forecast: Forecast, charts: Charts) -> dict[str, Figure]:
    """Calibration and ranking of the churn probability."""
    days = plan.evaluated_churn_days
    probability, label = 1 - forecast.order_probability(days), churn_label(rows.outcomes, days)
    baselines = {name: score(rows, plan) for name, score in BASELINES.items()}
    return {
        "reliability": charts.reliability(probability, label, f"churn within {days} days"),
        "gains_and_lift": charts.cumulative_gains(probability, label, baselines),
    }


MODEL = Model(
    name="churn",
    question=str(__doc__),
    summary="Will this customer place no order within the horizon? The probability of churn.",
    intended_use="Choosing whom a retention campaign approaches, and how many customers to expect to lose.",
    position=1,
    loss=loss,
    metrics=measure,
    baselines=BASELINES,
    compare=compare,
    headline="auc",
    higher_is_better=True,
    shown_metrics=("auc", "average_precision", "brier", "ece"),
    ranking=ranking,
    calibration=CalibrationLimit("ece", 0.15),
    totals=totals,
    figures=figures,
    horizons=lambda churn_days, _: (churn_days,),
    answer=CHURN_ANSWER,
    explanation=Explanation(directions=("lowers", "raises"), attribute=Attributions.churn, rises_with_churn=True),
    against_churn_rules=True,
)
