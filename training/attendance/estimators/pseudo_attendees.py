"""Pseudo-attendees: never-attenders drawn by the fitted propensity, on whom attending cannot have had an effect.

What an estimator finds for them is its bias, as far as the bias comes from what was recorded before. It is a placebo
test in units (Eggers, Tuñón & Dafoe 2024, American Journal of Political Science 68, 1106-1121). Moving the date back
instead is not a placebo where attending follows activity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from training.attendance.estimators.panel_estimators import ESTIMATORS, FittedPanel, estimated_value
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate

DRAWS = 20
MAX_SHARE = 0.25  # of a cohort's comparison customers; the others have to provide the matches


@dataclass(frozen=True)
class PseudoEffect:
    """The mean effect that an estimator finds for pseudo-attendees, per week."""

    value: float
    standard_error: float  # over the draws

    def is_zero_for(self, estimate: Estimate) -> bool:
        """Whether it lies within one standard error of the estimate from 0."""
        return abs(self.value) <= estimate.standard_error


def pseudo_effects(fitted: FittedPanel, draws: int = DRAWS) -> Mapping[str, PseudoEffect]:
    """The mean effect that each estimator finds for pseudo-attendees.

    Args:
        fitted: the panel of the attendees.
        draws: how often pseudo-attendees are drawn.
    """
    rng = np.random.default_rng(1)  # the same question has the same answer
    values = np.array(
        [
            [estimated_value(name, pseudo) for name in ESTIMATORS]
            for pseudo in (FittedPanel(draw_pseudo_attendees(fitted, rng)) for _ in range(draws))
        ]
    )
    errors = values.std(axis=0) / np.sqrt(draws)
    return {
        name: PseudoEffect(float(value), float(error))
        for name, value, error in zip(ESTIMATORS, values.mean(axis=0), errors, strict=True)
    }


def draw_pseudo_attendees(fitted: FittedPanel, rng: np.random.Generator) -> AttendancePanel:
    """The panel of the never-attenders; as many of them as there were attendees count as attending.

    They are drawn without replacement with weights proportional to the odds of attending, so that they resemble the
    attendees (the largest of logit plus Gumbel noise: Efraimidis & Spirakis 2006, Information Processing Letters 97,
    181-185).
    """
    panel = fitted.panel
    others = np.flatnonzero(~panel.attended)
    keys = fitted.propensity.logit[others] + rng.gumbel(size=len(others))
    pseudo = np.zeros(len(others), dtype=bool)
    for cohort, attendees in enumerate(np.bincount(panel.cohort[panel.attended])):
        rows = np.flatnonzero(panel.cohort[others] == cohort)
        count = min(int(attendees), int(MAX_SHARE * len(rows)))
        pseudo[rows[np.argsort(-keys[rows])[:count]]] = True
    return replace(panel.select(others), attended=pseudo)
