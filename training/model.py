"""Model page: the dataclass with which each file of ``training/models/`` declares everything about one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from features.arrays import Floats
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.inference.answers.answer import Answer
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.inference.heads import LoadHead
from training.totals import PredictedTotal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Artifact = dict[str, str]  # file name -> text: LightGBM models and JSON, nothing that can run
BoostingParams = Mapping[str, str | int | float | bool]


class GradientBoostingTrainer(Protocol):
    """Fits one boosted ensemble and returns it as text."""

    def __call__(
        self,
        inputs: Floats,
        target: Floats,
        params: BoostingParams,
        names: Sequence[str],
        offset: Floats | None = None,
        weight: Floats | None = None,
    ) -> str:
        """Fit on inputs (n, features) and target (n,); ``offset`` (n,) is the initial score on the link's scale."""
        ...


@dataclass(frozen=True)
class Trainers:
    """Training functions that a page receives, so that a serving worker imports the page without training libraries."""

    boost: GradientBoostingTrainer


class Charts(Protocol):
    """Plotting functions given to a page, so that it does not import matplotlib: ``training.reporting.figures``."""

    def reliability(self, probability: Floats, outcome: Floats, event: str = ...) -> Figure:
        """Predicted against observed shares of an event, both (n,)."""
        ...

    def cumulative_gains(
        self, score: Floats, outcome: Floats, baselines: Mapping[str, Floats], target: str = ...
    ) -> Figure:
        """The share of all outcomes among the best-scored customers; every array is (n,)."""
        ...

    def deciles(self, predicted: Floats, actual: Floats, amount: str = ..., unit: str = ...) -> Figure:
        """Mean predicted against mean actual amounts in ten bins, both (n,)."""
        ...

    def survival(self, days: Floats, predicted: Floats, observed: Floats, count: int) -> Figure:
        """The predicted and the observed share of customers with an order by each day, all (k,)."""
        ...

    def coverage(self, nominal: float, coverage_by_slice: Mapping[str, float], counts: Mapping[str, int]) -> Figure:
        """The share of outcomes within their interval, per slice of the customers."""
        ...


@dataclass(frozen=True)
class CalibrationLimit:
    """Calibration limit: the largest error of a metric at the newest origin with which a release promotes itself."""

    metric: str
    limit: float  # of its absolute value


@dataclass(frozen=True, kw_only=True)
class ModelHead:
    """Prediction head of a model that the tiers do not answer: how it is fitted and loaded."""

    fit: Callable[[Rows, HorizonPlan, Trainers], Artifact]
    load: LoadHead


@dataclass(frozen=True, kw_only=True)
class Model:
    """Model: one question about a customer, its training, evaluation and answer; other code loops over all models."""

    name: str
    question: str
    summary: str  # of the list of models in MLflow
    intended_use: str  # of the model card
    position: int  # among the answers in JSON and in the scores table, ascending

    # How it is learned.
    head: ModelHead | None = None  # None for the three models that the tiers answer together

    # How it is judged.
    loss: Callable[
        [Outcomes, HorizonPlan, Forecast], Floats
    ]  # a proper loss per customer, lower is better, NaN if unseen
    metrics: Callable[[Outcomes, HorizonPlan, Forecast], dict[str, float]]
    baselines: Mapping[str, Callable[[Rows, HorizonPlan], Floats]]  # a named simple score per customer
    compare: Callable[[Outcomes, HorizonPlan, Floats], dict[str, float]]  # a baseline's own metrics
    headline: str  # the metric that a reviewer looks at first
    higher_is_better: bool  # of the headline
    shown_metrics: Sequence[str]  # of those, the columns of ``flywheel evaluate``
    ranking: Callable[
        [Outcomes, HorizonPlan, Forecast], tuple[Floats, Floats]
    ]  # a score and the event, 0 or 1, it ranks
    calibration: CalibrationLimit | None  # None for amounts, which the totals judge
    totals: Callable[[Outcomes, HorizonPlan, Forecast], Sequence[PredictedTotal]]
    figures: Callable[[Rows, HorizonPlan, Forecast, Charts], dict[str, Figure]]
    horizons: Callable[[int, Sequence[int]], Sequence[int]]  # churn days, all days -> the days that it answers for

    # How it is answered.
    answer: Answer[Any]
    explanation: Explanation | None = None  # None: its answers come without reasons
    by_category: bool = False  # whether the per-category hazards belong to it
    against_churn_rules: bool = False  # whether the business' churn rules are compared with it
