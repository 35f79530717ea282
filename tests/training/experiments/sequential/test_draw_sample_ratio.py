"""Sample ratio of draws: right probabilities alarm hardly ever, wrong ones nearly always."""

from __future__ import annotations

import numpy as np
import pytest

from training.experiments.sequential.draw_sample_ratio import draw_e_value


def test_right_probabilities_alarm_hardly_ever_and_wrong_ones_do() -> None:
    rng = np.random.default_rng(6)
    alarms = missed = 0
    for _ in range(1000):
        probability = rng.choice([0.5, 0.8, 0.9], 2000)
        alarms += draw_e_value(rng.random(2000) < probability, probability) > 1000
        missed += draw_e_value(rng.random(2000) < probability - 0.08, probability) <= 1000
    assert alarms <= 5
    assert missed <= 50


def test_the_e_value_of_right_probabilities_is_one_on_average() -> None:
    rng = np.random.default_rng(7)
    values = [draw_e_value(rng.random(20) < 0.7, np.full(20, 0.7)) for _ in range(4000)]
    assert np.mean(values) == pytest.approx(1.0, abs=4 * np.std(values) / np.sqrt(4000))
