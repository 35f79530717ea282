"""Intake: what becomes of a record that was sent, so that a repetition changes nothing and no order matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from features.decisions.records import Decision, Exposure, OutcomeEvent
from features.errors import FlywheelError

RefusalReason = Literal["unknown_decision", "conflict", "superseded", "erased", "no_consent", "in_future"]


class DecisionConflict(FlywheelError):
    """A decision id is in the log with another experiment or customer."""


@dataclass(frozen=True)
class IntakeResult:
    """What became of one record: accepted, repeated (known, nothing changed) or refused for one reason."""

    status: Literal["accepted", "repeated", "refused"]
    reason: RefusalReason | None = None


ACCEPTED, REPEATED = IntakeResult("accepted"), IntakeResult("repeated")
UNKNOWN_DECISION = IntakeResult("refused", "unknown_decision")
CONFLICT = IntakeResult("refused", "conflict")
SUPERSEDED = IntakeResult("refused", "superseded")


def check_same_decision(stored: Decision, sent: Decision) -> None:
    """Check that a decision is the stored one: its instant, epoch and arm may differ, then the first stands.

    Raises:
        DecisionConflict: it is of another experiment or customer.
    """
    if (stored.experiment_id, stored.customer_id) != (sent.experiment_id, sent.customer_id):
        raise DecisionConflict(
            f"Found the decision {sent.decision_id} for another experiment or customer than before; expected an id for "
            "each of them. Make the id from both."
        )


def compare_exposure(stored: list[Exposure], sent: Exposure) -> IntakeResult:
    """An exposure against those of its decision: with the same state and instant it must be the same."""
    same_key = [one for one in stored if (one.state, one.at) == (sent.state, sent.at)]
    if not same_key:
        return ACCEPTED
    return REPEATED if sent in same_key else CONFLICT


def compare_outcome(stored: OutcomeEvent | None, sent: OutcomeEvent) -> IntakeResult:
    """An outcome against the stored one with its id: the later recorded one stands, and the customer never changes."""
    if stored is None:
        return ACCEPTED
    if stored == sent:
        return REPEATED
    if stored.customer_id != sent.customer_id or stored.recorded_at == sent.recorded_at:
        return CONFLICT
    return ACCEPTED if sent.recorded_at > stored.recorded_at else SUPERSEDED


def is_repetition(stored: OutcomeEvent, sent: OutcomeEvent) -> bool:
    """Whether an outcome says nothing new but when it was recorded."""
    return replace(sent, recorded_at=stored.recorded_at) == stored
