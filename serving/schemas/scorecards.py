"""Scorecard schemas: realised quality of predictions, by release and matured day, and the drift of a release."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel

MAX_SCORECARDS = 500

Status = Literal["as_expected", "alarm", "not_judged", "too_few", "early"]


class ScorecardQuery(StrictModel):
    """Filters of the scorecards."""

    release: str | None = Field(default=None, description="The version of the release that predicted.", examples=["7"])
    from_: date | None = Field(default=None, alias="from", description="The first day of the predictions.")
    to: date | None = Field(default=None, description="The last day of the predictions.")


class EstimateResponse(StrictModel):
    """An estimate with its 95 % interval; null where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class DecileResponse(StrictModel):
    """Totals of a tenth of the customers, by prediction: what was expected of them, and what came."""

    expected: float | None
    observed: float | None
    low: float | None
    high: float | None


class PopulationResponse(StrictModel):
    """The metrics of one population."""

    n: int = Field(description="Customers.")
    effective_n: float | None = Field(description="After weighting with 1/P(untreated).")
    events: int = Field(description="Customers with the rarer outcome, or with an amount above 0.")
    metrics: dict[str, EstimateResponse] = Field(
        description="`auc`, `brier`, `ece`, `ece_beyond_noise`, `observed_over_expected`, "
        "`complement_observed_over_expected` of a probability; `observed_over_expected`, `coverage_80` of an amount."
    )
    deciles: list[DecileResponse] = Field(description="The lowest predictions first.")


class ScorecardResponse(StrictModel):
    """What one release predicted on one day for one question, against what happened."""

    release: str = Field(examples=["7"])
    day: date = Field(description="The day that the predictions begin with.")
    matured_on: date | None = Field(description="The day on which the window was over; null for an early look.")
    question: Literal["order", "orders", "spend"] = Field(
        description="Whether a customer orders, how often, and how much."
    )
    horizon_days: int
    status: Status = Field(description="The verdict, on the untreated alone.")
    reasons: list[str]
    populations: dict[str, PopulationResponse] = Field(
        description="`untreated`, weighted, decides; `everybody` and `treated` are for information."
    )


class ScorecardsResponse(StrictModel):
    """The realised scorecards, the newest first."""

    as_of: date | None = Field(description="The day of the last `flywheel learn`; null before the first.")
    scorecards: list[ScorecardResponse]
    left_out: int = Field(description=f"Further scorecards beyond the newest {MAX_SCORECARDS}; ask for a period.")


class DistributionDriftResponse(StrictModel):
    """Drift of an input or a score: the population stability index, and the index above which it alarms."""

    name: str = Field(examples=["orders_28d"])
    psi: float
    limit: float
    alarms: bool
    n: int
    reference_n: int


class VolumeDriftResponse(StrictModel):
    """Drift of a volume: orders in the last days, and the share of the expectation by which they may be off."""

    group: str = Field(examples=["all", "store_id=3", "channel=web"])
    window_days: int
    observed: float
    expected: float
    limit: float
    alarms: bool


class DriftResponse(StrictModel):
    """Drift since the training of the release; it retrains nothing."""

    as_of: date
    release: str
    reference_as_of: date
    features_day: date | None = Field(description="The day of the features that were compared.")
    alarms: list[str] = Field(description="One sentence each; empty while nothing drifts.")
    inputs: list[DistributionDriftResponse]
    scores: list[DistributionDriftResponse]
    volumes: list[VolumeDriftResponse]
    early_scorecard: ScorecardResponse | None = Field(
        description="After an alarm, a look at the orders so far, before any window is over; for information."
    )
