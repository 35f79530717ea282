"""Estimators of the effect of attending: the two that may be stated, and those that only show what selection does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats
from training.attendance.estimators.doubly_robust import doubly_robust_effect
from training.attendance.estimators.matching import Matches, match, matched_differences, matched_effect
from training.attendance.estimators.propensity import Propensity, fit_propensity
from training.attendance.panel.panel import AttendancePanel
from training.attendance.panel.purchase_covariates import block_sums
from training.estimate import Estimate, clustered_estimate

MATCHED, DOUBLY_ROBUST = "matched", "doubly_robust"
STATED = (MATCHED, DOUBLY_ROBUST)


@dataclass(frozen=True)
class FittedPanel:
    """A panel with its propensity and its matches, each computed once."""

    panel: AttendancePanel

    @cached_property
    def design(self) -> Floats:
        """The covariates with the constants of the cohorts, (n, p)."""
        return self.panel.design_matrix()

    @cached_property
    def propensity(self) -> Propensity:
        """The propensity of attending."""
        return fit_propensity(self.design, self.panel.attended)

    @cached_property
    def position(self) -> Floats:
        """Where customers lie for matching, (n, 4): the outcome in each block of four weeks before, and the logit.

        Single weeks are mostly noise: matching on all twelve of them finds customers who had the same luck.
        """
        coordinates = np.column_stack([block_sums(self.panel.before), self.propensity.logit])
        position: Floats = coordinates / np.maximum(coordinates.std(axis=0), 1e-9)
        return position

    @cached_property
    def matches(self) -> Matches:
        """The nearest comparison customers of each attendee."""
        return match(self.panel, self.position)


def matched_estimate(fitted: FittedPanel) -> Estimate:
    """Matched difference in differences."""
    return matched_effect(fitted.panel, fitted.position, fitted.matches)


def doubly_robust_estimate(fitted: FittedPanel) -> Estimate:
    """Doubly robust difference in differences."""
    return doubly_robust_effect(fitted.panel, fitted.design, fitted.propensity)


def difference_in_differences(fitted: FittedPanel) -> Estimate:
    """Plain difference in differences: the change of attendees less that of everybody else in the cohort."""
    return _difference(fitted.panel, fitted.panel.change)


def difference_after(fitted: FittedPanel) -> Estimate:
    """Difference after: attendees less everybody else in the cohort, after the index day alone."""
    return _difference(fitted.panel, fitted.panel.after)


def before_and_after(fitted: FittedPanel) -> Estimate:
    """Before and after: the change of the attendees alone."""
    change = fitted.panel.change[fitted.panel.attended]
    return Estimate(float(change.mean()), float(change.std() / np.sqrt(len(change))))


ESTIMATORS: dict[str, Callable[[FittedPanel], Estimate]] = {
    MATCHED: matched_estimate,
    DOUBLY_ROBUST: doubly_robust_estimate,
    "difference_in_differences": difference_in_differences,
    "before_and_after": before_and_after,
    "difference_after": difference_after,
}


def estimated_value(name: str, fitted: FittedPanel) -> float:
    """The estimate alone; the error of the matched one takes as long as three estimates."""
    if name == MATCHED:
        return float(matched_differences(fitted.panel, fitted.matches).mean())
    return ESTIMATORS[name](fitted).value


def _difference(panel: AttendancePanel, values: Floats) -> Estimate:
    """The mean of ``values`` among attendees, less that of the others of their cohorts, (n,)."""
    attended, attendees = panel.attended, np.bincount(panel.cohort[panel.attended])
    others = np.maximum(np.bincount(panel.cohort[~attended], minlength=len(attendees)), 1)
    means = np.bincount(panel.cohort[~attended], values[~attended], len(attendees)) / others
    residual = values - means[panel.cohort]
    value = residual[attended].mean()
    share = attendees[panel.cohort] / others[panel.cohort] / attended.sum()
    influence = np.where(attended, (residual - value) / attended.sum(), -share * residual)
    return clustered_estimate(value, influence, panel.customer)
