"""Sensitivity to a hidden cause: how strong one would have to be to explain an estimate away.

Robustness value of Cinelli & Hazlett (2020), Journal of the Royal Statistical Society B 82, 39-67, section 4: a hidden
cause that explains this share of the remaining variance both of attending and of the outcome would bring the estimate
to zero. Beside it stands what the recorded purchases explain of the two, for comparison.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate


@dataclass(frozen=True)
class Sensitivity:
    """Shares of variance, from 0 to 1."""

    robustness_value: float  # a hidden cause as strong as this, for both, brings the estimate to 0
    robustness_value_interval: float  # or the nearer end of its interval; 0 where the interval has 0 in it
    recorded_attending: float  # what the purchases of the 12 weeks before explain of attending
    recorded_outcome: float  # and of the change in the outcome


def measure_sensitivity(panel: AttendancePanel, design: Floats, estimate: Estimate) -> Sensitivity:
    """The sensitivity of an estimate to a cause that was not recorded.

    Args:
        panel: n rows.
        design: (n, p), the constants of the cohorts and the covariates.
        estimate: the effect per attendee and week.
    """
    attended, constants = panel.attended.astype(float), design[:, : len(np.unique(panel.cohort))]
    attending, change = residuals(design, attended), residuals(design, panel.change)
    slope = (attending @ change) / (attending @ attending)
    ratio = attending.std() / (change - slope * attending).std()
    nearer = 0.0 if estimate.low <= 0 <= estimate.high else min(abs(estimate.low), abs(estimate.high))
    return Sensitivity(
        robustness_value=robustness_value(abs(estimate.value) * ratio),
        robustness_value_interval=robustness_value(nearer * ratio),
        recorded_attending=1 - float(attending.var() / residuals(constants, attended).var()),
        recorded_outcome=1 - float(change.var() / residuals(constants, panel.change).var()),
    )


def robustness_value(partial_f: float) -> float:
    """The robustness value of an estimate whose partial Cohen's f with the treatment is given."""
    squared = partial_f**2
    return float((np.sqrt(squared**2 + 4 * squared) - squared) / 2)


def residuals(design: Floats, values: Floats) -> Floats:
    """What is left of ``values``, (n,), after least squares on ``design``, (n, p)."""
    coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
    left: Floats = values - design @ coefficients
    return left
