"""Model page: the dataclass with which each file of ``training/models/`` declares everything about one model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from features.arrays import Floats
from training.dataset.outcomes import Outcomes, Rows
from training.dataset.plan import HorizonPlan
from training.dataset.randomised_sample import RandomisedSample
from training.inference.answers.answer import Answer
from training.inference.explanations.explanation import Explanation
from training.inference.forecast import Forecast
from training.inference.heads import LoadHead
from training.inference.uplift.calibration import UpliftCalibration
from training.inference.uplift.evidence import Interval
from training.inference.uplift.uplift_scores import UpliftScore
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


@dataclass(frozen=True, kw_only=True)
class UpliftFindings:
    """Uplift findings: the policy that an experiment allows, fitted on all its customers, and the evidence for it."""

    policy: str | None  # a candidate, everybody or nobody; None where not even the average effect is clear
    score: UpliftScore | None  # of a candidate
    calibration: UpliftCalibration
    average_effect: Interval
    qini: Interval | None  # of the whole choice, on folds that chose nothing; None where no candidate passed
    candidates: Mapping[str, Interval]  # Qini by candidate, the simplest first
    reason: Literal["no_heterogeneity"] | None  # why nobody is ranked
    detail: str  # one sentence on the policy


UpliftTrainer = Callable[[RandomisedSample], UpliftFindings]


@dataclass(frozen=True)
class LearnedUplift:
    """Learned uplift: the files of the head, and what was found."""

    files: Artifact
    findings: UpliftFindings


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
class Page:
    """Page: one question about a customer, and how it is answered."""

    answered_by_tier: ClassVar[bool] = False  # whether its answers name the tier that they come from

    name: str
    question: str
    summary: str  # of the list of models in MLflow
    intended_use: str  # of the model card
    position: int  # among the answers in JSON and in the scores table, ascending
    answer: Answer[Any]


@dataclass(frozen=True, kw_only=True)
class ExperimentModel(Page):
    """Experiment model: a question that only a randomised experiment answers; a shop without one has no answer to it.

    No back-test judges it, since nobody shows both what they do with a treatment and without it.
    """

    fit: Callable[[RandomisedSample, UpliftTrainer], LearnedUplift]
    load: LoadHead


@dataclass(frozen=True, kw_only=True)
class Model(Page):
    """Model: a question that the log answers, its training and evaluation; other code loops over all models."""

    answered_by_tier: ClassVar[bool] = True

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
    explanation: Explanation | None = None  # None: its answers come without reasons
    by_category: bool = False  # whether the per-category hazards belong to it
    against_churn_rules: bool = False  # whether the business' churn rules are compared with it
