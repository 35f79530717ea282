"""Effects: answers to questions about events, for the HTTP service and for the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from features.canonical_form import canonical_word
from features.consents.analysable import analysable_ids
from features.consents.erasure_state import erased_until
from features.consents.ledger import Ledger
from serving.schemas.effects import (
    DiagnosticResponse,
    EffectRequest,
    EffectResponse,
    Interval,
    ObservedEffect,
    RandomisedEffect,
    SensitivityResponse,
)
from training.attendance.answering import AttendanceSource, InvitationAnswer, answer_question
from training.attendance.effect import AttendanceEffect, AttendanceResult
from training.attendance.estimators.panel_estimators import DOUBLY_ROBUST
from training.attendance.panel.panel import WEEK
from training.attendance.question import AttendanceQuestion
from training.estimate import Estimate
from training.experiments.refusal import Refusal

_STATED = (
    "The effect on those who attended, as far as their purchases of the 12 weeks before explain why they came. A "
    "hidden cause, such as being about to buy anyway, is not ruled out: invite at random to know."
)
_RANDOMISED = "The effect of invitations drawn at random: nothing else differs between the two groups."
_NO_UPTAKE = " Too few came because of the invitation for an effect per attendee."


def answer_effect(
    request: EffectRequest, home: Path, ledger: Ledger, zone: ZoneInfo, today: date, now: int
) -> EffectResponse:
    """The answer to a question, as of the beginning of a day of the shop.

    Args:
        request: the question.
        home: the folder of the shop.
        ledger: whose consents decide who is analysed.
        zone: of the shop.
        today: the day that is left out, with all later ones.
        now: the instant of the consents, microseconds since 1970 UTC.

    Raises:
        FlywheelError: as ``answer_question``, or the ledger cannot be read.
    """
    question = AttendanceQuestion(
        event=request.event,
        outcome=request.outcome,
        within_days=request.within_days,
        from_day=request.from_day,
        to_day=request.to_day,
        invitation_experiment=request.invitation_experiment,
    )
    since = erased_until(home)
    source = AttendanceSource(
        home=home, zone=zone, today=today, allowed_ids=lambda ids: analysable_ids(ledger, ids, now, since)
    )
    answer, factor = answer_question(question, source), request.within_days / WEEK
    return EffectResponse(
        event=canonical_word(request.event),
        outcome=request.outcome,
        within_days=request.within_days,
        as_of=today,
        attendees=answer.attendees,
        mature=answer.mature,
        compared=answer.compared,
        ordered_that_day=answer.ordered_that_day,
        cohorts=answer.cohorts,
        never_attended=answer.never_attended,
        attending=_observed_effect(answer.observed, factor),
        invitations=None if answer.invitations is None else _randomised_effect(answer.invitations, factor),
    )


def _observed_effect(result: AttendanceResult, factor: float) -> ObservedEffect:
    """The effect per attendee in the window, ``factor`` weeks."""
    diagnostics = [
        DiagnosticResponse.model_validate(
            {"estimator": row.estimator, "pseudo_effect": row.pseudo.value * factor, "passes": row.passes}
        )
        for row in result.diagnostics
    ]
    match result.answer:
        case Refusal() as refusal:
            return ObservedEffect(
                status=refusal.status, reason=refusal.reason, detail=refusal.detail, diagnostics=diagnostics
            )
        case AttendanceEffect() as effect:
            sensitivity = effect.sensitivity
            return ObservedEffect(
                status="estimated",
                detail=_STATED,
                per_attendee=_interval(effect.primary_estimate.scale(factor)),
                doubly_robust=_interval(effect.estimates[DOUBLY_ROBUST].scale(factor)),
                sensitivity=SensitivityResponse(
                    robustness_value=sensitivity.robustness_value,
                    robustness_value_interval=sensitivity.robustness_value_interval,
                    recorded_attending=sensitivity.recorded_attending,
                    recorded_outcome=sensitivity.recorded_outcome,
                ),
                diagnostics=diagnostics,
            )


def _randomised_effect(answer: InvitationAnswer, factor: float) -> RandomisedEffect:
    counts = {"invited": answer.invited, "not_invited": answer.not_invited}
    if isinstance(answer.effect, Refusal):
        refusal = answer.effect
        return RandomisedEffect(status=refusal.status, reason=refusal.reason, detail=refusal.detail, **counts)
    effect, one = answer.effect, answer.effect.per_attendee
    return RandomisedEffect(
        status="estimated",
        detail=_RANDOMISED + (_NO_UPTAKE if one is None else ""),
        **counts,
        per_invited=_interval(effect.intention_to_treat.scale(factor)),
        uptake=_interval(effect.uptake),
        per_attendee=one and Interval(value=one.value * factor, low=one.low * factor, high=one.high * factor),
    )


def _interval(estimate: Estimate) -> Interval:
    return Interval(value=estimate.value, low=estimate.low, high=estimate.high)
