"""Experiment schemas: changes of an experiment, requests for decisions, and the answers to both."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from serving.schemas.base import StrictModel
from training.experiments.record.experiment import ID_PATTERN, Day, Experiment

MAX_DECISIONS = 1000

DecisionReason = Literal[
    "drawn",
    "unknown_customer",
    "global_holdout",
    "exclusion_group",
    "no_consent",
    "not_eligible",
    "audience_holdout",
    "stopped",
    "ended",
    "arm_removed",
]
REASON_MEANINGS = (
    "drawn: the arm of the first decision. Else there is no arm: the customer is unknown or erased, is in the global "
    "hold-out, belongs to another experiment of the same `excludes`, has not consented, does not fulfil the filter, is "
    "in the hold-out of the audience; or the experiment was stopped or has ended, or the arm was taken out."
)


class DecisionRequest(StrictModel):
    """Which arm each customer gets; control customers are asked about exactly like the others, at the same moment."""

    experiment_id: Annotated[str, StringConstraints(pattern=ID_PATTERN)] = Field(examples=["win-back-2027-03"])
    customer_ids: Annotated[list[str], Field(min_length=1, max_length=MAX_DECISIONS)] = Field(examples=[["17850"]])
    audience_id: str | None = Field(
        default=None, description="The stored audience that the customers come from; its hold-out draws no arm."
    )


class DecisionResponse(StrictModel):
    """The decision for one customer; a repeated request gets the same one."""

    customer_id: str
    reason: DecisionReason = Field(description=REASON_MEANINGS)
    arm: str | None = Field(description="Null for any reason but drawn: such a customer takes no part.")
    probability: float | None = Field(description="Of this arm, when it was drawn.")
    decision_id: str | None = Field(description="For exposures and outcomes.")
    decided_at: datetime | None


class DecisionsResponse(StrictModel):
    """Decisions in the order of the request."""

    decisions: list[DecisionResponse]


class ExperimentExtension(StrictModel):
    """A later end; the former end becomes a declared look."""

    ends_on: Day = Field(examples=["2027-05-10"], strict=False)


class EpochResponse(StrictModel):
    """The probabilities in force."""

    number: int
    began_at: datetime
    reason: str
    probabilities: dict[str, dict[str, float]] = Field(
        description='By segment and arm; "" for everybody without a segment of their own.'
    )


class ExperimentResponse(BaseModel):
    """An experiment: the record as it was declared, and what changed since."""

    id: str
    status: Literal["running", "stopped", "ended"]
    started_at: datetime
    stopped_at: datetime | None
    ends_on: date = Field(description="After the extensions.")
    looks: list[date] = Field(description="The declared looks before the end; each former end is one.")
    removed_arms: list[str]
    epoch: EpochResponse
    record: Experiment


class ExperimentsResponse(StrictModel):
    """All experiments, the first started first."""

    experiments: list[ExperimentResponse]


class SmallestEffect(StrictModel):
    """The smallest effect on a metric that is found in every arm with a probability of 80 %, at 5 % error."""

    metric: str
    customers: int | None = Field(description="In all arms, if all who are available are asked in time.")
    baseline: float | None = Field(
        description="The mean for each customer that is expected without the experiment: the prediction or, of an "
        "event, the mean over the last such window of the log."
    )
    absolute: float | None
    relative: float | None = Field(description="As a share of the baseline.")
    reason: str | None = Field(description="Why there is no number.")


class SharedCustomers(StrictModel):
    """A running experiment, and how many of the eligible customers are eligible there too."""

    experiment_id: str
    excluded: bool = Field(description="Whether both have the same `excludes`, so that they share nobody.")
    customers: int | None = Field(description="Null for fewer than `smallest_audience` without the scope admin.")


class HoldoutPower(StrictModel):
    """What the global hold-out can show of all that is sent to the eligible customers."""

    name: str
    share: float
    until: date
    metric: str
    half_width: float | None = Field(
        description="Half the width of the 95 % interval, as a share of the rate; null where the rate is not known."
    )


class MaturityPlan(StrictModel):
    """When the outcomes of a metric are complete."""

    metric: str
    first_on: date = Field(description="When the outcome of a decision made today counts.")
    last_decision_on: date = Field(description="Decisions after this day do not count by the end.")
    in_time: bool = Field(description="Whether any outcome counts by the end.")


class ExperimentPlan(StrictModel):
    """What an experiment can show, computed before it starts."""

    eligible: int | None = Field(
        description="Customers of the filter with consent; null for fewer than `smallest_audience` without the scope "
        "admin."
    )
    available: int | None = Field(description="Of them, those in no hold-out and in no other exclusion group.")
    smallest_effects: list[SmallestEffect]
    maturity: list[MaturityPlan]
    shares_customers_with: list[SharedCustomers]
    global_holdout: HoldoutPower | None
    notes: list[str]


class PlannedExperiment(StrictModel):
    """What an experiment can show and, unless it was a dry run, the started experiment."""

    plan: ExperimentPlan
    experiment: ExperimentResponse | None
