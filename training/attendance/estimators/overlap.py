"""Overlap: the attendees that have comparable customers, those with a similar propensity of attending."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans
from training.attendance.estimators.panel_estimators import FittedPanel

CALIPER = 0.2  # standard deviations of the logit (Austin 2011, Pharmaceutical Statistics 10, 150-161)
MAX_SHARE_WITHOUT = 0.1
MIN_COMPARISONS = 100


def comparable_attendees(fitted: FittedPanel) -> Booleans:
    """Whether a customer of the same cohort who never attended has a similar propensity, (attendees,)."""
    panel, logit = fitted.panel, fitted.propensity.logit
    # An absolute floor, because no difference of logits matters where all are nearly equal.
    caliper = max(CALIPER * logit.std(), CALIPER)
    comparable = np.zeros(len(panel), dtype=bool)
    for cohort in np.unique(panel.cohort):
        in_cohort = panel.cohort == cohort
        others = np.sort(logit[in_cohort & ~panel.attended])
        rows = np.flatnonzero(in_cohort & panel.attended)
        near = np.searchsorted(others, logit[rows] + caliper) - np.searchsorted(others, logit[rows] - caliper)
        comparable[rows] = near > 0
    result: Booleans = comparable[panel.attended]
    return result
