"""Effect of attending: released only where the estimators agree and find nothing for pseudo-attendees, else refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from features.calendar import day_from_number
from training.attendance.estimators.overlap import MAX_SHARE_WITHOUT, MIN_COMPARISONS, comparable_attendees
from training.attendance.estimators.panel_estimators import DOUBLY_ROBUST, ESTIMATORS, MATCHED, STATED, FittedPanel
from training.attendance.estimators.pseudo_attendees import DRAWS, PseudoEffect, pseudo_effects
from training.attendance.estimators.sensitivity import Sensitivity, measure_sensitivity
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate
from training.experiments.refusal import MIN_CONVERSIONS, MIN_UNITS, Refusal

MIN_ATTENDEES = MIN_UNITS  # and MIN_CONVERSIONS of them with an order in their window
MAX_ORDERED_THAT_DAY = 0.9  # of the attendees; beyond, the event is part of an order


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What an estimator finds for pseudo-attendees, on whom there is no effect."""

    estimator: str
    pseudo: PseudoEffect
    passes: bool  # within one standard error of 0


@dataclass(frozen=True, kw_only=True)
class AttendanceEffect:
    """The effect of attending on the attendees, per attendee and week; observational evidence."""

    estimates: Mapping[str, Estimate]  # matched and doubly robust
    sensitivity: Sensitivity

    @property
    def primary_estimate(self) -> Estimate:
        """The estimate that is stated first."""
        return self.estimates[MATCHED]


@dataclass(frozen=True, kw_only=True)
class AttendanceResult:
    """An effect or the refusal in its place, with the diagnostics as far as they were reached."""

    answer: AttendanceEffect | Refusal
    diagnostics: tuple[Diagnostic, ...] = ()


def attendance_effect(panel: AttendancePanel, draws: int = DRAWS) -> AttendanceResult:
    """The effect of attending, or why it is not stated.

    Args:
        panel: the attendees whose windows are over, and customers who never attended.
        draws: how often pseudo-attendees are drawn.
    """
    fitted = FittedPanel(panel)
    refusal = _too_few(panel) or _no_comparable_customers(fitted)
    if refusal is not None:
        return AttendanceResult(answer=refusal)
    estimates = {name: estimator(fitted) for name, estimator in ESTIMATORS.items()}
    diagnostics = tuple(
        Diagnostic(estimator=name, pseudo=pseudo, passes=pseudo.is_zero_for(estimates[name]))
        for name, pseudo in pseudo_effects(fitted, draws).items()
    )
    refusal = _pseudo_effect(diagnostics, estimates[MATCHED]) or _estimators_disagree(estimates)
    if refusal is not None:
        return AttendanceResult(answer=refusal, diagnostics=diagnostics)
    effect = AttendanceEffect(
        estimates={name: estimates[name] for name in STATED},
        sensitivity=measure_sensitivity(panel, fitted.design, estimates[MATCHED]),
    )
    return AttendanceResult(answer=effect, diagnostics=diagnostics)


def not_mature(attended_days: list[int], within_days: int, attendees: int) -> Refusal:
    """The refusal where too few windows are over, with the day on which enough are.

    Args:
        attended_days: of all attendees asked about, days since 1970, ascending; at least MIN_ATTENDEES.
        within_days: length of the window.
        attendees: those whose window is over.
    """
    ready = day_from_number(attended_days[MIN_ATTENDEES - 1]) + timedelta(days=within_days)
    return Refusal(
        "not_mature",
        f"Found {attendees} attendees whose {within_days} days are over; expected at least {MIN_ATTENDEES}. "
        f"Ask again when the log reaches {ready}.",
    )


def part_of_an_order(share: float) -> Refusal:
    """The refusal where nearly all attendees ordered on the day of attendance: the others did not order that day."""
    return Refusal(
        "no_comparable_customers",
        f"Found that {share:.0%} of the attendees ordered on the day of attendance; expected at most "
        f"{MAX_ORDERED_THAT_DAY:.0%}. The event is part of an order, and nobody else is known to have been about to "
        "order: invite at random instead.",
    )


def _too_few(panel: AttendancePanel) -> Refusal | None:
    conversions = int(panel.converted[panel.attended].sum())
    if panel.attendees >= MIN_ATTENDEES and conversions >= MIN_CONVERSIONS:
        return None
    return Refusal(
        "too_few",
        f"Found {panel.attendees} attendees who had ordered before; {conversions} of them ordered in their window; "
        f"expected at least {MIN_ATTENDEES} and {MIN_CONVERSIONS}. Ask about a longer period, or wait for more.",
    )


def _no_comparable_customers(fitted: FittedPanel) -> Refusal | None:
    panel = fitted.panel
    others = len(set(panel.customer[~panel.attended].tolist()))
    if others < MIN_COMPARISONS:
        return Refusal(
            "no_comparable_customers",
            f"Found {others} customers who ordered before and never attended; expected at least {MIN_COMPARISONS}. "
            "Invite at random instead.",
        )
    share = 1 - float(comparable_attendees(fitted).mean())
    if share <= MAX_SHARE_WITHOUT:
        return None
    return Refusal(
        "no_comparable_customers",
        f"Found nobody like {share:.0%} of the attendees among those who never attended; expected at most "
        f"{MAX_SHARE_WITHOUT:.0%}. Invite at random instead.",
    )


def _pseudo_effect(diagnostics: tuple[Diagnostic, ...], matched: Estimate) -> Refusal | None:
    diagnostic = next(row for row in diagnostics if row.estimator == MATCHED)
    if diagnostic.passes:
        return None
    return Refusal(
        "pseudo_effect",
        f"Found an effect of {diagnostic.pseudo.value:.3g} a week on pseudo-attendees, who did not attend; expected at "
        f"most one standard error, {matched.standard_error:.3g}. Attendees differ from others in ways that matching "
        "does not remove: invite at random instead.",
    )


def _estimators_disagree(estimates: Mapping[str, Estimate]) -> Refusal | None:
    if estimates[MATCHED].overlaps(estimates[DOUBLY_ROBUST]):
        return None
    return Refusal(
        "estimators_disagree",
        "Found intervals of the matched and the doubly robust estimate that do not overlap; expected them to share a "
        "value. The answer would depend on the method: invite at random instead.",
    )
