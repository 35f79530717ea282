from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from features.arrays import Floats
from tests.training.attendance.simulated_shop import class_panel, simulated_shop
from training.attendance.estimators.sensitivity import measure_sensitivity, residuals, robustness_value
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate


@pytest.fixture(scope="module")
def panel() -> AttendancePanel:
    rng = np.random.default_rng(0)
    shop = simulated_shop(rng)
    return class_panel(shop, shop.attendees("loyal", rng))


@pytest.mark.parametrize("partial_f", [0.01, 0.1, 1.0, 10.0])
def test_a_cause_as_strong_as_the_robustness_value_explains_the_estimate_away(partial_f: float) -> None:
    share = robustness_value(partial_f)
    assert 0 < share < 1
    # The bias of a cause that explains `share` of both, in units of the estimate (Cinelli & Hazlett, equation 14).
    assert_allclose(np.sqrt(share * share / (1 - share)), partial_f)


def test_the_published_example_is_reproduced() -> None:
    # Darfur: t = 4.18 at 783 degrees of freedom has a robustness value of 13.9 % (their table 1).
    assert_allclose(robustness_value(4.18 / np.sqrt(783)), 0.139, atol=5e-4)


def test_a_larger_estimate_needs_a_stronger_cause(panel: AttendancePanel) -> None:
    design = panel.design_matrix()
    small, large = (measure_sensitivity(panel, design, Estimate(value, 0.5)) for value in (2.0, -4.0))
    assert small.robustness_value < large.robustness_value
    assert small.robustness_value_interval < small.robustness_value


def test_an_interval_with_zero_in_it_needs_no_cause(panel: AttendancePanel) -> None:
    assert measure_sensitivity(panel, panel.design_matrix(), Estimate(2.0, 2.0)).robustness_value_interval == 0


def test_the_bias_of_a_hidden_cause_is_what_its_strength_says(panel: AttendancePanel) -> None:
    rng = np.random.default_rng(1)
    design, cause = panel.design_matrix(), rng.normal(size=len(panel))
    attended = 0.4 * cause + rng.normal(size=len(panel)) > 1
    hidden = replace(panel, attended=attended, after=panel.after + 9 * cause)
    treatment, others = attended.astype(float), np.column_stack([design, cause])
    bias = slope(design, treatment, hidden.change) - slope(others, treatment, hidden.change)
    with_treatment = np.column_stack([design, treatment])
    of_attending = 1 - residuals(others, treatment).var() / residuals(design, treatment).var()
    of_outcome = (
        1
        - residuals(np.column_stack([others, treatment]), hidden.change).var()
        / residuals(with_treatment, hidden.change).var()
    )
    strength = measure_sensitivity(hidden, design, Estimate(bias, 0.1)).robustness_value
    assert_allclose(strength, robustness_value(np.sqrt(of_outcome * of_attending / (1 - of_attending))), rtol=1e-6)


def slope(design: Floats, treatment: Floats, values: Floats) -> float:
    left = residuals(design, treatment)
    return float(left @ values / (left @ left))
