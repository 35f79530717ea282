"""Records of the loop: decisions, exposures and outcomes, each one row of the table of its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ExposureState = Literal["sent", "delivered", "opened", "suppressed", "failed"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision: the arm that was drawn for a customer, with the probabilities it was drawn with."""

    decision_id: str  # a keyed hash of experiment, epoch and customer
    experiment_id: str
    epoch: int  # which probabilities were in force, from 1
    customer_id: str  # in canonical form
    decided_at: int  # microseconds since 1970 UTC
    arm: str
    probabilities: tuple[float, ...]  # of all arms, in the order of the experiment, at this decision
    probability: float  # of the arm that was drawn
    reason: str  # why this arm: "drawn"
    segment: str | None = None  # the value of the experiment's segment column; None without profiling
    prediction_id: str | None = None  # None without consent to profiling, as the fields below
    release: str | None = None
    predicted_orders: float | None = None  # as served, at the horizon nearest to the experiment's outcome
    predicted_spend: float | None = None
    audience_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """An exposure: what became of a decision after the draw; its key is decision, state and instant."""

    decision_id: str
    state: ExposureState
    at: int  # microseconds since 1970 UTC
    cost: float | None = None  # in the currency of the shop


@dataclass(frozen=True, kw_only=True)
class OutcomeEvent:
    """An outcome that the log does not hold, such as a click; of two with one id the later recorded one stands."""

    outcome_id: str  # from the caller
    kind: str  # a canonical word
    happened_at: int  # microseconds since 1970 UTC
    recorded_at: int  # microseconds since 1970 UTC
    customer_id: str | None = None  # in canonical form; either this or decision_id is given
    decision_id: str | None = None
    value: float | None = None
