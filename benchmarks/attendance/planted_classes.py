"""Planted classes: who attends is drawn for a known reason, and the effect is known, zero or a tenth of the spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.attendance.households import (
    WITHIN_DAYS,
    Reason,
    draw_attendees,
    inclination,
    random_day,
)
from training.attendance.estimators.panel_estimators import DOUBLY_ROBUST, ESTIMATORS, MATCHED, FittedPanel
from training.attendance.estimators.pseudo_attendees import pseudo_effects
from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import AttendancePanel
from training.attendance.panel.panel_building import Attendances, build_panel
from training.estimate import Estimate

PLANTED = 0.1  # of the spend after the class
MAX_BIAS, MAX_REJECTED, MIN_FOUND, MIN_COVERED = 1.5, 0.1, 0.9, 0.9
MAX_PASSED = 0.2  # of comparisons without matching, where the loyal and active attend
STATED_REASONS: tuple[Reason, ...] = ("random", "loyal", "loyal and active")


@dataclass(frozen=True, kw_only=True)
class ClassRun:
    """One class: each estimate without and with the planted effect, its pseudo effect, and the truth, per week."""

    null: Mapping[str, Estimate]
    planted: Mapping[str, Estimate]
    pseudo: Mapping[str, float]
    truth: float


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """What an estimator does over the runs of one reason, in currency per week, and shares of the runs."""

    reason: Reason
    estimator: str
    bias: float  # without an effect
    rejected: float  # without an effect
    pseudo: float
    passed: float  # pseudo effect within one standard error of 0
    truth: float  # of the planted effect
    found: float
    covered: float

    @property
    def meets(self) -> bool | None:
        """Whether all bars are met; None where there is no bar."""
        if self.reason not in STATED_REASONS:
            return None
        if self.estimator == MATCHED:
            unbiased = abs(self.bias) <= MAX_BIAS and self.rejected <= MAX_REJECTED
            return unbiased and self.found >= MIN_FOUND and self.covered >= MIN_COVERED
        if self.estimator != DOUBLY_ROBUST and self.reason == "loyal and active":
            return self.passed <= MAX_PASSED
        return None


def measure_classes(purchases: DailyPurchases, reason: Reason, runs: int) -> tuple[list[ClassRow], float]:
    """Plant a class ``runs`` times; describe every estimator, and the share of the runs in which the gate is open."""
    results = [run_class(purchases, reason, seed) for seed in range(runs)]
    released = [
        abs(run.pseudo[MATCHED]) <= run.null[MATCHED].standard_error
        and run.null[MATCHED].overlaps(run.null[DOUBLY_ROBUST])
        for run in results
    ]
    return [_row(reason, name, results) for name in ESTIMATORS], float(np.mean(released))


def run_class(purchases: DailyPurchases, reason: Reason, seed: int) -> ClassRun:
    """Plant one class on a random day."""
    rng = np.random.default_rng(seed)
    day = random_day(purchases, rng)
    attendees = draw_attendees(inclination(purchases, reason, day), rng)
    attendances = Attendances(customer=attendees, day=np.full(len(attendees), day))
    panel = build_panel(purchases, attendances, np.arange(len(attendees)), "spend", WITHIN_DAYS)
    fitted = FittedPanel(panel)
    return ClassRun(
        null=_estimates(fitted),
        planted=_estimates(FittedPanel(_with_effect(panel))),
        # The never-attenders are the same with and without an effect.
        pseudo={name: row.value for name, row in pseudo_effects(fitted).items()},
        truth=PLANTED * float(panel.after[panel.attended].mean()),
    )


def _with_effect(panel: AttendancePanel) -> AttendancePanel:
    return replace(panel, after=panel.after * np.where(panel.attended, 1 + PLANTED, 1))


def _estimates(fitted: FittedPanel) -> dict[str, Estimate]:
    return {name: estimator(fitted) for name, estimator in ESTIMATORS.items()}


def _row(reason: Reason, name: str, results: Sequence[ClassRun]) -> ClassRow:
    null, planted = [run.null[name] for run in results], [run.planted[name] for run in results]
    truths = [run.truth for run in results]
    return ClassRow(
        reason=reason,
        estimator=name,
        bias=float(np.mean([row.value for row in null])),
        rejected=float(np.mean([row.low > 0 or row.high < 0 for row in null])),
        pseudo=float(np.mean([run.pseudo[name] for run in results])),
        passed=float(np.mean([abs(run.pseudo[name]) <= run.null[name].standard_error for run in results])),
        truth=float(np.mean(truths)),
        found=float(np.mean([row.low > 0 for row in planted])),
        covered=float(np.mean([row.low <= truth <= row.high for row, truth in zip(planted, truths, strict=True)])),
    )
