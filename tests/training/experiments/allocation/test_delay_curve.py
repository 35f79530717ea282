from __future__ import annotations

import re

import numpy as np
import pytest

from tests.training.experiments.allocation.cases import NEVER, random_units, units_of
from training.experiments.allocation.delay_curve import delay_curve, delay_difference, delay_triangle


def test_the_curve_multiplies_the_steps_that_each_cohort_has_finished() -> None:
    matured = [(0, 9.0, 0.5), (0, 9.0, 0.6), (0, 9.0, 1.2), (0, 9.0, 6.9)]
    two_days_old = [(1, 2.3, 0.1), (1, 2.3, 1.5), (1, 2.3, 1.5), (1, 2.3, NEVER)]
    curve = delay_curve(delay_triangle(units_of([*matured, *two_days_old]), "order_7d", 7))
    # Of 3 + 3 conversions by the end of day 2, 3 + ... came on it; the 4th of the matured ones came on the 7th day.
    assert curve.tolist() == pytest.approx([0, 3 / 4 * 3 / 6, 3 / 4, 3 / 4, 3 / 4, 3 / 4, 3 / 4, 1])


def test_a_trend_of_the_rate_does_not_bend_the_curve() -> None:
    delays, rows = [0.5, 1.5, 1.5, 4.5], []
    for age in range(1, 15):
        rows += [(0, age + 0.5, delay) for delay in delays for _ in range(30 - 2 * age)]
    curve = delay_curve(delay_triangle(units_of(rows), "order_7d", 7))
    assert curve.tolist() == pytest.approx([0, 0.25, 0.75, 0.75, 0.75, 1, 1, 1])


def test_before_the_first_cohort_matures_the_curve_is_relative_to_the_oldest_age() -> None:
    rows = [(0, 2.5, 0.5), (0, 2.5, 1.5), (0, 2.5, NEVER)]
    assert delay_curve(delay_triangle(units_of(rows), "order_7d", 7)).tolist() == [0, 0.5, 1, 1, 1, 1, 1, 1]


def test_a_conversion_waits_until_its_day_is_over_and_one_beyond_the_window_never_counts() -> None:
    triangle = delay_triangle(units_of([(0, 2.5, 2.2), (0, 9.0, 7.0), (0, 9.0, 6.99)]), "order_7d", 7)
    assert triangle.converted.tolist() == [0, 0, 1]
    assert triangle.finished_days.tolist() == [2, 7, 7]


def test_arms_with_one_delay_rarely_differ_and_an_arm_that_comes_sooner_does() -> None:
    rng = np.random.default_rng(1)
    same = [
        delay_difference(delay_triangle(random_units(rng, 4000, (0.2, 0.2, 0.4), (2, 2, 2)), "order_7d", 7))
        for _ in range(200)
    ]
    sooner = delay_difference(delay_triangle(random_units(rng, 4000, (0.2, 0.2, 0.2), (2, 2, 1)), "order_7d", 7))
    assert np.mean(np.array(same) < 0.05) == pytest.approx(0.05, abs=0.05)  # 3 standard errors of 200 runs
    assert np.median(same) == pytest.approx(0.5, abs=0.12)
    assert sooner < 1e-6


def test_without_conversions_the_delays_do_not_differ() -> None:
    assert delay_difference(delay_triangle(units_of([(0, 9.0, NEVER)]), "order_7d", 7)) == 1.0


def test_a_metric_without_delays_is_an_error_that_names_those_with_any() -> None:
    expected = "found delays of order_7d; expected those of visit_7d: join the outcomes of the experiment first"
    with pytest.raises(ValueError, match=re.escape(expected)):
        delay_triangle(units_of([]), "visit_7d", 7)
