"""Will this customer order at least twice within the horizon?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from features.arrays import Floats
from training import metrics
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.inference.answers.answer import Answer, AnswerContext, Horizons, Json, TableColumn, TableValues
from training.inference.answers.schema import AnswerResponse, Probability
from training.inference.explanations.attributions import Attributions
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.model import Artifact, CalibrationLimit, Charts, Model, ModelHead, Trainers
from training.totals import PredictedTotal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILE = "rate.json"


def upgrade_label(outcomes: Outcomes, days: int) -> Floats:
    """1 for a customer with two orders or more in the window, 0 with fewer, NaN where the window is not over."""
    orders = outcomes.orders_within(days)
    return np.where(np.isnan(orders), np.nan, orders >= 2)


def fit(rows: Rows, plan: HorizonPlan, _trainers: Trainers) -> Artifact:
    """The base rate of every row whose window is over, as a file."""
    label = upgrade_label(rows.outcomes, plan.evaluated_churn_days)
    observed = label[~np.isnan(label)]
    return {FILE: json.dumps({"rate": float(observed.mean()) if len(observed) else 0.0})}


@dataclass(frozen=True)
class BaseRate:
    """The same probability for everybody who has ordered."""

    rate: float

    @classmethod
    def load(cls, files: Mapping[str, str], _names: Sequence[str]) -> BaseRate:
        """The base rate that was fitted."""
        return cls(json.loads(files[FILE])["rate"])

    def predict(self, _inputs: Floats, orders: Floats, _forecast: Forecast) -> Floats:
        """The rate, (n,); 0 before the first order."""
        return np.where(orders >= 1, self.rate, 0.0)


def loss(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> Floats:
    """Squared error of the probability."""
    return np.asarray((forecast.answers["upgrade"] - upgrade_label(outcomes, plan.evaluated_churn_days)) ** 2)


def measure(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> dict[str, float]:
    """Error and calibration of the probability."""
    label = upgrade_label(outcomes, plan.evaluated_churn_days)
    return {
        **compare(outcomes, plan, forecast.answers["upgrade"]),
        "ece": metrics.ece(forecast.answers["upgrade"], label),
    }


def compare(outcomes: Outcomes, plan: HorizonPlan, probability: Floats) -> dict[str, float]:
    """Error of a probability."""
    return {"brier": metrics.brier(probability, upgrade_label(outcomes, plan.evaluated_churn_days))}


def ranking(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> tuple[Floats, Floats]:
    """The probability, and whether a customer ordered at least twice."""
    return forecast.answers["upgrade"], upgrade_label(outcomes, plan.evaluated_churn_days)


def totals(outcomes: Outcomes, plan: HorizonPlan, forecast: Forecast) -> list[PredictedTotal]:
    """The number of customers who order at least twice."""
    days, probability = plan.evaluated_churn_days, forecast.answers["upgrade"]
    label = upgrade_label(outcomes, days)
    return [PredictedTotal("upgrades", days, probability, probability * (1 - probability), label, dispersion=1.0)]


def figures(rows: Rows, plan: HorizonPlan, forecast: Forecast, charts: Charts) -> dict[str, Figure]:
    """Calibration of the probability."""
    label = upgrade_label(rows.outcomes, plan.evaluated_churn_days)
    return {"reliability": charts.reliability(forecast.answers["upgrade"], label, "upgrade")}


@dataclass(frozen=True)
class UpgradeColumns:
    """The answers for n customers."""

    horizon_days: int
    probability: Floats  # (n,)


class UpgradeResponse(AnswerResponse):
    """The JSON of one customer."""

    horizon_days: int
    probability: Probability


def compute(context: AnswerContext) -> UpgradeColumns:
    """The answers of the head."""
    return UpgradeColumns(context.metadata.churn_days, context.forecast.answers["upgrade"])


def serialize(columns: UpgradeColumns) -> list[Json]:
    """One JSON object per customer."""
    return [
        {"horizon_days": columns.horizon_days, "probability": probability}
        for probability in columns.probability.tolist()
    ]


def table_columns(_horizons: Horizons) -> tuple[TableColumn, ...]:
    """The columns of the scores table."""
    return (TableColumn("upgrade_probability", "number", "Probability of two orders or more."),)


def tabulate(columns: UpgradeColumns, _horizons: Horizons) -> Mapping[str, TableValues]:
    """The values of the columns of the scores table."""
    return {"upgrade_probability": columns.probability}


MODEL = Model(
    name="upgrade",
    question=str(__doc__),
    summary="Will this customer order at least twice within the horizon? A base rate.",
    intended_use="Choosing whom a subscription is offered to.",
    position=5,
    head=ModelHead(fit=fit, load=BaseRate.load),
    loss=loss,
    metrics=measure,
    baselines={"never": lambda rows, _: np.zeros(len(rows))},
    compare=compare,
    headline="brier",
    higher_is_better=False,
    shown_metrics=("brier", "ece"),
    ranking=ranking,
    calibration=CalibrationLimit("ece", 0.2),
    totals=totals,
    figures=figures,
    horizons=lambda churn_days, _: (churn_days,),
    answer=Answer(
        compute=compute, schema=UpgradeResponse, serialize=serialize, table_columns=table_columns, tabulate=tabulate
    ),
    explanation=Explanation(
        directions=("lowers", "raises"),
        attribute=Attributions.next_purchase,
        rises_with_churn=False,
    ),
)
